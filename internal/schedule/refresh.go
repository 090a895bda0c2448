package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

// mostTries is how often a refresh is tried that fails on our own side, a minute apart.
const mostTries = 3

// RefreshNow queues a refresh on an administrator's demand, whether the schedule is on or off.
func (s *Service) RefreshNow(ctx context.Context, actor access.Actor) error {
	if err := actor.Require(access.RefreshNow); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		if _, active, err := activeRefresh(ctx, tx); err != nil {
			return err
		} else if active {
			return problem.New(problem.Conflict, CodeUnderWay)
		}
		asked := Refresh{Cause: OnDemand, RequestedBy: actor.Name, DueAt: s.clock(), State: Queued}
		if _, err := insertRefresh(ctx, tx, asked, actor.UserID); err != nil {
			return err
		}
		return s.enqueue(ctx, tx)
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}

// Tick is called every minute and at the start. When a time came due since the last one that was dealt with, also while
// the program was off, it fires once, for the latest. Then the refresh that waits, or that an earlier process left
// unfinished, is carried out here, unless another call is at it.
func (s *Service) Tick(ctx context.Context) error {
	var fired bool
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		kept, err := get(ctx, tx)
		if err != nil {
			return err
		}
		fired, err = fireDue(ctx, tx, kept, s.clock())
		return err
	})
	if err != nil {
		return err
	}
	if fired {
		s.events.Publish(Topic)
	}
	if !s.working.TryLock() {
		return nil
	}
	defer s.working.Unlock()
	waiting, ok, err := activeRefresh(ctx, s.db.Reader())
	if err != nil || !ok {
		return err
	}
	return s.carryOut(ctx, waiting)
}

// fireDue queues a refresh when a time came due. That it was dealt with is written in the same transaction: a crash before
// the commit leaves it due, one after it leaves it queued.
func fireDue(ctx context.Context, tx database.Tx, kept Schedule, now time.Time) (fired bool, err error) {
	if !kept.On {
		return false, nil
	}
	calendar, err := kept.calendar()
	if err != nil {
		return false, err
	}
	due, ok := calendar.latest(now)
	if !ok || !due.After(kept.LastDue) || !due.After(kept.ChangedAt) {
		return false, nil
	}
	if err := dealtWith(ctx, tx, due, now); err != nil {
		return false, err
	}
	refresh := Refresh{Cause: OnSchedule, DueAt: due, State: Queued}
	if _, active, err := activeRefresh(ctx, tx); err != nil {
		return false, err
	} else if active {
		refresh.State, refresh.EndedAt, refresh.ErrorCode = Skipped, now, CodeStillGoing
	}
	_, err = insertRefresh(ctx, tx, refresh, 0)
	return true, err
}

// carryOut reads the sources, calculates all segments and then runs the exports. Broken off at any point, it may be called again.
func (s *Service) carryOut(ctx context.Context, r Refresh) error {
	if r.StartedAt.IsZero() {
		r.StartedAt = s.clock()
	}
	r.State, r.Tries = Running, r.Tries+1
	if err := s.note(ctx, r); err != nil {
		return err
	}
	failure := s.chain(ctx, &r)
	if ctx.Err() != nil {
		return errors.Join(failure, ctx.Err()) // the program stops: it goes on at the next start
	}
	switch {
	case failure == nil:
		r.State, r.EndedAt = Succeeded, s.clock()
	case r.Tries < mostTries:
		r.State = Queued
	default:
		r.State, r.EndedAt, r.ErrorCode = Failed, s.clock(), CodeInternal
	}
	return errors.Join(failure, s.note(ctx, r))
}

// chain reads the sources, calculates the segments and runs the exports, which go on with the profiles that there are when a
// source fails or asks.
func (s *Service) chain(ctx context.Context, r *Refresh) (err error) {
	if r.Sources, err = s.sources.RefreshScheduled(ctx, r.StartedAt); err != nil {
		return err
	}
	if err := s.note(ctx, *r); err != nil {
		return err
	}
	if err := s.segments.CalculateAll(ctx); err != nil {
		return err
	}
	page, err := s.segments.List(ctx, access.System, segment.Query{Limit: 1})
	if err != nil {
		return err
	}
	r.Segments = page.Total
	r.RunsStarted, r.PassedOver, err = s.runs.StartScheduled(ctx, r.StartedAt)
	return err
}

func (s *Service) note(ctx context.Context, r Refresh) error {
	err := s.db.InTx(ctx, func(tx database.Tx) error { return updateRefresh(ctx, tx, r) })
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}
