package run_test

import (
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// hardlyEver keeps batches that are stalled from going on, and stalls no others.
var hardlyEver = sandbox.Faults{StallShare: 1e-12}

// stall leaves a batch of a cancelled run stalled at the destination.
func stall(t *testing.T, k *apptest.Kit, e export.Export) {
	t.Helper()
	ada := k.Actor(access.Administrator)
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	started, err := k.Runs.Start(t.Context(), ada, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	if err := k.Runs.Cancel(t.Context(), ada, started.ID); err != nil {
		t.Fatal(err)
	}
	k.Wait(started.ID)
	k.Sandbox.SetFaults(hardlyEver)
}

func wantLate(t *testing.T, k *apptest.Kit, r run.Run, want bool) {
	t.Helper()
	timeline, err := k.Runs.Timeline(t.Context(), k.Actor(access.Administrator), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.ContainsFunc(timeline, func(e run.Event) bool { return e.Code == "late_batches" }); got != want {
		t.Errorf("run %d tells of late batches: %t, should be %t", r.ID, got, want)
	}
}

func TestABatchThatEndsAfterALaterRunDoesNotLeaveOlderDataBehind(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Aarhus,1"))
	k.Run(e, run.Options{})
	k.Upload(towns("1,a@example.com,Ribe,1"))
	stall(t, k, e)
	k.Upload(towns("1,a@example.com,Odense,1"))
	wantLate(t, k, k.Run(e, run.Options{}), false)
	wantCity(t, k, "a@example.com", "Odense")
	k.Sandbox.SetFaults(sandbox.Faults{}) // it goes on after all
	wantCity(t, k, "a@example.com", "Ribe")
	r := k.Run(e, run.Options{})
	wantLate(t, k, r, true)
	wantCity(t, k, "a@example.com", "Odense")
	if last := k.Run(e, run.Options{}); last.Counts.Unchanged != 1 || last.Requests > 1 {
		t.Errorf("asked about again: %+v, %d requests", last.Counts, last.Requests)
	}
}

func TestABatchThatEndsWhenItsProfileHasLeftDoesNotLeaveItsTagsBehind(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,1"))
	stall(t, k, e)
	k.Upload(towns("2,b@example.com,Aarhus,"))
	k.Run(e, run.Options{})
	k.Sandbox.SetFaults(sandbox.Faults{})
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}, "b@example.com": {tagA, tagB}})
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": nil, "b@example.com": {tagA}})
}

func TestABatchThatEndsWhileALaterRunIsUnderWayIsMadeGoodByTheNextOne(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Ribe,1"))
	stall(t, k, e)
	k.Upload(towns("1,a@example.com,Odense,1"))
	slow := hardlyEver
	slow.LatencyMillis = 150
	k.Sandbox.SetFaults(slow)
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r := k.Wait(started.ID); r.Counts.Accepted != 1 {
		t.Fatalf("ended as %s %+v", r.State, r.Counts)
	} else {
		wantLate(t, k, r, true)
	}
	k.Run(e, run.Options{})
	wantCity(t, k, "a@example.com", "Odense")
}

func TestATryThatEndsAfterALaterRunDoesNotLeaveOlderDataBehind(t *testing.T) {
	t.Parallel()
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Ribe,1"))
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	if answer := sendOne(t, k, e, "1", time.Second); answer.Outcome != run.AnswerSilent {
		t.Fatalf("%+v", answer)
	}
	k.Sandbox.SetFaults(hardlyEver)
	k.Upload(towns("1,a@example.com,Odense,1"))
	k.Run(e, run.Options{})
	k.Sandbox.SetFaults(sandbox.Faults{}) // it goes on after all
	wantCity(t, k, "a@example.com", "Ribe")
	wantLate(t, k, k.Run(e, run.Options{}), true)
	wantCity(t, k, "a@example.com", "Odense")
}
