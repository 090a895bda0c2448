package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

var onlooker = access.Actor{UserID: 3, Role: access.Viewer}

// insertExports makes so many exports, each with so many runs that ended an hour after one another, the last one at the time.
func insertExports(t testing.TB, db *database.DB, exports, runs int, last time.Time) (ids []int64) {
	t.Helper()
	plan, err := json.Marshal(Plan{ConnectionName: strings.Repeat("a rule of some length ", 100)})
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx database.Tx) error {
		for i := 1; i <= exports; i++ {
			if _, err := tx.Exec(`INSERT INTO exports (id, name, destination_type, created_at, updated_at) VALUES (?, ?, 'omnisend', 0, 0)`, i, fmt.Sprint("Export ", i)); err != nil {
				return err
			}
			ids = append(ids, int64(i))
		}
		for number := range runs {
			ended := last.Add(time.Duration(number-runs+1) * time.Hour)
			for _, id := range ids {
				if _, err := tx.Exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, plan, profiles, accepted, invalid, queued_at, started_at, ended_at)
					VALUES (?, 'schedule', '', 'warnings', ?, 100, ?, 3, ?, ?, ?)`, id, string(plan), number,
					database.Millis(ended.Add(-10*time.Minute)), database.Millis(ended.Add(-5*time.Minute)), database.Millis(ended)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestTheLastRunsOfExportsAreReadByIndex(t *testing.T) {
	recent, delivered := queryPlan(t, recentQuery, "[1,2]", 30), queryPlan(t, deliveredQuery, 1, 0, 0, 1)
	for _, plan := range []string{recent, delivered} {
		if strings.Contains(plan, "SCAN r") {
			t.Errorf("all runs are read:\n%s", plan)
		}
	}
	if !strings.Contains(recent, "SEARCH runs USING INDEX runs_by_export (export_id=?)") {
		t.Errorf("the last runs are found by\n%s", recent)
	}
	if !strings.Contains(delivered, "INDEX runs_by_end (export_id=? AND ended_at>?)") || !strings.Contains(delivered, "INDEX runs_one_at_a_time (export_id=?)") {
		t.Errorf("what was delivered is found by\n%s", delivered)
	}
}

func TestEachExportHasItsLastRunsTheOldestFirstAndNoTries(t *testing.T) {
	db, last := testkit.Database(t), time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	ids := insertExports(t, db, 3, 40, last)
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at) VALUES (2, 'try', '', 'succeeded', 0), (2, 'demand', '', 'queued', 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{db: db}
	found, err := s.Recent(t.Context(), onlooker, append(ids[:2:2], 99), 30)
	if err != nil || len(found) != 2 || len(found[1]) != 30 || len(found[2]) != 30 {
		t.Fatalf("found %d, %v", len(found), err)
	}
	for i, b := range found[1] {
		if b.Counts.Accepted != 10+i || b.Counts.Rejected() != 3 || b.State != Warnings || b.Took() != 5*time.Minute {
			t.Fatalf("number %d is %+v", i, b)
		}
	}
	if newest := found[2][29]; newest.State != Queued || newest.Took() != 0 || found[2][28].Counts.Accepted != 39 {
		t.Errorf("the newest is %+v", newest)
	}
	if _, err := s.Recent(t.Context(), access.Actor{}, ids, 30); !problem.Is(err, problem.SignedOut) {
		t.Errorf("nobody gets %v", err)
	}
}

func TestADayBeginsAndEndsInThePersonsZoneAlsoWhenTheClocksChange(t *testing.T) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC) // the clocks went forward on the 29th
	db := testkit.Database(t)
	insertExports(t, db, 1, 0, now)
	insert := func(cause, state string, accepted int, ended time.Time) error {
		return db.InTx(t.Context(), func(tx database.Tx) error {
			_, err := tx.Exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, accepted, queued_at, ended_at) VALUES (1, ?, '', ?, ?, 0, ?)`,
				cause, state, accepted, database.NullMillis(ended))
			return err
		})
	}
	err = errors.Join(
		insert("schedule", "succeeded", 1, time.Date(2026, 3, 27, 22, 59, 0, 0, time.UTC)), // before the three days
		insert("schedule", "succeeded", 10, time.Date(2026, 3, 27, 23, 0, 0, 0, time.UTC)), // 28 March at 0:00
		insert("demand", "warnings", 100, time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC)),   // 29 March at 0:00
		insert("demand", "failed", 200, time.Date(2026, 3, 29, 21, 59, 0, 0, time.UTC)),    // 29 March at 23:59
		insert("schedule", "succeeded", 1000, time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC)),
		insert("try", "succeeded", 9999, time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)),
		insert("schedule", "running", 5000, time.Time{}),
	)
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{db: db, clock: func() time.Time { return now }}
	days, err := s.Delivered(t.Context(), onlooker, 1, 3, copenhagen)
	if err != nil || len(days) != 3 {
		t.Fatalf("%d days, %v", len(days), err)
	}
	for i, want := range []int{10, 300, 6000} {
		if days[i].Accepted != want || days[i].Begin.Day() != 28+i || days[i].Begin.Hour() != 0 {
			t.Errorf("day %d is %+v, want %d", i, days[i], want)
		}
	}
}

func BenchmarkTheLastRunsOfTwoHundredExports(b *testing.B) {
	db := testkit.Database(b)
	ids := insertExports(b, db, 200, 100, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	s := &Service{db: db}
	for b.Loop() {
		if found, err := s.Recent(b.Context(), onlooker, ids, 30); err != nil || len(found) != 200 {
			b.Fatal(len(found), err)
		}
	}
}
