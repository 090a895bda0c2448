package connection

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Withdrawal says what becomes of the exports that contributors made on a connection that they may not use any more.
type Withdrawal string

// The choices. Either way the exports stay, and contributors can only look at them.
const (
	GoOn  Withdrawal = "go_on" // they keep their schedule
	Pause Withdrawal = "pause" // they wait for an administrator
)

// Change is what an administrator can edit.
type Change struct {
	Version    int
	Name       string
	Grant      access.Grant
	Withdrawal Withdrawal // asked for when it takes something away that concerns exports, see Loss
}

// Edit changes name and access. The program itself may: neither is anybody's word.
func (s *Service) Edit(ctx context.Context, actor access.Actor, id int64, change Change) (Connection, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return Connection{}, err
	}
	var before access.Grant
	changed, err := s.replace(ctx, id, change.Version, func(tx database.Tx, c *Connection) error {
		driver, err := s.driver(c.Type)
		if err != nil {
			return err
		}
		var check problem.Check
		name := cleanName(change.Name)
		if checkName(&check, name, driver.Info()) {
			taken, err := nameTaken(ctx, tx, name, id)
			if err != nil {
				return err
			}
			check.Require(!taken, "name", "connections.problem.name_taken")
		}
		before = c.Grant
		if err := s.grant(ctx, tx, actor, *c, change, &check); err != nil {
			return err
		}
		if err := check.Err(); err != nil {
			return err
		}
		if change.Grant != c.Grant {
			if err := actor.RequireFresh(s.clock()); err != nil {
				return err
			}
		}
		changes := audit.Changed(audit.Change{Field: "name", Before: c.Name, After: name})
		c.Name, c.Grant = name, change.Grant
		if len(changes) == 0 {
			return nil
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ConnectionEdited, Subject: c.subject(), Changes: changes})
	})
	if err != nil || before == change.Grant {
		return changed, err
	}
	return changed, s.tellPeople(ctx, before, change.Grant)
}

// BecomeExportUser makes the actor the one for whom exports on the connection run: she is asked each time whether it is she.
func (s *Service) BecomeExportUser(ctx context.Context, actor access.Actor, id int64, version int) (Connection, error) {
	if err := requirePerson(actor); err != nil {
		return Connection{}, err
	}
	if err := actor.RequireAsked(s.clock()); err != nil {
		return Connection{}, err
	}
	return s.change(ctx, actor, id, version, func(tx database.Tx, c *Connection) error {
		before := c.ExportUser
		c.ExportUserID, c.ExportUserAt = actor.UserID, s.clock()
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ExportUserSet, Subject: c.subject(),
			Changes: []audit.Change{{Field: "export_user", Before: before, After: actor.Name}}})
	})
}

// Agree gives consent to the terms of that version, instead of whatever consent there was.
func (s *Service) Agree(ctx context.Context, actor access.Actor, id int64, version int, termsVersion string, agree bool) (Connection, error) {
	return s.change(ctx, actor, id, version, func(tx database.Tx, c *Connection) error {
		if err := checkAgreement(termsVersion, agree); err != nil {
			return err
		}
		return s.consent(ctx, tx, actor, *c, termsVersion)
	})
}

func checkAgreement(termsVersion string, agree bool) error {
	var check problem.Check
	if check.Require(agree, "agree", "connections.problem.agree"); agree {
		check.Require(covered(termsVersion), "agree", "connections.problem.terms_changed")
	}
	return check.Err()
}

// consent ends the consent in force and begins another.
func (s *Service) consent(ctx context.Context, tx database.Tx, actor access.Actor, c Connection, termsVersion string) error {
	now := s.clock()
	if err := endConsent(ctx, tx, c.ID, actor.UserID, now); err != nil {
		return err
	}
	if err := addConsent(ctx, tx, c.ID, c.BrandID, Consent{TermsVersion: termsVersion, UserID: actor.UserID, UserName: actor.Name, At: now}); err != nil {
		return err
	}
	return audit.Write(ctx, tx, now, actor, audit.Entry{Action: audit.ConsentGiven, Subject: c.subject(), Changes: []audit.Change{{Field: "terms", Before: c.Consent.TermsVersion, After: termsVersion}}})
}

// WithdrawConsent ends the consent: runs on the connection stop at their next batch, and none begins.
func (s *Service) WithdrawConsent(ctx context.Context, actor access.Actor, id int64, version int) (Connection, error) {
	return s.change(ctx, actor, id, version, func(tx database.Tx, c *Connection) error {
		if c.Consent.At.IsZero() {
			return nil
		}
		if err := endConsent(ctx, tx, id, actor.UserID, s.clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ConsentWithdrawn, Subject: c.subject(), Changes: []audit.Change{{Field: "terms", Before: c.Consent.TermsVersion}}})
	})
}

// change is replace for what is done in a person's name.
func (s *Service) change(ctx context.Context, actor access.Actor, id int64, version int, work func(database.Tx, *Connection) error) (Connection, error) {
	if err := s.requireConfirmed(actor); err != nil {
		return Connection{}, err
	}
	return s.replace(ctx, id, version, work)
}

// replace makes one change to a connection in use, as one transaction, on the version that was seen.
func (s *Service) replace(ctx context.Context, id int64, version int, work func(database.Tx, *Connection) error) (Connection, error) {
	var c Connection
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		var err error
		if c, err = s.inUse(ctx, tx, id); err != nil {
			return err
		}
		if c.Version != version {
			return changed()
		}
		if err := work(tx, &c); err != nil {
			return err
		}
		if err := update(ctx, tx, c, s.clock()); err != nil {
			return err
		}
		c, err = get(ctx, tx, id)
		return err
	})
	if err != nil {
		return Connection{}, err
	}
	s.publish(id)
	return c, nil
}

// Fate says what becomes of an export when its connection is removed.
type Fate string

// The fates.
const (
	DetachExport Fate = "detach" // kept, inactive, until another connection is chosen for it
	RemoveExport Fate = "remove"
)

// Remove takes a connection out of use and erases its key. Each export that uses it must have a fate, so that nothing
// meets one that the administrator did not see; the history stays. A run in progress stops at its next batch.
func (s *Service) Remove(ctx context.Context, actor access.Actor, id int64, version int, fates map[int64]Fate) error {
	if err := s.requireConfirmed(actor); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		c, err := s.inUse(ctx, tx, id)
		if err != nil {
			return err
		}
		if c.Version != version {
			return changed()
		}
		dependents, err := s.dependents.OnConnection(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("what uses connection %d: %w", id, err)
		}
		var detach, erase []int64
		for _, d := range dependents {
			switch fates[d.ID] {
			case DetachExport:
				detach = append(detach, d.ID)
			case RemoveExport:
				erase = append(erase, d.ID)
			default:
				return problem.New(problem.Conflict, "connections.problem.in_use", "Export", d.Name)
			}
		}
		if len(detach) > 0 {
			if err := s.dependents.Detach(ctx, tx, actor, detach); err != nil {
				return fmt.Errorf("detach exports: %w", err)
			}
		}
		if len(erase) > 0 {
			if err := s.dependents.Remove(ctx, tx, actor, erase); err != nil {
				return fmt.Errorf("remove exports: %w", err)
			}
		}
		if err := dropKeyChange(ctx, tx, id); err != nil {
			return err
		}
		if err := remove(ctx, tx, c, actor.UserID, s.clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ConnectionRemoved, Subject: c.subject()})
	})
	if err != nil {
		return err
	}
	s.publish(id)
	return nil
}
