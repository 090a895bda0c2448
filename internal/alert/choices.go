package alert

import (
	"context"
	"maps"
	"slices"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
)

// Choices are what a person wants to hear of by email, and in which language.
type Choices struct {
	Wanted   map[Kind]bool // for a kind that is not in it the role decides
	Language string        // "": that of the account
}

func (c Choices) wants(role access.Role, kind Kind) bool {
	if wanted, chosen := c.Wanted[kind]; chosen {
		return wanted
	}
	return byDefault(role, kind)
}

// Offered lists the kinds that people of the role may hear of.
func Offered(role access.Role) []Kind {
	return slices.DeleteFunc(slices.Clone(Kinds), func(kind Kind) bool { return role != access.Administrator && !kind.OfExports() })
}

// Choices reads what the actor wants to hear of: every kind that is offered is in it.
func (s *Service) Choices(ctx context.Context, actor access.Actor) (Choices, error) {
	if err := requirePerson(actor); err != nil {
		return Choices{}, err
	}
	found, err := readChoices(ctx, s.db.Reader(), actor.UserID)
	if err != nil {
		return Choices{}, err
	}
	chosen := found[actor.UserID]
	complete := Choices{Language: chosen.Language, Wanted: map[Kind]bool{}}
	for _, kind := range Offered(actor.Role) {
		complete.Wanted[kind] = chosen.wants(actor.Role, kind)
	}
	return complete, nil
}

// SaveChoices changes what the actor wants to hear of. Kinds that are not in it stay as they are.
func (s *Service) SaveChoices(ctx context.Context, actor access.Actor, chosen Choices) error {
	if err := requirePerson(actor); err != nil {
		return err
	}
	var check problem.Check
	check.Require(chosen.Language == "" || slices.Contains(i18n.Languages(), chosen.Language), "language", "problem.choose")
	for kind := range maps.Keys(chosen.Wanted) {
		check.Require(slices.Contains(Offered(actor.Role), kind), "kind", "problem.choose")
	}
	if err := check.Err(); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if err := writeChoices(ctx, tx, actor.UserID, chosen); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.AlertChoicesSaved, Subject: account.SubjectOf(actor)})
	})
}

// SendTest puts a message in for the actor, such as one about an alert, to show that it arrives.
func (s *Service) SendTest(ctx context.Context, actor access.Actor) error {
	if err := requirePerson(actor); err != nil {
		return err
	}
	user, err := s.accounts.User(ctx, actor.UserID)
	if err != nil {
		return err
	}
	found, err := readChoices(ctx, s.db.Reader(), actor.UserID)
	if err != nil {
		return err
	}
	to := person(user, found[actor.UserID])
	return s.db.InTx(ctx, func(tx database.Tx) error { return s.send(ctx, tx, to, test(to, s.clock())) })
}

// requirePerson is for what is a person's own.
func requirePerson(actor access.Actor) error {
	if actor.UserID == 0 {
		return problem.New(problem.SignedOut, "problem.signed_out")
	}
	return actor.Require(access.ManageOwnAccount)
}
