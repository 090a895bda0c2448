package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
)

// Trace is one thing that exports and their runs keep of a profile. What a place has no use for is zero.
type Trace struct {
	Place     Place
	ProfileID string
	Export    string
	RunID     int64
	At        time.Time
	Identity  string // the address at the destination
	Tags      []string
	Outcome   string
	Code      string
	Field     string
	Message   string
	Request   string
	Answer    string
}

// Place is where a trace is.
type Place string

// The places.
const (
	InDeliveries  Place = "deliveries"  // what was last delivered
	InRefusals    Place = "refusals"    // that a destination refused it as it is
	InRejections  Place = "rejections"  // what runs did not accept
	InEvidence    Place = "evidence"    // request and answer of those
	InBatches     Place = "batches"     // who was in which batch
	InLate        Place = "late"        // batches that may still arrive
	InWithdrawals Place = "withdrawals" // tags to be taken away
	InWithdrawn   Place = "withdrawn"   // tags that were taken away
	InRetries     Place = "retries"     // whom a retry is limited to
)

// Traces lists all that exports and their runs keep of some profiles.
func (s *Service) Traces(ctx context.Context, actor access.Actor, profiles []string) (found []Trace, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	done, err := s.db.Long(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	for _, id := range profiles {
		for _, read := range []func(context.Context, database.Querier, string) ([]Trace, error){readTraces, batchTraces, lateTraces, s.evidenceTraces} {
			some, err := read(ctx, s.db.Reader(), id)
			if err != nil {
				return nil, err
			}
			found = append(found, some...)
		}
	}
	return found, nil
}

// traceQueries read place by place: export, run, time, address, tags, outcome, code, field, message.
var traceQueries = []struct {
	place Place
	query string
}{
	{InDeliveries, `SELECT e.name, d.run_id, (SELECT coalesce(r.ended_at, r.started_at) FROM runs r WHERE r.id = d.run_id), d.identity, d.tags, '', '', '', ''
		FROM deliveries d JOIN exports e ON e.id = d.export_id WHERE d.profile_id = ?`},
	{InRefusals, `SELECT e.name, x.run_id, (SELECT coalesce(r.ended_at, r.started_at) FROM runs r WHERE r.id = x.run_id), '', '', '', '', '', x.reasons
		FROM refusals x JOIN exports e ON e.id = x.export_id WHERE x.profile_id = ?`},
	{InRejections, `SELECT e.name, r.id, coalesce(r.ended_at, r.started_at), '', '', x.outcome, x.code, x.field, x.message
		FROM rejections x JOIN runs r ON r.id = x.run_id JOIN exports e ON e.id = r.export_id WHERE x.profile_id = ? ORDER BY x.id`},
	{InWithdrawals, `SELECT e.name, r.id, coalesce(r.ended_at, r.started_at), w.identity, w.tags, '', '', '', ''
		FROM withdrawals w JOIN runs r ON r.id = w.run_id JOIN exports e ON e.id = r.export_id WHERE w.profile_id = ? ORDER BY w.id`},
	{InWithdrawn, `SELECT e.name, r.id, w.at, w.identity, w.tags, '', '', '', ''
		FROM withdrawn_tags w JOIN runs r ON r.id = w.run_id JOIN exports e ON e.id = r.export_id WHERE w.profile_id = ? ORDER BY w.id`},
	{InRetries, `SELECT e.name, r.id, r.started_at, '', '', '', '', '', ''
		FROM retries x JOIN runs r ON r.id = x.run_id JOIN exports e ON e.id = r.export_id WHERE x.profile_id = ?`},
}

func readTraces(ctx context.Context, q database.Querier, profileID string) (found []Trace, err error) {
	for _, from := range traceQueries {
		err := eachRow(ctx, q, from.query, []any{profileID}, func(rows *sql.Rows) error {
			t := Trace{Place: from.place, ProfileID: profileID}
			var at sql.NullInt64
			var tags string
			if err := rows.Scan(&t.Export, &t.RunID, &at, &t.Identity, &tags, &t.Outcome, &t.Code, &t.Field, &t.Message); err != nil {
				return err
			}
			t.At, t.Tags = database.NullTime(at), linesOf(tags)
			found = append(found, t)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// eachRow runs a query about persons and scans row by row.
func eachRow(ctx context.Context, q database.Querier, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("look for a person in runs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("look for a person in runs: %w", err)
		}
	}
	return rows.Err()
}

// batchTraces are the batches of the journal that a profile is in.
func batchTraces(ctx context.Context, q database.Querier, profileID string) (found []Trace, err error) {
	err = eachRow(ctx, q, `SELECT e.name, r.id, coalesce(b.sent_at, r.started_at), i.items FROM runs r JOIN exports e ON e.id = r.export_id
		JOIN batch_items i ON i.run_id = r.id LEFT JOIN batches b ON b.run_id = i.run_id AND b.number = i.number
		WHERE i.first_id <= ?1 AND i.last_id >= ?1 ORDER BY r.id, i.number`, []any{profileID}, func(rows *sql.Rows) error {
		return scanEntry(rows, InBatches, profileID, &found)
	})
	return found, err
}

func scanEntry(rows *sql.Rows, place Place, profileID string, found *[]Trace) error {
	t := Trace{Place: place, ProfileID: profileID}
	var at sql.NullInt64
	var items string
	if err := rows.Scan(&t.Export, &t.RunID, &at, &items); err != nil {
		return err
	}
	e, ok, err := entryIn(items, profileID)
	if ok {
		t.At, t.Identity, t.Tags = database.NullTime(at), e.Identity, linesOf(e.Tags)
		*found = append(*found, t)
	}
	return err
}

// lateTraces are the late batches that a profile is in.
func lateTraces(ctx context.Context, q database.Querier, profileID string) (found []Trace, err error) {
	err = eachRow(ctx, q, `SELECT e.name, 0, l.sent_at, l.items FROM late_batches l JOIN exports e ON e.id = l.export_id ORDER BY l.id`, nil, func(rows *sql.Rows) error {
		return scanEntry(rows, InLate, profileID, &found)
	})
	return found, err
}

// evidenceTraces opens what is kept sealed of a profile. What does not open any more, since the key was exchanged, is told
// without its content.
func (s *Service) evidenceTraces(ctx context.Context, q database.Querier, profileID string) (found []Trace, err error) {
	err = eachRow(ctx, q, `SELECT e.name, r.id, v.at, v.sealed FROM evidence v JOIN runs r ON r.id = v.run_id JOIN exports e ON e.id = r.export_id
		WHERE v.profile_id = ? ORDER BY v.id`, []any{profileID}, func(rows *sql.Rows) error {
		t := Trace{Place: InEvidence, ProfileID: profileID}
		var at int64
		var sealed []byte
		if err := rows.Scan(&t.Export, &t.RunID, &at, &sealed); err != nil {
			return err
		}
		t.At = database.Time(at)
		plain, err := s.sealer.Open(sealed, evidenceBinding(t.RunID, profileID))
		if err != nil && !errors.Is(err, secret.ErrCannotOpen) {
			return err
		}
		if err == nil {
			var told kept
			if err := json.Unmarshal([]byte(plain.Reveal()), &told); err != nil {
				return err
			}
			t.Request, t.Answer = told.Request, told.Answer
		}
		found = append(found, t)
		return nil
	})
	return found, err
}

// Identities are the forms in which destinations would know an address; none when it is no address.
func (s *Service) Identities(address string) ([]string, error) { return s.identities(address) }

// ProfilesAt lists the ids of profiles that exports knew under one of the addresses, given in the form of a destination. It
// reads all deliveries and all batches.
func (s *Service) ProfilesAt(ctx context.Context, actor access.Actor, identities []string) (ids []string, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, err
	}
	done, err := s.db.Long(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	add := func(id string) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, identity := range identities {
		for _, table := range []string{"deliveries", "withdrawals", "withdrawn_tags"} {
			some, err := profileIDs(ctx, s.db.Reader(), `SELECT DISTINCT profile_id FROM `+table+` WHERE identity = ?`, identity)
			if err != nil {
				return nil, err
			}
			for _, id := range some {
				add(id)
			}
		}
		written, err := appendText(nil, identity)
		if err != nil {
			return nil, err
		}
		for _, table := range []string{"batch_items", "late_batches"} {
			err := eachRow(ctx, s.db.Reader(), `SELECT items FROM `+table+` WHERE instr(items, ?) > 0`, []any{`"i":` + string(written)}, func(rows *sql.Rows) error {
				var items string
				if err := rows.Scan(&items); err != nil {
					return err
				}
				var entries []entry
				if err := json.NewDecoder(strings.NewReader(items)).Decode(&entries); err != nil {
					return err
				}
				for _, e := range entries {
					if e.Identity == identity {
						add(e.ProfileID)
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}
