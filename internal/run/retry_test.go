package run_test

import (
	"fmt"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

func retry(t *testing.T, k *apptest.Kit, of run.Run) run.Run {
	t.Helper()
	started, err := k.Runs.Retry(t.Context(), k.Actor(access.Contributor), of.ID)
	if err != nil {
		t.Fatal(err)
	}
	return k.Wait(started.ID)
}

func TestARetrySendsThoseWhomARunRejectedAndNobodyElse(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,", "3,nonsense,Odense,1", "4,d@example.com,Odense,1", "5,e@example.com,Aarhus,1"))
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "b@"})
	first := k.Run(e, run.Options{})
	if c := first.Counts; c.Refused != 1 || c.Invalid != 1 || c.Accepted != 3 {
		t.Fatalf("%+v", c)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	// 3 is corrected, 4 is gone, 5 is changed and 6 is new: only 2 and 3 were rejected.
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1", "5,e@example.com,Ribe,1", "6,f@example.com,Aarhus,1"))
	r := retry(t, k, first)
	if c := r.Counts; r.State != run.Succeeded || c.Profiles != 2 || c.Accepted != 2 || c.Withdrawn != 0 || r.OfRun != first.ID {
		t.Fatalf("ended as %s %+v", r.State, c)
	}
	wantTags(t, k, map[string][]string{"b@example.com": {tagA}, "c@example.com": {tagB}, "d@example.com": {tagB}, "e@example.com": {tagA, tagB}})
	if _, ok := k.Sandbox.Contact("f@example.com"); ok {
		t.Error("somebody was sent who had not been rejected")
	}
	if next := k.Run(e, run.Options{}); next.Counts.Unchanged != 3 || next.Counts.Accepted != 2 || next.Counts.Withdrawn != 2 {
		t.Errorf("the next run: %+v", next.Counts)
	}
	wantTags(t, k, map[string][]string{"d@example.com": nil, "e@example.com": {tagB}, "f@example.com": {tagA, tagB}})
}

func TestARetryThatIsRefusedOnceMoreSaysSoByItself(t *testing.T) {
	k, e, first := refusedKit(t, refusesB)
	r := retry(t, k, first)
	if c := r.Counts; r.State != run.Warnings || c.Profiles != 1 || c.Refused != 1 || c.Known != 0 || r.BatchesSent != 1 {
		t.Fatalf("ended as %s %+v", r.State, c)
	}
	if next := k.Run(e, run.Options{}); next.Counts.Known != 1 || rejectionsOf(t, k, next)[0].SinceRun != r.ID {
		t.Errorf("the next run: %+v", next.Counts)
	}
	// Somebody who left the segments since is in no retry.
	k.Upload(towns("1,a@example.com,Aarhus,1", "3,c@example.com,Odense,1"))
	if r := retry(t, k, first); r.State != run.Succeeded || r.Counts.Profiles != 0 {
		t.Errorf("ended as %s %+v", r.State, r.Counts)
	}
}

func TestARetryKeepsToTheRuleAboutDuplicates(t *testing.T) {
	k, e, first := refusedKit(t, refusesB)
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,a@example.com,Ribe,5", "3,c@example.com,Odense,1")) // 1 has the address by right
	r := retry(t, k, first)
	if c := r.Counts; c.Profiles != 1 || c.Duplicates != 1 || rejectionsOf(t, k, r)[0].OtherID != "1" {
		t.Fatalf("%+v", c)
	}
	wantCity(t, k, "a@example.com", "Aarhus")
	if next := k.Run(e, run.Options{}); next.Counts.Unchanged != 2 || next.Counts.Duplicates != 1 {
		t.Errorf("the next run: %+v", next.Counts)
	}
}

func TestWhoseAddressARetryGaveToAnotherIsSentAgainWhenItComesBack(t *testing.T) {
	k, e, _ := refusedKit(t, refusesB)
	k.Upload(towns("1,nonsense,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1"))
	rejected := k.Run(e, run.Options{})
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Upload(towns("1,c@example.com,Aarhus,1", "3,c@example.com,Odense,1")) // 1 comes before 3, and takes its address
	retry(t, k, rejected)
	wantCity(t, k, "c@example.com", "Aarhus")
	k.Upload(towns("1,a@example.com,Aarhus,1", "3,c@example.com,Odense,1"))
	k.Run(e, run.Options{})
	wantCity(t, k, "c@example.com", "Odense")
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}, "c@example.com": {tagB}})
}

func TestARetryGoesOnWhereTheProcessStopped(t *testing.T) {
	k := apptest.Start(t, 3000)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.4})
	first := k.Run(e, run.Options{})
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 80})
	started, err := k.Runs.Retry(t.Context(), k.Actor(access.Administrator), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	k.Stop()
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	r := k.Wait(started.ID)
	if c := r.Counts; c.Profiles != first.Counts.Rejected() || c.Accepted != first.Counts.Refused || c.Invalid != first.Counts.Invalid || c.Open() != 0 {
		t.Fatalf("first %+v, then %+v", first.Counts, c)
	}
	k.Matches()
	if next := k.Run(e, run.Options{}); next.Counts.Accepted != 0 || next.Counts.Known != 0 {
		t.Errorf("the next run: %+v", next.Counts)
	}
}

func TestARetryIsForWhoMayRunTheExportAndForARunThatRejectedSomebody(t *testing.T) {
	k, e, first := refusedKit(t, refusesB)
	if _, err := k.Runs.Retry(t.Context(), k.Actor(access.Viewer), first.ID); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer: %v", err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	good := retry(t, k, first)
	if _, err := k.Runs.Retry(t.Context(), k.Actor(access.Contributor), good.ID); !problem.Is(err, problem.Conflict) {
		t.Errorf("a run without rejections: %v", err)
	}
	k.Sandbox.SetFaults(slow)
	k.Upload(towns("1,nonsense,Aarhus,1", "2,b@example.com,Ribe,1"))
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Runs.Retry(t.Context(), k.Actor(access.Contributor), started.ID); !problem.Is(err, problem.Conflict) {
		t.Errorf("a run under way: %v", err)
	}
	k.Wait(started.ID)
}

func TestARetryNeedsOneConnectionForReading(t *testing.T) {
	k, e := townKit(t, export.Untag)
	rows := make([]string, 1200)
	for i := range rows {
		rows[i] = fmt.Sprintf("%05d,nonsense,Aarhus,1", i)
	}
	k.Upload(towns(rows...))
	first := k.Run(e, run.Options{})
	oneReader(t, k)
	if r := retry(t, k, first); r.State != run.Warnings || r.Counts.Profiles != 1200 || r.Counts.Invalid != 1200 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
}
