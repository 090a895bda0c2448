package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/destination"
)

const (
	firstWaitSeconds = 1       // of the destination's time, before a second try; doubling
	longestWait      = 60      // seconds
	patienceSeconds  = 15 * 60 // how long one batch is tried while the destination is out of order
	leastTries       = 3       // however long they took: a machine that was asleep finds its first try too old when it wakes
	mostTries        = 3       // times a batch is sent whose items came to no end
	recordAtOnce     = 256     // batches journalled as sent in one transaction, at most
	recordWithin     = 20 * time.Millisecond
)

// sendAll sends batches until there are no more. The last of the senders to end says so to the recorder.
func (x *execution) sendAll(ctx context.Context) error {
	defer func() {
		if x.senders.Add(-1) == 0 {
			close(x.taken)
		}
	}()
	for {
		select {
		case b := <-x.work:
			if b.entries == nil {
				var err error
				if b, err = x.makeAgain(ctx, b); err != nil {
					return err
				}
			}
			if err := x.send(ctx, b); err != nil {
				return err
			}
		case <-x.finish:
			return nil
		case <-x.stopping.Done():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send hands one batch to the destination, with patience for what passes.
func (x *execution) send(ctx context.Context, b batch) error {
	first := time.Now()
	for attempt := 0; ; attempt++ {
		var err error
		if b, err = x.withoutExcluded(ctx, b); err != nil {
			return x.orStop(err)
		}
		if len(b.entries) == 0 {
			return nil
		}
		remoteID, err := x.sending.Send(sortedByList(ctx, b.checked), b.items)
		if err == nil {
			x.troubles.over(ForDestination)
			return x.sent(ctx, b, remoteID)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if x.stopping.Err() != nil {
			return nil // it stays in the journal
		}
		if errors.Is(err, errListChanged) {
			continue
		}
		var failure *destination.Error
		if !errors.As(err, &failure) {
			return err
		}
		b.tried = b.tried || failure.Kind == destination.Unreachable || failure.Kind == destination.Unavailable
		switch {
		case failure.Kind == destination.Refused || failure.Kind == destination.TooLarge:
			return x.split(ctx, b, failure)
		case failure.Passing() && (attempt < leastTries || time.Since(first) < x.seconds(patienceSeconds)):
			if failure.Kind != destination.Throttled { // for those the gate waits
				x.troubles.add(ForDestination)
				x.service.log.WarnContext(ctx, "the destination does not answer as it should", "status", failure.Status, "attempt", attempt+1)
				x.pause(ctx, backOff(attempt))
			}
		default:
			return x.fail(ctx, failure)
		}
	}
}

// sent passes a batch that the destination has taken to the recorder.
func (x *execution) sent(ctx context.Context, b batch, remoteID string) error {
	taken := sentBatch{number: b.number, tries: b.tries, tried: b.tried, remoteID: remoteID, sentAt: x.service.clock(), entries: b.entries}
	select {
	case x.taken <- taken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recordSent journals the batches that were sent, as many in one transaction as are there, and has them followed, until
// the last sender has ended. One that a killed process did not record is sent again, which changes nothing.
func (x *execution) recordSent(ctx context.Context) error {
	defer x.allRecorded.Store(true)
	for b := range x.taken {
		x.wait(ctx, min(recordWithin, x.seconds(0.05))) // more will be there
		group := append(make([]sentBatch, 0, recordAtOnce), b)
		for more := true; more && len(group) < recordAtOnce; {
			select {
			case b, more = <-x.taken:
				if more {
					group = append(group, b)
				}
			default:
				more = false
			}
		}
		err := x.write(ctx, progress{sent: len(group)}, func(j journal) error {
			for _, b := range group {
				if err := j.markSent(ctx, x.run.ID, b); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		x.followed.add(group...)
		x.changed.Store(true)
	}
	return nil
}

// split halves a batch that was refused whole, until the profile to blame stands alone.
func (x *execution) split(ctx context.Context, b batch, failure *destination.Error) error {
	if len(b.entries) == 1 {
		reasons := failure.Reasons
		if len(reasons) == 0 {
			reasons = []destination.Reason{{Code: "refused", Message: failure.Message}}
		}
		alone := b.entries[0]
		p := progress{Counts: Counts{Refused: 1}, rejections: refusals(alone.ProfileID, Refused, reasons),
			refusals: []refusal{{alone.ProfileID, string(alone.Hash), x.run.ID, reasons}}}
		var err error
		if p.evidence, err = x.exhibits(ctx, []answered{{alone, failure.Answer}}); err != nil {
			return err
		}
		err = x.write(ctx, p, func(j journal) error {
			if err := j.doubtRefused(ctx, x.run.ExportID, p.rejections); err != nil {
				return err
			}
			if err := j.keepRefusals(ctx, x.run.ExportID, p.refusals); err != nil {
				return err
			}
			if b.tried {
				if err := x.suspect(ctx, j, b.entries); err != nil {
					return err
				}
			}
			return j.markSettled(ctx, x.run.ID, b.number)
		})
		if err == nil {
			x.settled(1)
		}
		return err
	}
	middle := len(b.entries) / 2
	halves := []batch{
		{number: int(x.numbers.Add(1)), tries: b.tries, entries: b.entries[:middle], items: b.items[:middle], checked: b.checked, tried: b.tried},
		{number: int(x.numbers.Add(1)), tries: b.tries, entries: b.entries[middle:], items: b.items[middle:], checked: b.checked, tried: b.tried},
	}
	err := x.write(ctx, progress{}, func(j journal) error {
		for _, half := range halves {
			if err := j.writeBatch(ctx, x.run.ID, half, "planned"); err != nil {
				return err
			}
		}
		return j.markSettled(ctx, x.run.ID, b.number)
	})
	if err != nil {
		return err
	}
	x.unsettled.Add(1) // two more, one less
	for _, half := range halves {
		if err := x.send(ctx, half); err != nil {
			return err
		}
	}
	return nil
}

// fail stops the run, for good or until a person has mended what is wrong, and marks the connection where the key is to blame.
func (x *execution) fail(ctx context.Context, failure *destination.Error) error {
	code, mark := failUnavailable, markOf(failure.Kind)
	if failure.Kind == destination.Retired {
		code = failRetired
	}
	if mark != "" {
		code = string(mark)
		if err := x.service.connections.MarkFailure(ctx, x.connection, mark); err != nil {
			return err
		}
	}
	x.stop(haltOn(code, failure.Message))
	return nil
}

// markOf is what a failure says about the connection's key; "" when it is not to blame.
func markOf(kind destination.ErrorKind) connection.Failure {
	switch kind {
	case destination.Unauthorized:
		return connection.KeyRefused
	case destination.Forbidden:
		return connection.ScopeMissing
	case destination.Payment:
		return connection.PaymentRequired
	}
	return ""
}

// backOff is how many seconds to wait before another try: doubling, and up to half of it taken off at random, so that
// many do not come back at the same moment.
func backOff(attempt int) float64 {
	wait := min(float64(firstWaitSeconds)*float64(int(1)<<min(attempt, 10)), longestWait)
	return wait * (0.5 + rand.Float64()/2)
}

// seconds turns seconds of the destination's time into time.
func (x *execution) seconds(n float64) time.Duration { return time.Duration(n * float64(x.unit)) }

// pause waits so many seconds of the destination's time, less when the run stops.
func (x *execution) pause(ctx context.Context, n float64) { x.wait(ctx, x.seconds(n)) }

// wait waits so long, less when the run stops.
func (x *execution) wait(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.stopping.Done():
	case <-ctx.Done():
	}
}
