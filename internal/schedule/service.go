package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// Sources is what a refresh needs of the source package.
type Sources interface {
	// RefreshScheduled reads the sources again that go with the schedule, and waits for them. Of one that was read since the
	// moment given it only tells how that ended, so that a refresh that was broken off may ask again.
	RefreshScheduled(ctx context.Context, since time.Time) (source.Refreshed, error)
}

// Segments is what a refresh needs of the segment package.
type Segments interface {
	CalculateAll(ctx context.Context) error
	List(ctx context.Context, actor access.Actor, query segment.Query) (segment.Page, error)
}

// Runs is what a refresh needs of the run package.
type Runs interface {
	// StartScheduled queues a run of every export with an active schedule. An export of which one was started since the
	// moment given is not run again, so that a refresh that was broken off may ask again.
	StartScheduled(ctx context.Context, since time.Time) (started, passedOver int, err error)
}

// Queue has Tick called soon in the background, if the transaction is committed.
type Queue interface {
	EnqueueTick(ctx context.Context, tx database.Tx) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB       *database.DB
	Sources  Sources
	Segments Segments
	Runs     Runs
	Events   *event.Hub
	Clock    func() time.Time
	Log      *slog.Logger
}

// Service keeps the schedule and carries refreshes out.
type Service struct {
	db       *database.DB
	sources  Sources
	segments Segments
	runs     Runs
	queue    Queue
	events   *event.Hub
	clock    func() time.Time
	log      *slog.Logger

	working sync.Mutex // held by the one who carries a refresh out
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, sources: d.Sources, segments: d.Segments, runs: d.Runs, events: d.Events, clock: d.Clock, log: d.Log}
}

// SetQueue gives the queue, which needs the service itself.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// Topic is the event topic of refreshes and of the schedule's settings.
const Topic = "refreshes"

// Get reads the schedule.
func (s *Service) Get(ctx context.Context, actor access.Actor) (Schedule, error) {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return Schedule{}, err
	}
	return get(ctx, s.db.Reader())
}

// Save changes the schedule. It fails with a Conflict when somebody else changed it since the version. A time that came
// due under the old settings is still fired; one that lies before the change is never fired by the new ones.
func (s *Service) Save(ctx context.Context, actor access.Actor, settings Settings, version int) (saved Schedule, err error) {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return Schedule{}, err
	}
	settings, err = settings.check()
	if err != nil {
		return Schedule{}, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := get(ctx, tx)
		if err != nil {
			return err
		}
		if before.Version != version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		now := s.clock()
		fired, err := fireDue(ctx, tx, before, now)
		if err != nil {
			return err
		}
		if fired {
			if err := s.enqueue(ctx, tx); err != nil {
				return err
			}
		}
		if err := save(ctx, tx, settings, actor.Name, now); err != nil {
			return err
		}
		saved, err = get(ctx, tx)
		return err
	})
	if err == nil {
		s.events.Publish(Topic)
	}
	return saved, err
}

func (s *Service) enqueue(ctx context.Context, tx database.Tx) error {
	if err := s.queue.EnqueueTick(ctx, tx); err != nil {
		return fmt.Errorf("queue a refresh: %w", err)
	}
	return nil
}

// Next lists the coming n times; none while the schedule is off. Everybody may know them.
func (s *Service) Next(ctx context.Context, n int) ([]time.Time, error) {
	kept, err := get(ctx, s.db.Reader())
	if err != nil || !kept.On {
		return nil, err
	}
	calendar, err := kept.calendar()
	if err != nil {
		return nil, err
	}
	var times []time.Time
	for t := s.clock(); len(times) < n; {
		due, ok := calendar.next(t)
		if !ok {
			return times, nil
		}
		times, t = append(times, due), due
	}
	return times, nil
}

// NextRun is the coming time; ok is false while the schedule is off.
func (s *Service) NextRun(ctx context.Context) (next time.Time, ok bool, err error) {
	times, err := s.Next(ctx, 1)
	if err != nil || len(times) == 0 {
		return time.Time{}, false, err
	}
	return times[0], true, nil
}

// Refreshes lists the last ones, the newest first.
func (s *Service) Refreshes(ctx context.Context, actor access.Actor, limit int) ([]Refresh, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return listRefreshes(ctx, s.db.Reader(), limit)
}
