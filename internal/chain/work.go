package chain

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/source"
)

// work is a chain that is carried out in this process.
type work struct {
	*Service
	record
	stopped   context.Context // ends when somebody cancels the chain
	computing context.Context // ends then too, and when the program stops
	stop      func()          // ends both
	shut      func()          // the program stops
	heard     *event.Listener
	waited    map[int64]string // the last thing that a task waited for
	asked     map[int64]bool   // tasks whose import or run was asked to stop
}

// lookEvery is how often it is looked how imports and runs go on; their ends are heard of at once.
const lookEvery = time.Second

// Work carries a chain out, or goes on with one that an earlier process left. It returns nil when the chain is over, or goes on
// after the next start; an error is of our own side, and worth another try.
func (s *Service) Work(ctx context.Context, id int64) error {
	ctx, shut := context.WithCancel(ctx)
	defer shut()
	w, ok := s.enter(ctx, id, shut)
	if !ok {
		return nil
	}
	defer s.leave(w)
	for attempt := 0; ; attempt++ {
		err := w.carryOut(ctx)
		switch {
		case ctx.Err() != nil: // the program stops
			return nil
		case database.TroubleOf(err) == database.NoTrouble:
			return err
		}
		s.Log.ErrorContext(ctx, "a chain cannot be written, and is tried again", "chain", id, "trouble", database.TroubleOf(err))
		wait := min(firstWait<<min(attempt, 10), longestWait)
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-ctx.Done():
			return nil
		}
	}
}

const (
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
)

// enter notes that a chain is carried out here; ok is false when it is already, or when the program stops.
func (s *Service) enter(ctx context.Context, id int64, shut func()) (*work, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.shutting || s.working[id] != nil {
		return nil, false
	}
	w := &work{Service: s, record: record{Chain: Chain{ID: id}}, shut: shut, waited: map[int64]string{}, asked: map[int64]bool{},
		heard: s.Events.Listen(source.ImportsTopic, run.ListTopic)}
	stopped, cancel := context.WithCancel(context.WithoutCancel(ctx))
	computing, interrupt := context.WithCancel(ctx)
	w.stopped, w.computing = stopped, computing
	w.stop = func() { cancel(); interrupt() }
	s.working[id] = w
	return w, true
}

func (s *Service) leave(w *work) {
	w.stop()
	w.heard.Close()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.working, w.ID)
}

// GiveUp ends a chain that failed on our own side more often than it is worth trying.
func (s *Service) GiveUp(ctx context.Context, id int64) error {
	err := s.DB.InTx(ctx, func(tx database.Tx) error {
		tasks, err := tasksOf(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			if t.State.Active() {
				t.State, t.EndedAt, t.ReasonCode = Failed, s.Clock(), Internal
				if err := keepTask(ctx, tx, t); err != nil {
					return err
				}
			}
		}
		return endChain(ctx, tx, id, Failed, Internal, s.Clock())
	})
	if err == nil {
		s.Events.Publish(Topic, TopicOf(id))
	}
	return err
}

func (w *work) carryOut(ctx context.Context) (err error) {
	if w.record, err = read(ctx, w.DB.Reader(), w.ID); err != nil {
		if problem.Is(err, problem.NotFound) { // forgotten, long ago
			return nil
		}
		return err
	}
	if !w.Chain.State.Active() {
		return nil
	}
	if w.cancelAsked {
		w.stop()
	}
	if err := w.write(ctx, func(tx database.Tx) error { return startChain(ctx, tx, w.ID, w.Clock()) }); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{w.readSources, w.unify, w.calculate, w.export} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	tasks, err := tasksOf(ctx, w.DB.Reader(), w.ID)
	if err != nil {
		return err
	}
	return w.write(ctx, func(tx database.Tx) error {
		state := sum(tasks)
		if of, err := read(ctx, tx, w.ID); err != nil {
			return err
		} else if of.cancelAsked {
			state = Cancelled
		}
		return endChain(ctx, tx, w.ID, state, "", w.Clock())
	})
}

// write does something in a transaction, and then tells.
func (w *work) write(ctx context.Context, do func(tx database.Tx) error) error {
	err := w.DB.InTx(ctx, do)
	if err == nil {
		w.Events.Publish(Topic, TopicOf(w.ID))
	}
	return err
}

// sum is the state of a chain whose tasks have ended. An export that a person paused is as it should be.
func sum(tasks []Task) State {
	state := Succeeded
	for _, t := range tasks {
		switch {
		case t.State == Failed:
			return Failed
		case t.State == Skipped && t.ReasonCode == "paused":
		case t.State != Succeeded:
			state = Warnings
		}
	}
	return state
}

// open lists the tasks of a kind that have not ended, as pointers into the record.
func (w *work) open(kind Kind) (open []*Task) {
	for i := range w.tasks {
		if t := &w.tasks[i]; t.Kind == kind && t.State.Active() {
			open = append(open, t)
		}
	}
	return open
}

// start marks a task as begun; false when it was begun before, or when somebody has cancelled it.
func (w *work) start(ctx context.Context, t *Task) (began bool, err error) {
	if t.State != Queued {
		return false, nil
	}
	started := *t
	started.StartedAt, started.State = w.now(), Running
	err = w.write(ctx, func(tx database.Tx) error {
		began, err = startTask(ctx, tx, started)
		return err
	})
	switch {
	case err != nil:
	case began:
		*t = started
	default:
		t.State = Cancelled
	}
	return began, err
}

// now is as it is stored.
func (w *work) now() time.Time { return database.Time(database.Millis(w.Clock())) }

// keep writes how a task goes, if that has changed.
func (w *work) keep(ctx context.Context, t *Task, now Task) error {
	if now.WaitedFor != "" {
		w.waited[t.ID] = now.WaitedFor
	}
	if now == *t {
		return nil
	}
	if err := w.write(ctx, func(tx database.Tx) error { return keepTask(ctx, tx, now) }); err != nil {
		return err
	}
	*t = now
	return nil
}

// end writes how a task ended. What it waited for last stays with it.
func (w *work) end(ctx context.Context, t *Task, ended Task) error {
	ended.EndedAt = w.now()
	ended.WaitedFor = w.waited[t.ID]
	return w.keep(ctx, t, ended)
}

// skip ends a task that does not take place.
func (w *work) skip(ctx context.Context, t *Task, code string) error {
	ended := *t
	ended.State, ended.ReasonCode = Skipped, code
	return w.end(ctx, t, ended)
}

// skipBecause skips a task when one that it depends on failed; false when none did.
func (w *work) skipBecause(ctx context.Context, t *Task, dependsOn func(Task) bool) (skipped bool, err error) {
	if t.State != Queued { // begun before
		return false, nil
	}
	i := slices.IndexFunc(w.tasks, func(before Task) bool { return before.broken() && dependsOn(before) })
	if i < 0 {
		return false, nil
	}
	ended := *t
	ended.State, ended.BecauseOf = Skipped, w.tasks[i].ID
	if first := w.tasks[i].BecauseOf; first != 0 {
		ended.BecauseOf = first
	}
	return true, w.end(ctx, t, ended)
}

// broken reports whether what depends on the task lacks it.
func (t Task) broken() bool {
	switch t.State {
	case Failed, Cancelled:
		return true
	case Skipped: // what was removed is needed by nobody
		return t.ReasonCode != Gone
	}
	return false
}

// notFound are the codes of problems that say that what a task is about was removed.
var notFound = []string{"problem.not_found", "problem.export.not_found"}

// fail ends a task for an error of its work. Only what may pass is given back, to be tried again.
func (w *work) fail(ctx context.Context, t *Task, failure error) error {
	p := problem.Of(failure)
	ended := *t
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case w.stopped.Err() != nil && errors.Is(failure, context.Canceled):
		ended.State = Cancelled
	case database.TroubleOf(failure) != database.NoTrouble:
		return failure
	case p != nil && slices.Contains(notFound, p.Code):
		return w.skip(ctx, t, Gone)
	case p != nil:
		ended.State, ended.ReasonCode, ended.ReasonDetail = Failed, p.Code, source.DetailOf(p)
	default:
		w.Log.ErrorContext(ctx, "a step of a chain failed", "chain", w.ID, "task", t.ID, "kind", t.Kind, "error", failure)
		ended.State, ended.ReasonCode = Failed, Internal
	}
	return w.end(ctx, t, ended)
}

// wait waits until an import or a run may have gone on, or the chain is cancelled.
func (w *work) wait(ctx context.Context) error {
	cancelled := w.stopped.Done()
	if w.stopped.Err() != nil { // known already
		cancelled = nil
	}
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-w.heard.Ready():
		w.heard.Take()
	case <-timer.C:
	case <-cancelled:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
