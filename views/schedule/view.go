// Package schedule holds the page of the system's schedule.
package schedule

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// Path is the page of the schedule.
const Path = "/system/schedule"

// View is what the page shows.
type View struct {
	Form   Form
	Status Status
}

// Form is the settings as they are typed.
type Form struct {
	On         bool
	Recurrence string
	Weekdays   []string // "0" is Sunday
	MonthDay   string
	Times      []string
	Zone       string
	Zones      []string
	Hours      []Hours
	Dates      []Dates
	OnFailure  string
	Version    string
	Focus      string  // id of what a step of the form added
	Preview    *Coming // the times that it would give; nil when nobody asked
	Errors     component.Errors
	Conflict   *versionviews.Conflict // somebody else changed it meanwhile
}

// Hours are a blackout of every week.
type Hours struct {
	Weekdays []string
	From, To string
}

// Dates are a blackout of whole days.
type Dates struct{ First, Last string }

// Status is the part that changes while the page is open.
type Status struct {
	On      bool
	Next    Coming
	Changed string // by whom and when; "" when never
	Last    *Last  // nil when there was none yet
}

// Last is the last chain of the system.
type Last struct {
	State   component.Badge
	Cause   string
	Due     component.Moment
	Summary string
	Href    string
}

// Coming are the next times, and in which zone the schedule means them.
type Coming struct {
	There string
	Times []Time
}

// Time is a coming time in the schedule's zone and in the reader's, which is "" where that is the same.
type Time struct{ There, Here, Ahead string }

// about says what a time is for the reader, and how far ahead.
func (t Time) about(ctx context.Context) string {
	if t.Here == "" {
		return t.Ahead
	}
	return i18n.T(ctx, "schedule.next.about", "Here", t.Here, "Ahead", t.Ahead)
}

// Weekdays lists the week as it is offered, from Monday.
func Weekdays(ctx context.Context) (choices []component.Choice) {
	for i := range 7 {
		day := fmt.Sprint((i + 1) % 7)
		choices = append(choices, component.Choice{Value: day, Title: i18n.T(ctx, "time.weekday."+day)})
	}
	return choices
}

// MonthDays lists the days of a month as they are offered.
func MonthDays(ctx context.Context) (options []component.Option) {
	for day := 1; day <= 31; day++ {
		options = append(options, component.Option{Value: fmt.Sprint(day), Label: fmt.Sprint(day)})
	}
	return append(options, component.Option{Value: fmt.Sprint(calendar.LastDay), Label: i18n.T(ctx, "schedule.month_day.last")})
}

func recurrences(ctx context.Context) (choices []component.Choice) {
	for _, recurrence := range []calendar.Recurrence{calendar.Daily, calendar.Weekly, calendar.Monthly} {
		choices = append(choices, component.Choice{Value: string(recurrence), Title: i18n.T(ctx, "schedule.recurrence."+string(recurrence))})
	}
	return choices
}

// hoursName is the name of a field of a blackout, or, without a part, its id and what the domain calls it; datesName too.
func hoursName(i int, part string) string { return fmt.Sprintf("hours.%d%s", i, part) }

func datesName(i int, part string) string { return fmt.Sprintf("dates.%d%s", i, part) }

func (f Form) on() string {
	if f.On {
		return "1"
	}
	return "0"
}

func (f Form) mayAddTime() bool { return len(f.Times) < calendar.MostTimes }

func (f Form) mayAddHours() bool { return len(f.Hours) < calendar.MostBlackouts }

func (f Form) mayAddDates() bool { return len(f.Dates) < calendar.MostBlackouts }

// zones offers the usual ones, UTC, and the one that was chosen if it is another.
func (f Form) zones() (options []component.Option) {
	names := append([]string{time.UTC.String()}, f.Zones...)
	if f.Zone != "" && !slices.Contains(names, f.Zone) {
		names = append(names, f.Zone)
	}
	for _, name := range names {
		options = append(options, component.Option{Value: name, Label: name})
	}
	return options
}
