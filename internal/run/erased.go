package run

import (
	"context"
	"slices"
	"strings"

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

// withoutErased takes the rows of erased persons out of those that are about to be written into a spool, and counts them.
func (s *Service) withoutErased(ctx context.Context, tx database.Tx, rows []any, width int, left *int) ([]any, error) {
	gone, err := s.erased(ctx, tx)
	if err != nil || gone == nil {
		return rows, err
	}
	kept := make([]any, 0, len(rows))
	var texts []string
	for row := range slices.Chunk(rows, width) {
		texts = texts[:0]
		for _, value := range row[1:] {
			if text, ok := value.(string); ok && strings.Contains(text, "@") {
				texts = append(texts, text)
			}
		}
		if gone(row[0].(string), texts...) {
			*left++
		} else {
			kept = append(kept, row...)
		}
	}
	return kept, nil
}

func (e Erased) has(made contact) bool {
	return e != nil && e(made.profileID, made.identity)
}
