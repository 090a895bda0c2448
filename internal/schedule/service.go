package schedule

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
)

// Chains is what the schedule needs of the chain package.
type Chains interface {
	// Begin makes a chain within the transaction that found it due.
	Begin(ctx context.Context, tx database.Tx, order chain.Order) (id int64, err error)
}

// Exports is what the schedule needs of the export package.
type Exports interface {
	// Own lists the exports with a schedule of their own.
	Own(ctx context.Context, q database.Querier) ([]export.Own, error)
	// Dealt notes that a time at which one was due was dealt with.
	Dealt(ctx context.Context, tx database.Tx, id int64, due time.Time) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB      *database.DB
	Chains  Chains
	Exports Exports
	Events  *event.Hub
	Clock   func() time.Time
}

// Service keeps the schedule, and begins what is due.
type Service struct {
	db      *database.DB
	chains  Chains
	exports Exports
	events  *event.Hub
	clock   func() time.Time
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, chains: d.Chains, exports: d.Exports, events: d.Events, clock: d.Clock}
}

// Topic is the event topic of the schedule's settings and of times that came due.
const Topic = "schedule"

// Get reads the schedule.
func (s *Service) Get(ctx context.Context, actor access.Actor) (Schedule, error) {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return Schedule{}, err
	}
	return get(ctx, s.db.Reader())
}

// Zone is the zone that times of schedules are meant in. Everybody may know it.
func (s *Service) Zone(ctx context.Context) (*time.Location, error) {
	kept, err := get(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	return calendar.Zone(kept.Zone)
}

// SkipsOnFailure says whether what depends on a source that fails is skipped.
func SkipsOnFailure(ctx context.Context, q database.Querier) (bool, error) {
	kept, err := get(ctx, q)
	return kept.OnFailure == Skip, err
}

// Save changes the schedule. It fails with a Conflict when somebody else changed it since the version. A time that came
// due under the old settings still begins a chain; one that lies before the change never does by the new ones.
func (s *Service) Save(ctx context.Context, actor access.Actor, settings Settings, version int) (Schedule, error) {
	return s.save(ctx, actor, settings, version, 0)
}

func (s *Service) save(ctx context.Context, actor access.Actor, settings Settings, version, backTo int) (saved Schedule, err error) {
	if err := actor.Require(access.ManageSchedule); err != nil {
		return Schedule{}, err
	}
	settings, err = settings.checked()
	if err != nil {
		return Schedule{}, err
	}
	var begun []int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		before, err := get(ctx, tx)
		if err != nil {
			return err
		}
		if before.Version != version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		now := s.clock()
		if begun, err = s.beginDue(ctx, tx, before, now); err != nil {
			return err
		}
		if err := save(ctx, tx, settings, actor.Name, now); err != nil {
			return err
		}
		if saved, err = get(ctx, tx); err != nil {
			return err
		}
		changes := audit.Changed(differences(before.Settings, saved.Settings)...)
		if len(changes) > 0 && backTo == 0 {
			if err := audit.Write(ctx, tx, now, actor, audit.Entry{Action: audit.ScheduleSaved, Changes: changes}); err != nil {
				return err
			}
		}
		return s.keep(ctx, tx, actor, before, saved, backTo)
	})
	if err == nil {
		s.events.Publish(Topic)
		s.tell(begun)
	}
	return saved, err
}

// Next lists the coming n times of the system's schedule; none while it is off. Everybody may know them.
func (s *Service) Next(ctx context.Context, n int) ([]time.Time, error) {
	kept, err := get(ctx, s.db.Reader())
	if err != nil || !kept.On {
		return nil, err
	}
	return s.coming(kept.Settings, kept.Pattern, n)
}

// Preview lists the coming n times that settings would give, whether they are on or off.
func (s *Service) Preview(settings Settings, n int) ([]time.Time, error) {
	settings, err := settings.checked()
	if err != nil {
		return nil, err
	}
	return s.coming(settings, settings.Pattern, n)
}

// NextOf lists the coming n times at which an export runs by itself.
func (s *Service) NextOf(ctx context.Context, of export.Schedule, n int) ([]time.Time, error) {
	switch {
	case of.When == export.WithSystem:
		return s.Next(ctx, n)
	case !of.Own():
		return nil, nil
	}
	kept, err := get(ctx, s.db.Reader())
	if err != nil {
		return nil, err
	}
	return s.coming(kept.Settings, of.Pattern(), n)
}

func (s *Service) coming(settings Settings, pattern calendar.Pattern, n int) ([]time.Time, error) {
	c, err := settings.calendar(pattern)
	if err != nil {
		return nil, err
	}
	return c.Coming(s.clock(), n), nil
}

// NextRun is the coming time of the system's schedule; ok is false while it is off.
func (s *Service) NextRun(ctx context.Context) (next time.Time, ok bool, err error) {
	times, err := s.Next(ctx, 1)
	if err != nil || len(times) == 0 {
		return time.Time{}, false, err
	}
	return times[0], true, nil
}
