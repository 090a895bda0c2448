package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/testkit"
)

// kit is a schedule whose refreshes are written down instead of carried out. Its clock starts at noon, 1 June 2026, UTC.
type kit struct {
	*schedule.Service
	testkit.People
	t      *testing.T
	db     *database.DB
	clock  *testkit.Clock
	during func(context.Context) error // what calculating the segments does
	since  []time.Time                 // of each call for runs
	queued int                         // ticks

	sources source.Refreshed // how the sources end
	read    []time.Time      // of each call for sources
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
	k.Service = schedule.NewService(schedule.Dependencies{DB: k.db, Sources: k, Segments: k, Runs: k, Events: &event.Hub{}, Clock: k.clock.Now, Log: slog.New(slog.DiscardHandler)})
	k.SetQueue(k)
}

func (k *kit) RefreshScheduled(_ context.Context, since time.Time) (source.Refreshed, error) {
	k.read = append(k.read, since)
	return k.sources, nil
}

func (k *kit) CalculateAll(ctx context.Context) error {
	if k.during != nil {
		return k.during(ctx)
	}
	return nil
}

func (k *kit) List(context.Context, access.Actor, segment.Query) (segment.Page, error) {
	return segment.Page{Total: 7}, nil
}

func (k *kit) StartScheduled(_ context.Context, since time.Time) (started, passedOver int, err error) {
	k.since = append(k.since, since)
	return 3, 1, nil
}

func (k *kit) EnqueueTick(context.Context, database.Tx) error { k.queued++; return nil }

// set saves settings that are on, daily, in UTC unless changed.
func (k *kit) set(change func(*schedule.Settings)) schedule.Schedule {
	k.t.Helper()
	kept, err := k.Get(k.t.Context(), k.Administrator)
	if err != nil {
		k.t.Fatal(err)
	}
	settings := schedule.Settings{On: true, Recurrence: schedule.Daily, Times: []schedule.Clock{13 * 60}, Zone: "UTC"}
	change(&settings)
	saved, err := k.Save(k.t.Context(), k.Administrator, settings, kept.Version)
	if err != nil {
		k.t.Fatal(err)
	}
	return saved
}

func (k *kit) on() { k.t.Helper(); k.set(func(*schedule.Settings) {}) }

func (k *kit) tick() {
	k.t.Helper()
	if err := k.Tick(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) refreshes() []schedule.Refresh {
	k.t.Helper()
	found, err := k.Refreshes(k.t.Context(), k.Viewer, 100)
	if err != nil {
		k.t.Fatal(err)
	}
	return found
}

// fired fails the test unless there were so many refreshes.
func (k *kit) fired(want int) {
	k.t.Helper()
	if got := k.refreshes(); len(got) != want || len(k.since) != want {
		k.t.Fatalf("%d refreshes and %d calls for runs, want %d: %+v", len(got), len(k.since), want, got)
	}
}

func TestATimeThatCameDueFiresOnce(t *testing.T) {
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
	r := k.refreshes()[0]
	due := time.Date(2026, 6, 1, 13, 0, 0, 0, time.UTC)
	if r.State != schedule.Succeeded || r.Cause != schedule.OnSchedule || !r.DueAt.Equal(due) || r.Segments != 7 || r.RunsStarted != 3 || r.PassedOver != 1 || r.EndedAt.IsZero() {
		t.Errorf("recorded %+v", r)
	}
	k.clock.Advance(24 * time.Hour)
	k.tick()
	k.fired(2)
}

func TestTimesMissedWhileTheProgramWasOffAreCaughtUpOnce(t *testing.T) {
	k := newKit(t)
	k.on()
	k.clock.Advance(10*24*time.Hour + 90*time.Minute)
	k.tick()
	k.tick()
	k.fired(1)
	if want := time.Date(2026, 6, 11, 13, 0, 0, 0, time.UTC); !k.refreshes()[0].DueAt.Equal(want) {
		t.Errorf("caught up for %s, want the latest, %s", k.refreshes()[0].DueAt, want)
	}
}

func TestTurningOnOrChangingFiresNothingThatLiesBefore(t *testing.T) {
	k := newKit(t)
	k.set(func(s *schedule.Settings) { s.Times = []schedule.Clock{11 * 60} })
	k.tick()
	k.fired(0)
	k.set(func(s *schedule.Settings) { s.Times = []schedule.Clock{11*60 + 59, 12 * 60} })
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
	if k.queued != 1 {
		t.Errorf("%d ticks queued, want 1", k.queued)
	}
	k.tick()
	k.fired(1)
}

func TestASecondTimeDueWhileARefreshIsUnderWayStartsNoSecond(t *testing.T) {
	k := newKit(t)
	k.set(func(s *schedule.Settings) { s.Times = []schedule.Clock{13 * 60, 14 * 60} })
	k.clock.Advance(time.Hour)
	calculated := 0
	k.during = func(ctx context.Context) error {
		calculated++
		k.clock.Advance(time.Hour)
		if err := k.RefreshNow(ctx, k.Administrator); !problem.Is(err, problem.Conflict) {
			t.Errorf("refresh on demand meanwhile: %v", err)
		}
		return k.Tick(ctx)
	}
	k.tick()
	k.during = nil
	k.tick()
	found := k.refreshes()
	if calculated != 1 || len(k.since) != 1 || len(found) != 2 || found[0].State != schedule.Skipped || found[1].State != schedule.Succeeded {
		t.Errorf("calculated %d times: %+v", calculated, found)
	}
}

func TestARefreshThatWasBrokenOffGoesOnWithTheSameStart(t *testing.T) {
	k := newKit(t)
	k.on()
	k.clock.Advance(time.Hour)
	killed, kill := context.WithCancel(t.Context())
	k.during = func(ctx context.Context) error { kill(); return ctx.Err() }
	if err := k.Tick(killed); !errors.Is(err, context.Canceled) {
		t.Fatalf("broken off: %v", err)
	}
	if r := k.refreshes()[0]; r.State != schedule.Running {
		t.Fatalf("left as %+v", r)
	}
	began := k.clock.Now()
	k.during = nil
	k.clock.Advance(10 * time.Minute)
	k.restart()
	k.tick()
	k.fired(1)
	if r := k.refreshes()[0]; r.State != schedule.Succeeded || !r.StartedAt.Equal(began) || !k.since[0].Equal(began) {
		t.Errorf("ended as %+v, runs asked for since %s", r, k.since[0])
	}
}

func TestARefreshThatFailsIsTriedThreeTimes(t *testing.T) {
	k := newKit(t)
	if err := k.RefreshNow(t.Context(), k.Administrator); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk full")
	k.during = func(context.Context) error { return broken }
	for i, want := range []schedule.State{schedule.Queued, schedule.Queued, schedule.Failed} {
		if err := k.Tick(t.Context()); !errors.Is(err, broken) {
			t.Fatalf("try %d: %v", i+1, err)
		}
		if r := k.refreshes()[0]; r.State != want {
			t.Fatalf("after try %d: %+v", i+1, r)
		}
	}
	k.tick()
	if r := k.refreshes()[0]; r.Tries != 3 || r.ErrorCode != schedule.CodeInternal || r.RequestedBy != "Ada Holm" {
		t.Errorf("ended as %+v", r)
	}
}

func TestOnlyAdministratorsMayChangeOrRefresh(t *testing.T) {
	k := newKit(t)
	for _, actor := range []access.Actor{k.Contributor, k.Viewer} {
		_, errGet := k.Get(t.Context(), actor)
		_, errSave := k.Save(t.Context(), actor, schedule.Settings{}, 1)
		for what, err := range map[string]error{"get": errGet, "save": errSave, "refresh": k.RefreshNow(t.Context(), actor)} {
			if !problem.Is(err, problem.NotPermitted) {
				t.Errorf("%s as %s: %v", what, actor.Role, err)
			}
		}
	}
	if _, err := k.Refreshes(t.Context(), access.Actor{}, 1); !problem.Is(err, problem.SignedOut) {
		t.Errorf("refreshes, signed out: %v", err)
	}
}

func TestSettingsThatMakeNoScheduleAreRefusedFieldByField(t *testing.T) {
	k := newKit(t)
	good := schedule.Settings{On: true, Recurrence: schedule.Weekly, Weekdays: []time.Weekday{time.Monday}, Times: []schedule.Clock{60}, Zone: "Europe/Copenhagen"}
	tests := []struct {
		name   string
		change func(*schedule.Settings)
		field  string
		code   string
	}{
		{"an unknown recurrence", func(s *schedule.Settings) { s.Recurrence = "hourly" }, "recurrence", "problem.choose"},
		{"weekly without a weekday", func(s *schedule.Settings) { s.Weekdays = nil }, "weekday", schedule.CodeNoWeekday},
		{"an eighth weekday", func(s *schedule.Settings) { s.Weekdays = []time.Weekday{7} }, "weekday", "problem.choose"},
		{"no time", func(s *schedule.Settings) { s.Times = nil }, "time", schedule.CodeNoTime},
		{"five times", func(s *schedule.Settings) { s.Times = []schedule.Clock{1, 2, 3, 4, 5} }, "time", schedule.CodeManyTimes},
		{"a time after midnight", func(s *schedule.Settings) { s.Times = []schedule.Clock{24 * 60} }, "time", schedule.CodeTime},
		{"the same time twice", func(s *schedule.Settings) { s.Times = []schedule.Clock{60, 60} }, "time", schedule.CodeTwice},
		{"an unknown zone", func(s *schedule.Settings) { s.Zone = "Europe/Atlantis" }, "time_zone", schedule.CodeZone},
		{"no zone", func(s *schedule.Settings) { s.Zone = "" }, "time_zone", schedule.CodeZone},
		{"the machine's zone", func(s *schedule.Settings) { s.Zone = "Local" }, "time_zone", schedule.CodeZone},
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
	if err != nil || saved.Version != 2 || saved.ChangedBy != "Ada Holm" || !slices.Equal(saved.Weekdays, good.Weekdays) {
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
	k.set(func(s *schedule.Settings) { s.Times = []schedule.Clock{18 * 60, 13 * 60} })
	times, err := k.Next(t.Context(), 3)
	if err != nil || len(times) != 3 || times[0].Hour() != 13 || times[1].Hour() != 18 || times[2].Day() != 2 {
		t.Errorf("%v %v", times, err)
	}
}

func TestASourceThatFailsOrAsksKeepsNothingBackAndIsNamed(t *testing.T) {
	k := newKit(t)
	k.on()
	k.sources = source.Refreshed{Done: 2, Failed: []string{"Shop"}, Asking: []string{"Club"}}
	k.clock.Advance(time.Hour)
	k.tick()
	k.fired(1)
	r := k.refreshes()[0]
	if r.State != schedule.Succeeded || r.Segments != 7 || r.RunsStarted != 3 {
		t.Errorf("%+v", r)
	}
	if r.Sources.Done != 2 || !slices.Equal(r.Sources.Failed, []string{"Shop"}) || !slices.Equal(r.Sources.Asking, []string{"Club"}) {
		t.Errorf("sources %+v", r.Sources)
	}
}

func TestARefreshThatWasBrokenOffReadsSourcesSinceItsBeginning(t *testing.T) {
	k := newKit(t)
	k.on()
	k.clock.Advance(time.Hour)
	began := k.clock.Now()
	k.during = func(context.Context) error { return errors.New("no memory") }
	_ = k.Tick(t.Context())
	k.clock.Advance(time.Minute)
	k.during = nil
	k.tick()
	if len(k.read) != 2 || !k.read[0].Equal(began) || !k.read[1].Equal(began) {
		t.Errorf("read since %v, want twice %v", k.read, began)
	}
}
