package factor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

func exec(ctx context.Context, tx database.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// changes reports whether the statement changed a row.
func changes(ctx context.Context, tx database.Tx, query string, args ...any) (bool, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func own(ctx context.Context, q database.Querier, userID int64) (o Own, err error) {
	found, err := codesOf(ctx, q, userID)
	if err != nil {
		return Own{}, err
	}
	o.CodesSince = found.confirmed
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL`, userID).Scan(&o.Recovery)
	if err != nil {
		return Own{}, fmt.Errorf("count recovery codes: %w", err)
	}
	rows, err := sealedPasskeys(ctx, q, userID)
	for _, row := range rows {
		o.Passkeys = append(o.Passkeys, row.Passkey)
	}
	return o, err
}

func dropAll(ctx context.Context, tx database.Tx, userID int64) error {
	for _, table := range []string{"code_secrets", "recovery_codes", "passkeys"} {
		if err := exec(ctx, tx, `DELETE FROM `+table+` WHERE user_id = ?`, userID); err != nil {
			return fmt.Errorf("drop factors: %w", err)
		}
	}
	return nil
}

// unconfirmedFor is how long a secret for codes is kept that nobody goes on with.
const unconfirmedFor = 24 * time.Hour

func dropOld(ctx context.Context, tx database.Tx, now time.Time) error {
	if err := exec(ctx, tx, `DELETE FROM answered_challenges WHERE expires_at <= ?`, database.Millis(now)); err != nil {
		return err
	}
	return exec(ctx, tx, `DELETE FROM code_secrets WHERE confirmed_at IS NULL AND created_at <= ?`, database.Millis(now.Add(-unconfirmedFor)))
}

func codesOf(ctx context.Context, q database.Querier, userID int64) (c codes, err error) {
	var confirmed sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT sealed, confirmed_at, last_step FROM code_secrets WHERE user_id = ?`, userID).
		Scan(&c.sealed, &confirmed, &c.lastStep)
	if errors.Is(err, sql.ErrNoRows) {
		return codes{}, nil
	}
	if err != nil {
		return codes{}, fmt.Errorf("read secret for codes: %w", err)
	}
	c.confirmed = database.NullTime(confirmed)
	return c, nil
}

func saveCodes(ctx context.Context, tx database.Tx, userID int64, sealed []byte, at time.Time) error {
	return exec(ctx, tx, `INSERT OR REPLACE INTO code_secrets (user_id, sealed, created_at) VALUES (?, ?, ?)`, userID, sealed, database.Millis(at))
}

func confirmCodes(ctx context.Context, tx database.Tx, userID int64, at time.Time) error {
	return exec(ctx, tx, `UPDATE code_secrets SET confirmed_at = ? WHERE user_id = ?`, database.Millis(at), userID)
}

func setLastStep(ctx context.Context, tx database.Tx, userID, step int64) error {
	return exec(ctx, tx, `UPDATE code_secrets SET last_step = ? WHERE user_id = ?`, step, userID)
}

func dropCodes(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `DELETE FROM code_secrets WHERE user_id = ?`, userID)
}

func addRecovery(ctx context.Context, tx database.Tx, userID int64, hash []byte) error {
	return exec(ctx, tx, `INSERT INTO recovery_codes (code_hash, user_id) VALUES (?, ?)`, hash, userID)
}

func useRecovery(ctx context.Context, tx database.Tx, userID int64, hash []byte, at time.Time) (bool, error) {
	return changes(ctx, tx, `UPDATE recovery_codes SET used_at = ? WHERE code_hash = ? AND user_id = ? AND used_at IS NULL`,
		database.Millis(at), hash, userID)
}

func dropRecovery(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `DELETE FROM recovery_codes WHERE user_id = ?`, userID)
}

// sealedPasskey is a row of passkeys.
type sealedPasskey struct {
	Passkey
	handle, sealed []byte
}

func sealedPasskeys(ctx context.Context, q database.Querier, userID int64) (found []sealedPasskey, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, user_handle, sealed, name, created_at, used_at, suspect_at FROM passkeys
		WHERE user_id = ? ORDER BY lower(name), id`, userID)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p sealedPasskey
		var created int64
		var used, suspect sql.NullInt64
		if err := rows.Scan(&p.ID, &p.handle, &p.sealed, &p.Name, &created, &used, &suspect); err != nil {
			return nil, fmt.Errorf("list passkeys: %w", err)
		}
		p.Created, p.Used, p.Suspect = database.Time(created), database.NullTime(used), database.NullTime(suspect)
		found = append(found, p)
	}
	return found, rows.Err()
}

func passkeyTaken(ctx context.Context, q database.Querier, credential []byte) (taken bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM passkeys WHERE credential_id = ?)`, credential).Scan(&taken)
	return taken, err
}

// passkeyByCredential gives id and owner of a passkey; no owner when there is none.
func passkeyByCredential(ctx context.Context, q database.Querier, credential []byte) (id, userID int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT id, user_id FROM passkeys WHERE credential_id = ?`, credential).Scan(&id, &userID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return id, userID, err
}

func insertPasskey(ctx context.Context, tx database.Tx, userID int64, handle, credential []byte, name string, at time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO passkeys (user_id, user_handle, credential_id, sealed, name, created_at)
		VALUES (?, ?, ?, x'', ?, ?)`, userID, handle, credential, name, database.Millis(at))
	if err != nil {
		return 0, fmt.Errorf("insert passkey: %w", err)
	}
	return result.LastInsertId()
}

func savePasskey(ctx context.Context, tx database.Tx, id int64, sealed []byte) error {
	return exec(ctx, tx, `UPDATE passkeys SET sealed = ? WHERE id = ?`, sealed, id)
}

func passkeyUsed(ctx context.Context, tx database.Tx, id int64, at time.Time) error {
	return exec(ctx, tx, `UPDATE passkeys SET used_at = ? WHERE id = ?`, database.Millis(at), id)
}

func suspectPasskey(ctx context.Context, tx database.Tx, id int64, at time.Time) error {
	return exec(ctx, tx, `UPDATE passkeys SET suspect_at = ? WHERE id = ?`, database.Millis(at), id)
}

func dropPasskey(ctx context.Context, tx database.Tx, userID, id int64) (bool, error) {
	return changes(ctx, tx, `DELETE FROM passkeys WHERE id = ? AND user_id = ?`, id, userID)
}

// addAnswered reports false when the challenge was answered before.
func addAnswered(ctx context.Context, tx database.Tx, hash []byte, expires time.Time) (bool, error) {
	return changes(ctx, tx, `INSERT OR IGNORE INTO answered_challenges (challenge_hash, expires_at) VALUES (?, ?)`, hash, database.Millis(expires))
}
