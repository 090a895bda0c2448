package source

import (
	"context"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// CodeInUse says that segments are made from the profiles of a source that stay where they are. It names Count.
const CodeInUse = "sources.in_use"

// Uses counts the segments that are made from a source's profiles where those are.
type Uses func(ctx context.Context, q database.Querier, sourceID int64) (int, error)

// SetUses says who knows the segments. Call it before the service is used.
func (s *Service) SetUses(uses Uses) { s.uses = uses }

// unused wants nothing to be made from a source.
func (s *Service) unused(ctx context.Context, tx database.Tx, id int64) error {
	if s.uses == nil {
		return nil
	}
	n, err := s.uses(ctx, tx, id)
	if err == nil && n > 0 {
		err = problem.New(problem.Conflict, CodeInUse, "Count", n)
	}
	return err
}
