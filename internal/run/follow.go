package run

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/destination"
)

// follower learns what became of the batches that were sent, with as few requests as can be: one listing tells the states
// of many, and only a batch with errors is looked into.
type follower struct {
	x     *execution
	ended chan struct{} // closed when nothing is followed any more

	mutex sync.Mutex
	open  map[string]sentBatch // by the destination's id
	news  int                  // batches sent since the states were last read
	added time.Time            // when a batch was last sent
	room  chan struct{}        // closed and replaced whenever batches are settled
}

// sentBatch is a batch that the destination has taken.
type sentBatch struct {
	number   int
	tries    int
	tried    bool // it may have arrived before, without an answer
	remoteID string
	sentAt   time.Time
	since    time.Time // followed; by the clock that nobody sets, and that stands still while the machine sleeps
	entries  []entry   // nil after a restart: the journal has them
}

const (
	newsForPoll        = 200  // read the states when so many batches were sent since: one listing tells 250
	quietSeconds       = 2    // or when sending has waited for so long, most likely for the rate limit
	pollSeconds        = 30   // or when so much of the destination's time has passed
	firstPollSeconds   = 0.25 // when everything is sent: the first reading, so long after the last batch; then doubling
	longestPollSeconds = 15
	stalledSeconds     = 30 * 60 // a batch without an outcome for so long is stalled
	settleAtOnce       = 50      // batches settled in one transaction, at most
)

func newFollower(x *execution) *follower {
	return &follower{x: x, ended: make(chan struct{}), open: map[string]sentBatch{}, room: make(chan struct{})}
}

func (f *follower) add(batches ...sentBatch) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, b := range batches {
		b.since = time.Now()
		f.open[b.remoteID] = b
	}
	f.news += len(batches)
	f.added = time.Now()
}

func (f *follower) lastAdd() time.Time {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.added
}

// waitForRoom holds the planner while too many batches have no outcome yet.
func (f *follower) waitForRoom(ctx context.Context) error {
	for {
		f.mutex.Lock()
		full, room := len(f.open) >= openAtMost, f.room
		f.mutex.Unlock()
		if !full {
			return nil
		}
		select {
		case <-room:
		case <-f.x.stopping.Done():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follow works until every batch of the run has its outcome, or the run stops and what was sent is wrapped up.
func (f *follower) follow(ctx context.Context) error {
	defer close(f.ended)
	x := f.x
	tick := time.NewTicker(max(x.seconds(0.1), 5*time.Millisecond))
	defer tick.Stop()
	lastPoll, waits := time.Now(), 0
	var stopped time.Time
	for {
		select {
		case <-tick.C:
		case <-x.finish:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		if x.stopping.Err() != nil && stopped.IsZero() {
			if errors.Is(context.Cause(x.stopping), errShutdown) {
				return nil
			}
			stopped = time.Now()
		}
		f.mutex.Lock()
		open, news := len(f.open), f.news
		f.mutex.Unlock()
		everythingSent := int64(open) == x.unsettled.Load() && x.planned.Load()
		if !stopped.IsZero() {
			if open == 0 && x.allRecorded.Load() || time.Since(stopped) > x.seconds(wrapUpSeconds) || x.canWait() {
				return nil
			}
			everythingSent = true
		}
		wait, since := float64(pollSeconds), lastPoll
		if everythingSent {
			if added := f.lastAdd(); added.After(since) {
				since = added
			}
			wait = min(firstPollSeconds*float64(int(1)<<min(waits, 10)), longestPollSeconds)
		}
		quiet := news > 0 && time.Since(f.lastAdd()) > x.seconds(quietSeconds)
		if open == 0 || news < newsForPoll && !quiet && time.Since(since) < x.seconds(wait) {
			continue
		}
		settled, err := f.poll(ctx)
		if err == nil {
			x.troubles.over(ForDestination)
		} else {
			if end, err := f.endOn(ctx, err); end {
				return err
			}
		}
		lastPoll = time.Now()
		switch waits++; {
		case !everythingSent:
			waits = 0
		case settled > 0:
			waits = 1 // the others may come one by one
		}
	}
}

// endOn decides whether a failed reading ends the following: errors of our own and those that a person must mend do, the
// others are tried again at the next turn.
func (f *follower) endOn(ctx context.Context, err error) (bool, error) {
	if ctx.Err() != nil {
		return true, ctx.Err()
	}
	var failure *destination.Error
	if !errors.As(err, &failure) {
		if f.x.stopping.Err() != nil {
			return false, nil // the gate closed under us: the next turn sees why
		}
		return true, err
	}
	if failure.Passing() {
		if failure.Kind != destination.Throttled {
			f.x.troubles.add(ForDestination)
		}
		f.x.service.log.WarnContext(ctx, "the states of batches could not be read", "status", failure.Status)
		return false, nil
	}
	if f.x.stopping.Err() != nil { // what was sent is followed for a while only, and no longer when that is refused
		return true, nil
	}
	return true, f.x.fail(ctx, failure)
}

// poll reads the states of all open batches and settles those that are done. It returns how many.
func (f *follower) poll(ctx context.Context) (settled int, err error) {
	f.mutex.Lock()
	ids, oldest := make([]string, 0, len(f.open)), time.Time{}
	for id, b := range f.open {
		ids = append(ids, id)
		if oldest.IsZero() || b.sentAt.Before(oldest) {
			oldest = b.sentAt
		}
	}
	f.news = 0
	f.mutex.Unlock()

	states, err := f.x.reading.States(ctx, ids, oldest)
	if err != nil {
		return 0, err
	}
	var done []endedBatch
	for _, id := range ids {
		state, told := states[id]
		f.mutex.Lock()
		b := f.open[id]
		f.mutex.Unlock()
		if told && state.Progress != destination.Waiting {
			done = append(done, endedBatch{b, state})
		} else if time.Since(b.since) > f.x.seconds(stalledSeconds) {
			f.x.stop(haltOn(failStalled, ""))
		}
	}
	// In the order of their numbers, which is about that of ids, so that what was delivered is written side by side.
	slices.SortFunc(done, func(a, b endedBatch) int { return a.number - b.number })
	for len(done) > 0 {
		group := done[:min(len(done), settleAtOnce)]
		if err := f.settle(ctx, group); err != nil {
			return settled, err
		}
		settled += len(group)
		done = done[len(group):]
	}
	return settled, nil
}

// endedBatch is a batch that the destination has finished with, or does not know any more.
type endedBatch struct {
	sentBatch
	state destination.BatchState
}

// settle records what became of every profile of some batches. Those who were not tried go into new ones.
func (f *follower) settle(ctx context.Context, group []endedBatch) error {
	x := f.x
	var p progress
	var accepted, perhaps []entry
	var again []batch
	var unread error // of the first batch that could not be looked into: those before it are settled all the same
	for i := range group {
		b := &group[i]
		took, untried, told, err := f.sortOut(ctx, b)
		if err != nil {
			unread, group = err, group[:i]
			break
		}
		accepted = append(accepted, took...)
		p.Refused += told.Refused
		p.Created += told.Created
		p.Updated += told.Updated
		p.rejections = append(p.rejections, told.rejections...)
		p.refusals = append(p.refusals, told.refusals...)
		if b.tried {
			perhaps = append(perhaps, refusedOf(b.entries, told.rejections)...)
		}
		p.answers = append(p.answers, told.answers...)
		if len(untried) == 0 {
			continue
		}
		tries := b.tries + 1
		if len(untried) < len(b.entries) {
			tries = 0 // it got on: each such try leaves fewer, so it comes to an end
		}
		if tries < mostTries {
			again = append(again, batch{number: int(x.numbers.Add(1)), tries: tries, tried: true, entries: untried})
			continue
		}
		p.Refused += len(untried)
		perhaps = append(perhaps, untried...)
		for _, e := range untried {
			p.rejections = append(p.rejections, Rejection{ProfileID: e.ProfileID, Outcome: Refused, Code: "no_answer"})
		}
	}
	if len(group) == 0 {
		return unread
	}
	p.Accepted, p.settled = len(accepted), len(group)
	var err error
	if p.evidence, err = x.exhibits(ctx, p.answers); err != nil {
		return err
	}
	err = x.write(ctx, p, func(j journal) error {
		if err := j.remember(ctx, x.run.ExportID, x.run.ID, accepted); err != nil {
			return err
		}
		if err := j.doubtRefused(ctx, x.run.ExportID, p.rejections); err != nil {
			return err
		}
		if err := j.keepRefusals(ctx, x.run.ExportID, p.refusals); err != nil {
			return err
		}
		if err := x.suspect(ctx, j, perhaps); err != nil {
			return err
		}
		for _, next := range again {
			if err := j.writeBatch(ctx, x.run.ID, next, "planned"); err != nil {
				return err
			}
		}
		for _, b := range group {
			if err := j.markSettled(ctx, x.run.ID, b.number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.unsettled.Add(int64(len(again)))
	f.mutex.Lock()
	for _, b := range group {
		delete(f.open, b.remoteID)
	}
	close(f.room)
	f.room = make(chan struct{})
	f.mutex.Unlock()
	x.settled(int64(len(group)))
	for _, next := range again {
		if err := x.hand(ctx, batch{number: next.number, tries: next.tries}); err != nil {
			return err
		}
	}
	return unread
}

// sortOut says of each profile of a batch what became of it: accepted, not tried, or (in what was told) refused and why. Only a
// batch with errors, or one whose numbers are not ours, is looked into; of the others it is not known who was created.
func (f *follower) sortOut(ctx context.Context, b *endedBatch) (accepted, untried []entry, told progress, err error) {
	x := f.x
	if b.entries == nil {
		if b.entries, err = entriesOf(ctx, x.service.db.Reader(), x.run.ID, b.number); err != nil {
			return nil, nil, told, err
		}
	}
	switch {
	case b.state.Progress == destination.Unknown:
		return nil, b.entries, told, nil
	case b.state.Progress == destination.Done && b.state.Errors == 0 && b.state.Total == len(b.entries):
		return b.entries, nil, told, nil
	}
	results, err := x.reading.Results(ctx, b.remoteID)
	if err != nil {
		return nil, nil, told, err
	}
	for _, e := range b.entries {
		if did, ok := results.Accepted[e.Identity]; ok {
			accepted = append(accepted, e)
			if did.Created {
				told.Created++
			}
			if did.Updated {
				told.Updated++
			}
		} else if rejected, ok := results.Rejected[e.Identity]; ok {
			told.Refused++
			told.rejections = append(told.rejections, refusals(e.ProfileID, Refused, rejected.Reasons)...)
			told.answers = append(told.answers, answered{e, rejected.Answer})
			if !rejected.Passing {
				told.refusals = append(told.refusals, refusal{e.ProfileID, string(e.Hash), x.run.ID, rejected.Reasons})
			}
		} else {
			untried = append(untried, e)
		}
	}
	return accepted, untried, told, nil
}
