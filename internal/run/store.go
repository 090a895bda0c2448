package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/trace"
)

const runColumns = `r.id, r.export_id, e.name, e.destination_type, r.cause, r.requested_by_name, r.acting_for, coalesce(r.of_run, 0), r.complete, r.withdraw_any, r.leave_tags, r.state, r.plan, r.planned,
	r.profiles, r.accepted, r.created, r.updated, r.unchanged, r.invalid, r.refused, r.known, r.duplicates, r.excluded, r.erased, r.withdrawn, r.held, r.requests, r.batches_sent, r.batches_settled, r.error_code, r.error_detail,
	r.cancel_asked_at, r.cancel_asked_by, r.pause_code, r.pause_detail, r.paused_at, r.paused_by, r.approved_at, r.approved_by, r.queued_at, r.started_at, r.ended_at, r.progress_at, r.stuck_at, r.waits_for`

func scanRun(row interface{ Scan(...any) error }) (Run, error) {
	var r Run
	var plan sql.NullString
	var cancel, paused, approved, started, ended, progress, stuck sql.NullInt64
	var queued int64
	err := row.Scan(&r.ID, &r.ExportID, &r.ExportName, &r.DestinationType, &r.Cause, &r.RequestedBy, &r.ActingFor, &r.OfRun, &r.Complete, &r.WithdrawAny, &r.LeaveTags, &r.State, &plan, &r.Planned,
		&r.Counts.Profiles, &r.Counts.Accepted, &r.Counts.Created, &r.Counts.Updated, &r.Counts.Unchanged, &r.Counts.Invalid, &r.Counts.Refused, &r.Counts.Known, &r.Counts.Duplicates, &r.Counts.Excluded, &r.Counts.Erased,
		&r.Counts.Withdrawn, &r.Counts.Held, &r.Requests, &r.BatchesSent, &r.BatchesSettled, &r.ErrorCode, &r.ErrorDetail, &cancel, &r.CancelAskedBy,
		&r.PauseCode, &r.PauseDetail, &paused, &r.PausedBy, &approved, &r.ApprovedBy, &queued, &started, &ended, &progress, &stuck, &r.StuckFor)
	if err != nil {
		return Run{}, err
	}
	if plan.Valid {
		r.Plan = &Plan{}
		if err := json.Unmarshal([]byte(plan.String), r.Plan); err != nil {
			return Run{}, fmt.Errorf("plan of run %d: %w", r.ID, err)
		}
	}
	r.CancelAskedAt, r.QueuedAt = database.NullTime(cancel), database.Time(queued)
	r.PausedAt, r.ApprovedAt = database.NullTime(paused), database.NullTime(approved)
	r.StartedAt, r.EndedAt, r.ProgressAt = database.NullTime(started), database.NullTime(ended), database.NullTime(progress)
	r.StuckAt = database.NullTime(stuck)
	return r, nil
}

func getRun(ctx context.Context, q database.Querier, id int64) (Run, error) {
	r, err := scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM runs r JOIN exports e ON e.id = r.export_id WHERE r.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, problem.New(problem.NotFound, "problem.run.not_found")
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run %d: %w", id, err)
	}
	return r, nil
}

// Query narrows a list of runs. The zero value means all.
type Query struct {
	ExportID int64
	States   []State
	Before   int64 // only those with a lower id: the next part of a list that nothing is missed in
}

func pageOfRuns(ctx context.Context, q database.Querier, query Query, limit int) (found []Run, err error) {
	text, args := `SELECT `+runColumns+` FROM runs r JOIN exports e ON e.id = r.export_id WHERE true`, []any{}
	if query.ExportID != 0 {
		text, args = text+` AND r.export_id = ?`, append(args, query.ExportID)
	}
	if query.Before != 0 {
		text, args = text+` AND r.id < ?`, append(args, query.Before)
	}
	if len(query.States) > 0 {
		text += ` AND r.state IN (?` + strings.Repeat(`, ?`, len(query.States)-1) + `)`
		for _, state := range query.States {
			args = append(args, state)
		}
	}
	return scanRuns(q.QueryContext(ctx, text+` ORDER BY r.id DESC LIMIT ?`, append(args, limit)...))
}

// listRuns lists the newest first; exportID 0 means of all exports, activeOnly those that have not ended.
func listRuns(ctx context.Context, q database.Querier, exportID int64, activeOnly bool, limit, offset int) (found []Run, err error) {
	query, args := listQuery(exportID, activeOnly)
	return scanRuns(q.QueryContext(ctx, query, append(args, limit, offset)...))
}

// failedLast lists the runs that failed and were the last of their export, the newest first. Single profiles that were tried do
// not count.
func failedLast(ctx context.Context, q database.Querier) (found []Run, err error) {
	return scanRuns(q.QueryContext(ctx, `SELECT `+runColumns+` FROM exports e JOIN runs r ON r.id = (SELECT max(id) FROM runs WHERE export_id = e.id AND cause <> 'try')
		WHERE e.removed_at IS NULL AND r.state = 'failed' ORDER BY r.id DESC LIMIT 100`))
}

// endedLast lists the runs that ended last, the latest first.
func endedLast(ctx context.Context, q database.Querier, limit int) (found []Run, err error) {
	return scanRuns(q.QueryContext(ctx, `SELECT `+runColumns+` FROM runs r INDEXED BY runs_by_moment JOIN exports e ON e.id = r.export_id
		WHERE r.ended_at IS NOT NULL AND r.cause <> 'try' ORDER BY r.ended_at DESC, r.id DESC LIMIT ?`, limit))
}

// scanRuns reads what a query for runs gave.
func scanRuns(rows *sql.Rows, failure error) (found []Run, err error) {
	if failure != nil {
		return nil, fmt.Errorf("list runs: %w", failure)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// listQuery needs a limit and an offset behind its arguments.
func listQuery(exportID int64, activeOnly bool) (query string, args []any) {
	query = `SELECT ` + runColumns + ` FROM runs r JOIN exports e ON e.id = r.export_id WHERE true`
	if exportID != 0 {
		query, args = query+` AND r.export_id = ?`, append(args, exportID)
	}
	if activeOnly { // by the index of these few: SQLite would read all of the history in the order of ids
		query += ` AND r.id IN (SELECT id FROM runs INDEXED BY runs_one_at_a_time WHERE state IN ('queued', 'running', 'paused'))`
	}
	return query + ` ORDER BY r.id DESC LIMIT ? OFFSET ?`, args
}

func insertRun(ctx context.Context, tx database.Tx, r Run, requestedBy int64, now time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO runs (export_id, cause, requested_by, requested_by_name, of_run, complete, withdraw_any, state, queued_at)
		VALUES (?, ?, nullif(?, 0), ?, nullif(?, 0), ?, ?, 'queued', ?)`, r.ExportID, r.Cause, requestedBy, r.RequestedBy, r.OfRun, r.Complete, r.WithdrawAny, database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("queue run: %w", err)
	}
	id, err := result.LastInsertId()
	if err != nil {
		return 0, err
	}
	return id, addEvent(ctx, tx, id, now, "queued", r.RequestedBy)
}

// activeRun finds the run of an export that has not ended.
func activeRun(ctx context.Context, q database.Querier, exportID int64) (id int64, ok bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT id FROM runs WHERE export_id = ? AND state IN ('queued', 'running', 'paused')`, exportID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look for an active run of export %d: %w", exportID, err)
	}
	return id, true, nil
}

func addEvent(ctx context.Context, tx database.Tx, runID int64, at time.Time, code, detail string) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO run_events (run_id, at, code, detail) VALUES (?, ?, ?, ?)`, runID, database.Millis(at), code, detail); err != nil {
		return fmt.Errorf("write the timeline of run %d: %w", runID, err)
	}
	trace.Of(ctx).Event("run." + code)
	return nil
}

func listEvents(ctx context.Context, q database.Querier, runID int64) (found []Event, err error) {
	rows, err := q.QueryContext(ctx, `SELECT at, code, detail FROM run_events WHERE run_id = ? ORDER BY id`, runID)
	if err != nil {
		return nil, fmt.Errorf("read the timeline of run %d: %w", runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&at, &e.Code, &e.Detail); err != nil {
			return nil, err
		}
		e.At = database.Time(at)
		found = append(found, e)
	}
	return found, rows.Err()
}

// begin freezes the plan.
func begin(ctx context.Context, tx database.Tx, runID int64, plan *Plan, actingFor string, profiles int, now time.Time) error {
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	if err := takeOverWithdrawals(ctx, tx, runID); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'running', plan = ?, brand_id = ?, acting_for = ?, profiles = ?, started_at = ?, progress_at = ?
		WHERE id = ? AND state = 'queued'`, string(text), plan.BrandID, actingFor, profiles, database.Millis(now), database.Millis(now), runID)
	if err != nil {
		return fmt.Errorf("begin run %d: %w", runID, err)
	}
	if begun, err := result.RowsAffected(); err != nil {
		return err
	} else if begun == 0 {
		return errEnded
	}
	return addEvent(ctx, tx, runID, now, "started", "")
}

func end(ctx context.Context, tx database.Tx, runID int64, state State, code, detail string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE runs SET state = ?, error_code = ?, error_detail = ?, ended_at = ?, progress_at = ?, stuck_at = NULL WHERE id = ?`,
		state, code, detail, database.Millis(now), database.Millis(now), runID)
	if err != nil {
		return fmt.Errorf("end run %d: %w", runID, err)
	}
	if err := doubtOpen(ctx, tx, runID); err != nil {
		return err
	}
	if err := keepLate(ctx, tx, `run_id = ? AND state = 'sent'`, runID); err != nil {
		return err
	}
	if err := endRetry(ctx, tx, runID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM withdrawals WHERE run_id = ? AND why <> ?`, runID, moved); err != nil {
		return fmt.Errorf("close the journal of run %d: %w", runID, err)
	}
	// An export that was removed meanwhile took its deliveries with it; those that the run wrote since go too.
	for _, table := range []string{"deliveries", "refusals"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE export_id =
			(SELECT e.id FROM runs r JOIN exports e ON e.id = r.export_id WHERE r.id = ? AND e.removed_at IS NOT NULL)`, runID); err != nil {
			return fmt.Errorf("close the journal of run %d: %w", runID, err)
		}
	}
	return addEvent(ctx, tx, runID, now, string(state), code)
}

// unfinished lists the runs that should be under way.
func unfinished(ctx context.Context, q database.Querier) ([]int64, error) {
	return runIDs(ctx, q, `SELECT id FROM runs WHERE state IN ('queued', 'running') ORDER BY id`)
}

func runIDs(ctx context.Context, q database.Querier, query string, args ...any) (ids []int64, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// listRejections pages through the profiles that were not accepted, all outcomes when outcome is "".
func listRejections(ctx context.Context, q database.Querier, runID int64, outcome Outcome, after int64, limit int) (found []Rejection, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, profile_id, outcome, field, code, message, other_id, since_run FROM rejections
		WHERE run_id = ? AND (? = '' OR outcome = ?) AND id > ? ORDER BY id LIMIT ?`, runID, outcome, outcome, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read rejections of run %d: %w", runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Rejection
		if err := rows.Scan(&r.ID, &r.ProfileID, &r.Outcome, &r.Field, &r.Code, &r.Message, &r.OtherID, &r.SinceRun); err != nil {
			return nil, err
		}
		r.RunID = runID
		found = append(found, r)
	}
	return found, rows.Err()
}

// Reason is how many profiles were not accepted for one reason.
type Reason struct {
	Outcome Outcome
	Field   string
	Code    string
	Count   int
}

func countReasons(ctx context.Context, q database.Querier, runID int64) (found []Reason, err error) {
	rows, err := q.QueryContext(ctx, `SELECT outcome, field, code, count(*) AS n FROM rejections WHERE run_id = ?
		GROUP BY outcome, field, code ORDER BY n DESC, outcome, field, code LIMIT 100`, runID)
	if err != nil {
		return nil, fmt.Errorf("count rejections of run %d: %w", runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Reason
		if err := rows.Scan(&r.Outcome, &r.Field, &r.Code, &r.Count); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// profileIDs reads the profiles that a query selects.
func profileIDs(ctx context.Context, q database.Querier, query string, args ...any) (ids []string, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
