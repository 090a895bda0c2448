package profile_test

import (
	"errors"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

func TestAHeldSnapshotStaysReadableUntilItIsReleased(t *testing.T) {
	s := newService(t)
	s.load(t, "id,name\n1,Anne\n")
	old := s.current(t)
	hold := func() error {
		return s.db.InTx(t.Context(), func(tx database.Tx) error { return s.Hold(t.Context(), tx, old.ID, "run/1") })
	}
	if err := errors.Join(hold(), hold()); err != nil {
		t.Fatalf("hold, twice: %v", err)
	}
	s.load(t, "id,name\n1,Bo\n")
	if _, r, err := s.Profile(t.Context(), admin, old.ID, "1"); err != nil || r.Values[0] != "Anne" {
		t.Fatalf("held: %v, %v", r, err)
	}
	if _, r, err := s.Profile(t.Context(), admin, 0, "1"); err != nil || r.Values[0] != "Bo" {
		t.Fatalf("current: %v, %v", r, err)
	}
	s.load(t, "id,name\n1,Carl\n") // the source, which holds what it had before its last import, lets go of the old one
	if err := s.Release(t.Context(), "run/1"); err != nil {
		t.Fatal(err)
	}
	if got := s.tables(t); len(got) != 2 {
		t.Errorf("tables after release: %v", got)
	}
	if err := hold(); !problem.Is(err, problem.NotFound) {
		t.Errorf("holding what is gone: %v", err)
	}
	if _, err := s.Snapshot(t.Context(), old.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("reading what is gone: %v", err)
	}
}
