package e2e

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
	sources "github.com/segue-app/segue/internal/source"
)

// TestAPersonIsFoundAndErased shows what is kept of a person, erases them, and looks at the proof and at how long data is kept.
func TestAPersonIsFoundAndErased(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name, language string
		plain          bool // without scripts, and so without axe
	}{{"en", "en", false}, {"da", "da", false}, {"without scripts", "en", true}} {
		t.Run(way.name, func(t *testing.T) {
			s := start(t, 20)
			const people = "id,email,first_name\nkey-4711,quillon@example.org,Zephyr\nkey-4712,quillon@example.org,Zeph\nother-1,anna@example.org,Anna\n"
			if _, err := s.Sources.ImportFile(t.Context(), access.System, "people.csv", strings.NewReader(people), sources.Settings{}); err != nil {
				t.Fatal(err)
			}
			s.Run(s.Export(), run.Options{})
			p := s.open(t, way.language)
			look := p.inspect
			if way.plain {
				p.withoutScripts()
				look = func(string) {}
			}
			p.signIn(access.Administrator)
			p.visit("/")
			p.press(words{"Privacy", "Databeskyttelse"})
			p.heading(words{"Privacy", "Databeskyttelse"})
			look("privacy-empty")
			p.part(words{"Find a person", "Find en person"}).fill(words{"Key or email address", "Nøgle eller mailadresse"}, "key-4711")
			p.press(words{"Find", "Find"})
			p.heading(words{"What is kept about a person", "Hvad der er gemt om en person"})
			p.sees(same("key-4712"), words{"Has one of the addresses as well.", "Har også en af adresserne."}, words{"They stay, so the address alone keeps nobody out later", "De bliver, så adressen alene holder ingen ude senere"})
			look("privacy-found")
			p.press(words{"Erase for good", "Slet for altid"})
			p.sees(words{"This is not the key or address that you looked for.", "Det er ikke den nøgle eller adresse, du søgte efter."})
			look("privacy-problem")
			p.fill(words{"Type the key or address once more", "Skriv nøglen eller adressen en gang til"}, "key-4711")
			p.choose(words{"Reason", "Årsag"}, words{"The person asked for it", "Personen bad om det"})
			p.fill(words{"Reference number (optional)", "Referencenummer (valgfrit)"}, "GDPR-17")
			p.press(words{"Erase for good", "Slet for altid"})
			p.heading(words{"Erasure 1", "Sletning 1"})
			p.sees(same("GDPR-17"), words{"What remains elsewhere", "Hvad der er tilbage andre steder"})
			p.lacks(same("key-4711"), same("quillon"))
			look("privacy-proof")
			p.visit("/privacy")
			p.sees(same("GDPR-17"))
			look("privacy-list")
			p.press(words{"Retention", "Opbevaring"})
			p.heading(words{"Retention", "Opbevaring"})
			p.fill(words{"Days: Refused lines of imports", "Dage: Afviste linjer i importer"}, "30")
			p.press(words{"Save", "Gem"})
			p.sees(words{"The times are saved.", "Tiderne er gemt."})
			look("privacy-retention")
		})
	}
}
