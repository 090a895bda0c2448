package exclusion

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

// Hash gives the keyed hash of the installation, by which the list knows addresses, for those who must recognise somebody
// without keeping who it is. It reads through q, so that it may be asked within a transaction; before the first use
// somebody must have called MakeKey.
func (s *Service) Hash(ctx context.Context, q database.Querier) (func(form string) [16]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.hasher == nil {
		var sealed []byte
		if err := q.QueryRowContext(ctx, `SELECT sealed FROM exclusion_salt WHERE id = 1`).Scan(&sealed); err != nil {
			return nil, fmt.Errorf("read the key of the exclusion list: %w", err)
		}
		if err := s.openSalt(sealed); err != nil {
			return nil, err
		}
	}
	hasher := s.hasher
	return func(form string) [16]byte { return hasher.fingerprint(form) }, nil
}

// MakeKey makes the key of the hashes when there is none. Call it outside a transaction.
func (s *Service) MakeKey(ctx context.Context) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, err := s.hasherLocked(ctx)
	return err
}

func (s *Service) openSalt(sealed []byte) error {
	salt, err := s.sealer.Open(sealed, saltBinding)
	if err != nil {
		return fmt.Errorf("open the key of the exclusion list: %w", err)
	}
	s.hasher = newHasher([]byte(salt.Reveal()))
	return nil
}
