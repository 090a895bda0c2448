package schedule

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/schedule"
	versionviews "github.com/segue-app/segue/views/version"
)

// Versioned tells settings in the words of the form.
func Versioned(ctx context.Context, s schedule.Settings) []versionviews.Field {
	on := i18n.T(ctx, "schedule.on.no")
	if s.On {
		on = i18n.T(ctx, "schedule.on.yes")
	}
	recurrence := []string{i18n.T(ctx, "schedule.recurrence."+string(s.Pattern.Recurrence))}
	switch s.Pattern.Recurrence {
	case calendar.Weekly:
		recurrence = append(recurrence, weekdays(ctx, s.Pattern.Weekdays))
	case calendar.Monthly:
		day := fmt.Sprint(s.Pattern.MonthDay)
		if s.Pattern.MonthDay == calendar.LastDay {
			day = i18n.T(ctx, "schedule.month_day.last")
		}
		recurrence = append(recurrence, i18n.T(ctx, "version.month_day", "Day", day))
	}
	times := make([]string, len(s.Pattern.Times))
	for i, clock := range s.Pattern.Times {
		times[i] = clock.String()
	}
	var blackouts []string
	for _, hours := range s.Blackouts.Hours {
		days := i18n.T(ctx, "version.every_day")
		if len(hours.Weekdays) > 0 {
			days = weekdays(ctx, hours.Weekdays)
		}
		blackouts = append(blackouts, i18n.T(ctx, "version.hours", "Days", days, "From", hours.From.String(), "To", hours.To.String()))
	}
	for _, dates := range s.Blackouts.Dates {
		blackouts = append(blackouts, i18n.T(ctx, "version.dates", "First", string(dates.First), "Last", string(dates.Last)))
	}
	return []versionviews.Field{
		{Label: i18n.T(ctx, "schedule.on"), Lines: []string{on}},
		{Label: i18n.T(ctx, "schedule.recurrence"), Lines: recurrence},
		{Label: i18n.T(ctx, "schedule.times"), Lines: []string{strings.Join(times, ", ")}},
		{Label: i18n.T(ctx, "schedule.zone"), Lines: []string{s.Zone}},
		{Label: i18n.T(ctx, "schedule.blackouts"), Lines: blackouts},
		{Label: i18n.T(ctx, "schedule.on_failure"), Lines: []string{i18n.T(ctx, "schedule.on_failure."+string(s.OnFailure))}},
	}
}

func weekdays(ctx context.Context, days []time.Weekday) string {
	names := make([]string, len(days))
	for i, day := range days {
		names[i] = i18n.T(ctx, fmt.Sprintf("time.weekday.%d", int(day)))
	}
	return strings.Join(names, ", ")
}
