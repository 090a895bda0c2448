package metric

import (
	"context"
	"slices"
	"testing"
)

// shelf is a table in memory that notes what was read of it.
type shelf struct {
	rows []row
	read []int64
}

func (s *shelf) give(wanted func(int64) bool) (all []row, _ error) {
	for _, r := range s.rows {
		if wanted(r.id) && len(all) < 2 { // a small page, so that there are several
			all = append(all, r)
			s.read = append(s.read, r.id)
		}
	}
	return all, nil
}

func (s *shelf) after(_ context.Context, id int64) ([]row, error) {
	return s.give(func(other int64) bool { return other > id })
}

func (s *shelf) these(_ context.Context, ids []int64) ([]row, error) {
	return s.give(func(other int64) bool { return slices.Contains(ids, other) })
}

func TestALedgerReadsAgainOnlyWhatHasNotEndedAndForgetsNoCount(t *testing.T) {
	s := &shelf{rows: []row{{1, "a", "done", []float64{5}}, {2, "a", "running", []float64{1}}, {3, "b", "done", []float64{2}}, {4, "b", "queued", []float64{0}}}}
	l := newLedger(s, 1, "done", "failed")
	refresh := func() {
		t.Helper()
		s.read = nil
		if err := l.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	if l.total(0) != 8 || l.count[key{"a", "done"}] != 1 || l.now()[key{"b", "queued"}] != 1 {
		t.Fatalf("%v %v %v", l.total(0), l.count, l.now())
	}
	s.rows = []row{{2, "a", "failed", []float64{3}}, {4, "b", "queued", []float64{1}}, {5, "b", "done", []float64{10}}} // 1 and 3 were dropped
	refresh()
	slices.Sort(s.read)
	if !slices.Equal(s.read, []int64{2, 4, 5}) {
		t.Errorf("read %v", s.read)
	}
	if l.total(0) != 5+3+2+1+10 || l.count[key{"a", "failed"}] != 1 || l.count[key{"b", "done"}] != 2 || len(l.now()) != 1 {
		t.Errorf("%v %v %v", l.total(0), l.count, l.now())
	}
	s.rows = nil
	refresh()
	if len(l.now()) != 0 || l.total(0) != 20 {
		t.Errorf("%v %v", l.now(), l.total(0))
	}
}
