package metric

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// row is one thing that has states: a run, an import, a step of a chain.
type row struct {
	id     int64
	kind   string // "" where there are no kinds
	state  string
	values []float64
}

// reader reads rows: those of the ids, or those after one, in the order of ids, as many as it likes to give at once.
type reader interface {
	after(ctx context.Context, id int64) ([]row, error)
	these(ctx context.Context, ids []int64) ([]row, error)
}

// ledger counts the rows of a table without reading them all each time: one that has ended is read once more and then never again,
// since it does not change. What was counted stays counted when the row is dropped, so that a counter does not fall.
type ledger struct {
	rows  reader
	ended []string // the states of those that do not change any more

	last  int64 // the highest id that was read
	open  map[int64]row
	count map[key]float64 // of those that have ended
	sums  []float64       // likewise
}

// key is what rows are counted by.
type key struct{ kind, state string }

func newLedger(rows reader, values int, ended ...string) *ledger {
	return &ledger{rows: rows, ended: ended, open: map[int64]row{}, count: map[key]float64{}, sums: make([]float64, values)}
}

// refresh reads what is new, and what was open.
func (l *ledger) refresh(ctx context.Context) error {
	if len(l.open) > 0 {
		rows, err := l.rows.these(ctx, slices.Collect(maps.Keys(l.open)))
		if err != nil {
			return err
		}
		clear(l.open) // one that is not there any more was dropped
		l.enter(rows)
	}
	for {
		rows, err := l.rows.after(ctx, l.last)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		l.last = rows[len(rows)-1].id
		l.enter(rows)
	}
}

func (l *ledger) enter(rows []row) {
	for _, r := range rows {
		if !slices.Contains(l.ended, r.state) {
			l.open[r.id] = r
			continue
		}
		l.count[key{r.kind, r.state}]++
		for i, value := range r.values {
			l.sums[i] += value
		}
	}
}

// now counts those that have not ended.
func (l *ledger) now() map[key]float64 {
	count := map[key]float64{}
	for _, r := range l.open {
		count[key{r.kind, r.state}]++
	}
	return count
}

// total is the sum of a value over all rows.
func (l *ledger) total(value int) float64 {
	sum := l.sums[value]
	for _, r := range l.open {
		sum += r.values[value]
	}
	return sum
}

// shape says which states and kinds there are, so that each has its line from the beginning.
type shape struct{ kinds, states string }

func (s shape) keys() (all []key) {
	for _, kind := range strings.Split(s.kinds, " ") {
		for _, state := range strings.Fields(s.states) {
			all = append(all, key{kind, state})
		}
	}
	return all
}
