package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

func userByIdentity(ctx context.Context, q database.Querier, issuer, subject string) (User, error) {
	return oneUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u JOIN identities i ON i.user_id = u.id WHERE i.issuer = ? AND i.subject = ?`, issuer, subject))
}

func hasIdentity(ctx context.Context, q database.Querier, userID int64, issuer string) (bool, error) {
	n, err := count(ctx, q, `SELECT count(*) FROM identities WHERE user_id = ? AND issuer = ?`, userID, issuer)
	return n > 0, err
}

func insertIdentity(ctx context.Context, tx database.Tx, userID int64, who Identity, at time.Time) error {
	return exec(ctx, tx, `INSERT INTO identities (user_id, issuer, subject, created_at, last_sign_in_at) VALUES (?, ?, ?, ?, ?)`,
		userID, who.Issuer, who.Subject, database.Millis(at), database.Millis(at))
}

// updateIdentity notes what the provider said: refused is zero when it gave a role.
func updateIdentity(ctx context.Context, tx database.Tx, who Identity, at, refused time.Time) error {
	return exec(ctx, tx, `UPDATE identities SET last_sign_in_at = ?, refused_at = ? WHERE issuer = ? AND subject = ?`,
		database.Millis(at), database.NullMillis(refused), who.Issuer, who.Subject)
}

// clearRefusals lets a user in whom a provider gave no role.
func clearRefusals(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `UPDATE identities SET refused_at = NULL WHERE user_id = ?`, userID)
}

func insertReset(ctx context.Context, tx database.Tx, hash []byte, userID int64, expires time.Time) error {
	return exec(ctx, tx, `INSERT INTO resets (token_hash, user_id, expires_at) VALUES (?, ?, ?)`, hash, userID, database.Millis(expires))
}

func resetByHash(ctx context.Context, q database.Querier, hash []byte) (userID int64, expires time.Time, err error) {
	var millis int64
	err = q.QueryRowContext(ctx, `SELECT user_id, expires_at FROM resets WHERE token_hash = ?`, hash).Scan(&userID, &millis)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, errLink
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("read a reset: %w", err)
	}
	return userID, database.Time(millis), nil
}

func deleteResetsOf(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `DELETE FROM resets WHERE user_id = ?`, userID)
}

func deleteResetsBefore(ctx context.Context, tx database.Tx, at time.Time) error {
	return exec(ctx, tx, `DELETE FROM resets WHERE expires_at <= ?`, database.Millis(at))
}

// hasOtherDevice reports whether a person has signed in in a browser that is still known.
func hasOtherDevice(ctx context.Context, q database.Querier, userID int64, now time.Time) (bool, error) {
	n, err := count(ctx, q, `SELECT count(*) FROM devices WHERE user_id = ? AND expires_at > ?`, userID, database.Millis(now))
	return n > 0, err
}
