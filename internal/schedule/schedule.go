// Package schedule owns when something is done by itself: the schedule of the system, that its times and those of exports with a
// schedule of their own are dealt with once each, and what is overdue. What is done then is package chain's.
package schedule

import (
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/problem"
)

// OnFailure says what becomes of what depends on a source that was not read.
type OnFailure string

// The choices.
const (
	GoOn OnFailure = "go_on" // with the profiles as they were
	Skip OnFailure = "skip"
)

// Settings are what an administrator chooses.
type Settings struct {
	On        bool               `json:"on"`
	Pattern   calendar.Pattern   `json:"pattern"`
	Zone      string             `json:"zone"`      // IANA name
	Blackouts calendar.Blackouts `json:"blackouts"` // also for exports with a schedule of their own
	OnFailure OnFailure          `json:"on_failure"`
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

// checked holds the settings to their rules and puts them in order.
func (s Settings) checked() (Settings, error) {
	var check problem.Check
	s.Pattern = s.Pattern.Checked(&check)
	if _, err := calendar.Zone(s.Zone); err != nil {
		check.Add("time_zone", calendar.CodeZone)
	}
	s.Blackouts = s.Blackouts.Checked(&check)
	if s.OnFailure == "" {
		s.OnFailure = GoOn
	}
	check.Require(s.OnFailure == GoOn || s.OnFailure == Skip, "on_failure", "problem.choose")
	return s, check.Err()
}

// calendar is when something with a pattern is due: in the system's zone, and not in its blackouts.
func (s Settings) calendar(pattern calendar.Pattern) (calendar.Calendar, error) {
	zone, err := calendar.Zone(s.Zone)
	return calendar.New(pattern, zone, s.Blackouts), err
}
