package notice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

func TestANoticeIsPutOnceForEachRecipientAndKey(t *testing.T) {
	r := newReceiver(t, nil)
	k := newKit(t)
	h, _ := k.hook(r.URL)
	other, _ := k.hook(r.URL + "/other")
	k.put(h.ID, message("a"))
	k.put(h.ID, message("a"))
	k.put(other.ID, message("a"))
	k.put(h.ID, message("b"))
	k.work()
	k.work() // what is sent is not sent again
	if got := len(r.all()); got != 3 {
		t.Errorf("%d requests, want 3", got)
	}
	k.wants(Sent, "")
}

func TestWhatIsNotCommittedIsNotPut(t *testing.T) {
	k := newKit(t)
	h, _ := k.hook("http://127.0.0.1:1")
	gone := errors.New("gone")
	err := k.db.InTx(t.Context(), func(tx database.Tx) error { return errors.Join(k.ToHook(t.Context(), tx, h.ID, message("a")), gone) })
	if !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if found, err := notices(t.Context(), k.db.Reader(), ``); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestANoticeIsTriedWithGrowingWaitsForADayAndThenGivenUp(t *testing.T) {
	r := newReceiver(t, status(http.StatusServiceUnavailable))
	k := newKit(t)
	h, _ := k.hook(r.URL)
	k.put(h.ID, message("a"))
	began := k.clock.Now()
	var waits []time.Duration
	for again := k.work(); again > 0; again = k.work() {
		if n := k.last(); n.Tries != len(waits)+1 || !n.Next.Equal(database.Time(database.Millis(k.clock.Now().Add(again)))) {
			t.Fatalf("after %d tries: %+v", len(waits)+1, n)
		}
		if at := k.jobs[0]; len(waits) == 2 { // too early: nothing is sent, and it says when to come
			if early, err := k.Deliver(t.Context(), at.notice, at.turn); err != nil || early <= 0 || early > again {
				t.Errorf("too early: %v, %v", early, err)
			}
		}
		waits = append(waits, again)
		k.clock.Advance(again)
		if len(waits) > 40 {
			t.Fatal("it never ends")
		}
	}
	if took := k.clock.Now().Sub(began); took < 16*time.Hour || took > 24*time.Hour {
		t.Errorf("given up after %v", took)
	}
	if waits[0] < 30*time.Second || waits[0] > 36*time.Second || waits[3] < 4*time.Minute || waits[len(waits)-1] < 2*time.Hour {
		t.Errorf("waits %v", waits)
	}
	if len(r.all()) != len(waits)+1 {
		t.Errorf("%d requests for %d waits", len(r.all()), len(waits))
	}
	k.wants(GivenUp, "notice.reason.busy")
	if !strings.Contains(k.log.String(), "notice given up") {
		t.Error("the log does not say that it was given up")
	}
	k.lacks(r.URL, "Newsletter")
}

func TestTheWaitThatTheReceiverAsksForIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want time.Duration
	}{"seconds": {"600", 10 * time.Minute}, "a date": {"Mon, 01 Jun 2026 13:00:00 GMT", time.Hour}, "the past": {"Mon, 01 Jun 2020 13:00:00 GMT", 30 * time.Second},
		"nonsense": {"soon", 30 * time.Second}, "below zero": {"-5", 30 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t, func(w http.ResponseWriter, _ int) {
				w.Header().Set("Retry-After", c.text)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			k := newKit(t)
			h, _ := k.hook(r.URL)
			k.put(h.ID, message("a"))
			if again := k.work(); again < c.want || again > c.want*6/5+time.Second {
				t.Errorf("waits %v, want about %v", again, c.want)
			}
		})
	}
	t.Run("longer than a day", func(t *testing.T) {
		r := newReceiver(t, func(w http.ResponseWriter, _ int) {
			w.Header().Set("Retry-After", strconv.Itoa(1<<30))
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		k := newKit(t)
		h, _ := k.hook(r.URL)
		k.put(h.ID, message("a"))
		if again := k.work(); again != 0 {
			t.Errorf("waits %v", again)
		}
		k.wants(GivenUp, "notice.reason.busy")
	})
}

// TestAProcessThatDiesBeforeItRecordsSendsTheSameAgain lets the database go between the receiver's answer and the record of it.
func TestAProcessThatDiesBeforeItRecordsSendsTheSameAgain(t *testing.T) {
	r := newReceiver(t, nil)
	k := newKit(t)
	h, key := k.hook(r.URL)
	k.put(h.ID, message("a"))
	before := k.jobs[0]
	r.arriving = func() { _ = k.db.Close() }
	if _, err := k.Deliver(t.Context(), before.notice, before.turn); err == nil {
		t.Fatal("it was recorded without a database")
	}
	r.arriving = nil
	k.restart()
	if again, err := k.Deliver(t.Context(), before.notice, before.turn); err != nil || again != 0 || len(r.all()) != 1 {
		t.Errorf("the job of the dead process had something to do: %v, %v", again, err)
	}
	k.work()
	got := r.all()
	if len(got) != 2 || got[0].header.Get(headerID) != got[1].header.Get(headerID) || string(got[0].body) != string(got[1].body) {
		t.Fatalf("got %d requests: %v", len(got), got)
	}
	for _, one := range got {
		if !verify(key, one.header, one.body, k.clock.Now()) {
			t.Error("a signature is wrong")
		}
	}
	k.wants(Sent, "")
	k.restart()
	if len(k.jobs) != 0 {
		t.Error("what is sent is taken up again")
	}
}

func TestOfManyWhoSendTheSameAtOnceOneDoes(t *testing.T) {
	r := newReceiver(t, nil)
	k := newKit(t)
	h, _ := k.hook(r.URL)
	var others sync.WaitGroup
	r.arriving = func() { others.Wait() } // all the others ask while this one is sent
	k.put(h.ID, message("a"))
	j := k.jobs[0]
	others.Add(4)
	for range 4 {
		go func() {
			defer others.Done()
			for len(r.all()) == 0 { // until somebody sends it
				select {
				case <-t.Context().Done():
					return
				case <-time.After(time.Millisecond):
				}
			}
			if again, err := k.Deliver(context.WithoutCancel(t.Context()), j.notice, j.turn); err != nil || again <= 0 || again > lease {
				t.Errorf("%v, %v", again, err)
			}
		}()
	}
	k.work()
	others.Wait()
	if got := len(r.all()); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	k.wants(Sent, "")
}

func TestAProcessThatStopsGivesBackWhatItDidNotSend(t *testing.T) {
	k := newKit(t)
	ctx, stop := context.WithCancel(t.Context())
	hold := make(chan struct{})
	r := newReceiver(t, nil)
	r.arriving = func() { stop(); <-hold }
	h, _ := k.hook(r.URL)
	k.put(h.ID, message("a"))
	if _, err := k.Deliver(ctx, k.jobs[0].notice, k.jobs[0].turn); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(hold)
	if n := k.last(); n.State != Waiting || n.Tries != 0 {
		t.Errorf("got %+v", n)
	}
	r.arriving = nil
	k.restart()
	k.work()
	k.wants(Sent, "")
}

func TestAHookThatIsSwitchedOffGetsNothing(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		w.WriteHeader(map[int]int{1: http.StatusServiceUnavailable, 2: http.StatusGone}[n])
	})
	k := newKit(t)
	h, _ := k.hook(r.URL)
	k.put(h.ID, message("a"))
	k.work()
	k.put(h.ID, message("b"))
	k.jobs = k.jobs[1:]
	k.work()
	k.wants(GivenUp, "notice.reason.gone")
	h, err := k.Hook(t.Context(), admin, h.ID)
	if err != nil || h.Off.IsZero() || h.OffBecause != "notice.reason.gone" {
		t.Fatalf("%+v, %v", h, err)
	}
	if left, err := k.Deliveries(t.Context(), admin, h.ID, 10); err != nil || len(left) != 2 || left[1].State != GivenUp || left[1].Reason != "notice.reason.hook_off" {
		t.Errorf("%+v, %v", left, err)
	}
	k.put(h.ID, message("c"))
	if on, err := k.Hooks(t.Context(), k.db.Reader()); err != nil || len(on) != 0 || len(k.jobs) != 1 {
		t.Errorf("%v, %v, %d jobs", on, err, len(k.jobs))
	}
	if err := k.Test(t.Context(), admin, h.ID); !problem.Is(err, problem.Conflict) {
		t.Errorf("a test: %v", err)
	}
	if err := k.Switch(t.Context(), admin, h.ID, h.Version, true); err != nil {
		t.Fatal(err)
	}
	if on, err := k.Hooks(t.Context(), k.db.Reader()); err != nil || len(on) != 1 || on[0].OffBecause != "" {
		t.Errorf("%v, %v", on, err)
	}
}

func TestOldNoticesAreDropped(t *testing.T) {
	k := newKit(t)
	r := newReceiver(t, nil)
	h, _ := k.hook(r.URL)
	k.put(h.ID, message("a"))
	k.work()
	k.clock.Advance(29 * 24 * time.Hour)
	k.put(h.ID, message("b"))
	k.clock.Advance(2 * 24 * time.Hour)
	if err := k.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := k.Deliveries(t.Context(), admin, h.ID, 10); err != nil || len(left) != 1 || left[0].Key != "b" {
		t.Errorf("%v, %v", left, err)
	}
}

func TestOnlyAdministratorsManageHooks(t *testing.T) {
	k := newKit(t)
	for _, actor := range []access.Actor{{}, k.people.Contributor, k.people.Viewer} {
		_, listed := k.List(t.Context(), actor)
		_, read := k.Hook(t.Context(), actor, 1)
		_, _, added := k.Add(t.Context(), actor, Draft{})
		_, rotated := k.Rotate(t.Context(), actor, 1, 1)
		_, deliveries := k.Deliveries(t.Context(), actor, 1, 1)
		_, mails := k.Mails(t.Context(), actor, 1)
		for i, err := range []error{listed, read, added, rotated, deliveries, mails, k.Save(t.Context(), actor, 1, Draft{}, 1), k.Switch(t.Context(), actor, 1, 1, true),
			k.Remove(t.Context(), actor, 1), k.Test(t.Context(), actor, 1)} {
			if !problem.Is(err, problem.NotPermitted) && !problem.Is(err, problem.SignedOut) {
				t.Errorf("%s: method %d: %v", actor.Role, i, err)
			}
		}
	}
}

func TestWaitsGrow(t *testing.T) {
	var all []string
	for tries := 1; tries <= 12; tries++ {
		all = append(all, fmt.Sprint(pause(tries)))
	}
	if got := strings.Join(all, " "); got != "30s 1m0s 2m0s 4m0s 8m0s 16m0s 32m0s 1h4m0s 2h8m0s 4h0m0s 4h0m0s 4h0m0s" {
		t.Error(got)
	}
}
