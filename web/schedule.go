package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/schedule"
)

func (s *Server) scheduleRoutes(r *routes) {
	r.get("/system/schedule", access.ManageSchedule, s.showSchedule) // for htmx, what is to come and what was
	r.post("/system/schedule", access.ManageSchedule, s.saveSchedule)
	r.post("/system/schedule/refresh", access.ManageSchedule, s.refreshNow)
	r.topic(schedule.Topic, access.LookAround)
}

const (
	nextTimes       = 3
	refreshesOnPage = 10
)

func (s *Server) showSchedule(c echo.Context) error {
	kept, err := s.Schedule.Get(ctx(c), actor(c))
	if err != nil {
		return err
	}
	if isHTMX(c) {
		status, err := s.scheduleStatus(c, kept)
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, status.Show())
	}
	return s.renderSchedule(c, http.StatusOK, scheduleForm(c, kept))
}

func (s *Server) renderSchedule(c echo.Context, status int, form views.Form) error {
	kept, err := s.Schedule.Get(ctx(c), actor(c))
	if err != nil {
		return err
	}
	view := views.View{Form: form}
	if view.Status, err = s.scheduleStatus(c, kept); err != nil {
		return err
	}
	return render(c, status, views.Page(s.page(c, "system", text(c, "schedule.title")), view))
}

// scheduleForm shows the settings that are kept. Until somebody has chosen a zone, the reader's own is proposed.
func scheduleForm(c echo.Context, kept schedule.Schedule) views.Form {
	form := views.Form{On: kept.On, Recurrence: string(kept.Recurrence), Zone: kept.Zone, Zones: account.Zones, Version: strconv.Itoa(kept.Version)}
	if kept.ChangedBy == "" {
		form.Zone = i18n.From(ctx(c)).Zone().String()
	}
	for _, day := range kept.Weekdays {
		form.Weekdays = append(form.Weekdays, strconv.Itoa(int(day)))
	}
	for _, clock := range kept.Times {
		form.Times = append(form.Times, clock.String())
	}
	return form
}

// typedSchedule reads the form. A time that is none, or a weekday, is left for the domain to refuse; an empty time is none.
func typedSchedule(c echo.Context) (views.Form, schedule.Settings, error) {
	typed, err := c.FormParams()
	if err != nil {
		return views.Form{}, schedule.Settings{}, echo.NewHTTPError(http.StatusBadRequest)
	}
	form := views.Form{On: typed.Get("on") == "1", Recurrence: typed.Get("recurrence"), Weekdays: typed["weekday"], Times: typed["time"],
		Zone: typed.Get("time_zone"), Zones: account.Zones, Version: typed.Get("version")}
	if len(form.Times) > schedule.MostTimes {
		form.Times = form.Times[:schedule.MostTimes]
	}
	settings := schedule.Settings{On: form.On, Recurrence: schedule.Recurrence(form.Recurrence), Zone: form.Zone}
	for _, day := range form.Weekdays {
		number, err := strconv.Atoi(day)
		if err != nil {
			number = -1
		}
		settings.Weekdays = append(settings.Weekdays, time.Weekday(number))
	}
	for _, text := range form.Times {
		if strings.TrimSpace(text) == "" {
			continue
		}
		clock, ok := schedule.ParseClock(text)
		if !ok {
			clock = -1
		}
		settings.Times = append(settings.Times, clock)
	}
	return form, settings, nil
}

func (s *Server) saveSchedule(c echo.Context) error {
	form, settings, err := typedSchedule(c)
	if err != nil {
		return err
	}
	if c.FormValue("do") == "add" {
		if len(form.Times) < schedule.MostTimes {
			form.Times, form.FocusLast = append(form.Times, ""), true
		}
		return s.renderSchedule(c, http.StatusOK, form)
	}
	_, err = s.Schedule.Save(ctx(c), actor(c), settings, version(c))
	if errs, ok := formErrors(c, err); ok {
		form.Errors = errs
		return s.renderSchedule(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	key := "schedule.saved.off"
	if settings.On {
		key = "schedule.saved.on"
	}
	s.flash(c, "success", key)
	return redirect(c, "/system/schedule")
}

func (s *Server) refreshNow(c echo.Context) error {
	err := s.Schedule.RefreshNow(ctx(c), actor(c))
	if errs, ok := formErrors(c, err); ok {
		kept, err := s.Schedule.Get(ctx(c), actor(c))
		if err != nil {
			return err
		}
		form := scheduleForm(c, kept)
		form.Errors = errs
		return s.renderSchedule(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	s.flash(c, "success", "schedule.refresh_queued")
	return redirect(c, "/system/schedule")
}

func (s *Server) scheduleStatus(c echo.Context, kept schedule.Schedule) (views.Status, error) {
	status := views.Status{On: kept.On}
	if kept.ChangedBy != "" {
		status.Changed = text(c, "schedule.changed", "Name", kept.ChangedBy, "Time", kept.ChangedAt)
	}
	if err := s.comingTimes(c, &status, kept.Zone); err != nil {
		return views.Status{}, err
	}
	refreshes, err := s.Schedule.Refreshes(ctx(c), actor(c), refreshesOnPage)
	if err != nil {
		return views.Status{}, err
	}
	for _, r := range refreshes {
		status.Refreshes = append(status.Refreshes, s.refreshRow(c, r))
	}
	return status, nil
}

// comingTimes writes the next times as the schedule means them and, in another zone, as the reader's clock will show them.
func (s *Server) comingTimes(c echo.Context, status *views.Status, zoneName string) error {
	next, err := s.Schedule.Next(ctx(c), nextTimes)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		return fmt.Errorf("zone of the schedule: %w", err)
	}
	there, here := i18n.For(i18n.Language(ctx(c)), zone), i18n.From(ctx(c))
	status.There = text(c, "schedule.next.there", "Zone", zoneName)
	if own := here.Zone().String(); own != zoneName {
		status.Here = text(c, "schedule.next.here", "Zone", own)
	}
	for _, t := range next {
		status.Next = append(status.Next, views.Time{There: dayAndTime(there, t), Here: dayAndTime(here, t), Ahead: i18n.Ago(ctx(c), t, s.Clock())})
	}
	return nil
}

func dayAndTime(l *i18n.Locale, t time.Time) string {
	return l.T("schedule.next.time", "Weekday", weekdayIn(l, t), "Time", l.DateTime(t))
}

func weekdayIn(l *i18n.Locale, t time.Time) string {
	return l.T("time.weekday." + strconv.Itoa(int(t.In(l.Zone()).Weekday())))
}

var refreshTones = map[schedule.State]component.Tone{
	schedule.Queued: component.Info, schedule.Running: component.Running, schedule.Succeeded: component.Success,
	schedule.Failed: component.Danger, schedule.Skipped: component.Neutral,
}

func (s *Server) refreshRow(c echo.Context, r schedule.Refresh) views.Row {
	row := views.Row{
		Due: s.moment(c, r.DueAt), Cause: text(c, "schedule.cause.schedule"), State: refreshBadge(c, r),
		Segments: i18n.Number(ctx(c), r.Segments), RunsStarted: i18n.Number(ctx(c), r.RunsStarted), PassedOver: i18n.Number(ctx(c), r.PassedOver),
	}
	if r.Cause == schedule.OnDemand {
		row.Cause = text(c, "schedule.cause.demand", "Name", r.RequestedBy)
	}
	if !r.StartedAt.IsZero() && !r.EndedAt.IsZero() {
		row.Duration = i18n.Duration(ctx(c), r.EndedAt.Sub(r.StartedAt))
	}
	if r.ErrorCode != "" {
		row.Reason = text(c, r.ErrorCode)
	}
	row.Sources = i18n.Number(ctx(c), r.Sources.Done)
	for key, names := range map[string][]string{"schedule.refresh.sources.failed": r.Sources.Failed, "schedule.refresh.sources.asking": r.Sources.Asking} {
		if len(names) > 0 {
			row.Troubles = append(row.Troubles, text(c, key, "Names", strings.Join(names, ", ")))
		}
	}
	slices.Sort(row.Troubles)
	if slices.Contains([]schedule.State{schedule.Queued, schedule.Skipped}, r.State) {
		row.Sources, row.Segments, row.RunsStarted, row.PassedOver = "", "", "", ""
	}
	return row
}

func refreshBadge(c echo.Context, r schedule.Refresh) component.Badge {
	return component.Badge{Tone: refreshTones[r.State], Text: text(c, "schedule.state."+string(r.State))}
}
