// Package budget paces requests to one brand so that its sliding-window limit is used up and never overstepped. All runs
// on a brand share one Budget; whoever waits is served in turn, so that a small run is never stuck behind a large one.
package budget

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/destination"
)

// Budget is the request budget of one brand: at most limit requests in any window.
//
// The destination counts a request at some moment between its sending and its answer. A place is therefore taken when a
// request is admitted, and becomes free one window (and a little slack for clocks that differ) after its answer came: at
// whatever moment in between it was counted, the window there is never fuller than the window here.
type Budget struct {
	limit  int
	window time.Duration

	mutex     sync.Mutex
	effective int             // limit, less while others spend the same budget
	inFlight  int             // admitted, not answered
	answered  []time.Time     // when, oldest first; only those still in the window
	queues    []*queue        // holders that wait, in the order of their turns
	readers   []chan struct{} // those who wait to read, before all others
	blocked   time.Time       // nobody is admitted before: the destination asked for a pause
	streak    int             // refusals in a row without a hint
	raised    time.Time       // when effective last changed
	timer     *time.Timer
	meter     meter
}

type queue struct {
	holder  string
	waiters []chan struct{}
}

// Usage says how much of the budget is spent in the window that ends now.
type Usage struct {
	Used    int
	Limit   int           // what we allow ourselves: less than the destination's limit while others spend too
	Spare   int           // of the limit, left for reading what became of what was sent
	Waiting int           // requests that wait for their turn
	Blocked time.Duration // how long the destination wants us to pause, 0 when it does not
	Next    time.Duration // until a request that sends finds a place, 0 when it does now, or when every place is in flight
}

const (
	spareShare  = 100 // this part of the limit is left for reading: what was sent can always be followed
	slackShare  = 200 // the slack is this part of a window: 300 ms of a minute
	longestHint = 60  // a hint is believed up to so many windows: an hour
	firstPause  = 60  // the first pause after a refusal without a hint, as a part of a window: 1 s of a minute
	leastShare  = 20  // effective never falls below this part of the limit
	raiseShare  = 10  // effective grows by this part of the limit in each window without refusal
	shrinkTenth = 9   // effective falls to so many tenths of what was used when others took the rest
)

// New makes a budget of limit requests in a window. A limit of 0 means that there is none.
func New(limit int, window time.Duration) *Budget {
	return &Budget{limit: limit, window: window, effective: limit}
}

// Recall counts requests that an earlier process made, so that a restart does not overdraw the window.
func (b *Budget) Recall(answered []time.Time) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	now := time.Now()
	for _, at := range answered {
		// By the clock of the wall, which may have been set since; from here on only how much time passes counts.
		b.answered = append(b.answered, now.Add(-max(now.Sub(at), 0)))
	}
	slices.SortFunc(b.answered, time.Time.Compare)
}

// Spend counts requests that were made just now without asking.
func (b *Budget) Spend(requests int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	now := time.Now()
	b.answered = append(b.answered, slices.Repeat([]time.Time{now}, requests)...)
	b.at(now).Requests += requests
}

// Gate lets one holder (a run) spend from the budget.
func (b *Budget) Gate(holder string) destination.Gate { return &gate{budget: b, holder: holder} }

// ReadGate lets somebody read what became of what was sent. A few places of each window are left for it, so that the
// outcome does not have to wait until sending has paused; it is for a request now and then.
func (b *Budget) ReadGate() destination.Gate { return &gate{budget: b, reads: true} }

// Usage reads the state of the window.
func (b *Budget) Usage() Usage {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	now := time.Now()
	b.expire(now)
	usage := Usage{Used: b.inFlight + len(b.answered), Limit: b.effective, Spare: b.limit / spareShare, Waiting: b.waiting(), Blocked: max(0, b.blocked.Sub(now))}
	if !b.room(now, usage.Spare) {
		usage.Next = b.opens(now, usage.Spare)
	}
	return usage
}

type gate struct {
	budget *Budget
	holder string
	reads  bool
}

// Enter waits for a place in the window.
func (g *gate) Enter(ctx context.Context) (func(destination.Answer), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	admitted := g.budget.join(g)
	select {
	case <-admitted:
		var once sync.Once
		return func(answer destination.Answer) { once.Do(func() { g.budget.done(answer) }) }, nil
	case <-ctx.Done():
		g.budget.leave(g, admitted)
		return nil, ctx.Err()
	}
}

func (b *Budget) join(g *gate) chan struct{} {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	now, admitted := time.Now(), make(chan struct{})
	if g.reads {
		b.readers = append(b.readers, admitted)
	} else if i := slices.IndexFunc(b.queues, func(q *queue) bool { return q.holder == g.holder }); i >= 0 {
		b.queues[i].waiters = append(b.queues[i].waiters, admitted)
	} else {
		b.queues = append(b.queues, &queue{holder: g.holder, waiters: []chan struct{}{admitted}})
	}
	b.admit(now)
	if n := b.waiting(); n > 0 {
		m := b.at(now)
		m.Waiting = max(m.Waiting, n)
	}
	return admitted
}

// leave takes a waiter out again, or gives its place back when it was admitted at the same moment.
func (b *Budget) leave(g *gate, admitted chan struct{}) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if i := slices.Index(b.readers, admitted); i >= 0 {
		b.readers = slices.Delete(b.readers, i, i+1)
		return
	}
	for i, q := range b.queues {
		if g.reads || q.holder != g.holder {
			continue
		}
		for j, waiter := range q.waiters {
			if waiter == admitted {
				q.waiters = append(q.waiters[:j], q.waiters[j+1:]...)
				if len(q.waiters) == 0 {
					b.queues = append(b.queues[:i], b.queues[i+1:]...)
				}
				return
			}
		}
	}
	b.inFlight--
	now := time.Now()
	if m := b.at(now); m.Requests > 0 {
		m.Requests--
	}
	b.admit(now)
}

func (b *Budget) done(answer destination.Answer) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	now := time.Now()
	b.inFlight--
	b.answered = append(b.answered, now) // a refused request is assumed to count as well
	if answer.Throttled {
		b.at(now).Refused++
		b.refuse(now, answer.RetryAfter)
	} else {
		b.streak = 0
	}
	b.admit(now)
}

// refuse reacts to "too many requests". We do not overdraw by ourselves, so somebody else spends the same budget: allow
// ourselves less for a while, and pause as asked, or longer each time when no hint was given.
func (b *Budget) refuse(now time.Time, hint time.Duration) {
	b.expire(now)
	if b.limit > 0 {
		used := b.inFlight + len(b.answered)
		b.effective = max(b.limit/leastShare, 1, min(b.effective, used*shrinkTenth/10))
		b.raised = now
	}
	pause := min(hint, longestHint*b.window)
	if pause <= 0 {
		pause = min(b.window/firstPause<<min(b.streak, 10), b.window)
		b.streak++
	}
	if until := now.Add(pause); until.After(b.blocked) {
		b.blocked = until
	}
}

func (b *Budget) slack() time.Duration { return b.window / slackShare }

func (b *Budget) expire(now time.Time) {
	gone := 0
	for gone < len(b.answered) && now.Sub(b.answered[gone]) >= b.window+b.slack() {
		gone++
	}
	b.answered = b.answered[gone:]
	if b.effective < b.limit && now.Sub(b.raised) >= b.window {
		b.effective = min(b.limit, b.effective+max(1, b.limit/raiseShare))
		b.raised = now
	}
}

// admit lets in whoever may go, in turn, and sets the timer for the next that must wait.
func (b *Budget) admit(now time.Time) {
	b.expire(now)
	for len(b.readers) > 0 && b.room(now, 0) {
		close(b.readers[0])
		b.readers = b.readers[1:]
		b.inFlight++
		b.at(now).Requests++
	}
	for len(b.queues) > 0 && b.room(now, b.limit/spareShare) {
		q := b.queues[0]
		b.queues = b.queues[1:]
		close(q.waiters[0])
		q.waiters = q.waiters[1:]
		b.inFlight++
		b.at(now).Requests++
		if len(q.waiters) > 0 {
			b.queues = append(b.queues, q) // to the end: the others have their turn first
		}
	}
	if len(b.queues)+len(b.readers) > 0 {
		b.wakeAt(now)
	}
}

// room reports whether a request may be admitted and leave so many places spare.
func (b *Budget) room(now time.Time, spare int) bool {
	return !b.blocked.After(now) && (b.limit == 0 || b.inFlight+len(b.answered) < b.effective-spare)
}

// opens is how long it takes until there is room while so many places are left spare; 0 when every place is in flight.
func (b *Budget) opens(now time.Time, spare int) time.Duration {
	if wait := b.blocked.Sub(now); wait > 0 {
		return wait
	}
	if len(b.answered) == 0 {
		return 0
	}
	// So many of the oldest must leave before one more fits.
	leaving := min(max(b.inFlight+len(b.answered)-(b.effective-spare), 0), len(b.answered)-1)
	wait := b.answered[leaving].Add(b.window + b.slack()).Sub(now)
	if b.effective < b.limit {
		wait = min(wait, b.raised.Add(b.window).Sub(now))
	}
	return max(wait, time.Millisecond)
}

func (b *Budget) wakeAt(now time.Time) {
	spare := b.limit / spareShare
	if len(b.readers) > 0 {
		spare = 0
	}
	wait := b.opens(now, spare)
	if wait == 0 {
		return // the next answer wakes us
	}
	if b.timer != nil {
		b.timer.Stop()
	}
	b.timer = time.AfterFunc(wait, func() {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		b.admit(time.Now())
	})
}
