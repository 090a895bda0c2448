package run_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/stop"
)

// underWay starts a slow run of everybody and waits until it has sent something.
func underWay(t *testing.T) (*apptest.Kit, run.Run) {
	t.Helper()
	k := apptest.Start(t, 6000)
	e := k.Export()
	k.Sandbox.SetFaults(slow)
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return k, k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
}

func events(t *testing.T, k *apptest.Kit, runID int64) (codes []string) {
	t.Helper()
	timeline, err := k.Runs.Timeline(t.Context(), access.System, runID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range timeline {
		codes = append(codes, e.Code)
	}
	return codes
}

// paused fails the test unless the run is paused for that reason, in its middle.
func paused(t *testing.T, r run.Run, code string) {
	t.Helper()
	if r.State != run.Paused || r.PauseCode != code || r.Counts.Open() == 0 {
		t.Fatalf("came to %s (%s %s) %+v", r.State, r.PauseCode, r.ErrorCode, r.Counts)
	}
}

func conflict(t *testing.T, err error, code string) {
	t.Helper()
	if p := problem.Of(err); p == nil || p.Kind != problem.Conflict || p.Code != code {
		t.Fatalf("%v, want %s", err, code)
	}
}

// unsent waits a little and fails the test when a batch is sent meanwhile.
func unsent(t *testing.T, k *apptest.Kit) {
	t.Helper()
	before := k.Sandbox.Stats().Batches
	time.Sleep(300 * time.Millisecond)
	if after := k.Sandbox.Stats().Batches; after != before {
		t.Fatalf("%d batches were sent", after-before)
	}
}

func TestAPersonPausesARunThatGoesOnWhereItWasAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	carl := k.Actor(access.Contributor)
	if err := k.Runs.Pause(t.Context(), k.Actor(access.Viewer), r.ID); !problem.Is(err, problem.NotPermitted) {
		t.Fatalf("a viewer pauses: %v", err)
	}
	for range 2 { // the second time changes nothing
		if err := k.Runs.Pause(t.Context(), carl, r.ID); err != nil {
			t.Fatal(err)
		}
	}
	r = k.Wait(r.ID)
	paused(t, r, run.ByPerson)
	if r.PausedBy != carl.Name || r.Counts.Accepted == 0 {
		t.Fatalf("paused by %q with %+v", r.PausedBy, r.Counts)
	}
	_, err := k.Runs.Start(t.Context(), carl, r.ExportID, run.Options{})
	conflict(t, err, "problem.run.paused_by_person")
	_, err = k.Runs.StartScheduled(t.Context(), r.ExportID, unnoted)
	conflict(t, err, "problem.run.paused_by_person")
	k.Stop()
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	unsent(t, k)
	paused(t, k.Wait(r.ID), run.ByPerson)
	if err := k.Runs.Resume(t.Context(), k.Actor(access.Viewer), r.ID, run.NoReply); !problem.Is(err, problem.NotPermitted) {
		t.Fatalf("a viewer resumes: %v", err)
	}
	r = k.Resume(r.ID, run.NoReply)
	if r.State != run.Warnings || r.Counts.Open() != 0 || r.BatchesSent != r.BatchesSettled {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r)
	}
	conflict(t, k.Runs.Resume(t.Context(), carl, r.ID, run.NoReply), "problem.run.not_paused")
	conflict(t, k.Runs.Pause(t.Context(), carl, r.ID), "problem.run.ended")
	k.Matches()
}

func TestARunThatIsKilledWhileItComesToAPauseIsPausedAtTheNextStart(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	k.Stop()
	db, err := database.Open(t.Context(), filepath.Join(k.Config.Folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().ExecContext(t.Context(), `UPDATE runs SET pause_code = 'by_person', paused_by = 'Ada' WHERE state = 'running'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	k.Open()
	r = k.Wait(r.ID)
	paused(t, r, run.ByPerson)
	if r.PausedBy != "Ada" {
		t.Errorf("paused by %q", r.PausedBy)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Resume(r.ID, run.NoReply); r.Counts.Open() != 0 {
		t.Fatalf("ended as %s %+v", r.State, r.Counts)
	}
	k.Matches()
}

func TestARunThatIsPausedAndResumedAgainAndAgainLosesNothing(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	ada := k.Actor(access.Administrator)
	for range 5 {
		switch err := k.Runs.Pause(t.Context(), ada, r.ID); {
		case problem.Is(err, problem.Conflict): // it was quicker
		case err != nil:
			t.Fatal(err)
		}
		if r = k.Wait(r.ID); r.State != run.Paused {
			break
		}
		if err := k.Runs.Resume(t.Context(), ada, r.ID, run.NoReply); err != nil {
			t.Fatal(err)
		}
		k.Until(r.ID, func(now run.Run) bool { return now.BatchesSent > r.BatchesSent || !now.State.Going() })
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Wait(r.ID); r.State == run.Paused {
		r = k.Resume(r.ID, run.NoReply)
	}
	if r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("ended as %s (%s) %+v", r.State, r.ErrorCode, r.Counts)
	}
	k.Matches()
}

func TestAPausedRunCanBeCancelledAndLetsGoOfItsProfiles(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	ada := k.Actor(access.Administrator)
	if err := k.Runs.Pause(t.Context(), ada, r.ID); err != nil {
		t.Fatal(err)
	}
	paused(t, k.Wait(r.ID), run.ByPerson)
	if err := k.Runs.Cancel(t.Context(), ada, r.ID); err != nil {
		t.Fatal(err)
	}
	if r = k.Wait(r.ID); r.State != run.Cancelled || r.CancelAskedBy != ada.Name {
		t.Fatalf("ended as %s", r.State)
	}
	holders, err := k.Profiles.Holders(t.Context())
	ofRun := func(name string) bool { return strings.HasPrefix(name, "run/") }
	if err != nil || slices.ContainsFunc(holders, ofRun) {
		t.Fatalf("%q hold profiles, %v", holders, err)
	}
	// As when the process is killed in between.
	if _, err := k.DB.Writer().ExecContext(t.Context(), `INSERT INTO snapshot_holds (snapshot_id, holder) SELECT id, 'run/1' FROM snapshots`); err != nil {
		t.Fatal(err)
	}
	k.Stop()
	k.Open()
	if holders, err = k.Profiles.Holders(t.Context()); err != nil || slices.ContainsFunc(holders, ofRun) {
		t.Fatalf("%q hold profiles after a restart, %v", holders, err)
	}
}

func TestAResumeSaysWhatStillStandsInTheWayAndANewStartTakesThePlaceOfWhatSegueHasPaused(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	ada := k.Actor(access.Administrator)
	if err := k.Exports.Pause(t.Context(), ada, r.ExportID); err != nil {
		t.Fatal(err)
	}
	paused(t, k.Wait(r.ID), "paused")
	conflict(t, k.Runs.Resume(t.Context(), ada, r.ID, run.NoReply), "obstacle.paused")
	if err := k.Exports.Resume(t.Context(), ada, r.ExportID); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if _, err := k.Runs.StartScheduled(t.Context(), r.ExportID, unnoted); err != nil {
		t.Fatal(err)
	}
	old := k.Wait(r.ID)
	if old.State != run.Cancelled || old.ErrorCode != "superseded" {
		t.Fatalf("the old run ended as %s (%s)", old.State, old.ErrorCode)
	}
	runs, err := k.Runs.List(t.Context(), access.System, r.ExportID, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	rest := k.Wait(runs[0].ID)
	if rest.State != run.Warnings || rest.Counts.Open() != 0 || rest.Counts.Unchanged != old.Counts.Accepted {
		t.Fatalf("after %+v the new run ended as %s %+v", old.Counts, rest.State, rest.Counts)
	}
	k.Matches()
}

func TestAPausedRunWhoseExportLosesItsConnectionOrIsRemovedEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(k *apptest.Kit, exportID int64) error
		code string
	}{
		"detached": {func(k *apptest.Kit, id int64) error {
			return k.Exports.DetachConnection(t.Context(), k.Actor(access.Administrator), id)
		}, "no_connection"},
		"removed": {func(k *apptest.Kit, id int64) error {
			return k.Exports.RemoveExport(t.Context(), k.Actor(access.Administrator), id)
		}, "export_removed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, r := underWay(t)
			if err := k.Runs.Pause(t.Context(), k.Actor(access.Administrator), r.ID); err != nil {
				t.Fatal(err)
			}
			k.Wait(r.ID)
			if err := test.do(k, r.ExportID); err != nil {
				t.Fatal(err)
			}
			r = k.Until(r.ID, func(r run.Run) bool { return !r.State.Active() })
			if r.State != run.Failed || r.ErrorCode != test.code {
				t.Fatalf("ended as %s (%s)", r.State, r.ErrorCode)
			}
		})
	}
}

func TestTheEmergencyStopOfAnotherProcessHoldsAllRunsUntilItIsLifted(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	other, err := database.Open(t.Context(), filepath.Join(k.Config.Folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	operator := stop.NewService(other, time.Now)
	if _, err := operator.Impose(t.Context(), access.System, "wrong file"); err != nil {
		t.Fatal(err)
	}
	paused(t, k.Wait(r.ID), run.ByStop)
	unsent(t, k)
	ada := k.Actor(access.Administrator)
	_, err = k.Runs.Start(t.Context(), ada, r.ExportID, run.Options{})
	conflict(t, err, "problem.stop.stands")
	conflict(t, k.Runs.Resume(t.Context(), ada, r.ID, run.NoReply), "problem.stop.stands")
	conflict(t, k.Runs.SendOne(t.Context(), ada, r.ExportID, "C0000042"), "problem.stop.stands")
	_, err = k.Runs.StartScheduled(t.Context(), r.ExportID, unnoted)
	conflict(t, err, "problem.stop.stands")
	k.Stop()
	k.Open() // a restart lifts nothing
	unsent(t, k)
	paused(t, k.Wait(r.ID), run.ByStop)
	k.Sandbox.SetFaults(sandbox.Faults{})
	if err := operator.Lift(t.Context(), access.System); err != nil {
		t.Fatal(err)
	}
	r = k.Until(r.ID, func(r run.Run) bool { return !r.State.Active() })
	if r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("ended as %s (%s) %+v, %q", r.State, r.ErrorCode, r.Counts, events(t, k, r.ID))
	}
	k.Matches()
}

func TestWhatAPersonPausedStaysPausedWhenTheEmergencyStopIsLifted(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	ada := k.Actor(access.Administrator)
	if _, err := k.Stops.Impose(t.Context(), ada, ""); err != nil {
		t.Fatal(err)
	}
	paused(t, k.Wait(r.ID), run.ByStop)
	if err := k.Runs.Pause(t.Context(), ada, r.ID); err != nil {
		t.Fatal(err)
	}
	if err := k.Stops.Lift(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	unsent(t, k)
	paused(t, k.Wait(r.ID), run.ByPerson)
}

func TestAProgramThatStopsDoesNotWaitForARunThatComesToAPause(t *testing.T) {
	t.Parallel()
	k, r := underWay(t)
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1, LatencyMillis: 50})
	k.Until(r.ID, func(now run.Run) bool { return now.BatchesSent > r.BatchesSent+10 })
	if err := k.Runs.Pause(t.Context(), k.Actor(access.Administrator), r.ID); err != nil {
		t.Fatal(err)
	}
	k.Stop()
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	paused(t, k.Wait(r.ID), run.ByPerson)
}

// oneReader leaves one of the connections that read, so that whoever needs a second one while holding the first waits for ever:
// as when that happens to as many at once as there are connections.
func oneReader(t *testing.T, k *apptest.Kit) {
	t.Helper()
	reader := k.DB.Reader()
	var held []*sql.Conn
	for range reader.Stats().MaxOpenConnections - 1 {
		c, err := reader.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	letGo := sync.OnceFunc(func() {
		for _, c := range held {
			_ = c.Close() // given back
		}
	})
	late := time.AfterFunc(90*time.Second, func() {
		t.Error("somebody waits for a second connection")
		letGo()
	})
	t.Cleanup(func() {
		late.Stop()
		letGo()
	})
}

func TestARunThatGoesOnNeedsOneConnectionForReading(t *testing.T) {
	t.Parallel()
	k, e := townKit(t, export.Untag)
	rows := make([]string, 6000)
	for i := range rows {
		rows[i] = fmt.Sprintf("%05d,p%d@example.com,Aarhus,1", i, i/2)
	}
	k.Upload(towns(rows...))
	k.Sandbox.SetFaults(slow)
	ada := k.Actor(access.Administrator)
	r, err := k.Runs.Start(t.Context(), ada, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(r.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	if err := k.Runs.Pause(t.Context(), ada, r.ID); err != nil {
		t.Fatal(err)
	}
	paused(t, k.Wait(r.ID), run.ByPerson)
	k.Sandbox.SetFaults(sandbox.Faults{})
	oneReader(t, k)
	if r = k.Resume(r.ID, run.NoReply); r.State != run.Succeeded || r.Counts.Accepted != 3000 || r.Counts.Duplicates != 3000 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
}
