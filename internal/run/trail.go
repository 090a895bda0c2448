package run

import (
	"context"
	"strconv"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
)

// subject is the run as what something is done to: it is called as its export is.
func (r Run) subject() audit.Subject { return audit.Of("run", r.ID, r.ExportName) }

// note writes to the audit log what was done about a run.
func (s *Service) note(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action, r Run, changes ...audit.Change) error {
	return audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: what, Subject: r.subject(), Changes: changes})
}

// noteStarted writes that a run was queued, and of whom.
func (s *Service) noteStarted(ctx context.Context, tx database.Tx, actor access.Actor, r Run) error {
	changes := []audit.Change{{Field: "export", After: strconv.FormatInt(r.ExportID, 10)}, {Field: "cause", After: string(r.Cause)}}
	if r.Complete {
		changes = append(changes, audit.Change{Field: "complete", After: audit.YesNo(true)})
	}
	if r.WithdrawAny {
		changes = append(changes, audit.Change{Field: "withdraw_any", After: audit.YesNo(true)})
	}
	if r.OfRun != 0 {
		changes = append(changes, audit.Change{Field: "retry_of", After: strconv.FormatInt(r.OfRun, 10)})
	}
	return s.note(ctx, tx, actor, audit.RunStarted, r, changes...)
}

// noteEnded writes what came of a run: to which account, for whom, how many.
func (s *Service) noteEnded(ctx context.Context, tx database.Tx, r Run) error {
	changes := []audit.Change{{Field: "state", After: string(r.State)}, {Field: "reason", After: r.ErrorCode}, {Field: "export_user", After: r.ActingFor}}
	if r.Plan != nil {
		changes = append(changes, audit.Change{Field: "brand_id", After: r.Plan.BrandID})
	}
	for _, count := range []struct {
		field string
		n     int
	}{
		{"profiles", r.Counts.Profiles}, {"accepted", r.Counts.Accepted}, {"unchanged", r.Counts.Unchanged}, {"rejected", r.Counts.Rejected()},
		{"duplicates", r.Counts.Duplicates}, {"excluded", r.Counts.Excluded}, {"withdrawn", r.Counts.Withdrawn},
	} {
		changes = append(changes, audit.Change{Field: count.field, After: strconv.Itoa(count.n)})
	}
	return s.note(ctx, tx, access.System, audit.RunEnded, r, audit.Changed(changes...)...)
}
