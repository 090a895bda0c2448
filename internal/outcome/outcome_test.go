package outcome_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// allow starts a domain in which outcomes may be written to a folder.
func allow(t *testing.T, customers int) (k *apptest.Kit, folder string) {
	t.Helper()
	k, folder = apptest.Start(t, customers), t.TempDir()
	k.Stop()
	k.Config.Outcomes.Folders = []string{folder}
	k.Open()
	return k, folder
}

// draftOf is the export as a form would give it back, with outcomes.
func draftOf(e export.Export, o export.Outcomes) export.Draft {
	return export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping, Consent: e.Consent, Schedule: e.Schedule, Leavers: e.Leavers,
		AskShare: e.AskShare, Outcomes: o, Version: e.Version}
}

func ask(t *testing.T, k *apptest.Kit, e export.Export, o export.Outcomes) export.Export {
	t.Helper()
	e, err := k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, draftOf(e, o))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// until waits until the writing of a run is as wanted.
func until(t *testing.T, k *apptest.Kit, runID int64, wanted func(outcome.Writing) bool) outcome.Writing {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		w, ok, err := k.Outcomes.Of(t.Context(), access.System, runID)
		if err != nil {
			t.Fatal(err)
		}
		if ok && wanted(w) {
			return w
		}
		if time.Now().After(deadline) {
			t.Fatalf("the outcomes are %v %+v", ok, w)
		}
	}
}

func written(w outcome.Writing) bool { return w.State == outcome.Written }
func tried(w outcome.Writing) bool   { return w.Tries > 0 }

// told are the lines that should be written of a run: profile, outcome and code.
func told(t *testing.T, k *apptest.Kit, runID int64) (lines []string) {
	t.Helper()
	err := k.Runs.Outcomes(t.Context(), access.System, runID, run.Telling{}, func(one run.Told) error {
		lines = append(lines, one.ProfileID+" "+string(one.Kind)+" "+one.Code)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// line is what a reader of a file finds.
type line struct {
	RunID      int64     `json:"run_id" parquet:"run_id"`
	Export     string    `json:"export" parquet:"export"`
	ProfileID  string    `json:"profile_id" parquet:"profile_id"`
	Outcome    string    `json:"outcome" parquet:"outcome"`
	ReasonCode string    `json:"reason_code" parquet:"reason_code"`
	Reason     string    `json:"reason" parquet:"reason"`
	At         time.Time `json:"at" parquet:"at,timestamp(millisecond)"`
}

// read reads a file as its readers do.
func read(t *testing.T, path string, format export.OutcomeFormat) (lines []line) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch format {
	case export.Parquet:
		if lines, err = parquet.ReadFile[line](path); err != nil {
			t.Fatal(err)
		}
	case export.NDJSON:
		for text := range strings.Lines(string(content)) {
			var one line
			decoder := json.NewDecoder(strings.NewReader(text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&one); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, one)
		}
	case export.CSV:
		rows, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
		if err != nil || !slices.Equal(rows[0], outcome.Columns) {
			t.Fatalf("%v, columns %v", err, rows[0])
		}
		for _, row := range rows[1:] {
			id, _ := strconv.ParseInt(row[0], 10, 64)
			at, err := time.Parse(time.RFC3339, row[6])
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line{id, row[1], row[2], row[3], row[4], row[5], at})
		}
	}
	return lines
}

func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestWhatBecameOfEveryProfileStandsInAFileOfEachFormat(t *testing.T) {
	k, folder := allow(t, 300)
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.05})
	e := k.Export()
	for _, format := range export.OutcomeFormats {
		e = ask(t, k, e, export.Outcomes{Way: export.AsFile, Format: format, Folder: folder})
		r := k.Run(e, run.Options{Complete: true})
		w := until(t, k, r.ID, written)
		want := "everybody-to-nordlys-run-" + strconv.FormatInt(r.ID, 10) + "-" + r.EndedAt.UTC().Format("20060102T150405Z") + "." + string(format)
		if w.File != want {
			t.Errorf("the file is %s, should be %s", w.File, want)
		}
		var found []string
		reasons := 0
		for _, one := range read(t, filepath.Join(folder, want), format) {
			found = append(found, one.ProfileID+" "+one.Outcome+" "+one.ReasonCode)
			if one.RunID != r.ID || one.Export != e.Name || one.At.Before(r.StartedAt.Truncate(time.Second)) || one.At.After(r.EndedAt) || (one.ReasonCode == "") != (one.Reason == "") {
				t.Errorf("%s: a line is %+v", format, one)
			}
			if one.Reason != "" {
				reasons++
			}
		}
		if should := told(t, k, r.ID); !slices.Equal(found, should) || reasons == 0 || w.Lines != len(should) {
			t.Errorf("%s: %d lines with %d reasons, %d are noted, should be %d", format, len(found), reasons, w.Lines, len(should))
		}
		text, err := os.ReadFile(filepath.Join(folder, want))
		if err != nil || format != export.Parquet && strings.Contains(string(text), "@") {
			t.Errorf("%s: %v, or an address is in the file", format, err)
		}
	}
	if names := files(t, folder); len(names) != len(export.OutcomeFormats) {
		t.Errorf("the folder holds %v", names)
	}
}

func TestARunThatIsKilledWhileItsOutcomesAreWrittenLeavesOneWholeFile(t *testing.T) {
	k, folder := allow(t, 120)
	r := k.Run(ask(t, k, k.Export(), export.Outcomes{Way: export.AsFile, Format: export.NDJSON, Folder: folder}), run.Options{})
	w := until(t, k, r.ID, written)
	whole, err := os.ReadFile(filepath.Join(folder, w.File))
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, leave := range map[string]func() error{
		"before the renaming": func() error {
			return os.Rename(filepath.Join(folder, w.File), filepath.Join(folder, "."+w.File+".part"))
		},
		"with half of it": func() error {
			return os.WriteFile(filepath.Join(folder, "."+w.File+".part"), whole[:len(whole)/2], 0o600)
		},
		"after the renaming":           func() error { return nil },
		"and somebody lays a way out":  func() error { return os.Symlink(outside, filepath.Join(folder, "."+w.File+".part")) },
		"and somebody else wrote more": func() error { return os.WriteFile(filepath.Join(folder, w.File), []byte("other"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := leave(); err != nil {
				t.Fatal(err)
			}
			err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
				_, err := tx.ExecContext(t.Context(), `UPDATE outcome_writings SET state = 'waiting', ended_at = NULL`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			k.Stop()
			k.Open()
			until(t, k, r.ID, written)
			again, err := os.ReadFile(filepath.Join(folder, w.File))
			if err != nil || string(again) != string(whole) {
				t.Errorf("%v; the file has %d bytes, should have %d", err, len(again), len(whole))
			}
			if names := files(t, folder); len(names) != 1 {
				t.Errorf("the folder holds %v", names)
			}
			if text, err := os.ReadFile(outside); err != nil || string(text) != "not ours" {
				t.Errorf("%v; a file outside of the folder is %q", err, text)
			}
		})
	}
}

func TestOutcomesThatCannotBeWrittenWaitAndSayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(folder string) error
		mend   func(folder string) error
		reason outcome.Reason
	}{
		"folder gone":   {os.Remove, func(folder string) error { return os.Mkdir(folder, 0o700) }, outcome.FolderGone},
		"not writeable": {func(folder string) error { return os.Chmod(folder, 0o500) }, func(folder string) error { return os.Chmod(folder, 0o700) }, outcome.NotPermitted},
	} {
		t.Run(name, func(t *testing.T) {
			if c.reason == outcome.NotPermitted && os.Getuid() == 0 {
				t.Skip("nothing is forbidden to root")
			}
			k, folder := allow(t, 20)
			e := ask(t, k, k.Export(), export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder})
			if err := c.spoil(folder); err != nil {
				t.Fatal(err)
			}
			r := k.Run(e, run.Options{})
			w := until(t, k, r.ID, tried)
			if wait := w.NextAt.Sub(r.EndedAt); w.State != outcome.Waiting || w.Reason != c.reason || wait < time.Minute || wait > 2*time.Minute {
				t.Errorf("it is %+v", w)
			}
			if err := c.mend(folder); err != nil {
				t.Fatal(err)
			}
			if err := k.Outcomes.Again(t.Context(), access.Actor{UserID: 9, Role: access.Viewer}, r.ID); !problem.Is(err, problem.NotPermitted) {
				t.Errorf("a viewer may have it tried: %v", err)
			}
			if err := k.Outcomes.Again(t.Context(), k.Actor(access.Contributor), r.ID); err != nil {
				t.Fatal(err)
			}
			if w := until(t, k, r.ID, written); w.Reason != "" || len(files(t, folder)) != 1 {
				t.Errorf("it is %+v, with %v", w, files(t, folder))
			}
			if err := k.Outcomes.Again(t.Context(), k.Actor(access.Contributor), r.ID); !problem.Is(err, problem.Conflict) {
				t.Errorf("what is written is written again: %v", err)
			}
		})
	}
}

func TestOutcomesAreGivenUpAfterADay(t *testing.T) {
	k, folder := allow(t, 20)
	e := ask(t, k, k.Export(), export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder})
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	r := k.Run(e, run.Options{})
	until(t, k, r.ID, tried)
	err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE outcome_writings SET asked_at = asked_at - 86400000, next_at = 0`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := k.Outcomes.Write(t.Context(), r.ID); err != nil || again != 0 {
		t.Errorf("%v, again in %s", err, again)
	}
	if w := until(t, k, r.ID, tried); w.State != outcome.Failed || w.Reason != outcome.FolderGone || w.EndedAt.IsZero() {
		t.Errorf("it is %+v", w)
	}
}

func TestOutcomesThatAreNotKeptAnyMoreAreNotWrittenInPart(t *testing.T) {
	k, folder := allow(t, 20)
	e := ask(t, k, k.Export(), export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder})
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	r := k.Run(e, run.Options{})
	until(t, k, r.ID, tried)
	err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE runs SET purged = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := k.Outcomes.Again(t.Context(), k.Actor(access.Administrator), r.ID); err != nil {
		t.Fatal(err)
	}
	w := until(t, k, r.ID, func(w outcome.Writing) bool { return w.State == outcome.Failed })
	if w.Reason != outcome.Forgotten || len(files(t, folder)) != 0 {
		t.Errorf("it is %+v, with %v", w, files(t, folder))
	}
}

func TestOutcomesGoOnlyWhereTheOperatorAllowsIt(t *testing.T) {
	k, folder := allow(t, 20)
	e := k.Export()
	for name, c := range map[string]struct {
		asked export.Outcomes
		field string
	}{
		"another folder":     {export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: filepath.Dir(folder)}, export.OutcomeFolderField},
		"a way out":          {export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder + "/../x"}, export.OutcomeFolderField},
		"no folder":          {export.Outcomes{Way: export.AsFile, Format: export.CSV}, export.OutcomeFolderField},
		"no format":          {export.Outcomes{Way: export.AsFile, Format: "exe", Folder: folder}, export.OutcomeFormatField},
		"a table":            {export.Outcomes{Way: export.AsRows, Table: "outcomes"}, export.OutcomeWayField},
		"another way at all": {export.Outcomes{Way: "mail"}, export.OutcomeWayField},
	} {
		_, err := k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, draftOf(e, c.asked))
		if p := problem.Of(err); p == nil || !slices.ContainsFunc(p.Fields, func(f problem.Field) bool { return f.Name == c.field }) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e = ask(t, k, e, export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder, Table: "left over"})
	if e.Outcomes != (export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder}) {
		t.Errorf("it is kept as %+v", e.Outcomes)
	}
	k.Stop()
	k.Config.Outcomes.Folders = nil
	k.Open()
	r := k.Run(e, run.Options{})
	if w := until(t, k, r.ID, tried); w.Reason != outcome.NotAllowed || len(files(t, folder)) != 0 {
		t.Errorf("it is %+v, with %v", w, files(t, folder))
	}
	r = k.Run(ask(t, k, e, export.Outcomes{}), run.Options{})
	if w, ok, err := k.Outcomes.Of(t.Context(), access.System, r.ID); ok || err != nil {
		t.Errorf("outcomes that nobody asked for: %+v, %v", w, err)
	}
}

func TestWhyAFileCouldNotBeWrittenStandsInTheLog(t *testing.T) {
	k, folder := allow(t, 20)
	r := k.Run(ask(t, k, k.Export(), export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder}), run.Options{})
	w := until(t, k, r.ID, written)
	if err := os.Remove(filepath.Join(folder, w.File)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, w.File), 0o700); err != nil {
		t.Fatal(err)
	}
	err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE outcome_writings SET state = 'waiting', tries = 0, ended_at = NULL`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	k.Stop()
	k.Config.Log = slog.New(slog.NewTextHandler(&lines, nil))
	k.Open()
	if w := until(t, k, r.ID, tried); w.Reason != outcome.FileFailed || w.State != outcome.Waiting {
		t.Errorf("it is %+v", w)
	}
	k.Stop() // nobody writes to the log any more
	if text := lines.String(); !strings.Contains(text, "outcomes not written") || !strings.Contains(text, "renameat") {
		t.Errorf("the log says %s", text)
	}
	if names := files(t, folder); len(names) != 1 {
		t.Errorf("the folder holds %v", names)
	}
}
