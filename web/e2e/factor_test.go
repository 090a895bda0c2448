package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/pquerna/otp/totp"

	"github.com/segue-app/segue/internal/access"
)

// authenticator gives the browser one that is unlocked without asking, as a phone with a finger on it.
func (p *page) authenticator() {
	p.t.Helper()
	p.do(webauthn.Enable())
	_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}).Do(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestAPasskeyIsMadeAndSignsInAndConfirms(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			s.url = strings.Replace(s.url, "127.0.0.1", "localhost", 1) // browsers have passkeys for a name only
			p := s.open(t, language)
			p.authenticator()
			p.signIn(access.Administrator)

			p.visit("/account")
			p.press(words{"Add a passkey", "Tilføj en adgangsnøgle"})
			p.heading(words{"Add a passkey", "Tilføj en adgangsnøgle"})
			p.inspect("passkey-new")
			p.fill(words{"Name", "Navn"}, "Work laptop")
			p.press(words{"Make the passkey", "Lav adgangsnøglen"})
			p.heading(words{"Recovery codes", "Gendannelseskoder"})
			p.inspect("recovery-codes")
			p.press(words{"I have kept them", "Jeg har gemt dem"})
			p.sees(words{"Work laptop", "Work laptop"}, words{"10 recovery codes are left.", "10 gendannelseskoder er tilbage."})
			p.inspect("factors")

			p.press(words{"Signed in as Ada Lund", "Logget på som Ada Lund"})
			p.press(words{"Sign out", "Log af"})
			p.inspect("sign-in-passkey")
			p.press(words{"Sign in with a passkey", "Log på med en adgangsnøgle"})
			p.heading(words{"Welcome, Ada Lund", "Velkommen, Ada Lund"})

			s.stale(t)
			p.visit("/users/new")
			p.fill(words{"Email address", "Mailadresse"}, "new@example.com")
			p.press(words{"Invite", "Inviter"})
			p.heading(words{"Confirm that it is you", "Bekræft, at det er dig"})
			p.inspect("confirm-passkey")
			p.press(words{"Use a passkey", "Brug en adgangsnøgle"})
			p.sees(words{"new@example.com is invited.", "new@example.com er inviteret."})

			p.press(words{"Signed in as Ada Lund", "Logget på som Ada Lund"})
			p.press(words{"Sign out", "Log af"})
			p.fill(words{"Email address", "Mailadresse"}, person(t, access.Administrator).Email)
			p.fill(words{"Password", "Adgangskode"}, person(t, access.Administrator).Password)
			p.press(words{"Sign in", "Log på"})
			p.heading(words{"Second step", "Andet trin"})
			p.inspect("second-passkey")
			p.press(words{"Use a passkey", "Brug en adgangsnøgle"})
			p.heading(words{"Welcome, Ada Lund", "Velkommen, Ada Lund"})
		})
	}
}

func TestCodesAreSetUpAndAskedForAlsoWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			p := s.open(t, language).withoutScripts()
			who := person(t, access.Viewer)
			signIn := func() {
				p.visit("/sign-in")
				p.fill(words{"Email address", "Mailadresse"}, who.Email)
				p.fill(words{"Password", "Adgangskode"}, who.Password)
				p.press(words{"Sign in", "Log på"})
			}
			signIn()
			p.visit("/account")
			p.press(words{"Set up codes", "Sæt koder op"})
			p.heading(words{"Set up time-based codes", "Sæt tidsbaserede koder op"})
			secret := strings.ReplaceAll(p.value(words{"Secret", "Hemmelighed"}), " ", "")
			code := func(later time.Duration) string {
				text, err := totp.GenerateCode(secret, time.Now().Add(later))
				if err != nil {
					t.Fatal(err)
				}
				return text
			}
			p.fill(words{"Code", "Kode"}, "000000")
			p.press(words{"Confirm the code", "Bekræft koden"})
			p.sees(words{"This code is not right, was used already, or is too old", "Koden er ikke rigtig, er allerede brugt eller er for gammel"})
			p.fill(words{"Code", "Kode"}, code(0))
			p.press(words{"Confirm the code", "Bekræft koden"})
			p.heading(words{"Recovery codes", "Gendannelseskoder"})
			p.press(words{"Signed in as Vera Holm", "Logget på som Vera Holm"})
			p.press(words{"Sign out", "Log af"})

			signIn()
			p.heading(words{"Second step", "Andet trin"})
			p.fill(words{"Code", "Kode"}, code(30*time.Second)) // the one of now was used
			p.press(words{"Go on", "Gå videre"})
			p.heading(words{"Welcome, " + who.Name, "Velkommen, " + who.Name})
		})
	}
}

func TestThePagesOfCodesFitAndRead(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := start(t, 20).open(t, language).signIn(access.Administrator)
			p.visit("/account")
			p.press(words{"Set up codes", "Sæt koder op"})
			p.heading(words{"Set up time-based codes", "Sæt tidsbaserede koder op"})
			p.inspect("codes-new")
			p.visit("/account")
			p.inspect("account-factors")
			p.visit("/users")
			p.part(words{"Who needs a second factor", "Hvem der skal have en ekstra faktor"}).tick(words{"Administrators", "Administratorer"})
			p.press(words{"Save", "Gem"})
			p.sees(words{"It counts from each person’s next sign-in.", "Det gælder fra hver persons næste pålogning."})
			p.inspect("users-factors")
		})
	}
}
