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
func (s *Service) Retention() Retention {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.retention
}

// Keep sets for how long things are kept.
func (s *Service) Keep(retention Retention) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.retention = retention.orDefault()
}

const purgeAtOnce = 500 // rows in one transaction, so that runs under way need not wait long

// Purge drops evidence and history whose time is over or whose export was removed. It returns how many of each there were.
func (s *Service) Purge(ctx context.Context) (ofEvidence, ofHistory int, err error) {
	now, keep := s.clock(), s.Retention()
	evidence, history := database.Millis(now.Add(-keep.Evidence)), database.Millis(now.Add(-keep.History))
	const ofRemoved = `run_id IN (SELECT r.id FROM runs r JOIN exports e ON e.id = r.export_id WHERE e.removed_at IS NOT NULL)`
	for _, one := range []struct {
		from   string
		before int64
		count  *int
	}{{"evidence", evidence, &ofEvidence}, {"withdrawn_tags", history, &ofHistory}} {
		for _, where := range []string{`at < ?1`, `?1 > 0 AND ` + ofRemoved} {
			query := `DELETE FROM ` + one.from + ` WHERE id IN (SELECT id FROM ` + one.from + ` WHERE ` + where + ` LIMIT ?2)`
			n, err := s.inSteps(ctx, query, one.before, purgeAtOnce)
			if *one.count += n; err != nil {
				return ofEvidence, ofHistory, err
			}
		}
	}
	runs, err := unpurged(ctx, s.db.Reader(), history)
	if err != nil {
		return ofEvidence, ofHistory, err
	}
	for _, id := range runs {
		query := `DELETE FROM batch_items WHERE run_id = ?1 AND number IN (SELECT number FROM batch_items WHERE run_id = ?1 LIMIT ?2)`
		n, err := s.inSteps(ctx, query, id, purgeAtOnce)
		if ofHistory += n; err != nil {
			return ofEvidence, ofHistory, err
		}
		if _, err := s.inSteps(ctx, `UPDATE runs SET purged = 1 WHERE id = ? AND purged = 0`, id); err != nil {
			return ofEvidence, ofHistory, err
		}
	}
	return ofEvidence, ofHistory, nil
}

// DropRejections forgets who was not accepted by runs that ended before a time. How many there were, and whom a destination refuses
// as they are, stays.
func (s *Service) DropRejections(ctx context.Context, before time.Time) (int, error) {
	return s.inSteps(ctx, `DELETE FROM rejections WHERE id IN (SELECT x.id FROM rejections x JOIN runs r ON r.id = x.run_id WHERE r.ended_at < ? LIMIT ?)`,
		database.Millis(before), purgeAtOnce)
}

// inSteps does a change again and again, each time in a transaction of its own, until nothing is left to change. It returns
// how many rows that were.
func (s *Service) inSteps(ctx context.Context, query string, args ...any) (total int, err error) {
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
		if total += int(changed); err != nil || changed == 0 {
			return total, err
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
