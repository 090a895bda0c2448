package calendar

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/problem"
)

// FuzzFields holds that whatever is typed into the fields of a schedule is a time of a day, weekdays once each, and blackouts that end,
// or is refused.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{"08:30", "24:00", "-1:00", "8", "08:60", "٠٨:٣٠", "99999999999:1", ""} {
		f.Add(seed, "1", "2026-02-30", "2026-03-01", "Europe/Copenhagen", 31)
	}
	f.Fuzz(func(t *testing.T, clock, weekday, from, to, zone string, monthDay int) {
		at, ok := ParseClock(clock)
		if ok && !at.valid() {
			t.Fatalf("%q is %d minutes", clock, at)
		}
		days := FieldWeekdays([]string{weekday, weekday, "3"})
		var check problem.Check
		pattern := Pattern{Recurrence: Weekly, Weekdays: days, MonthDay: monthDay, Times: []Clock{FieldClock(clock)}}.Checked(&check)
		blackouts := Blackouts{Hours: []Hours{{Weekdays: days, From: FieldClock(clock), To: FieldClock(weekday)}}, Dates: []Dates{{First: Date(from), Last: Date(to)}}}.Checked(&check)
		place, err := Zone(zone)
		if check.Err() != nil || err != nil {
			return
		}
		for _, day := range pattern.Weekdays {
			if day < time.Sunday || day > time.Saturday {
				t.Fatalf("%q is day %d", weekday, day)
			}
		}
		now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		if next, ok := New(pattern, place, blackouts).Next(now); ok && !next.After(now) {
			t.Fatalf("the time after %v is %v", now, next)
		}
	})
}
