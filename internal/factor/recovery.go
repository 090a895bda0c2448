package factor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// RecoveryCodes is how many a person gets.
const RecoveryCodes = 10

// recoveryBytes makes 120 bits, 24 signs: more than the 112 from which on a plain hash keeps what is looked up (ASVS 6.5.2).
const recoveryBytes = 15

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

func base32Of(raw []byte) string { return base32Plain.EncodeToString(raw) }

// RenewRecovery gives the actor fresh recovery codes: the only copy. Those from before count no more.
func (s *Service) RenewRecovery(ctx context.Context, actor access.Actor) (fresh []string, err error) {
	if err := s.mayChange(actor); err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		have, err := own(ctx, tx, actor.UserID)
		if err != nil {
			return err
		}
		if !have.Any() {
			return problem.New(problem.Conflict, "factor.problem.none")
		}
		if fresh, err = s.newRecovery(ctx, tx, actor.UserID); err != nil {
			return err
		}
		return s.write(ctx, tx, actor, audit.RecoveryRenewed)
	})
	return fresh, err
}

func (s *Service) newRecovery(ctx context.Context, tx database.Tx, userID int64) (fresh []string, err error) {
	if err := dropRecovery(ctx, tx, userID); err != nil {
		return nil, err
	}
	for range RecoveryCodes {
		random := make([]byte, recoveryBytes)
		_, _ = rand.Read(random) // crypto/rand.Read does not fail; it ends the program instead
		text := strings.ToLower(base32Of(random))
		if err := addRecovery(ctx, tx, userID, recoveryHash(text)); err != nil {
			return nil, err
		}
		fresh = append(fresh, strings.ReplaceAll(grouped(text), " ", "-"))
	}
	return fresh, nil
}

// takeRecovery uses a recovery code up.
func (s *Service) takeRecovery(ctx context.Context, tx database.Tx, userID int64, text string) error {
	taken, err := useRecovery(ctx, tx, userID, recoveryHash(text), s.now())
	if err == nil && !taken {
		return errCode()
	}
	if err != nil {
		return err
	}
	user, err := s.accounts.User(ctx, userID)
	if err != nil {
		return err
	}
	return s.write(ctx, tx, user.Actor(), audit.RecoveryUsed)
}

func recoveryHash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
