package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/reach"
)

// TestAnAdministratorHasAlertsSentToAnotherProgram makes a hook at a real receiver and sends it a test.
func TestAnAdministratorHasAlertsSentToAnotherProgram(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name, language string
		plain          bool // without scripts, and so without axe
	}{{"en", "en", false}, {"da", "da", false}, {"without scripts", "en", true}} {
		t.Run(way.name, func(t *testing.T) {
			got := make(chan http.Header, 10)
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got <- r.Header
				if r.URL.Path == "/gone" {
					w.WriteHeader(http.StatusGone)
				}
			}))
			t.Cleanup(receiver.Close)
			s := startWith(t, 5, func(c *app.Config) {
				c.HookHosts = make(reach.Allowed, 1)
				if err := c.HookHosts[0].UnmarshalText([]byte(strings.TrimPrefix(receiver.URL, "http://") + "=plain")); err != nil {
					t.Fatal(err)
				}
			})
			p := s.open(t, way.language)
			look := p.inspect
			if way.plain {
				p.withoutScripts()
				look = func(string) {}
			}
			p.signIn(access.Administrator)
			p.visit("/system/alerts")
			p.sees(words{"No email is sent", "Der sendes ikke mail"})
			look("alerts-mail-off")
			p.press(words{"Email and hooks", "Mail og webhooks"})
			p.heading(words{"Email and hooks", "Mail og webhooks"})
			look("hooks-empty")
			p.press(words{"Add hook", "Tilføj webhook"})
			look("hook-new")
			p.fill(words{"Address", "Adresse"}, "https://elsewhere.example.com/x")
			p.press(words{"Save", "Gem"})
			p.sees(words{"elsewhere.example.com is not allowed", "elsewhere.example.com er ikke tilladt"})
			look("hook-refused")
			p.fill(words{"Name", "Navn"}, "Chat")
			p.fill(words{"Address", "Adresse"}, receiver.URL+"/services/secret-part")
			p.tick(same("Slack"))
			p.tick(words{"Run failed", "Kørsel mislykket"})
			p.press(words{"Save", "Gem"})
			p.sees(words{"Copy the secret now", "Kopiér hemmeligheden nu"})
			if secret := p.value(words{"Signing secret", "Hemmelighed til signering"}); !strings.HasPrefix(secret, "whsec_") {
				t.Errorf("the secret is %q", secret)
			}
			look("hook-fresh")
			p.press(words{"Send a test", "Send en test"})
			p.heading(same("Chat"))
			if header := <-got; header.Get("webhook-signature") == "" {
				t.Error("no signature")
			}
			if way.plain {
				p.until("the state", func() bool { p.visit(p.path()); return strings.Contains(p.text(), "Sent") })
			}
			p.sees(words{"Test from Segue", "Test fra Segue"}, words{"Sent", "Sendt"})
			p.lacks(same("secret-part"), same("whsec_"))
			look("hook-sent")

			p.press(words{"Edit", "Rediger"})
			p.fill(words{"Address", "Adresse"}, receiver.URL+"/gone")
			p.press(words{"Save", "Gem"})
			p.press(words{"Send a test", "Send en test"})
			<-got
			p.until("the state", func() bool { p.visit(p.path()); return p.offers(words{"Switch on", "Slå til"}) })
			p.sees(words{"The receiver answered with 410", "Modtageren svarede 410"}, words{"Given up", "Opgivet"})
			look("hook-gone")
			p.press(words{"Switch on", "Slå til"})
			p.sees(words{"The hook is switched on.", "Webhooken er slået til."})
			p.press(words{"Make a new secret", "Lav en ny hemmelighed"})
			p.sees(words{"The secret before it signs as well until", "Den forrige hemmelighed signerer også indtil"})
			look("hook-rotated")
			p.visit("/system/hooks")
			look("hooks")
			p.press(same("Chat"))
			p.press(words{"Remove", "Fjern"})
			p.heading(words{"Remove Chat?", "Skal Chat fjernes?"})
			look("hook-remove")
			p.press(words{"Remove", "Fjern"})
			p.sees(words{"The hook was removed.", "Webhooken er fjernet."})
		})
	}
}
