package pushdown_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

func TestSegmentsOfProfilesThatStayHaveTheSizeOfThoseThatWereImported(t *testing.T) {
	k := startKit(t, 800, 600)
	for name, rule := range map[string]segment.Group{
		"everybody":          everybody,
		"letters":            where("city", segment.Contains, "KØBENHAVN"),
		"nobody has a value": where("phone", segment.IsEmpty),
		"numbers":            where("loyalty_points", segment.AtLeast, "500"),
		"yes":                where("newsletter", segment.IsTrue),
		"days":               where("birth_date", segment.Before, "1980-02-29"),
		"lately":             where("last_purchase", segment.InLastDays, "400"),
		"not":                where("country", segment.NotEquals, "danmark"),
	} {
		here, there := k.segment(name+" here", 0, rule), k.segment(name+" there", sourceID, rule)
		if here.Failure != "" || there.Failure != "" || here.Size != there.Size || here.CalculatedAt.IsZero() {
			t.Errorf("%s: %d (%s) imported, %d (%s) over there", name, here.Size, here.Failure, there.Size, there.Failure)
		}
	}
}

func TestAnExportOfProfilesThatStayDeliversThoseOfTheCopy(t *testing.T) {
	k := startKit(t, 2500, 600)
	kept := k.tables()
	s := k.segment("Everybody there", sourceID, everybody)
	danes := k.segment("Danes there", sourceID, where("country", segment.Equals, "denmark"))
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s, danes)
	r := k.Run(e, run.Options{})
	if r.State != run.Warnings && r.State != run.Succeeded {
		t.Fatalf("%+v", r)
	}
	k.matches(export.DefaultTag(s.Name))
	tagged := 0
	for c := range k.Sandbox.Contacts() {
		for _, tag := range c.Tags {
			if tag == export.DefaultTag(danes.Name) {
				tagged++
			}
		}
	}
	if tagged == 0 || tagged > danes.Size || tagged < danes.Size*9/10 {
		t.Errorf("%d carry the tag of %d members", tagged, danes.Size)
	}
	k.wantTables(kept)
	// Nothing changed over there: nothing is sent. Then a few rows change: these are sent, and no other.
	if again := k.Run(e, run.Options{}); again.Counts.Accepted != 0 || again.Counts.Unchanged != r.Counts.Accepted {
		t.Errorf("again: %+v after %+v", again.Counts, r.Counts)
	}
	k.exec(`UPDATE customers SET first_name = 'Ændret' WHERE "Customer No" IN (SELECT "Customer No" FROM customers WHERE email LIKE '%@%.%' ORDER BY "Customer No" DESC LIMIT 7)`)
	if third := k.Run(e, run.Options{}); third.Counts.Accepted < 6 || third.Counts.Accepted > 7 {
		t.Errorf("after seven rows changed: %+v", third.Counts)
	}
	k.Stop()
	wantNowhere(t, k.Config.Folder, planted)
	k.Open()
}

// wantNowhere looks for a text in all files of a folder.
func wantNowhere(t *testing.T, folder, text string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(text)) {
			t.Errorf("%s is in %s", text, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
