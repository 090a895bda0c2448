package source

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/warehouse"
)

// Offer is what a database answered to somebody who fills in the form of a source.
type Offer struct {
	warehouse.Tested
	Tables []warehouse.Table // that the login may read
	More   bool              // there are others beyond warehouse.MaxTables
}

// Offer signs in and lists what can be read, for a source that is being added (0) or changed. A source that is there gives its
// password when none was typed, as when it is saved.
func (s *Service) Offer(ctx context.Context, actor access.Actor, sourceID int64, address warehouse.Address, password secret.Text) (offer Offer, err error) {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return Offer{}, err
	}
	if sourceID != 0 {
		of, err := s.Get(ctx, actor, sourceID)
		if err != nil {
			return Offer{}, err
		}
		if of.Kind != SQL {
			return Offer{}, problem.New(problem.NotFound, "problem.not_found")
		}
		if password, err = s.passwordFor(ctx, of, address, password); err != nil {
			return Offer{}, err
		}
	}
	db, err := warehouse.Open(ctx, address, password, s.limits)
	if err != nil {
		return Offer{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if offer.Tested, err = db.Test(ctx); err != nil {
		return Offer{}, err
	}
	offer.Tables, offer.More, err = db.Tables(ctx)
	return offer, err
}

// errPasswordAgain says that a password that is known may not be sent where it would go.
func errPasswordAgain() error {
	var check problem.Check
	check.Add("password", "sources.password.again")
	return check.Err()
}

// Carry seals a password that somebody typed into a form which they get back, so that they need not type it again. It opens for
// the same person only, for the same login of the same server, in this hour and the next.
func (s *Service) Carry(actor access.Actor, address warehouse.Address, password secret.Text) string {
	if password.Empty() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.sealer.Seal(password, carriedBinding(actor, address, s.hour())))
}

// Carried is the password typed, or the one that Carry sealed when none was.
func (s *Service) Carried(actor access.Actor, address warehouse.Address, typed secret.Text, carried string) (secret.Text, error) {
	if !typed.Empty() || carried == "" {
		return typed, nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(carried)
	if err != nil {
		return secret.Text{}, errPasswordAgain()
	}
	for _, hour := range []int64{s.hour(), s.hour() - 1} {
		if password, err := s.sealer.Open(sealed, carriedBinding(actor, address, hour)); err == nil {
			return password, nil
		}
	}
	return secret.Text{}, errPasswordAgain()
}

func (s *Service) hour() int64 { return s.now().Unix() / 3600 }

func carriedBinding(actor access.Actor, a warehouse.Address, hour int64) string {
	return fmt.Sprintf("source/form/%d/%d/%s/%q/%d/%q/%s/%q", hour, actor.UserID, a.Kind, a.Host, a.Port, a.User, a.TLS, a.Authority)
}
