package connection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

func beginTerms(ctx context.Context, tx database.Tx, version string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO terms_begun (version, at) VALUES (?, ?) ON CONFLICT (version) DO NOTHING`, version, database.Millis(now))
	if err != nil {
		return fmt.Errorf("begin terms %s: %w", version, err)
	}
	return nil
}

// termsBegun is since when consent to a version is asked for here, zero when it is not.
func termsBegun(ctx context.Context, q database.Querier, version string) (time.Time, error) {
	var at int64
	err := q.QueryRowContext(ctx, `SELECT at FROM terms_begun WHERE version = ?`, version).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read since when terms %s hold: %w", version, err)
	}
	return database.Time(at), nil
}

func grace(ctx context.Context, q database.Querier) (Grace, error) {
	g := Grace{Days: UsualGrace}
	var at int64
	err := q.QueryRowContext(ctx, `SELECT days, changed_by, changed_at FROM terms_grace`).Scan(&g.Days, &g.ChangedBy, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return g, nil
	}
	if err != nil {
		return Grace{}, fmt.Errorf("read the days of grace: %w", err)
	}
	g.ChangedAt = database.Time(at)
	return g, nil
}

func setGrace(ctx context.Context, tx database.Tx, days int, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO terms_grace (only, days, changed_at, changed_by) VALUES (1, ?, ?, ?)
		ON CONFLICT (only) DO UPDATE SET days = excluded.days, changed_at = excluded.changed_at, changed_by = excluded.changed_by`, days, database.Millis(now), by)
	if err != nil {
		return fmt.Errorf("set the days of grace: %w", err)
	}
	return nil
}

func consents(ctx context.Context, q database.Querier, id int64) (given []Given, err error) {
	rows, err := q.QueryContext(ctx, `SELECT a.terms_version, a.brand_id, a.user_id, a.user_name, a.agreed_at, a.ended_at, coalesce(u.name, '')
		FROM connection_consents a LEFT JOIN users u ON u.id = a.ended_by WHERE a.connection_id = ? ORDER BY a.id DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("list consents of connection %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var g Given
		var at int64
		var ended sql.NullInt64
		if err := rows.Scan(&g.TermsVersion, &g.BrandID, &g.UserID, &g.UserName, &at, &ended, &g.EndedBy); err != nil {
			return nil, fmt.Errorf("list consents of connection %d: %w", id, err)
		}
		g.At, g.EndedAt = database.Time(at), database.NullTime(ended)
		given = append(given, g)
	}
	return given, rows.Err()
}
