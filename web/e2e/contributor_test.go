package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
)

func TestAContributorManagesExportsUntilAccessIsWithdrawn(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 50)
			p := s.open(t, language).signIn(access.Contributor)
			p.cannotPress(words{"Connections", "Forbindelser"}, words{"Users", "Brugere"})
			p.visit("/exports/new")
			p.sees(words{"There is no connection you can use", "Der er ingen forbindelse, du kan bruge"},
				words{"Contact an administrator", "Kontakt en administrator"})
			p.inspect("export-without-connection")

			s.Export()
			p.visit("/connections")
			if status := p.watch.shown(); status != 403 {
				t.Errorf("a contributor gets %d at the connections", status)
			}
			p.inspect("not-permitted")
			p.visit("/exports/new")
			p.choose(forExport, same("Nordlys newsletter"))
			p.fill(exportName, "Readers "+language)
			p.tick(same("Danish newsletter readers"))
			p.tick(meant("Email"))
			p.press(save)
			p.sees(saved("Readers " + language))
			p.press(words{"Edit", "Rediger"})
			p.fill(exportName, "Everybody who reads")
			p.press(save)
			p.sees(saved("Everybody who reads"))
			p.press(runIt)
			p.sees(words{"Successful", "Gennemført"})
			p.visit("/exports/1") // somebody else's, on the same connection
			p.canPress(runIt, words{"Edit", "Rediger"})

			admin := s.open(t, language).signIn(access.Administrator)
			admin.visit("/connections/1")
			admin.tick(words{"These contributors", "Disse bidragydere"})
			admin.inspect("connection-grant-named")
			admin.press(save)
			admin.sees(words{"Choose at least one contributor", "Vælg mindst én bidragyder"})
			admin.inspect("connection-grant-nobody")
			admin.tick(same("Carl Berg"))
			admin.press(save)
			admin.sees(words{"The connection is changed.", "Forbindelsen er ændret."}, words{"These contributors: Carl Berg", "Disse bidragydere: Carl Berg"})
			p.visit("/exports/1") // still hers to edit
			p.canPress(runIt, words{"Edit", "Rediger"})

			p.visit("/exports/1/edit")
			other := s.open(t, language).signIn(access.Contributor)
			other.visit("/exports/1")
			other.canPress(runIt)
			admin.tick(words{"Administrators only", "Kun administratorer"})
			admin.press(save)
			admin.sees(words{"What happens to the exports?", "Hvad sker der med eksporterne?"}, same("Everybody who reads"))
			admin.inspect("connection-withdrawal")
			if !admin.ticked(words{"They go on", "De fortsætter"}) {
				admin.t.Error("that they go on is not what is offered first")
			}
			admin.tick(words{"Pause them", "Sæt dem på pause"})
			admin.press(save)
			admin.sees(words{"The connection is changed.", "Forbindelsen er ændret."})

			other.until("taking the buttons away", func() bool { return !other.offers(runIt) }) // the page is from before, and reads itself anew
			p.fill(exportName, "Typed for an hour")
			p.press(save)
			p.sees(words{"Nothing was saved.", "Intet er gemt."})
			if got := p.value(exportName); got != "Typed for an hour" {
				p.t.Errorf("what was typed is not kept: %q", got)
			}
			p.inspect("export-not-granted")
			p.visit("/exports/1")
			p.cannotPress(runIt, words{"Edit", "Rediger"})
			p.visit("/exports")
			p.canPress(words{"View Everybody who reads", "Vis Everybody who reads"})
			p.inspect("exports-view-only")
		})
	}
}
