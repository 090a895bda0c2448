package erasure

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/run"
)

// edition changes whenever somebody is added to those who must not come back, or taken away.
type edition struct{ last, count int64 }

func readEdition(ctx context.Context, q database.Querier) (v edition, err error) {
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(id), 0), count(*) FROM erased_fingerprints`).Scan(&v.last, &v.count); err != nil {
		return v, fmt.Errorf("look for erased persons: %w", err)
	}
	return v, nil
}

func each(ctx context.Context, q database.Querier, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read erasures: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read erasures: %w", err)
		}
	}
	return rows.Err()
}

func readFingerprints(ctx context.Context, q database.Querier, into map[fingerprint]struct{}) error {
	return each(ctx, q, `SELECT hash FROM erased_fingerprints`, nil, func(rows *sql.Rows) error {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		var f fingerprint
		copy(f[:], raw)
		into[f] = struct{}{}
		return nil
	})
}

// importRuns reports whether profiles are being read in: some of them are in no snapshot yet.
func importRuns(ctx context.Context, q database.Querier) (runs bool, err error) {
	if err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM imports WHERE state = 'running')`).Scan(&runs); err != nil {
		return false, fmt.Errorf("look for imports: %w", err)
	}
	return runs, nil
}

func insertErasure(ctx context.Context, tx database.Tx, e Erasure, removed map[string]int) (int64, error) {
	for place, n := range removed {
		if n == 0 {
			delete(removed, place)
		}
	}
	counts, err := json.Marshal(removed)
	if err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO erasures (at, by_name, reason, reference, removed) VALUES (?, ?, ?, ?, ?)`,
		database.Millis(e.At), e.By, e.Reason, e.Reference, string(counts))
	if err != nil {
		return 0, fmt.Errorf("keep the proof of an erasure: %w", err)
	}
	return result.LastInsertId()
}

func insertFingerprints(ctx context.Context, tx database.Tx, erasureID int64, prints []fingerprint) error {
	for _, one := range prints {
		if _, err := tx.ExecContext(ctx, `INSERT INTO erased_fingerprints (hash, erasure_id) VALUES (?, ?)
			ON CONFLICT (hash) DO UPDATE SET erasure_id = excluded.erasure_id`, one[:], erasureID); err != nil {
			return fmt.Errorf("keep an erased person away: %w", err)
		}
	}
	return nil
}

// lift takes away all that keeps the persons away to whom one of the fingerprints belongs.
func lift(ctx context.Context, tx database.Tx, prints []fingerprint, now time.Time, by string) (lifted []int64, found bool, err error) {
	for _, one := range prints {
		var erasureID sql.NullInt64
		err := tx.QueryRowContext(ctx, `DELETE FROM erased_fingerprints WHERE hash = ? RETURNING erasure_id`, one[:]).Scan(&erasureID)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, false, fmt.Errorf("allow an erased person: %w", err)
		}
		if found = true; erasureID.Valid && !slices.Contains(lifted, erasureID.Int64) {
			lifted = append(lifted, erasureID.Int64)
		}
	}
	for _, id := range lifted {
		if _, err := tx.ExecContext(ctx, `DELETE FROM erased_fingerprints WHERE erasure_id = ?`, id); err != nil {
			return nil, false, fmt.Errorf("allow an erased person: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE erasures SET lifted_at = ?, lifted_by = ? WHERE id = ?`, database.Millis(now), by, id); err != nil {
			return nil, false, fmt.Errorf("allow an erased person: %w", err)
		}
	}
	return lifted, found, nil
}

func insertTags(ctx context.Context, tx database.Tx, erasureID int64, stray run.Stray, tags string, state TagsState, code string, now time.Time) (int64, error) {
	answered := database.NullMillis(now)
	answered.Valid = state != TagsWaiting
	result, err := tx.ExecContext(ctx, `INSERT INTO erasure_tags (erasure_id, export_name, connection_id, brand_id, tags, batch_id, batch_at, state, code, answered_at)
		VALUES (?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?)`, erasureID, stray.ExportName, stray.ConnectionID, stray.BrandID, tags,
		stray.BatchID, database.NullMillis(stray.BatchAt), state, code, answered)
	if err != nil {
		return 0, fmt.Errorf("note tags of an erased person: %w", err)
	}
	return result.LastInsertId()
}

func sealAddress(ctx context.Context, tx database.Tx, id int64, sealed []byte) error {
	if _, err := tx.ExecContext(ctx, `UPDATE erasure_tags SET sealed = ? WHERE id = ?`, sealed, id); err != nil {
		return fmt.Errorf("note tags of an erased person: %w", err)
	}
	return nil
}

func answerTags(ctx context.Context, tx database.Tx, id int64, state TagsState, code string, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE erasure_tags SET state = ?, code = ?, sealed = NULL, batch_id = '', tries = tries + 1, answered_at = ? WHERE id = ?`,
		state, code, database.Millis(now), id); err != nil {
		return fmt.Errorf("note what became of tags: %w", err)
	}
	return nil
}

func tryTags(ctx context.Context, tx database.Tx, id int64, code string, tries int) error {
	if _, err := tx.ExecContext(ctx, `UPDATE erasure_tags SET code = ?, tries = ? WHERE id = ?`, code, tries, id); err != nil {
		return fmt.Errorf("note what became of tags: %w", err)
	}
	return nil
}

// markRewritten notes that the file was written anew, for all erasures up to when that began.
func markRewritten(ctx context.Context, tx database.Tx, began, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE erasures SET rewritten_at = ? WHERE rewritten_at IS NULL AND at <= ?`, database.Millis(now), database.Millis(began)); err != nil {
		return fmt.Errorf("note that the database was rewritten: %w", err)
	}
	return nil
}

const erasureColumns = `e.id, e.at, e.by_name, e.reason, e.reference, e.removed, e.rewritten_at, e.lifted_at, e.lifted_by,
	(SELECT count(*) FROM erased_fingerprints f WHERE f.erasure_id = e.id)`

func scanErasure(scan func(...any) error) (e Erasure, err error) {
	var at int64
	var rewritten, lifted sql.NullInt64
	var removed string
	if err := scan(&e.ID, &at, &e.By, &e.Reason, &e.Reference, &removed, &rewritten, &lifted, &e.LiftedBy, &e.Kept); err != nil {
		return e, err
	}
	e.At, e.RewrittenAt, e.LiftedAt = database.Time(at), database.NullTime(rewritten), database.NullTime(lifted)
	counts := map[string]int{}
	if err := json.Unmarshal([]byte(removed), &counts); err != nil {
		return e, err
	}
	for place, n := range counts {
		e.Removed = append(e.Removed, Count{place, n})
	}
	slices.SortFunc(e.Removed, func(a, b Count) int { return strings.Compare(a.Place, b.Place) })
	return e, nil
}

func readErasure(ctx context.Context, q database.Querier, id int64) (Erasure, error) {
	e, err := scanErasure(q.QueryRowContext(ctx, `SELECT `+erasureColumns+` FROM erasures e WHERE e.id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Erasure{}, problem.New(problem.NotFound, "problem.not_found")
	}
	if err != nil {
		return Erasure{}, fmt.Errorf("read erasure %d: %w", id, err)
	}
	e.Tags, err = readTags(ctx, q, id)
	return e, err
}

func readTags(ctx context.Context, q database.Querier, erasureID int64) (found []Tags, err error) {
	err = each(ctx, q, `SELECT id, export_name, coalesce(connection_id, 0), brand_id, tags, sealed, batch_id, batch_at, state, code, tries, answered_at
		FROM erasure_tags WHERE erasure_id = ? ORDER BY id`, []any{erasureID}, func(rows *sql.Rows) error {
		var t Tags
		var tags string
		var batchAt, answered sql.NullInt64
		if err := rows.Scan(&t.ID, &t.Export, &t.stray.ConnectionID, &t.stray.BrandID, &tags, &t.sealed, &t.stray.BatchID, &batchAt, &t.State, &t.Code, &t.Tries, &answered); err != nil {
			return err
		}
		t.stray.BatchAt, t.AnsweredAt = database.NullTime(batchAt), database.NullTime(answered)
		if tags != "" {
			t.Tags = strings.Split(tags, "\n")
		}
		found = append(found, t)
		return nil
	})
	return found, err
}

func listErasures(ctx context.Context, q database.Querier, offset, limit int) (found []Erasure, total int, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM erasures`).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count erasures: %w", err)
	}
	err = each(ctx, q, `SELECT `+erasureColumns+` FROM erasures e ORDER BY e.id DESC LIMIT ? OFFSET ?`, []any{limit, offset}, func(rows *sql.Rows) error {
		e, err := scanErasure(rows.Scan)
		found = append(found, e)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for i := range found {
		if found[i].Tags, err = readTags(ctx, q, found[i].ID); err != nil {
			return nil, 0, err
		}
	}
	return found, total, nil
}

// Sealed tells where addresses wait that tags are taken away from, for the exchange of the sealing key.
func Sealed() []reseal.Place {
	return []reseal.Place{{Name: "erasures", Table: "erasure_tags", Column: "sealed", Key: []string{"id"}, Binding: func(key []any) string { return binding(key[0].(int64)) }}}
}
