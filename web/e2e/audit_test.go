package e2e

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
)

// TestTheAuditLogTellsWhoDidWhat narrows the log, opens the details of a change, and looks for who saw a customer.
func TestTheAuditLogTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name, language string
		plain          bool // without scripts, and so without axe
	}{{"en", "en", false}, {"da", "da", false}, {"without scripts", "en", true}} {
		t.Run(way.name, func(t *testing.T) {
			s := start(t, 20)
			s.Run(s.Export(), run.Options{})
			found, err := s.Profiles.Search(t.Context(), access.System, "", 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			id := found.Records[0].ID
			p := s.open(t, way.language)
			look := p.inspect
			if way.plain {
				p.withoutScripts()
				look = func(string) {}
			}
			p.signIn(access.Administrator)
			p.visit("/profiles/id/" + id)
			p.press(words{"Audit log", "Revisionslog"})
			p.heading(words{"Audit log", "Revisionslog"})
			p.lists(words{"looked at a customer", "så på en kunde"}, words{"created an export", "oprettede en eksport"}, words{"ended a run", "afsluttede en kørsel"})
			p.lacks(same(id))
			look("audit")
			p.part(words{"Filter", "Filtrer"}).choose(words{"Act", "Handling"}, words{"created an export", "oprettede en eksport"})
			p.press(words{"Show", "Vis"})
			p.lists(words{"created an export", "oprettede en eksport"}, words{"Export Everybody to Nordlys", "Eksport Everybody to Nordlys"})
			p.passesOver(words{"looked at a customer", "så på en kunde"})
			p.press(words{"17 details", "17 detaljer"})
			p.sees(words{"Mapped: email", "Tilknyttet: email"})
			look("audit-details")
			p.press(words{"Show all", "Vis alle"})
			p.fill(words{"ID of the customer", "Kundens id"}, id)
			p.press(words{"Find looks", "Find opslag"})
			p.lists(words{"looked at a customer", "så på en kunde"})
			p.passesOver(words{"created an export", "oprettede en eksport"})
			p.visit("/audit?person=999")
			p.sees(words{"Nothing was done that fulfils the filter.", "Der er ikke gjort noget, der opfylder filteret."})
			look("audit-none")
		})
	}
}

// entries is what the list of the log shows.
func (p *page) entries() (text string) {
	p.t.Helper()
	p.evaluate(`document.querySelector("#entries").innerText`, &text)
	return text
}

func (p *page) lists(texts ...words) {
	p.t.Helper()
	for _, w := range texts {
		p.until("the log to list "+p.say(w), func() bool { return strings.Contains(p.entries(), p.say(w)) })
	}
}

func (p *page) passesOver(w words) {
	p.t.Helper()
	if strings.Contains(p.entries(), p.say(w)) {
		p.t.Errorf("the log lists %q", p.say(w))
	}
}
