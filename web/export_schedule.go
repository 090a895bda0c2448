package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/views/component"
	views "github.com/segue-app/segue/views/export"
	versionviews "github.com/segue-app/segue/views/version"
)

func readPlan(values url.Values) views.Plan {
	return views.Plan{When: values.Get(export.WhenField), Weekdays: values[export.WeekdaysField], Day: values.Get(export.DayField), Time: values.Get(export.TimeField)}
}

// furnishPlan adds what a person needs to choose: the zone that times are meant in, and when the system's schedule comes due.
func (s *Server) furnishPlan(c echo.Context, plan views.Plan) (views.Plan, error) {
	zone, err := s.Schedule.Zone(ctx(c))
	if err != nil {
		return plan, err
	}
	next, err := s.nextOf(c, export.Schedule{When: export.WithSystem})
	plan.Zone, plan.System = zone.String(), text(c, "exports.schedule.system.none")
	if !next.IsZero() {
		plan.System = text(c, "exports.schedule.system.next", "When", i18n.Ago(ctx(c), next, s.Clock()))
	}
	return plan, err
}

// nextOf is when an export runs by itself the next time; zero when it does not.
func (s *Server) nextOf(c echo.Context, schedule export.Schedule) (time.Time, error) {
	times, err := s.Schedule.NextOf(ctx(c), schedule, 1)
	if err != nil || len(times) == 0 {
		return time.Time{}, err
	}
	return times[0], nil
}

// addComing writes the next times that an export runs by itself.
func (s *Server) addComing(c echo.Context, d *views.Detail) error {
	times, err := s.Schedule.NextOf(ctx(c), d.Schedule, nextTimes)
	if err != nil || len(times) == 0 {
		return err
	}
	zone, err := s.Schedule.Zone(ctx(c))
	if err != nil {
		return err
	}
	d.NextRun = times[0]
	for _, coming := range s.coming(c, times, zone).Times {
		line := text(c, "schedule.next.one", "Time", coming.There, "Ahead", coming.Ahead)
		if coming.Here != "" {
			line = text(c, "schedule.next.both", "Time", coming.There, "Zone", zone.String(), "Here", coming.Here, "Ahead", coming.Ahead)
		}
		d.Coming = append(d.Coming, line)
	}
	return nil
}

func (s *Server) askSchedule(c echo.Context) error {
	e, err := s.editableExport(c)
	if err != nil {
		return err
	}
	return s.renderSetSchedule(c, http.StatusOK, e, views.PlanOf(e.Schedule), e.Version, nil)
}

func (s *Server) renderSetSchedule(c echo.Context, status int, e export.Export, plan views.Plan, opened int, conflict *versionviews.Conflict) error {
	plan, err := s.furnishPlan(c, plan)
	if err != nil {
		return err
	}
	title := text(c, "exports.schedule.title", "Name", e.Name)
	return render(c, status, views.SetSchedule(s.page(c, "exports", title, exportsCrumb(c), exportCrumb(e)), views.Act{Export: e, CSRF: csrfToken(c)}, plan, opened, conflict))
}

func (s *Server) scheduleExport(c echo.Context) error {
	values, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	plan := readPlan(values)
	e, err := s.editableExport(c)
	if err != nil {
		return s.keepPlan(c, err, e, plan)
	}
	opened, _ := strconv.Atoi(values.Get("version")) // a form of ours has one
	err = s.Exports.SetSchedule(ctx(c), actor(c), e.ID, plan.Schedule(), overOr(c, opened))
	if changedMeanwhile(err) {
		conflict, err := s.planConflict(c, plan.Schedule(), opened)
		if err != nil {
			return err
		}
		return s.renderSetSchedule(c, http.StatusConflict, e, plan, opened, conflict)
	}
	if errs, ok := formErrors(c, err, export.WhenField, "exports.schedule.run"); ok {
		plan.Errors = errs
		return s.renderSetSchedule(c, http.StatusUnprocessableEntity, e, plan, opened, nil)
	}
	if err != nil {
		return s.keepPlan(c, err, e, plan)
	}
	s.flash(c, "success", "exports.scheduled."+plan.When)
	return redirect(c, exportPath(e.ID))
}

// keepPlan shows the form again, as it was filled in, to somebody who was granted the connection when she opened it and is no more.
func (s *Server) keepPlan(c echo.Context, err error, e export.Export, plan views.Plan) error {
	if p := problem.Of(err); p == nil || p.Code != access.NotGranted {
		return err
	}
	s.logRefusal(c, err)
	plan.Refused = true
	plan.Errors = component.Errors{Summary: component.ErrorSummary{Title: text(c, access.NotGranted), Text: text(c, "exports.not_granted")}}
	return s.renderSetSchedule(c, http.StatusForbidden, e, plan, e.Version, nil)
}

// mostScheduled is how many exports are given one schedule at once.
const mostScheduled = 1000

// askSchedules asks when several exports run by themselves: those that the address names, or with "all" those that match "q".
func (s *Server) askSchedules(c echo.Context) error {
	if err := actor(c).Require(access.UseSomeConnections); err != nil {
		return err
	}
	asked := c.QueryParams()
	bulk := views.Bulk{Plan: views.PlanOf(export.UsualSchedule), Back: exportsLink(export.Query{Search: asked.Get("q"), Sort: "name"})}
	if asked.Has("all") {
		rows, _, err := s.Exports.List(ctx(c), actor(c), export.Query{Search: asked.Get("q"), Sort: "name", Limit: mostScheduled})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.MayEdit(actor(c)) {
				bulk.Exports = append(bulk.Exports, row.Export)
			}
		}
	} else if err := s.addChosen(c, &bulk, exportIDs(asked)); err != nil {
		return err
	}
	if len(bulk.Exports) > 0 && !slices.ContainsFunc(bulk.Exports, func(e export.Export) bool { return !sameSchedule(e.Schedule, bulk.Exports[0].Schedule) }) {
		bulk.Plan = views.PlanOf(bulk.Exports[0].Schedule)
	}
	return s.renderSchedules(c, http.StatusOK, bulk)
}

func sameSchedule(a, b export.Schedule) bool {
	return a.When == b.When && a.Day == b.Day && a.Time == b.Time && slices.Equal(a.Weekdays, b.Weekdays)
}

// exportIDs reads which exports are named. What is no id names none.
func exportIDs(values url.Values) (ids []int64) {
	for _, value := range values[views.BulkField] {
		if id, err := strconv.ParseInt(value, 10, 64); err == nil && len(ids) < mostScheduled {
			ids = append(ids, id)
		}
	}
	return ids
}

// addChosen reads the exports that are there and may be edited.
func (s *Server) addChosen(c echo.Context, bulk *views.Bulk, ids []int64) error {
	for _, id := range ids {
		e, err := s.Exports.Get(ctx(c), actor(c), id)
		switch {
		case problem.Is(err, problem.NotFound):
		case err != nil:
			return err
		case e.MayEdit(actor(c)):
			bulk.Exports = append(bulk.Exports, e)
		}
	}
	return nil
}

func (s *Server) renderSchedules(c echo.Context, status int, bulk views.Bulk) (err error) {
	if bulk.Plan, err = s.furnishPlan(c, bulk.Plan); err != nil {
		return err
	}
	bulk.CSRF = csrfToken(c)
	return render(c, status, views.SetSchedules(s.page(c, "exports", text(c, "exports.schedule.several.title"), exportsCrumb(c)), bulk))
}

func (s *Server) scheduleExports(c echo.Context) error {
	values, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	ids := exportIDs(values)
	bulk := views.Bulk{Plan: readPlan(values), Back: "/exports"}
	if err := actor(c).Require(access.UseSomeConnections); err != nil {
		return err
	}
	if len(ids) == 0 {
		return s.renderSchedules(c, http.StatusUnprocessableEntity, bulk)
	}
	set, unset, err := s.Exports.SetSchedules(ctx(c), actor(c), ids, bulk.Plan.Schedule())
	if errs, ok := formErrors(c, err, export.WhenField, "exports.schedule.run"); ok {
		bulk.Plan.Errors = errs
		if err := s.addChosen(c, &bulk, ids); err != nil {
			return err
		}
		return s.renderSchedules(c, http.StatusUnprocessableEntity, bulk)
	}
	if err != nil {
		return err
	}
	if len(unset) > 0 { // which they are would be too long for a line on the next page
		bulk.Done, bulk.Set, bulk.Unset = true, set, unset
		return s.renderSchedules(c, http.StatusOK, bulk)
	}
	s.flashCount(c, "success", "exports.schedule.set.count", set)
	return redirect(c, "/exports")
}
