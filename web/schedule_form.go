package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/schedule"
	views "github.com/segue-app/segue/views/schedule"
)

// scheduleForm shows the settings that are kept. Until somebody has chosen a zone, the reader's own is proposed.
func scheduleForm(c echo.Context, kept schedule.Schedule) views.Form {
	form := views.Form{On: kept.On, Recurrence: string(kept.Pattern.Recurrence), Weekdays: calendar.WeekdayFields(kept.Pattern.Weekdays), MonthDay: strconv.Itoa(kept.Pattern.MonthDay),
		Zone: kept.Zone, Zones: account.Zones, OnFailure: string(kept.OnFailure), Version: strconv.Itoa(kept.Version)}
	if kept.ChangedBy == "" {
		form.Zone = i18n.From(ctx(c)).Zone().String()
	}
	for _, clock := range kept.Pattern.Times {
		form.Times = append(form.Times, clock.String())
	}
	for _, hours := range kept.Blackouts.Hours {
		form.Hours = append(form.Hours, views.Hours{Weekdays: calendar.WeekdayFields(hours.Weekdays), From: hours.From.String(), To: hours.To.String()})
	}
	for _, dates := range kept.Blackouts.Dates {
		form.Dates = append(form.Dates, views.Dates{First: string(dates.First), Last: string(dates.Last)})
	}
	return form
}

// typedSchedule reads the form. A row of a blackout of which nothing is filled in is none, as is an empty time.
func typedSchedule(typed url.Values) views.Form {
	form := views.Form{On: typed.Get("on") == "1", Recurrence: typed.Get("recurrence"), Weekdays: typed["weekday"], MonthDay: typed.Get("month_day"), Times: typed["time"],
		Zone: typed.Get("time_zone"), Zones: account.Zones, OnFailure: typed.Get("on_failure"), Version: typed.Get("version")}
	form.Times = form.Times[:min(len(form.Times), calendar.MostTimes)]
	for i := range calendar.MostBlackouts {
		if at := "hours." + strconv.Itoa(i) + "."; typed.Has(at + "from") {
			form.Hours = append(form.Hours, views.Hours{Weekdays: typed[at+"weekday"], From: typed.Get(at + "from"), To: typed.Get(at + "to")})
		}
		if at := "dates." + strconv.Itoa(i) + "."; typed.Has(at + "first") {
			form.Dates = append(form.Dates, views.Dates{First: typed.Get(at + "first"), Last: typed.Get(at + "last")})
		}
	}
	return form
}

// withoutBlanks drops the rows of which nothing is filled in: they are meant as none.
func withoutBlanks(form views.Form) views.Form {
	blank := func(texts ...string) bool { return strings.TrimSpace(strings.Join(texts, "")) == "" }
	form.Hours = slices.DeleteFunc(form.Hours, func(h views.Hours) bool { return blank(h.From, h.To) && len(h.Weekdays) == 0 })
	form.Dates = slices.DeleteFunc(form.Dates, func(d views.Dates) bool { return blank(d.First, d.Last) })
	return form
}

// settingsOf is what a form says. A time that is none, or a weekday, is left for the domain to refuse.
func settingsOf(form views.Form) schedule.Settings {
	settings := schedule.Settings{On: form.On, Zone: form.Zone, OnFailure: schedule.OnFailure(form.OnFailure)}
	settings.Pattern = calendar.Pattern{Recurrence: calendar.Recurrence(form.Recurrence), Weekdays: calendar.FieldWeekdays(form.Weekdays)}
	settings.Pattern.MonthDay, _ = strconv.Atoi(form.MonthDay)
	for _, text := range form.Times {
		if strings.TrimSpace(text) != "" {
			settings.Pattern.Times = append(settings.Pattern.Times, calendar.FieldClock(text))
		}
	}
	for _, hours := range form.Hours {
		settings.Blackouts.Hours = append(settings.Blackouts.Hours, calendar.Hours{Weekdays: calendar.FieldWeekdays(hours.Weekdays), From: calendar.FieldClock(hours.From), To: calendar.FieldClock(hours.To)})
	}
	for _, dates := range form.Dates {
		settings.Blackouts.Dates = append(settings.Blackouts.Dates, calendar.Dates{First: calendar.Date(dates.First), Last: calendar.Date(dates.Last)})
	}
	return settings
}

// stepOf changes the rows of the form as a button says; ok is false when it is no step.
func stepOf(form views.Form, do string) (stepped views.Form, ok bool) {
	name, at := do, -1
	if i := strings.LastIndexByte(do, '-'); i > 0 && strings.HasPrefix(do, "remove-") {
		name = do[:i]
		at, _ = strconv.Atoi(do[i+1:])
	}
	switch {
	case name == "add-time" && len(form.Times) < calendar.MostTimes:
		form.Times = append(form.Times, "")
		form.Focus = "time-" + strconv.Itoa(len(form.Times))
	case name == "add-hours" && len(form.Hours) < calendar.MostBlackouts:
		form.Focus = "hours." + strconv.Itoa(len(form.Hours))
		form.Hours = append(form.Hours, views.Hours{})
	case name == "add-dates" && len(form.Dates) < calendar.MostBlackouts:
		form.Focus = "dates." + strconv.Itoa(len(form.Dates))
		form.Dates = append(form.Dates, views.Dates{})
	case name == "remove-hours" && at >= 0 && at < len(form.Hours):
		form.Hours = slices.Delete(form.Hours, at, at+1)
	case name == "remove-dates" && at >= 0 && at < len(form.Dates):
		form.Dates = slices.Delete(form.Dates, at, at+1)
	default:
		return form, strings.HasPrefix(do, "add-") || strings.HasPrefix(do, "remove-")
	}
	return form, true
}
