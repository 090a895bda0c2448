package calendar

import (
	"slices"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// Recurrence says on which days.
type Recurrence string

// The recurrences.
const (
	Daily   Recurrence = "daily"
	Weekly  Recurrence = "weekly"
	Monthly Recurrence = "monthly"
)

// MostTimes is how many times a day something may be due.
const MostTimes = 12

// LastDay is the last day of every month. So is any day of the month that a month does not have.
const LastDay = 32

// Pattern is on which days, and when on those.
type Pattern struct {
	Recurrence Recurrence     `json:"recurrence"`
	Weekdays   []time.Weekday `json:"weekdays,omitempty"`  // of a weekly one
	MonthDay   int            `json:"month_day,omitempty"` // of a monthly one: 1 to 31, or LastDay
	Times      []Clock        `json:"times"`               // in the zone's local time
}

// on reports whether something is due on a day.
func (p Pattern) on(day time.Time) bool {
	switch p.Recurrence {
	case Weekly:
		return slices.Contains(p.Weekdays, day.Weekday())
	case Monthly:
		end := time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day()
		return day.Day() == min(p.MonthDay, end)
	}
	return true
}

// Codes of what can be wrong with a pattern or with blackouts.
const (
	CodeNoWeekday = "schedule.problem.no_weekday"
	CodeMonthDay  = "schedule.problem.month_day"
	CodeTime      = "schedule.problem.time"
	CodeNoTime    = "schedule.problem.no_time"
	CodeManyTimes = "schedule.problem.many_times" // names Most
	CodeTwice     = "schedule.problem.twice"
	CodeZone      = "schedule.problem.zone"
)

// Checked holds a pattern to its rules and puts it in order. The fields are recurrence, weekday, month_day and time.
func (p Pattern) Checked(check *problem.Check) Pattern {
	check.Require(slices.Contains([]Recurrence{Daily, Weekly, Monthly}, p.Recurrence), "recurrence", "problem.choose")
	p.Weekdays = ordered(check, "weekday", p.Weekdays)
	check.Require(p.Recurrence != Weekly || len(p.Weekdays) > 0, "weekday", CodeNoWeekday)
	check.Require(p.Recurrence != Monthly || p.MonthDay >= 1 && p.MonthDay <= LastDay, "month_day", CodeMonthDay)
	p.Times = slices.Sorted(slices.Values(p.Times))
	switch {
	case len(p.Times) == 0:
		check.Add("time", CodeNoTime)
	case len(p.Times) > MostTimes:
		check.Add("time", CodeManyTimes, "Most", MostTimes)
	case !p.Times[0].valid() || !p.Times[len(p.Times)-1].valid():
		check.Add("time", CodeTime)
	case len(slices.Compact(slices.Clone(p.Times))) < len(p.Times):
		check.Add("time", CodeTwice)
	}
	return p
}

// ordered puts weekdays in the order of the week, each once.
func ordered(check *problem.Check, field string, days []time.Weekday) []time.Weekday {
	days = slices.Clone(days)
	slices.SortFunc(days, func(a, b time.Weekday) int { return mondayFirst(a) - mondayFirst(b) })
	known := !slices.ContainsFunc(days, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday })
	check.Require(known, field, "problem.choose")
	return slices.Compact(days)
}

func mondayFirst(d time.Weekday) int { return (int(d) + 6) % 7 }
