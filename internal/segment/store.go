package segment

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

const columns = `s.id, s.name, s.description, s.definition, coalesce(l.ids, 0), s.size, s.calculated_at,
	coalesce(s.snapshot_id, 0), s.failure, s.failure_about, s.state, s.waiting_since, s.version, coalesce(s.created_by, 0), s.created_at, s.updated_at`

const tables = ` FROM segments s LEFT JOIN segment_lists l ON l.id = s.list_id `

type scanner interface{ Scan(into ...any) error }

func scan(row scanner, more ...any) (Segment, error) {
	var s Segment
	var definition string
	var calculated, waiting sql.NullInt64
	var created, updated int64
	into := []any{&s.ID, &s.Name, &s.Description, &definition, &s.ListCount, &s.Size, &calculated,
		&s.SnapshotID, &s.Failure, &s.FailureAbout, &s.State, &waiting, &s.Version, &s.CreatedBy, &created, &updated}
	if err := row.Scan(append(into, more...)...); err != nil {
		return s, err
	}
	s.CalculatedAt, s.CreatedAt, s.UpdatedAt = database.NullTime(calculated), database.Time(created), database.Time(updated)
	s.WaitingSince = database.NullTime(waiting)
	if err := json.Unmarshal([]byte(definition), &s.Definition); err != nil {
		return s, fmt.Errorf("definition of segment %d: %w", s.ID, err)
	}
	return s, nil
}

func get(ctx context.Context, q database.Querier, id int64) (Segment, error) {
	s, err := scan(q.QueryRowContext(ctx, "SELECT "+columns+tables+"WHERE s.id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return s, fmt.Errorf("read segment %d: %w", id, err)
	}
	return s, nil
}

// orders are the only texts that sort the list; none of them comes from a request.
var orders = map[Order]string{
	ByName: "s.name_key", ByKind: "s.kind", BySize: "s.size", ByCalculated: "coalesce(s.calculated_at, 0)",
	ByState: "s.state", ByID: "s.id",
}

func list(ctx context.Context, q database.Querier, query Query) (page Page, err error) {
	order, ok := orders[query.Order]
	if !ok {
		order = orders[ByName]
	}
	direction := " ASC"
	if query.Descending {
		direction = " DESC"
	}
	limit := query.Limit
	if limit <= 0 {
		limit = 25
	}
	const matching = "WHERE instr(s.name_key, ?) > 0 AND ? IN ('', s.state) AND s.id > ? "
	search := database.Fold(query.Search)
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM segments s "+matching, search, query.State, query.After).Scan(&page.Total); err != nil {
		return page, fmt.Errorf("count segments: %w", err)
	}
	rows, err := q.QueryContext(ctx, "SELECT "+columns+tables+matching+
		"ORDER BY "+order+direction+", s.name_key, s.id LIMIT ? OFFSET ?", search, query.State, query.After, limit, max(query.Offset, 0))
	if err != nil {
		return page, fmt.Errorf("list segments: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		segment, err := scan(rows)
		if err != nil {
			return page, fmt.Errorf("list segments: %w", err)
		}
		page.Segments = append(page.Segments, segment)
	}
	return page, rows.Err()
}

// activeIDs lists the segments that a refresh calculates.
func activeIDs(ctx context.Context, q database.Querier) ([]int64, error) {
	return listIDs(ctx, q, "SELECT id FROM segments WHERE state = 'active' ORDER BY id")
}

func activeNames(ctx context.Context, q database.Querier) (names []Name, err error) {
	rows, err := q.QueryContext(ctx, "SELECT id, name FROM segments WHERE state = 'active' ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list active segments: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n Name
		if err := rows.Scan(&n.ID, &n.Name); err != nil {
			return nil, fmt.Errorf("list active segments: %w", err)
		}
		names = append(names, n)
	}
	return names, rows.Err()
}

func listIDs(ctx context.Context, q database.Querier, query string, args ...any) (ids []int64, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
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

func nameTaken(ctx context.Context, q database.Querier, name string, except int64) (taken bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM segments WHERE name_key = ? AND id <> ?)",
		database.Fold(name), except).Scan(&taken)
	return taken, err
}

func listComplete(ctx context.Context, q database.Querier, id int64, by Entries) (complete bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM segment_lists WHERE id = ? AND entries = coalesce(nullif(?, ''), 'id') AND complete = 1)",
		id, by).Scan(&complete)
	return complete, err
}

func insert(ctx context.Context, tx database.Tx, draft Draft, by int64, now time.Time) (int64, error) {
	definition, err := json.Marshal(draft.Definition)
	if err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO segments
		(name, name_key, description, state, kind, definition, list_id, created_by, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?)`,
		draft.Name, database.Fold(draft.Name), draft.Description, draft.State, draft.Definition.Kind, string(definition),
		draft.Definition.ListID, by, database.Millis(now), database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("keep segment: %w", err)
	}
	return result.LastInsertId()
}

// update makes the old size invalid along with the old definition.
func update(ctx context.Context, tx database.Tx, id int64, draft Draft, now time.Time) error {
	definition, err := json.Marshal(draft.Definition)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE segments SET name = ?, name_key = ?, description = ?, state = ?, kind = ?, definition = ?,
		list_id = nullif(?, 0), calculated_at = CASE WHEN definition = ? THEN calculated_at END, version = version + 1,
		updated_at = ? WHERE id = ?`,
		draft.Name, database.Fold(draft.Name), draft.Description, draft.State, draft.Definition.Kind, string(definition),
		draft.Definition.ListID, string(definition), database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("change segment %d: %w", id, err)
	}
	return nil
}

func remove(ctx context.Context, tx database.Tx, id int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM segments WHERE id = ?", id); err != nil {
		return fmt.Errorf("delete segment %d: %w", id, err)
	}
	return nil
}

// keepSize notes a size, unless the segment was changed since it was read for the calculation.
func keepSize(ctx context.Context, tx database.Tx, of Segment, size int, snapshotID int64, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE segments SET size = ?, snapshot_id = ?, calculated_at = ?, failure = '',
		failure_about = '', waiting_since = NULL WHERE id = ? AND version = ?`, size, snapshotID, database.Millis(now), of.ID, of.Version)
	if err != nil {
		return fmt.Errorf("keep size of segment %d: %w", of.ID, err)
	}
	if kept, err := result.RowsAffected(); err != nil || kept == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO segment_sizes (segment_id, at, size) VALUES (?, ?, ?)
		ON CONFLICT (segment_id, at) DO UPDATE SET size = excluded.size`, of.ID, database.Millis(now), size)
	if err != nil {
		return fmt.Errorf("keep size of segment %d: %w", of.ID, err)
	}
	return nil
}

func keepFailure(ctx context.Context, tx database.Tx, of Segment, code, about string) error {
	_, err := tx.ExecContext(ctx, "UPDATE segments SET failure = ?, failure_about = ?, waiting_since = NULL WHERE id = ? AND version = ?",
		code, about, of.ID, of.Version)
	if err != nil {
		return fmt.Errorf("keep failure of segment %d: %w", of.ID, err)
	}
	return nil
}
