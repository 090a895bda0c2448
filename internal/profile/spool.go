package profile

import (
	"context"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

// A spool is a snapshot that a run makes for itself of profiles which stay where they are: only their members, only what it
// sends. Its attributes are in the run's plan and not among those that people know. It is filled like any other, by New and
// Insert; one that was not kept is removed at the next start.

// KeepSpool completes a spool and keeps it until its holder releases it.
func (s *Service) KeepSpool(ctx context.Context, tx database.Tx, spool Snapshot, holder string) error {
	result, err := tx.ExecContext(ctx, `UPDATE snapshots SET state = 'kept', row_count = ? WHERE id = ? AND state = 'loading'`, spool.Rows, spool.ID)
	if err := changedOne(result, err, fmt.Errorf("spool %d is not being filled", spool.ID)); err != nil {
		return err
	}
	return s.store.hold(ctx, tx, spool.ID, holder)
}
