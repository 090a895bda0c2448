package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/segue-app/segue/internal/database"
)

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// add appends a record behind the last one. There is one writer, so that nobody comes between.
func add(ctx context.Context, tx database.Tx, r Record) error {
	last, before, err := head(ctx, tx)
	if err != nil {
		return err
	}
	r.ID = last + 1
	changes := []byte("[]")
	if len(r.Changes) > 0 {
		if changes, err = json.Marshal(r.Changes); err != nil {
			return fmt.Errorf("write to the audit log: %w", err)
		}
	}
	hash := chained(before, r, string(changes))
	_, err = tx.ExecContext(ctx, `
		INSERT INTO audit_entries (id, at, action, subject_kind, subject_id, subject_name, changes, user_id, user_name, role, via, address, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, database.Millis(r.At), r.Action, r.Subject.Kind, r.Subject.ID, r.Subject.Name, string(changes), r.UserID, r.UserName, r.Role, r.Via, r.Address, hash[:])
	if err != nil {
		return fmt.Errorf("write to the audit log: %w", err)
	}
	return nil
}

// head is the number and the hash of the last entry; zeros when there is none.
func head(ctx context.Context, q database.Querier) (id int64, hash [32]byte, err error) {
	var kept []byte
	err = q.QueryRowContext(ctx, `SELECT id, hash FROM audit_entries ORDER BY id DESC LIMIT 1`).Scan(&id, &kept)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, hash, nil
	}
	if err != nil {
		return 0, hash, fmt.Errorf("read the audit log: %w", err)
	}
	copy(hash[:], kept)
	return id, hash, nil
}
