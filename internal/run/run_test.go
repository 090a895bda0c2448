package run_test

import (
	"testing"

	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/run"
)

func TestEveryProfileHasItsOutcomeAndTheContactsAgreeFieldByField(t *testing.T) {
	k := apptest.Start(t, 3000)
	r := k.Run(k.Export(), run.Options{})
	if r.State != run.Warnings {
		t.Fatalf("ended as %s (%s %s)", r.State, r.ErrorCode, r.ErrorDetail)
	}
	c := r.Counts
	if c.Profiles != 3000 || c.Open() != 0 || c.Invalid == 0 || c.Duplicates == 0 || c.Refused != 0 || c.Unchanged != 0 {
		t.Errorf("counts %+v", c)
	}
	if held := k.Matches().Held; held != c.Accepted {
		t.Errorf("%d accepted, %d held", c.Accepted, held)
	}
	if stats := k.Sandbox.Stats(); stats.Throttled != 0 {
		t.Errorf("%d requests were over the limit", stats.Throttled)
	}
}

func TestTheSecondRunSendsOnlyWhatChanged(t *testing.T) {
	k := apptest.Start(t, 1000)
	e := k.Export()
	first := k.Run(e, run.Options{})
	second := k.Run(e, run.Options{})
	if c := second.Counts; c.Accepted != 0 || c.Unchanged != first.Counts.Accepted || c.Open() != 0 {
		t.Errorf("second run %+v", c)
	}
	complete := k.Run(e, run.Options{Complete: true})
	if c := complete.Counts; c.Accepted != first.Counts.Accepted || c.Unchanged != 0 {
		t.Errorf("complete run %+v", c)
	}
}
