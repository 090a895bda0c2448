package e2e

import (
	"fmt"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

// TestAPersonIsExcludedAndStaysAway puts an address, a domain and a segment on the list, asks for the address, and runs.
func TestAPersonIsExcludedAndStaysAway(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name, language string
		plain          bool // without scripts, and so without axe
	}{{"en", "en", false}, {"da", "da", false}, {"without scripts", "en", true}} {
		language := way.language
		t.Run(way.name, func(t *testing.T) {
			s := start(t, 200)
			e := s.Export()
			p := s.open(t, language)
			look := p.inspect
			if way.plain {
				p.withoutScripts()
				look = func(string) {}
			}
			p.signIn(access.Administrator)
			p.visit("/")
			p.press(words{"Exclusions", "Undtagelser"})
			p.heading(words{"Exclusions", "Undtagelser"})
			look("exclusions-empty")
			p.fill(words{"Addresses and domains", "Adresser og domæner"}, "Somebody@Elsewhere.example\nexample.net\nno address\n")
			p.part(words{"Add addresses and domains", "Tilføj adresser og domæner"}).fill(words{"Reason (optional)", "Årsag (valgfri)"}, "asked by letter")
			p.press(words{"Exclude", "Undtag"})
			p.sees(words{"1 line is neither an address nor a domain", "1 linje er hverken en adresse eller et domæne"}, same("example.net"), same("asked by letter"))
			p.lacks(same("lsewhere"))
			look("exclusions-report")

			p.fill(words{"Email address to look up", "Mailadresse, der skal slås op"}, "somebody@elsewhere.example")
			p.press(words{"Look it up", "Slå op"})
			p.sees(words{"The address itself is on the list.", "Selve adressen står på listen."})
			look("exclusions-answer")
			p.press(words{"Take off the list", "Tag af listen"})
			p.heading(words{"Take this address off the list?", "Skal denne adresse tages af listen?"})
			look("exclusions-remove")
			p.press(words{"Take off the list", "Tag af listen"})
			p.sees(words{"It is off the list.", "Den er taget af listen."})

			p.attach(words{"File", "Fil"}, file(t, "excluded.csv", "id,email\n1,a@example.com\nexample.com\n"))
			p.press(words{"Upload and exclude", "Overfør og undtag"})
			p.sees(words{"email addresses 1, domains 1.", "mailadresser 1, domæner 1."})
			p.visit(fmt.Sprintf("/exports/%d/dry-run", e.ID))
			p.sees(words{"Excluded", "Undtaget"}, words{"The domain of the email address is on the list of exclusions", "Mailadressens domæne står på listen over undtagelser"})
			look("exclusions-dry-run")

			vera := s.open(t, language)
			vera.signIn(access.Viewer)
			vera.visit("/exclusions")
			vera.sees(words{"Your role shows numbers only", "Din rolle viser kun tal"})
			vera.lacks(same("example.com"))
			vera.inspect("exclusions-viewer")
		})
	}
}
