package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// EndOlder discards uploads that nobody confirmed and that came before a time, with their files. It returns how many.
func (s *Service) EndOlder(ctx context.Context, before time.Time) (int, error) {
	var ended []int64
	err := s.store.db.InTx(ctx, func(tx database.Tx) (err error) {
		ended, err = database.Column[int64](tx.QueryContext(ctx, `UPDATE imports SET state = 'cancelled', ended_at = ? WHERE state = 'waiting' AND created_at < ? RETURNING id`,
			database.Millis(s.now()), database.Millis(before)))
		for _, id := range ended {
			err = errors.Join(err, s.forgetEmpty(ctx, tx, id))
		}
		return err
	})
	for _, id := range ended {
		s.events.Publish(topic(id))
		err = errors.Join(err, s.removeFile(id))
	}
	if err != nil {
		return 0, fmt.Errorf("end old uploads: %w", err)
	}
	return len(ended), nil
}

const tidyAtOnce = 2000 // rows in one transaction, so that others who write need not wait

// DropRefusals forgets which lines imports refused that ended before a time. How many there were stays.
func (s *Service) DropRefusals(ctx context.Context, before time.Time) (int, error) {
	return s.inSteps(ctx, `DELETE FROM import_refusals WHERE (import_id, position) IN (SELECT r.import_id, r.position FROM import_refusals r
		JOIN imports i ON i.id = r.import_id WHERE i.ended_at < ? LIMIT ?)`, before)
}

// DropImports forgets imports that ended before a time, and whose profiles nobody has any more.
func (s *Service) DropImports(ctx context.Context, before time.Time) (int, error) {
	return s.inSteps(ctx, `DELETE FROM imports WHERE id IN (SELECT i.id FROM imports i LEFT JOIN snapshots p ON p.id = i.snapshot_id
		WHERE i.ended_at < ? AND coalesce(p.state, 'dropped') = 'dropped' LIMIT ?)`, before)
}

// inSteps does a change again and again, each time in a transaction of its own, until nothing is left to change.
func (s *Service) inSteps(ctx context.Context, query string, before time.Time) (total int, err error) {
	for {
		var changed int64
		err := s.store.db.InTx(ctx, func(tx database.Tx) error {
			result, err := tx.ExecContext(ctx, query, database.Millis(before), tidyAtOnce)
			if err != nil {
				return fmt.Errorf("tidy imports: %w", err)
			}
			changed, err = result.RowsAffected()
			return err
		})
		if total += int(changed); err != nil || changed == 0 {
			return total, err
		}
	}
}
