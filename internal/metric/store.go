package metric

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// atOnce is how many rows are read at once.
const atOnce = 2000

// table reads rows of a table: the columns of kind (” where there are none), state and values.
type table struct {
	from        database.Querier
	name        string
	kind, state string
	values      string // with a comma before each
	width       int
}

func (t table) after(ctx context.Context, id int64) ([]row, error) {
	return t.read(ctx, fmt.Sprintf("id > ? ORDER BY id LIMIT %d", atOnce), id)
}

func (t table) these(ctx context.Context, ids []int64) ([]row, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return t.read(ctx, "id IN (SELECT value FROM json_each(?))", string(list))
}

func (t table) read(ctx context.Context, condition string, arg any) (all []row, err error) {
	rows, err := t.from.QueryContext(ctx, fmt.Sprintf("SELECT id, %s, %s%s FROM %s WHERE %s", t.kind, t.state, t.values, t.name, condition), arg)
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", t.name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r := row{values: make([]float64, t.width)}
		into := []any{&r.id, &r.kind, &r.state}
		for i := range r.values {
			into = append(into, &r.values[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("count %s: %w", t.name, err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// stuckRuns counts the runs that are marked as making no progress.
func stuckRuns(ctx context.Context, q database.Querier) (n float64, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM runs WHERE state IN ('queued', 'running', 'paused') AND stuck_at IS NOT NULL`).Scan(&n)
	return n, err
}

// openAlerts counts the alerts that are open, by their kind.
func openAlerts(ctx context.Context, q database.Querier) (count map[string]float64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, count(*) FROM alerts WHERE closed_at IS NULL GROUP BY kind`)
	if err != nil {
		return nil, fmt.Errorf("count alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	count = map[string]float64{}
	for rows.Next() {
		var kind string
		var n float64
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, fmt.Errorf("count alerts: %w", err)
		}
		count[kind] = n
	}
	return count, rows.Err()
}

// waitingNow is what a queue holds in one state.
type waitingNow struct {
	queue, state string
	jobs         float64
	oldest       time.Time // since when the first of them could be worked on
}

// queues counts the jobs that have not ended. River keeps an index on what is asked.
func queues(ctx context.Context, q database.Querier) (all []waitingNow, err error) {
	rows, err := q.QueryContext(ctx, `SELECT queue, state, count(*), CAST(1000 * unixepoch(min(scheduled_at), 'subsec') AS INTEGER) FROM river_job
		WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') GROUP BY state, queue`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var w waitingNow
		var since int64
		if err := rows.Scan(&w.queue, &w.state, &w.jobs, &since); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		w.oldest = database.Time(since)
		all = append(all, w)
	}
	return all, rows.Err()
}

// queueNames lists the queues that are worked on: River writes them down when it starts.
func queueNames(ctx context.Context, q database.Querier) (names []string, err error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM river_queue ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list queues: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// brand is the one that a connection leads to.
type brand struct{ connection, id string }

// brands lists the brands of the connections that there are.
func brands(ctx context.Context, q database.Querier) (all []brand, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, brand_id FROM connections WHERE removed_at IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list brands: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b brand
		if err := rows.Scan(&b.connection, &b.id); err != nil {
			return nil, fmt.Errorf("list brands: %w", err)
		}
		all = append(all, b)
	}
	return all, rows.Err()
}
