package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/schedule"
	views "github.com/segue-app/segue/views/schedule"
	statusviews "github.com/segue-app/segue/views/status"
)

func (s *Server) scheduleRoutes(r *routes) {
	r.get(views.Path, access.ManageSchedule, s.showSchedule)  // for htmx, what is to come and what was
	r.post(views.Path, access.ManageSchedule, s.postSchedule) // the form: save, or a step of it
	r.topic(schedule.Topic, access.LookAround)
}

const nextTimes = 3

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

// postSchedule takes the form. What it does is in "do": save, preview, or a step.
func (s *Server) postSchedule(c echo.Context) error {
	typed, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	form := typedSchedule(typed)
	if stepped, ok := stepOf(form, typed.Get("do")); ok {
		return s.renderSchedule(c, http.StatusOK, stepped)
	}
	form = withoutBlanks(form)
	settings := settingsOf(form)
	if typed.Get("do") == "preview" {
		form.Preview, err = s.previewSchedule(c, settings)
	} else {
		_, err = s.Schedule.Save(ctx(c), actor(c), settings, version(c))
	}
	if changedMeanwhile(err) {
		h, err := s.scheduleHistory(c)
		if err != nil {
			return err
		}
		opened, _ := strconv.Atoi(form.Version) // what is no number is no version
		if form.Conflict, err = h.meanwhile(s, c, opened, views.Versioned(ctx(c), settings)); err != nil {
			return err
		}
		return s.renderSchedule(c, http.StatusConflict, form)
	}
	if errs, ok := formErrors(c, err); ok {
		form.Errors = errs
		return s.renderSchedule(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if form.Preview != nil {
		return s.renderSchedule(c, http.StatusOK, form)
	}
	key := "schedule.saved.off"
	if settings.On {
		key = "schedule.saved.on"
	}
	s.flash(c, "success", key)
	return redirect(c, views.Path)
}

// previewSchedule says when settings would have the system refresh.
func (s *Server) previewSchedule(c echo.Context, settings schedule.Settings) (*views.Coming, error) {
	times, err := s.Schedule.Preview(settings, nextTimes)
	if err != nil {
		return nil, err
	}
	zone, err := calendar.Zone(settings.Zone)
	if err != nil {
		return nil, err
	}
	coming := s.coming(c, times, zone)
	return &coming, nil
}

func (s *Server) scheduleStatus(c echo.Context, kept schedule.Schedule) (status views.Status, err error) {
	status.On = kept.On
	if kept.ChangedBy != "" {
		status.Changed = text(c, "schedule.changed", "Name", kept.ChangedBy, "Time", kept.ChangedAt)
	}
	times, err := s.Schedule.Next(ctx(c), nextTimes)
	if err != nil {
		return status, err
	}
	zone, err := calendar.Zone(kept.Zone)
	if err != nil {
		return status, err
	}
	status.Next = s.coming(c, times, zone)
	last, err := s.Records.Last(ctx(c), actor(c))
	switch {
	case problem.Is(err, problem.NotFound):
		return status, nil
	case err != nil:
		return status, err
	}
	status.Last = &views.Last{State: statusviews.StateBadge(ctx(c), last.State), Cause: chainCause(c, last), Due: s.moment(c, last.DueAt),
		Summary: chainSummary(c, last), Href: statusviews.ChainPath(last.ID)}
	return status, nil
}

// coming writes the next times as the schedule means them and, in another zone, as the reader's clock will show them.
func (s *Server) coming(c echo.Context, times []time.Time, zone *time.Location) (coming views.Coming) {
	there, here := i18n.For(i18n.Language(ctx(c)), zone), i18n.From(ctx(c))
	coming.There = text(c, "schedule.next.there", "Zone", zone.String())
	for _, t := range times {
		next := views.Time{There: dayAndTime(there, t), Ahead: i18n.Ago(ctx(c), t, s.Clock())}
		if own := here.Zone().String(); own != zone.String() {
			next.Here = text(c, "schedule.next.here", "Time", dayAndTime(here, t), "Zone", own)
		}
		coming.Times = append(coming.Times, next)
	}
	return coming
}

func dayAndTime(l *i18n.Locale, t time.Time) string {
	return l.T("schedule.next.time", "Weekday", weekdayIn(l, t), "Time", l.DateTime(t))
}

func weekdayIn(l *i18n.Locale, t time.Time) string {
	return l.T("time.weekday." + strconv.Itoa(int(t.In(l.Zone()).Weekday())))
}
