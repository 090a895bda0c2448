package run

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
)

// withdrawal is a contact that is to lose tags, less those that whoever has its address now carries by right.
type withdrawal struct {
	id                        int64
	profileID, identity, tags string
	why                       why
	later                     bool // for the next run to decide
}

// why a contact is to lose tags.
type why string

const (
	left   why = "left"   // its profile left all segments, another one stands for it, or its address is excluded: the delivery is forgotten, and when it comes back it is new
	moved  why = "moved"  // its profile is sent under another address, or with fewer tags
	unable why = "unable" // its profile is a member and cannot be sent: the contact keeps what it has, unless another profile has the address
)

const (
	withdrawPage  = 1000
	tagPot        = "tags"
	withdrawnHeld = "withdrawals_held"
	tagsRefused   = "tags_refused"

	postponedAtMost = 25 // contacts whose tags the destination refuses to take away
)

// less is the tags of one set, one a line, that are not in another.
func less(tags, without string) string {
	if tags == without {
		return ""
	}
	others := strings.Split(without, "\n")
	var left strings.Builder
	for tag := range strings.Lines(tags) {
		if !slices.Contains(others, strings.TrimSuffix(tag, "\n")) {
			left.WriteString(tag)
		}
	}
	return left.String()
}

// takeOverWithdrawals gives a run those that earlier runs of the export were stopped before, or held back. Only of
// profiles that are delivered under another address or with fewer tags by now: those who left are found anew.
func takeOverWithdrawals(ctx context.Context, tx database.Tx, runID int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE withdrawals SET run_id = ?1, later = 0 WHERE run_id IN
		(SELECT old.id FROM runs old JOIN runs r ON old.export_id = r.export_id WHERE r.id = ?1 AND old.id <> ?1)`, runID)
	if err != nil {
		return fmt.Errorf("take over withdrawals for run %d: %w", runID, err)
	}
	return nil
}

func (j journal) addWithdrawals(ctx context.Context, runID int64, leaving []withdrawal) error {
	for _, w := range leaving {
		if _, err := j.tx.ExecContext(ctx, `INSERT INTO withdrawals (run_id, profile_id, identity, tags, why, later) VALUES (?, ?, ?, ?, ?, ?)`,
			runID, w.profileID, w.identity, w.tags, w.why, w.later); err != nil {
			return fmt.Errorf("journal a withdrawal of run %d: %w", runID, err)
		}
	}
	return nil
}

// tagLimits says how many contacts one removal of tags takes and how many such requests a minute allows; ok is false when
// the export keeps the tags, or the destination has none.
func (s *Service) tagLimits(ctx context.Context, plan *Plan) (contacts, perMinute int, ok bool, err error) {
	if plan.Leavers != export.Untag {
		return 0, 0, false, nil
	}
	open, _, err := s.connections.Account(ctx, plan.ConnectionID)
	if failure := connection.FailureOf(err); failure != "" {
		return 0, 0, false, haltOn(string(failure), "")
	}
	if err != nil {
		return 0, 0, false, err
	}
	limits, ok := open(nil).(destination.Tagger)
	if ok {
		contacts, perMinute = limits.TagLimits()
	}
	return contacts, perMinute, ok, nil
}

// tagger opens the account once more for removing tags, which the destination counts apart; nil when nobody loses tags.
func (s *Service) tagger(x *execution, open func(destination.Gate) destination.Account) destination.Tagger {
	limits, ok := x.reading.(destination.Tagger)
	if x.run.Plan.Leavers != export.Untag || !ok {
		return nil
	}
	_, perMinute := limits.TagLimits()
	pot := s.budgets.Pot(x.run.Plan.BrandID, tagPot, perMinute)
	return open(&gate{inner: pot.Gate(holder(x.run.ID)), x: x}).(destination.Tagger)
}

// withdrawAll takes the tags away from those who are to lose them, when all members are known. Whoever has the address of
// one who left, and the tag by right, keeps it.
func (x *execution) withdrawAll(ctx context.Context, claimed *claims) error {
	held, err := x.holdBack(ctx)
	if err != nil {
		return err
	}
	for !held && x.run.OfRun == 0 && x.tagger != nil && x.stopping.Err() == nil {
		page, err := readWithdrawals(ctx, x.service.db.Reader(), x.run.ID)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		byTags := map[string][]withdrawal{}
		var heirs []heir
		for _, w := range page {
			owner, ok, err := claimed.owner(ctx, x.service.db.Reader(), x.maker, w.identity)
			if err != nil {
				return err
			}
			switch {
			case ok:
				lost := less(w.tags, owner.tags)
				heirs = append(heirs, heir{owner, less(w.tags, lost)})
				w.tags = lost
			case w.why == unable:
				w.tags, w.why = "", moved // nothing is taken, and the delivery stands
			}
			byTags[w.tags] = append(byTags[w.tags], w)
		}
		if err := x.inherit(ctx, heirs); err != nil {
			return err
		}
		for tags, group := range byTags {
			if err := x.withdraw(ctx, tags, group); err != nil {
				return err
			}
		}
	}
	if x.stopping.Err() == nil {
		x.withdrawn.Store(true)
		x.finishIfDone()
	}
	return nil
}

// heir is a profile that has the address of another now, and by right the tags that the contact carries already.
type heir struct {
	contact
	tags string
}

// inherit remembers which tags the contacts of heirs carry, whatever becomes of sending them: when one is refused now and
// leaves later, its contact is known to have them. What was delivered to an heir under another address is remembered in the
// same place; then the next run decides about the tags once more.
func (x *execution) inherit(ctx context.Context, heirs []heir) error {
	return x.write(ctx, progress{}, func(j journal) error {
		for _, h := range heirs {
			if h.tags == "" {
				continue
			}
			var identity, tags string
			err := j.tx.QueryRowContext(ctx, `SELECT identity, tags FROM deliveries WHERE export_id = ? AND profile_id = ?`, x.run.ExportID, h.profileID).Scan(&identity, &tags)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				_, err = j.tx.ExecContext(ctx, `INSERT INTO deliveries (export_id, profile_id, identity, hash, tags, run_id) VALUES (?, ?, ?, x'', ?, ?)`,
					x.run.ExportID, h.profileID, h.identity, h.tags, x.run.ID)
			case err == nil && identity == h.identity:
				_, err = j.tx.ExecContext(ctx, `UPDATE deliveries SET tags = ? WHERE export_id = ? AND profile_id = ?`,
					tags+less(h.tags, tags), x.run.ExportID, h.profileID)
			case err == nil:
				err = straysAt(ctx, j.tx, x.run.ID, h.profileID, h.identity, h.tags, true)
			}
			if err != nil {
				return fmt.Errorf("remember inherited tags: %w", err)
			}
		}
		return nil
	})
}

// holdBack reports whether a person said to leave the tags, or so many would lose theirs that one should say so first: those
// who left were asked about at the beginning, but addresses may have changed too. They are then counted and left.
func (x *execution) holdBack(ctx context.Context) (bool, error) {
	if x.tagger == nil || x.run.WithdrawAny || x.run.OfRun != 0 {
		return false, nil
	}
	var already bool // before the process was killed
	err := x.service.db.Reader().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM run_events WHERE run_id = ? AND code = ?)`, x.run.ID, withdrawnHeld).Scan(&already)
	if err != nil || already {
		return already, err
	}
	var leaving, known int
	err = x.service.db.Reader().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM withdrawals WHERE run_id = ? AND tags <> '' AND why <> ?), (SELECT count(*) FROM deliveries WHERE export_id = ?)`,
		x.run.ID, unable, x.run.ExportID).Scan(&leaving, &known)
	if err != nil {
		return false, fmt.Errorf("count withdrawals of run %d: %w", x.run.ID, err)
	}
	if leaving == 0 || !x.run.LeaveTags && !suspicious(leaving, known, x.run.Plan.AskShare) {
		return false, nil
	}
	err = x.write(ctx, progress{Counts: Counts{Held: leaving}}, func(j journal) error {
		if _, err := j.tx.ExecContext(ctx, `DELETE FROM withdrawals WHERE run_id = ? AND why <> ?`, x.run.ID, moved); err != nil {
			return fmt.Errorf("hold withdrawals of run %d back: %w", x.run.ID, err)
		}
		return addEvent(ctx, j.tx, x.run.ID, x.service.clock(), withdrawnHeld, "")
	})
	return true, err
}

func readWithdrawals(ctx context.Context, q database.Querier, runID int64) (found []withdrawal, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, profile_id, identity, tags, why FROM withdrawals WHERE run_id = ? AND later = 0 ORDER BY tags, id LIMIT ?`, runID, withdrawPage)
	if err != nil {
		return nil, fmt.Errorf("read withdrawals of run %d: %w", runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var w withdrawal
		if err := rows.Scan(&w.id, &w.profileID, &w.identity, &w.tags, &w.why); err != nil {
			return nil, err
		}
		found = append(found, w)
	}
	return found, rows.Err()
}

// withdraw takes the same tags from a group of contacts, as many in a request as it takes.
func (x *execution) withdraw(ctx context.Context, tags string, group []withdrawal) error {
	most, _ := x.tagger.TagLimits()
	for some := range slices.Chunk(group, most) {
		if err := x.withdrawAtOnce(ctx, tags, some); err != nil {
			return err
		}
	}
	return nil
}

// withdrawAtOnce takes tags away by one request, and forgets those who left. A request that is refused is halved until the address
// to blame stands alone. When the tags are none, another profile has the contact by right.
func (x *execution) withdrawAtOnce(ctx context.Context, tags string, some []withdrawal) error {
	if x.stopping.Err() != nil {
		return nil
	}
	taken := 0
	if tags != "" {
		identities := make([]string, len(some))
		for i, w := range some {
			identities[i] = w.identity
		}
		ok, err := x.removeTags(ctx, identities, strings.Split(strings.TrimSuffix(tags, "\n"), "\n"))
		var refused *destination.Error
		switch {
		case errors.As(err, &refused) && len(some) > 1:
			middle := len(some) / 2
			if err := x.withdrawAtOnce(ctx, tags, some[:middle]); err != nil {
				return err
			}
			return x.withdrawAtOnce(ctx, tags, some[middle:])
		case errors.As(err, &refused):
			return x.postpone(ctx, some[0])
		case err != nil || !ok:
			return err
		}
		taken = len(some)
	}
	err := x.write(ctx, progress{Counts: Counts{Withdrawn: taken}}, func(j journal) error {
		for _, w := range some {
			if w.why != moved {
				if _, err := j.tx.ExecContext(ctx, `DELETE FROM deliveries WHERE export_id = ? AND profile_id = ?`, x.run.ExportID, w.profileID); err != nil {
					return fmt.Errorf("forget a delivery: %w", err)
				}
			} else if err := j.lessTags(ctx, x.run.ExportID, w); err != nil {
				return err
			}
			if err := j.traceWithdrawn(ctx, x.run.ID, w, x.service.clock()); err != nil {
				return err
			}
			if _, err := j.tx.ExecContext(ctx, `DELETE FROM withdrawals WHERE id = ?`, w.id); err != nil {
				return fmt.Errorf("journal a withdrawal: %w", err)
			}
		}
		return nil
	})
	if err == nil {
		x.changed.Store(true)
	}
	return err
}

// postpone leaves a contact alone whose tags the destination refuses to take away, for the next run to try once more. When
// there are many of those, it is not the addresses that are to blame, and the run stops, without the destination's words: they may
// quote an address, and everybody sees them.
func (x *execution) postpone(ctx context.Context, w withdrawal) error {
	if x.postponed++; x.postponed > postponedAtMost {
		x.stop(haltOn(failUnavailable, ""))
		return nil
	}
	return x.write(ctx, progress{Counts: Counts{Held: 1}}, func(j journal) error {
		if x.postponed == 1 {
			if err := addEvent(ctx, j.tx, x.run.ID, x.service.clock(), tagsRefused, ""); err != nil {
				return err
			}
		}
		// Who left is found anew by the next run; the others are known from here alone.
		if _, err := j.tx.ExecContext(ctx, `UPDATE withdrawals SET later = 1 WHERE id = ?`, w.id); err != nil {
			return fmt.Errorf("postpone a withdrawal: %w", err)
		}
		return nil
	})
}

// removeTags asks the destination, with patience for what passes; ok is false when the run stops. The *destination.Error says that
// the request is refused as it is.
func (x *execution) removeTags(ctx context.Context, identities, tags []string) (ok bool, err error) {
	first := time.Now()
	for attempt := 0; ; attempt++ {
		err := x.tagger.RemoveTags(ctx, identities, tags)
		var failure *destination.Error
		switch {
		case err == nil:
			x.troubles.over(ForDestination)
			return true, nil
		case ctx.Err() != nil:
			return false, ctx.Err()
		case x.stopping.Err() != nil:
			return false, nil
		case !errors.As(err, &failure):
			return false, err
		case failure.Kind == destination.Refused || failure.Kind == destination.TooLarge:
			return false, failure
		case failure.Passing() && (attempt < leastTries || time.Since(first) < x.seconds(patienceSeconds)):
			if failure.Kind != destination.Throttled {
				x.troubles.add(ForDestination)
				x.pause(ctx, backOff(attempt))
			}
		default:
			return false, x.fail(ctx, failure)
		}
	}
}
