package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Retention says for how long what is of use for a while only is kept.
type Retention struct {
	Evidence time.Duration // request and answer of who was refused; 0: DefaultEvidence
	History  time.Duration // who was in which batch, and which tags were taken away; 0: DefaultHistory
}

// The usual times.
const (
	DefaultEvidence = 30 * 24 * time.Hour
	DefaultHistory  = 90 * 24 * time.Hour
)

func (r Retention) orDefault() Retention {
	if r.Evidence == 0 {
		r.Evidence = DefaultEvidence
	}
	if r.History == 0 {
		r.History = DefaultHistory
	}
	return r
}

// Retention says for how long things are kept.
func (s *Service) Retention() Retention { return s.retention }

const purgeAtOnce = 500 // rows in one transaction, so that runs under way need not wait long

// Purge drops evidence and history whose time is over or whose export was removed.
func (s *Service) Purge(ctx context.Context) error {
	now := s.clock()
	evidence, history := database.Millis(now.Add(-s.retention.Evidence)), database.Millis(now.Add(-s.retention.History))
	const ofRemoved = `run_id IN (SELECT r.id FROM runs r JOIN exports e ON e.id = r.export_id WHERE e.removed_at IS NOT NULL)`
	for _, one := range []struct {
		from   string
		before int64
	}{{"evidence", evidence}, {"withdrawn_tags", history}} {
		for _, where := range []string{`at < ?1`, `?1 > 0 AND ` + ofRemoved} {
			query := `DELETE FROM ` + one.from + ` WHERE id IN (SELECT id FROM ` + one.from + ` WHERE ` + where + ` LIMIT ?2)`
			if err := s.inSteps(ctx, query, one.before, purgeAtOnce); err != nil {
				return err
			}
		}
	}
	runs, err := unpurged(ctx, s.db.Reader(), history)
	if err != nil {
		return err
	}
	for _, id := range runs {
		query := `DELETE FROM batch_items WHERE run_id = ?1 AND number IN (SELECT number FROM batch_items WHERE run_id = ?1 LIMIT ?2)`
		if err := s.inSteps(ctx, query, id, purgeAtOnce); err != nil {
			return err
		}
		if err := s.inSteps(ctx, `UPDATE runs SET purged = 1 WHERE id = ? AND purged = 0`, id); err != nil {
			return err
		}
	}
	return nil
}

// inSteps does a change again and again, each time in a transaction of its own, until nothing is left to change.
func (s *Service) inSteps(ctx context.Context, query string, args ...any) error {
	for {
		var changed int64
		err := s.db.InTx(ctx, func(tx database.Tx) error {
			result, err := tx.ExecContext(ctx, query, slices.Clone(args)...)
			if err != nil {
				return fmt.Errorf("purge: %w", err)
			}
			changed, err = result.RowsAffected()
			return err
		})
		if err != nil || changed == 0 {
			return err
		}
	}
}

// unpurged lists the runs that ended before a time, or whose export was removed, and that still say who was in their batches.
func unpurged(ctx context.Context, q database.Querier, before int64) (ids []int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT r.id FROM runs r JOIN exports e ON e.id = r.export_id
		WHERE r.purged = 0 AND r.ended_at IS NOT NULL AND (r.ended_at < ? OR e.removed_at IS NOT NULL) ORDER BY r.id`, before)
	if err != nil {
		return nil, fmt.Errorf("list runs to purge: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
