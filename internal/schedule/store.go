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
	var weekdays, times, blackouts []byte
	var changed int64
	var due, fired sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT is_on, recurrence, weekdays, month_day, times, zone, blackouts, on_failure, version, changed_at, changed_by, last_due, last_fired
		FROM schedule WHERE id = 1`).Scan(&s.On, &s.Pattern.Recurrence, &weekdays, &s.Pattern.MonthDay, &times, &s.Zone, &blackouts, &s.OnFailure, &s.Version, &changed,
		&s.ChangedBy, &due, &fired)
	if err == nil {
		err = errors.Join(json.Unmarshal(weekdays, &s.Pattern.Weekdays), json.Unmarshal(times, &s.Pattern.Times), json.Unmarshal(blackouts, &s.Blackouts))
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("read the schedule: %w", err)
	}
	s.ChangedAt, s.LastDue, s.LastFired = database.Time(changed), database.NullTime(due), database.NullTime(fired)
	return s, nil
}

func save(ctx context.Context, tx database.Tx, s Settings, by string, now time.Time) error {
	weekdays, errDays := json.Marshal(append([]time.Weekday{}, s.Pattern.Weekdays...))
	times, errTimes := json.Marshal(s.Pattern.Times)
	blackouts, errBlackouts := json.Marshal(s.Blackouts)
	if err := errors.Join(errDays, errTimes, errBlackouts); err != nil {
		return fmt.Errorf("save the schedule: %w", err)
	}
	day := s.Pattern.MonthDay
	if day == 0 {
		day = 1
	}
	_, err := tx.ExecContext(ctx, `UPDATE schedule SET is_on = ?, recurrence = ?, weekdays = ?, month_day = ?, times = ?, zone = ?, blackouts = ?, on_failure = ?,
		version = version + 1, changed_at = ?, changed_by = ? WHERE id = 1`, s.On, s.Pattern.Recurrence, string(weekdays), day, string(times), s.Zone, string(blackouts),
		s.OnFailure, database.Millis(now), by)
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
