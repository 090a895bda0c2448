package account

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/segue-app/segue/internal/problem"
)

func throttled() (*Service, *time.Time) {
	at := time.UnixMilli(1_800_000_000_000)
	return &Service{now: func() time.Time { return at }, throttle: newThrottle(), hasher: newHasher(&argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})}, &at
}

func TestAFloodOfNamesTakesNoMoreThanItsRoomAndDoesNotClearTheAccountThatIsGuessedAt(t *testing.T) {
	s, at := throttled()
	victim := newMeter("account", "ada@example.com", freePerAccount)
	for range freePerAccount {
		if _, err := s.charge(victim); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 * mostMeters {
		*at = at.Add(time.Microsecond)
		if _, err := s.charge(newMeter("account", fmt.Sprint(i), freePerAccount)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.throttle.charges); n > mostMeters {
		t.Errorf("%d meters are remembered", n)
	}
	if _, err := s.charge(victim); problem.Of(err) == nil || problem.Of(err).Code != WaitCode {
		t.Errorf("the account that is guessed at: %v", err)
	}
}

func TestOneMeterRemembersNoMoreThanItNeeds(t *testing.T) {
	s, at := throttled()
	m := newMeter("account", "ada@example.com", freePerAccount)
	for range 100 {
		*at = at.Add(time.Second)
		_, err := s.charge(m)
		if p := problem.Of(err); p != nil {
			*at = at.Add(longestWait)
		}
	}
	if n := len(s.throttle.charges[m.key]); n > freePerAccount+mostAttempts {
		t.Errorf("%d attempts are remembered", n)
	}
	*at = at.Add(attemptsKept)
	if _, err := s.charge(m); err != nil || len(s.throttle.charges[m.key]) != 1 {
		t.Errorf("after an hour: %v, %d", err, len(s.throttle.charges[m.key]))
	}
}

func TestAnAttemptThatDoesNotCountIsTakenBackAndNoOther(t *testing.T) {
	s, at := throttled()
	own, shared := newMeter("account", "a", freePerAccount), newMeter("address", "b", freePerAddress)
	_, err := s.charge(shared)
	if err != nil {
		t.Fatal(err)
	}
	*at = at.Add(time.Second)
	a, err := s.charge(own, shared)
	if err != nil {
		t.Fatal(err)
	}
	a.forget(own)
	if len(s.throttle.charges[own.key]) != 0 || len(s.throttle.charges[shared.key]) != 1 {
		t.Errorf("%d on her own, %d on what is shared", len(s.throttle.charges[own.key]), len(s.throttle.charges[shared.key]))
	}
	if _, there := s.throttle.charges[own.key]; there {
		t.Error("an empty meter stays")
	}
}

func TestACustomersNetworkIsOneAddress(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "what": "what",
	} {
		if got := network(address); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

func TestWhoIsOneTooManyIsSentAwayAtOnceAndAPersonOfOursIsNot(t *testing.T) {
	s, _ := throttled()
	h := s.hasher
	leave := make([]func(), 0, hashings)
	for range hashings {
		end, err := h.turn(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, end)
	}
	waiting, cancel := context.WithCancel(t.Context())
	ended := make(chan error, mostWaiting)
	for range mostWaiting {
		go func() {
			_, err := h.turn(waiting, false)
			ended <- err
		}()
	}
	for h.anybody.waiting.Load() < mostWaiting {
		time.Sleep(time.Millisecond)
	}
	if _, err := h.turn(t.Context(), false); problem.Of(err) == nil || problem.Of(err).Code != BusyCode {
		t.Errorf("one too many: %v", err)
	}
	end, err := h.turn(t.Context(), true)
	if err != nil {
		t.Errorf("a person of ours: %v", err)
	} else {
		end()
	}
	cancel()
	for range mostWaiting {
		if err := <-ended; err == nil {
			t.Error("got a place that nobody left")
		}
	}
	for _, end := range leave {
		end()
	}
	if end, err = h.turn(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	end()
}
