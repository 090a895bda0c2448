package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
)

func TestAnAdministratorSetsTheSchedule(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			p := s.open(t, language).signIn(access.Administrator)
			p.press(words{"Schedule", "Tidsplan"})
			p.heading(words{"Schedule", "Tidsplan"})
			p.sees(words{"The schedule is off. Exports run on demand only.", "Tidsplanen er slået fra. Eksporter kører kun efter behov."})
			p.inspect("schedule-off")
			p.tick(words{"On", "Til"})
			p.tick(words{"Weekly", "Ugentligt"})
			p.fill(words{"Time 1", "Tidspunkt 1"}, "")
			p.press(words{"Save", "Gem"})
			p.sees(words{"Times of day: enter at least one", "Tidspunkter: angiv mindst ét"})
			p.inspect("schedule-refused")
			for _, day := range []words{{"Monday", "mandag"}, {"Thursday", "torsdag"}} {
				if !p.ticked(day) {
					p.tick(day)
				}
			}
			p.fill(words{"Time 1", "Tidspunkt 1"}, "06:30")
			p.press(words{"Add another time", "Tilføj et andet tidspunkt"})
			p.fill(words{"Time 2", "Tidspunkt 2"}, "18:00")
			p.choose(words{"Time zone", "Tidszone"}, same("Europe/Copenhagen"))
			p.press(words{"Save", "Gem"})
			p.sees(words{"The schedule is saved and on.", "Tidsplanen er gemt og slået til."}, words{"06:30", "06.30"})

			p.press(words{"Refresh now", "Opdater nu"})
			p.sees(words{"Successful", "Gennemført"}) // by itself, without a reload
			p.inspect("schedule-on")
		})
	}
}
