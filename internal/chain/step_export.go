package chain

import (
	"context"
	"errors"
	"strings"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// export starts the runs of all exports, in their order, and follows each to its end.
func (w *work) export(ctx context.Context) error {
	for _, t := range w.open(Export) {
		if t.State == Queued {
			if err := w.startRun(ctx, t); err != nil {
				return err
			}
		}
	}
	for {
		for _, t := range w.open(Export) {
			if err := w.followRun(ctx, t); err != nil {
				return err
			}
		}
		if len(w.open(Export)) == 0 {
			return nil
		}
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
}

var errNotQueued = errors.New("the task does not wait any more")

func (w *work) startRun(ctx context.Context, t *Task) error {
	of, err := w.Exports.Find(ctx, w.DB.Reader(), t.TargetID)
	if err != nil {
		return w.fail(ctx, t, err)
	}
	if of.Removed {
		return w.skip(ctx, t, Gone)
	}
	contains := map[int64]bool{}
	for _, part := range of.Segments {
		contains[part.SegmentID] = true
	}
	skipped, err := w.skipBecause(ctx, t, func(before Task) bool {
		unified := w.skips && of.Base() == 0 && (before.Kind == Source || before.Kind == Profiles)
		return unified || before.Kind == Segment && contains[before.TargetID]
	})
	if skipped || err != nil {
		return err
	}
	started := *t
	_, err = w.Runs.StartScheduled(ctx, t.TargetID, func(tx database.Tx, runID int64) error {
		started.State, started.StartedAt, started.RunID = Running, w.now(), runID
		began, err := startTask(ctx, tx, started)
		if err == nil && !began {
			err = errNotQueued
		}
		return err
	})
	p := problem.Of(err)
	switch {
	case errors.Is(err, errNotQueued):
		t.State = Cancelled
		return nil
	case p != nil && p.Kind == problem.Conflict:
		return w.skip(ctx, t, reasonOf(p.Code))
	case err != nil:
		return w.fail(ctx, t, err)
	}
	*t = started
	w.Events.Publish(Topic, TopicOf(w.ID))
	return nil
}

// reasonOf is why a run was not started, in the codes of tasks.
func reasonOf(code string) string {
	switch code {
	case "problem.run.active", "problem.run.paused_by_person":
		return RunActive
	case "problem.stop.stands":
		return run.ByStop
	}
	return strings.TrimPrefix(code, "obstacle.")
}

// ends are the states of runs that have ended.
var ends = map[run.State]State{run.Succeeded: Succeeded, run.Warnings: Warnings, run.Failed: Failed, run.Cancelled: Cancelled}

// pausedEnd is how a step ended whose run waits for somebody, which the chain must not. Where a person is asked or held it up, nothing
// failed; what else Segue pauses for did, and the step can be run again.
func pausedEnd(r run.Run) State {
	if r.Asks() || r.PauseCode == run.ByPerson || r.PauseCode == run.ByStop {
		return Warnings
	}
	return Failed
}

func (w *work) followRun(ctx context.Context, t *Task) error {
	r, err := w.Runs.Get(ctx, access.System, t.RunID)
	if err != nil {
		return w.fail(ctx, t, err)
	}
	if w.stopped.Err() != nil && r.State.Active() && !w.asked[t.ID] {
		if err := w.Runs.Cancel(ctx, w.canceller(), r.ID); err != nil && !problem.Is(err, problem.Conflict) {
			return w.fail(ctx, t, err)
		}
		w.asked[t.ID] = true
		if r, err = w.Runs.Get(ctx, access.System, t.RunID); err != nil {
			return w.fail(ctx, t, err)
		}
	}
	now := *t
	now.Count, now.Rejected, now.WaitedFor = r.Counts.Profiles, r.Counts.Rejected(), ""
	if r.State == run.Paused {
		now.State, now.ReasonCode, now.ReasonDetail = pausedEnd(r), RunPaused, r.PauseCode
		return w.end(ctx, t, now)
	}
	if ended, ok := ends[r.State]; ok {
		now.State, now.ReasonCode, now.ReasonDetail = ended, r.ErrorCode, r.ErrorDetail
		return w.end(ctx, t, now)
	}
	if now.WaitedFor, err = w.Runs.WaitsFor(ctx, r); err != nil {
		return err
	}
	if r.State == run.Queued && now.WaitedFor == "" {
		now.WaitedFor = ForTurn
	}
	return w.keep(ctx, t, now)
}
