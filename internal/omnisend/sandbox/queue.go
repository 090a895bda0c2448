package sandbox

import (
	"sync"
	"time"
)

// queue holds what is done some time after it was asked for, in the order of asking.
type queue struct {
	mu   sync.Mutex
	jobs []job
	wake chan struct{}

	running sync.Mutex // held from taking a job to its end
}

// job is either a batch or a change of tags.
type job struct {
	b     *brand
	due   time.Time
	batch *batch
	tags  *tagging
}

type tagging struct {
	contacts []uint32
	tags     []string
	remove   bool
}

func (q *queue) add(j job) {
	q.mu.Lock()
	q.jobs = append(q.jobs, j)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take gives the first job if it is due, or how long to wait.
func (q *queue) take(now time.Time, due bool) (j job, wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 {
		return job{}, time.Hour, false
	}
	if j = q.jobs[0]; !due && j.due.After(now) {
		return job{}, j.due.Sub(now), false
	}
	q.jobs[0] = job{}
	q.jobs = q.jobs[1:]
	return j, 0, true
}

// work does the jobs one after the other until the stand-in is closed.
func (s *Server) work() {
	for {
		s.queue.running.Lock()
		j, wait, ok := s.queue.take(s.options.Clock(), false)
		if ok {
			wait = s.do(j)
		}
		s.queue.running.Unlock()
		if ok && wait <= 0 {
			select {
			case <-s.stop:
				return
			default:
				continue
			}
		}
		wake := s.queue.wake
		if ok {
			wake = nil // this wait is the pace, which new work does not shorten
		} else {
			wait = min(wait, 100*time.Millisecond) // the clock may be moved by hand: look again now and then
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.stop:
			timer.Stop()
			return
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Settle does at once all that waits to be done, but what a fault stalls.
func (s *Server) Settle() {
	s.queue.running.Lock()
	defer s.queue.running.Unlock()
	for {
		j, _, ok := s.queue.take(time.Time{}, true)
		if !ok {
			return
		}
		s.do(j)
	}
}

// do does a job and gives how long it keeps others waiting.
func (s *Server) do(j job) time.Duration {
	s.dirty.Store(true)
	j.b.mu.Lock()
	defer j.b.mu.Unlock()
	now := s.now()
	if j.tags != nil {
		for _, index := range j.tags.contacts {
			if int(index) < len(j.b.contacts) { // a reset may have come between
				j.b.tag(index, j.tags.tags, j.tags.remove, now)
			}
		}
		return 0
	}
	j.b.process(j.batch, s.faults.Load(), now)
	if s.options.ItemsPerSecond <= 0 {
		return 0
	}
	return time.Duration(float64(j.batch.Total) / float64(s.options.ItemsPerSecond) / s.options.Speed * float64(time.Second))
}
