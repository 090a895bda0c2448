package backup

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// restored is a restoring that a database remembers.
type restored struct {
	id      int64
	mark    string
	uploads []string
}

func noteRestore(ctx context.Context, tx database.Tx, at, backupAt time.Time, r restored) error {
	names, err := json.Marshal(append([]string{}, r.uploads...))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO restores (at, backup_at, mark, uploads) VALUES (?, ?, ?, ?)`,
		database.Millis(at), database.Millis(backupAt), r.mark, string(names)); err != nil {
		return fmt.Errorf("note the restoring: %w", err)
	}
	return nil
}

// unfinished reads the restoring whose files are not all in place; ok is false when there is none.
func unfinished(ctx context.Context, q database.Querier) (r restored, ok bool, err error) {
	var names string
	err = q.QueryRowContext(ctx, `SELECT id, mark, uploads FROM restores WHERE finished_at IS NULL ORDER BY id DESC LIMIT 1`).Scan(&r.id, &r.mark, &names)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(names), &r.uploads)
	}
	if err != nil {
		return r, false, fmt.Errorf("look for a restoring: %w", err)
	}
	return r, true, nil
}

func finish(ctx context.Context, tx database.Tx, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE restores SET finished_at = ? WHERE finished_at IS NULL`, database.Millis(now)); err != nil {
		return fmt.Errorf("note the end of the restoring: %w", err)
	}
	return nil
}

// Last says when this database was restored last, and from which moment; ok is false when it never was.
func Last(ctx context.Context, q database.Querier) (at, backupAt time.Time, ok bool, err error) {
	var a, b int64
	err = q.QueryRowContext(ctx, `SELECT at, backup_at FROM restores ORDER BY id DESC LIMIT 1`).Scan(&a, &b)
	if errors.Is(err, sql.ErrNoRows) {
		return at, backupAt, false, nil
	}
	if err != nil {
		return at, backupAt, false, fmt.Errorf("look for a restoring: %w", err)
	}
	return database.Time(a), database.Time(b), true, nil
}
