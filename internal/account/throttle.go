package account

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// How many passwords may be tried before one has to wait, and how long the waits grow.
const (
	freePerAccount = 5
	freePerAddress = 20 // many people may share an address
	firstWait      = 15 * time.Second
	longestWait    = 15 * time.Minute
	attemptsKept   = time.Hour
)

// Limits of what is remembered of attempts, whatever comes. They are kept in memory and nowhere else: those who are made to wait write
// nothing to the database, where a run would wait for them.
const (
	mostMeters   = 1 << 16
	mostAttempts = 10 // of one meter, beyond the free ones: the wait is the longest by then
	looksAtOnce  = 16 // meters that are looked at to make room for one
)

// meter counts the attempts of one kind: on an account, from an address, from a known browser.
type meter struct {
	key  [sha256.Size]byte
	free int
}

func newMeter(kind, value string, free int) meter {
	return meter{key: sha256.Sum256([]byte(kind + "\x00" + value)), free: free}
}

// network is what is counted as one address: in IPv6, one customer has as many as they like of one /64.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// throttle remembers when each meter was charged, the oldest first.
type throttle struct {
	mutex   sync.Mutex
	charges map[[sha256.Size]byte][]time.Time
}

func newThrottle() *throttle {
	return &throttle{charges: map[[sha256.Size]byte][]time.Time{}}
}

// attempt is one that was charged.
type attempt struct {
	throttle *throttle
	meters   []meter
	at       time.Time
}

// charge notes an attempt on every meter before the password is looked at, so that many at once gain nothing. It refuses, and
// notes nothing, while one of the meters makes its owner wait.
func (s *Service) charge(meters ...meter) (attempt, error) {
	t, now := s.throttle, s.now()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, m := range meters {
		before := t.within(m, now)
		if len(before) < m.free {
			continue
		}
		if wait := before[len(before)-1].Add(waitAfter(len(before) - m.free)).Sub(now); wait > 0 {
			return attempt{}, problem.New(problem.Conflict, WaitCode, "Wait", wait.Round(time.Second))
		}
	}
	for _, m := range meters {
		kept := append(t.within(m, now), now)
		if excess := len(kept) - m.free - mostAttempts; excess > 0 {
			kept = slices.Clone(kept[excess:])
		}
		if _, there := t.charges[m.key]; !there {
			t.makeRoom(now)
		}
		t.charges[m.key] = kept
	}
	return attempt{t, meters, now}, nil
}

// within gives the charges of a meter that still count.
func (t *throttle) within(m meter, now time.Time) []time.Time {
	charges := t.charges[m.key]
	old := 0
	for old < len(charges) && now.Sub(charges[old]) >= attemptsKept {
		old++
	}
	return charges[old:]
}

// makeRoom forgets, while there are as many meters as there may be, the one that matters least of some: the fewest charges, the longest
// ago. Whoever floods with names that he makes up so loses his own first, and not the one that protects somebody.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.charges) < mostMeters {
		return
	}
	var least [sha256.Size]byte
	looked := 0
	for key, charges := range t.charges { // Go begins anywhere
		best := t.charges[least]
		if looked == 0 || len(charges) < len(best) || len(charges) == len(best) && charges[len(charges)-1].Before(best[len(best)-1]) {
			least = key
		}
		if now.Sub(charges[len(charges)-1]) >= attemptsKept {
			least = key
			break
		}
		if looked++; looked == looksAtOnce {
			break
		}
	}
	delete(t.charges, least)
}

// WaitCode is the code of the problem that too many attempts meet.
const WaitCode = "account.problem.wait"

// waitAfter doubles with every attempt beyond the free ones.
func waitAfter(beyond int) time.Duration {
	if beyond < 0 {
		return 0
	}
	if beyond >= mostAttempts {
		return longestWait
	}
	return min(firstWait<<beyond, longestWait)
}

// forget takes this attempt off its meters, and everything off those that only the owner of the password can fill, when it was she.
func (a attempt) forget(own ...meter) {
	t := a.throttle
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, m := range own {
		delete(t.charges, m.key)
	}
	for _, m := range a.meters {
		charges := t.charges[m.key]
		at := slices.Index(charges, a.at)
		if at < 0 {
			continue
		}
		if len(charges) == 1 {
			delete(t.charges, m.key)
			continue
		}
		t.charges[m.key] = slices.Delete(charges, at, at+1)
	}
}
