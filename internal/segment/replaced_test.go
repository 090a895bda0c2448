package segment_test

import (
	"context"
	"testing"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// replacing are profiles that others take the place of, after they were asked for and before they are read.
type replacing struct {
	now   profile.Snapshot
	stale int // how often the old ones are given
}

func (r *replacing) Current(context.Context) (profile.Snapshot, error) {
	if r.stale--; r.stale >= 0 {
		old := r.now
		old.ID += 1000 // has no table any more
		return old, nil
	}
	return r.now, nil
}

func (r *replacing) Snapshot(_ context.Context, id int64) (profile.Snapshot, error) {
	if id != r.now.ID {
		return profile.Snapshot{}, problem.New(problem.NotFound, "profiles.none")
	}
	return r.now, nil
}

func TestProfilesThatGoWhileASegmentWaitsForItsTurnAreCountedAsTheyAreNow(t *testing.T) {
	w := newWorld(t)
	stands := &replacing{now: fill(t, w.db, 7, people, [][]any{{"a", "DK", nil, nil, nil, nil}, {"b", "SE", nil, nil, nil, nil}})}
	s := segment.NewService(w.db, stands, w.events, w.clock.Now)
	danes := rule(segment.All, when("country", segment.Equals, "dk"))
	made, err := s.Create(t.Context(), contributor, segment.Draft{Name: "Danes", Definition: danes})
	if err != nil || made.Size != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	stands.stale = 1
	if after, err := s.Calculate(t.Context(), contributor, made.ID); err != nil || after.Failure != "" || after.Size != 1 {
		t.Errorf("%d, failure %q, %v", after.Size, after.Failure, err)
	}
	stands.stale = 1
	if n, err := s.Count(t.Context(), contributor, danes); err != nil || n != 1 {
		t.Errorf("counted %d, %v", n, err)
	}
	stands.stale = 100
	if after, err := s.Calculate(t.Context(), contributor, made.ID); err != nil || after.Failure != segment.CodeCalculation {
		t.Errorf("for ever: failure %q, %v", after.Failure, err)
	}
}
