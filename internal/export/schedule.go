package export

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/version"
)

// When says by what an export runs by itself.
type When string

// The choices.
const (
	WithSystem When = "system"  // with every scheduled refresh
	Weekly     When = "weekly"  // on weekdays of its own
	Monthly    When = "monthly" // on a day of the month of its own
	Off        When = "off"     // on demand only
)

// Whens lists them as they are offered.
var Whens = []When{WithSystem, Weekly, Monthly, Off}

// Schedule says when an export runs by itself. Weekdays, Day and Time are kept also while they are not used; they are meant in
// the zone of the system's schedule, and its blackouts hold for them too.
type Schedule struct {
	When     When           `json:"when"`
	Weekdays []time.Weekday `json:"weekdays"` // of a weekly one
	Day      int            `json:"day"`      // of a monthly one: as of calendar.Pattern
	Time     calendar.Clock `json:"time"`
}

// Own reports whether the export runs at times of its own.
func (s Schedule) Own() bool { return s.When == Weekly || s.When == Monthly }

// Pattern is when a schedule of its own is due.
func (s Schedule) Pattern() calendar.Pattern {
	p := calendar.Pattern{Recurrence: calendar.Weekly, Weekdays: s.Weekdays, MonthDay: s.Day, Times: []calendar.Clock{s.Time}}
	if s.When == Monthly {
		p.Recurrence = calendar.Monthly
	}
	return p
}

// UsualSchedule is what is proposed for a schedule of an export's own.
var UsualSchedule = Schedule{When: WithSystem, Weekdays: []time.Weekday{time.Monday}, Day: 1, Time: 6 * 60}

// The fields of a form that ask for a schedule.
const (
	WhenField     = "schedule"
	WeekdaysField = "schedule_weekday"
	DayField      = "schedule_day"
	TimeField     = "schedule_time"
)

// checked holds a schedule to its rules. What it does not use is as is usual unless it is in order.
func (s Schedule) checked(check *problem.Check) Schedule {
	if s.When == "" {
		s.When = WithSystem
	}
	check.Require(slices.Contains(Whens, s.When), WhenField, "problem.choose")
	var weekly, monthly problem.Check
	pattern := calendar.Pattern{Recurrence: calendar.Weekly, Weekdays: s.Weekdays, Times: []calendar.Clock{s.Time}}.Checked(&weekly)
	calendar.Pattern{Recurrence: calendar.Monthly, MonthDay: s.Day, Times: pattern.Times}.Checked(&monthly)
	s.Weekdays = pattern.Weekdays
	if s.Own() {
		wrong := weekly
		if s.When == Monthly {
			wrong = monthly
		}
		names := map[string]string{"weekday": WeekdaysField, "month_day": DayField, "time": TimeField}
		if err := wrong.Err(); err != nil {
			for _, f := range problem.Of(err).Fields {
				check.Add(names[f.Name], f.Code, f.Args...)
			}
		}
	}
	if s.When != Weekly && weekly.Err() != nil {
		s.Weekdays = UsualSchedule.Weekdays
	}
	if s.When != Monthly && (s.Day < 1 || s.Day > calendar.LastDay) {
		s.Day = UsualSchedule.Day
	}
	if !s.Own() && (s.Time < 0 || s.Time >= 24*60) {
		s.Time = UsualSchedule.Time
	}
	return s
}

// SetSchedule says when an export runs by itself. It fails with a Conflict when somebody changed the export since the version that was
// seen; 0 stands for any.
func (s *Service) SetSchedule(ctx context.Context, actor access.Actor, id int64, schedule Schedule, seen int) error {
	var check problem.Check
	schedule = schedule.checked(&check)
	return s.change(ctx, actor, id, func(tx database.Tx, e Export) error {
		if err := check.Err(); err != nil {
			return err
		}
		if seen != 0 && seen != e.Version {
			return problem.New(problem.Conflict, "problem.changed")
		}
		return s.setSchedule(ctx, tx, actor, e, schedule)
	})
}

func (s *Service) setSchedule(ctx context.Context, tx database.Tx, actor access.Actor, e Export, schedule Schedule) error {
	if err := setSchedule(ctx, tx, e.ID, schedule, 1, s.clock()); err != nil {
		return err
	}
	if changes := audit.Changed(audit.Change{Field: "schedule", Before: e.Schedule.told(), After: schedule.told()}); len(changes) > 0 {
		if err := s.note(ctx, tx, actor, audit.ExportScheduled, e, changes...); err != nil {
			return err
		}
	}
	_, err := s.keep(ctx, tx, actor, e.ID, version.Scheduled, 0)
	return err
}

// Unset is an export whose schedule could not be set.
type Unset struct {
	ID   int64
	Name string // "" when it is there no more
	Code string // why: a translation key
}

// SetSchedules sets the schedule of many exports: of each that the actor may edit. It tells which could not.
func (s *Service) SetSchedules(ctx context.Context, actor access.Actor, ids []int64, schedule Schedule) (set int, not []Unset, err error) {
	if err := actor.Require(access.UseSomeConnections); err != nil {
		return 0, nil, err
	}
	var check problem.Check
	schedule = schedule.checked(&check)
	if err := check.Err(); err != nil {
		return 0, nil, err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		set, not = 0, nil
		for _, id := range ids {
			e, err := s.present(ctx, tx, id)
			switch {
			case problem.Is(err, problem.NotFound):
				not = append(not, Unset{ID: id, Code: problem.Of(err).Code})
				continue
			case err != nil:
				return err
			case !e.MayEdit(actor):
				not = append(not, Unset{ID: id, Name: e.Name, Code: "problem.not_permitted"})
				continue
			}
			if err := s.setSchedule(ctx, tx, actor, e, schedule); err != nil {
				return err
			}
			set++
		}
		return nil
	})
	if err == nil && set > 0 {
		s.events.Publish(Topic)
	}
	return set, not, err
}

// Name is what an export is called.
type Name struct {
	ID   int64
	Name string
}

// WithSystem lists the exports that run with the system's schedule, also those that cannot run now.
func (s *Service) WithSystem(ctx context.Context, q database.Querier) ([]Name, error) {
	return readNames(ctx, q, `schedule = 'system'`)
}

// Names lists those of some exports that are there.
func (s *Service) Names(ctx context.Context, q database.Querier, ids []int64) (found []Name, err error) {
	for _, id := range ids {
		some, err := readNames(ctx, q, `id = ?`, id)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// Own is an export with a schedule of its own.
type Own struct {
	ID       int64
	Schedule Schedule
	SetAt    time.Time // no time up to then is ever due
	Dealt    time.Time // the latest time that was dealt with; zero: none yet
}

// Own lists the exports with a schedule of their own.
func (s *Service) Own(ctx context.Context, q database.Querier) ([]Own, error) { return own(ctx, q) }

// Dealt notes that a time at which an export was due was dealt with.
func (s *Service) Dealt(ctx context.Context, tx database.Tx, id int64, due time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE exports SET schedule_due = ? WHERE id = ?`, database.Millis(due), id); err != nil {
		return fmt.Errorf("note when export %d was due: %w", id, err)
	}
	return nil
}

// Scheduled lists the exports that a run of all takes: those that run by themselves, have a connection and are not paused.
func (s *Service) Scheduled(ctx context.Context) ([]int64, error) {
	return scheduled(ctx, s.db.Reader())
}
