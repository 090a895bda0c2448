package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
)

func TestAnExportWritesItsOutcomesBackAndTheRunSaysWhere(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			folder := t.TempDir()
			s := startWith(t, 30, func(c *app.Config) { c.Outcomes.Folders = []string{folder} })
			e := s.Export()
			p := s.open(t, language).signIn(access.Administrator)
			p.visit("/exports/1/edit")
			p.tick(words{"A file in a folder", "En fil i en mappe"})
			p.choose(words{"Format", "Format"}, words{"NDJSON", "NDJSON"})
			p.choose(words{"Folder", "Mappe"}, words{folder, folder})
			p.bring(words{"Write outcomes back", "Skriv resultater tilbage"})
			p.inspect("outcomes-form")
			p.press(save)
			p.sees(saved(e.Name))
			p.press(runIt)
			p.sees(words{"Written", "Skrevet"}, words{"everybody-to-nordlys-run-1-", "everybody-to-nordlys-run-1-"}, words{" lines", " linjer"})
			p.inspect("outcomes-run")
			entries, err := os.ReadDir(folder)
			if err != nil || len(entries) != 1 || !strings.HasSuffix(entries[0].Name(), ".ndjson") {
				t.Errorf("%v, the folder holds %v", err, entries)
			}
		})
	}
}
