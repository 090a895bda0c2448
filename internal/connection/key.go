package connection

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// verifying is what checks of a key hold their place in a brand's budget as.
const verifying = "verify"

// ReplaceKey stores a new key beside the one in use and tries it. One that proves to be of the same brand takes over at
// once. One of another brand waits for AcceptBrand, because what was delivered belongs to a brand. One that could not
// be proved waits for TryKey, so that it need not be typed again; runs go on with the old key meanwhile.
func (s *Service) ReplaceKey(ctx context.Context, actor access.Actor, id int64, version int, key secret.Text) error {
	if err := s.requireConfirmed(actor); err != nil {
		return err
	}
	var check problem.Check
	if !checkKey(&check, key) {
		return check.Err()
	}
	return s.replaceKey(ctx, actor, id, version, func(c Connection, change int64) (held, error) {
		if !c.KeyFrom.Empty() {
			return held{}, problem.New(problem.Conflict, "connections.problem.stays_in_store")
		}
		return held{sealed: s.sealer.Seal(key, keyChangeBinding(change))}, nil
	})
}

func (s *Service) replaceKey(ctx context.Context, actor access.Actor, id int64, version int, hold func(c Connection, change int64) (held, error)) error {
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		c, err := s.inUse(ctx, tx, id)
		if err != nil {
			return err
		}
		if c.Version != version {
			return changed()
		}
		_, err = addKeyChange(ctx, tx, id, actor.UserID, s.clock(), func(change int64) (held, error) { return hold(c, change) })
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.KeyEntered, Subject: c.subject()})
	})
	if err != nil {
		return err
	}
	return s.TryKey(ctx, actor, id)
}

// TryKey proves the key that waits, and puts it in use when it is of the same brand.
func (s *Service) TryKey(ctx context.Context, actor access.Actor, id int64) error {
	if err := s.requireConfirmed(actor); err != nil {
		return err
	}
	c, err := s.inUse(ctx, s.db.Reader(), id)
	if err != nil {
		return err
	}
	change, new, err := s.waiting(ctx, s.db.Reader(), id)
	if err != nil {
		return err
	}
	if !change.Waiting() {
		return problem.New(problem.Conflict, "connections.problem.no_key_waiting")
	}
	driver, err := s.driver(c.Type)
	if err != nil {
		return err
	}
	key, err := s.reveal(ctx, new, keyChangeBinding(change.ID), true)
	if err != nil && storeFailure(err) == "" {
		return err
	}
	var brand destination.Brand
	if err == nil {
		brand, err = s.proveNew(ctx, driver, key)
	}
	if err != nil {
		return refusal(err, new, driver.Info().Name)
	}
	var other error
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now, _, err := s.waiting(ctx, tx, id)
		if err != nil {
			return err
		}
		if now.ID != change.ID {
			return changed()
		}
		if c, err = s.inUse(ctx, tx, id); err != nil {
			return err
		}
		if brand.ID != c.BrandID {
			other = brandChanged(c, brand)
			return nameKeyChange(ctx, tx, change.ID, brand)
		}
		from := c.KeyFrom
		if err := s.putInUse(ctx, tx, c, brand, new, key); err != nil {
			return err
		}
		changes := append([]audit.Change{{Field: "key"}}, audit.Changed(audit.Change{Field: "key_from", Before: from.String(), After: new.from.String()})...)
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.KeyReplaced, Subject: c.subject(), Changes: changes})
	})
	if err != nil {
		return err
	}
	s.publish(id)
	return other
}

// waiting reads the key that waits. One that was left for too long is as good as gone.
func (s *Service) waiting(ctx context.Context, q database.Querier, id int64) (KeyChange, held, error) {
	change, new, err := keyChange(ctx, q, id)
	if err == nil && change.At.Before(s.clock().Add(-draftLife)) {
		return KeyChange{}, held{}, nil
	}
	return change, new, err
}

func brandChanged(c Connection, brand destination.Brand) error {
	return problem.New(problem.Conflict, "connections.problem.brand_changed", "Old", c.BrandName, "New", brand.Name)
}

// putInUse makes the waiting key the connection's, proved just now for the brand.
func (s *Service) putInUse(ctx context.Context, tx database.Tx, c Connection, brand destination.Brand, new held, key secret.Text) error {
	now := s.clock()
	c.BrandID, c.BrandName, c.BrandWebsite = brand.ID, brand.Name, brand.Website
	c.VerifiedAt, c.Failure, c.FailedAt = now, "", time.Time{}
	if err := update(ctx, tx, c, now); err != nil {
		return err
	}
	if new.from.Empty() {
		new.sealed = s.sealer.Seal(key, keyBinding(c.ID))
	}
	if err := storeKey(ctx, tx, c.ID, new); err != nil {
		return err
	}
	return dropKeyChange(ctx, tx, c.ID)
}

// AcceptBrand puts a waiting key of another brand in use. brandID is the brand that the administrator was shown. Data
// will go to somebody else from now on, so consent is asked for again.
func (s *Service) AcceptBrand(ctx context.Context, actor access.Actor, id int64, version int, brandID, termsVersion string, agree bool) error {
	if err := s.requireConfirmed(actor); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		c, err := s.inUse(ctx, tx, id)
		if err != nil {
			return err
		}
		change, new, err := s.waiting(ctx, tx, id)
		if err != nil {
			return err
		}
		if c.Version != version || change.Brand.ID != brandID || brandID == "" {
			return changed()
		}
		if err := checkAgreement(termsVersion, agree); err != nil {
			return err
		}
		var key secret.Text
		if new.from.Empty() { // one in a store stays there, and is held against its brand at each use
			if key, err = s.openKey(new.sealed, keyChangeBinding(change.ID)); err != nil {
				return err
			}
		}
		if err := s.putInUse(ctx, tx, c, change.Brand, new, key); err != nil {
			return err
		}
		before := c.Brand()
		c.BrandID = brandID
		err = audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.BrandAccepted, Subject: c.subject(), Changes: []audit.Change{
			{Field: "key"}, {Field: "brand", Before: before.Name, After: change.Brand.Name}, {Field: "brand_id", Before: before.ID, After: brandID}}})
		if err != nil {
			return err
		}
		return s.consent(ctx, tx, actor, c, termsVersion)
	})
	if err == nil {
		s.publish(id)
	}
	return err
}

// DiscardKey drops the key that waits.
func (s *Service) DiscardKey(ctx context.Context, actor access.Actor, id int64) error {
	if err := requirePerson(actor); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		c, err := s.inUse(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := dropKeyChange(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.KeyDiscarded, Subject: c.subject()})
	})
	if err == nil {
		s.publish(id)
	}
	return err
}

// Verify proves the key in use once more and writes down what came of it. A fault that passes changes nothing. When the
// key turns out to belong to another brand now, it waits for AcceptBrand.
func (s *Service) Verify(ctx context.Context, actor access.Actor, id int64) error {
	if err := requirePerson(actor); err != nil {
		return err
	}
	c, key, driver, err := s.keyOf(ctx, id, true)
	if err != nil && storeFailure(err) == "" {
		return err
	}
	var brand destination.Brand
	if err == nil {
		brand, err = s.prove(ctx, driver, key, s.gates.Gate(c.BrandID, verifying))
	}
	if failure := FailureOf(err); failure != "" {
		if marked := s.MarkFailure(ctx, c, failure); marked != nil {
			return marked
		}
	}
	if err != nil {
		return refusal(err, held{from: c.KeyFrom}, driver.Info().Name)
	}
	if brand.ID == c.BrandID {
		err := s.db.InTx(ctx, func(tx database.Tx) error {
			if err := verified(ctx, tx, c, brand, s.clock()); err != nil {
				return err
			}
			return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.ConnectionVerified, Subject: c.subject()})
		})
		if err == nil {
			s.publish(id)
		}
		return err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		marked, err := mark(ctx, tx, c, BrandChanged, s.clock())
		if err != nil || (!marked && c.Failure != BrandChanged) {
			return err
		}
		change, err := addKeyChange(ctx, tx, id, actor.UserID, s.clock(), func(change int64) (held, error) {
			if !c.KeyFrom.Empty() {
				return held{from: c.KeyFrom}, nil
			}
			return held{sealed: s.sealer.Seal(key, keyChangeBinding(change))}, nil
		})
		if err != nil {
			return err
		}
		return nameKeyChange(ctx, tx, change, brand)
	})
	if err != nil {
		return err
	}
	s.publish(id)
	return brandChanged(c, brand)
}

// keyOf gives a connection in use with its key in clear and its kind of destination; those also with a fault of the key's store.
func (s *Service) keyOf(ctx context.Context, id int64, fresh bool) (Connection, secret.Text, destination.Driver, error) {
	c, err := s.inUse(ctx, s.db.Reader(), id)
	if err != nil {
		return Connection{}, secret.Text{}, nil, err
	}
	driver, err := s.driver(c.Type)
	if err != nil {
		return Connection{}, secret.Text{}, nil, err
	}
	stored := held{from: c.KeyFrom}
	if c.KeyFrom.Empty() {
		if stored.sealed, err = sealedKey(ctx, s.db.Reader(), id); err != nil {
			return Connection{}, secret.Text{}, nil, err
		}
	}
	key, err := s.reveal(ctx, stored, keyBinding(id), fresh)
	return c, key, driver, err
}
