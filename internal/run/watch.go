package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Stops is what runs need of the emergency stop.
type Stops interface {
	// Stands reports whether nothing may be sent, as the database says at this moment: another process may have ordered it.
	Stands(ctx context.Context) (bool, error)
}

const watchEvery = 250 * time.Millisecond

// Watch obeys the emergency stop, and ends paused runs that lost what they need, until the context ends.
func (s *Service) Watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for last := ""; ; {
		switch err := s.look(ctx); {
		case ctx.Err() != nil:
			return
		case err == nil:
			last = ""
		case err.Error() != last: // once, not four times a second
			last = err.Error()
			s.log.ErrorContext(ctx, "the emergency stop could not be looked up", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) look(ctx context.Context) error {
	stands, err := s.stops.Stands(ctx)
	if err != nil {
		return err
	}
	if s.stopped.Swap(stands) != stands {
		s.events.Publish(ListTopic)
	}
	if stands {
		s.interruptAll()
	} else if err := s.letGoOn(ctx); err != nil {
		return err
	}
	return s.endOrphans(ctx)
}

// interruptAll stops what is under way. Runs that wait for their turn are paused when it comes.
func (s *Service) interruptAll() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, u := range s.active {
		u.stop(&halt{state: Paused, code: ByStop})
	}
}

// letGoOn resumes what the emergency stop had paused.
func (s *Service) letGoOn(ctx context.Context) error {
	ids, err := runIDs(ctx, s.db.Reader(), `SELECT id FROM runs WHERE state IN ('queued', 'running', 'paused') AND state = 'paused' AND pause_code = ? ORDER BY id`, ByStop)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := s.db.InTx(ctx, func(tx database.Tx) error {
			r, err := getRun(ctx, tx, id)
			if err != nil || r.State != Paused || r.PauseCode != ByStop {
				return err
			}
			return s.goOn(ctx, tx, r, "lifted", "")
		})
		if err != nil {
			return err
		}
		s.events.Publish(ListTopic, Topic(id))
	}
	return nil
}

// endOrphans ends the paused runs whose export was removed or has another connection now: nobody could resume them. One
// that is under way ends by itself.
func (s *Service) endOrphans(ctx context.Context) (err error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT r.id, CASE WHEN e.removed_at IS NULL THEN 'no_connection' ELSE 'export_removed' END
		FROM runs r JOIN exports e ON e.id = r.export_id WHERE r.state IN ('queued', 'running', 'paused') AND r.state = 'paused'
		AND (e.removed_at IS NOT NULL OR e.connection_id IS NULL OR e.connection_id <> coalesce(json_extract(r.plan, '$.connection_id'), e.connection_id))`)
	if err != nil {
		return fmt.Errorf("look for paused runs without an export: %w", err)
	}
	orphans := map[int64]string{}
	for rows.Next() {
		var id int64
		var code string
		if err := rows.Scan(&id, &code); err != nil {
			return errors.Join(err, rows.Close())
		}
		orphans[id] = code
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for id, code := range orphans {
		if err := s.endPaused(ctx, id, Failed, code); err != nil && !problem.Is(err, problem.Conflict) {
			return err
		}
	}
	return nil
}

// endPaused ends a run that is paused, and lets go of what it held.
func (s *Service) endPaused(ctx context.Context, runID int64, state State, code string) error {
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		r, err := getRun(ctx, tx, runID)
		if err != nil {
			return err
		}
		if r.State != Paused {
			return problem.New(problem.Conflict, "problem.run.not_paused")
		}
		return s.end(ctx, tx, runID, state, code, "", s.clock())
	})
	if err != nil {
		return err
	}
	return s.released(ctx, runID)
}

// released lets go of the snapshot that a run held which ended while it was not under way.
func (s *Service) released(ctx context.Context, runID int64) error {
	s.events.Publish(ListTopic, Topic(runID))
	return s.profiles.Release(ctx, holder(runID))
}
