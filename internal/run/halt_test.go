package run

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/testkit"
)

func TestARunThatAPersonEndedOrPausedIsNotEndedAgainForWhatSegueFindsMeanwhile(t *testing.T) {
	for _, state := range []State{Cancelled, Paused, Succeeded} {
		for _, found := range []*halt{{state: Failed, code: failSegment}, {state: Paused, code: ByStop}} {
			db := testkit.Database(t)
			s := &Service{db: db, clock: time.Now}
			var r Run
			err := db.InTx(t.Context(), func(tx database.Tx) (err error) {
				if _, err = tx.Exec(`INSERT INTO exports (id, name, destination_type, created_at, updated_at) VALUES (1, 'x', 'x', 0, 0)`); err != nil {
					return err
				}
				if _, err = tx.Exec(`INSERT INTO runs (id, export_id, cause, requested_by_name, state, pause_code, cancel_asked_at, queued_at) VALUES (1, 1, 'demand', '', ?, 'by_person', 1, 0)`, state); err != nil {
					return err
				}
				if err = s.halt(t.Context(), tx, 1, found); err != nil {
					return err
				}
				r, err = getRun(t.Context(), tx, 1)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			events, err := listEvents(t.Context(), db.Reader(), 1)
			if err != nil || len(events) != 0 || r.State != state || r.ErrorCode != "" {
				t.Errorf("a run that was %s, on %q: %s (%s), %d events, %v", state, found.code, r.State, r.ErrorCode, len(events), err)
			}
		}
	}
}

// queryPlan is how SQLite carries a statement out.
func queryPlan(t *testing.T, query string, args ...any) (plan string) {
	t.Helper()
	rows, err := testkit.Database(t).Reader().Query(`EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // Err below
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestThoseUnderWayAreFoundWithoutReadingTheHistory(t *testing.T) {
	query, args := listQuery(0, true)
	if plan := queryPlan(t, query, append(args, 100, 0)...); !strings.Contains(plan, "runs_one_at_a_time") {
		t.Errorf("the plan is\n%s", plan)
	}
}

func TestWhatWasDeliveredIsReadOnceWhenARunIsStoppedInItsMiddle(t *testing.T) {
	if plan := queryPlan(t, doubtRest, 1, "m", 1); strings.Contains(plan, "CORRELATED") || !strings.Contains(plan, "LIST SUBQUERY") {
		t.Errorf("the plan is\n%s", plan)
	}
}
