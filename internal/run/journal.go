package run

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
)

// statements are those that a run writes again and again, prepared once.
type statements struct {
	record, cursor, batch, items, sent, settled, rememberAlike, rememberMany, rememberOne, doubted *sql.Stmt
}

// rememberAtOnce is how many deliveries one statement writes.
const rememberAtOnce = 50

func prepare(ctx context.Context, db *database.DB) (*statements, error) {
	s := &statements{}
	for _, one := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&s.record, `UPDATE runs SET accepted = accepted + ?, created = created + ?, updated = updated + ?, unchanged = unchanged + ?, invalid = invalid + ?, refused = refused + ?, known = known + ?,
			duplicates = duplicates + ?, excluded = excluded + ?, erased = erased + ?, requests = requests + ?, batches_sent = batches_sent + ?, batches_settled = batches_settled + ?,
			withdrawn = withdrawn + ?, held = held + ?, progress_at = ?, stuck_at = NULL WHERE id = ?`},
		{&s.cursor, `UPDATE runs SET cursor = ?, planned = ? WHERE id = ?`},
		{&s.batch, `INSERT INTO batches (run_id, number, state, tries, size) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (run_id, number) DO UPDATE SET state = excluded.state, size = excluded.size`},
		{&s.items, `INSERT INTO batch_items (run_id, number, first_id, last_id, items) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (run_id, number) DO UPDATE SET first_id = excluded.first_id, last_id = excluded.last_id, items = excluded.items`},
		{&s.sent, `UPDATE batches SET state = 'sent', remote_id = ?, sent_at = ? WHERE run_id = ? AND number = ?`},
		{&s.settled, `UPDATE batches SET state = 'settled' WHERE run_id = ? AND number = ?`},
		{&s.rememberAlike, rememberRows("?", "(?, ?, ?)", rememberAtOnce)},
		{&s.rememberMany, rememberRows("column4", "(?, ?, ?, ?)", rememberAtOnce)},
		{&s.rememberOne, rememberRows("?", "(?, ?, ?)", 1)},
		{&s.doubted, emptied},
	} {
		var err error
		if *one.into, err = db.Prepare(ctx, one.query); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// rememberRows writes so many deliveries: export and run, the tags where all have the same, then profile, address and hash of
// each, and its tags where they differ. A parameter costs as much as a quarter of a row. Numbered ones would spare saying
// where the rows are put together, but SQLite looks each of them up by its name.
func rememberRows(tags, row string, rows int) string {
	return `INSERT INTO deliveries (export_id, run_id, tags, profile_id, identity, hash) SELECT ?, ?, ` + tags + `, column1, column2, column3
		FROM (VALUES ` + row + strings.Repeat(`, `+row, rows-1) + `) WHERE true
		ON CONFLICT (export_id, profile_id) DO UPDATE SET identity = excluded.identity, hash = excluded.hash, tags = excluded.tags, run_id = excluded.run_id`
}

// journal is the statements within one transaction.
type journal struct {
	*statements
	tx database.Tx
}

func (j journal) do(ctx context.Context, statement *sql.Stmt, args ...any) error {
	_, err := j.tx.StmtContext(ctx, statement).ExecContext(ctx, args...)
	return err
}

// progress is what one step of the planning or of the settling adds to a run.
type progress struct {
	Counts     // added to the run's; Profiles is not used
	requests   int
	readings   int // of those, which read something
	sent       int // batches that the destination has taken
	settled    int // of those, whose outcome is known
	rejections []Rejection
	refusals   []refusal  // to be kept
	answers    []answered // of those who were refused
	evidence   []exhibit
}

// record adds a step's progress to the run, within the transaction that journals the step.
func (j journal) record(ctx context.Context, runID int64, p progress, now time.Time) error {
	err := j.do(ctx, j.statements.record,
		p.Accepted, p.Created, p.Updated, p.Unchanged, p.Invalid, p.Refused, p.Known, p.Duplicates, p.Excluded, p.Erased, p.requests, p.sent, p.settled, p.Withdrawn, p.Held, database.Millis(now), runID)
	if err != nil {
		return fmt.Errorf("record progress of run %d: %w", runID, err)
	}
	if err := j.keepEvidence(ctx, runID, p.evidence, now); err != nil {
		return err
	}
	return j.addRejections(ctx, runID, p.rejections)
}

func (j journal) addRejections(ctx context.Context, runID int64, rejections []Rejection) error {
	for _, r := range rejections {
		_, err := j.tx.ExecContext(ctx, `INSERT INTO rejections (run_id, profile_id, outcome, field, code, message, other_id, since_run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			runID, r.ProfileID, r.Outcome, r.Field, r.Code, r.Message, r.OtherID, r.SinceRun)
		if err != nil {
			return fmt.Errorf("record a rejection of run %d: %w", runID, err)
		}
	}
	return nil
}

// moveCursor says up to which profile the planning is journalled.
func (j journal) moveCursor(ctx context.Context, runID int64, cursor string, planned bool) error {
	if err := j.do(ctx, j.cursor, cursor, planned, runID); err != nil {
		return fmt.Errorf("move the cursor of run %d: %w", runID, err)
	}
	return nil
}

// writeBatch journals a batch as filling (more profiles may come) or planned (about to be sent).
func (j journal) writeBatch(ctx context.Context, runID int64, b batch, state string) error {
	items, err := appendEntries(make([]byte, 0, len(b.entries)*usualEntry), b.entries)
	if err != nil {
		return err
	}
	err = j.do(ctx, j.batch, runID, b.number, state, b.tries, len(b.entries))
	if err == nil {
		err = j.do(ctx, j.items, runID, b.number, b.entries[0].ProfileID, b.entries[len(b.entries)-1].ProfileID, string(items))
	}
	if err != nil {
		return fmt.Errorf("journal batch %d of run %d: %w", b.number, runID, err)
	}
	return nil
}

// markSent notes that the destination has taken a batch.
func (j journal) markSent(ctx context.Context, runID int64, b sentBatch) error {
	if err := j.do(ctx, j.sent, b.remoteID, database.Millis(b.sentAt), runID, b.number); err != nil {
		return fmt.Errorf("journal that batch %d of run %d was sent: %w", b.number, runID, err)
	}
	return nil
}

// markSettled notes that all that was in a batch has its outcome, or went over into another batch.
func (j journal) markSettled(ctx context.Context, runID int64, number int) error {
	if err := j.do(ctx, j.settled, runID, number); err != nil {
		return fmt.Errorf("journal that batch %d of run %d is settled: %w", number, runID, err)
	}
	return nil
}

// dropBatch forgets a batch of which nobody is left.
func (j journal) dropBatch(ctx context.Context, runID int64, number int) error {
	if _, err := j.tx.ExecContext(ctx, `DELETE FROM batches WHERE run_id = ? AND number = ?`, runID, number); err != nil {
		return fmt.Errorf("drop batch %d of run %d: %w", number, runID, err)
	}
	return nil
}

// openBatch is a batch of the journal that is not settled.
type openBatch struct {
	batch
	state    string
	remoteID string
	sentAt   time.Time
}

// openBatches lists the batches without an outcome, without their entries.
func openBatches(ctx context.Context, q database.Querier, runID int64) (found []openBatch, err error) {
	rows, err := q.QueryContext(ctx, `SELECT number, state, tries, remote_id, sent_at FROM batches WHERE run_id = ? AND state <> 'settled' ORDER BY number`, runID)
	if err != nil {
		return nil, fmt.Errorf("read the journal of run %d: %w", runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b openBatch
		var sent sql.NullInt64
		if err := rows.Scan(&b.number, &b.state, &b.tries, &b.remoteID, &sent); err != nil {
			return nil, err
		}
		b.sentAt = database.NullTime(sent)
		found = append(found, b)
	}
	return found, rows.Err()
}

// entriesOf reads who is in a batch.
func entriesOf(ctx context.Context, q database.Querier, runID int64, number int) (entries []entry, err error) {
	var text string
	if err := q.QueryRowContext(ctx, `SELECT items FROM batch_items WHERE run_id = ? AND number = ?`, runID, number).Scan(&text); err != nil {
		return nil, fmt.Errorf("read batch %d of run %d: %w", number, runID, err)
	}
	if err := json.Unmarshal([]byte(text), &entries); err != nil {
		return nil, fmt.Errorf("read batch %d of run %d: %w", number, runID, err)
	}
	return entries, nil
}

// lastNumber is the highest number of a batch, 0 when there is none.
func lastNumber(ctx context.Context, q database.Querier, runID int64) (n int, err error) {
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM batches WHERE run_id = ?`, runID).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the journal of run %d: %w", runID, err)
	}
	return n, nil
}

func cursorOf(ctx context.Context, q database.Querier, runID int64) (cursor string, err error) {
	if err := q.QueryRowContext(ctx, `SELECT cursor FROM runs WHERE id = ?`, runID).Scan(&cursor); err != nil {
		return "", fmt.Errorf("read the cursor of run %d: %w", runID, err)
	}
	return cursor, nil
}

// remember keeps what was accepted, so that the next run can tell who is unchanged.
func (j journal) remember(ctx context.Context, exportID, runID int64, accepted []entry) error {
	args := make([]any, 0, 2+4*rememberAtOnce)
	for len(accepted) > 0 {
		statement, some := j.rememberMany, accepted[:min(len(accepted), rememberAtOnce)]
		alike := true
		for _, e := range some {
			alike = alike && e.Tags == some[0].Tags
		}
		switch {
		case len(some) < rememberAtOnce:
			statement, some, alike = j.rememberOne, some[:1], true
		case alike:
			statement = j.rememberAlike
		}
		accepted = accepted[len(some):]
		args = append(args[:0], exportID, runID)
		if alike {
			args = append(args, some[0].Tags)
		}
		for _, e := range some {
			args = append(args, e.ProfileID, e.Identity, e.Hash)
			if !alike {
				args = append(args, e.Tags)
			}
		}
		if err := j.do(ctx, statement, args...); err != nil {
			return fmt.Errorf("remember deliveries: %w", err)
		}
	}
	return nil
}

// delivery is what was last delivered to a profile.
type delivery struct {
	profileID, identity, hash, tags string
}

// delivered reads what was last delivered to the profiles after one id, up to another or to the end when that is "", in
// the order of ids, limit at most.
func delivered(ctx context.Context, q database.Querier, exportID int64, after, upTo string, limit int) (found []delivery, err error) {
	query, args := `SELECT profile_id, identity, hash, tags FROM deliveries WHERE export_id = ? AND profile_id > ?`, []any{exportID, after}
	if upTo != "" {
		query, args = query+` AND profile_id <= ?`, append(args, upTo)
	}
	values := make([]driver.Value, 4)
	err = database.Rows(ctx, q, query+` ORDER BY profile_id LIMIT ?`, append(args, limit), values, func() error {
		hash, _ := values[2].([]byte)
		found = append(found, delivery{profileID: values[0].(string), identity: values[1].(string), hash: string(hash), tags: values[3].(string)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return found, nil
}

// deliveredHash reads the fingerprint of what was last delivered to one profile.
func deliveredHash(ctx context.Context, q database.Querier, exportID int64, profileID string) (hash string, known bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT hash FROM deliveries WHERE export_id = ? AND profile_id = ?`, exportID, profileID).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read a delivery: %w", err)
	}
	return hash, true, nil
}

// countDelivered is to how many profiles something was delivered.
func countDelivered(ctx context.Context, q database.Querier, exportID int64) (n int, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM deliveries WHERE export_id = ?`, exportID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count deliveries: %w", err)
	}
	return n, nil
}

// refusals makes the rejections of one profile from the destination's reasons.
func refusals(profileID string, outcome Outcome, reasons []destination.Reason) []Rejection {
	if len(reasons) == 0 {
		reasons = []destination.Reason{{Code: "no_reason"}}
	}
	made := make([]Rejection, len(reasons))
	for i, r := range reasons {
		made[i] = Rejection{ProfileID: profileID, Outcome: outcome, Field: r.Field, Code: r.Code, Message: r.Message}
	}
	return made
}
