package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
)

// A refusal is kept of a profile that the destination refused for what is in its item. While the item is the same, brand
// included, it would be refused again: the profile counts as refused without being sent, until it changes, or a person asks by
// a complete run, a retry or a try. What else becomes of the profile forgets the refusal: it is sent, is a duplicate, cannot
// be sent, or left. A refusal whose cause may pass is not kept, so the next run sends the profile again.

// refusal is what is known of one profile.
type refusal struct {
	profileID string
	hash      string // of brand and item
	runID     int64  // in which it was refused
	reasons   []destination.Reason
}

func (j journal) keepRefusals(ctx context.Context, exportID int64, refusals []refusal) error {
	for _, r := range refusals {
		reasons, err := json.Marshal(r.reasons)
		if err != nil {
			return err
		}
		_, err = j.tx.ExecContext(ctx, `INSERT INTO refusals (export_id, profile_id, hash, run_id, reasons) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (export_id, profile_id) DO UPDATE SET hash = excluded.hash, run_id = excluded.run_id, reasons = excluded.reasons`,
			exportID, r.profileID, []byte(r.hash), r.runID, string(reasons))
		if err != nil {
			return fmt.Errorf("keep a refusal: %w", err)
		}
	}
	return nil
}

func (j journal) forgetRefusals(ctx context.Context, exportID int64, profiles []string) error {
	for _, id := range profiles {
		if _, err := j.tx.ExecContext(ctx, `DELETE FROM refusals WHERE export_id = ? AND profile_id = ?`, exportID, id); err != nil {
			return fmt.Errorf("forget a refusal: %w", err)
		}
	}
	return nil
}

// readRefusals reads those of the profiles after an id, in the order of ids, limit at most.
func readRefusals(ctx context.Context, q database.Querier, exportID int64, after string, limit int) (found []refusal, err error) {
	rows, err := q.QueryContext(ctx, `SELECT profile_id, hash, run_id, reasons FROM refusals WHERE export_id = ? AND profile_id > ? ORDER BY profile_id LIMIT ?`,
		exportID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read refusals: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r refusal
		var reasons string
		if err := rows.Scan(&r.profileID, &r.hash, &r.runID, &reasons); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(reasons), &r.reasons); err != nil {
			return nil, fmt.Errorf("read refusals: %w", err)
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// refused streams what is known of an export's profiles, in the order of their ids and beside the members. What a run adds
// meanwhile is of profiles that were decided on before, and is left out.
type refused struct {
	exportID int64
	ahead    []refusal
	last     string // read up to here
	whole    bool   // there are no more
}

// upTo takes those behind the cursor and up to an id out of the stream; all that are left when that is "".
func (r *refused) upTo(ctx context.Context, q database.Querier, cursor, id string) (taken []refusal, err error) {
	for {
		n := 0
		for n < len(r.ahead) && (id == "" || r.ahead[n].profileID <= id) {
			n++
		}
		taken, r.ahead = append(taken, r.ahead[:n]...), r.ahead[n:]
		if r.whole || len(r.ahead) > 0 {
			return taken, nil
		}
		if r.ahead, err = readRefusals(ctx, q, r.exportID, max(r.last, cursor), pageSize); err != nil {
			return nil, err
		}
		if r.whole = len(r.ahead) < pageSize; len(r.ahead) > 0 {
			r.last = r.ahead[len(r.ahead)-1].profileID
		}
	}
}

// knownRejections are the rejections of a profile that is not sent because of an earlier refusal.
func knownRejections(known refusal) []Rejection {
	made := refusals(known.profileID, Refused, known.reasons)
	for i := range made {
		made[i].SinceRun = known.runID
	}
	return made
}
