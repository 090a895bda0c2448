package chain

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// readSources begins to read all sources, which are read in the sequence of the imports' queue, and waits for them.
func (w *work) readSources(ctx context.Context) error {
	for _, t := range w.open(Source) {
		if _, err := w.start(ctx, t); err != nil {
			return err
		}
		if t.State == Running && t.ImportID == 0 {
			if err := w.readSource(ctx, t); err != nil {
				return err
			}
		}
	}
	for {
		open := w.open(Source)
		if len(open) == 0 {
			return nil
		}
		for _, t := range open {
			if err := w.followImport(ctx, t); err != nil {
				return err
			}
		}
		if len(w.open(Source)) == 0 {
			return nil
		}
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
}

// readSource begins to read a source, unless that was done since the task began.
func (w *work) readSource(ctx context.Context, t *Task) error {
	i, err := w.Sources.ReadAgain(ctx, t.TargetID, t.StartedAt)
	if err != nil {
		return w.fail(ctx, t, err)
	}
	begun := *t
	begun.ImportID = i.ID
	return w.keep(ctx, t, begun)
}

func (w *work) followImport(ctx context.Context, t *Task) error {
	i, err := w.Sources.Import(ctx, access.System, t.ImportID)
	if err != nil {
		return w.fail(ctx, t, err)
	}
	if w.stopped.Err() != nil && !i.State.Ended() && !w.asked[t.ID] {
		if err := w.Sources.Cancel(ctx, w.canceller(), i.ID); err != nil && !problem.Is(err, problem.Conflict) {
			return w.fail(ctx, t, err)
		}
		w.asked[t.ID] = true
		if i, err = w.Sources.Import(ctx, access.System, t.ImportID); err != nil {
			return w.fail(ctx, t, err)
		}
	}
	now := *t
	now.Count, now.Rejected, now.WaitedFor = i.Good, i.Refused, ""
	switch i.State {
	case source.Queued:
		now.WaitedFor = ForImports
		return w.keep(ctx, t, now)
	case source.Receiving, source.Running:
		return w.keep(ctx, t, now)
	case source.Done:
		now.State = Succeeded
		if i.Refused > 0 {
			now.State = Warnings
		}
	case source.Asking, source.Waiting:
		now.State, now.ReasonCode = Failed, Asks
	case source.Cancelled:
		now.State, now.ReasonCode, now.ReasonDetail = Cancelled, i.Code, i.Detail
	case source.Failed:
		if i.BrokenOff() && w.stopped.Err() == nil { // the program ended before its file had arrived
			return w.readSource(ctx, t)
		}
		now.State, now.ReasonCode, now.ReasonDetail = Failed, i.Code, i.Detail
	}
	return w.end(ctx, t, now)
}

// canceller is who cancelled the chain, as imports and runs are told.
func (w *work) canceller() access.Actor {
	by := access.System
	if of, err := read(context.WithoutCancel(w.stopped), w.DB.Reader(), w.ID); err == nil && of.CancelledBy != "" {
		by.Name = of.CancelledBy
	}
	return by
}

// unify makes the profiles of what the sources have.
func (w *work) unify(ctx context.Context) error {
	for _, t := range w.open(Profiles) {
		if w.skips {
			if skipped, err := w.skipBecause(ctx, t, func(before Task) bool { return before.Kind == Source }); skipped || err != nil {
				return err
			}
		}
		if _, err := w.start(ctx, t); err != nil || t.State != Running {
			return err
		}
		if err := w.Sources.Unify(w.computing); err != nil {
			return w.fail(ctx, t, err)
		}
		done := *t
		current, err := w.Profiles.Current(ctx)
		if err != nil && !problem.Is(err, problem.NotFound) { // there are none yet
			return w.fail(ctx, t, err)
		}
		done.State, done.Count = Succeeded, current.Rows
		if err := w.end(ctx, t, done); err != nil {
			return err
		}
	}
	return nil
}

// calculate calculates the segments, one after the other.
func (w *work) calculate(ctx context.Context) error {
	since := time.Time{} // of the profiles: what was calculated afterwards is not done twice
	for _, t := range w.tasks {
		if t.Kind == Profiles && t.State == Succeeded {
			since = t.EndedAt
		}
	}
	for _, t := range w.open(Segment) {
		if err := w.calculateOne(ctx, t, since); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) calculateOne(ctx context.Context, t *Task, since time.Time) error {
	of, err := w.Segments.Get(ctx, access.System, t.TargetID)
	if err != nil {
		return w.fail(ctx, t, err)
	}
	if of.State != segment.Active {
		return w.skip(ctx, t, Inactive)
	}
	if of.Definition.SourceID == 0 && w.skips {
		skipped, err := w.skipBecause(ctx, t, func(before Task) bool { return before.Kind == Profiles || before.Kind == Source })
		if skipped || err != nil {
			return err
		}
	}
	if _, err := w.start(ctx, t); err != nil || t.State != Running {
		return err
	}
	if since.IsZero() {
		since = t.StartedAt
	}
	if of, err = w.Segments.CalculateAgain(w.computing, t.TargetID, since); err != nil {
		return w.fail(ctx, t, err)
	}
	done := *t
	done.State, done.Count = Succeeded, of.Size
	if of.Failure != "" {
		done.State, done.Count, done.ReasonCode, done.ReasonDetail = Failed, 0, of.Failure, of.FailureAbout
	}
	return w.end(ctx, t, done)
}
