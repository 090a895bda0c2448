package profile

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

func (s store) trust(ctx context.Context, q database.Querier) (Trust, error) {
	rows, err := q.QueryContext(ctx, `SELECT attribute_key, source_id FROM attribute_trust`)
	if err != nil {
		return nil, fmt.Errorf("read trust: %w", err)
	}
	defer rows.Close()
	trust := Trust{}
	for rows.Next() {
		var key string
		var id int64
		if err := rows.Scan(&key, &id); err != nil {
			return nil, fmt.Errorf("read trust: %w", err)
		}
		trust[key] = id
	}
	return trust, rows.Err()
}

func (s store) setTrust(ctx context.Context, tx database.Tx, trust Trust) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM attribute_trust`); err != nil {
		return fmt.Errorf("forget trust: %w", err)
	}
	for key, id := range trust {
		if _, err := tx.ExecContext(ctx, `INSERT INTO attribute_trust (attribute_key, source_id) VALUES (?, ?)`, key, id); err != nil {
			return fmt.Errorf("keep trust: %w", err)
		}
	}
	return nil
}

func (s store) insertVersion(ctx context.Context, tx database.Tx, v Version, userID int64) error {
	before, err := json.Marshal(v.Before)
	if err != nil {
		return fmt.Errorf("encode rules: %w", err)
	}
	after, err := json.Marshal(v.After)
	if err != nil {
		return fmt.Errorf("encode rules: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO unification_rules (before, after, saved_by, saved_by_name, saved_at) VALUES (?, ?, nullif(?, 0), ?, ?)`,
		string(before), string(after), userID, v.SavedByName, database.Millis(v.SavedAt))
	if err != nil {
		return fmt.Errorf("keep rules: %w", err)
	}
	return nil
}

func (s store) lastVersion(ctx context.Context, q database.Querier) (v Version, err error) {
	var before, after []byte
	var saved int64
	err = q.QueryRowContext(ctx, `SELECT id, before, after, saved_by_name, saved_at FROM unification_rules WHERE undone_at IS NULL ORDER BY id DESC LIMIT 1`).
		Scan(&v.ID, &before, &after, &v.SavedByName, &saved)
	if errors.Is(err, sql.ErrNoRows) {
		return Version{}, problem.New(problem.NotFound, "unification.nothing_to_undo")
	}
	if err != nil {
		return Version{}, fmt.Errorf("read rules: %w", err)
	}
	v.SavedAt = database.Time(saved)
	return v, errors.Join(json.Unmarshal(before, &v.Before), json.Unmarshal(after, &v.After))
}

func (s store) undoVersion(ctx context.Context, tx database.Tx, id int64, now time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE unification_rules SET undone_at = ? WHERE id = ? AND undone_at IS NULL`, database.Millis(now), id)
	return changedOne(result, err, problem.New(problem.Conflict, "problem.changed"))
}

func (s store) waitForUnification(ctx context.Context, tx database.Tx, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE unification_state SET waiting = 1, done = 0, total = 0, code = '', args = '[]', changed_at = ?`, database.Millis(now))
	if err != nil {
		return fmt.Errorf("note unification: %w", err)
	}
	return nil
}

func (s store) noteProgress(ctx context.Context, tx database.Tx, done, total int, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE unification_state SET waiting = 1, done = ?, total = ?, changed_at = ?`, done, total, database.Millis(now))
	if err != nil {
		return fmt.Errorf("note unification: %w", err)
	}
	return nil
}

// endUnification notes how the last one ended: failure is nil when all went well.
func (s store) endUnification(ctx context.Context, tx database.Tx, failure *problem.Problem, now time.Time) error {
	code, args := "", []byte("[]")
	if failure != nil {
		var err error
		if code = failure.Code; len(failure.Args) > 0 {
			if args, err = json.Marshal(failure.Args); err != nil {
				return fmt.Errorf("encode failure: %w", err)
			}
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE unification_state SET waiting = 0, done = 0, total = 0, code = ?, args = ?, changed_at = ?`,
		code, string(args), database.Millis(now))
	if err != nil {
		return fmt.Errorf("note unification: %w", err)
	}
	return nil
}

func (s store) unificationState(ctx context.Context) (state State, err error) {
	var code string
	var args []byte
	err = s.db.Reader().QueryRowContext(ctx, `SELECT waiting, done, total, code, args FROM unification_state`).
		Scan(&state.Waiting, &state.Done, &state.Total, &code, &args)
	if err != nil {
		return State{}, fmt.Errorf("read unification: %w", err)
	}
	if code != "" {
		var values []any
		if err := json.Unmarshal(args, &values); err != nil {
			return State{}, fmt.Errorf("read unification: %w", err)
		}
		state.Failure = problem.New(problem.Conflict, code, values...)
	}
	return state, nil
}

// report reads how a unified snapshot came together, and of what. It is a NotFound problem for one that is not unified.
func (s store) report(ctx context.Context, snapshotID int64) (report Report, inputs string, err error) {
	var text []byte
	err = s.db.Reader().QueryRowContext(ctx, `SELECT report, inputs FROM unifications WHERE snapshot_id = ?`, snapshotID).Scan(&text, &inputs)
	if errors.Is(err, sql.ErrNoRows) {
		return Report{}, "", problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return Report{}, "", fmt.Errorf("read report: %w", err)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return Report{}, "", fmt.Errorf("read report: %w", err)
	}
	return report, inputs, nil
}

// givePrefixes gives each part with keys of its own the prefix that it has had, or a new one out of its name.
func (s store) givePrefixes(ctx context.Context, tx database.Tx, parts []Part) error {
	for i := range parts {
		p := &parts[i]
		if !p.OwnKeys {
			continue
		}
		for count := 1; ; count++ {
			err := tx.QueryRowContext(ctx, `SELECT prefix FROM unification_prefixes WHERE source_id = ?`, p.SourceID).Scan(&p.Prefix)
			if err == nil {
				break
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("read prefix: %w", err)
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO unification_prefixes (source_id, prefix) VALUES (?, ?) ON CONFLICT (prefix) DO NOTHING`,
				p.SourceID, prefixOf(p.Name, count))
			if err != nil {
				return fmt.Errorf("keep prefix: %w", err)
			}
		}
	}
	return nil
}

// retire leaves no snapshot current.
func (s store) retire(ctx context.Context, tx database.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE snapshots SET state = 'kept' WHERE state = 'current'`); err != nil {
		return fmt.Errorf("retire profiles: %w", err)
	}
	return nil
}
