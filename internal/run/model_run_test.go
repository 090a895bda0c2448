package run_test

import (
	"context"
	"runtime"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

func (w *world) runPlainly(*rapid.T)  { w.runUnlessPaused(run.Options{}, nil) }
func (w *world) runComplete(*rapid.T) { w.runUnlessPaused(run.Options{Complete: true}, nil) }

// retry sends those again whom a run rejected.
func (w *world) retry(rt *rapid.T) {
	if w.of == 0 || w.paused || w.yielding {
		return
	}
	w.steps++
	var list []disturbance
	if rapid.Bool().Draw(rt, "disturbed") {
		list = disturbances(rt)
	}
	w.watch(list, func() (run.Run, error) { return w.app.Runs.Retry(context.Background(), w.admin, w.of) })
}

// disturbance is something that happens in the middle of a run, so long after what came before it.
type disturbance struct {
	kind  string
	after time.Duration
	draw  *rapid.T
	to    sandbox.Faults
}

func (w *world) runDisturbed(rt *rapid.T) {
	w.runUnlessPaused(run.Options{Complete: rapid.Bool().Draw(rt, "complete")}, disturbances(rt))
}

func disturbances(rt *rapid.T) (list []disturbance) {
	for range rapid.IntRange(1, 3).Draw(rt, "disturbances") {
		d := disturbance{after: time.Duration(rapid.IntRange(0, 15).Draw(rt, "after")) * time.Millisecond, draw: rt,
			kind: text("cancel", "hold", "stop all", "stop", "kill", "kill", "faults", "upload", "segment", "mapping", "pause").Draw(rt, "kind")}
		if d.kind == "faults" {
			d.to = faults(rt)
		}
		list = append(list, d)
	}
	return list
}

func (w *world) runUnlessPaused(options run.Options, list []disturbance) {
	w.steps++
	if w.paused {
		if _, err := w.app.Runs.Start(context.Background(), w.admin, w.export.ID, options); !problem.Is(err, problem.Conflict) {
			w.fail("", "a paused export was started: %v", err)
		}
		return
	}
	w.carryOut(options, list)
}

// errand is a run being carried out by a process that may be stopped or killed.
type errand struct {
	kill  context.CancelFunc
	ended chan error
}

func (w *world) work(id int64) *errand {
	ctx, cancel := context.WithCancel(context.Background())
	e := &errand{kill: cancel, ended: make(chan error, 1)}
	go func(a *app.App) { e.ended <- a.Runs.Execute(ctx, id) }(w.app)
	return e
}

// restart ends the process, gently or not, and starts another that takes up the run.
func (w *world) restart(e *errand, id int64, gently bool) *errand {
	w.restarts++
	if gently {
		w.app.Runs.Shutdown()
		w.must(<-e.ended)
	} else {
		e.kill()
		<-e.ended // whatever it says: nobody is there to hear it
		time.Sleep(2 * time.Millisecond)
	}
	w.must(w.app.Close())
	w.open()
	w.must(w.app.Runs.Recover(context.Background()))
	return w.work(id)
}

func (w *world) read(id int64) run.Run {
	r, err := w.app.Runs.Get(context.Background(), w.admin, id)
	w.must(err)
	return r
}

// begun waits until the run's plan is frozen, after which nothing that people change is of any consequence to it.
func (w *world) begun(e *errand, id int64) {
	for w.read(id).State == run.Queued && len(e.ended) == 0 {
		time.Sleep(time.Millisecond)
	}
}

// carryOut carries out a run of the export.
func (w *world) carryOut(options run.Options, list []disturbance) run.Run {
	options.WithdrawAny = true
	return w.watch(list, func() (run.Run, error) {
		return w.app.Runs.Start(context.Background(), w.admin, w.export.ID, options)
	})
}

// watch starts a run, disturbs it, waits for its end, and holds it and the contacts against the model.
func (w *world) watch(list []disturbance, start func() (run.Run, error)) run.Run {
	w.runs++
	before := w.kit.Sandbox.Faults()
	seen := []sandbox.Faults{before}
	frozen := w.order.frozen()
	started, err := start()
	w.must(err)
	id, cancelled, paused := started.ID, false, false
	e := w.work(id)
	for _, d := range list {
		if slices.Contains([]string{"faults", "upload", "segment", "mapping", "pause"}, d.kind) {
			w.begun(e, id)
		}
		time.Sleep(d.after)
		switch d.kind {
		case "cancel":
			if err := w.app.Runs.Cancel(context.Background(), w.admin, id); err == nil {
				cancelled = true
			} else if !problem.Is(err, problem.Conflict) { // it has ended already
				w.rt.Fatal(err)
			}
		case "hold":
			if err := w.app.Runs.Pause(context.Background(), w.admin, id); err != nil && !problem.Is(err, problem.Conflict) {
				w.rt.Fatal(err)
			}
		case "stop all":
			_, err := w.app.Stops.Impose(context.Background(), w.admin, "model")
			w.must(err)
			time.Sleep(5 * time.Millisecond)
			w.must(w.app.Stops.Lift(context.Background(), w.admin))
		case "stop", "kill":
			e = w.restart(e, id, d.kind == "stop")
		case "faults":
			seen = append(seen, d.to)
			w.kit.Sandbox.SetFaults(d.to)
		case "upload":
			w.upload(d.draw)
		case "segment":
			w.changeRule(d.draw)
		case "mapping":
			w.changeMapping(d.draw)
		case "pause":
			w.pause(d.draw)
			paused = true
		}
	}
	r := w.wait(e, id)
	w.yielding = false
	for tries := 0; r.State == run.Paused; tries++ {
		w.pauses++
		if !w.mayPause(r, seen, paused) {
			w.fail("", "the run is paused (%s %s) %+v after %+v", r.PauseCode, r.PauseDetail, r.Counts, list)
		}
		if !w.calming && r.Yields() && w.pauses%3 == 0 { // the next run takes its place
			w.yielding = true
			break
		}
		if tries == 3 || !w.calming && w.pauses%3 == 1 && r.PauseCode != run.ByPerson {
			w.must(w.app.Runs.Cancel(context.Background(), w.admin, id))
			cancelled = true
			r = w.read(id)
			break
		}
		if w.paused {
			w.pause(nil)
		}
		if r.Plan == nil { // it was paused before it began: what it sends is decided now
			frozen = w.order.frozen()
		}
		reply := run.NoReply
		if r.Asks() {
			reply = run.GoOn
		}
		w.must(w.app.Runs.Resume(context.Background(), w.admin, id, reply))
		r = w.wait(w.work(id), id)
	}
	ended := r.State == run.Succeeded || r.State == run.Warnings
	if !ended && r.State != run.Paused && !(r.State == run.Cancelled && cancelled) {
		w.fail("", "the run ended as %s (%s %s) %+v after %+v", r.State, r.ErrorCode, r.ErrorDetail, r.Counts, list)
	}
	if !ended {
		w.early++
	}
	w.kit.Sandbox.Settle()
	if r.Plan != nil {
		w.judge(r, frozen, ended, seen)
	}
	w.note(r, frozen.fates(), list)
	w.compare(r)
	return r
}

// goroutines says where every goroutine is.
func goroutines() []byte {
	text := make([]byte, 1<<20)
	return text[:runtime.Stack(text, true)]
}

// wait waits until a run has ended, or pauses.
func (w *world) wait(e *errand, id int64) run.Run {
	var err error
	select {
	case err = <-e.ended:
	case <-time.After(2 * time.Minute): // an answer that is lost altogether is given up after half a minute
		w.fail("", "run %d does not end: %+v\n%s", id, w.read(id), goroutines())
	}
	if err != nil {
		w.fail("", "run %d: %v", id, err)
	}
	e.kill() // what it held is let go
	return w.read(id)
}

// mayPause says whether there was a cause for a run to pause.
func (w *world) mayPause(r run.Run, seen []sandbox.Faults, paused bool) bool {
	switch r.PauseCode {
	case run.ByPerson, run.ByStop, run.ManyNew:
		return true
	case "paused":
		return paused
	case "destination_unavailable":
		return faulty(seen)
	case "batches_stalled": // on a machine that is short of breath
		return r.PausedAt.Sub(r.StartedAt) > 2*time.Second
	}
	return false
}

func faulty(seen []sandbox.Faults) bool {
	for _, f := range seen {
		if f.ServerErrorShare+f.DropBeforeShare+f.DropAfterShare+f.HalfAnswerShare+f.BrokenJSONShare+f.ThrottleShare > 0 {
			return true
		}
	}
	return false
}
