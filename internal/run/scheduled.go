package run

import (
	"context"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// StartScheduled queues, for the program itself, a run of an export. Whoever asks notes it in the same transaction, so that it is
// not begun twice. It is a Conflict problem when the export cannot run now, or already does.
func (s *Service) StartScheduled(ctx context.Context, exportID int64, note func(tx database.Tx, runID int64) error) (Run, error) {
	e, err := s.exports.Find(ctx, s.db.Reader(), exportID)
	if err != nil {
		return Run{}, err
	}
	return s.start(ctx, access.System, e, Scheduled, Options{Also: func(_ context.Context, tx database.Tx, runID int64) error { return note(tx, runID) }})
}
