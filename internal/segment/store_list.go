package segment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/dialect"
)

func beginList(ctx context.Context, tx database.Tx, now time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, "INSERT INTO segment_lists (created_at) VALUES (?)", database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("begin list: %w", err)
	}
	return result.LastInsertId()
}

// addToList adds ids and says how many were new.
func addToList(ctx context.Context, tx database.Tx, listID int64, ids []string) (int, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO segment_list_members (list_id, profile_id)
		SELECT ?, value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`, listID, dialect.JSONList(ids))
	if err != nil {
		return 0, fmt.Errorf("add to list %d: %w", listID, err)
	}
	added, err := result.RowsAffected()
	return int(added), err
}

func completeList(ctx context.Context, tx database.Tx, listID int64, ids int) error {
	if _, err := tx.ExecContext(ctx, "UPDATE segment_lists SET ids = ?, complete = 1 WHERE id = ?", ids, listID); err != nil {
		return fmt.Errorf("complete list %d: %w", listID, err)
	}
	return nil
}

func dropList(ctx context.Context, tx database.Tx, listID int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM segment_lists WHERE id = ?", listID); err != nil {
		return fmt.Errorf("drop list %d: %w", listID, err)
	}
	return nil
}

// readList reads how many ids a list has, and how many of them the table of a snapshot knows.
func readList(ctx context.Context, q database.Querier, listID int64, table string) (ids, known int, err error) {
	err = q.QueryRowContext(ctx, "SELECT l.ids, (SELECT count(*) FROM segment_list_members m JOIN "+table+
		" p ON p.id = m.profile_id WHERE m.list_id = l.id) FROM segment_lists l WHERE l.id = ?", listID).Scan(&ids, &known)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return ids, known, err
}

// pruneLists removes the lists that no segment has, that are older than the time and not among those to keep.
func pruneLists(ctx context.Context, tx database.Tx, keep []int64, olderThan time.Time) (int, error) {
	if keep == nil {
		keep = []int64{}
	}
	kept, err := json.Marshal(keep)
	if err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, `DELETE FROM segment_lists WHERE created_at < ?
		AND id NOT IN (SELECT value FROM json_each(?))
		AND NOT EXISTS (SELECT 1 FROM segments s WHERE s.list_id = segment_lists.id)`, database.Millis(olderThan), string(kept))
	if err != nil {
		return 0, fmt.Errorf("prune lists: %w", err)
	}
	removed, err := result.RowsAffected()
	return int(removed), err
}
