package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/membership"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// A retry is a run that is limited to those whom an earlier run of the export rejected, as they are now. Of all others it only
// looks at the addresses, so that the rule about duplicates holds; nobody of them is sent, and nobody loses a tag: what a
// retry changes about tags is left for the next run, which sees everybody.

// Retry queues a run for those whom a run that has ended rejected: ourselves, or the destination.
func (s *Service) Retry(ctx context.Context, actor access.Actor, runID int64) (Run, error) {
	of, e, err := s.mayAct(ctx, actor, runID)
	switch {
	case err != nil:
		return Run{}, err
	case of.State.Active():
		return Run{}, problem.New(problem.Conflict, "problem.retry.active")
	case of.Counts.Rejected() == 0:
		return Run{}, problem.New(problem.Conflict, "problem.retry.nobody")
	}
	return s.start(ctx, actor, e, OnDemand, Options{ofRun: of.ID})
}

// retried finds those whom a run rejected and who are members by the plan of another.
func (s *Service) retried(ctx context.Context, ofRun int64, maker *contacts) (members []string, err error) {
	ids, err := rejectedBy(ctx, s.db.Reader(), ofRun)
	if err != nil {
		return nil, err
	}
	const atOnce = 500
	for some := range slices.Chunk(ids, atOnce) {
		err := maker.selection.These(ctx, s.db.Reader(), some, func(m membership.Member) error {
			members = append(members, m.ID)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return members, nil
}

// rejectedBy reads whom a run rejected, to the end: who looks for the members meanwhile would hold one connection and want another.
func rejectedBy(ctx context.Context, q database.Querier, runID int64) (ids []string, err error) {
	return profileIDs(ctx, q, `SELECT DISTINCT profile_id FROM rejections WHERE run_id = ? AND outcome IN ('invalid', 'refused')`, runID)
}

// whom is how many profiles a run takes in, and for a retry also who they are; and what makes contacts of them.
func (s *Service) whom(ctx context.Context, r Run, plan *Plan, snapshot profile.Snapshot) (maker *contacts, profiles int, only []string, err error) {
	if maker, err = s.makerOf(plan, snapshot); err != nil {
		return nil, 0, nil, err
	}
	if r.OfRun == 0 {
		profiles, err = maker.selection.Count(ctx, s.db.Reader())
		return maker, profiles, nil, err
	}
	only, err = s.retried(ctx, r.OfRun, maker)
	return maker, len(only), only, err
}

func limitTo(ctx context.Context, tx database.Tx, runID int64, profiles []string) error {
	for _, id := range profiles {
		if _, err := tx.ExecContext(ctx, `INSERT INTO retries (run_id, profile_id) VALUES (?, ?)`, runID, id); err != nil {
			return fmt.Errorf("limit run %d: %w", runID, err)
		}
	}
	return nil
}

// chosen is whom a retry decides on.
type chosen struct{ runID int64 }

// between reads those behind one id and up to another.
func (c *chosen) between(ctx context.Context, q database.Querier, after, upTo string) (found map[string]bool, err error) {
	if c == nil {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT profile_id FROM retries WHERE run_id = ? AND profile_id > ? AND profile_id <= ?`, c.runID, after, upTo)
	if err != nil {
		return nil, fmt.Errorf("read whom run %d is limited to: %w", c.runID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found = map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		found[id] = true
	}
	return found, rows.Err()
}

// endRetry lets go of whom a run was limited to. It has not looked at what was delivered to others under an address that it gave
// to one of its own, so that is doubted here.
func endRetry(ctx context.Context, tx database.Tx, runID int64) error {
	r, err := getRun(ctx, tx, runID)
	if err != nil || r.OfRun == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET hash = x'' WHERE export_id = ?1 AND run_id <> ?2 AND hash <> x''
		AND identity IN (SELECT identity FROM deliveries WHERE export_id = ?1 AND run_id = ?2)`, r.ExportID, runID); err != nil {
		return fmt.Errorf("doubt what run %d gave to others: %w", runID, err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM retries WHERE run_id = ?`, runID); err != nil {
		return fmt.Errorf("close run %d: %w", runID, err)
	}
	return nil
}
