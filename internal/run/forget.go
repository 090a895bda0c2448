package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/membership"
)

// To forget a person is to take every trace of their profiles out of the journals, while runs stand still. A run that goes on
// afterwards does not meet them again, so those who had no outcome yet get theirs here: they were erased.

// Forgetting is all that must be known before the traces of a person go.
type Forgetting struct {
	Strays    []Stray
	service   *Service
	profiles  []string
	addresses []string      // in any form in which somebody may have quoted them
	members   map[int64]int // how many of the profiles each active run has not come to
}

// Stray is a contact at a destination that a forgotten profile leaves there, and the tags that it may carry.
type Stray struct {
	ExportID     int64
	ExportName   string
	ConnectionID int64 // 0: the export has none any more
	BrandID      string
	Identity     string
	Tags         []string  // none: there is nothing to take away
	Keeps        bool      // the export leaves tags where they are
	BatchID      string    // under way at the destination; "" when none is
	BatchAt      time.Time // when it was sent
}

// PrepareForget reads what must be known. Runs must stand still until the traces are gone, see Still.
func (s *Service) PrepareForget(ctx context.Context, profiles, addresses []string) (*Forgetting, error) {
	f := &Forgetting{service: s, profiles: profiles, addresses: addresses, members: map[int64]int{}}
	active, err := listRuns(ctx, s.db.Reader(), 0, true, 1<<20, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range active {
		if r.Plan == nil {
			continue // it has not begun: it will not see them
		}
		if f.members[r.ID], err = s.notReached(ctx, r, profiles); err != nil {
			return nil, err
		}
	}
	return f, f.findStrays(ctx)
}

// notReached counts those of some profiles that are among a run's and that it has not planned.
func (s *Service) notReached(ctx context.Context, r Run, profiles []string) (n int, err error) {
	if r.Planned {
		return 0, nil
	}
	driver, ok := s.drivers[r.Plan.DestinationType]
	if !ok {
		return 0, fmt.Errorf("run %d: no destination of type %q", r.ID, r.Plan.DestinationType)
	}
	snapshot, err := s.snapshotOf(ctx, r.Plan)
	if err != nil {
		return 0, err
	}
	maker, err := compile(r.Plan, snapshot, driver)
	if err != nil {
		return 0, err
	}
	cursor, err := cursorOf(ctx, s.db.Reader(), r.ID)
	if err != nil {
		return 0, err
	}
	var ids []string
	err = maker.selection.These(ctx, s.db.Reader(), profiles, func(m membership.Member) error {
		if m.ID > cursor {
			ids = append(ids, m.ID)
		}
		return nil
	})
	if err != nil || r.OfRun == 0 {
		return len(ids), err
	}
	for _, id := range ids {
		var limited bool
		if err := s.db.Reader().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM retries WHERE run_id = ? AND profile_id = ?)`, r.ID, id).Scan(&limited); err != nil {
			return 0, fmt.Errorf("look for a person in runs: %w", err)
		}
		if limited {
			n++
		}
	}
	return n, nil
}

// strayQueries find what contacts may carry: profile, export, run, address, tags, batch under way and when it was sent.
var strayQueries = []string{
	`SELECT profile_id, export_id, run_id, identity, tags, '', NULL FROM deliveries WHERE profile_id = ?1`,
	`SELECT w.profile_id, r.export_id, r.id, w.identity, w.tags, '', NULL FROM withdrawals w JOIN runs r ON r.id = w.run_id WHERE w.profile_id = ?1`,
}

const openItems = `SELECT r.export_id, r.id, b.remote_id, b.sent_at, i.items FROM batches b JOIN batch_items i ON i.run_id = b.run_id AND i.number = b.number
	JOIN runs r ON r.id = b.run_id WHERE b.state IN ('filling', 'planned', 'sent') AND i.first_id <= ?1 AND i.last_id >= ?1`

// findStrays lists the contacts that the profiles leave, less the tags that others have at the same address by right.
func (f *Forgetting) findStrays(ctx context.Context) error {
	q := f.service.db.Reader()
	type place struct {
		exportID        int64
		identity, batch string
	}
	at := map[place]int{}
	add := func(exportID, runID int64, identity, tags, batch string, sent sql.NullInt64) error {
		if batch == "" {
			sent = sql.NullInt64{}
		}
		n, known := at[place{exportID, identity, batch}]
		if !known {
			one, err := f.service.strayOf(ctx, exportID, runID)
			if err != nil {
				return err
			}
			one.Identity, one.BatchID, one.BatchAt = identity, batch, database.NullTime(sent)
			n = len(f.Strays)
			at[place{exportID, identity, batch}], f.Strays = n, append(f.Strays, one)
		}
		byRight, err := f.byRight(ctx, exportID, identity)
		if err != nil {
			return err
		}
		for _, tag := range linesOf(tags) {
			if !slices.Contains(f.Strays[n].Tags, tag) && !slices.Contains(byRight, tag) {
				f.Strays[n].Tags = append(f.Strays[n].Tags, tag)
			}
		}
		return nil
	}
	type found struct {
		exportID, runID       int64
		identity, tags, batch string
		sent                  sql.NullInt64
	}
	for _, id := range f.profiles {
		var all []found
		for _, query := range strayQueries {
			err := eachRow(ctx, q, query, []any{id}, func(rows *sql.Rows) error {
				var one found
				var profileID string
				err := rows.Scan(&profileID, &one.exportID, &one.runID, &one.identity, &one.tags, &one.batch, &one.sent)
				all = append(all, one)
				return err
			})
			if err != nil {
				return err
			}
		}
		inBatch := func(rows *sql.Rows) error {
			var one found
			var items string
			if err := rows.Scan(&one.exportID, &one.runID, &one.batch, &one.sent, &items); err != nil {
				return err
			}
			e, ok, err := entryIn(items, id)
			if ok {
				one.identity, one.tags = e.Identity, e.Tags
				all = append(all, one)
			}
			return err
		}
		if err := eachRow(ctx, q, openItems, []any{id}, inBatch); err != nil {
			return err
		}
		if err := eachRow(ctx, q, `SELECT export_id, 0, remote_id, sent_at, items FROM late_batches`, nil, inBatch); err != nil {
			return err
		}
		for _, one := range all {
			if err := add(one.exportID, one.runID, one.identity, one.tags, one.batch, one.sent); err != nil {
				return err
			}
		}
	}
	return nil
}

// byRight lists the tags that the export delivered to other profiles under the address.
func (f *Forgetting) byRight(ctx context.Context, exportID int64, identity string) (tags []string, err error) {
	forgotten, err := json.Marshal(f.profiles)
	if err != nil {
		return nil, err
	}
	err = eachRow(ctx, f.service.db.Reader(), `SELECT tags FROM deliveries WHERE export_id = ? AND identity = ? AND profile_id NOT IN (SELECT value FROM json_each(?))`,
		[]any{exportID, identity, string(forgotten)}, func(rows *sql.Rows) error {
			var some string
			err := rows.Scan(&some)
			tags = append(tags, linesOf(some)...)
			return err
		})
	return tags, err
}

// strayOf says where a contact of an export is. The brand is that of the run, so that nothing is asked of another.
func (s *Service) strayOf(ctx context.Context, exportID, runID int64) (Stray, error) {
	e, err := s.exports.Find(ctx, s.db.Reader(), exportID)
	if err != nil {
		return Stray{}, err
	}
	one := Stray{ExportID: e.ID, ExportName: e.Name, ConnectionID: e.ConnectionID, Keeps: e.Leavers == export.KeepTag}
	// A profile that was tried alone is delivered by no run: then the brand is that of the last one.
	err = s.db.Reader().QueryRowContext(ctx, `SELECT brand_id FROM runs WHERE export_id = ?1 AND brand_id <> '' ORDER BY id = ?2 DESC, id DESC LIMIT 1`, exportID, runID).Scan(&one.BrandID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Stray{}, fmt.Errorf("look for a person in runs: %w", err)
	}
	return one, nil
}

// Do takes the traces away, in one transaction with all else that goes. It returns how many there were, by place.
func (f *Forgetting) Do(ctx context.Context, tx database.Tx) (map[string]int, error) {
	removed := map[string]int{}
	open := map[int64]int{} // in batches without an outcome, by run
	for _, id := range f.profiles {
		if err := f.leaveBatches(ctx, tx, id, removed, open); err != nil {
			return nil, err
		}
		if err := f.leaveLate(ctx, tx, id, removed); err != nil {
			return nil, err
		}
		for place, table := range map[Place]string{InDeliveries: "deliveries", InRefusals: "refusals", InRejections: "rejections", InEvidence: "evidence",
			InWithdrawals: "withdrawals", InWithdrawn: "withdrawn_tags", InRetries: "retries"} {
			n, err := change(ctx, tx, `DELETE FROM `+table+` WHERE profile_id = ?`, id)
			if err != nil {
				return nil, err
			}
			removed[string(place)] += n
		}
		if _, err := change(ctx, tx, `UPDATE rejections SET other_id = '' WHERE other_id = ?`, id); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Backward(slices.Sorted(slices.Values(f.profiles))) { // the one before may be one of them
		if err := f.leaveCursors(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	for _, address := range f.addresses { // the destination's words may quote one
		for _, query := range []string{`UPDATE rejections SET message = '' WHERE instr(message, ?) > 0`, `UPDATE refusals SET reasons = '[]' WHERE instr(reasons, ?) > 0`,
			`UPDATE runs SET error_detail = '' WHERE instr(error_detail, ?) > 0`, `UPDATE runs SET pause_detail = '' WHERE instr(pause_detail, ?) > 0`,
			`UPDATE run_events SET detail = '' WHERE instr(detail, ?) > 0`} {
			if _, err := change(ctx, tx, query, address); err != nil {
				return nil, err
			}
		}
	}
	f.service.forgetAnswers(f.profiles)
	return removed, f.settle(ctx, tx, open)
}

// settle gives the outcome to those who had none in runs that have not ended.
func (f *Forgetting) settle(ctx context.Context, tx database.Tx, open map[int64]int) error {
	for runID, n := range f.members {
		if n += open[runID]; n == 0 {
			continue
		}
		if _, err := change(ctx, tx, `UPDATE runs SET erased = erased + ? WHERE id = ?`, n, runID); err != nil {
			return err
		}
		if err := addEvent(ctx, tx, runID, f.service.clock(), personErased, strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// personErased is the event of a run whose profiles were erased before they had an outcome; its detail is how many.
const personErased = "erased"

// change runs a statement that takes traces away, and says how many rows it did so in.
func change(ctx context.Context, tx database.Tx, query string, args ...any) (int, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("forget a person: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// forgetAnswers drops what is kept in memory of profiles that were tried by themselves.
func (s *Service) forgetAnswers(profiles []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for key, answer := range s.answers {
		if slices.Contains(profiles, answer.ProfileID) {
			delete(s.answers, key)
		}
	}
}
