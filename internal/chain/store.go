package chain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// record is a chain with its tasks, and what only those who carry it out must know.
type record struct {
	Chain
	alone       bool
	skips       bool
	cancelAsked bool
	tasks       []Task // in their order
}

func read(ctx context.Context, q database.Querier, id int64) (r record, err error) {
	if r.Chain, err = getChain(ctx, q, id); err != nil {
		return r, err
	}
	err = q.QueryRowContext(ctx, `SELECT alone, skips, cancel_asked_at IS NOT NULL FROM chains WHERE id = ?`, id).Scan(&r.alone, &r.skips, &r.cancelAsked)
	if err != nil {
		return r, fmt.Errorf("read chain %d: %w", id, err)
	}
	r.tasks, err = tasksOf(ctx, q, id)
	return r, err
}

func tasksOf(ctx context.Context, q database.Querier, id int64) (tasks []Task, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, chain_id, kind, target_id, name, state, queued_at, started_at, ended_at, waited_for, profiles, rejected, reason_code,
		reason_detail, coalesce(because_of, 0), coalesce(import_id, 0), coalesce(run_id, 0) FROM chain_tasks WHERE chain_id = ? ORDER BY id`, id)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of chain %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t Task
		var queued int64
		var started, ended sql.NullInt64
		err := rows.Scan(&t.ID, &t.ChainID, &t.Kind, &t.TargetID, &t.Name, &t.State, &queued, &started, &ended, &t.WaitedFor, &t.Count, &t.Rejected, &t.ReasonCode,
			&t.ReasonDetail, &t.BecauseOf, &t.ImportID, &t.RunID)
		if err != nil {
			return nil, fmt.Errorf("read the tasks of chain %d: %w", id, err)
		}
		t.QueuedAt, t.StartedAt, t.EndedAt = database.Time(queued), database.NullTime(started), database.NullTime(ended)
		tasks = append(tasks, t)
	}
	return tasks, rows.Err()
}

// aloneUnderWay reports whether a chain waits or is under way that no other of its kind may be beside.
func aloneUnderWay(ctx context.Context, q database.Querier) (found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM chains WHERE alone = 1 AND state IN ('queued', 'running'))`).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("look for a chain under way: %w", err)
	}
	return found, nil
}

func unfinished(ctx context.Context, q database.Querier) ([]int64, error) {
	ids, err := database.Column[int64](q.QueryContext(ctx, `SELECT id FROM chains WHERE state IN ('queued', 'running') ORDER BY id`))
	if err != nil {
		return nil, fmt.Errorf("list unfinished chains: %w", err)
	}
	return ids, nil
}

func insertChain(ctx context.Context, tx database.Tx, c newChain, now time.Time) (int64, error) {
	name := c.by.Name
	if c.by.UserID == 0 {
		name = ""
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO chains (cause, requested_by, requested_by_name, of_chain, alone, skips, due_at, queued_at, state)
		VALUES (?, nullif(?, 0), ?, nullif(?, 0), ?, ?, ?, ?, 'queued')`, c.cause, c.by.UserID, name, c.ofChain, c.alone, c.skips, database.Millis(c.dueAt), database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("make a chain: %w", err)
	}
	id, err := result.LastInsertId()
	if err != nil {
		return 0, err
	}
	for _, t := range c.tasks {
		_, err := tx.ExecContext(ctx, `INSERT INTO chain_tasks (chain_id, kind, target_id, name, state, queued_at) VALUES (?, ?, ?, ?, 'queued', ?)`,
			id, t.Kind, t.TargetID, t.Name, database.Millis(now))
		if err != nil {
			return 0, fmt.Errorf("make a task of chain %d: %w", id, err)
		}
	}
	return id, nil
}

// insertSkipped notes a chain that did not take place.
func insertSkipped(ctx context.Context, tx database.Tx, c newChain, code string, now time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO chains (cause, alone, due_at, queued_at, ended_at, state, reason_code) VALUES (?, ?, ?, ?, ?, 'skipped', ?)`,
		c.cause, c.alone, database.Millis(c.dueAt), database.Millis(now), database.Millis(now), code)
	if err != nil {
		return 0, fmt.Errorf("note a chain that is skipped: %w", err)
	}
	return result.LastInsertId()
}

func startChain(ctx context.Context, tx database.Tx, id int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE chains SET state = 'running', started_at = coalesce(started_at, ?), tries = tries + 1
		WHERE id = ? AND state IN ('queued', 'running')`, database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("start chain %d: %w", id, err)
	}
	return nil
}

func endChain(ctx context.Context, tx database.Tx, id int64, state State, code string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE chains SET state = ?, reason_code = ?, ended_at = ? WHERE id = ? AND state IN ('queued', 'running')`,
		state, code, database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("end chain %d: %w", id, err)
	}
	return nil
}

// askCancel cancels the tasks that wait. A chain that has not begun is over with that.
func askCancel(ctx context.Context, tx database.Tx, r record, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE chains SET cancel_asked_at = ?, cancel_asked_by = ? WHERE id = ?`, database.Millis(now), by, r.ID)
	if err != nil {
		return fmt.Errorf("cancel chain %d: %w", r.ID, err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE chain_tasks SET state = 'cancelled', ended_at = ? WHERE chain_id = ? AND state = 'queued'`, database.Millis(now), r.ID)
	if err != nil {
		return fmt.Errorf("cancel chain %d: %w", r.ID, err)
	}
	if r.State == Queued {
		return endChain(ctx, tx, r.ID, Cancelled, "", now)
	}
	return nil
}

// startTask reports whether the task waited still: somebody may have cancelled it.
func startTask(ctx context.Context, tx database.Tx, t Task) (bool, error) {
	result, err := tx.ExecContext(ctx, `UPDATE chain_tasks SET state = 'running', started_at = ?, run_id = nullif(?, 0) WHERE id = ? AND state = 'queued'`,
		database.Millis(t.StartedAt), t.RunID, t.ID)
	if err != nil {
		return false, fmt.Errorf("start task %d: %w", t.ID, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// keepTask writes how a task goes, or how it ended.
func keepTask(ctx context.Context, tx database.Tx, t Task) error {
	_, err := tx.ExecContext(ctx, `UPDATE chain_tasks SET state = ?, ended_at = ?, waited_for = ?, profiles = ?, rejected = ?, reason_code = ?, reason_detail = ?,
		because_of = nullif(?, 0), import_id = nullif(?, 0) WHERE id = ? AND state IN ('queued', 'running')`, t.State, database.NullMillis(t.EndedAt), t.WaitedFor, t.Count,
		t.Rejected, t.ReasonCode, t.ReasonDetail, t.BecauseOf, t.ImportID, t.ID)
	if err != nil {
		return fmt.Errorf("write task %d: %w", t.ID, err)
	}
	return nil
}
