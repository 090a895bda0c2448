package erasure

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// readRetention reads what people chose and what the tidying did, by kind.
func readRetention(ctx context.Context, q database.Querier) (map[string]Keeping, error) {
	found := map[string]Keeping{}
	err := each(ctx, q, `SELECT kind, days, changed_by FROM retention`, nil, func(rows *sql.Rows) error {
		var kind string
		var k Keeping
		err := rows.Scan(&kind, &k.Days, &k.ChangedBy)
		found[kind] = k
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, each(ctx, q, `SELECT kind, at, removed, removed_at FROM tidyings`, nil, func(rows *sql.Rows) error {
		var kind string
		var at, removed int64
		var last sql.NullInt64
		if err := rows.Scan(&kind, &at, &removed, &last); err != nil {
			return err
		}
		k := found[kind]
		k.TidiedAt, k.Removed, k.RemovedAt = database.Time(at), int(removed), database.NullTime(last)
		found[kind] = k
		return nil
	})
}

// writeRetention remembers what somebody chose; what is as usual is not remembered, so that it follows the usual time.
func writeRetention(ctx context.Context, tx database.Tx, kind string, days int, unusual bool, now time.Time, by string) error {
	query, args := `DELETE FROM retention WHERE kind = ?`, []any{kind}
	if unusual {
		query, args = `INSERT INTO retention (kind, days, changed_at, changed_by) VALUES (?, ?, ?, ?) ON CONFLICT (kind) DO UPDATE
			SET days = excluded.days, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE days <> excluded.days`, append(args, days, database.Millis(now), by)
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("set for how long data is kept: %w", err)
	}
	return nil
}

func noteTidying(ctx context.Context, tx database.Tx, removed map[string]int, now time.Time) error {
	for kind, n := range removed {
		if _, err := tx.ExecContext(ctx, `INSERT INTO tidyings (kind, at, removed, removed_at) VALUES (?1, ?2, ?3, CASE WHEN ?3 > 0 THEN ?2 END)
			ON CONFLICT (kind) DO UPDATE SET at = excluded.at, removed = excluded.removed, removed_at = coalesce(excluded.removed_at, removed_at)`,
			kind, database.Millis(now), n); err != nil {
			return fmt.Errorf("note the tidying: %w", err)
		}
	}
	return nil
}

// drop deletes what lies before a time.
func (s *Service) drop(ctx context.Context, query string, before time.Time) (n int, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		result, err := tx.ExecContext(ctx, query, database.Millis(before))
		if err != nil {
			return fmt.Errorf("tidy: %w", err)
		}
		removed, err := result.RowsAffected()
		n = int(removed)
		return err
	})
	return n, err
}
