package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

// Draft is a connection that an administrator is setting up. Whoever begins one is the person who agrees to the terms and
// becomes the export user; nobody else sees or continues it. The key stays sealed: only whether there is one is known.
type Draft struct {
	ID           int64 // 0: nothing was begun
	Type         string
	Name         string
	Grant        access.Grant
	HasKey       bool
	KeyFrom      secretstore.Reference // the secret in a store outside that is the key; empty for one that was typed
	TermsVersion string                // agreed to; "" when not
	AgreedAt     time.Time
	Brand        destination.Brand // proved by the key; the zero Brand when not
	VerifiedAt   time.Time
	ExportUserAt time.Time // when the person confirmed to be the export user
	UpdatedAt    time.Time

	key      held
	revision int // rises with each change: a proof counts for what it was asked for only
}

// Step is a part of setting a connection up.
type Step string

// The steps in their order. Who may use the connection needs no step: it is administrators only unless said otherwise.
const (
	StepType       Step = "type"
	StepName       Step = "name"
	StepKey        Step = "key"
	StepTerms      Step = "terms"
	StepConnect    Step = "connect"
	StepExportUser Step = "export_user"
	StepSave       Step = "save"
)

// Steps lists them.
var Steps = []Step{StepType, StepName, StepKey, StepTerms, StepConnect, StepExportUser, StepSave}

// Next is the first step that is not done. A draft at StepSave has everything.
func (d Draft) Next() Step {
	switch {
	case d.ID == 0:
		return StepType
	case d.Name == "":
		return StepName
	case !d.HasKey:
		return StepKey
	case !covered(d.TermsVersion):
		return StepTerms
	case d.Brand.ID == "":
		return StepConnect
	case d.ExportUserAt.IsZero():
		return StepExportUser
	default:
		return StepSave
	}
}

// Done reports whether the step is behind.
func (d Draft) Done(step Step) bool {
	for _, one := range Steps {
		if one == d.Next() {
			return false
		}
		if one == step {
			return true
		}
	}
	return false
}

// Entry is what is typed before Connect. What is not acceptable is not kept; the rest is.
type Entry struct {
	Name         string
	Grant        access.Grant
	Key          secret.Text           // empty: keep the one that is stored
	From         secretstore.Reference // a secret in a store outside, in place of a typed key
	TermsVersion string                // the version that the page showed
	Agree        bool
}

// draftLife is how long a draft, or a key that waits to be confirmed, is kept.
const draftLife = 24 * time.Hour

// Draft gives the actor's own draft, one without an ID when she has none.
func (s *Service) Draft(ctx context.Context, actor access.Actor) (Draft, error) {
	if err := requirePerson(actor); err != nil {
		return Draft{}, err
	}
	return s.own(ctx, s.db.Reader(), actor)
}

// own reads the actor's draft. One that was left for too long is as good as gone.
func (s *Service) own(ctx context.Context, q database.Querier, actor access.Actor) (Draft, error) {
	d, err := draft(ctx, q, actor.UserID)
	if err == nil && d.UpdatedAt.Before(s.clock().Add(-draftLife)) {
		return Draft{}, nil
	}
	return d, err
}

// Begin chooses the kind of destination. Choosing another than before starts over.
func (s *Service) Begin(ctx context.Context, actor access.Actor, kind string) (Draft, error) {
	if err := requirePerson(actor); err != nil {
		return Draft{}, err
	}
	if _, ok := s.drivers[kind]; !ok {
		var check problem.Check
		check.Add("type", "problem.choose")
		return Draft{}, check.Err()
	}
	var d Draft
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		if _, err := dropOld(ctx, tx, s.clock().Add(-draftLife)); err != nil {
			return err
		}
		var err error
		if d, err = draft(ctx, tx, actor.UserID); err != nil || d.Type == kind {
			return err
		}
		if err := dropDraft(ctx, tx, actor.UserID); err != nil {
			return err
		}
		if err := addDraft(ctx, tx, actor.UserID, kind, s.clock()); err != nil {
			return err
		}
		d, err = draft(ctx, tx, actor.UserID)
		return err
	})
	return d, err
}

// Fill takes what was typed. A new key, and agreement taken back, undo the proof of the brand and what rests on it.
func (s *Service) Fill(ctx context.Context, actor access.Actor, entry Entry) (Draft, error) {
	if err := requirePerson(actor); err != nil {
		return Draft{}, err
	}
	if !entry.Key.Empty() {
		if err := actor.RequireFresh(s.clock()); err != nil {
			return Draft{}, err
		}
	}
	var check problem.Check
	d, err := s.changeDraft(ctx, actor, StepName, func(tx database.Tx, d *Draft, kind destination.Info) error {
		check = problem.Check{}
		name := cleanName(entry.Name)
		if checkName(&check, name, kind) {
			taken, err := nameTaken(ctx, tx, name, 0)
			if err != nil {
				return err
			}
			if check.Require(!taken, "name", "connections.problem.name_taken"); !taken {
				d.Name = name
			}
		}
		contributors, err := s.accounts.Contributors(ctx, tx)
		if err != nil {
			return err
		}
		if checkPeople(&check, entry.Grant, contributors); Among(entry.Grant, contributors) == entry.Grant {
			d.Grant = entry.Grant
		}
		s.fillKey(&check, d, entry)
		switch {
		case !entry.Agree:
			check.Add("agree", "connections.problem.agree")
			d.TermsVersion, d.AgreedAt = "", time.Time{}
			d.unprove()
		case !covered(entry.TermsVersion):
			check.Add("agree", "connections.problem.terms_changed")
		case d.TermsVersion != entry.TermsVersion:
			d.TermsVersion, d.AgreedAt = entry.TermsVersion, s.clock()
		}
		return nil
	})
	if err != nil {
		return d, err
	}
	return d, check.Err()
}

// fillKey takes a typed key, or the name of one in a store. Whatever came before it is dropped.
func (s *Service) fillKey(check *problem.Check, d *Draft, entry Entry) {
	switch {
	case !entry.From.Empty():
		if entry.From != d.KeyFrom && s.checkReference(check, entry.From) {
			d.hold(held{from: entry.From})
		}
	case !entry.Key.Empty() || !d.HasKey || !d.KeyFrom.Empty():
		if checkKey(check, entry.Key) {
			d.hold(held{sealed: s.sealer.Seal(entry.Key, draftBinding(d.ID))})
		}
	}
}

func (d *Draft) hold(key held) {
	d.key, d.HasKey, d.KeyFrom = key, key.is(), key.from
	d.unprove()
}

func (d *Draft) unprove() {
	d.Brand, d.VerifiedAt, d.ExportUserAt = destination.Brand{}, time.Time{}, time.Time{}
}

// Connect proves the key at the destination and keeps the brand that it belongs to.
func (s *Service) Connect(ctx context.Context, actor access.Actor) (Draft, error) {
	before, driver, err := s.draftAt(ctx, actor, s.db.Reader(), StepConnect)
	if err != nil {
		return before, err
	}
	key, err := s.reveal(ctx, before.key, draftBinding(before.ID), true)
	if err != nil && storeFailure(err) == "" {
		return before, err
	}
	var brand destination.Brand
	if err == nil {
		brand, err = s.proveNew(ctx, driver, key)
	}
	if FailureOf(err) != "" && before.Done(StepConnect) {
		// The key was proved before and is refused now: what rests on that proof goes with it.
		_, undone := s.changeDraft(ctx, actor, StepConnect, func(_ database.Tx, d *Draft, _ destination.Info) error {
			if d.ID == before.ID && d.revision == before.revision {
				d.unprove()
			}
			return nil
		})
		err = errors.Join(err, undone)
	}
	if err != nil {
		return before, refusal(err, before.key, driver.Info().Name)
	}
	return s.changeDraft(ctx, actor, StepConnect, func(_ database.Tx, d *Draft, _ destination.Info) error {
		if d.ID != before.ID || d.revision != before.revision {
			return changed()
		}
		if d.Brand.ID != brand.ID {
			d.ExportUserAt = time.Time{}
		}
		d.Brand, d.VerifiedAt = brand, s.clock()
		return nil
	})
}

// ConfirmExportUser makes the actor the one for whom exports on the connection run: she is asked each time whether it is she.
func (s *Service) ConfirmExportUser(ctx context.Context, actor access.Actor) (Draft, error) {
	if err := requirePerson(actor); err != nil {
		return Draft{}, err
	}
	return s.changeDraft(ctx, actor, StepExportUser, func(_ database.Tx, d *Draft, _ destination.Info) error {
		if err := actor.RequireAsked(s.clock()); err != nil {
			return err
		}
		d.ExportUserAt = s.clock()
		return nil
	})
}

// Save makes the draft a connection, its key sealed anew for it.
func (s *Service) Save(ctx context.Context, actor access.Actor) (Connection, error) {
	if err := s.requireConfirmed(actor); err != nil {
		return Connection{}, err
	}
	var c Connection
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		d, driver, err := s.draftAt(ctx, actor, tx, StepSave)
		if err != nil {
			return err
		}
		var check problem.Check
		if checkName(&check, d.Name, driver.Info()) {
			taken, err := nameTaken(ctx, tx, d.Name, 0)
			if err != nil {
				return err
			}
			check.Require(!taken, "name", "connections.problem.name_taken")
		}
		if err := check.Err(); err != nil {
			return err
		}
		stored := held{from: d.KeyFrom}
		var key secret.Text
		if stored.from.Empty() {
			if key, err = s.openKey(d.key.sealed, draftBinding(d.ID)); err != nil {
				return err
			}
		}
		contributors, err := s.accounts.Contributors(ctx, tx)
		if err != nil {
			return err
		}
		grant := Among(d.Grant, contributors) // who left since is granted nothing
		id, err := insert(ctx, tx, Connection{
			Type: d.Type, Name: d.Name, Grant: grant,
			BrandID: d.Brand.ID, BrandName: d.Brand.Name, BrandWebsite: d.Brand.Website, VerifiedAt: d.VerifiedAt,
			ExportUserID: actor.UserID, ExportUserAt: d.ExportUserAt, CreatedBy: actor.UserID, CreatedAt: s.clock(),
		})
		if err != nil {
			return err
		}
		if err := storeGrant(ctx, tx, id, actor.UserID, grant, s.clock()); err != nil {
			return err
		}
		if stored.from.Empty() {
			stored.sealed = s.sealer.Seal(key, keyBinding(id))
		}
		if err := storeKey(ctx, tx, id, stored); err != nil {
			return err
		}
		consent := Consent{TermsVersion: d.TermsVersion, UserID: actor.UserID, UserName: actor.Name, At: d.AgreedAt}
		if err := addConsent(ctx, tx, id, d.Brand.ID, consent); err != nil {
			return err
		}
		if err := dropDraft(ctx, tx, actor.UserID); err != nil {
			return err
		}
		if c, err = get(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ConnectionAdded, Subject: c.subject(), Changes: []audit.Change{
			{Field: "type", After: c.Type}, {Field: "brand", After: c.BrandName}, {Field: "brand_id", After: c.BrandID}, {Field: "access", After: inWords(c.Grant, contributors)},
			{Field: "terms", After: d.TermsVersion}, {Field: "export_user", After: actor.Name}, {Field: "key"}}})
	})
	if err == nil {
		s.publish(c.ID)
	}
	return c, err
}

// Discard drops the actor's draft and its key.
func (s *Service) Discard(ctx context.Context, actor access.Actor) error {
	if err := requirePerson(actor); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error { return dropDraft(ctx, tx, actor.UserID) })
}

// DropOld erases drafts and waiting keys that were left for longer than a day, and says how many. Whoever cares for the
// database's tidiness calls it from time to time.
func (s *Service) DropOld(ctx context.Context) (dropped int64, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		dropped, err = dropOld(ctx, tx, s.clock().Add(-draftLife))
		return err
	})
	return dropped, err
}

// draftAt gives the actor's draft and its kind of destination, and refuses when the draft has not come as far as the step.
func (s *Service) draftAt(ctx context.Context, actor access.Actor, q database.Querier, step Step) (Draft, destination.Driver, error) {
	if err := requirePerson(actor); err != nil {
		return Draft{}, nil, err
	}
	d, err := s.own(ctx, q, actor)
	if err != nil {
		return Draft{}, nil, err
	}
	if d.Next() != step && !d.Done(step) {
		return d, nil, problem.New(problem.Conflict, "connections.problem.step."+string(d.Next()))
	}
	driver, err := s.driver(d.Type)
	return d, driver, err
}

// changeDraft changes the draft, in one transaction, once it has come as far as the step. The step must have been reached.
func (s *Service) changeDraft(ctx context.Context, actor access.Actor, step Step, change func(database.Tx, *Draft, destination.Info) error) (Draft, error) {
	var d Draft
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		var driver destination.Driver
		var err error
		if d, driver, err = s.draftAt(ctx, actor, tx, step); err != nil {
			return err
		}
		if err := change(tx, &d, driver.Info()); err != nil {
			return err
		}
		d.UpdatedAt = s.clock()
		return storeDraft(ctx, tx, d)
	})
	if err != nil {
		return d, fmt.Errorf("step %s: %w", step, err)
	}
	return d, nil
}
