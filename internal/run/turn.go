package run

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// PerBrand is how many runs on one brand are under way at once. Runs on different brands never wait for each other, however many
// there are: each brand has places of its own, which its runs take in the order in which they were queued. More at once than
// this would bring nothing, since they share the brand's budget, and each holds some 30 bytes a profile.
const PerBrand = 16

// turnEvery is how often a run looks whether it is its turn, when it heard of no end: one before it may have ended elsewhere.
const turnEvery = 5 * time.Second

// awaitTurn waits until fewer runs of the brand are before this one than there are places. It ends at once when the run is
// stopped: whoever carries it out sees why.
func (s *Service) awaitTurn(ctx context.Context, u *underWay) error {
	for {
		s.mutex.Lock()
		freed := s.freed
		s.mutex.Unlock()
		before, err := runsBefore(ctx, s.db.Reader(), u.runID)
		if err != nil || before < PerBrand {
			return err
		}
		timer := time.NewTimer(turnEvery)
		select {
		case <-freed:
		case <-timer.C:
		case <-u.stopping.Done():
			timer.Stop()
			if cause := context.Cause(u.stopping); cause == errShutdown {
				return cause
			}
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// runsBefore counts the runs of the same brand that wait or are under way and were queued earlier. That paused ones are named
// and taken out again is for the index, which has them.
func runsBefore(ctx context.Context, q database.Querier, runID int64) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM runs r INDEXED BY runs_one_at_a_time JOIN exports e ON e.id = r.export_id JOIN connections c ON c.id = e.connection_id
		WHERE r.state IN ('queued', 'running', 'paused') AND r.state <> 'paused' AND r.id < ?1
		AND c.brand_id = (SELECT c.brand_id FROM runs r JOIN exports e ON e.id = r.export_id JOIN connections c ON c.id = e.connection_id WHERE r.id = ?1)`, runID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the runs before run %d: %w", runID, err)
	}
	return n, nil
}
