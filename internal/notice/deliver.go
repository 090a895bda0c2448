package notice

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// outcome is what became of one try.
type outcome struct {
	reason string // code; "" when the receiver took it
	status int    // that it answered; 0 for nothing
	final  bool   // trying again brings nothing
	off    bool   // the hook is to be switched off
	after  time.Duration
}

// Deliver sends a notice, if it is its time. It says when to call it once more; 0: nothing is left to do. However often it is
// called, and by how many at once, one at a time sends; a process that dies between the receiver's answer and its record sends the
// same once more, under the same mark.
func (s *Service) Deliver(ctx context.Context, noticeID, turn int64) (again time.Duration, err error) {
	n, again, err := s.claim(ctx, noticeID, turn)
	if err != nil || n.ID == 0 {
		return again, err
	}
	var came outcome
	if n.UserID != 0 {
		came = s.mailTo(ctx, n)
	} else {
		came = s.callHook(ctx, n)
	}
	// What the receiver took is recorded even while the process stops: it would be sent again otherwise.
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if came.reason != "" && ctx.Err() != nil {
		return 0, errors.Join(ctx.Err(), s.db.InTx(recording, func(tx database.Tx) error { return release(recording, tx, n.ID) }))
	}
	return s.record(recording, n, came)
}

// claim takes a notice for sending. What it gives has no ID when there is nothing to send now.
func (s *Service) claim(ctx context.Context, noticeID, turn int64) (n Notice, again time.Duration, err error) {
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		found, until, err := noticeByID(ctx, tx, noticeID)
		now := s.clock()
		switch {
		case err != nil:
			return err
		case found.ID == 0 || found.State != Waiting || found.turn != turn:
			return nil
		case until.After(now):
			again = until.Sub(now)
			return nil
		case found.Next.After(now):
			again = found.Next.Sub(now)
			return nil
		}
		n = found
		n.Tries++
		n.Tried = now
		return claim(ctx, tx, n.ID, now, now.Add(lease))
	})
	return n, again, err
}

// record writes down what became of a try.
func (s *Service) record(ctx context.Context, n Notice, came outcome) (again time.Duration, err error) {
	now := s.clock()
	n.State, n.Reason, n.Status, n.Ended = Sent, came.reason, came.status, now
	if came.reason != "" {
		n.State = GivenUp
		wait := max(pause(n.Tries), came.after)
		wait += time.Duration(rand.Int64N(int64(wait)/5 + 1)) // so that what failed together does not come together
		if !came.final && now.Add(wait).Before(n.Created.Add(patience)) {
			n.State, n.Ended, n.Next, again = Waiting, time.Time{}, now.Add(wait), wait
		}
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := saveNotice(ctx, tx, n); err != nil || !came.off {
			return err
		}
		return switchOff(ctx, tx, n.HookID, came.reason, now)
	})
	if err != nil {
		return 0, err
	}
	if n.State == GivenUp {
		s.log.WarnContext(ctx, "notice given up", "notice", n.ID, "hook", n.HookID, "tries", n.Tries, "reason", n.Reason, "status", n.Status)
	}
	s.events.Publish(Topic)
	return again, nil
}

// Recover has everything sent that an earlier process left. Its jobs, should one of them still come, have nothing to do.
func (s *Service) Recover(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		waiting, err := nextTurn(ctx, tx)
		for _, n := range waiting {
			if err == nil {
				err = s.queue.EnqueueNotice(ctx, tx, n.ID, n.turn, n.UserID != 0)
			}
		}
		return err
	})
}

// Tidy drops notices that are old, and secrets of hooks that sign no more.
func (s *Service) Tidy(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.clock()
		return errors.Join(dropOld(ctx, tx, now.Add(-kept)), dropEarlier(ctx, tx, now))
	})
}
