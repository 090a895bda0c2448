package kept

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

func insert(ctx context.Context, tx database.Tx, sessionID int64, hash []byte, expires time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO kept_forms (token_hash, session_id, sealed, expires_at) VALUES (?, ?, x'', ?)`,
		hash, sessionID, database.Millis(expires))
	if err != nil {
		return 0, fmt.Errorf("insert form: %w", err)
	}
	return result.LastInsertId()
}

func store(ctx context.Context, tx database.Tx, id int64, sealed []byte) error {
	_, err := tx.ExecContext(ctx, `UPDATE kept_forms SET sealed = ? WHERE id = ?`, sealed, id)
	return err
}

func get(ctx context.Context, q database.Querier, sessionID int64, hash []byte, now time.Time) (id int64, sealed []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT id, sealed FROM kept_forms WHERE token_hash = ? AND session_id = ? AND expires_at > ?`,
		hash, sessionID, database.Millis(now)).Scan(&id, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, notFound()
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read form: %w", err)
	}
	return id, sealed, nil
}

func drop(ctx context.Context, tx database.Tx, hash []byte) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM kept_forms WHERE token_hash = ?`, hash)
	return err
}

// dropOld drops what waited for too long, and of the session all but the newest.
func dropOld(ctx context.Context, tx database.Tx, sessionID int64, now time.Time, keep int) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM kept_forms WHERE expires_at <= ? OR session_id = ? AND id NOT IN
		(SELECT id FROM kept_forms WHERE session_id = ? ORDER BY id DESC LIMIT ?)`, database.Millis(now), sessionID, sessionID, keep)
	return err
}
