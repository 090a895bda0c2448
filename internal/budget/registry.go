package budget

import (
	"context"
	"sync"
	"time"
)

// Registry holds the budgets of all brands. What an earlier process sent is recalled when a brand is first asked for.
type Registry struct {
	limit  int
	window time.Duration
	recall func(ctx context.Context, brandID string, since time.Time) ([]time.Time, error)

	mutex  sync.Mutex
	brands map[string]*Budget
	pots   map[pot]*Budget
}

type pot struct{ brandID, name string }

// NewRegistry makes budgets of limit requests in a window for each brand. recall reads when requests to a brand were
// made since a time, oldest first; nil when nothing is known of earlier.
func NewRegistry(limit int, window time.Duration, recall func(context.Context, string, time.Time) ([]time.Time, error)) *Registry {
	return &Registry{limit: limit, window: window, recall: recall, brands: map[string]*Budget{}, pots: map[pot]*Budget{}}
}

// Window is the length of the window.
func (r *Registry) Window() time.Duration { return r.window }

// For gives the budget of a brand.
func (r *Registry) For(ctx context.Context, brandID string) (*Budget, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if b, ok := r.brands[brandID]; ok {
		return b, nil
	}
	b := New(r.limit, r.window)
	if r.recall != nil {
		made, err := r.recall(ctx, brandID, time.Now().Add(-r.window))
		if err != nil {
			return nil, err
		}
		b.Recall(made)
	}
	r.brands[brandID] = b
	return b, nil
}

// Look reads the state of a brand's budget for somebody who does not spend it. One that nobody asked for yet is unused.
func (r *Registry) Look(brandID string) Usage {
	r.mutex.Lock()
	b, ok := r.brands[brandID]
	r.mutex.Unlock()
	if !ok {
		return Usage{Limit: r.limit, Spare: r.limit / spareShare}
	}
	return b.Usage()
}

// Pot gives another budget of the same brand, for requests that the destination counts apart.
func (r *Registry) Pot(brandID, name string, limit int) *Budget {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	key := pot{brandID, name}
	if _, ok := r.pots[key]; !ok {
		if r.limit == 0 {
			limit = 0 // no limits at all
		}
		r.pots[key] = New(limit, r.window)
	}
	return r.pots[key]
}

// Collect gives what was made of the brands' budgets since the last time, by minutes. Pots are not among them. A minute may
// come in parts.
func (r *Registry) Collect() (counted []Minute) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for brandID, b := range r.brands {
		counted = b.collect(brandID, counted)
	}
	return counted
}
