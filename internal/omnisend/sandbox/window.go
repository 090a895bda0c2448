package sandbox

import "time"

// Limits of requests a minute are kept in pots (Omnisend API reference 2026-03-15, Rate limits). That all endpoints
// without a limit of their own share one pot is our reading of it.
const (
	potOther = iota
	potTags
	pots
)

var potLimits = [pots]int{potOther: 400, potTags: 60}

// window is a sliding window of one brand and pot: the times of the requests that came within the last minute. Refused
// requests count too, which the reference leaves open.
type window struct {
	times []int64 // unix ns, oldest first; those before head have left
	head  int
	most  int // greatest number ever within the window
	other int64
}

// enter counts a request and says whether it is within the limit, and if not, how long until one would be. others is
// how many requests a minute other apps of the same brand send.
func (w *window) enter(now time.Time, minute time.Duration, limit, others int) (wait time.Duration, ok bool) {
	t := now.UnixNano()
	if others > 0 {
		step := max(int64(minute)/int64(others), 1)
		if w.other < t-int64(minute) {
			w.other = t - int64(minute)
		}
		for ; w.other+step <= t; w.other += step {
			w.times = append(w.times, w.other+step)
		}
	} else {
		w.other = t
	}
	w.leave(t - int64(minute))
	w.times = append(w.times, t)
	count := len(w.times) - w.head
	w.most = max(w.most, count)
	if limit <= 0 || count <= limit {
		return 0, true
	}
	// Room is made when so many have left that limit-1 remain.
	return time.Duration(w.times[w.head+count-limit] + int64(minute) - t), false
}

func (w *window) leave(until int64) {
	for w.head < len(w.times) && w.times[w.head] <= until {
		w.head++
	}
	if w.head > 1024 && w.head > len(w.times)/2 {
		w.times = w.times[:copy(w.times, w.times[w.head:])]
		w.head = 0
	}
}

// count is how many requests are within the window.
func (w *window) count(now time.Time, minute time.Duration) int {
	w.leave(now.UnixNano() - int64(minute))
	return len(w.times) - w.head
}
