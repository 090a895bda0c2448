package version

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

const columns = `kind, thing_id, number, act, back_to, definition, substance, redacted, user_id, user_name, at`

func insert(ctx context.Context, tx database.Tx, v Version) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO versions (`+columns+`, turn) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10,
		?7 = '' OR ?7 <> coalesce((SELECT substance FROM versions WHERE kind = ?1 AND thing_id = ?2 ORDER BY number DESC LIMIT 1), ''))`,
		v.Of.Kind, v.Of.ID, v.Number, v.Act, v.BackTo, string(v.Definition), v.Substance, v.UserID, v.UserName, database.Millis(v.At))
	if err != nil {
		return fmt.Errorf("keep version %d of %s %d: %w", v.Number, v.Of.Kind, v.Of.ID, err)
	}
	return nil
}

func scan(row interface{ Scan(...any) error }) (v Version, err error) {
	var definition string
	var at int64
	err = row.Scan(&v.Of.Kind, &v.Of.ID, &v.Number, &v.Act, &v.BackTo, &definition, &v.Substance, &v.Redacted, &v.UserID, &v.UserName, &at)
	v.Definition, v.At = []byte(definition), database.Time(at)
	return v, err
}

// Get reads one version; NotFound when there is none of that number.
func Get(ctx context.Context, q database.Querier, of Thing, number int) (Version, error) {
	v, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM versions WHERE kind = ? AND thing_id = ? AND number = ?`, of.Kind, of.ID, number))
	if errors.Is(err, sql.ErrNoRows) {
		return Version{}, problem.New(problem.NotFound, "version.problem.not_found", "Number", number)
	}
	if err != nil {
		return Version{}, fmt.Errorf("read version %d of %s %d: %w", number, of.Kind, of.ID, err)
	}
	return v, nil
}

// List reads versions of a thing, the latest first: those with a lower number than before, all when it is 0.
func List(ctx context.Context, q database.Querier, of Thing, before, limit int) ([]Version, error) {
	return all(q.QueryContext(ctx, `SELECT `+columns+` FROM versions WHERE kind = ?1 AND thing_id = ?2 AND (?3 = 0 OR number < ?3)
		ORDER BY number DESC LIMIT ?4`, of.Kind, of.ID, before, limit))
}

// Last is the number of the latest version of a thing; 0 when there is none.
func Last(ctx context.Context, q database.Querier, of Thing) (number int, err error) {
	if err = q.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM versions WHERE kind = ? AND thing_id = ?`, of.Kind, of.ID).Scan(&number); err != nil {
		return 0, fmt.Errorf("read the last version of %s %d: %w", of.Kind, of.ID, err)
	}
	return number, nil
}

func all(rows *sql.Rows, err error) (found []Version, _ error) {
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list versions: %w", err)
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

// Drop forgets the versions of a thing that is gone for good.
func Drop(ctx context.Context, tx database.Tx, of Thing) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM versions WHERE kind = ? AND thing_id = ?`, of.Kind, of.ID); err != nil {
		return fmt.Errorf("drop versions of %s %d: %w", of.Kind, of.ID, err)
	}
	return nil
}

func dropOlder(ctx context.Context, tx database.Tx, before time.Time) (int, error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM versions WHERE at < ?1
		AND number < (SELECT min(number) FROM (SELECT number FROM versions l WHERE l.kind = versions.kind AND l.thing_id = versions.thing_id ORDER BY number DESC LIMIT ?2))
		AND NOT EXISTS (SELECT 1 FROM approvals a WHERE versions.kind = 'export' AND a.export_id = versions.thing_id AND a.number <= versions.number)
		AND NOT EXISTS (SELECT 1 FROM approved_segments a WHERE versions.kind = 'segment' AND a.segment_id = versions.thing_id AND a.number <= versions.number)
		AND NOT (turn = 1 AND kind <> 'schedule'
			AND NOT EXISTS (SELECT 1 FROM versions l WHERE l.kind = versions.kind AND l.thing_id = versions.thing_id AND l.turn = 1 AND l.user_id = versions.user_id AND l.number > versions.number)
			AND NOT EXISTS (SELECT 1 FROM approvals a WHERE versions.kind = 'export' AND a.export_id = versions.thing_id))`,
		database.Millis(before), KeptLeast)
	if err != nil {
		return 0, fmt.Errorf("drop old versions: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

func authors(ctx context.Context, q database.Querier, of Thing) ([]int64, error) {
	ids, err := database.Column[int64](q.QueryContext(ctx, `SELECT DISTINCT user_id FROM versions
		WHERE kind = ? AND thing_id = ? AND user_id <> 0 AND act NOT IN ('paused', 'withdrawn', 'resumed')`, of.Kind, of.ID))
	if err != nil {
		return nil, fmt.Errorf("find who made %s %d: %w", of.Kind, of.ID, err)
	}
	return ids, nil
}
