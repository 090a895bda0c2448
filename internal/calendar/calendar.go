// Package calendar says when something that recurs is due: daily, on weekdays or on a day of the month, at times that the
// clocks of a zone show, and not while a blackout lasts. It is pure: it knows no clock, no database, and nothing of what is due.
package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

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

func (c Clock) valid() bool { return c >= 0 && c < dayMinutes }

const dayMinutes = 24 * 60

// Zone is the time zone of an IANA name. "" and "Local" would mean whatever the machine is set to, and are none.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("no time zone %q", name)
	}
	return time.LoadLocation(name)
}

// Calendar is a pattern in a zone, with its blackouts, ready to be asked.
type Calendar struct {
	pattern   Pattern
	blackouts Blackouts
	zone      *time.Location
}

// New makes a calendar of a pattern and of blackouts that were checked.
func New(pattern Pattern, zone *time.Location, blackouts Blackouts) Calendar {
	return Calendar{pattern, blackouts, zone}
}

// reach is how many days away the next or latest time of a pattern may be: a day of the month, and a day on each side, since a
// day may begin or end elsewhere in UTC.
const reach = 33

// Next is the first time after t. There is always one when the pattern is in order.
//
// What falls into a blackout comes at its end. Blackouts that overlap or touch are one, so later times never come before
// earlier ones, and all that fall into one come as one.
func (c Calendar) Next(t time.Time) (time.Time, bool) {
	if start, end, black := c.Blackout(t); black {
		if due, ok := c.planned(start.Add(-1)); ok && due.Before(end) {
			return end, true
		}
		t = end.Add(-1)
	}
	due, ok := c.planned(t)
	return c.moved(due), ok
}

// Latest is the last time not after t.
func (c Calendar) Latest(t time.Time) (time.Time, bool) {
	if start, _, black := c.Blackout(t); black {
		t = start.Add(-1)
	}
	year, month, day := t.In(c.zone).Date()
	for offset := 1; offset >= -reach; offset-- {
		for _, due := range slices.Backward(c.onDay(year, month, day+offset)) {
			if !due.After(t) {
				return c.moved(due), true
			}
		}
	}
	return time.Time{}, false
}

// Coming lists the n times after t.
func (c Calendar) Coming(t time.Time, n int) (times []time.Time) {
	for len(times) < n {
		due, ok := c.Next(t)
		if !ok {
			break
		}
		times, t = append(times, due), due
	}
	return times
}

// planned is the first time after t, were there no blackouts.
func (c Calendar) planned(t time.Time) (time.Time, bool) {
	year, month, day := t.In(c.zone).Date()
	for offset := -1; offset <= reach; offset++ {
		for _, due := range c.onDay(year, month, day+offset) {
			if due.After(t) {
				return due, true
			}
		}
	}
	return time.Time{}, false
}

func (c Calendar) moved(due time.Time) time.Time {
	if _, end, black := c.Blackout(due); black {
		return end
	}
	return due
}

// onDay lists the times of one day in order. The day may lie outside the month.
func (c Calendar) onDay(year int, month time.Month, day int) []time.Time {
	if !c.pattern.on(time.Date(year, month, day, 12, 0, 0, 0, time.UTC)) {
		return nil
	}
	times := make([]time.Time, 0, len(c.pattern.Times))
	for _, clock := range c.pattern.Times {
		first, _ := shown(year, month, day, clock, c.zone)
		times = append(times, first)
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// shown is when a zone's clocks show that time on that day, the first and the last time, which differ when they are set back
// in between. A time that they skip, because they are set forward, is the moment right after the gap.
func shown(year int, month time.Month, day int, clock Clock, zone *time.Location) (first, last time.Time) {
	t := time.Date(year, month, day, 0, int(clock), 0, 0, zone)
	shown, wanted := wall(t), time.Date(year, month, day, 0, int(clock), 0, 0, time.UTC)
	start, end := t.ZoneBounds()
	switch {
	case shown.After(wanted): // in a gap, counted from before it
		return start.UTC(), start.UTC()
	case shown.Before(wanted): // in a gap, counted from after it
		return end.UTC(), end.UTC()
	}
	first, last = t.UTC(), t.UTC()
	_, now := t.Zone()
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(start) {
			first = earlier.UTC()
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if later := t.Add(time.Duration(now-after) * time.Second); !later.Before(end) {
			last = later.UTC()
		}
	}
	return first, last
}

// wall is what the clocks of t's zone show at t, as if it were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
