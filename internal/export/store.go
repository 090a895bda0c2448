package export

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Row is an export in a list, with how its last run went.
type Row struct {
	Export
	LastState   string // state of the last run, "" when it never ran
	LastRunID   int64
	RefreshedAt time.Time // when a run last ended well, wholly or with warnings
}

// Query narrows and orders a list. The zero value lists everything by name.
type Query struct {
	Search     string // in the names of export, connection and type
	Sort       string // name, type, connection, schedule, refreshed, status or id
	Descending bool
	After      int64 // only those with a higher id: with Sort "id", the next part of a list that nothing is missed in
	Limit      int   // 0: 50
	Offset     int
}

var orders = map[string]string{
	"name": "e.name COLLATE NOCASE", "type": "e.destination_type", "connection": "c.name COLLATE NOCASE",
	"schedule": "e.schedule", "refreshed": "refreshed", "status": "last_state", "id": "e.id",
}

// granted reads, in SQL, the access.Grant of the export e: that of its connection, or of the one that it had. Nothing of it is
// kept with the export, so that whoever is not granted the connection any more cannot be so here.
const granted = `(SELECT ` + connection.GrantColumn + ` FROM connections c WHERE c.id = coalesce(e.connection_id, e.detached_id))`

// Granted reads, in SQL, the access.Grant of the export that the expression is the id of; NULL when there is none.
func Granted(exportID string) string {
	return `(SELECT ` + granted + ` FROM exports e WHERE e.id = ` + exportID + `)`
}

const columns = `e.id, e.name, e.destination_type, coalesce(e.connection_id, 0), coalesce(c.name, ''), e.detached_from,
	` + granted + `, ` + scheduleColumns + `, e.leavers, e.ask_share, e.outcomes, e.consent_source, e.consent_everyone, e.paused_at, e.paused_by, e.paused_code, e.version, e.created_at, e.updated_at,
	e.removed_at IS NOT NULL`

func scan(row interface{ Scan(...any) error }, more ...any) (Export, error) {
	var e Export
	var paused sql.NullInt64
	var created, updated int64
	var everyone string
	into := append([]any{&e.ID, &e.Name, &e.DestinationType, &e.ConnectionID, &e.ConnectionName, &e.DetachedFrom, &e.Grant}, e.Schedule.into()...)
	into = append(into, &e.Leavers, &e.AskShare, &e.Outcomes, &e.Consent.Source, &everyone, &paused, &e.PausedBy, &e.PausedCode, &e.Version, &created, &updated, &e.Removed)
	into = append(into, more...)
	if err := row.Scan(into...); err != nil {
		return Export{}, err
	}
	if everyone != "" {
		e.Consent.Everyone = strings.Fields(everyone)
	}
	e.PausedAt, e.CreatedAt, e.UpdatedAt = database.NullTime(paused), database.Time(created), database.Time(updated)
	return e, nil
}

func get(ctx context.Context, q database.Querier, id int64) (Export, error) {
	row := q.QueryRowContext(ctx, `SELECT `+columns+` FROM exports e LEFT JOIN connections c ON c.id = e.connection_id WHERE e.id = ?`, id)
	e, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Export{}, problem.New(problem.NotFound, "problem.export.not_found")
	}
	if err != nil {
		return Export{}, fmt.Errorf("read export %d: %w", id, err)
	}
	if e.Segments, err = parts(ctx, q, id); err != nil {
		return Export{}, err
	}
	e.Mapping, err = mapping(ctx, q, id)
	return e, err
}

func parts(ctx context.Context, q database.Querier, id int64) (found []Part, err error) {
	rows, err := q.QueryContext(ctx, `SELECT s.id, s.name, s.state, coalesce(json_extract(s.definition, '$.source_id'), 0), x.tag FROM export_segments x JOIN segments s ON s.id = x.segment_id
		WHERE x.export_id = ? ORDER BY x.position`, id)
	if err != nil {
		return nil, fmt.Errorf("read segments of export %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Part
		if err := rows.Scan(&p.SegmentID, &p.Name, &p.State, &p.SourceID, &p.Tag); err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

func list(ctx context.Context, q database.Querier, query Query) (found []Row, total int, err error) {
	where, args := `e.removed_at IS NULL AND e.id > ?`, []any{query.After}
	if search := strings.TrimSpace(query.Search); search != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search) + "%"
		where += ` AND (e.name LIKE ? ESCAPE '\' OR c.name LIKE ? ESCAPE '\' OR e.destination_type LIKE ? ESCAPE '\')`
		args = append(args, like, like, like)
	}
	from := ` FROM exports e LEFT JOIN connections c ON c.id = e.connection_id
		LEFT JOIN runs r ON r.id = (SELECT max(id) FROM runs WHERE export_id = e.id)`
	if err := q.QueryRowContext(ctx, `SELECT count(*)`+from+` WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count exports: %w", err)
	}
	order, known := orders[query.Sort]
	if !known {
		order = orders["name"]
	}
	if query.Descending {
		order += " DESC"
	}
	limit := query.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, err := q.QueryContext(ctx, `SELECT `+columns+`, coalesce(r.state, '') AS last_state, coalesce(r.id, 0),
		(SELECT max(ended_at) FROM runs WHERE export_id = e.id AND cause <> 'try' AND state IN ('succeeded', 'warnings')) AS refreshed`+
		from+` WHERE `+where+` ORDER BY `+order+`, e.id LIMIT ? OFFSET ?`, append(args, limit, query.Offset)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list exports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Row
		var refreshed sql.NullInt64
		if r.Export, err = scan(rows, &r.LastState, &r.LastRunID, &refreshed); err != nil {
			return nil, 0, err
		}
		r.RefreshedAt = database.NullTime(refreshed)
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	for i := range found { // one page of a list: two queries each are cheap
		if found[i].Segments, err = parts(ctx, q, found[i].ID); err != nil {
			return nil, 0, err
		}
		if found[i].Mapping, err = mapping(ctx, q, found[i].ID); err != nil {
			return nil, 0, err
		}
	}
	return found, total, nil
}

// save writes the draft as a new export (id 0) or over an old one, and returns its id.
func save(ctx context.Context, tx database.Tx, id, by int64, destinationType string, d Draft, now time.Time) (int64, error) {
	var err error
	everyone := strings.Join(d.Consent.Everyone, " ")
	if id == 0 {
		var result sql.Result
		result, err = tx.ExecContext(ctx, `INSERT INTO exports (name, destination_type, connection_id, leavers, ask_share, outcomes, consent_source, consent_everyone, created_by, created_at, updated_at, schedule_set_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?)`, d.Name, destinationType, d.ConnectionID, d.Leavers, d.AskShare, d.Outcomes.written(), d.Consent.Source, everyone, by, database.Millis(now), database.Millis(now), database.Millis(now))
		if err == nil {
			id, err = result.LastInsertId()
		}
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE exports SET name = ?, destination_type = ?, connection_id = ?, leavers = ?, ask_share = ?, outcomes = ?, consent_source = ?, consent_everyone = ?,
			detached_from = '', detached_id = NULL, version = version + 1, updated_at = ? WHERE id = ?`, d.Name, destinationType, d.ConnectionID, d.Leavers, d.AskShare, d.Outcomes.written(), d.Consent.Source, everyone, database.Millis(now), id)
	}
	if err != nil {
		return 0, fmt.Errorf("save export: %w", err)
	}
	if err := setSchedule(ctx, tx, id, d.Schedule, 0, now); err != nil {
		return 0, err
	}
	for _, statement := range []string{`DELETE FROM export_segments WHERE export_id = ?`, `DELETE FROM export_mappings WHERE export_id = ?`} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return 0, fmt.Errorf("save export %d: %w", id, err)
		}
	}
	for i, p := range d.Parts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO export_segments (export_id, segment_id, tag, position) VALUES (?, ?, ?, ?)`,
			id, p.SegmentID, p.Tag, i); err != nil {
			return 0, fmt.Errorf("save segments of export %d: %w", id, err)
		}
	}
	if err := saveMapping(ctx, tx, id, d.Mapping); err != nil {
		return 0, err
	}
	return id, nil
}

// nameTaken reports whether another export that is still there has the name.
func nameTaken(ctx context.Context, q database.Querier, name string, except int64) (taken bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) > 0 FROM exports WHERE name = ? COLLATE NOCASE AND id <> ? AND removed_at IS NULL`, name, except).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look for an export's name: %w", err)
	}
	return taken, nil
}

// detach takes the connection away and remembers which it was.
func detach(ctx context.Context, tx database.Tx, id int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE exports SET (detached_from, detached_id) = (SELECT name, id FROM connections WHERE id = connection_id),
		connection_id = NULL, version = version + 1, updated_at = ? WHERE id = ? AND connection_id IS NOT NULL`, database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("detach export %d: %w", id, err)
	}
	return nil
}

func remove(ctx context.Context, tx database.Tx, id int64, now time.Time) error {
	if err := detach(ctx, tx, id, now); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE exports SET removed_at = ?, version = version + 1 WHERE id = ? AND removed_at IS NULL`,
		`DELETE FROM export_segments WHERE ? > 0 AND export_id = ?`, // so that its segments may go
		`DELETE FROM deliveries WHERE ? > 0 AND export_id = ?`,      // addresses of people: not kept without a use
		`DELETE FROM refusals WHERE ? > 0 AND export_id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, statement, database.Millis(now), id); err != nil {
			return fmt.Errorf("remove export %d: %w", id, err)
		}
	}
	return nil
}

func pause(ctx context.Context, tx database.Tx, id int64, by string, code PauseCode, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE exports SET paused_at = ?, paused_by = ?, paused_code = ?, version = version + 1 WHERE id = ?`, database.NullMillis(at), by, code, id)
	if err != nil {
		return fmt.Errorf("pause export %d: %w", id, err)
	}
	return nil
}

// scheduled lists the exports that run by themselves, have a connection and are not paused.
func scheduled(ctx context.Context, q database.Querier) (ids []int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM exports WHERE removed_at IS NULL AND schedule <> 'off' AND connection_id IS NOT NULL AND paused_at IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list scheduled exports: %w", err)
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
