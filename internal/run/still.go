package run

import (
	"context"
	"time"
)

// What a run under way holds in memory, nobody else can see or change: pages that were read ahead, batches on their way to a
// sender. Whoever must change what runs have written down has them stand still for that: each comes to the point from which it
// goes on after a restart, and does so afterwards.

// stillEvery is how often it is looked whether all runs stand still.
const stillEvery = 5 * time.Millisecond

// Still has no run under way while work is done. It ends with the context's error when a run does not come to stand in time;
// then nothing was done.
func (s *Service) Still(ctx context.Context, work func() error) error {
	if !s.lockWhenMoving(ctx) { // somebody else has them stand still, or the program stops
		return context.Cause(ctx)
	}
	moving := make(chan struct{})
	s.still = moving
	for id, u := range s.active {
		s.again[id] = true
		u.stop(errShutdown)
	}
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		s.still = nil
		s.mutex.Unlock()
		close(moving)
	}()
	for s.anyActive() {
		select {
		case <-time.After(stillEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return work()
}

func (s *Service) anyActive() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.active) > 0
}

// lockWhenMoving takes the lock as soon as runs may be under way; it reports whether it did before the context ended.
func (s *Service) lockWhenMoving(ctx context.Context) bool {
	for {
		s.mutex.Lock()
		moving := s.still
		if moving == nil {
			return true
		}
		s.mutex.Unlock()
		select {
		case <-moving:
		case <-ctx.Done():
			return false
		}
	}
}
