package connection

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// For how many days consent to older terms goes on to hold once new ones are there.
const (
	UsualGrace = 30
	MostGrace  = 90
)

// Grace is what the administrators chose.
type Grace struct {
	Days      int
	ChangedBy string // "": it is as usual
	ChangedAt time.Time
}

// BeginTerms notes, once for each version, that this installation asks for consent to it from now on. Call it at the start.
func (s *Service) BeginTerms(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		for _, e := range Editions {
			if err := beginTerms(ctx, tx, e.Version, s.clock()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Grace says for how long consent to older terms goes on to hold.
func (s *Service) Grace(ctx context.Context, actor access.Actor) (Grace, error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return Grace{}, err
	}
	return grace(ctx, s.db.Reader())
}

// SetGrace changes it. It holds at once, also for terms that are asked for already.
func (s *Service) SetGrace(ctx context.Context, actor access.Actor, days int) error {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return err
	}
	if err := actor.RequireFresh(s.clock()); err != nil { // for so long data goes out on older consent
		return err
	}
	var check problem.Check
	check.Require(days >= 0 && days <= MostGrace, "grace", "connections.problem.grace", "Most", MostGrace)
	if err := check.Err(); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := grace(ctx, tx)
		if err != nil || before.Days == days {
			return err
		}
		if err := setGrace(ctx, tx, days, actor.Name, s.clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{
			Action: audit.TermsGraceChanged, Subject: audit.Subject{Kind: "terms"},
			Changes: audit.Changed(audit.Change{Field: "days", Before: strconv.Itoa(before.Days), After: strconv.Itoa(days)}),
		})
	})
	if err == nil {
		s.changes.Add(1)
		s.events.Publish("connections", "exports")
	}
	return err
}

// AgreeBy is until when the consent in force holds although there are newer terms: the start with the version that followed it,
// and the days of grace. It is zero when the consent is to the terms of now, or there is none.
func (s *Service) AgreeBy(ctx context.Context, q database.Querier, c Connection) (time.Time, error) {
	i := edition(c.Consent.TermsVersion)
	if i < 0 || covered(c.Consent.TermsVersion) {
		return time.Time{}, nil
	}
	begun, err := termsBegun(ctx, q, Editions[i+1].Version)
	if err != nil || begun.IsZero() {
		return time.Time{}, err
	}
	g, err := grace(ctx, q)
	if err != nil {
		return time.Time{}, err
	}
	return begun.AddDate(0, 0, g.Days), nil
}

// consents reports whether there is consent that holds now.
func (s *Service) consents(ctx context.Context, c Connection) (bool, error) {
	if covered(c.Consent.TermsVersion) {
		return true, nil
	}
	until, err := s.AgreeBy(ctx, s.db.Reader(), c)
	if err != nil {
		return false, fmt.Errorf("consent to connection %d: %w", c.ID, err)
	}
	return s.clock().Before(until), nil
}

// Version is an edition of the terms, and since when consent to it is asked for here.
type Version struct {
	Edition
	Begun time.Time
}

// Versions lists the editions, the latest first.
func (s *Service) Versions(ctx context.Context, actor access.Actor) (list []Version, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	for i := len(Editions) - 1; i >= 0; i-- {
		v := Version{Edition: Editions[i]}
		if v.Begun, err = termsBegun(ctx, s.db.Reader(), v.Version); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// Older is a connection whose consent is to older terms.
type Older struct {
	Connection
	AgreeBy time.Time
}

// AskedAgain lists the connections on which somebody must agree to the terms of now, because the consent is to older ones.
func (s *Service) AskedAgain(ctx context.Context, actor access.Actor) (list []Older, err error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return nil, err
	}
	all, err := s.All(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		until, err := s.AgreeBy(ctx, s.db.Reader(), c)
		if err != nil {
			return nil, err
		}
		if !until.IsZero() {
			list = append(list, Older{c, until})
		}
	}
	return list, nil
}

// Given is a consent that was given once, as the history keeps it.
type Given struct {
	Consent
	BrandID string    // to whom data might go
	EndedAt time.Time // zero while it is in force
	EndedBy string    // who withdrew it, or replaced it by another
}

// Consents lists all consents that were given to a connection, the latest first, also of one that was removed.
func (s *Service) Consents(ctx context.Context, actor access.Actor, id int64) (Connection, []Given, error) {
	if err := actor.Require(access.ManageConnections); err != nil {
		return Connection{}, nil, err
	}
	c, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return Connection{}, nil, err
	}
	given, err := consents(ctx, s.db.Reader(), id)
	return c, given, err
}
