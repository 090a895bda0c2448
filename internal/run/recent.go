package run

import (
	"sync"
	"time"
)

// recent knows how many profiles got their outcome in the last minute, in this process.
type recent struct {
	mutex   sync.Mutex
	settled int64
	marks   []mark // a second apart; the first is a minute old, once there has been a minute
}

type mark struct {
	at      time.Time
	settled int64
}

const (
	recentSpan = time.Minute
	markEvery  = time.Second
)

func (r *recent) add(profiles int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.settled += int64(profiles)
}

// tick is called again and again, at least as often as there are to be marks.
func (r *recent) tick(now time.Time) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if n := len(r.marks); n > 0 && now.Sub(r.marks[n-1].at) < markEvery {
		return
	}
	r.marks = append(r.marks, mark{now, r.settled})
	gone := 0
	for gone+1 < len(r.marks) && now.Sub(r.marks[gone+1].at) >= recentSpan {
		gone++
	}
	r.marks = r.marks[gone:]
}

// perSecond is how many profiles a second got their outcome in the last minute. It is not known before there has been a minute.
func (r *recent) perSecond(now time.Time) (rate float64, known bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.marks) == 0 || now.Sub(r.marks[0].at) < recentSpan {
		return 0, false
	}
	first := r.marks[0]
	return float64(r.settled-first.settled) / now.Sub(first.at).Seconds(), true
}
