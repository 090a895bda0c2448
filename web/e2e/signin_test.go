package e2e

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

// languages of the pages; most tests walk in both.
var languages = []string{"en", "da"}

func TestEverybodySignsInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language)
			p.visit("/segments")
			p.heading(words{"Sign in", "Log på"}) // who is not signed in is asked to
			p.inspect("sign-in")
			p.press(words{"Sign in", "Log på"})
			p.sees(words{"Fill in this field", "Udfyld dette felt"})
			p.fill(words{"Email address", "Mailadresse"}, "admin@example.com")
			p.fill(words{"Password", "Adgangskode"}, "not the right one")
			p.press(words{"Sign in", "Log på"})
			p.sees(words{"The email address or the password is not right", "Mailadressen eller adgangskoden er ikke rigtig"})
			if got := p.value(words{"Email address", "Mailadresse"}); got != "admin@example.com" {
				t.Errorf("the email address that was typed is not kept: %q", got)
			}
			p.inspect("sign-in-refused")
			p.fill(words{"Password", "Adgangskode"}, "heron-over-the-fjord")
			p.press(words{"Sign in", "Log på"})
			p.heading(words{"Segments", "Segmenter"}) // and is led to where they wanted to go

			p.press(words{"Signed in as Ada Lund", "Logget på som Ada Lund"})
			p.inspect("person-menu")
			p.press(words{"Sign out", "Log af"})
			p.sees(words{"You are signed out.", "Du er logget af."})
			p.visit("/segments")
			p.heading(words{"Sign in", "Log på"})
		})
	}
}

func TestAnOpenPageIsLeftWhenItsSessionIsOver(t *testing.T) {
	t.Parallel()
	p := start(t, 20).open(t, "en").signIn(access.Administrator)
	p.visit("/segments")
	p.evaluate(`document.dispatchEvent(new Event("visibilitychange")); fetch("/session").then(r => r.status)`, nil)
	p.heading(words{"Segments", "Segmenter"}) // it stays while the session does
	p.evaluate(`fetch("/sign-out", {method: "POST", body: new URLSearchParams(new FormData(document.querySelector("form[action='/sign-out']")))}).then(r => r.status)`, nil)
	p.evaluate(`document.dispatchEvent(new Event("visibilitychange")); 0`, nil) // as when it is looked at again
	p.heading(words{"Sign in", "Log på"})
}

func TestTheFirstAdministratorIsSetUp(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := startEmpty(t)
			token, err := s.Accounts.EnsureSetup(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p := s.open(t, language)
			p.visit("/")
			p.sees(words{"Segue is not set up yet", "Segue er ikke konfigureret endnu"})
			p.visit("/setup?token=" + token)
			p.heading(words{"Set Segue up", "Konfigurer Segue"})
			p.inspect("set-up")
			p.fill(words{"Email address", "Mailadresse"}, "first@example.com")
			p.fill(words{"Name", "Navn"}, "Freja Falk")
			p.fill(words{"Password", "Adgangskode"}, "short")
			p.press(words{"Create the account", "Opret kontoen"})
			p.sees(words{"Use at least 12 characters", "Brug mindst 12 tegn"})
			p.inspect("set-up-refused")
			p.fill(words{"Password", "Adgangskode"}, "gulls over seven bridges")
			p.press(words{"Create the account", "Opret kontoen"})
			p.sees(words{"Welcome, Freja Falk", "Velkommen, Freja Falk"})
			p.inspect("home-empty")

			p.visit("/profiles")
			p.sees(words{"No profiles yet", "Ingen profiler endnu"})
			p.inspect("profiles-empty")
			p.visit("/segments")
			p.inspect("segments-empty")
			p.visit("/connections")
			p.inspect("connections-empty")

			other := s.open(t, language)
			other.visit("/setup?token=" + token)
			other.lacks(words{"Create the account", "Opret kontoen"}) // the link is worth nothing any more
		})
	}
}

func TestAUserIsInvitedAndAccepts(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Administrator)
			p.press(words{"Users", "Brugere"})
			p.heading(words{"Users", "Brugere"})
			p.inspect("users")
			p.press(words{"Invite a user", "Inviter en bruger"})
			p.heading(words{"Invite a user", "Inviter en bruger"})
			p.fill(words{"Email address", "Mailadresse"}, "no address")
			p.press(words{"Invite", "Inviter"})
			p.sees(words{"Enter an email address", "Skriv en mailadresse"})
			p.inspect("invite-refused")
			address := "new." + language + "@example.com"
			p.fill(words{"Email address", "Mailadresse"}, address)
			p.fill(words{"Name", "Navn"}, "Nanna Riis")
			p.tick(words{"Contributor", "Bidragyder"})
			p.press(words{"Invite", "Inviter"})
			p.sees(words{address + " is invited.", address + " er inviteret."})
			p.inspect("invited")
			link := p.value(words{"One-time link", "Engangslink"})

			guest := s.open(t, language)
			guest.visit(strings.TrimPrefix(link, s.url))
			guest.heading(words{"Choose a password", "Vælg en adgangskode"})
			guest.inspect("invitation")
			guest.fill(words{"Password", "Adgangskode"}, "nine lanterns by the sea")
			guest.press(words{"Save and sign in", "Gem, og log på"})
			guest.sees(words{"Welcome, Nanna Riis. You are signed in.", "Velkommen, Nanna Riis. Du er logget på."})
			guest.cannotPress(words{"Users", "Brugere"}, words{"Connections", "Forbindelser"})

			p.visit("/account")
			p.heading(words{"My account", "Min konto"})
			p.inspect("account")
		})
	}
}

func TestSignInNeedsNoMouse(t *testing.T) {
	t.Parallel()
	s := start(t, 5)
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language)
			p.visit("/sign-in")
			// The focus stands in the first field already.
			p.write("admin@example.com")
			p.tabTo(words{"Password", "Adgangskode"})
			p.write("heron-over-the-fjord")
			p.key("Enter")
			p.heading(words{"Welcome, Ada Lund", "Velkommen, Ada Lund"})
			p.key("Tab")
			if at, _ := p.focused(); at != p.say(words{"Skip to the content", "Gå til indholdet"}) {
				t.Errorf("the tabulator leads first to %q", at)
			}
			p.tabTo(words{"Signed in as Ada Lund", "Logget på som Ada Lund"})
			p.key("Enter")
			p.tabTo(words{"Sign out", "Log af"})
			p.key("Escape")
			if at, _ := p.focused(); at != p.say(words{"Signed in as Ada Lund", "Logget på som Ada Lund"}) {
				t.Errorf("after Escape the focus is on %q, not on the menu's button", at)
			}
		})
	}
}
