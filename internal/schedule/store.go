package schedule

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

func get(ctx context.Context, q database.Querier) (Schedule, error) {
	var s Schedule
	var weekdays, times []byte
	var changed int64
	var due, fired sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT is_on, recurrence, weekdays, times, zone, version, changed_at, changed_by, last_due, last_fired
		FROM schedule WHERE id = 1`).Scan(&s.On, &s.Recurrence, &weekdays, &times, &s.Zone, &s.Version, &changed, &s.ChangedBy, &due, &fired)
	if err == nil {
		err = errors.Join(json.Unmarshal(weekdays, &s.Weekdays), json.Unmarshal(times, &s.Times))
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("read the schedule: %w", err)
	}
	s.ChangedAt, s.LastDue, s.LastFired = database.Time(changed), database.NullTime(due), database.NullTime(fired)
	return s, nil
}

func save(ctx context.Context, tx database.Tx, s Settings, by string, now time.Time) error {
	weekdays, errDays := json.Marshal(append([]time.Weekday{}, s.Weekdays...))
	times, errTimes := json.Marshal(s.Times)
	if err := errors.Join(errDays, errTimes); err != nil {
		return fmt.Errorf("save the schedule: %w", err)
	}
	_, err := tx.ExecContext(ctx, `UPDATE schedule SET is_on = ?, recurrence = ?, weekdays = ?, times = ?, zone = ?, version = version + 1,
		changed_at = ?, changed_by = ? WHERE id = 1`, s.On, s.Recurrence, string(weekdays), string(times), s.Zone, database.Millis(now), by)
	if err != nil {
		return fmt.Errorf("save the schedule: %w", err)
	}
	return nil
}

func dealtWith(ctx context.Context, tx database.Tx, due, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE schedule SET last_due = ?, last_fired = ? WHERE id = 1`, database.Millis(due), database.Millis(now)); err != nil {
		return fmt.Errorf("note the time that was due: %w", err)
	}
	return nil
}

const refreshColumns = `id, cause, requested_by_name, due_at, started_at, ended_at, state, tries, sources, segments, runs_started, passed_over, error_code`

func scanRefresh(row interface{ Scan(...any) error }) (Refresh, error) {
	var r Refresh
	var due int64
	var started, ended sql.NullInt64
	var sources []byte
	err := row.Scan(&r.ID, &r.Cause, &r.RequestedBy, &due, &started, &ended, &r.State, &r.Tries, &sources, &r.Segments, &r.RunsStarted, &r.PassedOver, &r.ErrorCode)
	r.DueAt, r.StartedAt, r.EndedAt = database.Time(due), database.NullTime(started), database.NullTime(ended)
	if err == nil {
		err = json.Unmarshal(sources, &r.Sources)
	}
	return r, err
}

// activeRefresh finds the one that waits or is under way.
func activeRefresh(ctx context.Context, q database.Querier) (Refresh, bool, error) {
	r, err := scanRefresh(q.QueryRowContext(ctx, `SELECT `+refreshColumns+` FROM refreshes WHERE state IN ('queued', 'running')`))
	if errors.Is(err, sql.ErrNoRows) {
		return Refresh{}, false, nil
	}
	if err != nil {
		return Refresh{}, false, fmt.Errorf("read the refresh under way: %w", err)
	}
	return r, true, nil
}

func listRefreshes(ctx context.Context, q database.Querier, limit int) (found []Refresh, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+refreshColumns+` FROM refreshes ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list refreshes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRefresh(rows)
		if err != nil {
			return nil, fmt.Errorf("list refreshes: %w", err)
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

func insertRefresh(ctx context.Context, tx database.Tx, r Refresh, requestedBy int64) (int64, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO refreshes (cause, requested_by, requested_by_name, due_at, ended_at, state, error_code)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, r.Cause, sql.NullInt64{Int64: requestedBy, Valid: requestedBy != 0}, r.RequestedBy,
		database.Millis(r.DueAt), database.NullMillis(r.EndedAt), r.State, r.ErrorCode)
	if err != nil {
		return 0, fmt.Errorf("note a refresh: %w", err)
	}
	return result.LastInsertId()
}

// updateRefresh writes how a refresh goes.
func updateRefresh(ctx context.Context, tx database.Tx, r Refresh) error {
	sources, err := json.Marshal(r.Sources)
	if err != nil {
		return fmt.Errorf("note how refresh %d goes: %w", r.ID, err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE refreshes SET started_at = ?, ended_at = ?, state = ?, tries = ?, sources = ?, segments = ?, runs_started = ?,
		passed_over = ?, error_code = ? WHERE id = ?`, database.NullMillis(r.StartedAt), database.NullMillis(r.EndedAt), r.State, r.Tries,
		string(sources), r.Segments, r.RunsStarted, r.PassedOver, r.ErrorCode, r.ID)
	if err != nil {
		return fmt.Errorf("note how refresh %d goes: %w", r.ID, err)
	}
	return nil
}
