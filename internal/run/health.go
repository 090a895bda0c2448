package run

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Health is how the runs of an export stand, for the package that watches over all exports at once. A single profile that was
// tried, and runs that were cancelled, say nothing about it.
type Health struct {
	ExportID int64
	Last     Ending // of the last run that ended
	Full     Ending // of the last run that ended well and was about everybody
	Earlier  []int  // profiles of the runs like Full before it, the newest first; at most EarlierRuns
	Open     Open   // the run that has not ended
}

// EarlierRuns is how many runs before the last one say what is usual.
const EarlierRuns = 10

// Ending is how a run ended. The zero Ending: there is none.
type Ending struct {
	RunID    int64
	State    State
	Code     string // why it failed
	Profiles int
	Rejected int // of those
}

// Open is a run that has not ended. The zero Open: there is none.
type Open struct {
	RunID    int64
	State    State
	Code     string // why it is paused
	QueuedAt time.Time
	PausedAt time.Time
	StuckAt  time.Time // since when it is marked as making no progress; zero when it goes forward
	StuckFor string    // what it waited for then
	Begun    bool      // somebody in this process has taken it up
}

// Health reads how the runs of all exports stand, in the order of the exports' ids.
func (s *Service) Health(ctx context.Context, q database.Querier) ([]Health, error) {
	found, err := healths(ctx, q)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i := range found {
		_, found[i].Open.Begun = s.active[found[i].Open.RunID]
	}
	return found, nil
}
