package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

// leaveBatches takes a profile out of the batches of the journal. One of which nobody is left goes as well.
func (f *Forgetting) leaveBatches(ctx context.Context, tx database.Tx, id string, removed map[string]int, open map[int64]int) error {
	type place struct {
		runID         int64
		number        int
		state, before string
		left          []entry
	}
	var places []place
	err := eachRow(ctx, tx, `SELECT i.run_id, i.number, coalesce(b.state, 'settled'), i.items FROM batch_items i LEFT JOIN batches b ON b.run_id = i.run_id AND b.number = i.number
		WHERE i.first_id <= ?1 AND i.last_id >= ?1`, []any{id}, func(rows *sql.Rows) error {
		var p place
		if err := rows.Scan(&p.runID, &p.number, &p.state, &p.before); err != nil {
			return err
		}
		var all []entry
		if err := json.Unmarshal([]byte(p.before), &all); err != nil {
			return err
		}
		for _, e := range all {
			if e.ProfileID != id {
				p.left = append(p.left, e)
			}
		}
		if len(p.left) < len(all) {
			places = append(places, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range places {
		removed[string(InBatches)]++
		if p.state != "settled" {
			open[p.runID]++
		}
		if len(p.left) == 0 {
			if err := dropEmptied(ctx, tx, p.runID, p.number, p.state); err != nil {
				return err
			}
			continue
		}
		items, err := appendEntries(nil, p.left)
		if err != nil {
			return err
		}
		if _, err := change(ctx, tx, `UPDATE batch_items SET first_id = ?, last_id = ?, items = ? WHERE run_id = ? AND number = ?`,
			p.left[0].ProfileID, p.left[len(p.left)-1].ProfileID, string(items), p.runID, p.number); err != nil {
			return err
		}
		if p.state == "filling" || p.state == "planned" {
			if _, err := change(ctx, tx, `UPDATE batches SET size = ? WHERE run_id = ? AND number = ?`, len(p.left), p.runID, p.number); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropEmptied lets go of a batch that nobody is in any more. One that was sent has no outcome to wait for.
func dropEmptied(ctx context.Context, tx database.Tx, runID int64, number int, state string) error {
	if _, err := change(ctx, tx, `DELETE FROM batch_items WHERE run_id = ? AND number = ?`, runID, number); err != nil {
		return err
	}
	var err error
	switch state {
	case "filling", "planned":
		_, err = change(ctx, tx, `DELETE FROM batches WHERE run_id = ? AND number = ?`, runID, number)
	case "sent":
		if _, err = change(ctx, tx, `UPDATE batches SET state = 'settled' WHERE run_id = ? AND number = ?`, runID, number); err == nil {
			_, err = change(ctx, tx, `UPDATE runs SET batches_settled = batches_settled + 1 WHERE id = ?`, runID)
		}
	}
	return err
}

func (f *Forgetting) leaveLate(ctx context.Context, tx database.Tx, id string, removed map[string]int) error {
	late := map[int64][]entry{}
	err := eachRow(ctx, tx, `SELECT id, items FROM late_batches`, nil, func(rows *sql.Rows) error {
		var batch int64
		var items string
		if err := rows.Scan(&batch, &items); err != nil {
			return err
		}
		var all []entry
		if err := json.Unmarshal([]byte(items), &all); err != nil {
			return err
		}
		if left := slices.DeleteFunc(slices.Clone(all), func(e entry) bool { return e.ProfileID == id }); len(left) < len(all) {
			late[batch] = left
		}
		return nil
	})
	if err != nil {
		return err
	}
	for batch, left := range late {
		removed[string(InLate)]++
		if len(left) == 0 {
			_, err = change(ctx, tx, `DELETE FROM late_batches WHERE id = ?`, batch)
		} else {
			var items []byte
			if items, err = appendEntries(nil, left); err == nil {
				_, err = change(ctx, tx, `UPDATE late_batches SET items = ? WHERE id = ?`, string(items), batch)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveCursors has runs whose planning stands at a profile stand at the one before: nobody is between them whom the run
// decided on, or who was delivered.
func (f *Forgetting) leaveCursors(ctx context.Context, tx database.Tx, id string) error {
	if _, err := change(ctx, tx, `UPDATE runs SET cursor = '' WHERE cursor = ? AND state NOT IN ('queued', 'running', 'paused')`, id); err != nil {
		return err
	}
	var runs []Run
	if err := eachRow(ctx, tx, `SELECT `+runColumns+` FROM runs r JOIN exports e ON e.id = r.export_id WHERE r.cursor = ?`, []any{id}, func(rows *sql.Rows) error {
		r, err := scanRun(rows)
		runs = append(runs, r)
		return err
	}); err != nil {
		return err
	}
	for _, r := range runs {
		table := profile.Snapshot{ID: r.Plan.SnapshotID}.Table()
		if _, err := change(ctx, tx, `UPDATE runs SET cursor = max((SELECT coalesce(max(id), '') FROM `+table+` WHERE id < ?1),
			(SELECT coalesce(max(profile_id), '') FROM deliveries WHERE export_id = ?2 AND profile_id < ?1)) WHERE id = ?3`, id, r.ExportID, r.ID); err != nil {
			return err
		}
	}
	return nil
}
