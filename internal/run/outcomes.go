package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Told is what became of one profile of a run: a ChapterKind, with the reasons of a profile that was rejected.
type Told struct {
	Rejection             // of which the ID is not used; Outcome is "" for who was not rejected
	Kind      ChapterKind // what happened
	Identity  string      // the address under which it was sent; "" for who was not
	Tags      []string    // that it was sent with
	SentAt    time.Time   // zero: not, or it is not known any more
	Place     Telling     // where to go on behind it
}

// Telling is a place among the outcomes of a run: first those who were rejected, in the order in which it happened, then those
// in batches, by batch. The zero value is the beginning.
type Telling struct {
	Rejection int64 // the last one that was told
	Batch     int   // above 0: the rejections are told, and the batches up to this one, of which Entry are told
	Entry     int   // of Batch; all of it when it is not told on
}

// Outcomes tells what became of the profiles of a run, one after the other, beginning behind a place. Those that did not change
// since they were last delivered are not told: nothing is written of them. Who was in which batch is kept for a while only, see
// Retention; afterwards those who were rejected are told. It ends early when visit does. Only for those who may see personal data.
func (s *Service) Outcomes(ctx context.Context, actor access.Actor, runID int64, from Telling, visit func(Told) error) error {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return err
	}
	r, err := getRun(ctx, s.db.Reader(), runID)
	if err != nil {
		return err
	}
	if from.Batch == 0 {
		veiled, err := s.runVeiled(ctx, actor, runID)
		if err != nil {
			return err
		}
		if err := s.tellRejected(ctx, runID, from.Rejection, veiled, visit); err != nil {
			return err
		}
	}
	return s.tellSent(ctx, r, from, visit)
}

// Kept reports whether it is kept still who was in which batch of a run: whether Outcomes tells all of them.
func (s *Service) Kept(ctx context.Context, actor access.Actor, runID int64) (kept bool, err error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return false, err
	}
	if err := s.db.Reader().QueryRowContext(ctx, `SELECT purged = 0 FROM runs WHERE id = ?`, runID).Scan(&kept); err != nil {
		return false, fmt.Errorf("read run %d: %w", runID, err)
	}
	return kept, nil
}

// toldAtOnce is how many rejections are read by one query: the reader may be slow, and no query waits for one.
const toldAtOnce = 1_000

func (s *Service) tellRejected(ctx context.Context, runID, after int64, veiled bool, visit func(Told) error) error {
	for {
		list, err := listRejections(ctx, s.db.Reader(), runID, "", after, toldAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, one := range list {
			after = one.ID
			if veiled {
				one.Message = ""
			}
			told := Told{Rejection: one, Kind: ChapterKind(one.Outcome), Place: Telling{Rejection: one.ID}}
			if one.SinceRun != 0 {
				told.Kind = ChapterKnown
			}
			if err := visit(told); err != nil {
				return err
			}
		}
	}
}

func (s *Service) tellSent(ctx context.Context, r Run, from Telling, visit func(Told) error) error {
	number, skip := from.Batch, from.Entry
	if skip == 0 {
		number++
	}
	for {
		b, ok, err := nextBatch(ctx, s.db.Reader(), r.ID, max(number, 1))
		if err != nil || !ok {
			return err
		}
		if b.number != number {
			skip = 0
		}
		elsewhere, err := toldElsewhere(ctx, s.db.Reader(), r.ID, b)
		if err != nil {
			return err
		}
		for i, e := range b.entries {
			if i < skip || elsewhere[e.ProfileID] {
				continue
			}
			told := Told{Rejection: Rejection{RunID: r.ID, ProfileID: e.ProfileID}, Kind: fateOf(r.State, b.state), Identity: e.Identity, Tags: linesOf(e.Tags),
				SentAt: b.sentAt, Place: Telling{Batch: b.number, Entry: i + 1}}
			if err := visit(told); err != nil {
				return err
			}
		}
		number, skip = b.number+1, 0
	}
}

// keptBatch is a batch of which it is still kept who is in it.
type keptBatch struct {
	number      int
	state       string
	sentAt      time.Time
	first, last string
	entries     []entry
}

func nextBatch(ctx context.Context, q database.Querier, runID int64, from int) (b keptBatch, ok bool, err error) {
	var items string
	var sent sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT b.number, b.state, b.sent_at, i.first_id, i.last_id, i.items FROM batches b
		JOIN batch_items i ON i.run_id = b.run_id AND i.number = b.number WHERE b.run_id = ? AND b.number >= ? ORDER BY b.number LIMIT 1`,
		runID, from).Scan(&b.number, &b.state, &sent, &b.first, &b.last, &items)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	if err != nil {
		return b, false, fmt.Errorf("read a batch of run %d: %w", runID, err)
	}
	b.sentAt = database.NullTime(sent)
	if err := json.Unmarshal([]byte(items), &b.entries); err != nil {
		return b, false, fmt.Errorf("read a batch of run %d: %w", runID, err)
	}
	return b, true, nil
}

// toldElsewhere are the profiles of a batch that were rejected, or that are in a later batch as well, because the first one came
// to no end with them: that one knows what became of them.
func toldElsewhere(ctx context.Context, q database.Querier, runID int64, b keptBatch) (map[string]bool, error) {
	elsewhere := map[string]bool{}
	refused, err := database.Column[string](q.QueryContext(ctx, `SELECT DISTINCT profile_id FROM rejections
		WHERE profile_id BETWEEN ? AND ? AND run_id = ?`, b.first, b.last, runID))
	if err != nil {
		return nil, fmt.Errorf("read rejections of run %d: %w", runID, err)
	}
	for _, id := range refused {
		elsewhere[id] = true
	}
	later, err := database.Column[string](q.QueryContext(ctx, `SELECT items FROM batch_items WHERE run_id = ? AND number > ? AND first_id <= ? AND last_id >= ?`,
		runID, b.number, b.last, b.first))
	if err != nil {
		return nil, fmt.Errorf("read later batches of run %d: %w", runID, err)
	}
	for _, items := range later {
		var entries []entry
		if err := json.Unmarshal([]byte(items), &entries); err != nil {
			return nil, fmt.Errorf("read a batch of run %d: %w", runID, err)
		}
		for _, e := range entries {
			elsewhere[e.ProfileID] = true
		}
	}
	return elsewhere, nil
}
