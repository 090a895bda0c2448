package schedule

import (
	"slices"
	"testing"
	"time"

	_ "time/tzdata" // the zones are the same on every machine

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
			settings := Settings{On: true, Recurrence: Daily, Zone: test.zone, Weekdays: test.weekdays}
			if len(test.weekdays) > 0 {
				settings.Recurrence = Weekly
			}
			for _, text := range test.times {
				clock, ok := ParseClock(text)
				if !ok {
					t.Fatalf("%q is no time", text)
				}
				settings.Times = append(settings.Times, clock)
			}
			calendar, err := settings.calendar()
			if err != nil {
				t.Fatal(err)
			}
			now := at(t, test.after)
			for _, want := range test.want {
				got, ok := calendar.next(now)
				if !ok || !got.Equal(at(t, want)) {
					t.Fatalf("after %s comes %s, want %s", now.Format(time.RFC3339), got.Format(time.RFC3339), want)
				}
				now = got
			}
		})
	}
}

func TestWhateverTheSettingsTheNextTimeIsRight(t *testing.T) {
	zones := []string{"UTC", "Europe/Copenhagen", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham",
		"Africa/Cairo", "Asia/Kathmandu", "America/Santiago"}
	rapid.Check(t, func(t *rapid.T) {
		settings := Settings{
			On:         true,
			Recurrence: rapid.SampledFrom([]Recurrence{Daily, Weekly}).Draw(t, "recurrence"),
			Weekdays:   rapid.SliceOfNDistinct(rapid.SampledFrom([]time.Weekday{0, 1, 2, 3, 4, 5, 6}), 1, 7, rapid.ID).Draw(t, "weekdays"),
			Times:      rapid.SliceOfNDistinct(rapid.Map(rapid.IntRange(0, 24*60-1), func(n int) Clock { return Clock(n) }), 1, MostTimes, rapid.ID).Draw(t, "times"),
			Zone:       rapid.SampledFrom(zones).Draw(t, "zone"),
		}
		settings, err := settings.check()
		if err != nil {
			t.Fatal(err)
		}
		calendar, err := settings.calendar()
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(1_750_000_000, 1_900_000_000).Draw(t, "now"), 0)
		next, ok := calendar.next(now)
		if !ok || !next.After(now) {
			t.Fatalf("after %s comes %s", now, next)
		}
		if next.Sub(now) > 8*24*time.Hour {
			t.Fatalf("%s is too far from %s", next, now)
		}
		// Asked at any moment in between, the answer is the same; the one before it is not after the question.
		between := now.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(now))-1).Draw(t, "between")))
		if again, _ := calendar.next(between); !again.Equal(next) {
			t.Fatalf("after %s comes %s, but after %s, in between, comes %s", now, next, between, again)
		}
		if latest, ok := calendar.latest(next); !ok || !latest.Equal(next) {
			t.Fatalf("the latest at %s is %s", next, latest)
		}
		if latest, ok := calendar.latest(between); !ok || latest.After(between) {
			t.Fatalf("the latest at %s is %s", between, latest)
		} else if following, _ := calendar.next(latest); !following.Equal(next) {
			t.Fatalf("%s comes right before %s, but %s comes after it", latest, next, following)
		}
		local := next.In(calendar.zone)
		if settings.Recurrence == Weekly && !slices.Contains(settings.Weekdays, local.Weekday()) {
			t.Fatalf("%s is a %s", local, local.Weekday())
		}
		shown := Clock(local.Hour()*60 + local.Minute())
		if start, _ := local.ZoneBounds(); !slices.Contains(settings.Times, shown) && !local.Equal(start) {
			t.Fatalf("%s is not one of the times, and no change of the clocks", local)
		}
	})
}
