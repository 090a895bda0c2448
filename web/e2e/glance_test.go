package e2e

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/run"
)

func TestHowRunsWentIsSeenAtAGlanceAndReadInTables(t *testing.T) {
	t.Parallel()
	s := start(t, 300)
	e := s.Export()
	if _, err := demo.Export(t.Context(), s.App, "Newsletter, Denmark", e.ConnectionID, demo.Readers); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.Run(e, run.Options{})
	}
	if err := s.Pace.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	table := words{"The numbers as a table", "Tallene som tabel"}
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/exports")
			p.tablesFit()
			p.press(words{"At a glance", "Overblik"})
			p.heading(words{"Exports at a glance", "Eksporter i overblik"})
			p.sees(words{"This export has not been run yet.", "Denne eksport er ikke kørt endnu."})
			p.pictured(words{"Last runs of Everybody to Nordlys", "Seneste kørsler af Everybody to Nordlys"})
			p.press(table)
			p.sees(words{"Unchanged", "Uændret"})
			p.inspect("glance")

			p.press(same("Everybody to Nordlys"))
			p.pictured(words{"Duration of the last runs of Everybody to Nordlys", "Varighed af de seneste kørsler af Everybody to Nordlys"})
			p.pictured(words{"Delivered each day by Everybody to Nordlys", "Leveret hver dag af Everybody to Nordlys"})
			p.part(words{"Delivered each day", "Leveret hver dag"}).press(table)
			p.sees(words{"Delivered", "Leveret"})
			p.inspect("export-pictures")

			p.visit("/connections/1")
			p.pictured(words{"Requests to Nordlys Living in the last hour", "Forespørgsler til Nordlys Living den seneste time"})
			p.press(words{"The minutes with requests as a table", "Minutterne med forespørgsler som tabel"})
			p.inspect("connection-hour")
		})
	}
}

// pictured fails the test unless assistive technology finds a picture with the name, and a description of it.
func (p *page) pictured(name words) {
	p.t.Helper()
	if picture := p.find(name, []string{"image", "img"}); textOf(picture.Description) == "" {
		p.t.Errorf("%s (%s): the picture %q is not described", p.path(), p.language, p.say(name))
	}
}
