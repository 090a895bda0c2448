package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/oidc/oidctest"
	"github.com/segue-app/segue/internal/secret"
)

func TestSomebodySignsInWithHerCompanyAndOutAgain(t *testing.T) {
	t.Parallel()
	provider := oidctest.Start(t, oidctest.Person{Subject: "1", Email: "nina@example.com", Name: "Nina Skov", Groups: []string{"marketing"}}, oidctest.Person{Subject: "2", Email: "ole@example.com", Name: "Ole Vang"})
	s := startWith(t, 20, func(c *app.Config) {
		c.Provider = oidc.Config{Issuer: provider.Issuer, ClientID: oidctest.ClientID, ClientSecret: secret.NewText(oidctest.ClientSecret), Name: "Nordic Works",
			Scopes: []string{"profile", "email"}, MakePeople: true, Roles: oidc.Roles{Claim: "groups", Of: oidc.Mapping{"marketing": "contributor"}}}
	})
	provider.Returns(s.url+"/sign-in/company/return", s.url+"/sign-in")
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language)
			p.watch.alsoAt(provider.Issuer)
			withCompany := words{"Sign in with Nordic Works", "Log på med Nordic Works"}
			p.visit("/segments")
			p.inspect("sign-in-company")
			p.press(withCompany)
			p.heading(same("Sign in at the provider"))
			p.press(same("Cancel"))
			p.sees(words{"it was cancelled at Nordic Works", "Det blev annulleret hos Nordic Works"})
			p.inspect("sign-in-company-cancelled")
			p.press(withCompany)
			p.fill(same("Address"), "ole@example.com")
			p.fill(same("Password"), oidctest.Password)
			p.press(same("Continue"))
			p.sees(words{"You have no account in Segue", "Du har ingen konto i Segue"})
			p.visit("/segments")
			p.press(withCompany)
			p.fill(same("Address"), "nina@example.com")
			p.fill(same("Password"), oidctest.Password)
			p.press(same("Continue"))
			p.heading(words{"Segments", "Segmenter"}) // where she wanted to go
			p.press(words{"Signed in as Nina Skov", "Logget på som Nina Skov"})
			before := provider.SignedOut()
			p.press(words{"Sign out", "Log af"})
			p.sees(words{"You are signed out.", "Du er logget af."})
			p.heading(words{"Sign in", "Log på"})
			if provider.SignedOut() != before+1 {
				t.Error("she is not signed out at the provider")
			}
		})
	}
}

func TestSomebodyWhoForgotThePasswordChoosesANewOne(t *testing.T) {
	t.Parallel()
	s := startWith(t, 20, func(c *app.Config) {
		c.Mail, c.PublicURL = mail.Config{URL: "smtp+plain://127.0.0.1:1", From: "segue@example.com"}, "https://segue.example.com"
	})
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language)
			p.visit("/sign-in")
			p.press(words{"Forgotten your password?", "Har du glemt din adgangskode?"})
			p.heading(words{"Forgotten your password?", "Har du glemt din adgangskode?"})
			p.inspect("forgotten")
			p.fill(words{"Email address", "Mailadresse"}, "nobody@example.com")
			p.press(words{"Send the link", "Send linket"})
			p.sees(words{"a letter is on its way", "en mail på vej"})
			p.inspect("forgotten-asked")

			user, err := s.Accounts.UserByEmail(t.Context(), "viewer@example.com")
			if err != nil {
				t.Fatal(err)
			}
			token, err := s.Accounts.NewReset(t.Context(), user.ID)
			if err != nil {
				t.Fatal(err)
			}
			p.visit("/reset?token=" + token)
			p.heading(words{"Choose a new password", "Vælg en ny adgangskode"})
			p.inspect("reset")
			p.fill(words{"New password", "Ny adgangskode"}, "password1234")
			p.press(words{"Save", "Gem"})
			p.sees(words{"This is easy to guess", "let at gætte"})
			p.fill(words{"New password", "Ny adgangskode"}, "lantern under the quay "+language)
			p.press(words{"Save", "Gem"})
			p.sees(words{"Your password is changed.", "Din adgangskode er ændret."})
			p.fill(words{"Email address", "Mailadresse"}, "viewer@example.com")
			p.fill(words{"Password", "Adgangskode"}, "lantern under the quay "+language)
			p.press(words{"Sign in", "Log på"})
			p.sees(words{"Signed in as", "Logget på som"})
		})
	}
}
