package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Open lists the alerts that are open and that the actor may see, the newest first; at most so many.
func (s *Service) Open(ctx context.Context, actor access.Actor, limit int) ([]Alert, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return list(ctx, s.db.Reader(), `WHERE a.closed_at IS NULL AND (? OR a.thing = 'export') ORDER BY a.since DESC, a.id DESC LIMIT ?`, seesAll(actor), limit)
}

// CountOpen counts them.
func (s *Service) CountOpen(ctx context.Context, actor access.Actor) (n int, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return 0, err
	}
	return count(ctx, s.db.Reader(), `closed_at IS NULL AND (? OR thing = 'export')`, seesAll(actor))
}

// seesAll is mayKnow for things of any kind.
func seesAll(actor access.Actor) bool { return actor.IsSystem() || mayKnow(actor.Role, Schedule) }

// Query narrows the history. The zero value is all of it.
type Query struct {
	Kind   Kind   // "" for all
	Search string // in the name of the thing
	Limit  int
	Offset int
}

// Earlier lists alerts that closed and that the actor may see, the last that closed first, and how many there are.
func (s *Service) Earlier(ctx context.Context, actor access.Actor, query Query) (found []Alert, total int, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, 0, err
	}
	return earlier(ctx, s.db.Reader(), seesAll(actor), query)
}

// MayLookAt reports whether the actor may say to look at the alert: who may do something about it.
func (a Alert) MayLookAt(actor access.Actor) bool {
	return actor.Can(access.RunAll) && actor.MayUse(a.Grant) && (seesAll(actor) || mayKnow(actor.Role, a.Thing))
}

// LookAt notes that the actor looks at an alert, or with seen false that she does not any more. Nobody hears less for it.
func (s *Service) LookAt(ctx context.Context, actor access.Actor, id int64, seen bool) error {
	if err := actor.Require(access.RunAll); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := list(ctx, tx, `WHERE a.id = ?`, id)
		if err != nil {
			return err
		}
		if len(found) == 0 || !seesAll(actor) && !mayKnow(actor.Role, found[0].Thing) {
			return problem.New(problem.NotFound, "problem.not_found")
		}
		if err := actor.RequireUse(found[0].Grant); err != nil {
			return err
		}
		if !seen {
			return markSeen(ctx, tx, id, "", time.Time{})
		}
		return markSeen(ctx, tx, id, actor.Name, s.clock())
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return err
}

// Path is the page where the alert can be looked into.
func (a Alert) Path() string {
	switch {
	case a.Facts.RunID != 0:
		return fmt.Sprintf("/runs/%d", a.Facts.RunID)
	case a.Facts.ImportID != 0:
		return fmt.Sprintf("/sources/imports/%d", a.Facts.ImportID)
	case a.Thing == Export:
		return fmt.Sprintf("/exports/%d", a.ThingID)
	case a.Kind == NewTerms:
		return fmt.Sprintf("/connections/%d/consent", a.ThingID)
	case a.Thing == Connection:
		return fmt.Sprintf("/connections/%d", a.ThingID)
	case a.Thing == Source:
		return fmt.Sprintf("/sources/%d", a.ThingID)
	}
	return "/system/status"
}
