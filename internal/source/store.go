package source

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// store holds the SQL of imports.
type store struct{ db *database.DB }

const importColumns = `i.id, i.source_id, s.name, i.cause, i.state, i.file_name, i.settings, i.line_count, i.good_count, i.refused_count, i.reasons,
	i.byte_count, i.total_bytes, i.before_count, i.added_count, i.changed_count, i.removed_count, i.compared, i.undone_at, i.erased_count, i.code, i.detail, i.mark,
	coalesce(i.snapshot_id, 0), coalesce(i.created_by, 0), i.created_by_name, i.created_at, i.started_at, i.ended_at
	FROM imports i JOIN sources s ON s.id = i.source_id`

func scanImport(scan func(...any) error) (Import, error) {
	var i Import
	var settings, reasons []byte
	var created int64
	var started, ended, undone sql.NullInt64
	err := scan(&i.ID, &i.SourceID, &i.SourceName, &i.Cause, &i.State, &i.FileName, &settings, &i.Lines, &i.Good, &i.Refused, &reasons,
		&i.Bytes, &i.TotalBytes, &i.Before, &i.Added, &i.Changed, &i.Removed, &i.Compared, &undone, &i.Erased, &i.Code, &i.Detail, &i.Mark,
		&i.SnapshotID, &i.CreatedBy, &i.CreatedByName, &created, &started, &ended)
	if err != nil {
		return Import{}, err
	}
	i.UndoneAt = database.NullTime(undone)
	i.CreatedAt, i.StartedAt, i.EndedAt = database.Time(created), database.NullTime(started), database.NullTime(ended)
	return i, errors.Join(json.Unmarshal(settings, &i.Settings), json.Unmarshal(reasons, &i.Reasons))
}

func (s store) importByID(ctx context.Context, id int64) (Import, error) {
	i, err := scanImport(s.db.Reader().QueryRowContext(ctx, `SELECT `+importColumns+` WHERE i.id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Import{}, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return Import{}, fmt.Errorf("read import %d: %w", id, err)
	}
	return i, nil
}

// imports lists the newest of a source, or of all when it is 0.
func (s store) imports(ctx context.Context, sourceID int64, limit int) (list []Import, err error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT `+importColumns+` WHERE ? IN (0, i.source_id) ORDER BY i.id DESC LIMIT ?`, sourceID, limit)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		i, err := scanImport(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list imports: %w", err)
		}
		list = append(list, i)
	}
	return list, rows.Err()
}

func (s store) insertImport(ctx context.Context, tx database.Tx, i Import) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO imports (source_id, cause, state, file_name, mark, total_bytes, created_by, created_by_name, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, i.SourceID, i.Cause, i.State, i.FileName, i.Mark, i.TotalBytes, sql.NullInt64{Int64: i.CreatedBy, Valid: i.CreatedBy != 0},
		i.CreatedByName, database.Millis(i.CreatedAt))
	if err != nil {
		return 0, fmt.Errorf("note import: %w", err)
	}
	return result.LastInsertId()
}

func (s store) received(ctx context.Context, tx database.Tx, id, bytes int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE imports SET byte_count = ? WHERE id = ? AND state = 'receiving'`, bytes, id)
	return err
}

// saveSettings moves an import that is being received or waits on to the next state.
func (s store) saveSettings(ctx context.Context, tx database.Tx, i Import, next State) error {
	settings, err := json.Marshal(i.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE imports SET state = ?, settings = ?, total_bytes = ?, byte_count = 0
		WHERE id = ? AND state IN ('receiving', 'waiting')`, next, string(settings), i.TotalBytes, i.ID)
	return changedOne(result, err, errNotWaiting())
}

func changedOne(result sql.Result, err, otherwise error) error {
	if err != nil {
		return fmt.Errorf("change import: %w", err)
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

// underWay reports whether an import of the source waits for its turn or runs.
func (s store) underWay(ctx context.Context, tx database.Tx, sourceID int64) (busy bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM imports WHERE source_id = ? AND state IN ('queued', 'running'))`, sourceID).Scan(&busy)
	return busy, err
}

// overtaken reports whether a newer import of the same source has brought profiles, or is about to.
func (s store) overtaken(ctx context.Context, i Import) (newer bool, err error) {
	err = s.db.Reader().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM imports WHERE source_id = ? AND id > ?
		AND state IN ('queued', 'running', 'asking', 'done'))`, i.SourceID, i.ID).Scan(&newer)
	if err != nil {
		return false, fmt.Errorf("look for a newer import: %w", err)
	}
	return newer, nil
}

func (s store) endImport(ctx context.Context, tx database.Tx, id int64, state State, code, detail string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE imports SET state = ?, code = ?, detail = ?, ended_at = ?
		WHERE id = ? AND state NOT IN ('done', 'failed', 'cancelled')`, state, code, detail, database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("end import: %w", err)
	}
	return nil
}

// unused is the source of an import when none of its files was ever confirmed and none is on its way; 0 otherwise.
func (s store) unused(ctx context.Context, tx database.Tx, importID int64) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(s.id), 0) FROM imports i JOIN sources s ON s.id = i.source_id
		WHERE i.id = ? AND s.kind = 'upload' AND s.removed_at IS NULL AND json_extract(s.settings, '$.reading.columns[0]') IS NULL
		AND NOT EXISTS (SELECT 1 FROM imports o WHERE o.source_id = s.id AND o.state NOT IN ('done', 'failed', 'cancelled'))`, importID).Scan(&id)
	return id, err
}

// waitsAtMost is how long an upload that nobody confirms is kept: it is a file full of personal data.
const waitsAtMost = 7 * 24 * time.Hour

// endForgotten ends uploads that nobody confirmed in time, and returns which.
func (s store) endForgotten(ctx context.Context, tx database.Tx, now time.Time) ([]int64, error) {
	ids, err := database.Column[int64](tx.QueryContext(ctx, `UPDATE imports SET state = 'cancelled', ended_at = ? WHERE state = 'waiting' AND created_at < ?
		RETURNING id`, database.Millis(now), database.Millis(now.Add(-waitsAtMost))))
	if err != nil {
		return nil, fmt.Errorf("end forgotten uploads: %w", err)
	}
	return ids, nil
}

// halfway are imports whose file never arrived whole, and those that nobody waits for and that were not yet started.
const halfway = `(state = 'receiving' OR state = 'waiting' AND cause IN ('schedule', 'change')
	AND (SELECT json_extract(s.settings, '$.reading.columns[0]') FROM sources s WHERE s.id = imports.source_id) IS NOT NULL)`

// requeue ends imports that are halfway, so that the files of watched folders are read again, and returns those that must be
// started (again).
func (s store) requeue(ctx context.Context, tx database.Tx, now time.Time) (ids []int64, err error) {
	_, err = tx.ExecContext(ctx, `UPDATE sources SET mark = '' WHERE EXISTS (SELECT 1 FROM imports
		WHERE imports.source_id = sources.id AND imports.mark = sources.mark AND `+halfway+`)`)
	if err != nil {
		return nil, fmt.Errorf("forget files that were not read: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE imports SET state = 'failed', code = ?, ended_at = ? WHERE `+halfway, codeBrokenOff, database.Millis(now))
	if err != nil {
		return nil, fmt.Errorf("end broken uploads: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE imports SET state = 'queued' WHERE state = 'running'`); err != nil {
		return nil, fmt.Errorf("queue imports again: %w", err)
	}
	return database.Column[int64](tx.QueryContext(ctx, `SELECT id FROM imports WHERE state = 'queued' ORDER BY id`))
}

// Needed names the files in the folder of uploads that imports still need, as Recover would find them. An import that reads a
// database has none.
func Needed(ctx context.Context, q database.Querier) (names []string, err error) {
	ids, err := database.Column[int64](q.QueryContext(ctx, `SELECT id FROM imports WHERE state IN ('waiting', 'queued', 'running') ORDER BY id`))
	if err != nil {
		return nil, fmt.Errorf("look for imports: %w", err)
	}
	for _, id := range ids {
		names = append(names, fileName(id))
	}
	return names, nil
}

// progress writes down how far an import has come; errStopped when it is no longer running for this snapshot.
func (s store) progress(ctx context.Context, tx database.Tx, i Import) error {
	reasons, err := json.Marshal(i.Reasons)
	if err != nil {
		return fmt.Errorf("encode reasons: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE imports SET line_count = ?, good_count = ?, refused_count = ?, reasons = ?, byte_count = ?
		WHERE id = ? AND state = 'running' AND snapshot_id = ?`,
		i.Lines, i.Good, i.Refused, string(reasons), i.Bytes, i.ID, i.SnapshotID)
	return changedOne(result, err, errStopped)
}

func (s store) insertRefusals(ctx context.Context, tx database.Tx, importID int64, position int, refused []Refusal) error {
	for _, r := range refused {
		if position >= KeptRefusals {
			return nil
		}
		position++
		_, err := tx.ExecContext(ctx, `INSERT INTO import_refusals (import_id, position, line, column_name, code) VALUES (?, ?, ?, ?, ?)`,
			importID, position, r.Line, r.Column, r.Code)
		if err != nil {
			return fmt.Errorf("note a refused line: %w", err)
		}
	}
	return nil
}

func (s store) refusals(ctx context.Context, importID int64, after, limit int) (list []Refusal, err error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT line, column_name, code FROM import_refusals
		WHERE import_id = ? ORDER BY line, position LIMIT ? OFFSET ?`, importID, limit, after)
	if err != nil {
		return nil, fmt.Errorf("list refused lines: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Refusal
		if err := rows.Scan(&r.Line, &r.Column, &r.Code); err != nil {
			return nil, fmt.Errorf("list refused lines: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// begin sets an import running on a new snapshot, its counts back at nothing.
func (s store) begin(ctx context.Context, tx database.Tx, i *Import, snapshotID int64, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM import_refusals WHERE import_id = ?`, i.ID); err != nil {
		return fmt.Errorf("forget earlier refusals: %w", err)
	}
	i.SnapshotID, i.State, i.Lines, i.Good, i.Refused, i.Erased, i.Bytes, i.Reasons = snapshotID, Running, 0, 0, 0, 0, 0, nil
	result, err := tx.ExecContext(ctx, `UPDATE imports SET state = 'running', snapshot_id = ?, started_at = ?, line_count = 0, good_count = 0,
		refused_count = 0, erased_count = 0, reasons = '{}', byte_count = 0 WHERE id = ? AND state IN ('queued', 'running')`, snapshotID, database.Millis(now), i.ID)
	return changedOne(result, err, errStopped)
}

// settled ends the filling of an import's snapshot: it is in use, or a person is asked.
func (s store) settled(ctx context.Context, tx database.Tx, i *Import, state State, now time.Time) error {
	settings, err := json.Marshal(i.Settings) // the reading has told what it left out
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE imports SET state = ?, settings = ?, before_count = ?, added_count = ?, changed_count = ?, removed_count = ?,
		compared = ?, ended_at = ? WHERE id = ? AND state = 'running' AND snapshot_id = ?`,
		state, string(settings), i.Before, i.Added, i.Changed, i.Removed, i.Compared, database.Millis(now), i.ID, i.SnapshotID)
	i.State = state
	return changedOne(result, err, errStopped)
}

// answered ends an import that asked.
func (s store) answered(ctx context.Context, tx database.Tx, id int64, state State, code string, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE imports SET state = ?, code = ?, ended_at = ? WHERE id = ? AND state = 'asking'`,
		state, code, database.Millis(now), id)
	return changedOne(result, err, problem.New(problem.Conflict, "sources.not_asking"))
}

// asksAtMost is how long an import waits for the answer to its question.
const asksAtMost = 30 * 24 * time.Hour

func (s store) askingSince(ctx context.Context, at time.Time) ([]int64, error) {
	ids, err := database.Column[int64](s.db.Reader().QueryContext(ctx, `SELECT id FROM imports WHERE state = 'asking' AND created_at < ?`, database.Millis(at)))
	if err != nil {
		return nil, fmt.Errorf("look for old questions: %w", err)
	}
	return ids, nil
}

// endAsking ends the imports of a source that ask, except one, and returns which.
func (s store) endAsking(ctx context.Context, tx database.Tx, sourceID, except int64, now time.Time) ([]int64, error) {
	return database.Column[int64](tx.QueryContext(ctx, `UPDATE imports SET state = 'cancelled', code = 'sources.superseded', ended_at = ?
		WHERE source_id = ? AND id <> ? AND state = 'asking' RETURNING id`, database.Millis(now), sourceID, except))
}

// endWaiting ends the imports of a source that wait for a check, and returns which.
func (s store) endWaiting(ctx context.Context, tx database.Tx, sourceID int64, now time.Time) ([]int64, error) {
	return database.Column[int64](tx.QueryContext(ctx, `UPDATE imports SET state = 'cancelled', code = 'sources.superseded', ended_at = ?
		WHERE source_id = ? AND state = 'waiting' RETURNING id`, database.Millis(now), sourceID))
}

// forgetImport removes one that only showed columns.
func (s store) forgetImport(ctx context.Context, tx database.Tx, id int64) error {
	result, err := tx.ExecContext(ctx, `DELETE FROM imports WHERE id = ? AND state = 'waiting'`, id)
	return changedOne(result, err, errNotWaiting())
}

// endImportsOf ends all imports of a source that is removed, and returns which.
func (s store) endImportsOf(ctx context.Context, tx database.Tx, sourceID int64, now time.Time) ([]int64, error) {
	return database.Column[int64](tx.QueryContext(ctx, `UPDATE imports SET state = 'cancelled', code = 'sources.removed', ended_at = ?
		WHERE source_id = ? AND state NOT IN ('done', 'failed', 'cancelled') RETURNING id`, database.Millis(now), sourceID))
}

// undone marks the import whose snapshot another has replaced again.
func (s store) undone(ctx context.Context, tx database.Tx, snapshotID int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE imports SET undone_at = ? WHERE snapshot_id = ?`, database.Millis(now), snapshotID)
	return err
}
