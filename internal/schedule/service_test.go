package schedule_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/testkit"
)

// kit is a schedule whose chains are written down instead of carried out. Its clock starts at noon, Monday 1 June 2026, UTC.
type kit struct {
	*schedule.Service
	testkit.People
	t     *testing.T
	db    *database.DB
	clock *testkit.Clock
	begun []chain.Order
	own   []export.Own
}

func newKit(t *testing.T) *kit {
	t.Helper()
	k := &kit{t: t, db: testkit.Database(t), clock: testkit.NewClock()}
	k.People = testkit.NewPeople(t, testkit.Accounts(t, k.db, k.clock))
	k.restart()
	return k
}

// restart is what remains after the process was killed: the database.
func (k *kit) restart() {
	k.Service = schedule.NewService(schedule.Dependencies{DB: k.db, Chains: k, Exports: k, Events: &event.Hub{}, Clock: k.clock.Now})
}

func (k *kit) Begin(_ context.Context, _ database.Tx, order chain.Order) (int64, error) {
	k.begun = append(k.begun, order)
	return int64(len(k.begun)), nil
}

func (k *kit) Own(context.Context, database.Querier) ([]export.Own, error) { return k.own, nil }

func (k *kit) Dealt(_ context.Context, _ database.Tx, id int64, due time.Time) error {
	for i := range k.own {
		if k.own[i].ID == id {
			k.own[i].Dealt = due
		}
	}
	return nil
}

// set saves the schedule: daily at 13:00 UTC but for what change does.
func (k *kit) set(change func(*schedule.Settings)) schedule.Schedule {
	k.t.Helper()
	kept, err := k.Get(k.t.Context(), k.Administrator)
	if err != nil {
		k.t.Fatal(err)
	}
	settings := schedule.Settings{On: true, Pattern: daily(13 * 60), Zone: "UTC"}
	change(&settings)
	saved, err := k.Save(k.t.Context(), k.Administrator, settings, kept.Version)
	if err != nil {
		k.t.Fatal(err)
	}
	return saved
}

func daily(times ...calendar.Clock) calendar.Pattern {
	return calendar.Pattern{Recurrence: calendar.Daily, Times: times}
}

func (k *kit) on() { k.t.Helper(); k.set(func(*schedule.Settings) {}) }

func (k *kit) tick() {
	k.t.Helper()
	if err := k.Tick(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

// fired fails the test unless so many chains were begun.
func (k *kit) fired(want int) {
	k.t.Helper()
	if len(k.begun) != want {
		k.t.Fatalf("%d chains, want %d: %+v", len(k.begun), want, k.begun)
	}
}

func TestATimeThatCameDueBeginsOneChain(t *testing.T) {
	k := newKit(t)
	k.on()
	k.tick()
	k.clock.Advance(59 * time.Minute)
	k.tick()
	k.fired(0)
	k.clock.Advance(time.Minute)
	k.tick()
	k.tick()
	k.restart()
	k.tick()
	k.fired(1)
	if due := time.Date(2026, 6, 1, 13, 0, 0, 0, time.UTC); k.begun[0].Cause != chain.OnSchedule || !k.begun[0].DueAt.Equal(due) {
		t.Errorf("%+v", k.begun[0])
	}
	k.clock.Advance(24 * time.Hour)
	k.tick()
	k.fired(2)
}

func TestTimesMissedWhileTheProgramWasOffAreCaughtUpOnce(t *testing.T) {
	k := newKit(t)
	k.on()
	k.own = []export.Own{{ID: 7, Schedule: export.Schedule{When: export.Weekly, Weekdays: []time.Weekday{time.Tuesday, time.Thursday}, Time: 60}, SetAt: k.clock.Now()}}
	k.clock.Advance(10*24*time.Hour + 90*time.Minute)
	k.tick()
	k.tick()
	k.fired(2)
	if want := time.Date(2026, 6, 11, 13, 0, 0, 0, time.UTC); !k.begun[0].DueAt.Equal(want) {
		t.Errorf("caught up for %s, want the latest, %s", k.begun[0].DueAt, want)
	}
	if want := time.Date(2026, 6, 11, 1, 0, 0, 0, time.UTC); !k.begun[1].DueAt.Equal(want) || !slices.Equal(k.begun[1].Exports, []int64{7}) {
		t.Errorf("caught up %+v, want export 7 for %s", k.begun[1], want)
	}
}

func TestTurningOnOrChangingFiresNothingThatLiesBefore(t *testing.T) {
	k := newKit(t)
	k.set(func(s *schedule.Settings) { s.Pattern = daily(11 * 60) })
	k.tick()
	k.fired(0)
	k.set(func(s *schedule.Settings) { s.Pattern = daily(11*60+59, 12*60) })
	k.tick()
	k.fired(0)
	k.set(func(s *schedule.Settings) { s.On = false })
	k.clock.Advance(48 * time.Hour)
	k.tick()
	k.on()
	k.tick()
	k.fired(0)
	k.clock.Advance(time.Hour)
	k.tick()
	k.fired(1)
}

func TestAChangeDoesNotLoseATimeThatWasDueUnderTheOldSettings(t *testing.T) {
	k := newKit(t)
	k.on()
	k.clock.Advance(time.Hour + 20*time.Second)
	k.set(func(s *schedule.Settings) { s.On = false })
	k.fired(1)
	k.tick()
	k.fired(1)
}

func TestExportsWithAScheduleOfTheirOwnRunWhileTheSystemsIsOffAndThoseDueTogetherAreOneChain(t *testing.T) {
	k := newKit(t)
	monday := export.Schedule{When: export.Weekly, Weekdays: []time.Weekday{time.Monday}, Time: 13 * 60}
	first := export.Schedule{When: export.Monthly, Day: 1, Time: 13 * 60}
	last := export.Schedule{When: export.Monthly, Day: calendar.LastDay, Time: 8 * 60}
	set := k.clock.Now()
	k.own = []export.Own{{ID: 1, Schedule: monday, SetAt: set}, {ID: 2, Schedule: first, SetAt: set}, {ID: 3, Schedule: last, SetAt: set}}
	k.clock.Advance(time.Hour)
	k.tick()
	k.tick()
	k.fired(1)
	if o := k.begun[0]; o.Cause != chain.OnExportSchedule || !slices.Equal(o.Exports, []int64{1, 2}) {
		t.Errorf("%+v", o)
	}
	k.clock.Advance(29*24*time.Hour - 5*time.Hour) // 30 June, 8:00: also Mondays came by
	k.tick()
	if o := k.begun[len(k.begun)-1]; !slices.Equal(o.Exports, []int64{3}) || o.DueAt.Day() != 30 {
		t.Errorf("%+v", o)
	}
}

func TestABlackoutPutsOffWhatIsDueToItsEnd(t *testing.T) {
	k := newKit(t)
	k.set(func(s *schedule.Settings) {
		s.Blackouts = calendar.Blackouts{Dates: []calendar.Dates{{First: "2026-06-01", Last: "2026-06-02"}}}
	})
	k.clock.Advance(24 * time.Hour)
	k.tick()
	k.fired(0)
	k.clock.Advance(12 * time.Hour)
	k.tick()
	k.tick()
	k.fired(1)
	if want := time.Date(2026, 6, 3, 0, 0, 0, 0, time.UTC); !k.begun[0].DueAt.Equal(want) {
		t.Errorf("due %s, want the end of the blackout, once: %s", k.begun[0].DueAt, want)
	}
}

func TestWhatIsOverdueIsNamedUntilItIsDealtWith(t *testing.T) {
	k := newKit(t)
	k.on()
	k.own = []export.Own{{ID: 7, Schedule: export.Schedule{When: export.Weekly, Weekdays: []time.Weekday{time.Monday}, Time: 14 * 60}, SetAt: k.clock.Now()}}
	due := func(want ...int64) {
		t.Helper()
		found, err := k.Due(t.Context(), k.db.Reader())
		var ids []int64
		for _, one := range found {
			ids = append(ids, one.ExportID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%v, %v: want %v", ids, err, want)
		}
	}
	due()
	k.clock.Advance(time.Hour)
	due(0)
	k.clock.Advance(time.Hour)
	due(0, 7)
	k.tick()
	due()
}

func TestOnlyAdministratorsMayLookAtTheScheduleOrChangeIt(t *testing.T) {
	k := newKit(t)
	for _, actor := range []access.Actor{k.Contributor, k.Viewer} {
		_, errGet := k.Get(t.Context(), actor)
		_, errSave := k.Save(t.Context(), actor, schedule.Settings{}, 1)
		for what, err := range map[string]error{"get": errGet, "save": errSave} {
			if !problem.Is(err, problem.NotPermitted) {
				t.Errorf("%s as %s: %v", what, actor.Role, err)
			}
		}
	}
}

func TestSettingsThatMakeNoScheduleAreRefusedFieldByField(t *testing.T) {
	k := newKit(t)
	good := schedule.Settings{On: true, Pattern: calendar.Pattern{Recurrence: calendar.Weekly, Weekdays: []time.Weekday{time.Monday}, Times: []calendar.Clock{60}}, Zone: "Europe/Copenhagen"}
	many := make([]calendar.Clock, calendar.MostTimes+1)
	for i := range many {
		many[i] = calendar.Clock(i)
	}
	tests := []struct {
		name   string
		change func(*schedule.Settings)
		field  string
		code   string
	}{
		{"an unknown recurrence", func(s *schedule.Settings) { s.Pattern.Recurrence = "hourly" }, "recurrence", "problem.choose"},
		{"weekly without a weekday", func(s *schedule.Settings) { s.Pattern.Weekdays = nil }, "weekday", calendar.CodeNoWeekday},
		{"an eighth weekday", func(s *schedule.Settings) { s.Pattern.Weekdays = []time.Weekday{7} }, "weekday", "problem.choose"},
		{"no time", func(s *schedule.Settings) { s.Pattern.Times = nil }, "time", calendar.CodeNoTime},
		{"more times than can be", func(s *schedule.Settings) { s.Pattern.Times = many }, "time", calendar.CodeManyTimes},
		{"a time after midnight", func(s *schedule.Settings) { s.Pattern.Times = []calendar.Clock{24 * 60} }, "time", calendar.CodeTime},
		{"the same time twice", func(s *schedule.Settings) { s.Pattern.Times = []calendar.Clock{60, 60} }, "time", calendar.CodeTwice},
		{"an unknown zone", func(s *schedule.Settings) { s.Zone = "Europe/Atlantis" }, "time_zone", calendar.CodeZone},
		{"no zone", func(s *schedule.Settings) { s.Zone = "" }, "time_zone", calendar.CodeZone},
		{"the machine's zone", func(s *schedule.Settings) { s.Zone = "Local" }, "time_zone", calendar.CodeZone},
		{"an unknown choice for sources that fail", func(s *schedule.Settings) { s.OnFailure = "panic" }, "on_failure", "problem.choose"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			settings := good
			test.change(&settings)
			_, err := k.Save(t.Context(), k.Administrator, settings, 1)
			p := problem.Of(err)
			if p == nil || p.Kind != problem.Invalid || len(p.Fields) != 1 || p.Fields[0].Name != test.field || p.Fields[0].Code != test.code {
				t.Errorf("%v", err)
			}
		})
	}
	saved, err := k.Save(t.Context(), k.Administrator, good, 1)
	if err != nil || saved.Version != 2 || saved.ChangedBy != "Ada Holm" || !slices.Equal(saved.Pattern.Weekdays, good.Pattern.Weekdays) || saved.OnFailure != schedule.GoOn {
		t.Fatalf("%+v %v", saved, err)
	}
	if _, err := k.Save(t.Context(), k.Administrator, good, 1); !problem.Is(err, problem.Conflict) {
		t.Errorf("saving over somebody else's change: %v", err)
	}
}

func TestNobodyIsToldOfAComingTimeWhileTheScheduleIsOff(t *testing.T) {
	k := newKit(t)
	if _, ok, err := k.NextRun(t.Context()); ok || err != nil {
		t.Errorf("off: %t %v", ok, err)
	}
	k.set(func(s *schedule.Settings) { s.Pattern = daily(18*60, 13*60) })
	times, err := k.Next(t.Context(), 3)
	if err != nil || len(times) != 3 || times[0].Hour() != 13 || times[1].Hour() != 18 || times[2].Day() != 2 {
		t.Errorf("%v %v", times, err)
	}
	if own, err := k.NextOf(t.Context(), export.Schedule{When: export.Off}, 3); err != nil || len(own) != 0 {
		t.Errorf("of an export that is off: %v, %v", own, err)
	}
}
