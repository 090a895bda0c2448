package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
)

// A batch that the destination has taken may come to its end long after the run that sent it did: when the run was stopped,
// or when the batch seemed to be stalled. It then brings older data over what a later run delivered. So every run asks, at its
// beginning and at its end, about such batches of its export. Whoever is in one that has ended meanwhile is sent once more,
// and the tags that it may have brought are decided on again.

// lateFor is how long a batch is looked out for: the destination forgets it after seven days.
const lateFor = 7 * 24 * time.Hour

// lateArrived is the event that says how many profiles were in batches that ended after a later run had begun.
const lateArrived = "late_batches"

type lateBatch struct {
	id       int64
	remoteID string
	sentAt   time.Time
	entries  []entry
}

// keepLate notes batches that the destination has taken and not finished.
func keepLate(ctx context.Context, tx database.Tx, which string, args ...any) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO late_batches (export_id, brand_id, remote_id, sent_at, items)
		SELECT r.export_id, r.brand_id, b.remote_id, b.sent_at, i.items FROM (SELECT * FROM batches WHERE `+which+`) b
		JOIN batch_items i ON i.run_id = b.run_id AND i.number = b.number JOIN runs r ON r.id = b.run_id`, args...)
	if err != nil {
		return fmt.Errorf("keep late batches: %w", err)
	}
	return nil
}

// readLate lists the late batches of an export at a brand.
func readLate(ctx context.Context, q database.Querier, exportID int64, brandID string) (found []lateBatch, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, remote_id, sent_at, items FROM late_batches WHERE export_id = ? AND brand_id = ? ORDER BY id`, exportID, brandID)
	if err != nil {
		return nil, fmt.Errorf("read late batches: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b lateBatch
		var sent int64
		var items string
		if err := rows.Scan(&b.id, &b.remoteID, &sent, &items); err != nil {
			return nil, err
		}
		b.sentAt = database.Time(sent)
		if err := json.Unmarshal([]byte(items), &b.entries); err != nil {
			return nil, fmt.Errorf("read late batches: %w", err)
		}
		found = append(found, b)
	}
	return found, rows.Err()
}

// lookForLate asks about the late batches of the export, and doubts what was delivered to whom was in those that have ended.
// At the beginning of a run it is this run that sends them again and decides on their tags, at its end the next one. When the
// destination does not answer, the next look will do.
func (x *execution) lookForLate(ctx context.Context, atTheEnd bool) error {
	late, err := readLate(ctx, x.service.db.Reader(), x.run.ExportID, x.run.Plan.BrandID)
	if err != nil || len(late) == 0 || x.stopping.Err() != nil {
		return err
	}
	ids, oldest := make([]string, len(late)), late[0].sentAt
	for i, b := range late {
		ids[i] = b.remoteID
		if b.sentAt.Before(oldest) {
			oldest = b.sentAt
		}
	}
	states, err := x.reading.States(ctx, ids, oldest)
	if err != nil {
		var failure *destination.Error
		if ctx.Err() == nil && (errors.As(err, &failure) || x.stopping.Err() != nil) {
			return nil
		}
		return err
	}
	return x.write(ctx, progress{}, func(j journal) error {
		arrived := 0
		for _, b := range late {
			state, told := states[b.remoteID]
			waits := !told || state.Progress == destination.Waiting
			if waits && x.service.clock().Sub(b.sentAt) < lateFor {
				continue
			}
			arrived += len(b.entries)
			for _, e := range b.entries {
				if err := j.doubt(ctx, x.run.ExportID, []string{e.ProfileID}); err != nil {
					return err
				}
				if x.tagger == nil {
					continue
				}
				if err := straysAt(ctx, j.tx, x.run.ID, e.ProfileID, e.Identity, e.Tags, atTheEnd); err != nil {
					return err
				}
			}
			if _, err := j.tx.ExecContext(ctx, `DELETE FROM late_batches WHERE id = ?`, b.id); err != nil {
				return fmt.Errorf("let go of a late batch: %w", err)
			}
		}
		if arrived == 0 {
			return nil
		}
		return addEvent(ctx, j.tx, x.run.ID, x.service.clock(), lateArrived, strconv.Itoa(arrived))
	})
}
