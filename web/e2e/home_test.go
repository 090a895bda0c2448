package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
)

// TestTheFirstStepsTickThemselvesAndArePutAway looks at Home before anything is there and after profiles and segments are, and puts the
// steps away and back, with and without scripts.
func TestTheFirstStepsTickThemselvesAndArePutAway(t *testing.T) {
	t.Parallel()
	s := start(t, 20) // with profiles and segments
	for _, language := range languages {
		for _, plainly := range []bool{false, true} {
			p := s.open(t, language)
			if plainly {
				p.withoutScripts()
			}
			p.signIn(access.Administrator)
			p.sees(words{"2 of 5 done", "2 af 5 udført"}, words{"Nothing runs at the moment.", "Intet kører lige nu."})
			if !plainly {
				p.inspect("first-steps")
			}
			p.press(words{"Put away", "Læg væk"})
			p.sees(words{"Put away. You find it again", "Lagt væk. Du finder den igen"})
			p.press(words{"Your first export: 2 of 5 steps are done", "Din første eksport: 2 af 5 trin er udført"})
			p.heading(words{"Your first export", "Din første eksport"})
			if !plainly {
				p.inspect("first-steps-page")
			}
			p.press(words{"Show it on Home again", "Vis den på Start igen"})
			p.heading(words{"Welcome, Ada Lund", "Velkommen, Ada Lund"})
			p.press(words{"Add connection", "Tilføj forbindelse"})
			p.heading(words{"Set up connection", "Konfigurer forbindelse"})
		}
	}
}

// TestThePageHelpExplainsWordsAndLeadsToHelp opens it by keyboard and closes it again.
func TestThePageHelpExplainsWordsAndLeadsToHelp(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	p := s.open(t, "en").signIn(access.Viewer)
	p.visit("/exports")
	p.tabTo(words{"Help for this page", "Hjælp til denne side"})
	p.key("Enter")
	p.sees(words{"Which attribute fills which field of a contact.", ""})
	p.inspect("page-help")
	p.key("Escape")
	p.gone(words{"A word on a contact at Omnisend.", ""})
	p.press(words{"Help for this page", ""})
	p.press(words{"Read on in Help", ""})
	p.heading(words{"Help", ""})
	if p.path() != "/help#exports" {
		t.Errorf("it leads to %s", p.path())
	}
}
