package export

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// BulkPath is the page that gives several exports one schedule. Its field "export", as often as there are some, says which.
const BulkPath = "/exports/schedule"

// Plan is when an export runs by itself, as it is typed.
type Plan struct {
	When     string
	Weekdays []string // "0" is Sunday
	Day      string
	Time     string
	Zone     string // that the times are meant in
	System   string // when the system's schedule comes due, in words
	Errors   component.Errors
	Refused  bool // she may look at what she chose, and save it no more
}

// PlanOf fills the fields with a schedule.
func PlanOf(s export.Schedule) Plan {
	return Plan{When: string(s.When), Weekdays: calendar.WeekdayFields(s.Weekdays), Day: strconv.Itoa(s.Day), Time: s.Time.String()}
}

// Schedule is what the fields say. What is none of a kind is left for the domain to refuse.
func (p Plan) Schedule() export.Schedule {
	schedule := export.Schedule{When: export.When(p.When), Weekdays: calendar.FieldWeekdays(p.Weekdays), Time: calendar.FieldClock(p.Time)}
	schedule.Day, _ = strconv.Atoi(p.Day)
	return schedule
}

func (p Plan) choices(ctx context.Context) (choices []component.Choice) {
	for _, when := range export.Whens {
		key := "exports.schedule." + string(when)
		choice := component.Choice{Value: string(when), Title: i18n.T(ctx, key), Text: i18n.T(ctx, key+".text")}
		if when == export.WithSystem {
			choice.Text += " " + p.System
		}
		choices = append(choices, choice)
	}
	return choices
}

// ScheduleText says when an export runs by itself.
func ScheduleText(ctx context.Context, s export.Schedule) string {
	key := "exports.schedule." + string(s.When)
	switch s.When {
	case export.Weekly:
		days := make([]string, len(s.Weekdays))
		for i, day := range s.Weekdays {
			days[i] = i18n.T(ctx, "time.weekday."+strconv.Itoa(int(day)))
		}
		return i18n.T(ctx, key+".on", "Days", strings.Join(days, ", "), "Time", clockText(ctx, s.Time))
	case export.Monthly:
		if s.Day == calendar.LastDay {
			return i18n.T(ctx, key+".last", "Time", clockText(ctx, s.Time))
		}
		return i18n.T(ctx, key+".on", "Day", strconv.Itoa(s.Day), "Time", clockText(ctx, s.Time))
	}
	return i18n.T(ctx, key)
}

// clockText writes a time of day as the language does.
func clockText(ctx context.Context, at calendar.Clock) string {
	return i18n.For(i18n.Language(ctx), time.UTC).Clock(time.Date(2000, 1, 1, 0, int(at), 0, 0, time.UTC))
}

// next says when an export runs by itself the next time.
func next(ctx context.Context, schedule export.Schedule, inactive bool, at, now time.Time) string {
	switch {
	case schedule.When == export.Off:
		return ""
	case inactive:
		return i18n.T(ctx, "exports.next.none")
	case at.IsZero() && schedule.Own():
		return i18n.T(ctx, "exports.next.never")
	case at.IsZero():
		return i18n.T(ctx, "exports.next.off")
	}
	return i18n.T(ctx, "exports.next.at", "When", i18n.Ago(ctx, at, now))
}

// Bulk is the page that gives several exports one schedule.
type Bulk struct {
	Exports []export.Export // those that are chosen and may be edited
	Plan    Plan
	CSRF    string
	Back    string // the list that they were chosen in
	Unset   []export.Unset
	Set     int // how many were set, once that is done; then Unset says which were not
	Done    bool
}

func (b Bulk) hidden() (pairs []component.Pair) {
	for _, e := range b.Exports {
		pairs = append(pairs, component.Pair{Name: BulkField, Value: strconv.FormatInt(e.ID, 10)})
	}
	return pairs
}

// BulkField names an export that is chosen in the list.
const BulkField = "export"

func (b Bulk) names() string {
	names := make([]string, len(b.Exports))
	for i, e := range b.Exports {
		names[i] = e.Name
	}
	return strings.Join(names, ", ")
}

// whyUnset says why the schedule of an export was not set.
func whyUnset(ctx context.Context, u export.Unset) string {
	name := u.Name
	if name == "" {
		name = i18n.T(ctx, "exports.schedule.unset.gone", "Number", u.ID)
	}
	return i18n.T(ctx, "exports.schedule.unset", "Name", name, "Why", i18n.T(ctx, u.Code))
}

// bulkForm is the id of the form that the boxes of the list belong to.
const bulkForm = "schedule-several"

// maySchedule reports whether there is an export on the page that the reader may give another schedule.
func (l Listing) maySchedule() bool {
	return slices.ContainsFunc(l.Rows, func(row Row) bool { return row.MayEdit })
}
