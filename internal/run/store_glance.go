package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// recentQuery finds the last runs of each export by the index of its runs; what they say is read of those alone. It needs the
// exports as a JSON array, and how many runs of each.
const recentQuery = `SELECT r.export_id, r.id, r.state, r.profiles, r.accepted, r.unchanged, r.invalid, r.refused, r.duplicates, r.excluded, r.erased,
		r.queued_at, r.started_at, r.ended_at
	FROM json_each(?) e CROSS JOIN runs r ON r.id IN (SELECT id FROM runs WHERE export_id = e.value AND cause <> 'try' ORDER BY id DESC LIMIT ?)
	ORDER BY r.export_id, r.id`

func recentRuns(ctx context.Context, q database.Querier, exportIDs []int64, most int) (found map[int64][]Brief, err error) {
	ids, err := json.Marshal(exportIDs)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, recentQuery, string(ids), most)
	if err != nil {
		return nil, fmt.Errorf("read the last runs of exports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = make(map[int64][]Brief, len(exportIDs))
	for rows.Next() {
		var exportID, queued int64
		var started, ended sql.NullInt64
		var b Brief
		if err := rows.Scan(&exportID, &b.ID, &b.State, &b.Counts.Profiles, &b.Counts.Accepted, &b.Counts.Unchanged, &b.Counts.Invalid, &b.Counts.Refused,
			&b.Counts.Duplicates, &b.Counts.Excluded, &b.Counts.Erased, &queued, &started, &ended); err != nil {
			return nil, err
		}
		b.QueuedAt, b.StartedAt, b.EndedAt = database.Time(queued), database.NullTime(started), database.NullTime(ended)
		found[exportID] = append(found[exportID], b)
	}
	return found, rows.Err()
}

// ending is what one run had delivered at its end.
type ending struct {
	at       time.Time
	accepted int
}

// deliveredQuery needs the export, since when, the moment that it is, and the export once more.
const deliveredQuery = `SELECT ended_at AS at, accepted FROM runs WHERE export_id = ? AND ended_at >= ? AND cause <> 'try'
	UNION ALL SELECT ?, accepted FROM runs WHERE export_id = ? AND state IN ('queued', 'running', 'paused') AND cause <> 'try' ORDER BY at`

// endings reads what runs of an export delivered that ended since a time, or are under way now, in the order of their ends.
func endings(ctx context.Context, q database.Querier, exportID int64, since, now time.Time) (found []ending, err error) {
	rows, err := q.QueryContext(ctx, deliveredQuery, exportID, database.Millis(since), database.Millis(now), exportID)
	if err != nil {
		return nil, fmt.Errorf("read what export %d delivered: %w", exportID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e ending
		var at int64
		if err := rows.Scan(&at, &e.accepted); err != nil {
			return nil, err
		}
		e.at = database.Time(at)
		found = append(found, e)
	}
	return found, rows.Err()
}
