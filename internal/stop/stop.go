// Package stop owns the emergency stop: an order in the database that nothing is sent to any destination, whichever process
// asks. Who gave it, when and why is kept, and who lifted it. What must obey asks Stands; how a run stops is the run package's.
package stop

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Order is one emergency stop.
type Order struct {
	ID       int64
	At       time.Time
	By       string
	Reason   string // in the person's words; may be ""
	LiftedAt time.Time
	LiftedBy string
}

// Service gives and lifts orders.
type Service struct {
	db    *database.DB
	clock func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, clock func() time.Time) *Service { return &Service{db, clock} }

// longestReason is how many characters a reason may have.
const longestReason = 200

// Standing reads the order that stands; ok is false when none does. Everybody sees it: every page says so.
func (s *Service) Standing(ctx context.Context) (order Order, ok bool, err error) {
	return standing(ctx, s.db.Reader())
}

// Stands reports whether an order stands.
func (s *Service) Stands(ctx context.Context) (bool, error) {
	_, ok, err := s.Standing(ctx)
	return ok, err
}

// Impose gives the order. One that stands already stays as it is.
func (s *Service) Impose(ctx context.Context, actor access.Actor, reason string) (order Order, err error) {
	if err := actor.Require(access.StopAll); err != nil {
		return Order{}, err
	}
	reason = strings.Join(strings.Fields(reason), " ")
	var check problem.Check
	check.Require(utf8.RuneCountInString(reason) <= longestReason, "reason", "problem.too_long", "Most", longestReason)
	if err := check.Err(); err != nil {
		return Order{}, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		var ok bool
		if order, ok, err = standing(ctx, tx); err != nil || ok {
			return err
		}
		if err := impose(ctx, tx, Order{At: s.clock(), By: actor.Name, Reason: reason}); err != nil {
			return err
		}
		if order, _, err = standing(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, order.At, actor, audit.Entry{Action: audit.StopImposed, Subject: audit.Of("stop", order.ID, ""), Changes: audit.Changed(audit.Change{Field: "reason", After: order.Reason})})
	})
	return order, err
}

// Lift lifts the order that stands. It is a Conflict when none does.
func (s *Service) Lift(ctx context.Context, actor access.Actor) error {
	if err := actor.Require(access.StopAll); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		order, ok, err := standing(ctx, tx)
		if err != nil {
			return err
		}
		if !ok {
			return problem.New(problem.Conflict, "problem.stop.none")
		}
		if err := lift(ctx, tx, order.ID, actor.Name, s.clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.StopLifted, Subject: audit.Of("stop", order.ID, "")})
	})
}

// Past reads the orders that were lifted, the latest first.
func (s *Service) Past(ctx context.Context, actor access.Actor, limit int) ([]Order, error) {
	if err := actor.Require(access.StopAll); err != nil {
		return nil, err
	}
	return past(ctx, s.db.Reader(), limit)
}
