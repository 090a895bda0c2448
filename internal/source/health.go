package source

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Health is how the last import of a source ended, for the package that watches over all sources at once. A file that a person
// sent and that was not taken is left out: whoever sent it has seen that.
type Health struct {
	SourceID int64
	Name     string
	ImportID int64 // 0: none yet
	State    State // Done, Failed, Asking or Waiting
	Cause    Cause
	Code     string // why it failed: a translation key
	EndedAt  time.Time
}

// Health reads how all sources stand, in the order of their ids.
func (s *Service) Health(ctx context.Context, q database.Querier) ([]Health, error) {
	return s.store.healths(ctx, q)
}
