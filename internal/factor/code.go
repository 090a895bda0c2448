package factor

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// What every app for codes understands: RFC 6238 with its usual values.
const (
	period      = 30 // seconds
	digits      = 6
	slack       = 1 // periods by which a person's clock may be off
	secretBytes = 20
)

// Setup is what a person needs to set her app up.
type Setup struct {
	Secret  secret.Text // to be typed, in groups
	Picture QR          // to be scanned
}

func codeBinding(userID int64) string { return fmt.Sprintf("code_secret/%d", userID) }

// BeginCodes makes a secret for time-based codes. It counts once a first code was shown to be right.
func (s *Service) BeginCodes(ctx context.Context, actor access.Actor) error {
	if err := s.mayChange(actor); err != nil {
		return err
	}
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // crypto/rand.Read does not fail; it ends the program instead
	sealed := s.sealer.Seal(secret.NewText(string(random)), codeBinding(actor.UserID))
	return s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := codesOf(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		if !found.confirmed.IsZero() {
			return problem.New(problem.Conflict, "factor.problem.codes_there")
		}
		return saveCodes(ctx, tx, actor.UserID, sealed, s.now())
	})
}

// ShowCodes gives what is needed to set the app up, while no code was shown to be right yet. issuer is what the app calls Segue.
func (s *Service) ShowCodes(ctx context.Context, actor access.Actor, issuer string) (Setup, error) {
	if err := s.mayChange(actor); err != nil {
		return Setup{}, err
	}
	found, err := codesOf(ctx, s.db.Reader(), actor.UserID)
	if err != nil {
		return Setup{}, err
	}
	if found.sealed == nil || !found.confirmed.IsZero() {
		return Setup{}, problem.New(problem.NotFound, "problem.not_found")
	}
	raw, err := s.sealer.Open(found.sealed, codeBinding(actor.UserID))
	if err != nil {
		return Setup{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(issuer, ":", " "), AccountName: actor.Email, Secret: []byte(raw.Reveal())})
	if err != nil {
		return Setup{}, fmt.Errorf("describe a secret for codes: %w", err)
	}
	picture, err := newQR(key.URL())
	return Setup{Secret: secret.NewText(grouped(strings.ToLower(key.Secret()))), Picture: picture}, err
}

// ConfirmCodes makes the codes count, given a first one. It returns recovery codes when the person had none: the only copy.
func (s *Service) ConfirmCodes(ctx context.Context, actor access.Actor, typed string) (recovery []string, err error) {
	if err := s.mayChange(actor); err != nil {
		return nil, err
	}
	prove := func() error {
		return s.db.InTx(ctx, func(tx database.Tx) error {
			found, err := codesOf(ctx, tx, actor.UserID)
			if err != nil {
				return err
			}
			if found.sealed == nil || !found.confirmed.IsZero() {
				return problem.New(problem.Conflict, "factor.problem.codes_there")
			}
			if err := s.takeCode(ctx, tx, actor.UserID, found, readCode(typed)); err != nil {
				return err
			}
			if err := confirmCodes(ctx, tx, actor.UserID, s.now()); err != nil {
				return err
			}
			recovery, err = s.added(ctx, tx, actor, audit.CodesAdded)
			return err
		})
	}
	return recovery, s.accounts.Guard(ctx, account.Guess{Kind: "codes", UserID: actor.UserID}, prove)
}

// RemoveCodes takes the actor's time-based codes away.
func (s *Service) RemoveCodes(ctx context.Context, actor access.Actor) error {
	if err := s.mayChange(actor); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := codesOf(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		if found.sealed == nil {
			return problem.New(problem.NotFound, "problem.not_found")
		}
		if err := dropCodes(ctx, tx, actor.UserID); err != nil || found.confirmed.IsZero() {
			return err // one that never counted was no factor
		}
		return s.removing(ctx, tx, actor, audit.CodesRemoved)
	})
}

// errCode tells the same of every code that does not count, whatever is wrong with it.
func errCode() error {
	var check problem.Check
	check.Add("code", "factor.problem.code")
	return check.Err()
}

// ProveCode proves a person by a time-based code, or by a recovery code where those are taken, and says which it was. Whoever
// guesses is throttled.
func (s *Service) ProveCode(ctx context.Context, guess account.Guess, typed string, recovery bool) (by account.Proof, err error) {
	code := readCode(typed)
	err = s.accounts.Guard(ctx, guess, func() error {
		return s.db.InTx(ctx, func(tx database.Tx) error {
			if !code.timed {
				by = account.ByRecovery
				if !recovery {
					return errCode()
				}
				return s.takeRecovery(ctx, tx, guess.UserID, code.text)
			}
			by = account.ByCode
			found, err := codesOf(ctx, tx, guess.UserID)
			if err != nil {
				return err
			}
			if found.confirmed.IsZero() {
				return errCode()
			}
			return s.takeCode(ctx, tx, guess.UserID, found, code)
		})
	})
	return by, err
}

// takeCode takes a code of this half minute, the one before or the one after, if neither it nor a later one was taken before.
func (s *Service) takeCode(ctx context.Context, tx database.Tx, userID int64, found codes, typed code) error {
	raw, err := s.sealer.Open(found.sealed, codeBinding(userID))
	if err != nil {
		return err
	}
	matched := int64(0)
	now := s.now().Unix() / period
	for step := now - slack; step <= now+slack; step++ {
		right, err := codeAt([]byte(raw.Reveal()), step)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(right), []byte(typed.text)) == 1 && step > found.lastStep {
			matched = step
		}
	}
	if matched == 0 {
		return errCode()
	}
	return setLastStep(ctx, tx, userID, matched)
}

// codeAt is the code of a period.
func codeAt(raw []byte, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(base32Of(raw), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("calculate a code: %w", err)
	}
	return code, nil
}

// code is what was typed, as far as it can be one.
type code struct {
	text  string
	timed bool
}

// readCode takes away what people put between the signs, and tells a time-based code from a recovery code.
func readCode(typed string) code {
	const most = 100 // bytes: more is none
	if len(typed) > most {
		return code{}
	}
	text := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' || r == '\u00a0' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, strings.ToLower(typed))
	return code{text, len(text) == digits && strings.Trim(text, "0123456789") == ""}
}

// grouped writes a text in groups of four, for people who copy it by hand.
func grouped(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// codes is a row of secrets for codes.
type codes struct {
	sealed    []byte // nil: none
	confirmed time.Time
	lastStep  int64
}
