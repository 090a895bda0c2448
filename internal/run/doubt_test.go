package run_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

func wantCity(t *testing.T, k *apptest.Kit, email, city string) {
	t.Helper()
	k.Sandbox.Settle()
	if held, _ := k.Sandbox.Contact(email); held.City != city {
		t.Errorf("%s is in %q, should be in %q", email, held.City, city)
	}
}

func TestWhoComesBackUnchangedIsSentAgainBecauseAnotherMayHaveHadTheAddress(t *testing.T) {
	for name, away := range map[string]string{
		"gone from the segments":     "9,a@example.com,Ribe,1",
		"without a proper address":   "1,nonsense,Aarhus,1\n9,a@example.com,Ribe,1",
		"behind one of a smaller id": "0,a@example.com,Ribe,1\n1,a@example.com,Aarhus,1",
	} {
		for _, leavers := range []export.Leavers{export.KeepTag, export.Untag} {
			t.Run(name+", "+string(leavers), func(t *testing.T) {
				t.Parallel()
				k, e := townKit(t, leavers)
				home := towns("1,a@example.com,Aarhus,1", "2,b@example.com,Odense,1")
				k.Upload(home)
				k.Run(e, run.Options{})
				k.Upload(towns(away, "2,b@example.com,Odense,1"))
				k.Run(e, run.Options{})
				wantCity(t, k, "a@example.com", "Ribe")
				k.Upload(home)
				k.Run(e, run.Options{})
				wantCity(t, k, "a@example.com", "Aarhus")
				wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}})
			})
		}
	}
}

func TestWhatARunSentWithoutLearningOfItIsNotTakenForUnchanged(t *testing.T) {
	k, e := townKit(t, export.Untag)
	before := towns("1,a@example.com,Aarhus,1")
	k.Upload(before)
	k.Run(e, run.Options{})
	k.Upload(towns("1,a@example.com,Ribe,1"))
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	if err := k.Runs.Cancel(t.Context(), k.Actor(access.Administrator), started.ID); err != nil {
		t.Fatal(err)
	}
	k.Wait(started.ID)
	k.Sandbox.SetFaults(sandbox.Faults{}) // the batch goes on after all
	wantCity(t, k, "a@example.com", "Ribe")
	k.Upload(before)
	if r := k.Run(e, run.Options{}); r.Counts.Accepted != 1 {
		t.Errorf("counts %+v", r.Counts)
	}
	wantCity(t, k, "a@example.com", "Aarhus")
}

func TestAnAddressThatChangedLosesItsTagsEvenWhenThatRunWasStopped(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,1"))
	k.Run(e, run.Options{})
	k.Upload(towns("1,new@example.com,Aarhus,1", "2,b@example.com,Aarhus,"))
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1, Path: "/contacts/tags"})
	if r := k.Run(e, run.Options{}); r.State != run.Paused {
		t.Fatalf("ended as %s %+v", r.State, r.Counts)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": nil, "b@example.com": {tagA}, "new@example.com": {tagA, tagB}})
}

func TestATryUnderAnothersAddressDoesNotStayWhenTheProfileHasAnotherOne(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("9,a@example.com,Aarhus,1"))
	k.Run(e, run.Options{})
	k.Upload(towns("1,a@example.com,Odense,1", "9,a@example.com,Aarhus,1"))
	if err := k.Runs.SendOne(t.Context(), k.Actor(access.Administrator), e.ID, "1"); err != nil {
		t.Fatal(err)
	}
	wantCity(t, k, "a@example.com", "Odense")
	k.Upload(towns("1,b@example.com,Odense,1", "9,a@example.com,Aarhus,1"))
	k.Run(e, run.Options{})
	wantCity(t, k, "a@example.com", "Aarhus")
}
