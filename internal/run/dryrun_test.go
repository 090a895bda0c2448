package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// foretold makes a dry run and a run, and fails unless the first told all of the second.
func foretold(t *testing.T, k *apptest.Kit, e export.Export, options run.Options) (run.Forecast, run.Run) {
	t.Helper()
	ada := k.Actor(access.Administrator)
	f, err := k.Runs.DryRun(t.Context(), ada, e.ID, options)
	if err != nil || f.Partial || f.Obstacle != "" {
		t.Fatalf("dry run: %+v, %v", f, err)
	}
	r := k.Run(e, options)
	if asked := f.Question.Code(); asked != "" || r.State == run.Paused {
		if r.PauseCode != asked {
			t.Fatalf("the dry run says that the run asks %q, it came to %s (%s)", asked, r.State, r.PauseCode)
		}
		r = k.Resume(r.ID, run.GoOn)
	}
	got := run.Counts{Profiles: f.Profiles, Accepted: f.Sent(), Unchanged: f.Unchanged, Invalid: f.Invalid, Duplicates: f.Duplicates, Excluded: f.Excluded,
		Withdrawn: f.Withdrawn, Held: f.Held}
	if got != r.Counts {
		t.Errorf("told %+v, became %+v", got, r.Counts)
	}
	if f.Batches != r.BatchesSent || f.Requests > r.Requests {
		t.Errorf("told %d batches and at least %d requests, became %d and %d", f.Batches, f.Requests, r.BatchesSent, r.Requests)
	}
	reasons, err := k.Runs.Reasons(t.Context(), ada, r.ID)
	if err != nil || !slices.Equal(f.Reasons, reasons) {
		t.Errorf("told the reasons %v, became %v, %v", f.Reasons, reasons, err)
	}
	return f, r
}

func TestADryRunTellsExactlyWhatTheRunThenDoes(t *testing.T) {
	k := apptest.Start(t, 2500)
	e := k.Export()
	f, first := foretold(t, k, e, run.Options{})
	if f.New != first.Counts.Accepted || f.Changed != 0 || f.Invalid == 0 || f.Duplicates == 0 || len(f.Reasons) == 0 {
		t.Errorf("the first time %+v", f)
	}
	if f, _ = foretold(t, k, e, run.Options{}); f.Sent() != 0 || f.Unchanged != first.Counts.Accepted || f.Requests != 1 || len(f.Samples) != 0 {
		t.Errorf("the second time %+v", f)
	}
	if f, _ = foretold(t, k, e, run.Options{Complete: true}); f.Again != first.Counts.Accepted || f.Unchanged != 0 || len(f.Samples) != 0 {
		t.Errorf("everybody again %+v", f)
	}
}

func TestADryRunTellsWhoIsNewChangedAndLeaving(t *testing.T) {
	k, e := townKit(t, export.Untag)
	foretold(t, k, e, run.Options{})
	for _, step := range []struct {
		name                    string
		rows                    []string
		fresh, changed, leaving int
	}{
		{"one moved, one came, one left", []string{"1,a@example.com,Aarhus,1", "3,c@example.com,Ribe,1", "4,d@example.com,Aarhus,"}, 1, 1, 1},
		{"one has another address", []string{"1,new@example.com,Aarhus,1", "3,c@example.com,Ribe,1", "4,d@example.com,Aarhus,"}, 0, 1, 1},
		{"one left, and another has its address", []string{"1,new@example.com,Aarhus,1", "4,d@example.com,Aarhus,", "9,c@example.com,Ribe,1"}, 1, 0, 0},
		{"one has an address that is none", []string{"1,new@example.com,Aarhus,1", "4,d at home,Aarhus,", "9,c@example.com,Ribe,1"}, 0, 0, 0},
	} {
		k.Upload(towns(step.rows...))
		f, _ := foretold(t, k, e, run.Options{})
		if f.New != step.fresh || f.Changed != step.changed || f.Withdrawn != step.leaving || len(f.Samples) != f.Sent() {
			t.Errorf("%s: %+v", step.name, f)
		}
	}
}

func TestADryRunTellsThatSuspiciouslyManyWouldLoseTheirTags(t *testing.T) {
	k, e := townKit(t, export.Untag)
	many := func(n, addresses int) (rows []string) {
		for i := range n {
			rows = append(rows, fmt.Sprintf("%d,p%d@example.com,Aarhus,", 1000+i, addresses+i))
		}
		return rows
	}
	k.Upload(towns(many(300, 0)...))
	foretold(t, k, e, run.Options{})
	k.Upload(towns(many(100, 0)...))
	if f, _ := foretold(t, k, e, run.Options{}); f.Held != 0 || f.Withdrawn != 200 || f.Question.Code() != run.ManyLeave {
		t.Errorf("two in three left: %+v", f)
	}
	k.Upload(towns(many(300, 0)...))
	if f, _ := foretold(t, k, e, run.Options{}); f.New != 200 || f.Question.Code() != run.ManyNew {
		t.Errorf("they came back: %+v", f)
	}
	k.Upload(towns(many(150, 0)...))
	if f, _ := foretold(t, k, e, run.Options{WithdrawAny: true}); f.Held != 0 || f.Withdrawn != 150 || f.Question.Code() != "" {
		t.Errorf("a person said that they may: %+v", f)
	}
	k.Upload(towns(many(150, 1000)...)) // nobody left, and everybody has another address
	if f, _ := foretold(t, k, e, run.Options{}); f.Held != 150 || f.Withdrawn != 0 || f.Question.Code() != "" {
		t.Errorf("everybody has another address: %+v", f)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	before := k.Sandbox.Stats()
	dump := func() string {
		var text strings.Builder
		for _, table := range []string{"runs", "batches", "deliveries", "rejections", "run_events", "withdrawals"} {
			var n int
			if err := k.DB.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&text, table, n)
		}
		return text.String()
	}
	was := dump()
	if f, err := k.Runs.DryRun(t.Context(), k.Actor(access.Contributor), e.ID, run.Options{}); err != nil || f.New == 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	if now := dump(); now != was {
		t.Errorf("was\n%s\nis\n%s", was, now)
	}
	if after := k.Sandbox.Stats(); after.Requests != before.Requests {
		t.Errorf("requests were made: %+v, before %+v", after, before)
	}
}

func TestAViewerSeesTheNumbersOfADryRunAndNobodysData(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	f, err := k.Runs.DryRun(t.Context(), k.Actor(access.Viewer), e.ID, run.Options{})
	if err != nil || f.New == 0 || len(f.Samples) != 0 {
		t.Errorf("a viewer sees %+v, %v", f, err)
	}
	f, err = k.Runs.DryRun(t.Context(), k.Actor(access.Contributor), e.ID, run.Options{})
	if err != nil || len(f.Samples) != 20 || !strings.Contains(f.Samples[0].Contact, `"tags": [`) {
		t.Errorf("a contributor sees %+v, %v", f.Samples, err)
	}
	if _, err := k.Runs.DryRun(t.Context(), access.Actor{}, e.ID, run.Options{}); !problem.Is(err, problem.SignedOut) {
		t.Errorf("nobody: %v", err)
	}
}

func TestADryRunTriesWhatItCanOfAnExportThatDoesNotRun(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	ada := k.Actor(access.Administrator)
	if err := k.Exports.Pause(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	if f, err := k.Runs.DryRun(t.Context(), ada, e.ID, run.Options{}); err != nil || f.Obstacle != "paused" || f.Looked() != 300 {
		t.Errorf("paused: %+v, %v", f, err)
	}
	if err := k.Exports.DetachConnection(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	if err := k.Exports.Resume(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	if f, err := k.Runs.DryRun(t.Context(), ada, e.ID, run.Options{}); err != nil || f.Obstacle != "no_connection" || f.Looked() != 0 {
		t.Errorf("without a connection: %+v, %v", f, err)
	}
	if err := k.Exports.RemoveExport(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Runs.DryRun(t.Context(), ada, e.ID, run.Options{}); !problem.Is(err, problem.NotFound) {
		t.Errorf("removed: %v", err)
	}
}

func TestADryRunWhoseTimeIsOverSaysHowFarItCame(t *testing.T) {
	k := apptest.Start(t, 20_000)
	e := k.Export()
	for patience := 2 * time.Millisecond; ; patience += patience / 4 {
		within, cancel := context.WithTimeout(t.Context(), patience)
		f, err := k.Runs.DryRun(within, k.Actor(access.Administrator), e.ID, run.Options{})
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			continue // not even the export was read
		}
		if err != nil {
			t.Fatal(err)
		}
		if !f.Partial {
			t.Fatal("it never ran out of time half way")
		}
		if f.Looked() > 0 {
			if f.Profiles != 20_000 || f.Looked() >= f.Profiles || f.Batches == 0 || f.Requests < f.Batches {
				t.Errorf("half way it says %+v", f)
			}
			return
		}
	}
}
