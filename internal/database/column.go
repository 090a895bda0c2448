package database

import (
	"context"
	"database/sql"
	"encoding/json"
)

// Column reads a query of one column.
func Column[T any](rows *sql.Rows, err error) (values []T, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}

// Among gives those of the ids that are in what the query selects: one column, named id. It asks once, however many they are.
func Among(ctx context.Context, q Querier, query string, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return Column[int64](q.QueryContext(ctx, `SELECT id FROM (`+query+`) WHERE id IN (SELECT value FROM json_each(?))`, string(list)))
}
