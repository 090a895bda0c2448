package alert

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Look judges how everything stands, opens and closes alerts, and puts in what people and hooks are to hear of it. All of that is
// written in one transaction, so that whenever the program dies, the next look goes on from there: nothing is lost and
// nothing said twice.
func (s *Service) Look(ctx context.Context) error {
	s.looking.Lock()
	defer s.looking.Unlock()
	now := s.clock()
	settings, judged, err := s.read(ctx, now)
	if err != nil {
		return err
	}
	idle, err := s.idle(ctx, judged, now)
	if err != nil || idle {
		return err
	}
	everybody, err := s.recipients(ctx)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		open, err := openAlerts(ctx, tx)
		if err != nil {
			return err
		}
		if err := s.apply(ctx, tx, judged.against(open), settings, now); err != nil {
			return err
		}
		if err := tellDue(ctx, tx, everybody, now); err != nil {
			return err
		}
		if err := s.say(ctx, tx, everybody, settings, now); err != nil {
			return err
		}
		return forget(ctx, tx, now)
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}

// verdict is which conditions hold, and of which it is known whether they do.
type verdict struct {
	holding []Condition
	known   map[key]bool
}

// read judges how things are. Exports and the emergency stop are asked for before and after the rest, which is of one moment: their
// packages read with a connection of their own, and whoever holds one must not wait for a second.
func (s *Service) read(ctx context.Context, now time.Time) (settings Settings, v verdict, err error) {
	var h health
	if h.exports, err = s.exports.Health(ctx, s.db.Reader()); err != nil {
		return settings, v, err
	}
	if settings, err = s.atOnce(ctx, &h); err != nil {
		return settings, v, err
	}
	if h.stopped, err = s.stops.Stands(ctx); err != nil {
		return settings, v, err
	}
	v.holding, v.known = s.judge(h, settings, now)
	return settings, v, nil
}

// atOnce reads what is read of one moment of the database.
func (s *Service) atOnce(ctx context.Context, h *health) (settings Settings, err error) {
	tx, err := s.db.Reader().BeginTx(ctx, nil)
	if err != nil {
		return settings, fmt.Errorf("begin to look: %w", err)
	}
	defer func() {
		if ended := tx.Rollback(); ended != nil && !errors.Is(ended, sql.ErrTxDone) {
			err = errors.Join(err, ended)
		}
	}()
	if settings, err = readSettings(ctx, tx); err != nil {
		return settings, err
	}
	return settings, s.look(ctx, tx, h)
}

// idle reports whether there is nothing to write, as most of the times.
func (s *Service) idle(ctx context.Context, v verdict, now time.Time) (bool, error) {
	open, err := openAlerts(ctx, s.db.Reader())
	if err != nil || !v.against(open).none() {
		return false, err
	}
	waiting, err := anythingToSay(ctx, s.db.Reader(), now)
	return !waiting, err
}

// changes are what a verdict makes of the alerts that are open.
type changes struct {
	opened  []Condition
	altered []Alert // the same condition, in other words
	well    []Alert
	gone    []Alert // of what was removed or switched off
}

func (c changes) none() bool {
	return len(c.opened)+len(c.altered)+len(c.well)+len(c.gone) == 0
}

func (v verdict) against(open []Alert) (c changes) {
	before := make(map[key]Alert, len(open))
	for _, a := range open {
		before[a.key()] = a
	}
	for _, condition := range v.holding {
		a, is := before[condition.key()]
		switch {
		case !is:
			c.opened = append(c.opened, condition)
		case a.Condition != condition:
			a.Condition = condition
			c.altered = append(c.altered, a)
		}
		delete(before, condition.key())
	}
	for _, a := range open {
		switch _, over := before[a.key()]; {
		case !over:
		case v.known[a.key()]:
			c.well = append(c.well, a)
		default:
			c.gone = append(c.gone, a)
		}
	}
	return c
}

// apply writes the changes. An alert that closed a short while ago, or of which somebody heard a short while ago, is the same one
// when it opens again, and is told of when the quiet time is over, if it is open then.
func (s *Service) apply(ctx context.Context, tx database.Tx, c changes, settings Settings, now time.Time) error {
	earlier := map[key]Alert{}
	if len(c.opened) > 0 {
		recent, err := closedSince(ctx, tx, now.Add(-settings.quiet()), now)
		if err != nil {
			return err
		}
		for _, a := range recent {
			earlier[a.key()] = a // the latest last
		}
	}
	for _, condition := range c.opened {
		a, is := earlier[condition.key()]
		var err error
		if is {
			a.Condition, a.Since, a.tellAt = condition, now, now
			if a.quietUntil.After(now) {
				a.tellAt = a.quietUntil
			}
			err = reopen(ctx, tx, a)
		} else {
			err = open(ctx, tx, Alert{Condition: condition, OpenedAt: now, Since: now, tellAt: now})
		}
		if err != nil {
			return err
		}
	}
	for _, a := range c.altered {
		if err := alter(ctx, tx, a); err != nil {
			return err
		}
	}
	for _, a := range c.well {
		if err := closeAlert(ctx, tx, a, true, now); err != nil {
			return err
		}
	}
	for _, a := range c.gone {
		if err := closeAlert(ctx, tx, a, false, now); err != nil {
			return err
		}
	}
	return nil
}
