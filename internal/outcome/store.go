package outcome

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
)

func insert(ctx context.Context, tx database.Tx, w Writing) error {
	place, err := json.Marshal(w.Place)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outcome_writings (run_id, place, export, file, state, asked_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		w.RunID, string(place), w.Export, w.File, w.State, database.Millis(w.AskedAt), database.Millis(w.NextAt))
	if err != nil {
		return fmt.Errorf("ask for the outcomes of run %d: %w", w.RunID, err)
	}
	return nil
}

// put writes down how far a writing is.
func put(ctx context.Context, tx database.Tx, w Writing) error {
	_, err := tx.ExecContext(ctx, `UPDATE outcome_writings SET state = ?, lines = ?, tries = ?, asked_at = ?, next_at = ?, ended_at = ?, reason = ? WHERE run_id = ?`,
		w.State, w.Lines, w.Tries, database.Millis(w.AskedAt), database.Millis(w.NextAt), database.NullMillis(w.EndedAt), w.Reason, w.RunID)
	if err != nil {
		return fmt.Errorf("note the outcomes of run %d: %w", w.RunID, err)
	}
	return nil
}

func get(ctx context.Context, q database.Querier, runID int64) (w Writing, ok bool, err error) {
	var place string
	var asked, next int64
	var ended sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT run_id, place, export, file, state, lines, tries, asked_at, next_at, ended_at, reason FROM outcome_writings WHERE run_id = ?`, runID).
		Scan(&w.RunID, &place, &w.Export, &w.File, &w.State, &w.Lines, &w.Tries, &asked, &next, &ended, &w.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return Writing{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(place), &w.Place)
	}
	if err != nil {
		return Writing{}, false, fmt.Errorf("read the outcomes of run %d: %w", runID, err)
	}
	w.AskedAt, w.NextAt, w.EndedAt = database.Time(asked), database.Time(next), database.NullTime(ended)
	return w, true, nil
}

func waiting(ctx context.Context, q database.Querier) ([]int64, error) {
	ids, err := database.Column[int64](q.QueryContext(ctx, `SELECT run_id FROM outcome_writings WHERE state = 'waiting' ORDER BY run_id`))
	if err != nil {
		return nil, fmt.Errorf("list unwritten outcomes: %w", err)
	}
	return ids, nil
}
