package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
)

var emailOnly = destination.Layout{Fields: []destination.Mapped{{Field: destination.Email}}}

// recordTried journals the batch of one that a try is.
func (j journal) recordTried(ctx context.Context, runID int64, made contact, answer Answer, began time.Time) error {
	items, err := json.Marshal([]entry{{ProfileID: made.profileID, Identity: made.identity, Hash: made.hash, Tags: made.tags}})
	if err != nil {
		return err
	}
	state, sent := "settled", any(database.Millis(began))
	switch answer.Outcome {
	case AnswerSilent:
		state = "sent"
	case AnswerNoRoom, AnswerFailed:
		state, sent = "filling", nil // it never went out
	}
	_, err = j.tx.ExecContext(ctx, `INSERT INTO batches (run_id, number, state, size, remote_id, sent_at) VALUES (?, 1, ?, 1, ?, ?)`, runID, state, answer.batchID, sent)
	if err == nil {
		_, err = j.tx.ExecContext(ctx, `INSERT INTO batch_items (run_id, number, first_id, last_id, items) VALUES (?, 1, ?, ?, ?)`,
			runID, made.profileID, made.profileID, string(items))
	}
	if err != nil {
		return fmt.Errorf("journal a try: %w", err)
	}
	return nil
}

// traceWithdrawn remembers for a while that a contact lost tags.
func (j journal) traceWithdrawn(ctx context.Context, runID int64, w withdrawal, now time.Time) error {
	if w.tags == "" {
		return nil
	}
	if _, err := j.tx.ExecContext(ctx, `INSERT INTO withdrawn_tags (run_id, profile_id, identity, tags, at) VALUES (?, ?, ?, ?, ?)`,
		runID, w.profileID, w.identity, w.tags, database.Millis(now)); err != nil {
		return fmt.Errorf("remember a withdrawal: %w", err)
	}
	return nil
}

func exportIDs(ctx context.Context, q database.Querier) (ids []int64, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM exports WHERE removed_at IS NULL ORDER BY name COLLATE NOCASE`)
	if err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// standingDelivery is a delivery and the run that made it.
type standingDelivery struct {
	delivery
	runID int64
}

// deliveryOf reads what was last delivered to one profile, the zero delivery when nothing was.
func deliveryOf(ctx context.Context, q database.Querier, exportID int64, profileID string) (d standingDelivery, err error) {
	err = q.QueryRowContext(ctx, `SELECT profile_id, identity, hash, tags, run_id FROM deliveries WHERE export_id = ? AND profile_id = ?`, exportID, profileID).
		Scan(&d.profileID, &d.identity, &d.hash, &d.tags, &d.runID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("read a delivery: %w", err)
	}
	return d, nil
}

// refusalOf reads the refusal of one profile, the zero one when there is none.
func refusalOf(ctx context.Context, q database.Querier, exportID int64, profileID string) (r refusal, err error) {
	err = q.QueryRowContext(ctx, `SELECT profile_id, hash, run_id FROM refusals WHERE export_id = ? AND profile_id = ?`, exportID, profileID).
		Scan(&r.profileID, &r.hash, &r.runID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("read a refusal: %w", err)
	}
	return r, nil
}

const chapterColumns = `r.id, e.id, e.name, e.destination_type, r.cause, coalesce(r.of_run, 0), coalesce(r.ended_at, r.started_at, r.queued_at)`

func scanChapter(rows *sql.Rows, more ...any) (c Chapter, err error) {
	var at int64
	err = rows.Scan(append([]any{&c.RunID, &c.ExportID, &c.ExportName, &c.DestinationType, &c.Cause, &c.OfRun, &at}, more...)...)
	c.At = database.Time(at)
	return c, err
}

// rejectedChapters are the runs that did not accept a profile, the newest first.
func rejectedChapters(ctx context.Context, q database.Querier, profileID string) (found []Chapter, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+chapterColumns+`, x.outcome, x.field, x.code, x.message, x.other_id, x.since_run
		FROM rejections x JOIN runs r ON r.id = x.run_id JOIN exports e ON e.id = r.export_id
		WHERE x.profile_id = ? ORDER BY x.run_id DESC, x.id LIMIT ?`, profileID, 4*chaptersAtMost)
	if err != nil {
		return nil, fmt.Errorf("read rejections of a profile: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r := Rejection{ProfileID: profileID}
		c, err := scanChapter(rows, &r.Outcome, &r.Field, &r.Code, &r.Message, &r.OtherID, &r.SinceRun)
		if err != nil {
			return nil, err
		}
		r.RunID = c.RunID
		if n := len(found); n > 0 && found[n-1].RunID == c.RunID {
			found[n-1].Reasons = append(found[n-1].Reasons, r)
			continue
		}
		c.Kind = ChapterKind(r.Outcome)
		if r.SinceRun != 0 {
			c.Kind = ChapterKnown
		}
		c.Reasons = []Rejection{r}
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range found {
		if err := evidenceOf(ctx, q, found[i].Reasons); err != nil {
			return nil, err
		}
		found[i].EvidenceRun = found[i].Reasons[0].EvidenceRun
	}
	return found, nil
}

// sentChapters are the runs that had a profile in a batch. Those that refused it are in rejected already: they learn when it was
// sent, and under which address.
func sentChapters(ctx context.Context, q database.Querier, profileID string, rejected []Chapter) (found []Chapter, err error) {
	known := map[int64]*Chapter{}
	for i := range rejected {
		known[rejected[i].RunID] = &rejected[i]
	}
	rows, err := q.QueryContext(ctx, `SELECT `+chapterColumns+`, r.state, b.state, b.sent_at, i.items
		FROM runs r JOIN exports e ON e.id = r.export_id JOIN batch_items i ON i.run_id = r.id JOIN batches b ON b.run_id = i.run_id AND b.number = i.number
		WHERE r.purged = 0 AND e.removed_at IS NULL AND i.first_id <= ?1 AND i.last_id >= ?1 ORDER BY r.id DESC, b.number DESC`, profileID)
	if err != nil {
		return nil, fmt.Errorf("read the batches of a profile: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	latest := int64(0) // the run of which the last batch that had the profile was seen
	for rows.Next() {
		var state State
		var batchState string
		var sent sql.NullInt64
		var items string
		c, err := scanChapter(rows, &state, &batchState, &sent, &items)
		if err != nil {
			return nil, err
		}
		if c.RunID == latest {
			continue
		}
		e, ok, err := entryIn(items, profileID)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		latest = c.RunID
		if sent.Valid {
			c.At = database.Time(sent.Int64)
		}
		c.Identity, c.Tags = e.Identity, linesOf(e.Tags)
		if of := known[c.RunID]; of != nil {
			of.At, of.Identity, of.Tags = c.At, c.Identity, c.Tags
			continue
		}
		if c.Kind = fateOf(state, batchState); len(found) < chaptersAtMost+1 {
			found = append(found, c)
		}
	}
	return found, rows.Err()
}

// fateOf is what became of a profile that was in a batch and was not rejected.
func fateOf(state State, batchState string) ChapterKind {
	switch {
	case batchState == "settled":
		return ChapterAccepted
	case state.Active():
		return ChapterUnderway
	case batchState == "filling":
		return ChapterUnsent
	}
	return ChapterUnsure
}

// entryIn finds a profile in a batch of the journal.
func entryIn(items, profileID string) (found entry, ok bool, err error) {
	var entries []entry
	if err := json.Unmarshal([]byte(items), &entries); err != nil {
		return entry{}, false, fmt.Errorf("read a batch: %w", err)
	}
	for _, e := range entries {
		if e.ProfileID == profileID {
			return e, true, nil
		}
	}
	return entry{}, false, nil
}

func linesOf(tags string) []string {
	if tags == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(tags, "\n"), "\n")
}

// untaggedChapters are the runs that took tags away from a profile's contact.
func untaggedChapters(ctx context.Context, q database.Querier, profileID string) (found []Chapter, err error) {
	rows, err := q.QueryContext(ctx, `SELECT `+chapterColumns+`, w.at, w.identity, w.tags
		FROM withdrawn_tags w JOIN runs r ON r.id = w.run_id JOIN exports e ON e.id = r.export_id
		WHERE w.profile_id = ? AND e.removed_at IS NULL ORDER BY w.id DESC LIMIT ?`, profileID, chaptersAtMost+1)
	if err != nil {
		return nil, fmt.Errorf("read lost tags of a profile: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var at int64
		var identity, tags string
		c, err := scanChapter(rows, &at, &identity, &tags)
		if err != nil {
			return nil, err
		}
		c.Kind, c.At, c.Identity, c.Tags = ChapterUntagged, database.Time(at), identity, linesOf(tags)
		found = append(found, c)
	}
	return found, rows.Err()
}

// remembered finds profiles by their id or by addresses, among what is delivered, what lost tags, and who was rejected.
func remembered(ctx context.Context, q database.Querier, profileID string, identities []string) (found []Remembered, err error) {
	known := map[string]int{}
	add := func(query string, args ...any) (err error) {
		rows, err := q.QueryContext(ctx, query, append(args, rememberedAtMost)...)
		if err != nil {
			return fmt.Errorf("look for a profile: %w", err)
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var one Remembered
			if err := rows.Scan(&one.ProfileID, &one.Identity); err != nil {
				return err
			}
			if at, ok := known[one.ProfileID]; !ok {
				known[one.ProfileID] = len(found)
				found = append(found, one)
			} else if found[at].Identity == "" {
				found[at].Identity = one.Identity
			}
		}
		return rows.Err()
	}
	if err := add(`SELECT profile_id, identity FROM deliveries WHERE export_id IN (SELECT id FROM exports) AND profile_id = ? LIMIT ?`, profileID); err != nil {
		return nil, err
	}
	if err := add(`SELECT profile_id, identity FROM withdrawn_tags WHERE profile_id = ? LIMIT ?`, profileID); err != nil {
		return nil, err
	}
	if err := add(`SELECT profile_id, '' FROM rejections WHERE profile_id = ? LIMIT ?`, profileID); err != nil {
		return nil, err
	}
	for _, identity := range identities {
		if err := add(`SELECT profile_id, identity FROM deliveries WHERE identity = ? LIMIT ?`, identity); err != nil {
			return nil, err
		}
		if err := add(`SELECT profile_id, identity FROM withdrawn_tags WHERE identity = ? LIMIT ?`, identity); err != nil {
			return nil, err
		}
	}
	return found, nil
}
