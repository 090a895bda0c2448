package run_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// untilWaits waits until a run says that it waits for something.
func untilWaits(t *testing.T, k *apptest.Kit, runID int64, code string) {
	t.Helper()
	k.Until(runID, func(r run.Run) bool {
		if r.State != run.Running {
			t.Fatalf("ended as %s (%s %s)", r.State, r.ErrorCode, r.PauseCode)
		}
		waits, err := k.Runs.WaitsFor(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return waits == code
	})
}

func startRun(t *testing.T, k *apptest.Kit, exportID int64) run.Run {
	t.Helper()
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), exportID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return started
}

func TestARunWaitsWhileTheDiskIsFullAndThenLosesNothing(t *testing.T) {
	k := apptest.Start(t, 3000)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 20})
	started := startRun(t, k, e.ID)
	k.Until(started.ID, func(r run.Run) bool { return r.Counts.Profiles > 0 })
	// A database that may not grow is what a full disk looks like to it.
	fill(t, k, "1")
	untilWaits(t, k, started.ID, string(database.DiskFull))
	stuck := k.Until(started.ID, func(run.Run) bool { return true })
	if open := stuck.Counts.Open(); open == 0 {
		t.Fatal("the run had nothing left to write")
	}
	fill(t, k, "1000000000")
	if r := k.Wait(started.ID); r.Counts.Open() != 0 || r.ErrorCode != "" {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
	k.Matches()
}

func fill(t *testing.T, k *apptest.Kit, pages string) {
	t.Helper()
	// The limit is never less than what the file has already.
	if _, err := k.DB.Writer().Exec("PRAGMA max_page_count = " + pages); err != nil {
		t.Fatal(err)
	}
}

func TestARunWaitsWhileAnotherProgramHoldsTheDatabase(t *testing.T) {
	k := apptest.Start(t, 3000)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 20})
	started := startRun(t, k, e.ID)
	k.Until(started.ID, func(r run.Run) bool { return r.Counts.Profiles > 0 })
	if _, err := k.DB.Writer().Exec("PRAGMA busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	other, err := database.Connect(k.Config.Folder + "/segue.db")
	if err != nil {
		t.Fatal(err)
	}
	hold, err := other.Writer().BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	untilWaits(t, k, started.ID, string(database.Locked))
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if r := k.Wait(started.ID); r.Counts.Open() != 0 || r.ErrorCode != "" {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
	k.Matches()
}

func TestARunThatMakesNoProgressIsMarkedAndSaysWhatItWaitsForUntilItGoesOn(t *testing.T) {
	for code, faults := range map[string]sandbox.Faults{
		run.ForOutcome:     {StallShare: 1},
		run.ForDestination: {ServerErrorShare: 1, Path: "/batches"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			k := apptest.Start(t, 300)
			e := k.Export()
			k.Sandbox.SetFaults(faults)
			started := startRun(t, k, e.ID)
			marked := k.Until(started.ID, func(r run.Run) bool { return !r.StuckAt.IsZero() || !r.State.Going() })
			if marked.State != run.Running || marked.StuckFor != code {
				t.Fatalf("%s, waits for %q", marked.State, marked.StuckFor)
			}
			k.Sandbox.SetFaults(sandbox.Faults{})
			r := k.Wait(started.ID)
			if !r.StuckAt.IsZero() || r.Counts.Open() != 0 {
				t.Errorf("ended as %s, marked since %v, %+v", r.State, r.StuckAt, r.Counts)
			}
			timeline, err := k.Runs.Timeline(t.Context(), k.Actor(access.Administrator), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(slices.DeleteFunc(timeline, func(e run.Event) bool { return e.Code != "no_progress" || e.Detail != code })); n != 1 {
				t.Errorf("the timeline says so %d times", n)
			}
		})
	}
}

func TestAClockThatIsSetInTheMiddleOfARunChangesNothing(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": 9 * time.Hour, "back": -9 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := apptest.Start(t, 2000)
			e := k.Export()
			var off atomic.Int64
			k.Stop()
			k.Config.Clock = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
			k.Open()
			k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 30})
			started := startRun(t, k, e.ID)
			k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
			off.Store(int64(jump))
			if r := k.Wait(started.ID); r.Counts.Open() != 0 || r.ErrorCode != "" || r.PauseCode != "" {
				t.Fatalf("ended as %s (%s%s) %+v", r.State, r.ErrorCode, r.PauseCode, r.Counts)
			}
			k.Matches()
			// And the next process, whose requests of before may seem to lie ahead, gets on as well.
			k.Stop()
			k.Open()
			if r := k.Run(e, run.Options{Complete: true}); r.Counts.Open() != 0 || r.ErrorCode != "" {
				t.Fatalf("the next one ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
			}
		})
	}
}
