// Package schedule holds the page of the system's schedule.
package schedule

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/views/component"
)

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
	Times      []string
	Zone       string
	Zones      []string
	Version    string
	FocusLast  bool // on the time that was just added
	Errors     component.Errors
}

// Status is the part that changes while the page is open.
type Status struct {
	On        bool
	Next      []Time
	There     string // heading of the times in the schedule's zone
	Here      string // and in the reader's; "" where that is the same
	Changed   string // by whom and when; "" when never
	Refreshes []Row
}

// Time is a coming time in the schedule's zone and in the reader's.
type Time struct{ There, Here, Ahead string }

// Row is one refresh.
type Row struct {
	Due         component.Moment
	Cause       string
	State       component.Badge
	Duration    string
	Sources     string   // read again
	Troubles    []string // sources that failed or ask
	Segments    string
	RunsStarted string
	PassedOver  string
	Reason      string
}

// columns are the heads of the coming times.
func (s Status) columns(ctx context.Context) []component.Column {
	columns := []component.Column{{Label: s.There}}
	if s.Here != "" {
		columns = append(columns, component.Column{Label: s.Here})
	}
	return append(columns, component.Column{Label: i18n.T(ctx, "schedule.next.ahead")})
}

// days lists the week as it is offered, from Monday.
func (f Form) days(ctx context.Context) (choices []component.Choice) {
	for i := range 7 {
		day := fmt.Sprint((i + 1) % 7)
		choices = append(choices, component.Choice{Value: day, Title: i18n.T(ctx, "time.weekday."+day)})
	}
	return choices
}

func (f Form) on() string {
	if f.On {
		return "1"
	}
	return "0"
}

func (f Form) mayAdd() bool { return len(f.Times) < schedule.MostTimes }

func (f Form) timeLabel(ctx context.Context, index int) string {
	return i18n.T(ctx, "schedule.time.number", "Number", index+1)
}

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
