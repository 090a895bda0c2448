package budget

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segue-app/segue/internal/destination"
)

// window counts as the destination does: the requests of the last minute, each at the moment it was sent.
type window struct {
	mutex sync.Mutex
	times []time.Time
}

func (w *window) add() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.times = append(w.times, time.Now())
}

// fullest is the largest number of requests in any minute.
func (w *window) fullest() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	most := 0
	for i, start := range w.times {
		n := 0
		for _, at := range w.times[i:] {
			if at.Sub(start) < time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// spend sends n requests through the gate from several goroutines, each answered after latency.
func spend(t *testing.T, b *Budget, holder string, n, senders int, latency time.Duration, w *window) {
	t.Helper()
	gate := b.Gate(holder)
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range work {
				done, err := gate.Enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				w.add()
				time.Sleep(latency)
				done(destination.Answer{})
			}
		})
	}
	group.Wait()
}

func TestTheOpeningBurstIsUsedAndNoMinuteEverHoldsMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w, begin := New(400, time.Minute), &window{}, time.Now()
		spend(t, b, "run-1", 1000, 8, 20*time.Millisecond, w)
		if most := w.fullest(); most > 400 {
			t.Errorf("%d requests in one minute", most)
		}
		// 396 at once (four places are left for reading), 396 after one window, the rest after two: 2 minutes, and at most 3% more.
		if took := time.Since(begin); took > 2*time.Minute*103/100 {
			t.Errorf("took %v", took)
		}
	})
}

func TestHowLongUntilThereIsRoomIsToldAndIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(400, time.Minute)
		if u := b.Usage(); u.Next != 0 {
			t.Fatalf("an empty window is full for %v", u.Next)
		}
		gate := b.Gate("run-1")
		for range 396 { // four places are left for reading
			done, err := gate.Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done(destination.Answer{})
		}
		time.Sleep(48 * time.Second)
		told := b.Usage().Next
		begin := time.Now()
		if _, err := gate.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begin); waited != told || told < 12*time.Second || told > 13*time.Second {
			t.Fatalf("told %v, waited %v", told, waited)
		}
	})
}

func TestASmallRunIsNotStuckBehindALargeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := New(400, time.Minute), &window{}
		var group sync.WaitGroup
		group.Go(func() { spend(t, b, "large", 1500, 8, time.Millisecond, w) })
		time.Sleep(time.Second) // the large run has emptied the window and waits
		begin := time.Now()
		group.Go(func() {
			spend(t, b, "small", 10, 8, time.Millisecond, w)
			if took := time.Since(begin); took > 62*time.Second {
				t.Errorf("10 requests took %v", took)
			}
		})
		group.Wait()
	})
}

func TestReadingFindsAPlaceWhileSendingHasUsedAllOfIts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := New(400, time.Minute), &window{}
		var group sync.WaitGroup
		group.Go(func() { spend(t, b, "run-1", 800, 8, time.Millisecond, w) })
		time.Sleep(5 * time.Second)
		begin := time.Now()
		for range 4 {
			done, err := b.ReadGate().Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w.add()
			done(destination.Answer{})
		}
		if waited := time.Since(begin); waited > 0 {
			t.Errorf("reading waited %v", waited)
		}
		group.Wait()
		if most := w.fullest(); most > 400 {
			t.Errorf("%d requests in one minute", most)
		}
	})
}

func TestARefusalPausesAsAskedAndLowersTheShareUntilItIsQuietAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(400, time.Minute)
		gate := b.Gate("run-1")
		for i := range 100 {
			done, err := gate.Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done(destination.Answer{Throttled: i == 99, RetryAfter: 7 * time.Second})
		}
		if u := b.Usage(); u.Limit != 90 || u.Blocked != 7*time.Second {
			t.Fatalf("after the refusal: %+v", u)
		}
		begin := time.Now()
		done, err := gate.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done(destination.Answer{})
		if waited := time.Since(begin); waited < 7*time.Second {
			t.Fatalf("waited %v", waited)
		}
		for range 12 {
			time.Sleep(time.Minute)
			b.Usage()
		}
		if u := b.Usage(); u.Limit != 400 {
			t.Fatalf("a quiet while later: %+v", u)
		}
	})
}

func TestRefusalsWithoutAHintPauseLongerEachTimeUpToAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(400, time.Minute)
		var pauses []time.Duration
		for range 8 {
			done, err := b.Gate("run-1").Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done(destination.Answer{Throttled: true})
			pauses = append(pauses, b.Usage().Blocked)
		}
		want := []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 60e9, 60e9}
		if !slices.Equal(pauses, want) {
			t.Fatalf("paused %v", pauses)
		}
	})
}

func TestAWaiterWhoGivesUpLeavesNoHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(1, time.Minute) // too little to leave a place for reading
		done, err := b.Gate("a").Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Gate("b").Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		done(destination.Answer{})
		again, err := b.Gate("c").Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again(destination.Answer{})
		if u := b.Usage(); u.Used != 1 {
			t.Fatalf("%+v", u)
		}
	})
}

func TestARestartRecallsWhatWasSentBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recall := func(_ context.Context, brand string, since time.Time) ([]time.Time, error) {
			return []time.Time{time.Now().Add(-30 * time.Second)}, nil
		}
		b, err := NewRegistry(1, time.Minute, recall).For(t.Context(), "brand")
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		done, err := b.Gate("run-1").Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done(destination.Answer{})
		if waited := time.Since(begin); waited < 30*time.Second || waited > 31*time.Second {
			t.Fatalf("waited %v", waited)
		}
	})
}
