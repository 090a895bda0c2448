package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/database"
)

// What a run that is under way may wait for, besides a database.Trouble.
const (
	ForDestination = "destination_unavailable" // it does not answer as it should, and is tried again
	ForBudget      = "rate_limit"              // the next request fits into the window later
	ForOutcome     = "outcome"                 // everything is sent, and the destination has not finished
)

// stuckSeconds of the destination's time without anything going forward make a run one that makes no progress. Waiting for the
// rate limit takes a minute at most.
const stuckSeconds = 5 * 60

// troubles are what keeps a run from going on at the moment.
type troubles struct {
	mutex sync.Mutex
	codes []string // the latest last
}

func (t *troubles) add(code string) (isNew bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if slices.Contains(t.codes, code) {
		return false
	}
	t.codes = append(t.codes, code)
	return true
}

func (t *troubles) over(codes ...string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.codes) > 0 {
		t.codes = slices.DeleteFunc(t.codes, func(code string) bool { return slices.Contains(codes, code) })
	}
}

func (t *troubles) latest() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.codes) == 0 {
		return ""
	}
	return t.codes[len(t.codes)-1]
}

// underWay is a run under way in this process.
type underWay struct {
	runID     int64
	stopping  context.Context // ends when nothing more may be sent; its cause says why
	stop      context.CancelCauseFunc
	troubles  troubles
	execution *execution // nil until it is at work
}

const (
	firstEndured   = 100 * time.Millisecond
	longestEndured = 5 * time.Second
)

// endure waits before another try when the database could not write for a reason that may pass: there is nothing else to do,
// since nothing may be sent that is not journalled. It reports whether to try again: until the program stops.
func (s *Service) endure(ctx context.Context, u *underWay, failure error, attempt int) bool {
	trouble := database.TroubleOf(failure)
	if trouble == database.NoTrouble || ctx.Err() != nil {
		return false
	}
	if u.troubles.add(string(trouble)) {
		s.log.ErrorContext(ctx, "the journal cannot be written, and is tried again", "trouble", trouble)
		s.events.Publish(ListTopic, Topic(u.runID))
	}
	wait := min(firstEndured<<min(attempt, 10), longestEndured)
	timer := time.NewTimer(wait/2 + rand.N(wait/2))
	defer timer.Stop()
	stopped := u.stopping.Done()
	if u.stopping.Err() != nil && !errors.Is(context.Cause(u.stopping), errShutdown) {
		stopped = nil // to pause or to end must be written as well
	}
	select {
	case <-timer.C:
	case <-stopped:
	case <-ctx.Done():
		return false
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return !s.shutting && s.still == nil // of a run that was stopped before, stopping does not tell
}

// waitsFor says what a run waits for; "" when it is at work.
func (x *execution) waitsFor(usage budget.Usage) string {
	x.followed.mutex.Lock()
	open := int64(len(x.followed.open))
	x.followed.mutex.Unlock()
	switch unsettled := x.unsettled.Load(); {
	case unsettled > open && (usage.Blocked > 0 || usage.Limit > 0 && usage.Used >= usage.Limit-usage.Spare):
		return ForBudget
	case x.planned.Load() && open > 0 && open == unsettled:
		return ForOutcome
	}
	return ""
}

// WaitsFor says what a run of this process waits for at the moment; "" when it is at work, or not under way here.
func (s *Service) WaitsFor(ctx context.Context, r Run) (string, error) {
	s.mutex.Lock()
	u := s.active[r.ID]
	var x *execution
	if u != nil {
		x = u.execution
	}
	s.mutex.Unlock()
	if u == nil {
		return "", nil
	}
	if code := u.troubles.latest(); code != "" || x == nil {
		return code, nil
	}
	b, err := s.budgets.For(ctx, x.run.Plan.BrandID)
	if err != nil {
		return "", err
	}
	return x.waitsFor(b.Usage()), nil
}

// executionOf is a run at work in this process; nil when it is not.
func (s *Service) executionOf(runID int64) *execution {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if u := s.active[runID]; u != nil {
		return u.execution
	}
	return nil
}

// watchProgress marks a run that makes no progress, and says what it waits for. The next step forward takes the mark away.
func (x *execution) watchProgress(ctx context.Context) error {
	ticker := time.NewTicker(max(x.seconds(1), 20*time.Millisecond))
	defer ticker.Stop()
	for marked := (*time.Time)(nil); ; {
		select {
		case <-ticker.C:
		case <-x.finish:
			return nil
		case <-x.stopping.Done():
			return nil
		case <-ctx.Done():
			return nil
		}
		moved := x.movedAt.Load()
		if moved == marked || time.Since(*moved) < x.seconds(stuckSeconds) {
			continue
		}
		waits, err := x.service.WaitsFor(ctx, x.run)
		if err != nil {
			return err
		}
		err = x.service.db.InTx(ctx, func(tx database.Tx) error {
			now := x.service.clock()
			if err := markStuck(ctx, tx, x.run.ID, waits, now); err != nil {
				return err
			}
			return addEvent(ctx, tx, x.run.ID, now, noProgress, waits)
		})
		switch {
		case err == nil:
			marked = moved
			x.service.log.WarnContext(ctx, "the run makes no progress", "waits_for", waits)
			x.changed.Store(true)
		case database.TroubleOf(err) == database.NoTrouble:
			return err
		}
	}
}

// moved notes that the run has gone forward.
func (x *execution) moved() {
	now := time.Now()
	x.movedAt.Store(&now)
}

// noProgress is the event of a run that makes no progress; its detail is what it waits for.
const noProgress = "no_progress"

func markStuck(ctx context.Context, tx database.Tx, runID int64, waits string, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE runs SET stuck_at = ?, waits_for = ? WHERE id = ?`, database.Millis(now), waits, runID); err != nil {
		return fmt.Errorf("mark run %d: %w", runID, err)
	}
	return nil
}
