package export

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

const scheduleColumns = `e.schedule, e.schedule_weekdays, e.schedule_day, e.schedule_time`

// weekdays are written as JSON; 0 is Sunday.
type weekdays []time.Weekday

// Scan reads them.
func (w *weekdays) Scan(from any) error {
	text, ok := from.(string)
	if !ok {
		return fmt.Errorf("weekdays are %T", from)
	}
	return json.Unmarshal([]byte(text), w)
}

func (w weekdays) text() string {
	text, err := json.Marshal(append([]time.Weekday{}, w...))
	if err != nil {
		panic(err) // numbers
	}
	return string(text)
}

// into are where the columns of a schedule are read to.
func (s *Schedule) into() []any {
	return []any{&s.When, (*weekdays)(&s.Weekdays), &s.Day, &s.Time}
}

// setSchedule changes nothing when the schedule is the same: then times since it was set stay due. The version rises by count: 0
// when the change is a part of a larger one.
func setSchedule(ctx context.Context, tx database.Tx, id int64, s Schedule, count int, now time.Time) error {
	days := weekdays(s.Weekdays).text()
	_, err := tx.ExecContext(ctx, `UPDATE exports SET schedule = ?1, schedule_weekdays = ?2, schedule_day = ?3, schedule_time = ?4,
		schedule_set_at = ?5, schedule_due = NULL, version = version + ?7, updated_at = ?5
		WHERE id = ?6 AND NOT (schedule = ?1 AND schedule_weekdays = ?2 AND schedule_day = ?3 AND schedule_time = ?4)`,
		s.When, days, s.Day, s.Time, database.Millis(now), id, count)
	if err != nil {
		return fmt.Errorf("schedule export %d: %w", id, err)
	}
	return nil
}

func readNames(ctx context.Context, q database.Querier, which string, args ...any) (found []Name, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, name FROM exports WHERE removed_at IS NULL AND `+which+` ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n Name
		if err := rows.Scan(&n.ID, &n.Name); err != nil {
			return nil, fmt.Errorf("list exports: %w", err)
		}
		found = append(found, n)
	}
	return found, rows.Err()
}

func own(ctx context.Context, q database.Querier) (found []Own, err error) {
	rows, err := q.QueryContext(ctx, `SELECT e.id, e.schedule_set_at, e.schedule_due, `+scheduleColumns+`
		FROM exports e WHERE e.removed_at IS NULL AND e.schedule IN ('weekly', 'monthly') ORDER BY e.id`)
	if err != nil {
		return nil, fmt.Errorf("list exports with a schedule of their own: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var o Own
		var set int64
		var due sql.NullInt64
		if err := rows.Scan(append([]any{&o.ID, &set, &due}, o.Schedule.into()...)...); err != nil {
			return nil, fmt.Errorf("list exports with a schedule of their own: %w", err)
		}
		o.SetAt, o.Dealt = database.Time(set), database.NullTime(due)
		found = append(found, o)
	}
	return found, rows.Err()
}
