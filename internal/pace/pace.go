// Package pace keeps what was made of the request budget of each brand, minute by minute, for some days: how many requests
// were admitted, how many were refused as too many, who waited, and which limit was in force. It counts nothing itself and paces
// nobody: budget does.
package pace

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/database"
)

// KeptFor is how long minutes are kept.
const KeptFor = 8 * 24 * time.Hour

// writeEvery is how often what was counted is written; a process that is killed forgets so much of it.
const writeEvery = 5 * time.Second

// patience is how long a turn waits for others who write; the program may be about to stop.
const patience = 2 * time.Second

// mostUnwritten is how many parts of minutes wait for a database that cannot be written.
const mostUnwritten = 10_000

// Counts is what pace needs of the budgets.
type Counts interface {
	// Collect gives what was counted since the last time. A minute may come in parts.
	Collect() []budget.Minute
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB     *database.DB
	Counts Counts
	Clock  func() time.Time
	Log    *slog.Logger
}

// Service keeps minutes, and tells of them.
type Service struct {
	db     *database.DB
	counts Counts
	clock  func() time.Time
	log    *slog.Logger

	mutex     sync.Mutex
	unwritten []budget.Minute // collected
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, counts: d.Counts, clock: d.Clock, log: d.Log}
}

// Keep writes what is counted until the context ends, and then what is left.
func (s *Service) Keep(ctx context.Context) {
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	failing := false
	for ended := false; !ended; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			ended = true
		}
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		err := s.Write(within)
		cancel()
		if err != nil && !failing { // once, not at every turn
			s.log.Error("what was made of the request budgets could not be written", "error", err)
		}
		failing = err != nil
	}
}

// Write writes what was counted, in one transaction. What could not be written waits for the next time.
func (s *Service) Write(ctx context.Context) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.unwritten = append(s.unwritten, s.counts.Collect()...)
	s.unwritten = s.unwritten[max(0, len(s.unwritten)-mostUnwritten):]
	if len(s.unwritten) == 0 {
		return nil
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error { return add(ctx, tx, s.unwritten) })
	if err == nil {
		s.unwritten = nil
	}
	return err
}

// Tidy drops minutes that are older than KeptFor.
func (s *Service) Tidy(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return drop(ctx, tx, s.clock().Add(-KeptFor)) })
}

// Hour tells of the last 60 minutes of a brand, this one included, the first one first. A minute in which nothing happened has
// its start alone. It holds numbers only.
func (s *Service) Hour(ctx context.Context, actor access.Actor, brandID string) ([]budget.Minute, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	now := s.clock().Truncate(time.Minute)
	minutes := make([]budget.Minute, 60)
	for i := range minutes {
		minutes[i] = budget.Minute{BrandID: brandID, Start: now.Add(time.Duration(i-59) * time.Minute)}
	}
	found, err := list(ctx, s.db.Reader(), brandID, minutes[0].Start, now)
	for _, m := range found {
		minutes[m.Start.Sub(minutes[0].Start)/time.Minute] = m
	}
	return minutes, err
}
