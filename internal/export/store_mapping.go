package export

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

func mapping(ctx context.Context, q database.Querier, id int64) (found Mapping, err error) {
	rows, err := q.QueryContext(ctx, `SELECT field, attribute, change, clear, meant, meant_as, reason, meant_by, meant_at,
		with_attribute, with_meant, with_meant_as, with_reason, with_meant_by, with_meant_at FROM export_mappings WHERE export_id = ? ORDER BY position`, id)
	if err != nil {
		return nil, fmt.Errorf("read mapping of export %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Pair
		var change string
		var at, withAt sql.NullInt64
		if err := rows.Scan(&p.Field, &p.Attribute, &change, &p.Clear, &p.Meant, &p.Tick.As, &p.Reason, &p.Tick.By, &at,
			&p.With.Attribute, &p.With.Meant, &p.With.Tick.As, &p.With.Reason, &p.With.Tick.By, &withAt); err != nil {
			return nil, err
		}
		if change != "" {
			if err := json.Unmarshal([]byte(change), &p.Change); err != nil {
				return nil, fmt.Errorf("read change of field %s of export %d: %w", p.Field, id, err)
			}
		}
		p.Tick.At, p.With.Tick.At = database.NullTime(at), database.NullTime(withAt)
		found = append(found, p)
	}
	return found, rows.Err()
}

func saveMapping(ctx context.Context, tx database.Tx, id int64, mapping Mapping) error {
	for i, p := range mapping {
		change := ""
		if !p.Change.None() {
			written, err := json.Marshal(p.Change)
			if err != nil {
				return err
			}
			change = string(written)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO export_mappings (export_id, field, attribute, change, clear, meant, meant_as, reason, meant_by, meant_at,
			with_attribute, with_meant, with_meant_as, with_reason, with_meant_by, with_meant_at, position)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, p.Field, p.Attribute, change, p.Clear, p.Meant, p.Tick.As, p.Reason, p.Tick.By, database.NullMillis(p.Tick.At),
			p.With.Attribute, p.With.Meant, p.With.Tick.As, p.With.Reason, p.With.Tick.By, database.NullMillis(p.With.Tick.At), i); err != nil {
			return fmt.Errorf("save mapping of export %d: %w", id, err)
		}
	}
	return nil
}
