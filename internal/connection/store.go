package connection

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reseal"
)

const columns = `c.id, c.type, c.name, ` + GrantColumn + `, c.brand_id, c.brand_name, c.brand_website, c.verified_at,
	c.failure, c.failed_at, coalesce(a.terms_version, ''), coalesce(a.user_id, 0), coalesce(a.user_name, ''), a.agreed_at,
	coalesce(c.export_user_id, 0), coalesce(u.name, ''), c.export_user_at,
	c.key_store, c.key_name, c.key_version, c.version, c.created_by, c.created_at, c.updated_at, c.removed_at
	FROM connections c
	LEFT JOIN connection_consents a ON a.connection_id = c.id AND a.ended_at IS NULL
	LEFT JOIN users u ON u.id = c.export_user_id`

// GrantColumn reads, in SQL, the access.Grant of the connection c.
const GrantColumn = `CASE c.open_to_contributors WHEN 1 THEN 'contributors'
	ELSE (SELECT group_concat(user_id, ' ') FROM connection_grants WHERE connection_id = c.id) END`

func scan(row interface{ Scan(...any) error }) (Connection, error) {
	var c Connection
	var verified, created, updated int64
	var failed, agreed, confirmed, removed sql.NullInt64
	err := row.Scan(&c.ID, &c.Type, &c.Name, &c.Grant, &c.BrandID, &c.BrandName, &c.BrandWebsite, &verified,
		&c.Failure, &failed, &c.Consent.TermsVersion, &c.Consent.UserID, &c.Consent.UserName, &agreed,
		&c.ExportUserID, &c.ExportUser, &confirmed,
		&c.KeyFrom.Store, &c.KeyFrom.Name, &c.KeyVersion, &c.Version, &c.CreatedBy, &created, &updated, &removed)
	if err != nil {
		return Connection{}, err
	}
	c.VerifiedAt, c.CreatedAt, c.UpdatedAt = database.Time(verified), database.Time(created), database.Time(updated)
	c.FailedAt, c.Consent.At = database.NullTime(failed), database.NullTime(agreed)
	c.ExportUserAt, c.RemovedAt = database.NullTime(confirmed), database.NullTime(removed)
	return c, nil
}

func get(ctx context.Context, q database.Querier, id int64) (Connection, error) {
	c, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` WHERE c.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Connection{}, notFound()
	}
	if err != nil {
		return Connection{}, fmt.Errorf("read connection %d: %w", id, err)
	}
	return c, nil
}

func list(ctx context.Context, q database.Querier) (found []Connection, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` WHERE c.removed_at IS NULL ORDER BY c.name_key, c.id`)
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		c, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list connections: %w", err)
		}
		found = append(found, c)
	}
	return found, rows.Err()
}

// nameTaken reports whether a connection in use, other than the one given, has the name.
func nameTaken(ctx context.Context, q database.Querier, name string, except int64) (taken bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM connections WHERE name_key = ? AND id <> ? AND removed_at IS NULL)`,
		nameKey(name), except).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look for a connection's name: %w", err)
	}
	return taken, nil
}

func sealedKey(ctx context.Context, q database.Querier, id int64) (sealed []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT sealed_key FROM connections WHERE id = ? AND removed_at IS NULL`, id).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound()
	}
	if err != nil {
		return nil, fmt.Errorf("read key of connection %d: %w", id, err)
	}
	return sealed, nil
}

// insert writes a new connection without its key, which is sealed for the id that this gives.
func insert(ctx context.Context, tx database.Tx, c Connection) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO connections (type, name, name_key, open_to_contributors, brand_id, brand_name,
		brand_website, verified_at, export_user_id, export_user_at, created_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Type, c.Name, nameKey(c.Name), c.Grant.All(), c.BrandID, c.BrandName, c.BrandWebsite, database.Millis(c.VerifiedAt),
		c.ExportUserID, database.Millis(c.ExportUserAt), c.CreatedBy, database.Millis(c.CreatedAt), database.Millis(c.CreatedAt))
	if err != nil {
		return 0, fmt.Errorf("add connection: %w", err)
	}
	return result.LastInsertId()
}

// update writes what an administrator changed, unless somebody else changed the connection since this version was read.
func update(ctx context.Context, tx database.Tx, c Connection, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE connections SET name = ?, name_key = ?, open_to_contributors = ?, brand_id = ?, brand_name = ?,
		brand_website = ?, verified_at = ?, failure = ?, failed_at = ?, export_user_id = nullif(?, 0), export_user_at = ?,
		version = version + 1, updated_at = ? WHERE id = ? AND version = ? AND removed_at IS NULL`,
		c.Name, nameKey(c.Name), c.Grant.All(), c.BrandID, c.BrandName, c.BrandWebsite, database.Millis(c.VerifiedAt),
		c.Failure, database.NullMillis(c.FailedAt), c.ExportUserID, database.NullMillis(c.ExportUserAt), database.Millis(now), c.ID, c.Version)
	return changedOne(result, err, c.ID)
}

// storeGrant writes down whom of the contributors a grant names, and since when.
func storeGrant(ctx context.Context, tx database.Tx, id, by int64, grant access.Grant, now time.Time) error {
	people, err := json.Marshal(append([]int64{}, grant.People()...))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM connection_grants WHERE connection_id = ? AND user_id NOT IN (SELECT value FROM json_each(?))`, id, string(people))
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO connection_grants (connection_id, user_id, granted_by, granted_at)
			SELECT ?, value, nullif(?, 0), ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`, id, by, database.Millis(now), string(people))
	}
	if err != nil {
		return fmt.Errorf("grant connection %d: %w", id, err)
	}
	return nil
}

// forgetPerson takes a person out of all grants, and lists the connections whose grants named her.
func forgetPerson(ctx context.Context, tx database.Tx, userID int64) ([]int64, error) {
	ids, err := database.Column[int64](tx.QueryContext(ctx, `DELETE FROM connection_grants WHERE user_id = ? RETURNING connection_id`, userID))
	if err != nil {
		return nil, fmt.Errorf("end the grants of user %d: %w", userID, err)
	}
	slices.Sort(ids)
	return ids, nil
}

// changedOne is a Changed problem when the row was not as it was read.
func changedOne(result sql.Result, err error, id int64) error {
	if err != nil {
		return fmt.Errorf("change connection %d: %w", id, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return changed()
}

func changed() error { return problem.New(problem.Conflict, "problem.changed") }

func storeKey(ctx context.Context, tx database.Tx, id int64, key held) error {
	_, err := tx.ExecContext(ctx, `UPDATE connections SET sealed_key = ?, key_store = ?, key_name = ?, key_version = key_version + 1 WHERE id = ?`,
		key.sealed, key.from.Store, key.from.Name, id)
	if err != nil {
		return fmt.Errorf("store key of connection %d: %w", id, err)
	}
	return nil
}

// mark writes down whether the key works, of the key that was tried and no later one, and no person's version with it.
func mark(ctx context.Context, tx database.Tx, c Connection, failure Failure, now time.Time) (bool, error) {
	var at time.Time
	if failure != "" {
		at = now
	}
	result, err := tx.ExecContext(ctx, `UPDATE connections SET failure = ?, failed_at = ? WHERE id = ? AND key_version = ? AND failure <> ? AND removed_at IS NULL`,
		failure, database.NullMillis(at), c.ID, c.KeyVersion, failure)
	if err != nil {
		return false, fmt.Errorf("mark connection %d: %w", c.ID, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// verified writes down that the key was proved just now.
func verified(ctx context.Context, tx database.Tx, c Connection, brand destination.Brand, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE connections SET brand_name = ?, brand_website = ?, verified_at = ?, failure = '', failed_at = NULL
		WHERE id = ? AND key_version = ? AND removed_at IS NULL`, brand.Name, brand.Website, database.Millis(now), c.ID, c.KeyVersion)
	if err != nil {
		return fmt.Errorf("note proof of connection %d: %w", c.ID, err)
	}
	return nil
}

func endConsent(ctx context.Context, tx database.Tx, id, userID int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE connection_consents SET ended_at = ?, ended_by = ? WHERE connection_id = ? AND ended_at IS NULL`,
		database.Millis(now), userID, id)
	if err != nil {
		return fmt.Errorf("end consent of connection %d: %w", id, err)
	}
	return nil
}

func addConsent(ctx context.Context, tx database.Tx, id int64, brandID string, consent Consent) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO connection_consents (connection_id, terms_version, brand_id, user_id, user_name, agreed_at)
		VALUES (?, ?, ?, ?, ?, ?)`, id, consent.TermsVersion, brandID, consent.UserID, consent.UserName, database.Millis(consent.At))
	if err != nil {
		return fmt.Errorf("note consent to connection %d: %w", id, err)
	}
	return nil
}

// remove erases the key and keeps the rest.
func remove(ctx context.Context, tx database.Tx, c Connection, userID int64, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE connections SET sealed_key = NULL, removed_at = ?, removed_by = ?, version = version + 1
		WHERE id = ? AND version = ? AND removed_at IS NULL`, database.Millis(now), userID, c.ID, c.Version)
	return changedOne(result, err, c.ID)
}

// keyChange reads the key that waits to replace the connection's, the zero KeyChange when none does.
func keyChange(ctx context.Context, q database.Querier, connectionID int64) (k KeyChange, key held, err error) {
	var at int64
	err = q.QueryRowContext(ctx, `SELECT id, sealed_key, key_store, key_name, brand_id, brand_name, brand_website, created_at FROM connection_key_changes
		WHERE connection_id = ?`, connectionID).Scan(&k.ID, &key.sealed, &key.from.Store, &key.from.Name, &k.Brand.ID, &k.Brand.Name, &k.Brand.Website, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return KeyChange{}, held{}, nil
	}
	if err != nil {
		return KeyChange{}, held{}, fmt.Errorf("read key change of connection %d: %w", connectionID, err)
	}
	k.At, k.From = database.Time(at), key.from
	return k, key, nil
}

// addKeyChange replaces whatever waits; hold is called with the new row's id.
func addKeyChange(ctx context.Context, tx database.Tx, connectionID, userID int64, now time.Time, hold func(id int64) (held, error)) (int64, error) {
	if err := dropKeyChange(ctx, tx, connectionID); err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO connection_key_changes (connection_id, created_by, created_at) VALUES (?, ?, ?)`,
		connectionID, userID, database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("add key change of connection %d: %w", connectionID, err)
	}
	id, err := result.LastInsertId()
	if err != nil {
		return 0, err
	}
	key, err := hold(id)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE connection_key_changes SET sealed_key = ?, key_store = ?, key_name = ? WHERE id = ?`,
		key.sealed, key.from.Store, key.from.Name, id); err != nil {
		return 0, fmt.Errorf("add key change of connection %d: %w", connectionID, err)
	}
	return id, nil
}

func nameKeyChange(ctx context.Context, tx database.Tx, id int64, brand destination.Brand) error {
	_, err := tx.ExecContext(ctx, `UPDATE connection_key_changes SET brand_id = ?, brand_name = ?, brand_website = ? WHERE id = ?`,
		brand.ID, brand.Name, brand.Website, id)
	if err != nil {
		return fmt.Errorf("note brand of key change %d: %w", id, err)
	}
	return nil
}

func dropKeyChange(ctx context.Context, tx database.Tx, connectionID int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM connection_key_changes WHERE connection_id = ?`, connectionID); err != nil {
		return fmt.Errorf("drop key change of connection %d: %w", connectionID, err)
	}
	return nil
}

// dropOld erases what was begun and not ended by then: sealed keys do not lie about for ever.
func dropOld(ctx context.Context, tx database.Tx, before time.Time) (int64, error) {
	var dropped int64
	for _, statement := range []string{
		`DELETE FROM connection_drafts WHERE updated_at < ?`, `DELETE FROM connection_key_changes WHERE created_at < ?`,
	} {
		result, err := tx.ExecContext(ctx, statement, database.Millis(before))
		if err != nil {
			return 0, fmt.Errorf("drop old drafts: %w", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		dropped += n
	}
	return dropped, nil
}

// Sealed tells where API keys are sealed, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	return []reseal.Place{
		{Name: "connections", Table: "connections", Column: "sealed_key", Key: []string{"id"}, Binding: func(key []any) string { return keyBinding(key[0].(int64)) }},
		{Name: "drafts", Table: "connection_drafts", Column: "sealed_key", Key: []string{"id"}, Binding: func(key []any) string { return draftBinding(key[0].(int64)) }},
		{Name: "key_changes", Table: "connection_key_changes", Column: "sealed_key", Key: []string{"id"}, Binding: func(key []any) string { return keyChangeBinding(key[0].(int64)) }},
	}
}
