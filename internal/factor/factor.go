// Package factor owns what a person proves besides a password that it is she: time-based codes, recovery codes and passkeys, and who
// must have one. Passwords and sessions are account's matter, and how a proof travels the web layer's.
package factor

import (
	"context"
	"log/slog"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// Accounts is what factors need of the account package.
type Accounts interface {
	User(ctx context.Context, id int64) (account.User, error)
	// Guard throttles those who guess.
	Guard(ctx context.Context, guess account.Guess, prove func() error) error
	// Tell writes a person a letter about her account.
	Tell(ctx context.Context, tx database.Tx, userID int64, about account.Occasion, with ...any) error
}

// Dependencies are what the service works with.
type Dependencies struct {
	DB       *database.DB
	Sealer   *secret.Sealer
	Accounts Accounts
	Clock    func() time.Time
	Log      *slog.Logger
}

// Service is everything that is done with second factors.
type Service struct {
	db       *database.DB
	sealer   *secret.Sealer
	accounts Accounts
	now      func() time.Time
	log      *slog.Logger
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, sealer: d.Sealer, accounts: d.Accounts, now: d.Clock, log: d.Log}
}

// Own are the factors of one person.
type Own struct {
	CodesSince time.Time // zero: no time-based codes
	Recovery   int       // recovery codes that are left
	Passkeys   []Passkey // by name
}

// Codes reports whether there are time-based codes.
func (o Own) Codes() bool { return !o.CodesSince.IsZero() }

// Any reports whether there is a second factor at all. Recovery codes stand in for one and are none.
func (o Own) Any() bool { return o.Codes() || len(o.Passkeys) > 0 }

// Mine gives the actor's own.
func (s *Service) Mine(ctx context.Context, actor access.Actor) (Own, error) {
	if err := actor.Require(access.SecureOwnAccount); err != nil {
		return Own{}, err
	}
	return s.Of(ctx, actor.UserID)
}

// OfUser gives those of another person, for administrators.
func (s *Service) OfUser(ctx context.Context, actor access.Actor, userID int64) (Own, error) {
	if err := actor.Require(access.ManageUsers); err != nil {
		return Own{}, err
	}
	return s.Of(ctx, userID)
}

// Of gives those of a person, for the program itself.
func (s *Service) Of(ctx context.Context, userID int64) (Own, error) {
	return own(ctx, s.db.Reader(), userID)
}

// Reset takes all factors of a person away, who has lost them, and signs her out everywhere.
func (s *Service) Reset(ctx context.Context, actor access.Actor, userID int64) error {
	if err := actor.Require(access.ManageUsers); err != nil {
		return err
	}
	if err := actor.RequireFresh(s.now()); err != nil {
		return err
	}
	user, err := s.accounts.User(ctx, userID)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if err := dropAll(ctx, tx, userID); err != nil {
			return err
		}
		if err := account.EndSessionsOf(ctx, tx, userID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, user, account.FactorRemoved, "factor.letter.all"); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.FactorsReset, Subject: account.SubjectOf(user.Actor())})
	})
}

// mayChange is for changes to the actor's own factors: she must have confirmed that it is she.
func (s *Service) mayChange(actor access.Actor) error {
	if err := actor.Require(access.SecureOwnAccount); err != nil {
		return err
	}
	if actor.UserID == 0 { // the program has none
		return problem.New(problem.NotPermitted, "problem.not_permitted")
	}
	return actor.RequireFresh(s.now())
}

// added does what follows when a person has set up a factor: she may do what she may again, and has recovery codes.
func (s *Service) added(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action) (recovery []string, err error) {
	if err := account.Unconfine(ctx, tx, actor.UserID); err != nil {
		return nil, err
	}
	if err := s.noted(ctx, tx, actor, account.FactorAdded, what); err != nil {
		return nil, err
	}
	now, err := own(ctx, tx, actor.UserID)
	if err != nil || now.Recovery > 0 {
		return nil, err
	}
	return s.newRecovery(ctx, tx, actor.UserID)
}

// removing refuses to take the last factor of a person who must have one, and takes the recovery codes with the last.
func (s *Service) removing(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action) error {
	left, err := own(ctx, tx, actor.UserID)
	if err != nil {
		return err
	}
	if !left.Any() {
		required, err := policy(ctx, tx)
		if err != nil {
			return err
		}
		if required.asks(actor.Role) {
			return problem.New(problem.Conflict, "factor.problem.required")
		}
		if err := dropRecovery(ctx, tx, actor.UserID); err != nil {
			return err
		}
	}
	return s.noted(ctx, tx, actor, account.FactorRemoved, what)
}

// words are what the factors are called in letters.
var words = map[audit.Action]string{
	audit.CodesAdded: "factor.letter.codes", audit.CodesRemoved: "factor.letter.codes",
	audit.PasskeyAdded: "factor.letter.passkey", audit.PasskeyRemoved: "factor.letter.passkey",
}

// noted writes the act down, and tells the person: it may not have been she.
func (s *Service) noted(ctx context.Context, tx database.Tx, actor access.Actor, about account.Occasion, what audit.Action) error {
	user, err := s.accounts.User(ctx, actor.UserID)
	if err != nil {
		return err
	}
	if err := s.tell(ctx, tx, user, about, words[what]); err != nil {
		return err
	}
	return s.write(ctx, tx, actor, what)
}

func (s *Service) tell(ctx context.Context, tx database.Tx, user account.User, about account.Occasion, factor string) error {
	return s.accounts.Tell(ctx, tx, user.ID, about, "Factor", i18n.For(i18n.Match(user.Language), nil).T(factor))
}

func (s *Service) write(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action) error {
	return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: what, Subject: account.SubjectOf(actor)})
}

// Tidy drops what nobody needs any more.
func (s *Service) Tidy(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		return dropOld(ctx, tx, s.now())
	})
}
