package profile

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// store holds the SQL of attributes here, of snapshots in store_snapshot.go and of searches in store_search.go.
type store struct{ db *database.DB }

// knownAttributes are those of all uploads so far, by key.
func knownAttributes(ctx context.Context, q database.Querier) (map[string]Attribute, error) {
	rows, err := q.QueryContext(ctx, `SELECT key, label, kind, mark, address, indexed OR address FROM attributes`)
	if err != nil {
		return nil, fmt.Errorf("list attributes: %w", err)
	}
	defer rows.Close()
	known := map[string]Attribute{}
	for rows.Next() {
		var a Attribute
		if err := rows.Scan(&a.Key, &a.Label, &a.Kind, &a.Mark, &a.Address, &a.Indexed); err != nil {
			return nil, fmt.Errorf("list attributes: %w", err)
		}
		known[a.Key] = a
	}
	return known, rows.Err()
}

func (s store) correct(ctx context.Context, tx database.Tx, corrections []Correction) error {
	for _, c := range corrections {
		result, err := tx.ExecContext(ctx, `UPDATE attributes SET label = ?, mark = ?, address = ? AND kind = 'text', indexed = ? AND kind <> 'list' WHERE key = ?`,
			c.Label, c.Mark, c.Address, c.Indexed, c.Key)
		if err := changedOne(result, err, problem.New(problem.NotFound, "problem.not_found")); err != nil {
			return err
		}
	}
	return nil
}

func changedOne(result sql.Result, err, otherwise error) error {
	if err != nil {
		return fmt.Errorf("change profiles: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return otherwise
	}
	return nil
}
