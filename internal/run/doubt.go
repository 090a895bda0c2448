package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/segue-app/segue/internal/database"
)

// A delivery is what a contact is like at the destination, by which the next run passes over who did not change. It is in
// doubt as soon as the contact may have become something else: when its profile is no longer the one that is sent under the
// address, when another try was refused or had no answer, and when a run ends with batches whose outcome is not known. A
// delivery in doubt has no hash: the contact is sent again, and its tags are still known.

const emptied = `UPDATE deliveries SET hash = x'' WHERE export_id = ? AND profile_id = ? AND hash <> x''`

// doubt takes the hashes of some profiles' deliveries away.
func (j journal) doubt(ctx context.Context, exportID int64, profiles []string) error {
	for _, id := range profiles {
		if err := j.do(ctx, j.doubted, exportID, id); err != nil {
			return fmt.Errorf("doubt a delivery: %w", err)
		}
	}
	return nil
}

// doubtRefused doubts what was delivered to those who were refused now.
func (j journal) doubtRefused(ctx context.Context, exportID int64, rejections []Rejection) error {
	var profiles []string
	for _, r := range rejections {
		if r.Outcome == Refused {
			profiles = append(profiles, r.ProfileID)
		}
	}
	return j.doubt(ctx, exportID, profiles)
}

// lessTags remembers that a contact has lost tags. A profile that was accepted since is remembered without them already; one
// that was refused, and is not sent again, would lose them in every run.
func (j journal) lessTags(ctx context.Context, exportID int64, w withdrawal) error {
	var tags string
	err := j.tx.QueryRowContext(ctx, `SELECT tags FROM deliveries WHERE export_id = ? AND profile_id = ? AND identity = ?`,
		exportID, w.profileID, w.identity).Scan(&tags)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a delivery: %w", err)
	}
	left := less(tags, w.tags)
	if left == tags {
		return nil
	}
	if _, err := j.tx.ExecContext(ctx, `UPDATE deliveries SET tags = ? WHERE export_id = ? AND profile_id = ?`, left, exportID, w.profileID); err != nil {
		return fmt.Errorf("remember lost tags: %w", err)
	}
	return nil
}

// suspect notes that the contacts of some who were refused may carry their tags all the same, because an earlier try had no
// answer: the next run decides about the tags.
func (x *execution) suspect(ctx context.Context, j journal, refused []entry) error {
	if x.tagger == nil {
		return nil
	}
	for _, e := range refused {
		if err := straysAt(ctx, j.tx, x.run.ID, e.ProfileID, e.Identity, e.Tags, true); err != nil {
			return err
		}
	}
	return nil
}

// straysAt notes that a contact may carry tags that no delivery tells of; this run, or later the next one, takes away those
// that nobody has by right.
func straysAt(ctx context.Context, tx database.Tx, runID int64, profileID, identity, tags string, later bool) error {
	if tags == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO withdrawals (run_id, profile_id, identity, tags, why, later) VALUES (?, ?, ?, ?, ?, ?)`,
		runID, profileID, identity, tags, moved, later); err != nil {
		return fmt.Errorf("note stray tags: %w", err)
	}
	return nil
}

// refusedOf finds those of a batch who were refused.
func refusedOf(entries []entry, rejections []Rejection) (found []entry) {
	for _, e := range entries {
		if slices.ContainsFunc(rejections, func(r Rejection) bool { return r.ProfileID == e.ProfileID }) {
			found = append(found, e)
		}
	}
	return found
}

// DoubtAll has the next run of every export send everybody, and leaves what is known of tags: for a state of yesterday, after which
// others may have been delivered, or the same ones with other values.
func DoubtAll(ctx context.Context, tx database.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET hash = x'' WHERE hash <> x''`); err != nil {
		return fmt.Errorf("doubt all deliveries: %w", err)
	}
	return nil
}

// outdate has the next run send a profile again that is tried by itself, and remembers which tags its contact may carry from now
// on, so that they are taken away when it leaves. What was delivered to others under its address is in doubt as well: the try
// may bring this profile's values over theirs.
func (s *Service) outdate(ctx context.Context, exportID int64, made contact, others []string) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if gone, err := s.erased(ctx, tx); err != nil || gone.has(made) { // while it was sent
			return err
		}
		for _, id := range others {
			if _, err := tx.ExecContext(ctx, emptied, exportID, id); err != nil {
				return fmt.Errorf("doubt a delivery: %w", err)
			}
		}
		if err := (journal{tx: tx}).forgetRefusals(ctx, exportID, []string{made.profileID}); err != nil {
			return err
		}
		var before, identity string
		var lastRun int64
		err := tx.QueryRowContext(ctx, `SELECT tags, identity, (SELECT coalesce(max(id), 0) FROM runs WHERE export_id = ?1) FROM deliveries WHERE export_id = ?1 AND profile_id = ?2`,
			exportID, made.profileID).Scan(&before, &identity, &lastRun)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read a delivery: %w", err)
		}
		if err == nil && identity != made.identity && lastRun != 0 { // the delivery tells of the contact of the other address
			return straysAt(ctx, tx, lastRun, made.profileID, made.identity, made.tags, true)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO deliveries (export_id, profile_id, identity, hash, tags, run_id) VALUES (?, ?, ?, x'', ?, 0)
			ON CONFLICT (export_id, profile_id) DO UPDATE SET hash = excluded.hash, tags = excluded.tags`,
			exportID, made.profileID, made.identity, before+less(made.tags, before))
		if err != nil {
			return fmt.Errorf("doubt a delivery: %w", err)
		}
		return nil
	})
}

// deliveredAt finds the profiles to whom something was delivered under an address. It looks at every delivery.
func deliveredAt(ctx context.Context, q database.Querier, exportID int64, identity string) (ids []string, err error) {
	return profileIDs(ctx, q, `SELECT profile_id FROM deliveries WHERE export_id = ? AND identity = ?`, exportID, identity)
}

// doubtOpen takes note of whom a run that ends may have delivered without learning of it, and doubts what was delivered
// before to profiles that it did not come to, under an address that it gave to another.
func doubtOpen(ctx context.Context, tx database.Tx, runID int64) error {
	open, err := readOpen(ctx, tx, runID)
	if err != nil {
		return err
	}
	for _, e := range open {
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries (export_id, profile_id, identity, hash, tags, run_id)
			SELECT export_id, ?, ?, x'', ?, id FROM runs WHERE id = ?
			ON CONFLICT (export_id, profile_id) DO UPDATE SET identity = excluded.identity, hash = excluded.hash, tags = excluded.tags, run_id = excluded.run_id`,
			e.ProfileID, e.Identity, e.Tags, runID)
		if err != nil {
			return fmt.Errorf("doubt what run %d delivered: %w", runID, err)
		}
	}
	var exportID int64
	var cursor string
	var planned bool
	if err := tx.QueryRowContext(ctx, `SELECT export_id, cursor, planned FROM runs WHERE id = ?`, runID).Scan(&exportID, &cursor, &planned); err != nil {
		return fmt.Errorf("read run %d: %w", runID, err)
	}
	if planned {
		return nil
	}
	if _, err := tx.ExecContext(ctx, doubtRest, exportID, cursor, runID); err != nil {
		return fmt.Errorf("doubt what run %d did not come to: %w", runID, err)
	}
	return nil
}

// doubtRest has no column of a table around the inner query: for each row SQLite would read all of the deliveries again.
const doubtRest = `UPDATE deliveries SET hash = x'' WHERE export_id = ?1 AND profile_id > ?2 AND hash <> x''
	AND identity IN (SELECT d.identity FROM deliveries d WHERE d.export_id = ?1 AND d.run_id = ?3)`

// readOpen reads who is in the batches that were, or may have been, sent and that have no outcome.
func readOpen(ctx context.Context, q database.Querier, runID int64) (found []entry, err error) {
	rows, err := q.QueryContext(ctx, `SELECT i.items FROM batches b JOIN batch_items i ON i.run_id = b.run_id AND i.number = b.number
		WHERE b.run_id = ? AND b.state IN ('planned', 'sent')`, runID)
	if err != nil {
		return nil, fmt.Errorf("read the journal of run %d: %w", runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		var entries []entry
		if err := json.Unmarshal([]byte(text), &entries); err != nil {
			return nil, fmt.Errorf("read the journal of run %d: %w", runID, err)
		}
		found = append(found, entries...)
	}
	return found, rows.Err()
}
