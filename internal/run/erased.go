package run

import (
	"context"

	"github.com/segue-app/segue/internal/database"
)

// Erased tells of a profile, by its id and the addresses that it has, whether the person was erased for good. nil: nobody was.
type Erased func(profileID string, addresses ...string) bool

// Erasures is what runs need of the erasure package. Profiles that are copied here were left out when they came in; those of a
// source that stays where it is are left out by the run.
type Erasures interface {
	Erased(ctx context.Context, q database.Querier) (func(profileID string, addresses ...string) bool, error)
}

// LeaveOut says who must not be sent. Without it everybody may.
func (s *Service) LeaveOut(erasures Erasures) { s.erasures = erasures }

// erased gives who must not be sent because they were erased.
func (s *Service) erased(ctx context.Context, q database.Querier) (Erased, error) {
	if s.erasures == nil {
		return nil, nil
	}
	return s.erasures.Erased(ctx, q)
}

func (e Erased) has(made contact) bool {
	return e != nil && e(made.profileID, made.identity)
}
