package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/demo"
)

// TestTheWholeWayWithoutScripts walks from an upload to the contacts at the destination with JavaScript switched off.
func TestTheWholeWayWithoutScripts(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			p := s.open(t, language).withoutScripts()
			p.signIn("administrator")

			p.visit("/profiles/upload")
			p.attach(words{"CSV, NDJSON or Parquet file", "CSV-, NDJSON- eller Parquet-fil"}, file(t, "kunder.csv", customers))
			p.press(words{"Upload", "Overfør"})
			p.press(words{"Import", "Importér"})
			p.again(words{"Are there really so few?", "Er der virkelig så få?"})
			p.press(useImport)
			p.again(words{"The profiles are imported and in use.", "Profilerne er importeret og taget i brug."})

			p.visit("/segments/new")
			p.press(words{"Build your own", "Byg dit eget"})
			p.choose(words{"Condition 1: attribute", "Betingelse 1: attribut"}, same("By"))
			p.press(words{"Count again", "Tæl igen"})
			p.fill(words{"Condition 1: value", "Betingelse 1: værdi"}, "aarhus c")
			p.press(words{"Count again", "Tæl igen"})
			p.sees(words{"1 profile", "1 profil"})
			p.fill(words{"Name", "Navn"}, "Aarhus")
			p.press(save)
			p.sees(words{"The segment Aarhus is saved.", "Segmentet Aarhus er gemt."})

			walkConnection(p, false)

			p.visit("/exports/new")
			p.fill(exportName, "Aarhus to the tea shop")
			p.choose(forExport, same("Tea shop newsletter"))
			p.tick(same("Aarhus"))
			p.press(words{"Add attribute", "Tilføj attribut"})
			p.choose(words{"Attribute 1: field at the destination", "Attribut 1: felt hos destinationen"}, words{"First name", "Fornavn"})
			p.choose(words{"Attribute 1: attribute of the profiles", "Attribut 1: profilernes attribut"}, same("Fornavn"))
			if got := p.chosen(words{"Email", "Mail"}); got != "Mail" {
				t.Errorf("the attribute suggested for the address is %q", got)
			}
			p.press(words{"Check", "Kontrollér"})
			p.tick(meant("Mail"))
			p.tick(meant("Fornavn"))
			p.sees(words{"Could be sent", "Kan sendes"})
			p.press(save)
			p.sees(saved("Aarhus to the tea shop"))
			p.press(runIt)
			p.again(words{"Successful", "Gennemført"})

			contact, ok := s.Sandbox.Contact("bo@example.com")
			if !ok || contact.FirstName != "Bo" || s.contacts() != 1 {
				t.Errorf("%s holds %d contacts, and of bo@example.com: %+v", demo.Brand, s.contacts(), contact)
			}
		})
	}
}

// again loads the page anew until it shows the text, as somebody without scripts does.
func (p *page) again(w words) {
	p.t.Helper()
	p.until("showing "+p.say(w), func() bool {
		if contains(p.text(), p.say(w)) {
			return true
		}
		p.visit(p.path())
		return contains(p.text(), p.say(w))
	})
}
