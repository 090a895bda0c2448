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
	"github.com/segue-app/segue/internal/profile"
)

func beginList(ctx context.Context, tx database.Tx, by Entries, now time.Time) (int64, error) {
	result, err := tx.ExecContext(ctx, "INSERT INTO segment_lists (entries, created_at) VALUES (?, ?)", by, database.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("begin list: %w", err)
	}
	return result.LastInsertId()
}

// addToList adds entries and says which were new.
func addToList(ctx context.Context, tx database.Tx, listID int64, entries []string) (added map[string]bool, err error) {
	rows, err := tx.QueryContext(ctx, `INSERT INTO segment_list_members (list_id, profile_id)
		SELECT ?, value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING profile_id`, listID, dialect.JSONList(entries))
	if err != nil {
		return nil, fmt.Errorf("add to list %d: %w", listID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	added = map[string]bool{}
	for rows.Next() {
		var entry string
		if err := rows.Scan(&entry); err != nil {
			return nil, err
		}
		added[entry] = true
	}
	return added, rows.Err()
}

func addListLine(ctx context.Context, tx database.Tx, listID int64, line int, fault string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO segment_list_lines (list_id, line, fault) VALUES (?, ?, ?)", listID, line, fault)
	if err != nil {
		return fmt.Errorf("note line of list %d: %w", listID, err)
	}
	return nil
}

func completeList(ctx context.Context, tx database.Tx, of List) error {
	_, err := tx.ExecContext(ctx, "UPDATE segment_lists SET ids = ?, repeated = ?, malformed = ?, complete = 1 WHERE id = ?",
		of.Count, of.Repeated, of.Malformed, of.ID)
	if err != nil {
		return fmt.Errorf("complete list %d: %w", of.ID, err)
	}
	return nil
}

func dropList(ctx context.Context, tx database.Tx, listID int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM segment_lists WHERE id = ?", listID); err != nil {
		return fmt.Errorf("drop list %d: %w", listID, err)
	}
	return nil
}

// readList reads what is known of a list without its entries; of none that there is, nothing.
func readList(ctx context.Context, q database.Querier, listID int64) (found List, err error) {
	err = q.QueryRowContext(ctx, "SELECT id, entries, ids, repeated, malformed FROM segment_lists WHERE id = ?", listID).
		Scan(&found.ID, &found.By, &found.Count, &found.Repeated, &found.Malformed)
	if errors.Is(err, sql.ErrNoRows) {
		return List{}, nil
	}
	if err != nil {
		return found, fmt.Errorf("read list %d: %w", listID, err)
	}
	return found, nil
}

func countUnknown(ctx context.Context, q database.Querier, of List, snapshot profile.Snapshot) (count int, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM segment_list_members m WHERE m.list_id = ? AND "+unknownTo(of, snapshot), of.ID).Scan(&count)
	return count, err
}

func readUnknown(ctx context.Context, q database.Querier, of List, snapshot profile.Snapshot, after string, most int) (entries []string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT m.profile_id FROM segment_list_members m WHERE m.list_id = ? AND m.profile_id > ? AND "+
		unknownTo(of, snapshot)+" ORDER BY m.profile_id LIMIT ?", of.ID, after, most)
	if err != nil {
		return nil, fmt.Errorf("read unknown entries of list %d: %w", of.ID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var entry string
		if err := rows.Scan(&entry); err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, rows.Err()
}

func readListLines(ctx context.Context, q database.Querier, listID int64) (lines []Line, err error) {
	rows, err := q.QueryContext(ctx, "SELECT line, fault = 'malformed' FROM segment_list_lines WHERE list_id = ? ORDER BY line", listID)
	if err != nil {
		return nil, fmt.Errorf("read lines of list %d: %w", listID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var line Line
		if err := rows.Scan(&line.Number, &line.Malformed); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// countKnownIDs counts which of the ids a snapshot's table has.
func countKnownIDs(ctx context.Context, q database.Querier, table string, ids []string) (count int, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM json_each(?) WHERE value IN (SELECT id FROM "+table+")", dialect.JSONList(ids)).Scan(&count)
	return count, err
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
