package factor

import (
	"context"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Policy says who must have a second factor.
type Policy string

// The policies.
const (
	Nobody         Policy = "nobody"
	Administrators Policy = "administrators"
	Everybody      Policy = "everybody"
)

// Policies lists them.
var Policies = []Policy{Nobody, Administrators, Everybody}

func (p Policy) valid() bool { return p == Nobody || p == Administrators || p == Everybody }

// asks reports whether somebody of that role must have one.
func (p Policy) asks(role access.Role) bool {
	return p == Everybody || p == Administrators && role == access.Administrator
}

// Required tells who must have a second factor, for those who manage users.
func (s *Service) Required(ctx context.Context, actor access.Actor) (Policy, error) {
	if err := actor.Require(access.ManageUsers); err != nil {
		return "", err
	}
	return policy(ctx, s.db.Reader())
}

// Require changes who must have one. People without one set it up when they sign in next.
func (s *Service) Require(ctx context.Context, actor access.Actor, wanted Policy) error {
	if err := actor.Require(access.ManageUsers); err != nil {
		return err
	}
	if err := actor.RequireFresh(s.now()); err != nil {
		return err
	}
	if !wanted.valid() {
		var check problem.Check
		check.Add("required", "problem.choose")
		return check.Err()
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := policy(ctx, tx)
		if err != nil || before == wanted {
			return err
		}
		if err := setPolicy(ctx, tx, wanted); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.FactorsRequired, Subject: audit.Of("settings", 0, ""),
			Changes: []audit.Change{{Field: "required", Before: string(before), After: string(wanted)}}})
	})
}

// Step says what somebody has to do who proved a password just now.
type Step int

// The steps.
const (
	Enough Step = iota // nothing more
	Prove              // one of the second factors
	SetUp              // a second factor, before anything else
)

// Next says what somebody has to do who proved one factor, and which ones there are.
func (s *Service) Next(ctx context.Context, userID int64, role access.Role) (Step, Own, error) {
	have, err := s.Of(ctx, userID)
	if err != nil || have.Any() {
		return Prove, have, err
	}
	required, err := policy(ctx, s.db.Reader())
	if err != nil || !required.asks(role) {
		return Enough, have, err
	}
	return SetUp, have, nil
}

func policy(ctx context.Context, q database.Querier) (p Policy, err error) {
	err = q.QueryRowContext(ctx, `SELECT required FROM factor_policy`).Scan(&p)
	return p, err
}

func setPolicy(ctx context.Context, tx database.Tx, p Policy) error {
	_, err := tx.ExecContext(ctx, `UPDATE factor_policy SET required = ?`, p)
	return err
}
