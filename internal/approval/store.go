package approval

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/version"
)

func readSettings(ctx context.Context, q database.Querier) (s Settings, err error) {
	var changed int64
	var connections string
	err = q.QueryRowContext(ctx, `SELECT everywhere, of_rules, contributors, version, changed_at, changed_by,
		(SELECT json_group_array(connection_id) FROM (SELECT connection_id FROM approval_connections ORDER BY connection_id)) FROM approval_settings WHERE id = 1`).
		Scan(&s.Everywhere, &s.OfRules, &s.Contributors, &s.Version, &changed, &s.ChangedBy, &connections)
	if err == nil {
		err = json.Unmarshal([]byte(connections), &s.Connections)
	}
	if err != nil {
		return s, fmt.Errorf("read which exports need approval: %w", err)
	}
	s.ChangedAt = database.Time(changed)
	return s, nil
}

func writeSettings(ctx context.Context, tx database.Tx, s Settings, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE approval_settings SET everywhere = ?, of_rules = ?, contributors = ?, version = version + 1, changed_at = ?, changed_by = ? WHERE id = 1`,
		s.Everywhere, s.OfRules, s.Contributors, database.Millis(now), by)
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM approval_connections`)
	}
	for _, id := range s.Connections {
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO approval_connections (connection_id) SELECT id FROM connections WHERE id = ? AND removed_at IS NULL`, id)
		}
	}
	if err != nil {
		return fmt.Errorf("say which exports need approval: %w", err)
	}
	return nil
}

// since is the number of the version with which a thing became what it is: its last turn.
const since = `coalesce((SELECT max(number) FROM versions t WHERE t.kind = '%s' AND t.thing_id = %s AND t.turn = 1), 0)`

func sinceOf(kind, id string) string { return fmt.Sprintf(since, kind, id) }

// closure are the segments of exports, those that their rules name included, by export.
const closure = `closure (export_id, segment_id) AS (SELECT export_id, segment_id FROM export_segments %s
	UNION SELECT c.export_id, p.inner_id FROM closure c JOIN segment_parts p ON p.outer_id = c.segment_id)`

func readState(ctx context.Context, q database.Querier, id int64) (s state, err error) {
	var number, by, at sql.NullInt64
	var substance, name sql.NullString
	err = q.QueryRowContext(ctx, `SELECT coalesce(e.connection_id, 0), e.version, coalesce(v.substance, ''), `+sinceOf("export", "e.id")+`,
		a.number, a.substance, a.user_id, a.user_name, a.at
		FROM exports e LEFT JOIN versions v ON v.kind = 'export' AND v.thing_id = e.id AND v.number = e.version LEFT JOIN approvals a ON a.export_id = e.id WHERE e.id = ?`, id).
		Scan(&s.connectionID, &s.export.number, &s.export.substance, &s.export.since, &number, &substance, &by, &name, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return s, problem.New(problem.NotFound, "problem.export.not_found")
	}
	if err != nil {
		return s, fmt.Errorf("read the approval of export %d: %w", id, err)
	}
	if number.Valid {
		s.was = stood{number: int(number.Int64), substance: substance.String}
		s.approved = &Decision{Number: s.was.number, UserID: by.Int64, Name: name.String, At: database.NullTime(at)}
	}
	rows, err := q.QueryContext(ctx, `WITH RECURSIVE `+fmt.Sprintf(closure, `WHERE export_id = ?1`)+`
		SELECT s.id, s.version, coalesce(v.substance, ''), `+sinceOf("segment", "s.id")+`, coalesce(a.number, 0), coalesce(a.substance, '')
		FROM closure c JOIN segments s ON s.id = c.segment_id LEFT JOIN versions v ON v.kind = 'segment' AND v.thing_id = s.id AND v.number = s.version
		LEFT JOIN approved_segments a ON a.export_id = c.export_id AND a.segment_id = s.id ORDER BY s.id`, id)
	if err != nil {
		return s, fmt.Errorf("read the approved segments of export %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.id, &p.now.number, &p.now.substance, &p.now.since, &p.was.number, &p.was.substance); err != nil {
			return s, fmt.Errorf("read the approved segments of export %d: %w", id, err)
		}
		s.segments = append(s.segments, p)
	}
	return s, rows.Err()
}

// waiting answers for all exports at once what state.waits answers for one.
func waiting(ctx context.Context, q database.Querier, settings Settings) (map[int64]bool, error) {
	ids, err := database.Column[int64](q.QueryContext(ctx, `WITH RECURSIVE `+fmt.Sprintf(closure, "")+`, changed (export_id) AS (SELECT DISTINCT c.export_id FROM closure c
			JOIN segments s ON s.id = c.segment_id LEFT JOIN versions v ON v.kind = 'segment' AND v.thing_id = s.id AND v.number = s.version
			LEFT JOIN approved_segments a ON a.export_id = c.export_id AND a.segment_id = s.id
			WHERE ?2 AND (coalesce(v.substance, '') = '' OR coalesce(a.substance, '') <> v.substance))
		SELECT e.id FROM exports e LEFT JOIN versions v ON v.kind = 'export' AND v.thing_id = e.id AND v.number = e.version LEFT JOIN approvals a ON a.export_id = e.id
		WHERE e.removed_at IS NULL AND (?1 OR e.connection_id IN (SELECT connection_id FROM approval_connections))
		AND (coalesce(v.substance, '') = '' OR coalesce(a.substance, '') <> v.substance OR e.id IN (SELECT export_id FROM changed))`, settings.Everywhere, settings.OfRules))
	if err != nil {
		return nil, fmt.Errorf("list exports that wait for approval: %w", err)
	}
	found := make(map[int64]bool, len(ids))
	for _, id := range ids {
		found[id] = true
	}
	return found, nil
}

// makers are those who made the export, and with ofRules its segments, other than they were when it was last approved. Of a segment
// that was not approved with it, they are all who ever made it other than it was.
func makers(ctx context.Context, q database.Querier, id int64, ofRules bool) (found []Maker, err error) {
	rows, err := q.QueryContext(ctx, `WITH RECURSIVE `+fmt.Sprintf(closure, `WHERE export_id = ?1 AND ?2`)+`
		SELECT user_id, user_name FROM (
			SELECT user_id, user_name FROM versions WHERE kind = 'export' AND thing_id = ?1 AND turn = 1 AND number > coalesce((SELECT number FROM approvals WHERE export_id = ?1), 0)
			UNION ALL SELECT t.user_id, t.user_name FROM closure c JOIN versions t ON t.kind = 'segment' AND t.thing_id = c.segment_id AND t.turn = 1
			LEFT JOIN approved_segments a ON a.export_id = c.export_id AND a.segment_id = c.segment_id WHERE t.number > coalesce(a.number, 0))
		GROUP BY user_id ORDER BY user_name, user_id`, id, ofRules)
	if err != nil {
		return nil, fmt.Errorf("read who changed export %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m Maker
		if err := rows.Scan(&m.UserID, &m.Name); err != nil {
			return nil, fmt.Errorf("read who changed export %d: %w", id, err)
		}
		found = append(found, m)
	}
	return found, rows.Err()
}

func approve(ctx context.Context, tx database.Tx, id int64, now state, d Decision) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO approvals (export_id, number, substance, user_id, user_name, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (export_id) DO UPDATE SET number = excluded.number, substance = excluded.substance, user_id = excluded.user_id, user_name = excluded.user_name, at = excluded.at`,
		id, now.export.number, now.export.substance, d.UserID, d.Name, database.Millis(d.At))
	for _, statement := range []string{`DELETE FROM approved_segments WHERE export_id = ?`, `DELETE FROM approval_refusals WHERE export_id = ?`} {
		if err == nil {
			_, err = tx.ExecContext(ctx, statement, id)
		}
	}
	for _, p := range now.segments {
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO approved_segments (export_id, segment_id, number, substance) VALUES (?, ?, ?, ?)`, id, p.id, p.now.number, p.now.substance)
		}
	}
	if err != nil {
		return fmt.Errorf("approve export %d: %w", id, err)
	}
	return nil
}

func refuse(ctx context.Context, tx database.Tx, id int64, mark string, d Decision) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO approval_refusals (export_id, mark, reason, user_id, user_name, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (export_id) DO UPDATE SET mark = excluded.mark, reason = excluded.reason, user_id = excluded.user_id, user_name = excluded.user_name, at = excluded.at`,
		id, mark, d.Reason, d.UserID, d.Name, database.Millis(d.At))
	if err != nil {
		return fmt.Errorf("refuse export %d: %w", id, err)
	}
	return nil
}

// refusal is what somebody said of what waits; nil when nobody refused it.
func refusal(ctx context.Context, q database.Querier, id int64, mark string) (*Decision, error) {
	var d Decision
	var at int64
	err := q.QueryRowContext(ctx, `SELECT reason, user_id, user_name, at FROM approval_refusals WHERE export_id = ? AND mark = ?`, id, mark).Scan(&d.Reason, &d.UserID, &d.Name, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // most are not refused
	}
	if err != nil {
		return nil, fmt.Errorf("read the refusal of export %d: %w", id, err)
	}
	d.At = database.Time(at)
	return &d, nil
}

// Erase empties the reasons of refusals in which one of the addresses stands. It returns of how many.
func Erase(ctx context.Context, tx database.Tx, addresses []string) (n int, err error) {
	ids, err := naming(ctx, tx, version.Mentions(addresses))
	for _, id := range ids {
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE approval_refusals SET reason = '' WHERE export_id = ?`, id)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("erase from refusals: %w", err)
	}
	return len(ids), nil
}

// naming lists the exports that were refused for a reason that is meant.
func naming(ctx context.Context, q database.Querier, meant func(reason string) bool) (ids []int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT export_id, reason FROM approval_refusals WHERE instr(reason, '@') > 0`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var reason string
		if err := rows.Scan(&id, &reason); err != nil {
			return nil, err
		}
		if meant(reason) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}
