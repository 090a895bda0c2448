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
			p.press(words{"Add hours", "Tilføj klokkeslæt"})
			p.fill(words{"From", "Fra"}, "22:00")
			p.fill(words{"To", "Til"}, "05:00")
			p.press(words{"Add dates", "Tilføj datoer"})
			p.press(words{"Show the next times", "Vis de næste tidspunkter"}) // of the dates nothing is filled in: they are none
			p.sees(words{"These settings would give", "Disse indstillinger ville give"})
			p.inspect("schedule-blackouts")
			p.press(words{"Save", "Gem"})
			p.sees(words{"The schedule is saved and on.", "Tidsplanen er gemt og slået til."}, words{"06:30", "06.30"})

			p.inspect("schedule-on")

			p.press(words{"Refresh now", "Opdater nu"})
			p.heading(words{"Status", "Status"})
			p.sees(words{"The refresh has begun.", "Opdateringen er begyndt."})
			p.visit("/system/schedule")
			p.sees(words{"Successful", "Gennemført"}) // by itself, without a reload
		})
	}
}

func TestExportsAreGivenSchedulesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			e := s.Export()
			p := s.open(t, language).signIn(access.Contributor)
			p.visit("/exports/1/schedule")
			p.heading(words{"Schedule export " + e.Name, "Planlæg eksport " + e.Name})
			p.lacks(words{"Day of the month", "Dag i måneden"}) // what is not used is not in the way
			p.tick(words{"Monthly", "Månedligt"})
			p.choose(words{"Day of the month", "Dag i måneden"}, words{"Last day", "Sidste dag"})
			p.fill(words{"Time of day", "Tidspunkt"}, "04:15")
			p.inspect("export-schedule")
			p.press(save)
			p.sees(words{"The export runs once a month.", "Eksporten kører én gang om måneden."}, words{"Last day of the month at 04:15", "Den sidste dag i måneden kl. 04.15"})

			p.visit("/exports")
			p.tick(words{"Choose " + e.Name, "Vælg " + e.Name})
			p.inspect("exports-chosen")
			p.press(words{"Schedule the chosen", "Planlæg de valgte"})
			p.heading(words{"Schedule several exports", "Planlæg flere eksporter"})
			p.tick(words{"Weekly", "Ugentligt"})
			p.inspect("exports-schedule")
			p.press(save)
			p.sees(words{"1 export has the new schedule.", "1 eksport har den nye tidsplan."}, words{"Monday at 04:15", "mandag kl. 04.15"})
		})
	}
}
