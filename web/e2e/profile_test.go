package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/segue-app/segue/internal/access"
)

// customers is a file as people have them: semicolons, decimal commas, a byte order mark, and lines that cannot be read.
const customers = "\uFEFFkundenr;mail;fornavn;by;køb;nyhedsbrev\n" +
	"K1;anne@example.com;Anne;København Ø;12,50;ja\n" +
	"K2;bo@example.com;Bo;Aarhus C;1099,00;nej\n" +
	"K3;\"citta\"x;Citta;Odense;3,00;ja\n" +
	"K1;dorte@example.com;Dorte;Aalborg;7,25;ja\n" +
	"K5;erik@example.com;Erik;Esbjerg;100,00;ja\n"

// useImport answers that few profiles are meant.
var useImport = words{"Use this import", "Brug denne import"}

func TestAnAdministratorUploadsProfiles(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			s := start(t, 20)
			p := s.open(t, language).signIn(access.Administrator)
			p.press(words{"Profiles", "Profiler"})
			p.heading(words{"Profiles", "Profiler"})
			p.inspect("profiles")
			p.press(words{"Upload profiles", "Overfør profiler"})
			p.heading(words{"Upload profiles", "Overfør profiler"})
			p.press(words{"Upload", "Overfør"})
			p.sees(words{"Choose a file", "Vælg en fil"})
			p.inspect("upload-without-file")
			p.attach(words{"CSV, NDJSON or Parquet file", "CSV-, NDJSON- eller Parquet-fil"}, file(t, "kunder.csv", customers))
			p.press(words{"Upload", "Overfør"})

			p.heading(words{"Check the columns", "Se kolonnerne efter"})
			if got := p.chosen(words{"Columns are separated by", "Kolonner er adskilt af"}); got != p.say(words{"Semicolon", "Semikolon"}) {
				t.Errorf("the separator is taken for %q", got)
			}
			if got := p.chosen(words{"Decimals", "Decimaler"}); got != "12,5" {
				t.Errorf("decimals are taken for %q", got)
			}
			if got := p.chosen(words{"How much protection mail needs", "Hvor meget beskyttelse mail kræver"}); got != p.say(words{"Personal", "Personlig"}) {
				t.Errorf("a column of email addresses is marked %q", got)
			}
			if got := p.chosen(words{"Type of køb", "Type af køb"}); got != p.say(words{"Number", "Tal"}) {
				t.Errorf("a column of amounts is taken for %q", got)
			}
			p.inspect("upload-check")
			p.tick(words{"Keep the good lines", "Behold de gode linjer"})
			p.sees(words{"columns of the earlier files are missing", "kolonner fra de tidligere filer mangler"})
			p.press(words{"Import", "Importér"})

			p.sees(words{"Are there really so few?", "Er der virkelig så få?"})
			p.inspect("import-question")
			p.press(useImport)
			p.sees(words{"The profiles are imported and in use.", "Profilerne er importeret og taget i brug."},
				words{"An earlier line has the same id", "En tidligere linje har det samme id"},
				words{"Something follows the closing quotation mark", "Der følger noget efter det afsluttende anførselstegn"})
			p.canPress(words{"Download as CSV", "Hent som CSV"})
			p.inspect("upload-report")
			p.press(words{"See the profiles", "Se profilerne"})
			p.sees(same("anne@example.com"), words{"3 profiles on this page", "3 profiler på denne side"})
			p.lacks(same("dorte@example.com"))

			p.fill(words{"Search profiles", "Søg i profiler"}, "erik")
			p.press(words{"Search", "Søg"})
			p.gone(same("anne@example.com"))
			p.press(same("K5"))
			p.sees(same("Esbjerg"))
			p.inspect("profile")

			p.press(words{"Sources", "Datakilder"})
			p.heading(words{"Sources", "Datakilder"})
			p.inspect("sources")
			p.press(same("sample-customers"))
			p.heading(same("sample-customers"))
			p.sees(words{"Share filled", "Andel udfyldt"})
			p.inspect("source")
			p.press(words{"Undo the last import", "Fortryd den seneste import"})
			p.inspect("undo")
			p.press(words{"Undo the import", "Fortryd importen"})
			p.sees(words{"The last import is undone.", "Den seneste import er fortrudt."})
			p.visit("/profiles")
			p.sees(words{"20 profiles on this page", "20 profiler på denne side"})
		})
	}
}

func TestAllOrNothingKeepsThePresentProfiles(t *testing.T) {
	t.Parallel()
	s := start(t, 20)
	p := s.open(t, "en").signIn(access.Administrator)
	p.visit("/profiles/upload")
	p.attach(same("CSV, NDJSON or Parquet file"), file(t, "customers.csv", customers))
	p.press(same("Upload"))
	p.tick(same("All or nothing"))
	p.press(same("Import"))
	p.sees(same("Nothing was imported. The profiles are as they were."), same("Some lines were refused, and you asked for all or nothing."))
	p.inspect("upload-refused")
	p.visit("/profiles")
	p.sees(same("20 profiles on this page"))
}

// file writes a file to upload.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
