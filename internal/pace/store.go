package pace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/database"
)

// add adds parts of minutes to what is there of them.
func add(ctx context.Context, tx database.Tx, parts []budget.Minute) error {
	for _, m := range parts {
		_, err := tx.ExecContext(ctx, `INSERT INTO pace_minutes (brand_id, start, requests, refused, waiting, allowed) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, refused = refused + excluded.refused,
				waiting = max(waiting, excluded.waiting), allowed = min(allowed, excluded.allowed)`,
			m.BrandID, database.Millis(m.Start), m.Requests, m.Refused, m.Waiting, m.Limit)
		if err != nil {
			return fmt.Errorf("write what was made of a request budget: %w", err)
		}
	}
	return nil
}

func drop(ctx context.Context, tx database.Tx, before time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM pace_minutes WHERE start < ?`, database.Millis(before)); err != nil {
		return fmt.Errorf("drop what was made of request budgets: %w", err)
	}
	return nil
}

// list reads the minutes of a brand between two, both included, the first one first.
func list(ctx context.Context, q database.Querier, brandID string, from, to time.Time) (found []budget.Minute, err error) {
	rows, err := q.QueryContext(ctx, `SELECT start, requests, refused, waiting, allowed FROM pace_minutes
		WHERE brand_id = ? AND start BETWEEN ? AND ? ORDER BY start`, brandID, database.Millis(from), database.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("read what was made of a request budget: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		m := budget.Minute{BrandID: brandID}
		var start int64
		if err := rows.Scan(&start, &m.Requests, &m.Refused, &m.Waiting, &m.Limit); err != nil {
			return nil, err
		}
		m.Start = database.Time(start)
		found = append(found, m)
	}
	return found, rows.Err()
}
