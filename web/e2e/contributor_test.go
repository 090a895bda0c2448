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
			admin.tick(words{"Administrators only", "Kun administratorer"})
			admin.tick(words{"They go on", "De fortsætter"})
			admin.press(save)
			admin.sees(words{"The connection is changed.", "Forbindelsen er ændret."})

			p.press(runIt) // the page is from before
			p.sees(words{"Your role does not allow this", "Din rolle giver ikke adgang til dette"})
			p.visit("/exports/1")
			p.cannotPress(runIt, words{"Edit", "Rediger"})
			p.visit("/exports")
			p.canPress(words{"View Everybody who reads", "Vis Everybody who reads"})
			p.inspect("exports-view-only")
		})
	}
}
