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
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/reseal"
)

// kept is how the settings of a source are stored.
type kept struct {
	Reading Settings `json:"reading"`
	Watched Folders  `json:"watched,omitzero"`
	Remote  Remote   `json:"remote,omitzero"`
}

const sourceColumns = `s.id, s.name, s.kind, s.place, s.settings, s.own_keys, s.match_email, s.position, s.with_schedule, s.on_change,
	s.shrink_share, coalesce(s.snapshot_id, 0), coalesce(s.previous_snapshot_id, 0), s.replaced_at, s.mark, s.version, s.created_at, s.updated_at,
	s.removed_at, coalesce(n.row_count, 0) FROM sources s LEFT JOIN snapshots n ON n.id = s.snapshot_id`

func scanSource(scan func(...any) error) (Source, error) {
	var s Source
	var settings []byte
	var created, updated int64
	var replaced, removed sql.NullInt64
	err := scan(&s.ID, &s.Name, &s.Kind, &s.Place, &settings, &s.OwnKeys, &s.MatchEmail, &s.Position, &s.WithSchedule, &s.OnChange,
		&s.ShrinkShare, &s.SnapshotID, &s.PreviousID, &replaced, &s.Mark, &s.Version, &created, &updated, &removed, &s.Rows)
	if err != nil {
		return Source{}, err
	}
	var k kept
	if err := json.Unmarshal(settings, &k); err != nil {
		return Source{}, fmt.Errorf("settings of source %d: %w", s.ID, err)
	}
	s.Reading, s.Watched, s.Remote = k.Reading, k.Watched, k.Remote
	s.ReplacedAt, s.RemovedAt = database.NullTime(replaced), database.NullTime(removed)
	s.CreatedAt, s.UpdatedAt = database.Time(created), database.Time(updated)
	return s, nil
}

func (s Source) encoded() (string, error) {
	text, err := json.Marshal(kept{Reading: s.Reading, Watched: s.Watched, Remote: s.Remote})
	if err != nil {
		return "", fmt.Errorf("encode settings: %w", err)
	}
	return string(text), nil
}

// source reads one that is not removed.
func (s store) source(ctx context.Context, q database.Querier, id int64) (Source, error) {
	return s.oneSource(ctx, q, `s.id = ? AND s.removed_at IS NULL`, id)
}

// sourceNamed finds a source by its name, whatever the case.
func (s store) sourceNamed(ctx context.Context, q database.Querier, name string) (Source, error) {
	return s.oneSource(ctx, q, `s.name_key = ? AND s.removed_at IS NULL`, nameKey(name))
}

func (s store) oneSource(ctx context.Context, q database.Querier, where string, args ...any) (Source, error) {
	found, err := scanSource(q.QueryRowContext(ctx, `SELECT `+sourceColumns+` WHERE `+where, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Source{}, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return Source{}, fmt.Errorf("read source: %w", err)
	}
	return found, nil
}

// sources lists those that are not removed, in the order of trust.
func (s store) sources(ctx context.Context, q database.Querier) (list []Source, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+sourceColumns+` WHERE s.removed_at IS NULL ORDER BY s.position, s.id`)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		found, err := scanSource(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list sources: %w", err)
		}
		list = append(list, found)
	}
	return list, rows.Err()
}

// insertSource adds a source below all others in the order of trust.
func (s store) insertSource(ctx context.Context, tx database.Tx, n Source, now time.Time) (int64, error) {
	settings, err := n.encoded()
	if err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO sources (name, name_key, kind, place, settings, own_keys, match_email, position, with_schedule,
		on_change, shrink_share, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM sources), ?, ?, ?, ?, ?)`,
		n.Name, nameKey(n.Name), n.Kind, n.Place, settings, n.OwnKeys, n.MatchEmail, n.WithSchedule, n.OnChange, n.ShrinkShare,
		database.Millis(now), database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("add source: %w", err)
	}
	return result.LastInsertId()
}

// updateSource writes what people choose. It is a Conflict when somebody else did since the version.
func (s store) updateSource(ctx context.Context, tx database.Tx, n Source, now time.Time) error {
	settings, err := n.encoded()
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `UPDATE sources SET name = ?, name_key = ?, settings = ?, own_keys = ?, match_email = ?, with_schedule = ?,
		on_change = ?, shrink_share = ?, mark = ?, version = version + 1, updated_at = ? WHERE id = ? AND version = ? AND removed_at IS NULL`,
		n.Name, nameKey(n.Name), settings, n.OwnKeys, n.MatchEmail, n.WithSchedule, n.OnChange, n.ShrinkShare, n.Mark, database.Millis(now), n.ID, n.Version)
	return changedOne(result, err, problem.New(problem.Conflict, "problem.changed"))
}

// recognise writes how the persons of a source are known, while it has no profiles.
func (s store) recognise(ctx context.Context, tx database.Tx, r profile.Rule, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE sources SET own_keys = ?, match_email = ?, version = version + 1, updated_at = ?
		WHERE id = ? AND removed_at IS NULL AND snapshot_id IS NULL`, r.OwnKeys, r.MatchEmail, database.Millis(now), r.SourceID)
	return changedOne(result, err, problem.New(problem.Conflict, "problem.changed"))
}

// saveReading keeps how the files of a source are read from now on.
func (s store) saveReading(ctx context.Context, tx database.Tx, sourceID int64, reading Settings, now time.Time) error {
	text, err := json.Marshal(reading)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE sources SET settings = json_set(settings, '$.reading', json(?)), updated_at = ?
		WHERE id = ? AND removed_at IS NULL`, string(text), database.Millis(now), sourceID)
	return changedOne(result, err, problem.New(problem.Conflict, "sources.removed"))
}

// replace notes which snapshot a source has now, and which it had before.
func (s store) replace(ctx context.Context, tx database.Tx, sourceID, snapshotID, previousID int64, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE sources SET snapshot_id = nullif(?, 0), previous_snapshot_id = nullif(?, 0), replaced_at = ?
		WHERE id = ? AND removed_at IS NULL`, snapshotID, previousID, database.Millis(now), sourceID)
	return changedOne(result, err, problem.New(problem.Conflict, "sources.removed"))
}

// alone reports whether no other source has profiles.
func (s store) alone(ctx context.Context, tx database.Tx, sourceID int64) (alone bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM sources WHERE id <> ? AND snapshot_id IS NOT NULL AND removed_at IS NULL)`, sourceID).Scan(&alone)
	return alone, err
}

func (s store) saveSecret(ctx context.Context, tx database.Tx, id int64, sealed []byte) error {
	result, err := tx.ExecContext(ctx, `UPDATE sources SET secret = ?, version = version + 1 WHERE id = ? AND removed_at IS NULL`, sealed, id)
	return changedOne(result, err, problem.New(problem.NotFound, "problem.not_found"))
}

func (s store) secret(ctx context.Context, id int64) (sealed []byte, err error) {
	err = s.db.Reader().QueryRowContext(ctx, `SELECT secret FROM sources WHERE id = ?`, id).Scan(&sealed)
	return sealed, err
}

// saveMark notes which state of which file of a folder was read, or tried.
func (s store) saveMark(ctx context.Context, tx database.Tx, id int64, mark string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE sources SET mark = ? WHERE id = ?`, mark, id); err != nil {
		return fmt.Errorf("note the file that was read: %w", err)
	}
	return nil
}

// forgetMark has a file read again, unless another one was read since.
func (s store) forgetMark(ctx context.Context, tx database.Tx, id int64, mark string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE sources SET mark = '' WHERE id = ? AND mark = ?`, id, mark); err != nil {
		return fmt.Errorf("forget the file that was read: %w", err)
	}
	return nil
}

// exchange swaps the places of two sources in the order of trust.
func (s store) exchange(ctx context.Context, tx database.Tx, a, b Source) error {
	for id, position := range map[int64]int{a.ID: b.Position, b.ID: a.Position} {
		if _, err := tx.ExecContext(ctx, `UPDATE sources SET position = ? WHERE id = ?`, position, id); err != nil {
			return fmt.Errorf("change the order of sources: %w", err)
		}
	}
	return nil
}

// arrange gives a source its place in the order of trust, and its rules.
func (s store) arrange(ctx context.Context, tx database.Tx, r profile.Rule, position int, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE sources SET position = ?, own_keys = ?, match_email = ?, version = version + 1, updated_at = ?
		WHERE id = ? AND (position <> ? OR own_keys <> ? OR match_email <> ?)`,
		position, r.OwnKeys, r.MatchEmail, database.Millis(now), r.SourceID, position, r.OwnKeys, r.MatchEmail)
	if err != nil {
		return fmt.Errorf("arrange sources: %w", err)
	}
	return nil
}

// removeSource keeps the row, for the history, and nothing that the source knew.
func (s store) removeSource(ctx context.Context, tx database.Tx, id int64, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE sources SET removed_at = ?, secret = NULL, snapshot_id = NULL, previous_snapshot_id = NULL
		WHERE id = ? AND removed_at IS NULL`, database.Millis(now), id)
	return changedOne(result, err, problem.New(problem.NotFound, "problem.not_found"))
}

// outdated lists the sources whose snapshot before is older than a moment.
func (s store) outdated(ctx context.Context, before time.Time) ([]int64, error) {
	return database.Column[int64](s.db.Reader().QueryContext(ctx, `SELECT id FROM sources WHERE previous_snapshot_id IS NOT NULL AND replaced_at < ?`,
		database.Millis(before)))
}

// Sealed tells where passwords of databases are sealed, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	return []reseal.Place{{Name: "sources", Table: "sources", Column: "secret", Key: []string{"id"},
		Binding: func(key []any) string { return passwordBinding(key[0].(int64)) }}}
}
