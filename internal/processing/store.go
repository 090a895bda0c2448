package processing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

func purpose(ctx context.Context, q database.Querier, exportID int64) (p Purpose, err error) {
	var at int64
	err = q.QueryRowContext(ctx, `SELECT purpose, basis, changed_by, changed_at FROM export_purposes WHERE export_id = ?`, exportID).Scan(&p.Purpose, &p.Basis, &p.ChangedBy, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Purpose{}, nil
	}
	if err != nil {
		return Purpose{}, fmt.Errorf("read what export %d is for: %w", exportID, err)
	}
	p.ChangedAt = database.Time(at)
	return p, nil
}

func state(ctx context.Context, tx database.Tx, exportID int64, p Purpose) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO export_purposes (export_id, purpose, basis, changed_by, changed_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (export_id) DO UPDATE SET purpose = excluded.purpose, basis = excluded.basis, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
		exportID, p.Purpose, p.Basis, p.ChangedBy, database.Millis(p.ChangedAt))
	if err != nil {
		return fmt.Errorf("state what export %d is for: %w", exportID, err)
	}
	return nil
}
