package account

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

// Attempt is what somebody who wants to sign in presents.
type Attempt struct {
	Email, Password string
	Address         string // network address
	Device          string // token from an earlier sign-in in the same browser, or ""
}

// deviceLife is how long a browser is known after a sign-in.
const deviceLife = 90 * 24 * time.Hour

var errNoPasswords = problem.New(problem.Conflict, "account.problem.no_passwords")

// SignIn proves a password, and returns whose it is. The failures do not tell whether there is such an account, except to
// somebody who knows its password.
func (s *Service) SignIn(ctx context.Context, a Attempt) (user User, err error) {
	if s.noPasswords {
		return User{}, errNoPasswords
	}
	var check problem.Check
	check.Require(tidy(a.Email) != "", "email", "problem.required")
	check.Require(a.Password != "", "password", "problem.required")
	if err := check.Err(); err != nil {
		return User{}, err
	}
	key := emailKey(a.Email)
	user, err = userByEmail(ctx, s.db.Reader(), key)
	if err != nil && !problem.Is(err, problem.NotFound) {
		return User{}, err
	}
	own := newMeter("account", key, freePerAccount)
	meters := []meter{own, newMeter("address", network(a.Address), freePerAddress)}
	known, err := s.knownDevice(ctx, a.Device, user.ID)
	if err != nil {
		return User{}, err
	}
	if known { // whoever guesses, at this account or from this address, does it from elsewhere
		own = newMeter("device", a.Device, freePerAccount)
		meters = []meter{own}
	}
	attempt, err := s.charge(meters...)
	if err != nil {
		return User{}, err
	}
	ok, stale, err := s.hasher.matches(ctx, a.Password, user.passwordHash, known)
	switch {
	case err != nil:
		attempt.forget() // nothing was tried
		return User{}, err
	case !ok:
		return User{}, s.refused(ctx, user, audit.SignInFailed, problem.New(problem.Conflict, "account.problem.sign_in"))
	case user.State() == Disabled:
		return User{}, s.refused(ctx, user, audit.SignInDisabled, problem.New(problem.Conflict, "account.problem.disabled"))
	case user.State() == Refused:
		return User{}, s.refused(ctx, user, audit.SignInDisabled, errNoRole)
	}
	attempt.forget(own)
	if !stale {
		return user, nil
	}
	renewed, err := s.hasher.hash(ctx, a.Password)
	if err != nil {
		return User{}, err
	}
	return user, s.db.InTx(ctx, func(tx database.Tx) error { return updatePassword(ctx, tx, user.ID, renewed) })
}

// refused writes that an attempt to prove who one is came to nothing, and gives why. What was typed as address is nobody's business: the account is named when
// there is one.
func (s *Service) refused(ctx context.Context, user User, what audit.Action, why error) error {
	others, write := s.failures.enter(s.now())
	if !write {
		return why
	}
	entry := audit.Entry{Action: what, Subject: user.subject()}
	if others > 0 {
		entry.Changes = []audit.Change{{Field: "others", After: strconv.Itoa(others)}}
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error { return audit.Write(ctx, tx, s.now(), access.Actor{}, entry) })
	if err != nil {
		return err
	}
	return why
}

// Visit is where somebody signed in.
type Visit struct {
	Device  string // token from an earlier sign-in in the same browser, or ""
	Browser string // what people call it, in their language
	Address string // network address
}

// RememberDevice returns a token by which the browser of somebody who signed in is known next time, in place of the one that
// it had. Who is known in other browsers is told of one that was not known yet.
func (s *Service) RememberDevice(ctx context.Context, userID int64, from Visit) (token string, err error) {
	old := from.Device
	token, hash := newToken()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		known, err := deviceOf(ctx, tx, hashToken(old), userID, s.now())
		if err != nil {
			return err
		}
		others, err := hasOtherDevice(ctx, tx, userID, s.now())
		if err != nil {
			return err
		}
		if !known && others {
			if err := s.Tell(ctx, tx, userID, NewDevice, "Browser", from.Browser, "Address", from.Address); err != nil {
				return err
			}
		}
		return replaceDevice(ctx, tx, hashToken(old), hash, userID, s.now(), deviceLife)
	})
	return token, err
}

func (s *Service) knownDevice(ctx context.Context, token string, userID int64) (bool, error) {
	if token == "" || userID == 0 {
		return false, nil
	}
	return deviceOf(ctx, s.db.Reader(), hashToken(token), userID, s.now())
}

// ConfirmPassword makes the actor prove that it is really they, before something of weight. A wrong password is an Invalid
// problem of the field "password".
func (s *Service) ConfirmPassword(ctx context.Context, actor access.Actor, password string) error {
	return s.confirmPassword(ctx, actor, "password", password)
}

// confirmPassword is ConfirmPassword for a form whose field has another name.
func (s *Service) confirmPassword(ctx context.Context, actor access.Actor, field, password string) error {
	if err := actor.Require(access.SecureOwnAccount); err != nil {
		return err
	}
	if s.noPasswords {
		return errNoPasswords
	}
	var check problem.Check
	check.Require(password != "", field, "problem.required")
	if err := check.Err(); err != nil {
		return err
	}
	user, err := s.User(ctx, actor.UserID)
	if err != nil {
		return err
	}
	own := newMeter("confirm", fmt.Sprint(user.ID), freePerAccount)
	attempt, err := s.charge(own)
	if p := problem.Of(err); p != nil {
		check.Add(field, p.Code, p.Args...)
		return check.Err()
	}
	if err != nil {
		return err
	}
	ok, _, err := s.hasher.matches(ctx, password, user.passwordHash, true)
	if err != nil {
		attempt.forget() // nothing was tried
		return err
	}
	if !ok {
		check.Add(field, "account.problem.password_wrong")
		return s.refused(ctx, user, audit.ConfirmFailed, check.Err())
	}
	attempt.forget(own)
	return nil
}

// ChangePassword sets the actor's password, given the one until now, and ends all of their sessions but the present one. The one
// until now is proof enough that it is they, however long ago they confirmed that.
func (s *Service) ChangePassword(ctx context.Context, actor access.Actor, current, chosen, session string) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	user, err := s.User(ctx, actor.UserID)
	if err != nil {
		return err
	}
	if s.noPasswords {
		return errNoPasswords
	}
	var check problem.Check
	check.Require(current != "", "current_password", "problem.required")
	checkPassword(&check, "new_password", chosen, user.Email, user.Name)
	if err := check.Err(); err != nil {
		return err
	}
	if err := s.confirmPassword(ctx, actor, "current_password", current); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, chosen)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.setPassword(ctx, tx, user, hash, session); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.PasswordChanged, Subject: user.subject()})
	})
}
