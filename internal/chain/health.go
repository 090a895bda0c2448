package chain

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Health is how the chains stand, for the package that watches over what Segue does by itself.
type Health struct {
	Waiting []Chain           // that have not begun, the oldest first: ID, Cause, DueAt and QueuedAt only
	Last    Chain             // the last that came due by the system's schedule, and is not under way; without ID: none
	Failed  map[Kind]int      // tasks of Last that failed, by kind
	Sources map[int64]Reading // by source
}

// Reading is how the last task that read a source ended.
type Reading struct {
	ChainID  int64
	State    State
	ImportID int64 // 0: it came to none
	EndedAt  time.Time
}

// HealthOf reads how the chains stand.
func HealthOf(ctx context.Context, q database.Querier) (h Health, err error) {
	if h.Waiting, err = waiting(ctx, q); err != nil {
		return h, err
	}
	if h.Last, h.Failed, err = lastScheduled(ctx, q); err != nil {
		return h, err
	}
	h.Sources, err = readings(ctx, q)
	return h, err
}
