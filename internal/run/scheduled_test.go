package run_test

import (
	"errors"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/run"
)

// unnoted notes nothing of a run that is started.
func unnoted(database.Tx, int64) error { return nil }

func TestAScheduledRunIsNotedInTheTransactionThatQueuesItOrNeitherHappens(t *testing.T) {
	k := apptest.Start(t, 100)
	e := k.Export()
	refused := errors.New("not noted")
	if _, err := k.Runs.StartScheduled(t.Context(), e.ID, func(database.Tx, int64) error { return refused }); !errors.Is(err, refused) {
		t.Fatalf("%v", err)
	}
	if runs, err := k.Runs.List(t.Context(), access.System, e.ID, 10, 0); err != nil || len(runs) != 0 {
		t.Fatalf("%d runs, %v: want none", len(runs), err)
	}
	var noted int64
	r, err := k.Runs.StartScheduled(t.Context(), e.ID, func(_ database.Tx, runID int64) error {
		noted = runID
		return nil
	})
	if err != nil || noted != r.ID {
		t.Fatalf("run %d, noted %d, %v", r.ID, noted, err)
	}
	if r = k.Wait(r.ID); r.Cause != run.Scheduled || r.State != run.Succeeded {
		t.Errorf("%s, because of %s", r.State, r.Cause)
	}
	if err := k.Exports.Pause(t.Context(), k.Actor(access.Administrator), e.ID); err != nil {
		t.Fatal(err)
	}
	_, err = k.Runs.StartScheduled(t.Context(), e.ID, unnoted)
	conflict(t, err, "obstacle.paused")
}
