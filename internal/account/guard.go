package account

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/problem"
)

// Guess is an attempt to prove something other than a password.
type Guess struct {
	Kind    string // what is guessed at: attempts of each kind are counted by themselves
	UserID  int64
	Address string // network address; "" where the person is signed in already
	Device  string // token from an earlier sign-in in the same browser, or ""
}

// Guard throttles attempts as those at passwords are: by account and by address, and by the browser alone where that is known, so
// that nobody elsewhere makes its owner wait. What prove fails with, Guard fails with; only a Problem counts as a wrong guess.
func (s *Service) Guard(ctx context.Context, guess Guess, prove func() error) error {
	own := newMeter(guess.Kind, fmt.Sprint(guess.UserID), freePerAccount)
	meters := []meter{own}
	if guess.Address != "" {
		meters = append(meters, newMeter("address", network(guess.Address), freePerAddress))
	}
	known, err := s.knownDevice(ctx, guess.Device, guess.UserID)
	if err != nil {
		return err
	}
	if known {
		own = newMeter(guess.Kind+"/device", guess.Device, freePerAccount)
		meters = []meter{own}
	}
	attempt, err := s.charge(meters...)
	if err != nil {
		return err
	}
	switch err = prove(); {
	case err == nil:
		attempt.forget(own)
	case problem.Of(err) == nil:
		attempt.forget() // nothing was tried
	default:
		user, unknown := s.User(ctx, guess.UserID)
		if unknown != nil {
			return unknown
		}
		return s.refused(ctx, user, audit.CodeFailed, err)
	}
	return err
}
