// Package schedule owns the one schedule of the system and the refreshes that it sets off: when they are due, that each
// happens once, and how it went. What a refresh does (segments calculated, exports run) is done by the packages of those words.
package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/source"
)

// Recurrence says on which days.
type Recurrence string

// The recurrences.
const (
	Daily  Recurrence = "daily"
	Weekly Recurrence = "weekly"
)

// MostTimes is how many times a day a refresh may be set for.
const MostTimes = 4

// Clock is a time of day: minutes after midnight.
type Clock int

// ParseClock reads "06:30", and "6.30" as people also write it.
func ParseClock(text string) (Clock, bool) {
	text = strings.Replace(strings.TrimSpace(text), ".", ":", 1)
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, false
	}
	return Clock(t.Hour()*60 + t.Minute()), true
}

// String writes it as fields of forms take it: "06:30".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// Settings are what an administrator chooses.
type Settings struct {
	On         bool
	Recurrence Recurrence
	Weekdays   []time.Weekday // of a weekly recurrence
	Times      []Clock        // in the zone's local time
	Zone       string         // IANA name
}

// Schedule is the settings with their history.
type Schedule struct {
	Settings
	Version   int // for optimistic locking
	ChangedAt time.Time
	ChangedBy string
	LastDue   time.Time // the latest time that was dealt with; zero: none yet
	LastFired time.Time // when that was
}

// Codes of what can be wrong with settings.
const (
	CodeNoWeekday  = "schedule.problem.no_weekday"
	CodeTime       = "schedule.problem.time"
	CodeNoTime     = "schedule.problem.no_time"
	CodeManyTimes  = "schedule.problem.many_times" // names Most
	CodeTwice      = "schedule.problem.twice"
	CodeZone       = "schedule.problem.zone"
	CodeUnderWay   = "schedule.problem.under_way"
	CodeInternal   = "schedule.error.internal"
	CodeStillGoing = "schedule.error.still_going"
)

// check holds the settings to their rules and puts them in order.
func (s Settings) check() (Settings, error) {
	var check problem.Check
	check.Require(s.Recurrence == Daily || s.Recurrence == Weekly, "recurrence", "problem.choose")
	s.Weekdays = slices.Clone(s.Weekdays)
	slices.SortFunc(s.Weekdays, func(a, b time.Weekday) int { return mondayFirst(a) - mondayFirst(b) })
	s.Weekdays = slices.Compact(s.Weekdays)
	known := !slices.ContainsFunc(s.Weekdays, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday })
	check.Require(known, "weekday", "problem.choose")
	check.Require(s.Recurrence != Weekly || len(s.Weekdays) > 0, "weekday", CodeNoWeekday)
	s.Times = slices.Sorted(slices.Values(s.Times))
	switch {
	case len(s.Times) == 0:
		check.Add("time", CodeNoTime)
	case len(s.Times) > MostTimes:
		check.Add("time", CodeManyTimes, "Most", MostTimes)
	case s.Times[0] < 0 || s.Times[len(s.Times)-1] >= 24*60:
		check.Add("time", CodeTime)
	case len(slices.Compact(slices.Clone(s.Times))) < len(s.Times):
		check.Add("time", CodeTwice)
	}
	if _, err := s.location(); err != nil {
		check.Add("time_zone", CodeZone)
	}
	return s, check.Err()
}

func mondayFirst(d time.Weekday) int { return (int(d) + 6) % 7 }

// location is the zone. "" and "Local" would mean whatever the machine is set to.
func (s Settings) location() (*time.Location, error) {
	if s.Zone == "" || s.Zone == "Local" {
		return nil, fmt.Errorf("no time zone %q", s.Zone)
	}
	return time.LoadLocation(s.Zone)
}

// State of a refresh.
type State string

// The states.
const (
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Skipped   State = "skipped" // the one before was still under way
)

// Active reports whether the refresh waits or is under way.
func (s State) Active() bool { return s == Queued || s == Running }

// Cause is why there was a refresh.
type Cause string

// The causes.
const (
	OnSchedule Cause = "schedule"
	OnDemand   Cause = "demand"
)

// Refresh is one time that sources were read, segments calculated and scheduled exports run.
type Refresh struct {
	ID          int64
	Cause       Cause
	RequestedBy string // "" for the schedule
	DueAt       time.Time
	StartedAt   time.Time
	EndedAt     time.Time
	State       State
	Tries       int
	Sources     source.Refreshed
	Segments    int // calculated
	RunsStarted int
	PassedOver  int // exports that could not run, or were running already
	ErrorCode   string
}
