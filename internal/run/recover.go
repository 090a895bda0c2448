package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

// Recover queues every run again that an earlier process left unfinished, and lets go of snapshots that it had no time to let
// go of. Call it once, before jobs are worked on.
func (s *Service) Recover(ctx context.Context) error {
	if err := s.releaseEnded(ctx); err != nil {
		return err
	}
	ids, err := unfinished(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		for _, id := range ids {
			if err := addEvent(ctx, tx, id, s.clock(), "resumed", ""); err != nil {
				return err
			}
			if err := s.queue.EnqueueRun(ctx, tx, id); err != nil {
				return fmt.Errorf("queue run %d again: %w", id, err)
			}
		}
		return nil
	})
}

// releaseEnded ends the holds of runs that have ended.
func (s *Service) releaseEnded(ctx context.Context) error {
	holders, err := s.profiles.Holders(ctx)
	if err != nil {
		return err
	}
	for _, name := range holders {
		var id int64
		if _, err := fmt.Sscanf(name, "run/%d", &id); err != nil {
			continue // not one of ours
		}
		switch r, err := getRun(ctx, s.db.Reader(), id); {
		case err != nil:
			return err
		case !r.State.Active():
			if err := s.profiles.Release(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// Shutdown lets no run go further: each ends its requests under way, and goes on when the program starts again.
func (s *Service) Shutdown() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.shutting = true
	for _, u := range s.active {
		u.stop(errShutdown)
	}
}

// enter notes that a run is under way in this process; ok is false when it is already (then it is carried out once more at
// its end, for it may have been resumed while it came to a pause), or when the program stops.
func (s *Service) enter(ctx context.Context, runID int64) (u *underWay, ok bool) {
	if !s.lockWhenMoving(ctx) {
		return nil, false
	}
	defer s.mutex.Unlock()
	if s.active[runID] != nil {
		s.again[runID] = true
		return nil, false
	}
	if s.shutting {
		return nil, false
	}
	u = &underWay{runID: runID}
	u.stopping, u.stop = context.WithCancelCause(context.Background())
	s.active[runID] = u
	return u, true
}

// leave notes that a run is under way no longer, and reports whether somebody asked for it meanwhile.
func (s *Service) leave(runID int64) (again bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.active[runID].stop(errors.New("the run has ended"))
	again = s.again[runID]
	delete(s.active, runID)
	delete(s.again, runID)
	close(s.freed)
	s.freed = make(chan struct{})
	return again
}
