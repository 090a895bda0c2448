package schedule

import (
	"slices"
	"time"
)

// calendar is settings made ready to be asked for times.
type calendar struct {
	Settings
	zone *time.Location
}

func (s Settings) calendar() (calendar, error) {
	zone, err := s.location()
	return calendar{s, zone}, err
}

// A week and a day on each side: a weekly time is never further away, and a day may begin or end elsewhere in UTC.
const reach = 9

// next is the first time after t. There is always one when the settings are in order.
func (c calendar) next(t time.Time) (time.Time, bool) {
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

// latest is the last time not after t.
func (c calendar) latest(t time.Time) (time.Time, bool) {
	year, month, day := t.In(c.zone).Date()
	for offset := 1; offset >= -reach; offset-- {
		for _, due := range slices.Backward(c.onDay(year, month, day+offset)) {
			if !due.After(t) {
				return due, true
			}
		}
	}
	return time.Time{}, false
}

// onDay lists the times of one day in order. The day may lie outside the month.
func (c calendar) onDay(year int, month time.Month, day int) []time.Time {
	weekday := time.Date(year, month, day, 12, 0, 0, 0, time.UTC).Weekday()
	if c.Recurrence == Weekly && !slices.Contains(c.Weekdays, weekday) {
		return nil
	}
	times := make([]time.Time, 0, len(c.Times))
	for _, clock := range c.Times {
		times = append(times, instant(year, month, day, clock, c.zone))
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// instant is when a zone's clocks show that time on that day. A time that they show twice, because they are set back, is
// meant the first time; one that they skip, because they are set forward, is the moment right after the gap.
func instant(year int, month time.Month, day int, clock Clock, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, int(clock), 0, 0, zone)
	shown, wanted := wall(t), time.Date(year, month, day, 0, int(clock), 0, 0, time.UTC)
	start, end := t.ZoneBounds()
	switch {
	case shown.After(wanted): // in a gap, counted from before it
		return start.UTC()
	case shown.Before(wanted): // in a gap, counted from after it
		return end.UTC()
	}
	if !start.IsZero() {
		_, now := t.Zone()
		_, before := start.Add(-time.Second).Zone()
		if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(start) {
			return earlier.UTC()
		}
	}
	return t.UTC()
}

// wall is what the clocks of t's zone show at t, as if it were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
