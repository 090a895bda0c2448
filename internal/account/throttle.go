package account

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// How many passwords may be tried before one has to wait, and how long the waits grow.
const (
	freePerAccount = 5
	freePerAddress = 20 // many people may share an address
	firstWait      = 15 * time.Second
	longestWait    = 15 * time.Minute
	attemptsKept   = time.Hour
)

// meter counts the attempts of one kind: on an account, from an address, from a known browser.
type meter struct {
	key  []byte
	free int
}

func newMeter(kind, value string, free int) meter {
	sum := sha256.Sum256([]byte(kind + "\x00" + value))
	return meter{key: sum[:], free: free}
}

// network is what is counted as one address: in IPv6, one customer has as many as they like of one /64.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is6() || ip.Is4In6() {
		return address
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// charge notes an attempt on every meter before the password is looked at, so that many at once gain nothing. It refuses, and
// notes nothing, while one of the meters makes its owner wait.
func (s *Service) charge(ctx context.Context, meters ...meter) (attempts []int64, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.now()
		if err := deleteAttemptsBefore(ctx, tx, now.Add(-attemptsKept)); err != nil {
			return err
		}
		for _, m := range meters {
			count, last, err := countAttempts(ctx, tx, m.key)
			if err != nil {
				return err
			}
			if wait := last.Add(waitAfter(count - m.free)).Sub(now); count >= m.free && wait > 0 {
				return problem.New(problem.Conflict, WaitCode, "Wait", wait.Round(time.Second))
			}
		}
		for _, m := range meters {
			id, err := insertAttempt(ctx, tx, m.key, now)
			if err != nil {
				return err
			}
			attempts = append(attempts, id)
		}
		return nil
	})
	return attempts, err
}

// WaitCode is the code of the problem that too many attempts meet.
const WaitCode = "account.problem.wait"

// waitAfter doubles with every attempt beyond the free ones.
func waitAfter(beyond int) time.Duration {
	if beyond < 0 {
		return 0
	}
	if beyond > 10 {
		return longestWait
	}
	return min(firstWait<<beyond, longestWait)
}

// succeed forgets the attempts on the meters that only the owner of the password can fill, and of the others this one attempt.
func succeed(ctx context.Context, tx database.Tx, attempts []int64, own ...meter) error {
	for _, m := range own {
		if err := deleteAttemptsOf(ctx, tx, m.key); err != nil {
			return err
		}
	}
	for _, id := range attempts {
		if err := deleteAttempt(ctx, tx, id); err != nil {
			return fmt.Errorf("forget attempt: %w", err)
		}
	}
	return nil
}
