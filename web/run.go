package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/layout"
	views "github.com/segue-app/segue/views/run"
)

func (s *Server) runRoutes(r *routes) {
	r.get("/runs", access.LookAround, s.listRuns)
	r.get("/runs/rows", access.LookAround, s.showRunRows)    // rows of a table that is open, as a fragment
	r.get("/runs/newer", access.LookAround, s.showNewerRuns) // how many there are that a list does not show, as a fragment
	r.get("/runs/:id", access.LookAround, s.showRun)         // for htmx, what changes
	r.get("/runs/:id/rejections.csv", access.SeePersonalData, s.downloadRejections)
	r.get("/runs/:id/cancel", access.UseSomeConnections, s.askCancelRun)
	r.post("/runs/:id/cancel", access.UseSomeConnections, s.cancelRun)
	r.post("/runs/:id/pause", access.UseSomeConnections, s.pauseRun)
	r.post("/runs/:id/resume", access.UseSomeConnections, s.resumeRun)
	r.topic("run", access.LookAround)
	r.topic(run.ListTopic, access.LookAround)
}

const (
	runsOnPage       = 25
	rejectionsOnPage = 50
)

func (s *Server) listRuns(c echo.Context) error {
	active, err := s.Runs.Active(ctx(c), actor(c))
	if err != nil {
		return err
	}
	earlier, err := s.runHistory(c, 0, "/runs")
	if err != nil {
		return err
	}
	earlier.WithExport = true
	earlier.Rows = slices.DeleteFunc(earlier.Rows, func(r run.Run) bool { return r.State.Active() })
	overview := views.Overview{Earlier: earlier}
	if earlier.First == 1 {
		overview.Active = views.Listing{Rows: active, Now: s.Clock(), WithExport: true, First: 1}
	}
	return render(c, http.StatusOK, views.List(s.page(c, "runs", text(c, "runs.title"), exportsCrumb(c)), overview))
}

// runHistory reads the page of runs that the address asks for: of one export, or of all when exportID is 0.
func (s *Server) runHistory(c echo.Context, exportID int64, path string) (views.Listing, error) {
	page := pageNumber(c)
	listing := views.Listing{Now: s.Clock(), First: (page-1)*runsOnPage + 1}
	rows, err := s.Runs.List(ctx(c), actor(c), exportID, runsOnPage+1, listing.First-1)
	if err != nil {
		return listing, err
	}
	if len(rows) > runsOnPage {
		rows, listing.NextHref = rows[:runsOnPage], path+"?page="+strconv.Itoa(page+1)
	}
	if listing.Rows = rows; page == 2 {
		listing.PreviousHref = path
	} else if page > 2 {
		listing.PreviousHref = path + "?page=" + strconv.Itoa(page-1)
	}
	return listing, nil
}

// pageNumber reads which page of a list the address asks for, the first unless it says otherwise.
func pageNumber(c echo.Context) int {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil || page < 1 || page > 1_000_000 {
		return 1
	}
	return page
}

// shownIDs reads which rows a page shows that wants to know how they stand.
func shownIDs(c echo.Context, most int) []int64 {
	var ids []int64
	for _, text := range strings.SplitN(c.QueryParam("ids"), ",", most+1) {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil && len(ids) < most {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *Server) showRunRows(c echo.Context) error {
	listing := views.Listing{Now: s.Clock(), WithExport: c.QueryParam("export") == "1"}
	for _, id := range shownIDs(c, 100) {
		r, err := s.Runs.Get(ctx(c), actor(c), id)
		if problem.Is(err, problem.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		listing.Rows = append(listing.Rows, r)
	}
	return render(c, http.StatusOK, views.Rows(listing))
}

// mostUnseen is how many runs are counted that a list does not show.
const mostUnseen = 100

func (s *Server) showNewerRuns(c echo.Context) error {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(c.QueryParam(name), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	unseen := views.Unseen{Than: number("than"), ExportID: number("export")}
	newest, err := s.Runs.List(ctx(c), actor(c), unseen.ExportID, mostUnseen, 0)
	if err != nil {
		return err
	}
	for _, r := range newest {
		if r.ID > unseen.Than {
			unseen.Count++
		}
	}
	return render(c, http.StatusOK, unseen.Show())
}

// showRun shows a run. A page that listens asks for what changes alone.
func (s *Server) showRun(c echo.Context) error {
	r, err := s.runOf(c)
	if err != nil {
		return err
	}
	detail, err := s.runDetail(c, r)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, views.State(detail))
	}
	if r.State == run.Running && r.Plan != nil {
		if detail.Hour, err = s.Pace.Hour(ctx(c), actor(c), r.Plan.BrandID); err != nil {
			return err
		}
	}
	page := s.page(c, "runs", text(c, "runs.title.one", "Number", fmt.Sprint(r.ID), "Name", r.ExportName), exportsCrumb(c), layout.Crumb{Label: text(c, "runs.title"), Href: "/runs"})
	page.Window, page.Mark = detail.Window(ctx(c)), detail.Mark()
	return render(c, http.StatusOK, views.Show(page, detail))
}

func (s *Server) runDetail(c echo.Context, r run.Run) (views.Detail, error) {
	d := views.Detail{
		Run: r, Now: s.Clock(), CSRF: csrfToken(c), Said: c.QueryParam("said"), Marked: c.QueryParam("mark"), MaySee: actor(c).Can(access.SeePersonalData),
		MayMend: actor(c).Can(access.ManageConnections), Labels: map[string]string{},
	}
	e, err := s.Exports.Recall(ctx(c), actor(c), r.ExportID)
	if err != nil {
		return d, err
	}
	d.MayCancel, d.Removed, d.EvidenceDays = e.MayEdit(actor(c)), e.Removed, int(s.Runs.Retention().Evidence.Hours()/24)
	driver, err := s.Exports.Driver(e.DestinationType)
	if err != nil {
		return d, err
	}
	d.DestinationName, d.Limit = driver.Info().Name, driver.Info().RequestsPerMinute
	if d.Pace, err = s.Runs.Pace(ctx(c), r); err != nil {
		return d, err
	}
	if err := s.addWriting(c, &d); err != nil {
		return d, err
	}
	if d.Events, err = s.Runs.Timeline(ctx(c), actor(c), r.ID); err != nil {
		return d, err
	}
	if d.Reasons, err = s.Runs.Reasons(ctx(c), actor(c), r.ID); err != nil {
		return d, err
	}
	snapshot, err := s.Profiles.Current(ctx(c))
	if err != nil && !problem.Is(err, problem.NotFound) {
		return d, err
	}
	for _, a := range snapshot.Attributes {
		d.Labels[a.Key] = a.Label
	}
	if r.Plan != nil {
		for _, column := range r.Plan.Spool {
			d.Labels[column.Key] = column.Label
		}
	}
	if !d.MaySee || len(d.Reasons) == 0 {
		return d, nil
	}
	if outcome := run.Outcome(c.QueryParam("outcome")); slices.Contains([]run.Outcome{run.Invalid, run.Refused, run.Duplicate, run.Excluded}, outcome) {
		d.Outcome = outcome
	}
	if err := s.looked(c, audit.SawRejections, audit.Of("run", r.ID, r.ExportName)); err != nil {
		return d, err
	}
	d.Rejections, err = s.Runs.Rejections(ctx(c), actor(c), r.ID, d.Outcome, 0, rejectionsOnPage+1)
	if len(d.Rejections) > rejectionsOnPage {
		d.Rejections, d.More = d.Rejections[:rejectionsOnPage], true
	}
	return d, err
}

func (s *Server) runOf(c echo.Context) (run.Run, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return run.Run{}, err
	}
	return s.Runs.Get(ctx(c), actor(c), id)
}

func (s *Server) askCancelRun(c echo.Context) error {
	r, err := s.runOf(c)
	if err != nil {
		return err
	}
	if !r.State.Active() {
		return redirect(c, views.Path(r.ID))
	}
	e, err := s.Exports.Recall(ctx(c), actor(c), r.ExportID)
	if err != nil {
		return err
	}
	if !e.MayEdit(actor(c)) {
		return actor(c).RequireUse(e.Grant)
	}
	title := text(c, "runs.cancel.title", "Number", fmt.Sprint(r.ID), "Name", r.ExportName)
	above := []layout.Crumb{exportsCrumb(c), {Label: r.ExportName, Href: views.Path(r.ID)}}
	return render(c, http.StatusOK, views.Cancel(s.page(c, "runs", title, above...), views.Cancellation{Run: r, CSRF: csrfToken(c)}))
}

func (s *Server) cancelRun(c echo.Context) error {
	r, err := s.runOf(c)
	if err != nil {
		return err
	}
	err = s.Runs.Cancel(ctx(c), actor(c), r.ID)
	switch {
	case problem.Is(err, problem.Conflict):
		s.flash(c, "info", problem.Of(err).Code)
	case err != nil:
		return err
	default:
		s.flash(c, "success", "runs.cancel.asked")
	}
	return redirect(c, views.Path(r.ID))
}

func (s *Server) pauseRun(c echo.Context) error {
	return s.changeRun(c, "", s.Runs.Pause) // the page says how it comes about
}

// resumeRun lets a paused run go on. When it asked something, the form has the reply.
func (s *Server) resumeRun(c echo.Context) error {
	return s.changeRun(c, "pause.resumed", func(ctx context.Context, actor access.Actor, id int64) error {
		return s.Runs.Resume(ctx, actor, id, run.Reply(c.FormValue("reply")))
	})
}

// changeRun changes how a run goes, and leads to its page, which says what came of it.
func (s *Server) changeRun(c echo.Context, done string, change func(context.Context, access.Actor, int64) error) error {
	r, err := s.runOf(c)
	if err != nil {
		return err
	}
	err = change(ctx(c), actor(c), r.ID)
	switch {
	case problem.Is(err, problem.Conflict):
		s.flash(c, "warning", problem.Of(err).Code, problem.Of(err).Args...)
	case err != nil:
		return err
	case done != "":
		s.flash(c, "success", done)
	}
	return redirect(c, views.Path(r.ID))
}

// startRun queues a run of an export and leads to it. What keeps it from running is said on the export's page.
func (s *Server) startRun(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	r, err := s.Runs.Start(ctx(c), actor(c), id, run.Options{Complete: c.FormValue("complete") == "1", WithdrawAny: c.FormValue("withdraw") == "any"})
	p := problem.Of(err)
	switch {
	case err == nil:
		return redirect(c, views.Path(r.ID))
	case p == nil || p.Kind != problem.Conflict:
		return err
	case strings.HasPrefix(p.Code, "problem.run.") && len(p.Args) >= 2: // another run is in the way
		if running, ok := p.Args[1].(int64); ok {
			s.flash(c, "info", p.Code, p.Args...)
			return redirect(c, views.Path(running))
		}
	}
	s.flash(c, "error", p.Code, p.Args...)
	return redirect(c, exportPath(id))
}

// startAllRuns queues a run of every export with an active schedule.
func (s *Server) startAllRuns(c echo.Context) error {
	started, passedOver, err := s.Runs.StartAll(ctx(c), actor(c), run.OnDemand)
	if err != nil {
		return err
	}
	if len(started) > 0 {
		s.flashCount(c, "success", "exports.run_all.started", len(started))
	} else {
		s.flash(c, "info", "exports.run_all.none")
	}
	if passedOver > 0 {
		s.flashCount(c, "warning", "exports.run_all.passed_over", passedOver)
	}
	return redirect(c, "/exports")
}
