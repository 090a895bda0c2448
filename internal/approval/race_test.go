package approval_test

import (
	"context"
	"testing"

	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
)

// turning answers as the approvals do until a run begins its transaction, the second that asks, and in it as if somebody had just
// changed the export.
type turning struct {
	*approval.Service
	inTransaction int
	then          export.Clearance
}

func (a *turning) Clearance(ctx context.Context, q database.Querier, id int64) (export.Clearance, error) {
	if _, is := q.(database.Tx); is {
		if a.inTransaction++; a.inTransaction == 2 {
			return a.then, nil
		}
	}
	return a.Service.Clearance(ctx, q, id)
}

func TestARunThatIsOvertakenByAChangeDoesNotBegin(t *testing.T) {
	for name, then := range map[string]export.Clearance{
		"that waits":                     {Waits: true, Mark: "another"},
		"that was approved at once, too": {Mark: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, approval.Settings{Everywhere: true})
			e := o.Export()
			o.must(o.approve(o.bob, e.ID))
			o.Exports.SetApprovals(&turning{Service: o.Approvals, then: then})
			r := o.Run(e, run.Options{})
			if r.State != run.Paused || r.PauseCode != awaits || r.Counts.Settled() != 0 {
				t.Fatalf("%s %s %+v", r.State, r.PauseCode, r.Counts)
			}
			for contact := range o.Sandbox.Contacts() {
				t.Errorf("%+v", contact)
			}
		})
	}
}

func TestAQueuedRunOfAnExportThatIsChangedWaitsAndGoesOnWhenItIsApproved(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	o.must(o.approve(o.bob, e.ID))
	unapprove := func(ctx context.Context, tx database.Tx, _ int64) error { // as a change between queueing and beginning does
		_, err := tx.ExecContext(ctx, `UPDATE approvals SET substance = 'another'`)
		return err
	}
	r := o.Run(e, run.Options{Also: unapprove})
	if r.State != run.Paused || r.PauseCode != awaits {
		t.Fatalf("%s %s", r.State, r.PauseCode)
	}
	o.must(o.approve(o.bob, e.ID))
	if r = o.Resume(r.ID, run.NoReply); r.State != run.Succeeded && r.State != run.Warnings {
		t.Errorf("%s %s", r.State, r.ErrorCode)
	}
}

func TestARunUnderWayGoesOnAsItBegan(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	o.must(o.approve(o.bob, e.ID))
	started, err := o.Runs.Start(t.Context(), o.ada, e.ID, run.Options{})
	o.must(err)
	o.Until(started.ID, func(r run.Run) bool { return r.State != run.Queued })
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Leavers = export.KeepTag })
	if r := o.Wait(started.ID); r.State != run.Succeeded && r.State != run.Warnings || r.Plan.Leavers != export.Untag {
		t.Errorf("%s %s %+v", r.State, r.ErrorCode, r.Plan)
	}
}
