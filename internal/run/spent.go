package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// What a run has spent of its brand's budget is in the journal, so that a process that is started in the middle of a minute does
// not overdraw it: when batches were sent, and when something was read.

// readingsFor is how long readings are kept: well beyond a window, whose length is a minute.
const readingsFor = time.Hour

// addReadings notes requests that read something.
func (j journal) addReadings(ctx context.Context, brandID string, count int, now time.Time) error {
	if count == 0 {
		return nil
	}
	if _, err := j.tx.ExecContext(ctx, `INSERT INTO readings (brand_id, at, count) VALUES (?, ?, ?)`, brandID, database.Millis(now), count); err != nil {
		return fmt.Errorf("note readings: %w", err)
	}
	return nil
}

// dropReadings lets go of those before a time.
func dropReadings(ctx context.Context, tx database.Tx, before time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM readings WHERE at < ?`, database.Millis(before)); err != nil {
		return fmt.Errorf("drop readings: %w", err)
	}
	return nil
}

// requestTimes lists when requests were sent to a brand since a time, oldest first; batches of which it is not known count as
// sent now.
func requestTimes(ctx context.Context, q database.Querier, brandID string, since, now time.Time) (times []time.Time, err error) {
	rows, err := q.QueryContext(ctx, `SELECT b.sent_at AS at, 1 FROM batches b JOIN runs r ON r.id = b.run_id WHERE r.brand_id = ?2 AND b.sent_at > ?3
		UNION ALL SELECT ?1, 1 FROM runs r JOIN batches b ON b.run_id = r.id
			WHERE r.brand_id = ?2 AND r.state IN ('queued', 'running', 'paused') AND r.state = 'running' AND b.state = 'planned' AND b.sent_at IS NULL
		UNION ALL SELECT at, count FROM readings WHERE brand_id = ?2 AND at > ?3 ORDER BY at`,
		database.Millis(now), brandID, database.Millis(since))
	if err != nil {
		return nil, fmt.Errorf("read when requests were sent: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var at int64
		var count int
		if err := rows.Scan(&at, &count); err != nil {
			return nil, err
		}
		for range count {
			times = append(times, database.Time(at))
		}
	}
	return times, rows.Err()
}
