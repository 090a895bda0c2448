package chain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

func waiting(ctx context.Context, q database.Querier) (found []Chain, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, cause, due_at, queued_at FROM chains INDEXED BY chains_active
		WHERE state IN ('queued', 'running') AND state = 'queued' ORDER BY queued_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list the chains that wait: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		c := Chain{State: Queued}
		var due, queued int64
		if err := rows.Scan(&c.ID, &c.Cause, &due, &queued); err != nil {
			return nil, fmt.Errorf("list the chains that wait: %w", err)
		}
		c.DueAt, c.QueuedAt = database.Time(due), database.Time(queued)
		found = append(found, c)
	}
	return found, rows.Err()
}

func lastScheduled(ctx context.Context, q database.Querier) (c Chain, failed map[Kind]int, err error) {
	var due int64
	err = q.QueryRowContext(ctx, `SELECT id, cause, state, due_at, reason_code FROM chains
		WHERE cause = 'schedule' AND state NOT IN ('queued', 'running', 'cancelled') ORDER BY id DESC LIMIT 1`).Scan(&c.ID, &c.Cause, &c.State, &due, &c.ReasonCode)
	if errors.Is(err, sql.ErrNoRows) {
		return Chain{}, nil, nil
	}
	if err != nil {
		return c, nil, fmt.Errorf("read the last chain: %w", err)
	}
	c.DueAt = database.Time(due)
	rows, err := q.QueryContext(ctx, `SELECT kind, count(*) FROM chain_tasks WHERE chain_id = ? AND state = 'failed' GROUP BY kind`, c.ID)
	if err != nil {
		return c, nil, fmt.Errorf("count the tasks that failed: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	failed = map[Kind]int{}
	for rows.Next() {
		var kind Kind
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return c, nil, fmt.Errorf("count the tasks that failed: %w", err)
		}
		failed[kind] = n
	}
	return c, failed, rows.Err()
}

// readings finds the last task of each source by the index of targets.
func readings(ctx context.Context, q database.Querier) (found map[int64]Reading, err error) {
	rows, err := q.QueryContext(ctx, `SELECT t.target_id, t.chain_id, t.state, coalesce(t.import_id, 0), t.ended_at
		FROM sources s JOIN chain_tasks t ON t.id = (SELECT x.id FROM chain_tasks x WHERE x.kind = 'source' AND x.target_id = s.id
			AND x.state IN ('succeeded', 'warnings', 'failed') ORDER BY x.id DESC LIMIT 1) WHERE s.removed_at IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("read how sources were read: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[int64]Reading{}
	for rows.Next() {
		var id int64
		var r Reading
		var ended sql.NullInt64
		if err := rows.Scan(&id, &r.ChainID, &r.State, &r.ImportID, &ended); err != nil {
			return nil, fmt.Errorf("read how sources were read: %w", err)
		}
		r.EndedAt = database.NullTime(ended)
		found[id] = r
	}
	return found, rows.Err()
}
