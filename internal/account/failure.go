package account

import (
	"sync"
	"time"
)

// failuresAMinute is how many sign-ins that came to nothing have entries of their own. A flood of them is counted, so that it neither
// fills the disk nor has a run wait for the database; whether there is such an account makes no difference to that.
const failuresAMinute = 30

// failures counts them.
type failures struct {
	mutex   sync.Mutex
	began   time.Time // of the minute
	written int       // in it
	passed  int       // without an entry, since the last one
}

// enter reports whether one more has an entry, and how many went without one before it.
func (f *failures) enter(now time.Time) (others int, write bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if now.Sub(f.began) >= time.Minute || now.Before(f.began) {
		f.began, f.written = now, 0
	}
	if f.written >= failuresAMinute {
		f.passed++
		return 0, false
	}
	others, f.passed = f.passed, 0
	f.written++
	return others, true
}
