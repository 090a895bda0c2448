package connection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
)

// Contributors lists the people who can be granted a connection, by name.
func (s *Service) Contributors(ctx context.Context, actor access.Actor) ([]access.Actor, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return nil, err
	}
	return s.accounts.Contributors(ctx, s.db.Reader())
}

// Loss is what a change of the grant takes away.
type Loss struct {
	People  []access.Actor // contributors who may not use the connection any more
	Exports []Dependent    // those that one of them made or changed
}

// Loss says what it would take away to grant a connection so.
func (s *Service) Loss(ctx context.Context, actor access.Actor, id int64, grant access.Grant) (Loss, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return Loss{}, err
	}
	c, err := s.inUse(ctx, s.db.Reader(), id)
	if err != nil {
		return Loss{}, err
	}
	contributors, err := s.accounts.Contributors(ctx, s.db.Reader())
	if err != nil {
		return Loss{}, err
	}
	return s.loss(ctx, s.db.Reader(), c, grant, contributors)
}

func (s *Service) loss(ctx context.Context, q database.Querier, c Connection, grant access.Grant, contributors []access.Actor) (loss Loss, err error) {
	for _, one := range contributors {
		if c.Grant.Loses(grant, one.UserID) {
			loss.People = append(loss.People, one)
		}
	}
	if len(loss.People) == 0 {
		return loss, nil
	}
	dependents, err := s.dependents.OnConnection(ctx, q, c.ID)
	if err != nil {
		return loss, fmt.Errorf("what uses connection %d: %w", c.ID, err)
	}
	for _, d := range dependents {
		makers, err := s.dependents.Makers(ctx, q, d.ID)
		if err != nil {
			return loss, fmt.Errorf("who made what uses connection %d: %w", c.ID, err)
		}
		if slices.ContainsFunc(loss.People, func(one access.Actor) bool { return slices.Contains(makers, one.UserID) }) {
			loss.Exports = append(loss.Exports, d)
		}
	}
	return loss, nil
}

// grant changes who may use a connection, with what that means for exports on it. The check says what is wrong with the change;
// what is right is written only when nothing is wrong.
func (s *Service) grant(ctx context.Context, tx database.Tx, actor access.Actor, c Connection, change Change, check *problem.Check) error {
	contributors, err := s.accounts.Contributors(ctx, tx)
	if err != nil {
		return err
	}
	checkPeople(check, change.Grant, contributors)
	loss, err := s.loss(ctx, tx, c, change.Grant, contributors)
	if err != nil {
		return err
	}
	if len(loss.Exports) > 0 {
		check.Require(change.Withdrawal == GoOn || change.Withdrawal == Pause, "withdrawal", "connections.problem.withdrawal")
	}
	if check.Err() != nil || c.Grant == change.Grant {
		return nil
	}
	if err := storeGrant(ctx, tx, c.ID, actor.UserID, change.Grant, s.clock()); err != nil {
		return err
	}
	if err := s.noteGrant(ctx, tx, actor, c, c.Grant, change.Grant, contributors); err != nil {
		return err
	}
	var pause []int64
	for _, d := range loss.Exports {
		if change.Withdrawal == Pause && !d.Paused {
			pause = append(pause, d.ID)
		}
	}
	if len(pause) == 0 {
		return nil
	}
	return s.dependents.Pause(ctx, tx, actor, pause)
}

func (s *Service) noteGrant(ctx context.Context, tx database.Tx, actor access.Actor, c Connection, before, after access.Grant, contributors []access.Actor) error {
	return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.GrantChanged, Subject: c.subject(),
		Changes: audit.Changed(audit.Change{Field: "access", Before: inWords(before, contributors), After: inWords(after, contributors)})})
}

// checkPeople refuses a grant that names somebody who is no contributor.
func checkPeople(check *problem.Check, grant access.Grant, contributors []access.Actor) {
	check.Require(Among(grant, contributors) == grant, "people", "connections.problem.people")
}

// Among is the grant less those whom it names and who are none of the contributors.
func Among(grant access.Grant, contributors []access.Actor) access.Grant {
	if grant.All() {
		return grant
	}
	var ids []int64
	for _, one := range Granted(grant, contributors) {
		ids = append(ids, one.UserID)
	}
	return access.Named(ids...)
}

// Granted are those of the contributors whom the grant names.
func Granted(grant access.Grant, contributors []access.Actor) (named []access.Actor) {
	people := grant.People()
	for _, one := range contributors {
		if slices.Contains(people, one.UserID) {
			named = append(named, one)
		}
	}
	return named
}

// inWords is a grant for the audit log.
func inWords(grant access.Grant, contributors []access.Actor) string {
	switch named := Granted(grant, contributors); {
	case grant.All():
		return "contributors"
	case len(named) == 0:
		return "administrators"
	default:
		names := make([]string, len(named))
		for i, one := range named {
			names[i] = one.Name
		}
		return strings.Join(names, ", ")
	}
}

// tellPeople has every live page of those whose right changed read anew.
func (s *Service) tellPeople(ctx context.Context, before, after access.Grant) error {
	contributors, err := s.accounts.Contributors(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	for _, one := range contributors {
		if before.Loses(after, one.UserID) || after.Loses(before, one.UserID) {
			s.events.Publish(event.OfPerson(one.UserID))
		}
	}
	return nil
}

// Forget takes somebody who is about to be no contributor any more, or disabled, out of all grants. Should she come back, she is
// granted nothing but what all contributors are.
func (s *Service) Forget(ctx context.Context, tx database.Tx, actor access.Actor, userID int64) error {
	ids, err := forgetPerson(ctx, tx, userID)
	if err != nil || len(ids) == 0 {
		return err
	}
	contributors, err := s.accounts.Contributors(ctx, tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		before := access.Named(append(c.Grant.People(), userID)...)
		if err := s.noteGrant(ctx, tx, actor, c, before, c.Grant, contributors); err != nil {
			return err
		}
	}
	return nil
}
