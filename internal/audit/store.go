package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/reseal"
)

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// end is where the log stands.
type end struct {
	Head
	seals int64 // that there are
}

// add appends a record behind the last one. There is one writer, so that nobody comes between.
func add(ctx context.Context, tx database.Tx, r Record) error {
	last, err := readEnd(ctx, tx)
	if err != nil {
		return err
	}
	r.ID, r.seals, r.changes = last.ID+1, last.seals, "[]"
	if len(r.Changes) > 0 {
		changes, err := json.Marshal(r.Changes)
		if err != nil {
			return fmt.Errorf("write to the audit log: %w", err)
		}
		r.changes = string(changes)
	}
	hash := chained(last.Hash, r)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO audit_entries (id, at, action, subject_kind, subject_id, subject_name, changes, user_id, user_name, role, via, address, seals, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, database.Millis(r.At), r.Action, r.Subject.Kind, r.Subject.ID, r.Subject.Name, r.changes, r.UserID, r.UserName, r.Role, r.Via, r.Address, r.seals, hash[:])
	if err != nil {
		return fmt.Errorf("write to the audit log: %w", err)
	}
	return nil
}

// readEnd reads where the log stands; zeros when there is no entry.
func readEnd(ctx context.Context, q database.Querier) (e end, err error) {
	var hash []byte
	err = q.QueryRowContext(ctx, `SELECT id, hash, (SELECT coalesce(max(id), 0) FROM audit_seals) FROM audit_entries ORDER BY id DESC LIMIT 1`).
		Scan(&e.ID, &hash, &e.seals)
	if err = unlessNone(err, "read the audit log"); err != nil {
		return e, err
	}
	copy(e.Hash[:], hash)
	return e, nil
}

func unlessNone(err error, doing string) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

const recordColumns = `id, at, action, subject_kind, subject_id, subject_name, changes, user_id, user_name, role, via, address, seals, hash`

func scanRecord(row interface{ Scan(...any) error }) (r Record, err error) {
	var at int64
	var hash []byte
	err = row.Scan(&r.ID, &at, &r.Action, &r.Subject.Kind, &r.Subject.ID, &r.Subject.Name, &r.changes, &r.UserID, &r.UserName, &r.Role, &r.Via, &r.Address, &r.seals, &hash)
	r.At = database.Time(at)
	copy(r.hash[:], hash)
	return r, err
}

// following reads some entries behind one.
func following(ctx context.Context, q database.Querier, after int64, most int) (records []Record, err error) {
	return readRecords(ctx, q, `SELECT `+recordColumns+` FROM audit_entries WHERE id > ? ORDER BY id LIMIT ?`, after, most)
}

func readRecords(ctx context.Context, q database.Querier, query string, args ...any) (records []Record, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// keptKey is the key as it is kept.
type keptKey struct {
	firstSeal int64
	sealed    []byte // nil: there is none
}

func readKey(ctx context.Context, q database.Querier) (k keptKey, err error) {
	err = q.QueryRowContext(ctx, `SELECT first_seal, sealed FROM audit_key WHERE id = 1`).Scan(&k.firstSeal, &k.sealed)
	return k, unlessNone(err, "read the key of the audit log")
}

func putKey(ctx context.Context, tx database.Tx, k keptKey) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO audit_key (id, first_seal, sealed) VALUES (1, ?, ?)`, k.firstSeal, k.sealed)
	if err != nil {
		return fmt.Errorf("keep the key of the audit log: %w", err)
	}
	return nil
}

// Sealed tells where the key is sealed, for the exchange of the sealing key. The seals stay as they are.
func Sealed() []reseal.Place {
	return []reseal.Place{{Name: "audit", Table: "audit_key", Column: "sealed", Key: []string{"id", "first_seal"}, Binding: func(key []any) string {
		first, _ := key[1].(int64)
		return keyBinding(first)
	}}}
}

// sealsAfter reads some seals behind one.
func sealsAfter(ctx context.Context, q database.Querier, after int64, most int) (seals []seal, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, entry_id, at, mac FROM audit_seals WHERE id > ? ORDER BY id LIMIT ?`, after, most)
	if err != nil {
		return nil, fmt.Errorf("read the seals of the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		s, err := scanSeal(rows)
		if err != nil {
			return nil, err
		}
		seals = append(seals, s)
	}
	return seals, rows.Err()
}

func lastSeal(ctx context.Context, q database.Querier) (seal, error) {
	s, err := scanSeal(q.QueryRowContext(ctx, `SELECT id, entry_id, at, mac FROM audit_seals ORDER BY id DESC LIMIT 1`))
	return s, unlessNone(err, "read the last seal of the audit log")
}

func scanSeal(row interface{ Scan(...any) error }) (s seal, err error) {
	var at int64
	var mac []byte
	if err = row.Scan(&s.id, &s.entryID, &at, &mac); err != nil {
		return seal{}, err
	}
	s.at = database.Time(at)
	copy(s.mac[:], mac)
	return s, nil
}

func putSeal(ctx context.Context, tx database.Tx, s seal) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO audit_seals (id, entry_id, at, mac) VALUES (?, ?, ?, ?)`, s.id, s.entryID, database.Millis(s.at), s.mac[:])
	if err != nil {
		return fmt.Errorf("seal the audit log: %w", err)
	}
	return nil
}

// guards are the triggers by which the database refuses to change the log.
const guards = 6

func countGuards(ctx context.Context, q database.Querier) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_entries', 'audit_seals') AND sql LIKE '%RAISE(ABORT%'`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look for the guards of the audit log: %w", err)
	}
	return n, nil
}

// since counts what somebody did to a subject from a moment on. The moment is not long ago, so the index by time leads to the fewest:
// a person may be in the log a million times.
func since(ctx context.Context, q database.Querier, userID int64, via Means, what Action, at Subject, from time.Time) (n int, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT count(*) FROM audit_entries INDEXED BY audit_entries_by_time WHERE at >= ? AND user_id = ? AND action = ? AND via = ? AND subject_kind = ? AND subject_id = ?`,
		database.Millis(from), userID, what, via, at.Kind, at.ID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read the audit log: %w", err)
	}
	return n, nil
}
