package calendar

import (
	"slices"
	"testing"
	"time"

	_ "time/tzdata" // the zones are the same on every machine

	"github.com/segue-app/segue/internal/problem"

	"pgregory.net/rapid"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestTheComingTimesAreThoseThatTheClocksOfTheZoneShow(t *testing.T) {
	const copenhagen = "Europe/Copenhagen"
	weekly := func(days ...time.Weekday) []time.Weekday { return days }
	tests := []struct {
		name     string
		weekdays []time.Weekday // none: daily
		times    []string
		zone     string
		after    string
		want     []string
	}{
		{"a time later today", nil, []string{"06:00"}, copenhagen, "2026-01-10T04:59:59Z", []string{"2026-01-10T05:00:00Z", "2026-01-11T05:00:00Z"}},
		{"never the moment itself", nil, []string{"06:00"}, copenhagen, "2026-01-10T05:00:00Z", []string{"2026-01-11T05:00:00Z"}},
		{"several times a day, in order however they are given", nil, []string{"18:30", "06:00", "12:15"}, copenhagen, "2026-07-01T05:00:00Z",
			[]string{"2026-07-01T10:15:00Z", "2026-07-01T16:30:00Z", "2026-07-02T04:00:00Z"}},
		{"the same hour of the day across the start of summer time", nil, []string{"06:00"}, copenhagen, "2026-03-28T06:00:00Z",
			[]string{"2026-03-29T04:00:00Z", "2026-03-30T04:00:00Z"}},
		{"a time that is skipped in spring comes right after the gap", nil, []string{"02:30"}, copenhagen, "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"a time at the beginning of the gap comes right after it too", nil, []string{"02:00"}, copenhagen, "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
		{"two times that fall on one moment come once", nil, []string{"02:30", "03:00"}, copenhagen, "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-30T01:00:00Z"}},
		{"a time that is shown twice in autumn comes once, the first time", nil, []string{"02:30"}, copenhagen, "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"and not again when asked between the two", nil, []string{"02:30"}, copenhagen, "2026-10-25T00:45:00Z", []string{"2026-10-26T01:30:00Z"}},
		{"the end of the hour that is shown twice is only shown once", nil, []string{"03:00"}, copenhagen, "2026-10-24T12:00:00Z", []string{"2026-10-25T02:00:00Z"}},
		{"a weekday is the zone's, not that of UTC", weekly(time.Monday), []string{"00:30"}, copenhagen, "2026-06-01T00:00:00Z",
			[]string{"2026-06-07T22:30:00Z", "2026-06-14T22:30:00Z"}},
		{"several weekdays", weekly(time.Monday, time.Thursday), []string{"07:00"}, "UTC", "2026-06-01T07:00:00Z",
			[]string{"2026-06-04T07:00:00Z", "2026-06-08T07:00:00Z"}},
		{"a week ahead when today's time has passed", weekly(time.Wednesday), []string{"07:00"}, "UTC", "2026-06-03T07:00:01Z", []string{"2026-06-10T07:00:00Z"}},
		{"over the end of the year", weekly(time.Friday), []string{"09:00"}, copenhagen, "2026-12-25T09:00:00Z", []string{"2027-01-01T08:00:00Z"}},
		{"over a leap day", nil, []string{"23:59"}, copenhagen, "2028-02-28T23:00:00Z", []string{"2028-02-29T22:59:00Z", "2028-03-01T22:59:00Z"}},
		{"a gap over midnight belongs to the day before", weekly(time.Saturday), []string{"23:30"}, "America/Nuuk", "2026-03-27T12:00:00Z", []string{"2026-03-29T01:00:00Z"}},
		{"a zone a quarter of an hour off", nil, []string{"06:00"}, "Asia/Kathmandu", "2026-06-01T00:00:00Z", []string{"2026-06-01T00:15:00Z"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pattern := Pattern{Recurrence: Daily, Weekdays: test.weekdays}
			if len(test.weekdays) > 0 {
				pattern.Recurrence = Weekly
			}
			for _, text := range test.times {
				clock, ok := ParseClock(text)
				if !ok {
					t.Fatalf("%q is no time", text)
				}
				pattern.Times = append(pattern.Times, clock)
			}
			follows(t, New(pattern, zoneOf(t, test.zone), Blackouts{}), test.after, test.want)
		})
	}
}

// follows fails the test unless the times come one after the other.
func follows(t *testing.T, c Calendar, after string, want []string) {
	t.Helper()
	now := at(t, after)
	for _, text := range want {
		got, ok := c.Next(now)
		if !ok || !got.Equal(at(t, text)) {
			t.Fatalf("after %s comes %s, want %s", now.Format(time.RFC3339), got.Format(time.RFC3339), text)
		}
		now = got
	}
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestADayOfTheMonthThatAMonthDoesNotHaveIsItsLast(t *testing.T) {
	monthly := func(day int) Pattern { return Pattern{Recurrence: Monthly, MonthDay: day, Times: []Clock{6 * 60}} }
	utc := zoneOf(t, "UTC")
	follows(t, New(monthly(1), utc, Blackouts{}), "2026-01-31T12:00:00Z", []string{"2026-02-01T06:00:00Z", "2026-03-01T06:00:00Z"})
	follows(t, New(monthly(30), utc, Blackouts{}), "2026-01-30T06:00:00Z", []string{"2026-02-28T06:00:00Z", "2026-03-30T06:00:00Z", "2026-04-30T06:00:00Z"})
	follows(t, New(monthly(LastDay), utc, Blackouts{}), "2028-01-31T06:00:00Z", []string{"2028-02-29T06:00:00Z", "2028-03-31T06:00:00Z", "2028-04-30T06:00:00Z"})
	// The end of the month is the zone's, and at the change to summer time the hour is.
	follows(t, New(monthly(LastDay), zoneOf(t, "Pacific/Chatham"), Blackouts{}), "2026-08-01T00:00:00Z",
		[]string{"2026-08-30T17:15:00Z", "2026-09-29T16:15:00Z"})
}

func TestWhatFallsIntoABlackoutComesAtItsEnd(t *testing.T) {
	tests := []struct {
		name      string
		pattern   Pattern
		blackouts Blackouts
		after     string
		want      []string
	}{
		{"hours of every day", Pattern{Recurrence: Daily, Times: []Clock{6 * 60, 18 * 60}}, Blackouts{Hours: []Hours{{From: 8 * 60, To: 18*60 + 30}}},
			"2026-06-01T00:00:00Z", []string{"2026-06-01T04:00:00Z", "2026-06-01T16:30:00Z", "2026-06-02T04:00:00Z"}},
		{"the end is free, the beginning is not", Pattern{Recurrence: Daily, Times: []Clock{8 * 60, 9 * 60}}, Blackouts{Hours: []Hours{{From: 8 * 60, To: 9 * 60}}},
			"2026-06-01T00:00:00Z", []string{"2026-06-01T07:00:00Z", "2026-06-02T07:00:00Z"}},
		{"several that land on one moment come once", Pattern{Recurrence: Daily, Times: []Clock{60, 2 * 60, 3 * 60}}, Blackouts{Hours: []Hours{{From: 0, To: 4 * 60}}},
			"2026-06-01T00:30:00Z", []string{"2026-06-01T02:00:00Z", "2026-06-02T02:00:00Z"}},
		{"hours past midnight belong to the day on which they begin", Pattern{Recurrence: Daily, Times: []Clock{60}},
			Blackouts{Hours: []Hours{{Weekdays: []time.Weekday{time.Friday}, From: 22 * 60, To: 6 * 60}}},
			"2026-06-04T12:00:00Z", []string{"2026-06-04T23:00:00Z", "2026-06-06T04:00:00Z", "2026-06-06T23:00:00Z"}},
		{"a whole day, from midnight to midnight", Pattern{Recurrence: Daily, Times: []Clock{12 * 60}},
			Blackouts{Hours: []Hours{{Weekdays: []time.Weekday{time.Saturday, time.Sunday}}}},
			"2026-06-05T11:00:00Z", []string{"2026-06-07T22:00:00Z", "2026-06-08T10:00:00Z"}},
		{"dates, both among them", Pattern{Recurrence: Daily, Times: []Clock{6 * 60}}, Blackouts{Dates: []Dates{{"2026-11-27", "2026-11-30"}}},
			"2026-11-26T00:00:00Z", []string{"2026-11-26T05:00:00Z", "2026-11-30T23:00:00Z", "2026-12-01T05:00:00Z"}},
		{"dates that lead into hours", Pattern{Recurrence: Daily, Times: []Clock{6 * 60}},
			Blackouts{Dates: []Dates{{"2026-11-27", "2026-11-30"}}, Hours: []Hours{{From: 0, To: 7 * 60}}},
			"2026-11-26T12:00:00Z", []string{"2026-12-01T06:00:00Z", "2026-12-02T06:00:00Z"}},
		{"a month that is all black", Pattern{Recurrence: Monthly, MonthDay: 5, Times: []Clock{6 * 60}}, Blackouts{Dates: []Dates{{"2026-07-01", "2026-08-31"}}},
			"2026-06-10T00:00:00Z", []string{"2026-08-31T22:00:00Z", "2026-09-05T04:00:00Z"}},
		{"hours that end in the gap of spring end with it", Pattern{Recurrence: Daily, Times: []Clock{90}}, Blackouts{Hours: []Hours{{From: 60, To: 150}}},
			"2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"hours that are shown twice in autumn last until the second time", Pattern{Recurrence: Daily, Times: []Clock{130}}, Blackouts{Hours: []Hours{{From: 120, To: 150}}},
			"2026-10-24T12:00:00Z", []string{"2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			follows(t, New(test.pattern, zoneOf(t, "Europe/Copenhagen"), test.blackouts), test.after, test.want)
		})
	}
}

func TestWhatIsNoPatternOrBlackoutIsNamed(t *testing.T) {
	good := Pattern{Recurrence: Daily, Times: []Clock{60}}
	tests := map[string]struct {
		pattern   Pattern
		blackouts Blackouts
		field     string
		code      string
	}{
		"no day":                 {Pattern{Recurrence: Weekly, Times: []Clock{60}}, Blackouts{}, "weekday", CodeNoWeekday},
		"the 33rd":               {Pattern{Recurrence: Monthly, MonthDay: 33, Times: []Clock{60}}, Blackouts{}, "month_day", CodeMonthDay},
		"thirteen times":         {Pattern{Recurrence: Daily, Times: []Clock{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}, Blackouts{}, "time", CodeManyTimes},
		"no such hour":           {good, Blackouts{Hours: []Hours{{From: 0, To: 60}, {From: -1, To: 60}}}, "hours.1", CodeHours},
		"no such date":           {good, Blackouts{Dates: []Dates{{"2026-02-30", "2026-03-01"}}}, "dates.0", CodeDates},
		"the wrong way round":    {good, Blackouts{Dates: []Dates{{"2026-03-02", "2026-03-01"}}}, "dates.0", CodeDatesOrder},
		"more than a year":       {good, Blackouts{Dates: []Dates{{"2026-03-02", "2027-03-03"}}}, "dates.0", CodeDatesLong},
		"no minute of the week":  {good, Blackouts{Hours: []Hours{{From: 60, To: 60}}}, "hours", CodeAlways},
		"none, with two of them": {good, Blackouts{Hours: []Hours{{From: 60, To: 13 * 60}, {From: 12 * 60, To: 60}}}, "hours", CodeAlways},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var check problem.Check
			test.pattern.Checked(&check)
			test.blackouts.Checked(&check)
			fields := problem.Of(check.Err()).Fields
			if len(fields) != 1 || fields[0].Name != test.field || fields[0].Code != test.code {
				t.Errorf("%+v", fields)
			}
		})
	}
	var check problem.Check
	good.Checked(&check)
	Blackouts{Hours: []Hours{{From: 60, To: 59}}, Dates: []Dates{{"2026-03-02", "2027-03-02"}}}.Checked(&check)
	if err := check.Err(); err != nil {
		t.Errorf("all but a minute of each day, and a year: %v", err)
	}
}

func drawnClock() *rapid.Generator[Clock] {
	return rapid.Map(rapid.IntRange(0, dayMinutes-1), func(n int) Clock { return Clock(n) })
}

func drawnDays(least int) *rapid.Generator[[]time.Weekday] {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]time.Weekday{0, 1, 2, 3, 4, 5, 6}), least, 7, rapid.ID)
}

func drawnBlackouts() *rapid.Generator[Blackouts] {
	return rapid.Custom(func(t *rapid.T) Blackouts {
		hours := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Hours {
			return Hours{Weekdays: drawnDays(0).Draw(t, "days"), From: drawnClock().Draw(t, "from"), To: drawnClock().Draw(t, "to")}
		}), 0, 3).Draw(t, "hours")
		dates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Dates {
			first := time.Unix(rapid.Int64Range(1_750_000_000, 1_900_000_000).Draw(t, "first"), 0)
			last := first.AddDate(0, 0, rapid.IntRange(0, 100).Draw(t, "days"))
			return Dates{Date(first.Format(time.DateOnly)), Date(last.Format(time.DateOnly))}
		}), 0, 3).Draw(t, "dates")
		return Blackouts{hours, dates}
	}).Filter(func(b Blackouts) bool { return !b.always() })
}

func TestWhateverThePatternTheNextTimeIsRight(t *testing.T) {
	zones := []string{"UTC", "Europe/Copenhagen", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham",
		"Africa/Cairo", "Asia/Kathmandu", "America/Santiago"}
	rapid.Check(t, func(t *rapid.T) {
		pattern := Pattern{
			Recurrence: rapid.SampledFrom([]Recurrence{Daily, Weekly, Monthly}).Draw(t, "recurrence"),
			Weekdays:   drawnDays(1).Draw(t, "weekdays"),
			MonthDay:   rapid.IntRange(1, LastDay).Draw(t, "day"),
			Times:      rapid.SliceOfNDistinct(drawnClock(), 1, MostTimes, rapid.ID).Draw(t, "times"),
		}
		var check problem.Check
		pattern = pattern.Checked(&check)
		blackouts := drawnBlackouts().Draw(t, "blackouts").Checked(&check)
		if check.Err() != nil {
			t.Fatal(check.Err())
		}
		zone, err := Zone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		calendar := New(pattern, zone, blackouts)
		now := time.Unix(rapid.Int64Range(1_750_000_000, 1_900_000_000).Draw(t, "now"), 0)
		next, ok := calendar.Next(now)
		if !ok || !next.After(now) {
			t.Fatalf("after %s comes %s", now, next)
		}
		if _, _, black := calendar.Blackout(next); black {
			t.Fatalf("%s is black", next)
		}
		// Asked at any moment in between, the answer is the same; the one before it is not after the question.
		between := now.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(now))-1).Draw(t, "between")))
		if again, _ := calendar.Next(between); !again.Equal(next) {
			t.Fatalf("after %s comes %s, but after %s, in between, comes %s", now, next, between, again)
		}
		if latest, ok := calendar.Latest(next); !ok || !latest.Equal(next) {
			t.Fatalf("the latest at %s is %s", next, latest)
		}
		if latest, ok := calendar.Latest(between); !ok || latest.After(between) {
			t.Fatalf("the latest at %s is %s", between, latest)
		} else if following, _ := calendar.Next(latest); !following.Equal(next) {
			t.Fatalf("%s comes right before %s, but %s comes after it", latest, next, following)
		}
		if _, _, black := calendar.Blackout(next.Add(-1)); black {
			return // moved here
		}
		local := next.In(zone)
		if !pattern.on(time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)) {
			t.Fatalf("%s is no day of the pattern", local)
		}
		shown := Clock(local.Hour()*60 + local.Minute())
		if start, _ := local.ZoneBounds(); !slices.Contains(pattern.Times, shown) && !local.Equal(start) {
			t.Fatalf("%s is not one of the times, and no change of the clocks", local)
		}
	})
}

// TestBlackoutsAreThoseThatAPlainLookFinds compares with looking at what the clocks of the zone show, minute by minute.
func TestBlackoutsAreThoseThatAPlainLookFinds(t *testing.T) {
	zone := zoneOf(t, "Europe/Copenhagen")
	rapid.Check(t, func(t *rapid.T) {
		blackouts := drawnBlackouts().Draw(t, "blackouts")
		calendar := New(Pattern{}, zone, blackouts)
		at := time.Unix(60*rapid.Int64Range(1_750_000_000/60, 1_900_000_000/60).Draw(t, "minute"), 0).In(zone)
		for _, moment := range []time.Time{at.Add(-12 * time.Hour), at.Add(12 * time.Hour)} {
			if _, offset := moment.Zone(); offset != zoneOffset(at) {
				return // the tests above say what holds when the clocks are set
			}
		}
		clock, weekday := Clock(at.Hour()*60+at.Minute()), at.Weekday()
		black := slices.ContainsFunc(blackouts.Dates, func(d Dates) bool {
			day := Date(at.Format(time.DateOnly))
			return day >= d.First && day <= d.Last
		}) || slices.ContainsFunc(blackouts.Hours, func(h Hours) bool {
			if h.From < h.To {
				return h.on(weekday) && clock >= h.From && clock < h.To
			}
			return h.on(weekday) && clock >= h.From || h.on((weekday+6)%7) && clock < h.To
		})
		start, end, got := calendar.Blackout(at)
		if got != black || got && (start.After(at) || !end.After(at)) {
			t.Fatalf("%s: %v from %s to %s, want %v", at, got, start, end, black)
		}
	})
}

func zoneOffset(t time.Time) int {
	_, offset := t.Zone()
	return offset
}
