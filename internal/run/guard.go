package run

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/membership"
)

// Question is what a run asks before it sends anything: whether so many may lose their tags, or so many may be sent that
// were not before.
type Question struct {
	Delivered int `json:"delivered"` // profiles to which something was delivered before
	Leaving   int `json:"leaving"`   // of those, who are in no segment any more and would lose tags
	New       int `json:"new"`       // profiles in the segments to which nothing was delivered
	Profiles  int `json:"profiles"`  // in the segments
	Share     int `json:"share"`     // percent of Delivered that may leave, or come, without a question
}

// fewAnyway is how many may leave, or come, without a question whatever their share.
const fewAnyway = 100

// suspicious reports whether n profiles are more than a share, in percent, of those to whom something was delivered.
func suspicious(n, delivered, share int) bool {
	return share != export.NeverAsk && n > fewAnyway && n*100 > delivered*share
}

// Code is the code of the pause with which the run asks; "" when nothing is out of the ordinary.
func (q Question) Code() string {
	switch {
	case suspicious(q.Leaving, q.Delivered, q.Share):
		return ManyLeave
	case suspicious(q.New, q.Delivered, q.Share):
		return ManyNew
	}
	return ""
}

// Question reads what a run asks, or asked; the zero Question when it asked nothing.
func (r Run) Question() (q Question) {
	if r.PauseCode == ManyLeave || r.PauseCode == ManyNew {
		_ = json.Unmarshal([]byte(r.PauseDetail), &q) // we wrote it ourselves
	}
	return q
}

// ask is what a run must ask. One that sends again those whom another rejected asks nothing.
func (s *Service) ask(ctx context.Context, r Run, plan *Plan, selection *membership.Selection, profiles int) (Question, error) {
	if r.OfRun != 0 {
		return Question{}, nil
	}
	_, _, untag, err := s.tagLimits(ctx, plan)
	if err != nil {
		return Question{}, err
	}
	return ask(ctx, s.db.Reader(), r.ExportID, selection, profiles, plan.AskShare, untag && !r.WithdrawAny)
}

// ask compares the members with what was delivered before. Nobody is counted as leaving when nobody would lose tags; nobody
// as new before a run of the export has come to its end, for then it is no surprise. Whom the last
// run could not send is not counted as new either, unless something was delivered earlier. It reads as many rows as were
// delivered, in two halves at once, and as that run rejected.
func ask(ctx context.Context, q database.Querier, exportID int64, selection *membership.Selection, profiles, share int, mayLeave bool) (asked Question, err error) {
	asked = Question{Profiles: profiles, Share: share}
	if share == export.NeverAsk {
		return asked, nil
	}
	var last int64 // the last run that ended well
	err = q.QueryRowContext(ctx, `SELECT id FROM runs WHERE export_id = ? AND cause <> ? AND of_run IS NULL
		AND state IN ('succeeded', 'warnings') ORDER BY id DESC LIMIT 1`, exportID, Tried).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return asked, fmt.Errorf("look for a run that ended well: %w", err)
	}
	middle, err := selection.Middle(ctx, q)
	if err != nil {
		return asked, err
	}
	var below, above compared
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return below.read(both, q, exportID, selection, "<=", middle) })
	group.Go(func() error { return above.read(both, q, exportID, selection, ">", middle) })
	if err := group.Wait(); err != nil {
		return asked, err
	}
	asked.Delivered, asked.Leaving = below.delivered+above.delivered, below.leaving+above.leaving
	stay := below.stay + above.stay
	if !mayLeave {
		asked.Leaving = 0
	}
	if last == 0 || asked.Delivered == 0 {
		return asked, nil
	}
	holds, args := selection.Holds("r.profile_id")
	var known int
	err = q.QueryRowContext(ctx, `SELECT count(DISTINCT r.profile_id) FROM rejections r WHERE r.run_id = ?
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.export_id = ? AND d.profile_id = r.profile_id) AND `+holds,
		append([]any{last, exportID}, args...)...).Scan(&known)
	if err != nil {
		return asked, fmt.Errorf("count whom the last run could not send: %w", err)
	}
	asked.New = max(profiles-stay-known, 0)
	return asked, nil
}

// compared is how many profiles something was delivered to, how many of them are members still, and how many of the others
// have tags.
type compared struct{ delivered, stay, leaving int }

// read compares those on one side of an id, that one included with "<=".
func (c *compared) read(ctx context.Context, q database.Querier, exportID int64, selection *membership.Selection, side, id string) error {
	holds, args := selection.Holds("d.profile_id")
	// The limit keeps SQLite from taking the two queries for one, and looking each member up twice.
	err := q.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(stays), 0), coalesce(sum(tagged AND NOT stays), 0) FROM
		(SELECT d.tags <> '' AS tagged, `+holds+` AS stays FROM deliveries d WHERE d.export_id = ? AND d.profile_id `+side+` ? LIMIT -1)`,
		append(args[:len(args):len(args)], exportID, id)...).Scan(&c.delivered, &c.stay, &c.leaving)
	if err != nil {
		return fmt.Errorf("compare members with deliveries: %w", err)
	}
	return nil
}
