package reseal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/segue-app/segue/internal/database"
)

// atOnce is how many values are read, and sealed again in one transaction.
const atOnce = 200

// row is a sealed value and what tells its row apart.
type row struct {
	key    []any
	sealed []byte
}

// page reads some rows behind a key, in the order of keys; the first ones when after is nil.
func (p Place) page(ctx context.Context, q database.Querier, after []any) (found []row, err error) {
	keys := strings.Join(p.Key, ", ")
	query := fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %s IS NOT NULL`, keys, p.Column, p.Table, p.Column)
	if after != nil {
		query += fmt.Sprintf(` AND (%s) > (%s)`, keys, strings.TrimSuffix(strings.Repeat("?, ", len(p.Key)), ", "))
	}
	rows, err := q.QueryContext(ctx, fmt.Sprintf(`%s ORDER BY %s LIMIT %d`, query, keys, atOnce), after...)
	if err != nil {
		return nil, fmt.Errorf("read sealed values of %s: %w", p.Table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r := row{key: make([]any, len(p.Key))}
		into := make([]any, 0, len(p.Key)+1)
		for i := range r.key {
			into = append(into, &r.key[i])
		}
		if err := rows.Scan(append(into, &r.sealed)...); err != nil {
			return nil, fmt.Errorf("read sealed values of %s: %w", p.Table, err)
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// put replaces a sealed value, unless it has changed since it was read.
func (p Place) put(ctx context.Context, tx database.Tx, r row, sealed []byte) error {
	condition := make([]string, len(p.Key))
	for i, key := range p.Key {
		condition[i] = key + " = ?"
	}
	query := fmt.Sprintf(`UPDATE %s SET %s = ? WHERE %s = ? AND %s`, p.Table, p.Column, p.Column, strings.Join(condition, " AND "))
	if _, err := tx.ExecContext(ctx, query, append([]any{sealed, r.sealed}, r.key...)...); err != nil {
		return fmt.Errorf("seal values of %s again: %w", p.Table, err)
	}
	return nil
}
