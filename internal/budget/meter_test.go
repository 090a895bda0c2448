package budget

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/segue-app/segue/internal/destination"
)

// collected adds up the parts of minutes.
func collected(r *Registry, sum map[time.Time]Minute) map[time.Time]Minute {
	for _, part := range r.Collect() {
		m, ok := sum[part.Start]
		if !ok {
			m = part
		} else {
			m.Requests, m.Refused = m.Requests+part.Requests, m.Refused+part.Refused
			m.Waiting, m.Limit = max(m.Waiting, part.Waiting), min(m.Limit, part.Limit)
		}
		sum[part.Start] = m
	}
	return sum
}

func TestEveryRequestIsCountedOnceInItsMinuteHoweverOftenTheyAreCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(400, time.Minute, nil)
		b, err := r.For(t.Context(), "brand")
		if err != nil {
			t.Fatal(err)
		}
		sum, done := map[time.Time]Minute{}, make(chan struct{})
		begin := time.Now()
		go func() {
			defer close(done)
			spend(t, b, "run-1", 1000, 8, 20*time.Millisecond, &window{})
		}()
		for working := true; working; {
			select {
			case <-done:
				working = false
			case <-time.After(5 * time.Second):
			}
			collected(r, sum)
		}
		total, waited := 0, 0
		for start, m := range sum {
			if start.Before(begin.Truncate(time.Minute)) || m.Requests > 400 || m.Limit != 400 || m.BrandID != "brand" {
				t.Errorf("counted %+v", m)
			}
			total += m.Requests
			if m.Waiting > 0 {
				waited++
			}
		}
		if total != 1000 || waited < 2 {
			t.Errorf("counted %d of 1000 requests, waiting in %d minutes: %+v", total, waited, sum)
		}
	})
}

func TestARefusalIsCountedAndLowersTheLimitOfItsMinuteAndWhoStillWaitsIsSeenInEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(100, 30*time.Second, nil) // as of 200 in a minute
		b, err := r.For(t.Context(), "brand")
		if err != nil {
			t.Fatal(err)
		}
		done, err := b.Gate("run-1").Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done(destination.Answer{Throttled: true, RetryAfter: 3 * time.Minute})
		b.Spend(2)
		go func() {
			if done, err := b.Gate("run-1").Enter(t.Context()); err == nil {
				done(destination.Answer{})
			}
		}()
		sum := map[time.Time]Minute{}
		for range 5 {
			synctest.Wait()
			collected(r, sum)
			time.Sleep(time.Minute)
		}
		collected(r, sum)
		waiting, refused, requests, least := 0, 0, 0, 200
		for _, m := range sum {
			waiting, refused, requests, least = waiting+m.Waiting, refused+m.Refused, requests+m.Requests, min(least, m.Limit)
		}
		if waiting < 3 || refused != 1 || requests != 4 || least != 10 {
			t.Errorf("waiting in %d minutes, %d refused of %d requests, at least %d allowed: %+v", waiting, refused, requests, least, sum)
		}
	})
}

func TestCountingAllocatesNothing(t *testing.T) {
	b, now := New(400, time.Minute), time.Now()
	if n := testing.AllocsPerRun(1000, func() { b.at(now).Requests++ }); n != 0 {
		t.Errorf("%v allocations for a request", n)
	}
}

func TestWhenNobodyCollectsOnlyTheLastMinutesAreKept(t *testing.T) {
	b, now := New(400, time.Minute), time.Now()
	for i := range 10 * mostUncollected {
		b.at(now.Add(time.Duration(i)*time.Minute)).Requests++
	}
	if n := len(b.meter.earlier); n != mostUncollected {
		t.Errorf("%d minutes are kept", n)
	}
}

func TestPotsAreNotPartOfWhatIsMadeOfTheBrandsBudget(t *testing.T) {
	r := NewRegistry(400, time.Minute, nil)
	if _, err := r.For(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	r.Pot("a", "tags", 60).Spend(3)
	if counted := r.Collect(); counted != nil {
		t.Errorf("nothing was made of the brand's own budget, and counted was %+v", counted)
	}
}
