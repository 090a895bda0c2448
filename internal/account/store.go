package account

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

const userColumns = `u.id, u.email, u.name, u.role, coalesce(u.password_hash, ''), u.language, u.time_zone, u.theme, u.first_steps_hidden,
	u.created_at, u.last_sign_in_at, u.disabled_at, EXISTS (SELECT 1 FROM identities WHERE user_id = u.id),
	EXISTS (SELECT 1 FROM identities WHERE user_id = u.id AND refused_at IS NOT NULL)`

type scanner interface{ Scan(dest ...any) error }

func scanUser(row scanner, more ...any) (User, error) {
	var u User
	var created int64
	var lastSignIn, disabled sql.NullInt64
	err := row.Scan(append([]any{&u.ID, &u.Email, &u.Name, &u.Role, &u.passwordHash, &u.Language, &u.TimeZone, &u.Theme, &u.FirstStepsHidden,
		&created, &lastSignIn, &disabled, &u.Identified, &u.Refused}, more...)...)
	u.CreatedAt, u.LastSignIn, u.DisabledAt = database.Time(created), database.NullTime(lastSignIn), database.NullTime(disabled)
	return u, err
}

func oneUser(row *sql.Row) (User, error) {
	user, err := scanUser(row)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	return user, nil
}

func userByID(ctx context.Context, q database.Querier, id int64) (User, error) {
	return oneUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = ?`, id))
}

func userByEmail(ctx context.Context, q database.Querier, key string) (User, error) {
	return oneUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.email_key = ?`, key))
}

func listUsers(ctx context.Context, q database.Querier) (users []User, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+userColumns+` FROM users u
		ORDER BY u.disabled_at IS NOT NULL, CASE u.name WHEN '' THEN u.email_key ELSE lower(u.name) END, u.id`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		user, err := scanUser(rows)
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		users = append(users, user)
	}
	return users, rows.Err()
}

func count(ctx context.Context, q database.Querier, query string, args ...any) (n int, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

func countUsers(ctx context.Context, q database.Querier) (int, error) {
	return count(ctx, q, `SELECT count(*) FROM users`)
}

func countActiveAdministrators(ctx context.Context, q database.Querier) (int, error) {
	return count(ctx, q, `SELECT count(*) FROM users
		WHERE role = ? AND disabled_at IS NULL AND (password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM identities i WHERE i.user_id = users.id))
		AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.user_id = users.id AND i.refused_at IS NOT NULL)`, access.Administrator)
}

func emailTaken(ctx context.Context, q database.Querier, key string) (bool, error) {
	n, err := count(ctx, q, `SELECT count(*) FROM users WHERE email_key = ?`, key)
	return n > 0, err
}

func exec(ctx context.Context, tx database.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

func insertUser(ctx context.Context, tx database.Tx, u User) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO users (email, email_key, name, role, password_hash, created_at)
		VALUES (?, ?, ?, ?, nullif(?, ''), ?)`, u.Email, emailKey(u.Email), u.Name, u.Role, u.passwordHash, database.Millis(u.CreatedAt))
	if err != nil {
		return 0, fmt.Errorf("insert user: %w", err)
	}
	return result.LastInsertId()
}

func updatePreferences(ctx context.Context, tx database.Tx, id int64, p Preferences) error {
	return exec(ctx, tx, `UPDATE users SET name = ?, language = ?, time_zone = ?, theme = ? WHERE id = ?`,
		p.Name, p.Language, p.TimeZone, p.Theme, id)
}

func updateFirstSteps(ctx context.Context, tx database.Tx, id int64, hidden bool) error {
	return exec(ctx, tx, `UPDATE users SET first_steps_hidden = ? WHERE id = ?`, hidden, id)
}

func updateName(ctx context.Context, tx database.Tx, id int64, name string) error {
	return exec(ctx, tx, `UPDATE users SET name = ? WHERE id = ?`, name, id)
}

func updatePassword(ctx context.Context, tx database.Tx, id int64, hash string) error {
	return exec(ctx, tx, `UPDATE users SET password_hash = ? WHERE id = ?`, hash, id)
}

func updateRole(ctx context.Context, tx database.Tx, id int64, role access.Role) error {
	return exec(ctx, tx, `UPDATE users SET role = ? WHERE id = ?`, role, id)
}

func updateDisabled(ctx context.Context, tx database.Tx, id int64, at sql.NullInt64) error {
	return exec(ctx, tx, `UPDATE users SET disabled_at = ? WHERE id = ?`, at, id)
}

func updateLastSignIn(ctx context.Context, tx database.Tx, id int64, at time.Time) error {
	return exec(ctx, tx, `UPDATE users SET last_sign_in_at = ? WHERE id = ?`, database.Millis(at), id)
}

func insertSession(ctx context.Context, tx database.Tx, s Session) error {
	return exec(ctx, tx, `INSERT INTO sessions (token_hash, user_id, proof, confined, created_at, confirmed_at, seen_at, expires_at, browser, address)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.hash, s.UserID, s.Proof, s.Confined, database.Millis(s.CreatedAt), database.Millis(s.ConfirmedAt),
		database.Millis(s.SeenAt), database.Millis(s.ExpiresAt), s.Browser, s.Address)
}

// ofToken is the session of a token, also of the one that was replaced a moment ago. It takes the hash twice, and the time.
const ofToken = `(s.token_hash = ? OR s.former_hash = ? AND s.former_until > ?)`

// sessionAndUser reads a session by its token. The one that was replaced carries no confirmation: the one that replaced it has that.
func sessionAndUser(ctx context.Context, q database.Querier, hash []byte, now time.Time) (s Session, u User, found bool, err error) {
	var confirmed, seen, expires int64
	row := q.QueryRowContext(ctx, `SELECT `+userColumns+`, s.id, s.proof, s.confined, iif(s.token_hash = ?, s.confirmed_at, 0), s.seen_at, s.expires_at
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE `+ofToken, hash, hash, hash, database.Millis(now))
	u, err = scanUser(row, &s.ID, &s.Proof, &s.Confined, &confirmed, &seen, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, User{}, false, nil
	}
	if err != nil {
		return Session{}, User{}, false, fmt.Errorf("read session: %w", err)
	}
	s.UserID, s.hash = u.ID, hash
	s.ConfirmedAt, s.SeenAt, s.ExpiresAt = database.Time(confirmed), database.Time(seen), database.Time(expires)
	return s, u, true, nil
}

func updateSeen(ctx context.Context, tx database.Tx, id int64, at time.Time) error {
	return exec(ctx, tx, `UPDATE sessions SET seen_at = ? WHERE id = ?`, database.Millis(at), id)
}

// updateConfirmed gives a session another token. The one from before counts until then.
func updateConfirmed(ctx context.Context, tx database.Tx, id int64, fresh []byte, at, until time.Time) error {
	return exec(ctx, tx, `UPDATE sessions SET former_hash = token_hash, former_until = ?, token_hash = ?, confirmed_at = ? WHERE id = ?`,
		database.Millis(until), fresh, database.Millis(at), id)
}

func deleteSession(ctx context.Context, tx database.Tx, hash []byte) error {
	return exec(ctx, tx, `DELETE FROM sessions WHERE token_hash = ? OR former_hash = ?`, hash, hash)
}

// deleteOwnSession reports whether there was one.
func deleteOwnSession(ctx context.Context, tx database.Tx, userID, id int64) (bool, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE id = ? AND user_id = ?`, id, userID)
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// deleteSessionsOf ends a user's sessions, except the one with that hash.
func deleteSessionsOf(ctx context.Context, tx database.Tx, userID int64, except []byte) error {
	return exec(ctx, tx, `DELETE FROM sessions WHERE user_id = ? AND token_hash IS NOT ? AND (former_hash IS NULL OR former_hash IS NOT ?)`,
		userID, except, except)
}

func deleteSessionsBefore(ctx context.Context, tx database.Tx, expired, idle time.Time) error {
	return exec(ctx, tx, `DELETE FROM sessions WHERE expires_at <= ? OR seen_at <= ?`, database.Millis(expired), database.Millis(idle))
}

func listSessions(ctx context.Context, q database.Querier, userID int64, current []byte, expired, idle time.Time) (sessions []Session, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, proof, created_at, seen_at, expires_at, browser, address,
			token_hash IS ? OR coalesce(former_hash = ?, 0) FROM sessions
		WHERE user_id = ? AND expires_at > ? AND seen_at > ? ORDER BY seen_at DESC, created_at DESC`,
		current, current, userID, database.Millis(expired), database.Millis(idle))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		s := Session{UserID: userID}
		var created, seen, expires int64
		if err := rows.Scan(&s.ID, &s.Proof, &created, &seen, &expires, &s.Browser, &s.Address, &s.Current); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		s.CreatedAt, s.SeenAt, s.ExpiresAt = database.Time(created), database.Time(seen), database.Time(expires)
		sessions = append(sessions, s)
	}
	return sessions, rows.Err()
}

func deviceOf(ctx context.Context, q database.Querier, hash []byte, userID int64, now time.Time) (bool, error) {
	n, err := count(ctx, q, `SELECT count(*) FROM devices WHERE token_hash = ? AND user_id = ? AND expires_at > ?`,
		hash, userID, database.Millis(now))
	return n > 0, err
}

// replaceDevice gives a browser a new token for the old one, and forgets those not seen for long.
func replaceDevice(ctx context.Context, tx database.Tx, old, fresh []byte, userID int64, now time.Time, life time.Duration) error {
	if err := exec(ctx, tx, `DELETE FROM devices WHERE (token_hash = ? AND user_id = ?) OR expires_at <= ?`,
		old, userID, database.Millis(now)); err != nil {
		return err
	}
	return exec(ctx, tx, `INSERT INTO devices (token_hash, user_id, expires_at) VALUES (?, ?, ?)`,
		fresh, userID, database.Millis(now.Add(life)))
}

func deleteDevicesOf(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `DELETE FROM devices WHERE user_id = ?`, userID)
}

// insertInvitation keeps a link; userID 0 is the set-up of the first administrator.
func insertInvitation(ctx context.Context, tx database.Tx, hash []byte, userID int64, expires time.Time) error {
	return exec(ctx, tx, `INSERT INTO invitations (token_hash, user_id, expires_at) VALUES (?, nullif(?, 0), ?)`,
		hash, userID, database.Millis(expires))
}

func invitationByHash(ctx context.Context, q database.Querier, hash []byte) (userID int64, expires time.Time, found bool, err error) {
	var millis int64
	err = q.QueryRowContext(ctx, `SELECT coalesce(user_id, 0), expires_at FROM invitations WHERE token_hash = ?`, hash).Scan(&userID, &millis)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, false, nil
	}
	return userID, database.Time(millis), err == nil, err
}

func deleteInvitationsOf(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `DELETE FROM invitations WHERE user_id = ?`, userID)
}

func deleteSetups(ctx context.Context, tx database.Tx) error {
	return exec(ctx, tx, `DELETE FROM invitations WHERE user_id IS NULL`)
}

// EndEverything ends all sessions, and all links that are good once, within the transaction: for a state of yesterday, in which some
// are open that were ended since.
func EndEverything(ctx context.Context, tx database.Tx) error {
	for _, statement := range []string{`DELETE FROM sessions`, `DELETE FROM invitations`, `DELETE FROM resets`} {
		if err := exec(ctx, tx, statement); err != nil {
			return fmt.Errorf("end sessions and links: %w", err)
		}
	}
	return nil
}
