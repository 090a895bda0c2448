package e2e

import (
	"fmt"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

// TestAnExportIsTriedBeforeItRuns foretells a run, sends one profile alone, and runs.
func TestAnExportIsTriedBeforeItRuns(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 300)
			e := s.Export()
			at := fmt.Sprintf("/exports/%d", e.ID)
			p := s.open(t, language)
			p.signIn(access.Contributor)
			p.visit(at)
			p.press(words{"More", "Mere"})
			p.press(words{"Dry run", "Prøvekørsel"})
			p.heading(words{"Dry run of " + e.Name, "Prøvekørsel af " + e.Name})
			p.sees(words{"would be sent for the first time", "ville blive sendt for første gang"}, words{"There is no email address", "Der er ingen mailadresse"})
			p.press(words{"C0000001: new", "C0000001: ny"})
			p.sees(same("sendWelcomeMessage"))
			p.inspect("dry-run")

			p.visit(at)
			p.press(words{"More", "Mere"})
			p.press(words{"Try one profile", "Prøv én profil"})
			p.heading(words{"Try " + e.Name + " with one profile", "Prøv " + e.Name + " med én profil"})
			p.fill(words{"Find a profile", "Find en profil"}, "C0000002")
			p.press(words{"Search", "Søg"})
			p.inspect("try-search")
			p.press(same("C0000002"))
			p.sees(words{"Sends it for the first time", "Sender den for første gang"}, same("sendWelcomeMessage"))
			p.press(words{"Send this profile", "Send denne profil"})
			p.sees(words{"Omnisend accepted the contact", "Omnisend accepterede kontakten"})
			p.inspect("try-sent")
			if n := s.contacts(); n != 1 {
				t.Errorf("%d contacts after one was sent", n)
			}

			vera := s.open(t, language)
			vera.signIn(access.Viewer)
			vera.visit(at)
			vera.cannotPress(words{"More", "Mere"})
			vera.press(words{"Dry run", "Prøvekørsel"})
			vera.sees(words{"Your role shows numbers only", "Din rolle viser kun tal"})
			vera.inspect("dry-run-viewer")
		})
	}
}
