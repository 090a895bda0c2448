package alert

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
)

var columns = `a.id, a.kind, a.thing, a.thing_id, a.name, CASE a.thing WHEN 'export' THEN ` + export.Granted("a.thing_id") + ` END, a.code, a.facts, a.opened_at, a.since, a.returns, a.tell_at, a.quiet_until,
	a.closed_at, a.well, a.seen_at, a.seen_by FROM alerts a`

func scan(row interface{ Scan(...any) error }) (a Alert, err error) {
	var facts string
	var opened, since, quiet int64
	var tell, closed, seen sql.NullInt64
	if err := row.Scan(&a.ID, &a.Kind, &a.Thing, &a.ThingID, &a.Name, &a.Grant, &a.Code, &facts, &opened, &since, &a.Returns, &tell, &quiet,
		&closed, &a.Well, &seen, &a.SeenBy); err != nil {
		return Alert{}, err
	}
	a.OpenedAt, a.Since, a.quietUntil = database.Time(opened), database.Time(since), database.Time(quiet)
	a.tellAt, a.ClosedAt, a.SeenAt = database.NullTime(tell), database.NullTime(closed), database.NullTime(seen)
	if facts != "{}" {
		err = json.Unmarshal([]byte(facts), &a.Facts)
	}
	return a, err
}

func list(ctx context.Context, q database.Querier, rest string, args ...any) (found []Alert, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("list alerts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		a, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list alerts: %w", err)
		}
		found = append(found, a)
	}
	return found, rows.Err()
}

func count(ctx context.Context, q database.Querier, where string, args ...any) (n int, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM alerts WHERE `+where, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count alerts: %w", err)
	}
	return n, nil
}

// earlier lists a page of those that closed, of exports only unless all are asked for.
func earlier(ctx context.Context, q database.Querier, all bool, query Query) (found []Alert, total int, err error) {
	where, args := `closed_at IS NOT NULL AND (? OR thing = 'export')`, []any{all}
	if query.Kind != "" {
		where, args = where+` AND kind = ?`, append(args, query.Kind)
	}
	if search := strings.TrimSpace(query.Search); search != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search) + "%"
		where, args = where+` AND name LIKE ? ESCAPE '\'`, append(args, like)
	}
	if total, err = count(ctx, q, where, args...); err != nil {
		return nil, 0, err
	}
	found, err = list(ctx, q, `WHERE `+where+` ORDER BY closed_at DESC, id DESC LIMIT ? OFFSET ?`, append(args, query.Limit, query.Offset)...)
	return found, total, err
}

func openAlerts(ctx context.Context, q database.Querier) ([]Alert, error) {
	return list(ctx, q, `WHERE a.closed_at IS NULL ORDER BY a.since DESC, a.id DESC`)
}

// closedSince lists, the latest last, those that closed after the time, or that somebody heard of so short a while ago that it
// is quiet about them still.
func closedSince(ctx context.Context, q database.Querier, at, now time.Time) ([]Alert, error) {
	return list(ctx, q, `WHERE a.closed_at IS NOT NULL AND a.closed_at > ? AND (a.closed_at > ? OR a.quiet_until > ?) ORDER BY a.closed_at, a.id`,
		database.Millis(now)-longestQuiet, database.Millis(at), database.Millis(now))
}

// longestQuiet is the longest quiet time that can be set, in milliseconds.
const longestQuiet = mostMinutes * 60 * 1000

func (f Facts) encoded() (string, error) {
	text, err := json.Marshal(f)
	return string(text), err
}

func open(ctx context.Context, tx database.Tx, a Alert) error {
	facts, err := a.Facts.encoded()
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO alerts (kind, thing, thing_id, name, code, facts, opened_at, since, tell_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.Kind, a.Thing, a.ThingID, a.Name, a.Code, facts, database.Millis(a.OpenedAt), database.Millis(a.Since), database.NullMillis(a.tellAt))
	}
	if err != nil {
		return fmt.Errorf("open an alert: %w", err)
	}
	return nil
}

// reopen has a closed alert go on. Who was about to hear that it closed hears nothing.
func reopen(ctx context.Context, tx database.Tx, a Alert) error {
	_, err := tx.ExecContext(ctx, `UPDATE alerts SET since = ?, returns = returns + 1, tell_at = ?, closed_at = NULL, well = 0, seen_at = NULL, seen_by = '' WHERE id = ?`,
		database.Millis(a.Since), database.NullMillis(a.tellAt), a.ID)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE alert_tellings SET state = 'open' WHERE alert_id = ? AND state = 'closing'`, a.ID)
	}
	if err != nil {
		return fmt.Errorf("open alert %d again: %w", a.ID, err)
	}
	return alter(ctx, tx, a)
}

// alter writes the condition down as it is now.
func alter(ctx context.Context, tx database.Tx, a Alert) error {
	facts, err := a.Facts.encoded()
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE alerts SET name = ?, code = ?, facts = ? WHERE id = ?`, a.Name, a.Code, facts, a.ID)
	}
	if err != nil {
		return fmt.Errorf("write alert %d down: %w", a.ID, err)
	}
	return nil
}

// closeAlert ends an alert. Who heard that it opened is to hear that all is well, if it is. Who was about to hear that it opened
// hears nothing.
func closeAlert(ctx context.Context, tx database.Tx, a Alert, well bool, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE alerts SET closed_at = ?, well = ?, tell_at = NULL WHERE id = ?`, database.Millis(now), well, a.ID)
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM alert_tellings WHERE alert_id = ? AND state = 'opening'`, a.ID)
	}
	if err == nil && well {
		_, err = tx.ExecContext(ctx, `UPDATE alert_tellings SET state = 'closing', at = ? WHERE alert_id = ? AND state = 'open'`, database.Millis(now), a.ID)
	}
	if err != nil {
		return fmt.Errorf("close alert %d: %w", a.ID, err)
	}
	return nil
}

func markSeen(ctx context.Context, tx database.Tx, id int64, by string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE alerts SET seen_at = ?, seen_by = ? WHERE id = ? AND closed_at IS NULL`, database.NullMillis(at), by, id); err != nil {
		return fmt.Errorf("note who looks at alert %d: %w", id, err)
	}
	return nil
}

// forget drops what is of no use any more: what was heard of alerts that closed, when it says nothing about a storm either, and
// alerts that closed long ago.
func forget(ctx context.Context, tx database.Tx, now time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM alerts WHERE closed_at < ?`, database.Millis(now.Add(-kept)))
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM alert_tellings WHERE state = 'closed' AND at < ?`, database.Millis(now.Add(-window)))
	}
	if err != nil {
		return fmt.Errorf("drop old alerts: %w", err)
	}
	return nil
}

// kept is how long the history of alerts is.
const kept = 180 * 24 * time.Hour

func readSettings(ctx context.Context, q database.Querier) (s Settings, err error) {
	var changed sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT rejected_share, start_minutes, size_factor, quiet_minutes, version, changed_at, changed_by FROM alert_settings WHERE id = 1`).
		Scan(&s.RejectedShare, &s.StartMinutes, &s.SizeFactor, &s.QuietMinutes, &s.Version, &changed, &s.ChangedBy)
	if err != nil {
		return s, fmt.Errorf("read when something is an alert: %w", err)
	}
	s.ChangedAt = database.NullTime(changed)
	return s, nil
}

func writeSettings(ctx context.Context, tx database.Tx, s Settings) error {
	_, err := tx.ExecContext(ctx, `UPDATE alert_settings SET rejected_share = ?, start_minutes = ?, size_factor = ?, quiet_minutes = ?, version = version + 1,
		changed_at = ?, changed_by = ? WHERE id = 1`, s.RejectedShare, s.StartMinutes, s.SizeFactor, s.QuietMinutes, database.NullMillis(s.ChangedAt), s.ChangedBy)
	if err != nil {
		return fmt.Errorf("save when something is an alert: %w", err)
	}
	return nil
}
