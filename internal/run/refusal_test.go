package run_test

import (
	"slices"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// refusedKit has run an export of which b@example.com was refused.
func refusedKit(t *testing.T, faults sandbox.Faults) (*apptest.Kit, export.Export, run.Run) {
	t.Helper()
	k, e := townKit(t, export.Untag)
	k.Sandbox.SetFaults(faults)
	r := k.Run(e, run.Options{})
	if r.Counts.Refused != 1 || r.Counts.Known != 0 || r.Counts.Accepted != 2 {
		t.Fatalf("%+v", r.Counts)
	}
	return k, e, r
}

var refusesB = sandbox.Faults{RejectEmail: "b@"}

func rejectionsOf(t *testing.T, k *apptest.Kit, r run.Run) []run.Rejection {
	t.Helper()
	found, err := k.Runs.Rejections(t.Context(), k.Actor(access.Contributor), r.ID, "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhoWasRefusedIsNotSentAgainWhileNothingChanged(t *testing.T) {
	for name, faults := range map[string]sandbox.Faults{
		"an item of a batch":    refusesB,
		"a batch refused whole": {RefuseBatchesWith: "b@"},
	} {
		t.Run(name, func(t *testing.T) {
			k, e, first := refusedKit(t, faults)
			k.Sandbox.SetFaults(sandbox.Faults{}) // nobody has said that it would be taken now
			for range 2 {
				r := k.Run(e, run.Options{})
				if c := r.Counts; r.State != run.Warnings || c.Refused != 1 || c.Known != 1 || c.Unchanged != 2 || c.Open() != 0 || r.BatchesSent != 0 {
					t.Fatalf("ended as %s %+v, %d batches", r.State, c, r.BatchesSent)
				}
				before, now := rejectionsOf(t, k, first), rejectionsOf(t, k, r)
				if len(now) != 1 || now[0].SinceRun != first.ID || now[0].ProfileID != "2" || now[0].Code != before[0].Code || now[0].Message != before[0].Message {
					t.Errorf("%+v, before %+v", now, before)
				}
			}
			f, err := k.Runs.DryRun(t.Context(), k.Actor(access.Viewer), e.ID, run.Options{})
			if err != nil || f.Refused != 1 || f.Sent() != 0 || f.Looked() != 3 {
				t.Errorf("a dry run foretells %+v, %v", f, err)
			}
		})
	}
}

func TestWhoWasRefusedIsSentAgainWhenSomethingChanged(t *testing.T) {
	for name, change := range map[string]func(k *apptest.Kit, e export.Export) run.Options{
		"the profile": func(k *apptest.Kit, _ export.Export) run.Options {
			k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,5", "3,c@example.com,Odense,1")) // in both segments now
			return run.Options{}
		},
		"the mapping": func(k *apptest.Kit, e export.Export) run.Options {
			draft := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Leavers: e.Leavers, Version: e.Version,
				Mapping: export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.State, Attribute: "city"}}}
			if _, err := k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, draft); err != nil {
				t.Fatal(err)
			}
			return run.Options{}
		},
		"a person asks for everybody": func(*apptest.Kit, export.Export) run.Options { return run.Options{Complete: true} },
		"a person tried": func(k *apptest.Kit, e export.Export) run.Options {
			if err := k.Runs.SendOne(t.Context(), k.Actor(access.Contributor), e.ID, "2"); err != nil {
				t.Fatal(err)
			}
			return run.Options{}
		},
		"it was away": func(k *apptest.Kit, e export.Export) run.Options {
			k.Upload(towns("1,a@example.com,Aarhus,1", "3,c@example.com,Odense,1"))
			k.Run(e, run.Options{})
			k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1"))
			return run.Options{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k, e, _ := refusedKit(t, refusesB)
			k.Sandbox.SetFaults(sandbox.Faults{})
			options := change(k, e)
			r := k.Run(e, options)
			if r.Counts.Refused != 0 || r.Counts.Accepted == 0 || r.State != run.Succeeded {
				t.Fatalf("ended as %s %+v", r.State, r.Counts)
			}
			k.Sandbox.Settle()
			if _, ok := k.Sandbox.Contact("b@example.com"); !ok {
				t.Error("it was not sent")
			}
			if after := k.Run(e, run.Options{}); after.Counts.Unchanged != 3 {
				t.Errorf("then %+v", after.Counts)
			}
		})
	}
}

func TestARefusalThatMayPassIsTriedAgainInTheNextRun(t *testing.T) {
	k, e, _ := refusedKit(t, sandbox.Faults{RejectEmail: "b@", RejectWith: 503})
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 1 || r.Counts.Refused != 0 {
		t.Fatalf("%+v", r.Counts)
	}
}

func TestARefusalOutlivesAStopInTheMiddleOfPlanning(t *testing.T) {
	k := apptest.Start(t, 3000)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.05, LatencyMillis: 60})
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.Counts.Refused > 0 })
	k.Stop()
	k.Open()
	first := k.Wait(started.ID)
	k.Sandbox.SetFaults(sandbox.Faults{})
	second := k.Run(e, run.Options{})
	if c := second.Counts; c.Known != first.Counts.Refused || c.Refused != c.Known || c.Open() != 0 || second.BatchesSent != 0 {
		t.Fatalf("first %+v, then %+v", first.Counts, c)
	}
}

func TestARefusedContactLosesATagOnceAndKeepsTheOthers(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	k.Upload(towns("1,a@example.com,Aarhus,", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1")) // 1 leaves B
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "a@"})
	for i, withdrawn := range []int{1, 0, 0} {
		r := k.Run(e, run.Options{})
		if r.Counts.Withdrawn != withdrawn || r.Counts.Refused != 1 || (r.Counts.Known == 1) != (i > 0) {
			t.Errorf("run %d: %+v", i, r.Counts)
		}
		wantTags(t, k, map[string][]string{"a@example.com": {tagA}})
	}
	k.Upload(towns("2,b@example.com,Aarhus,", "3,c@example.com,Odense,1"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": nil})
}

func TestNothingIsKnownOfWhoIsRefusedOnceTheExportIsRemoved(t *testing.T) {
	k, e, _ := refusedKit(t, refusesB)
	count := func() (n int) {
		if err := k.DB.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM refusals`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	if err := k.Exports.RemoveExport(t.Context(), k.Actor(access.Administrator), e.ID); err != nil {
		t.Fatal(err)
	}
	if got := []int{before, count()}; !slices.Equal(got, []int{1, 0}) {
		t.Errorf("refusals before and after: %v", got)
	}
}
