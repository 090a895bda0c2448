package blueprint

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/export"
)

// Schedule is when an export runs by itself. It is written as "with_system" or "on_demand", or as days of its own:
// {weekly: [monday], at: "06:00"}, {monthly: 1, at: "06:00"}, {monthly: last, at: "06:00"}. What a schedule of its own does not
// use is not written.
type Schedule struct{ export.Schedule }

// The schedules that are a word.
const (
	withSystem = "with_system"
	onDemand   = "on_demand"
	lastDay    = "last"
)

// ownTimes is how a schedule of an export's own is written.
type ownTimes struct {
	Weekly  []string `json:"weekly,omitempty"`
	Monthly any      `json:"monthly,omitempty"` // text when it is read; a number or "last" when it is written
	At      string   `json:"at"`
}

// MarshalJSON writes it.
func (s Schedule) MarshalJSON() ([]byte, error) {
	own := ownTimes{At: s.Time.String()}
	switch s.When {
	case export.Weekly:
		for _, day := range s.Weekdays {
			own.Weekly = append(own.Weekly, strings.ToLower(day.String()))
		}
	case export.Monthly:
		if own.Monthly = s.Day; s.Day == calendar.LastDay {
			own.Monthly = lastDay
		}
	case export.Off:
		return json.Marshal(onDemand)
	default:
		return json.Marshal(withSystem)
	}
	return json.Marshal(own)
}

// UnmarshalJSON reads what fits was asked about before.
func (s *Schedule) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "null", `"` + withSystem + `"`:
		s.When = export.WithSystem
		return nil
	case `"` + onDemand + `"`:
		s.When = export.Off
		return nil
	}
	var own ownTimes
	if err := json.Unmarshal(text, &own); err != nil {
		return err
	}
	s.Time, _ = calendar.ParseClock(own.At)
	if day, monthly := own.Monthly.(string); monthly {
		s.When, s.Day = export.Monthly, monthDay(day)
		return nil
	}
	s.When = export.Weekly
	for _, day := range weekdays { // in their order, each once
		if slices.Contains(own.Weekly, strings.ToLower(day.String())) {
			s.Weekdays = append(s.Weekdays, day)
		}
	}
	return nil
}

// weekdays are in the order in which schedules keep them.
var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func isWeekday(name string) bool {
	return slices.ContainsFunc(weekdays, func(day time.Weekday) bool { return strings.ToLower(day.String()) == name })
}

// monthDay reads a day of the month; 0: it is none.
func monthDay(text string) int {
	if text == lastDay {
		return calendar.LastDay
	}
	if day, err := strconv.Atoi(text); err == nil && day >= 1 && day < calendar.LastDay {
		return day
	}
	return 0
}

func isClock(text string) bool {
	clock, ok := calendar.ParseClock(text)
	return ok && clock.String() == text
}

// on is the schedule for an export that had another: what this one does not use stays as it was.
func (s Schedule) on(before export.Schedule) export.Schedule {
	switch before.When = s.When; s.When {
	case export.Weekly:
		before.Weekdays, before.Time = s.Weekdays, s.Time
	case export.Monthly:
		before.Day, before.Time = s.Day, s.Time
	}
	return before
}
