package token

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

const columns = `id, user_id, handle, name, scopes, created_at, used_at, expires_at, ended_at, ended_by`

func scan(row interface{ Scan(...any) error }, more ...any) (Token, error) {
	var t Token
	var scopes string
	var created, expires int64
	var used, ended sql.NullInt64
	err := row.Scan(append([]any{&t.ID, &t.UserID, &t.Handle, &t.Name, &scopes, &created, &used, &expires, &ended, &t.EndedBy}, more...)...)
	t.Scopes = access.ParseScopes(scopes)
	t.CreatedAt, t.UsedAt, t.ExpiresAt, t.EndedAt = database.Time(created), database.NullTime(used), database.Time(expires), database.NullTime(ended)
	return t, err
}

func one(row interface{ Scan(...any) error }, more ...any) (Token, error) {
	t, err := scan(row, more...)
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	return t, nil
}

func get(ctx context.Context, q database.Querier, id int64) (Token, error) {
	return one(q.QueryRowContext(ctx, `SELECT `+columns+` FROM tokens WHERE id = ?`, id))
}

func byHandle(ctx context.Context, q database.Querier, handle string) (t Token, hash []byte, err error) {
	t, err = one(q.QueryRowContext(ctx, `SELECT `+columns+`, hash FROM tokens WHERE handle = ?`, handle), &hash)
	return t, hash, err
}

func list(ctx context.Context, q database.Querier, userID int64) (found []Token, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM tokens WHERE user_id = ? ORDER BY ended_at IS NOT NULL, id DESC`, userID)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		found = append(found, t)
	}
	return found, rows.Err()
}

func countActive(ctx context.Context, q database.Querier, userID int64, now time.Time) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM tokens WHERE user_id = ? AND ended_at IS NULL AND expires_at > ?`, userID, database.Millis(now)).Scan(&n)
	return n, err
}

func insert(ctx context.Context, tx database.Tx, t Token, hash []byte) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO tokens (user_id, handle, hash, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		t.UserID, t.Handle, hash, t.Name, t.Scopes.String(), database.Millis(t.CreatedAt), database.Millis(t.ExpiresAt))
	if err != nil {
		return 0, fmt.Errorf("keep token: %w", err)
	}
	return result.LastInsertId()
}

func noteUse(ctx context.Context, tx database.Tx, id int64, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE tokens SET used_at = ? WHERE id = ?`, database.Millis(now), id); err != nil {
		return fmt.Errorf("note the use of token %d: %w", id, err)
	}
	return nil
}

// end ends the tokens that count still: where is one of the conditions in this package.
func end(ctx context.Context, tx database.Tx, where string, id int64, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE tokens SET ended_at = ?, ended_by = ? WHERE ended_at IS NULL AND expires_at > ? AND `+where,
		database.Millis(now), by, database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("end tokens: %w", err)
	}
	return nil
}

func dropEnded(ctx context.Context, tx database.Tx, before time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE min(coalesce(ended_at, expires_at), expires_at) < ?`, database.Millis(before)); err != nil {
		return fmt.Errorf("drop tokens that ended: %w", err)
	}
	return nil
}

func startOf(ctx context.Context, q database.Querier, tokenID int64, key []byte, since time.Time) (runID int64, asked []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT run_id, asked FROM token_starts WHERE token_id = ? AND key_hash = ? AND at > ?`,
		tokenID, key, database.Millis(since)).Scan(&runID, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return runID, asked, err
}

func insertStart(ctx context.Context, tx database.Tx, r Starts, runID int64, now time.Time) (kept bool, err error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO token_starts (token_id, key_hash, asked, run_id, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.tokenID, r.key, r.asked, runID, database.Millis(now))
	if err != nil {
		return false, fmt.Errorf("remember the start of run %d: %w", runID, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func dropStarts(ctx context.Context, tx database.Tx, before time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM token_starts WHERE at <= ?`, database.Millis(before)); err != nil {
		return fmt.Errorf("forget starts: %w", err)
	}
	return nil
}
