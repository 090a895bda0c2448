package account

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// ResetLife is how long the link of a letter is good for, from when the letter is sent.
const ResetLife = time.Hour

// How often a new password may be asked for before one has to wait.
const (
	freeResetsPerAccount = 3
	freeResetsPerAddress = 10
	mostResetsWaiting    = 256
)

// asked is somebody who asked for a new password. The context is the request's, without its end.
type asked struct {
	ctx context.Context
	key string // the address, folded
}

// Passwords reports whether people sign in with passwords.
func (s *Service) Passwords() bool { return !s.noPasswords }

// CanReset reports whether people can ask for a letter by which they choose a new password.
func (s *Service) CanReset() bool { return !s.noPasswords && s.post != nil && s.post.DeliversLinks() }

// AskReset has a letter sent to the person with that address, if there is one who signs in with a password. The answer is the same
// whether there is or not, and so is the work until it: who it is is looked up afterwards, by WriteResets.
func (s *Service) AskReset(ctx context.Context, email, address string) error {
	if !s.CanReset() {
		return problem.New(problem.Conflict, "account.problem.no_reset")
	}
	email = tidy(email)
	var check problem.Check
	checkEmail(&check, email)
	if err := check.Err(); err != nil {
		return err
	}
	key := emailKey(email)
	attempt, err := s.charge(newMeter("reset/account", key, freeResetsPerAccount), newMeter("reset/address", network(address), freeResetsPerAddress))
	if err != nil {
		return err
	}
	select {
	case s.resets <- asked{context.WithoutCancel(ctx), key}:
		return nil
	default:
		attempt.forget()
		return problem.New(problem.Unavailable, BusyCode)
	}
}

// WriteResets writes the letters of those who ask, until the context ends. failed hears of what could not be written.
func (s *Service) WriteResets(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case who := <-s.resets:
			if err := s.writeReset(who); err != nil {
				failed(err)
			}
		}
	}
}

func (s *Service) writeReset(who asked) error {
	ctx := who.ctx
	return s.db.InTx(ctx, func(tx database.Tx) error {
		user, err := userByEmail(ctx, tx, who.key)
		if problem.Is(err, problem.NotFound) || err == nil && (user.State() != Active || user.passwordHash == "") {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.Tell(ctx, tx, user.ID, ResetAsked); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), access.Actor{}, audit.Entry{Action: audit.AskedForReset, Subject: user.subject()})
	})
}

// NewReset makes the link of a letter that is about to be sent, and gives its token: the only copy. Those of earlier letters stay good
// for their time, since one may have arrived.
func (s *Service) NewReset(ctx context.Context, userID int64) (token string, err error) {
	token, hash := newToken()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.now()
		if err := deleteResetsBefore(ctx, tx, now); err != nil {
			return err
		}
		return insertReset(ctx, tx, hash, userID, now.Add(ResetLife))
	})
	return token, err
}

// ResetFor gives the user whom the link of a letter is for, and does not use it up. It fails with NotFound when it is used or too old.
func (s *Service) ResetFor(ctx context.Context, token string) (User, error) {
	return s.resetFor(ctx, s.db.Reader(), token)
}

func (s *Service) resetFor(ctx context.Context, q database.Querier, token string) (User, error) {
	userID, expires, err := resetByHash(ctx, q, hashToken(token))
	if err != nil {
		return User{}, err
	}
	user, err := userByID(ctx, q, userID)
	if err == nil && (!expires.After(s.now()) || user.State() != Active || s.noPasswords) {
		return User{}, errLink
	}
	return user, err
}

// Reset sets the password of the user whom the link is for. The link and all others are used up, and every session ends. Second factors
// stay: who has only the mail is not let in by it.
func (s *Service) Reset(ctx context.Context, token, password string) error {
	user, err := s.ResetFor(ctx, token)
	if err != nil {
		return err
	}
	var check problem.Check
	checkPassword(&check, "password", password, user.Email, user.Name)
	if err := check.Err(); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if user, err = s.resetFor(ctx, tx, token); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, user, hash, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), user.Actor(), audit.Entry{Action: audit.ResetPassword, Subject: user.subject()})
	})
}

// setPassword gives a user a password. Links, known browsers and sessions end, but for the one of that token. If it takes the place of
// another, the user hears of it.
func (s *Service) setPassword(ctx context.Context, tx database.Tx, user User, hash, session string) error {
	userID := user.ID
	for _, step := range []func() error{
		func() error { return updatePassword(ctx, tx, userID, hash) },
		func() error { return deleteResetsOf(ctx, tx, userID) },
		func() error { return deleteInvitationsOf(ctx, tx, userID) },
		func() error { return deleteDevicesOf(ctx, tx, userID) },
		func() error { return deleteSessionsOf(ctx, tx, userID, hashToken(session)) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if user.passwordHash == "" {
		return nil
	}
	return s.Tell(ctx, tx, userID, PasswordChanged)
}
