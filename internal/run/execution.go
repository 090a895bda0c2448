package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/trace"
)

// execution is one run under way. Goroutines of four kinds work on it: one plans (reads members, makes batches,
// journals them), some send, one journals what was sent, one follows the batches that were sent until their outcome is known. A batch belongs to one of them at
// a time, and is in the journal before it changes hands.
type execution struct {
	*underWay
	service    *Service
	run        Run
	maker      *contacts // the planner's, for reading; withdrawing when that has ended
	checker    *contacts // the planner's, for deciding meanwhile
	excluded   *excluded
	again      *contacts           // for batches that are made again; guarded by againLock
	sending    destination.Account // two doors to one account: sending waits for its place in the brand's budget,
	reading    destination.Account // reading has a few places of its own
	tagger     destination.Tagger  // nil when nobody is to lose tags
	connection connection.Connection
	statements *statements
	maxBatch   int
	unit       time.Duration // a second of the destination's time: its window / 60

	againLock   sync.Mutex
	exhibited   exhibited
	work        chan batch     // planned, to be sent
	taken       chan sentBatch // by the destination, to be journalled
	numbers     atomic.Int64   // the last number given to a batch
	unsettled   atomic.Int64   // batches planned and not settled
	senders     atomic.Int32   // at work
	allRecorded atomic.Bool    // the last sender has ended, and what it sent is journalled
	withdrawn   atomic.Bool    // nobody is left who is to lose a tag
	postponed   int            // contacts whose tags the destination refused to take away; the planner's
	planned     atomic.Bool    // no further batch will be planned
	followed    *follower
	requests    atomic.Int64  // not recorded yet
	readings    atomic.Int64  // of those, which read something
	lookedAt    atomic.Uint64 // which change of connections the permission was looked up after
	changed     atomic.Bool   // something is new for those who watch
	recent      recent
	movedAt     atomic.Pointer[time.Time] // when the journal was last written

	finish   chan struct{} // closed when everything has its outcome
	finished sync.Once
}

// halt is why a run stops before its end: a state to end in, a code, and the destination's words.
type halt struct {
	state  State
	code   string
	detail string
}

func (h *halt) Error() string { return "run stops: " + h.code }

// errShutdown stops a run that goes on when the program starts again.
var errShutdown = errors.New("the program stops")

const (
	senders       = 8
	readyAtMost   = 64   // batches planned that no sender has taken yet
	pageSize      = 1000 // members read at once
	openAtMost    = 2000 // batches waiting for their outcome; more are not sent
	publishEvery  = 500 * time.Millisecond
	wrapUpSeconds = 120 // of the destination's time: how long a stopped run waits for what was sent already
)

// carryOut carries the run to its end, or to where it must stop. The error is of our own side (the database, say): the run
// is then still active, and goes on when it is tried again.
func (x *execution) carryOut(ctx context.Context) error {
	if err := x.resume(ctx); err != nil {
		return err
	}
	if err := x.lookForLate(ctx, false); err != nil {
		return err
	}
	trace.Of(ctx).Event("run.sending")
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return x.plan(working) })
	x.senders.Store(senders)
	for range senders {
		group.Go(func() error { return x.sendAll(working) })
	}
	group.Go(func() error { return x.recordSent(working) })
	group.Go(func() error { return x.followed.follow(working) })
	group.Go(func() error { return x.publish(working) })
	group.Go(func() error { return x.watchPermission(working) })
	group.Go(func() error { return x.watchProgress(working) })
	if err := group.Wait(); err != nil {
		return err
	}
	trace.Of(ctx).Event("run.settled")
	if err := x.lookForLate(ctx, true); err != nil {
		return err
	}
	return x.conclude(ctx)
}

// settled is called once for each batch that has its outcome, or went over into others (which were counted before).
func (x *execution) settled(batches int64) {
	x.unsettled.Add(-batches)
	x.changed.Store(true)
	x.finishIfDone()
}

// finishIfDone ends the work when everything has its outcome.
func (x *execution) finishIfDone() {
	if x.planned.Load() && x.withdrawn.Load() && x.unsettled.Load() == 0 {
		x.finished.Do(func() { close(x.finish) })
	}
}

// allPlanned is called when the planner has come to the end.
func (x *execution) allPlanned() {
	x.planned.Store(true)
	x.finishIfDone()
}

// hand passes a batch that is in the journal to the senders.
func (x *execution) hand(ctx context.Context, b batch) error {
	select {
	case x.work <- b:
		return nil
	case <-x.stopping.Done():
		return nil // it stays in the journal
	case <-ctx.Done():
		return ctx.Err()
	}
}

// resume takes up what an earlier process left in the journal: batches that were sent are followed, those of which that
// is not known are sent again, which changes nothing at a destination that recognises contacts by their address.
func (x *execution) resume(ctx context.Context) error {
	open, err := openBatches(ctx, x.service.db.Reader(), x.run.ID)
	if err != nil {
		return err
	}
	last, err := lastNumber(ctx, x.service.db.Reader(), x.run.ID)
	if err != nil {
		return err
	}
	x.numbers.Store(int64(last))
	var resend []batch
	for _, b := range open {
		switch b.state {
		case "sent":
			x.unsettled.Add(1)
			x.followed.add(sentBatch{number: b.number, tries: b.tries, tried: true, remoteID: b.remoteID, sentAt: b.sentAt})
		case "planned":
			x.unsettled.Add(1)
			resend = append(resend, b.batch)
		}
	}
	x.work, x.taken = make(chan batch, len(resend)+readyAtMost), make(chan sentBatch, recordAtOnce)
	for _, b := range resend {
		x.work <- b
	}
	return nil
}

// makeAgain reads who is in a batch from the journal and makes its items anew. The senders do so when its turn comes: of a run whose
// batches were stalled there may be thousands.
func (x *execution) makeAgain(ctx context.Context, b batch) (batch, error) {
	var err error
	if b.entries, err = entriesOf(ctx, x.service.db.Reader(), x.run.ID, b.number); err != nil {
		return batch{}, err
	}
	b.tried = true
	x.againLock.Lock()
	defer x.againLock.Unlock()
	return b, x.again.rebuild(ctx, x.service.db.Reader(), &b)
}

// write runs one step of the journal and records with it what was spent. A step may be run again when the disk is full for a
// while, so it changes nothing but the transaction.
func (x *execution) write(ctx context.Context, p progress, step func(j journal) error) error {
	p.requests, p.readings = int(x.requests.Swap(0)), int(x.readings.Swap(0))
	for attempt := 0; ; attempt++ {
		err := x.service.db.InTx(ctx, func(tx database.Tx) error {
			j := journal{statements: x.statements, tx: tx}
			now := x.service.clock()
			if err := j.record(ctx, x.run.ID, p, now); err != nil {
				return err
			}
			if err := j.addReadings(ctx, x.run.Plan.BrandID, p.readings, now); err != nil {
				return err
			}
			return step(j)
		})
		if err == nil {
			x.moved()
			x.recent.add(p.Counts.Settled())
			x.troubles.over(string(database.DiskFull), string(database.Locked))
			return nil
		}
		if !x.service.endure(ctx, x.underWay, err, attempt) {
			x.requests.Add(int64(p.requests))
			x.readings.Add(int64(p.readings))
			return err
		}
	}
}

// publish tells those who watch, twice a second at most.
func (x *execution) publish(ctx context.Context) error {
	ticker := time.NewTicker(publishEvery)
	defer ticker.Stop()
	for {
		x.recent.tick(time.Now())
		select {
		case <-ticker.C:
			if x.changed.Swap(false) {
				x.service.events.Publish(Topic(x.run.ID))
			}
		case <-x.followed.ended:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// watchPermission stops the run as soon as something that it needs went away: the connection, the consent, the export user.
func (x *execution) watchPermission(ctx context.Context) error {
	ticker := time.NewTicker(permissionEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			code, err := x.service.exports.Permission(ctx, x.run.ExportID, x.run.Plan.ConnectionID, x.run.Plan.BrandID)
			if err != nil {
				return err
			}
			if code != "" {
				x.stop(haltOn(code, ""))
				return nil
			}
		case <-x.finish:
			return nil
		case <-x.stopping.Done():
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// stillPermitted looks at the permission before a request that sends, when a connection was changed since it was looked at last:
// when somebody withdraws consent, what is under way is the last that goes out.
func (x *execution) stillPermitted(ctx context.Context) error {
	changes := x.service.connections.Changes()
	if x.lookedAt.Load() == changes {
		return nil
	}
	code, err := x.service.exports.Permission(ctx, x.run.ExportID, x.run.Plan.ConnectionID, x.run.Plan.BrandID)
	if err != nil {
		return err
	}
	if code != "" {
		x.stop(haltOn(code, ""))
		return context.Cause(x.stopping)
	}
	x.lookedAt.Store(changes)
	return nil
}

const permissionEvery = 250 * time.Millisecond

// conclude writes how the run ended. A run whose counts do not add up to its profiles is an error of ours and says so.
func (x *execution) conclude(ctx context.Context) error {
	// The record is written even when the program is asked to stop at this moment. How long that may take is up to write: a time of
	// our own that ends while another program holds the database would look like a failure that does not pass.
	ctx = context.WithoutCancel(ctx)
	cause := context.Cause(x.stopping)
	if errors.Is(cause, errShutdown) {
		return x.write(ctx, progress{}, func(journal) error { return nil })
	}
	return x.write(ctx, progress{}, func(j journal) error {
		r, err := getRun(ctx, j.tx, x.run.ID)
		if err != nil {
			return err
		}
		state, code, detail := Succeeded, "", ""
		var halted *halt
		switch {
		case errors.As(cause, &halted) && !(halted.state == Paused && x.everythingDone()):
			return x.service.halt(ctx, j.tx, x.run.ID, halted)
		case r.Counts.Open() != 0:
			state, code, detail = Failed, failDoesNotAddUp, fmt.Sprintf("%d of %d", r.Counts.Settled(), r.Counts.Profiles)
		case r.Counts.Rejected() > 0 || r.Counts.Held > 0:
			state = Warnings
		}
		return x.service.end(ctx, j.tx, x.run.ID, state, code, detail, x.service.clock())
	})
}

// everythingDone reports whether every profile has its outcome, and everybody who left lost the tags.
func (x *execution) everythingDone() bool {
	select {
	case <-x.finish:
		return true
	default:
		return false
	}
}

// gate lets requests pass until the run stops, and counts them. A request that is under way is never broken off by a
// stop: its answer is worth having. What was sent before a stop may still be read, for a while.
type gate struct {
	inner destination.Gate
	x     *execution
	reads bool
}

// Enter waits for a place in the brand's budget.
func (g *gate) Enter(ctx context.Context) (func(destination.Answer), error) {
	if !g.reads && g.x.stopping.Err() != nil {
		return nil, context.Cause(g.x.stopping)
	}
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(g.x.stopping, func() {
		why := context.Cause(g.x.stopping)
		if g.reads && !errors.Is(why, errShutdown) { // for as long as a stopped run waits for its answers
			timer := time.NewTimer(g.x.seconds(wrapUpSeconds))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-waiting.Done():
			}
		}
		cancel(why)
	})()
	done, err := g.inner.Enter(waiting)
	if err != nil {
		return nil, err
	}
	if !g.reads && g.x.stopping.Err() != nil { // the place came at this moment
		done(destination.Answer{})
		return nil, context.Cause(g.x.stopping)
	}
	if !g.reads {
		if err := g.x.stillPermitted(ctx); err != nil {
			done(destination.Answer{})
			return nil, err
		}
	}
	if err := confirm(ctx, g.x.service.exclusions, done); err != nil {
		return nil, err
	}
	g.x.requests.Add(1)
	if g.reads {
		g.x.readings.Add(1)
	}
	return done, nil
}
