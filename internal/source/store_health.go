package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

func (s store) healths(ctx context.Context, q database.Querier) (found []Health, err error) {
	rows, err := q.QueryContext(ctx, `SELECT s.id, s.name, coalesce(i.id, 0), coalesce(i.state, ''), coalesce(i.cause, ''), coalesce(i.code, ''), i.ended_at
		FROM sources s LEFT JOIN imports i ON i.id = (SELECT x.id FROM imports x WHERE x.source_id = s.id AND x.state IN ('done', 'failed', 'asking', 'waiting')
			AND (x.state = 'done' OR x.cause <> 'upload') ORDER BY x.id DESC LIMIT 1)
		WHERE s.removed_at IS NULL ORDER BY s.id`)
	if err != nil {
		return nil, fmt.Errorf("read how sources stand: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var one Health
		var ended sql.NullInt64
		if err := rows.Scan(&one.SourceID, &one.Name, &one.ImportID, &one.State, &one.Cause, &one.Code, &ended); err != nil {
			return nil, fmt.Errorf("read how sources stand: %w", err)
		}
		one.EndedAt = database.NullTime(ended)
		found = append(found, one)
	}
	return found, rows.Err()
}
