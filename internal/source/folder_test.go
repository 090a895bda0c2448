package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// watching is a service that may watch a folder, and a source of the files customers-*.csv in it.
func watching(t *testing.T) (s *Service, folder string, add func() Source) {
	t.Helper()
	s = newService(t)
	folder = t.TempDir()
	s.folders, s.quiet = []string{folder}, 0
	return s, folder, func() Source {
		t.Helper()
		of, err := s.AddFolder(t.Context(), admin, Entry{Name: "Drop", ShrinkShare: 30, OnChange: true, WithSchedule: true,
			Watched: Folders{Folder: folder, Pattern: "customers-*.csv"}})
		if err != nil {
			t.Fatal(err)
		}
		return of
	}
}

// drop puts a file into a folder, so many minutes after the others.
func drop(t *testing.T, folder, name, text string, minutes int) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 0, minutes, 0, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// lookTwice looks at the folders until a file that stands still is read, and carries the import out.
func lookTwice(t *testing.T, s *Service) {
	t.Helper()
	for range 2 {
		if err := s.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	runQueued(t, s)
}

func runQueued(t *testing.T, s *Service) {
	t.Helper()
	list, err := s.Imports(t.Context(), admin, 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.State == Queued {
			if err := s.RunImport(t.Context(), i.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func newestOf(t *testing.T, s *Service, sourceID int64) Import {
	t.Helper()
	list, err := s.History(t.Context(), admin, sourceID, 1)
	if err != nil || len(list) == 0 {
		t.Fatalf("no import: %v", err)
	}
	return list[0]
}

// confirmed lets a person check the first file of a folder.
func confirmed(t *testing.T, s *Service, of Source) {
	t.Helper()
	i := newestOf(t, s, of.ID)
	if i.State != Waiting {
		t.Fatalf("the first file is %s", i.State)
	}
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	runQueued(t, s)
}

func TestTheNewestFileOfAWatchedFolderIsReadAgainWhenItChanged(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 5, "Aarhus"), 1)
	drop(t, folder, "customers-2.csv", people(1, 10, "Aarhus"), 2)
	drop(t, folder, "other.csv", people(1, 99, "Aarhus"), 3)
	of := add()
	confirmed(t, s, of)
	if got := current(t, s); got.Rows != 10 || got.FileName != "customers-2.csv" {
		t.Fatalf("%d profiles of %s", got.Rows, got.FileName)
	}
	lookTwice(t, s)
	if got := newestOf(t, s, of.ID); got.Cause != ByDemand {
		t.Errorf("a file that did not change was read again: %+v", got)
	}
	drop(t, folder, "customers-3.csv", people(1, 12, "Odense"), 4)
	if err := s.Look(t.Context()); err != nil || newestOf(t, s, of.ID).Cause != ByDemand {
		t.Errorf("read at first sight: %v", err)
	}
	lookTwice(t, s)
	if got := newestOf(t, s, of.ID); got.Cause != ByChange || got.State != Done || got.Added != 2 || current(t, s).Rows != 12 {
		t.Errorf("%+v", got)
	}
}

func TestAFileThatNoLongerFitsFailsOnceAndChangesNothing(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 10, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	drop(t, folder, "customers-2.csv", "id,email,country\n1,a@example.com,DK\n", 2)
	lookTwice(t, s)
	got := newestOf(t, s, of.ID)
	if got.State != Failed || got.Code != "sources.file.columns_missing" || got.Detail != "city" || current(t, s).Rows != 10 {
		t.Errorf("%+v", got)
	}
	lookTwice(t, s)
	if again := newestOf(t, s, of.ID); again.ID != got.ID {
		t.Errorf("tried again: %+v", again)
	}
	drop(t, folder, "customers-3.csv", strings.ReplaceAll(people(1, 10, "Odense"), ",city\n", ",city,note\n"), 3)
	drop(t, folder, "customers-3.csv", "id,email,city,note\n"+strings.ReplaceAll(strings.SplitN(people(1, 10, "Odense"), "\n", 2)[1], "\n", ",x\n"), 3)
	lookTwice(t, s)
	if _, has := current(t, s).Attribute("note"); has || newestOf(t, s, of.ID).State != Done {
		t.Errorf("a column that nobody looked at became an attribute: %v, %+v", has, newestOf(t, s, of.ID))
	}
}

func TestNothingLeadsOutOfAWatchedFolder(t *testing.T) {
	s, folder, _ := watching(t)
	outside := t.TempDir()
	drop(t, outside, "customers-9.csv", people(1, 3, "Aarhus"), 9)
	if err := os.Symlink(filepath.Join(outside, "customers-9.csv"), filepath.Join(folder, "customers-9.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "customers-8.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	entry := Entry{Name: "Drop", ShrinkShare: 30, Watched: Folders{Folder: folder, Pattern: "customers-*.csv"}}
	of, err := s.AddFolder(t.Context(), admin, entry)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refresh(t.Context(), admin, of.ID, false); !problem.Is(err, problem.NotFound) {
		t.Errorf("a link that leads out, or a folder: %v", err)
	}
	for name, watched := range map[string]Folders{
		"a folder that is not allowed": {Folder: outside, Pattern: "*.csv"},
		"a folder above":               {Folder: filepath.Dir(folder), Pattern: "*.csv"},
		"a pattern with a path":        {Folder: folder, Pattern: "../*/customers-9.csv"},
		"a pattern that is none":       {Folder: folder, Pattern: "[a"},
		"no pattern":                   {Folder: folder},
	} {
		entry.Name, entry.Watched = name, watched
		if _, err := s.AddFolder(t.Context(), admin, entry); !problem.Is(err, problem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.folders = nil
	if _, err := s.Refresh(t.Context(), admin, of.ID, false); !problem.Is(err, problem.Unavailable) {
		t.Errorf("a folder that is allowed no longer: %v", err)
	}
}

func TestAScheduledRefreshReadsEverySourceAndNamesThoseThatFailOrAsk(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 10, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	gone, err := s.AddFolder(t.Context(), admin, Entry{Name: "Gone", WithSchedule: true, Watched: Folders{Folder: folder, Pattern: "nothing"}})
	if err != nil {
		t.Fatal(err)
	}
	bring(t, s, 0, people(1, 3, "Odense")) // an upload, which no schedule reads
	s.StartWith(atOnce{t, s})
	began := s.now()
	drop(t, folder, "customers-1.csv", people(1, 2, "Aarhus"), 2)
	names, err := s.OnSchedule(t.Context(), s.store.db.Reader())
	if err != nil || len(names) != 2 {
		t.Fatalf("%+v, %v: want both", names, err)
	}
	if _, err := s.ReadAgain(t.Context(), gone.ID, began); problem.Of(err) == nil {
		t.Errorf("%v: want a problem", err)
	}
	first, err := s.ReadAgain(t.Context(), of.ID, began)
	if err != nil {
		t.Fatal(err)
	}
	if got := settled(t, s, first.ID); got.State != Asking {
		t.Errorf("%s: want that it asks", got.State)
	}
	if again, err := s.ReadAgain(t.Context(), of.ID, began); err != nil || again.ID != first.ID {
		t.Errorf("asked again, it read again: %+v, %v", again, err)
	}
}

func TestOnlyWhatTheCommandLineMayIsImportedByIt(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 10, "Aarhus"), 1)
	add()
	send := func(name string, create bool, text string) (Import, error) {
		i, err := s.Command(t.Context(), admin, Order{Source: name, Create: create, FileName: "x.csv"}, strings.NewReader(text))
		runQueued(t, s)
		if err != nil {
			return i, err
		}
		return read(t, s, i.ID), nil
	}
	if _, err := send("Shop", false, people(1, 3, "Aarhus")); !problem.Is(err, problem.NotFound) {
		t.Errorf("a source that there is not: %v", err)
	}
	if _, err := send("drop", false, people(1, 3, "Aarhus")); !problem.Is(err, problem.Conflict) {
		t.Errorf("a source that reads a folder: %v", err)
	}
	if i, err := send("Shop", true, people(1, 3, "Aarhus")); err != nil || i.State != Done || i.Cause != ByCommand || i.SourceName != "Shop" {
		t.Errorf("a new one: %+v, %v", i, err)
	}
	if i, err := send("shop", false, people(1, 1, "Aarhus")); err != nil || i.State != Asking {
		t.Errorf("far fewer: %+v, %v", i, err)
	}
	if i, err := send("shop", false, "id,email\n1,a@example.com\n"); err != nil || i.State != Failed || i.Detail != "city" {
		t.Errorf("a column is missing: %+v, %v", i, err)
	}
	if _, err := s.Command(t.Context(), contributor, Order{Source: "Shop"}, strings.NewReader("")); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a contributor: %v", err)
	}
}

// settled waits until an import is neither queued nor under way.
func settled(t *testing.T, s *Service, importID int64) Import {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		i, err := s.Import(t.Context(), admin, importID)
		if err != nil {
			t.Fatal(err)
		}
		if i.State != Queued && i.State != Running && i.State != Receiving {
			return i
		}
		if time.Now().After(deadline) {
			t.Fatalf("import %d does not get on: %s", importID, i.State)
		}
	}
}
