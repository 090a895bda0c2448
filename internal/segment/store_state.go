package segment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// setState changes a segment's state. One that is not active waits for no calculation.
func setState(ctx context.Context, tx database.Tx, id int64, state State, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE segments SET state = ?, waiting_since = NULL, version = version + 1, updated_at = ? WHERE id = ?`,
		state, database.Millis(now), id)
	if err != nil {
		return fmt.Errorf("change state of segment %d: %w", id, err)
	}
	return nil
}

// markWaiting notes that the segments are to be calculated, those of them that are active.
func markWaiting(ctx context.Context, tx database.Tx, ids []int64, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE segments SET waiting_since = coalesce(waiting_since, ?)
		WHERE state = 'active' AND id IN (SELECT value FROM json_each(?))`, database.Millis(now), jsonIDs(ids))
	if err != nil {
		return fmt.Errorf("note that segments wait: %w", err)
	}
	return nil
}

// nextWaiting is the segment that waits longest, 0 when none does.
func nextWaiting(ctx context.Context, q database.Querier) (id int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT id FROM segments WHERE waiting_since IS NOT NULL ORDER BY waiting_since, id LIMIT 1`).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// keepParts notes which segments stand in the rule of one. Ids that no segment has are passed over: a draft may name them.
func keepParts(ctx context.Context, tx database.Tx, outer int64, inner []int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM segment_parts WHERE outer_id = ?`, outer); err != nil {
		return fmt.Errorf("forget parts of segment %d: %w", outer, err)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO segment_parts (outer_id, inner_id)
		SELECT ?, id FROM segments WHERE id IN (SELECT value FROM json_each(?))`, outer, jsonIDs(inner))
	if err != nil {
		return fmt.Errorf("keep parts of segment %d: %w", outer, err)
	}
	return nil
}

// outersOf lists the segments whose rules name the segment, also by way of others, each once.
func outersOf(ctx context.Context, q database.Querier, id int64) ([]int64, error) {
	return listIDs(ctx, q, `WITH RECURSIVE outers (id) AS (
		SELECT outer_id FROM segment_parts WHERE inner_id = ?
		UNION SELECT p.outer_id FROM segment_parts p JOIN outers o ON o.id = p.inner_id) SELECT id FROM outers ORDER BY id`, id)
}

// namedBy lists the segments whose rules name the segment directly, with their state.
func namedBy(ctx context.Context, q database.Querier, id int64) (found []Segment, err error) {
	rows, err := q.QueryContext(ctx, "SELECT "+columns+tables+`JOIN segment_parts p ON p.outer_id = s.id
		WHERE p.inner_id = ? ORDER BY s.name_key`, id)
	if err != nil {
		return nil, fmt.Errorf("list segments with segment %d in their rule: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		outer, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, outer)
	}
	return found, rows.Err()
}

func jsonIDs(ids []int64) string {
	if ids == nil {
		ids = []int64{}
	}
	encoded, err := json.Marshal(ids)
	if err != nil {
		panic(err) // numbers always encode
	}
	return string(encoded)
}

func readSizes(ctx context.Context, q database.Querier, id int64, since time.Time) (points []Point, err error) {
	rows, err := q.QueryContext(ctx, `SELECT at, size FROM segment_sizes WHERE segment_id = ? AND at >= ? ORDER BY at`, id, database.Millis(since))
	if err != nil {
		return nil, fmt.Errorf("read sizes of segment %d: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var at int64
		var p Point
		if err := rows.Scan(&at, &p.Size); err != nil {
			return nil, err
		}
		p.At = database.Time(at)
		points = append(points, p)
	}
	return points, rows.Err()
}

// thinSizes leaves the last size of each day, UTC, of those from before the time.
func thinSizes(ctx context.Context, tx database.Tx, before time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM segment_sizes AS old WHERE at < ? AND EXISTS (SELECT 1 FROM segment_sizes later
		WHERE later.segment_id = old.segment_id AND later.at > old.at AND later.at < (old.at / 86400000 + 1) * 86400000)`, database.Millis(before))
	if err != nil {
		return fmt.Errorf("thin out sizes: %w", err)
	}
	return nil
}

func namesOf(ctx context.Context, q database.Querier, ids []int64) (names map[int64]string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT id, name FROM segments WHERE id IN (SELECT value FROM json_each(?))", jsonIDs(ids))
	if err != nil {
		return nil, fmt.Errorf("read names of segments: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names = map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		names[id] = name
	}
	return names, rows.Err()
}

// countOverlap judges both conditions once on every profile: the limit keeps SQLite from judging them for each sum.
func countOverlap(ctx context.Context, q database.Querier, table string, a, b Where) (o Overlap, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(sum(a AND NOT b), 0), coalesce(sum(a AND b), 0), coalesce(sum(b AND NOT a), 0), count(*)
		FROM (SELECT `+a.SQL+` AS a, `+b.SQL+` AS b FROM `+table+` p LIMIT -1)`, append(append([]any{}, a.Args...), b.Args...)...).
		Scan(&o.OnlyFirst, &o.Both, &o.OnlySecond, &o.Profiles)
	return o, err
}

// idByName finds a segment by its name in any case, 0 when there is none.
func idByName(ctx context.Context, q database.Querier, name string) (id int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT id FROM segments WHERE name_key = ?", database.Fold(name)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}
