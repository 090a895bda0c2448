package calendar

import (
	"slices"
	"strconv"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// Blackouts are when nothing that recurs begins: at hours that come again every week, and on dates.
type Blackouts struct {
	Hours []Hours `json:"hours,omitempty"`
	Dates []Dates `json:"dates,omitempty"`
}

// Hours are from a time of day up to another, which lies on the next day when it is not later.
type Hours struct {
	Weekdays []time.Weekday `json:"weekdays,omitempty"` // on which they begin; none: every day
	From     Clock          `json:"from"`
	To       Clock          `json:"to"`
}

// minutes is how long they last.
func (h Hours) minutes() int {
	if h.To <= h.From {
		return int(h.To) + dayMinutes - int(h.From)
	}
	return int(h.To - h.From)
}

func (h Hours) on(day time.Weekday) bool {
	return len(h.Weekdays) == 0 || slices.Contains(h.Weekdays, day)
}

// Dates are whole days, from the first to the last.
type Dates struct {
	First Date `json:"first"`
	Last  Date `json:"last"`
}

// Date is a day as fields of forms write it: "2026-11-27".
type Date string

func (d Date) day() (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return t, err == nil
}

// How many blackouts there may be, and how long one of dates may last.
const (
	MostBlackouts = 20 // of each kind
	MostDays      = 366
)

// Codes of what can be wrong with blackouts.
const (
	CodeManyBlackouts = "schedule.problem.many_blackouts" // names Most
	CodeHours         = "schedule.problem.hours"
	CodeDates         = "schedule.problem.dates"
	CodeDatesOrder    = "schedule.problem.dates_order"
	CodeDatesLong     = "schedule.problem.dates_long" // names Most
	CodeAlways        = "schedule.problem.always_black"
)

// Checked holds blackouts to their rules. The fields are hours.0, hours.1, … and dates.0, dates.1, …
func (b Blackouts) Checked(check *problem.Check) Blackouts {
	checked := Blackouts{Hours: slices.Clone(b.Hours), Dates: slices.Clone(b.Dates)}
	check.Require(len(b.Hours) <= MostBlackouts, "hours", CodeManyBlackouts, "Most", MostBlackouts)
	check.Require(len(b.Dates) <= MostBlackouts, "dates", CodeManyBlackouts, "Most", MostBlackouts)
	for i, h := range b.Hours {
		field := "hours." + strconv.Itoa(i)
		checked.Hours[i].Weekdays = ordered(check, field, h.Weekdays)
		check.Require(h.From.valid() && h.To.valid(), field, CodeHours)
	}
	for i, d := range b.Dates {
		field := "dates." + strconv.Itoa(i)
		first, okFirst := d.First.day()
		last, okLast := d.Last.day()
		switch {
		case !okFirst || !okLast:
			check.Add(field, CodeDates)
		case last.Before(first):
			check.Add(field, CodeDatesOrder)
		case last.Sub(first) >= MostDays*24*time.Hour:
			check.Add(field, CodeDatesLong, "Most", MostDays)
		}
	}
	if check.Err() == nil {
		check.Require(!b.always(), "hours", CodeAlways)
	}
	return checked
}

// always reports whether hours leave no minute of a week.
func (b Blackouts) always() bool {
	var black [7 * dayMinutes]bool
	for _, h := range b.Hours {
		for day := range 7 {
			if !h.on(time.Weekday(day)) {
				continue
			}
			for n := range h.minutes() {
				black[(day*dayMinutes+int(h.From)+n)%len(black)] = true
			}
		}
	}
	return !slices.Contains(black[:], false)
}

// Blackout is from when to when a blackout lasts into which t falls. Those that overlap or touch are one.
func (c Calendar) Blackout(t time.Time) (start, end time.Time, ok bool) {
	start, end, ok = t, t, true
	for first := true; ok; first = false {
		ok = c.each(end, func(from, to time.Time) bool {
			if from.After(end) || !to.After(end) {
				return false
			}
			if first || from.Before(start) {
				start = from
			}
			end = to
			return true
		})
		if first && !ok {
			return t, t, false
		}
	}
	for more := true; more; {
		more = c.each(start, func(from, to time.Time) bool {
			if !from.Before(start) || to.Before(start) {
				return false
			}
			start = from
			return true
		})
	}
	return start, end, true
}

// each visits the blackouts around a moment, until one is what the visitor looks for. They last for a day at most, and begin
// or end on a day that another zone calls the one before or after.
func (c Calendar) each(t time.Time, visit func(from, to time.Time) bool) bool {
	for _, d := range c.blackouts.Dates {
		first, okFirst := d.First.day()
		last, okLast := d.Last.day()
		if !okFirst || !okLast {
			continue
		}
		from, _ := shown(first.Year(), first.Month(), first.Day(), 0, c.zone)
		to, _ := shown(last.Year(), last.Month(), last.Day()+1, 0, c.zone)
		if visit(from, to) {
			return true
		}
	}
	year, month, day := t.In(c.zone).Date()
	for offset := -3; offset <= 2; offset++ {
		weekday := time.Date(year, month, day+offset, 12, 0, 0, 0, time.UTC).Weekday()
		for _, h := range c.blackouts.Hours {
			if !h.on(weekday) {
				continue
			}
			ends := day + offset
			if h.To <= h.From {
				ends++
			}
			from, _ := shown(year, month, day+offset, h.From, c.zone)
			_, to := shown(year, month, ends, h.To, c.zone) // while the clocks show it a second time it lasts
			if from.Before(to) && visit(from, to) {
				return true
			}
		}
	}
	return false
}
