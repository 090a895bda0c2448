package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/views/layout"
	runviews "github.com/segue-app/segue/views/run"
	views "github.com/segue-app/segue/views/status"
)

func (s *Server) statusRoutes(r *routes) {
	r.get("/system/status", access.LookAround, s.showStatus)             // for htmx, the part that changes
	r.get("/system/status/work", access.LookAround, s.listWork)          // all of it: searched, filtered, by pages
	r.get("/system/status/work/rows", access.LookAround, s.showWorkRows) // rows of a table that is open, as a fragment
	r.get("/system/status/chains", access.LookAround, s.listChains)
	r.get("/system/status/chains/:id", access.LookAround, s.showChain) // for htmx, the part that changes
	r.post("/system/status/refresh", access.RefreshNow, s.startChain)
	r.get("/system/status/chains/:id/cancel", access.RefreshNow, s.askCancelChain)
	r.post("/system/status/chains/:id/cancel", access.RefreshNow, s.cancelChain)
	r.post("/system/status/chains/:id/again", access.RefreshNow, s.repeatChain) // the steps that did not succeed
	r.get("/system/stop", access.StopAll, s.askStop)
	r.post("/system/stop", access.StopAll, s.stopAll)
	r.post("/system/stop/lift", access.StopAll, s.liftStop)
	r.topic(run.ListTopic, access.LookAround)
	r.topic(chain.Topic, access.LookAround)
	r.topic("chain", access.LookAround)
}

const earlierStops = 5

func (s *Server) showStatus(c echo.Context) error {
	view, err := s.status(c)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return render(c, http.StatusOK, view.Show())
	}
	return render(c, http.StatusOK, views.Page(s.page(c, "status", text(c, "status.title")), view))
}

func (s *Server) status(c echo.Context) (views.View, error) {
	view := views.View{MayStop: actor(c).Can(access.StopAll), MayAct: s.mayAct(c), CSRF: csrfToken(c)}
	order, stands, err := s.Stops.Standing(ctx(c))
	if err != nil {
		return view, err
	}
	if stands {
		view.Stopped = &order
	}
	if view.Chain, view.Lately, err = s.lastChain(c); err != nil {
		return view, err
	}
	view.Going = view.Chain != nil && view.Chain.Live
	active, err := s.Runs.Active(ctx(c), actor(c))
	if err != nil {
		return view, err
	}
	for _, r := range active {
		line, err := s.statusLine(c, r, stands)
		if err != nil {
			return view, err
		}
		view.Runs, view.Going = append(view.Runs, line), view.Going || r.State.Going()
	}
	if view.MayStop {
		view.Earlier, err = s.earlierStops(c)
	}
	return view, err
}

func (s *Server) earlierStops(c echo.Context) (lines []views.Earlier, err error) {
	past, err := s.Stops.Past(ctx(c), actor(c), earlierStops)
	if err != nil {
		return nil, err
	}
	for _, order := range past {
		lines = append(lines, views.Earlier{By: order.By, Reason: order.Reason, LiftedBy: order.LiftedBy, At: s.moment(c, order.At), LiftedAt: s.moment(c, order.LiftedAt)})
	}
	return lines, nil
}

func (s *Server) statusLine(c echo.Context, r run.Run, stopped bool) (views.Run, error) {
	line := views.Run{Name: r.ExportName, Href: runPath(r.ID), State: runviews.StateBadge(ctx(c), r.State), Moved: s.moment(c, r.QueuedAt)}
	if !r.ProgressAt.IsZero() {
		line.Moved = s.moment(c, r.ProgressAt)
	}
	if r.Counts.Profiles > 0 {
		line.Progress = text(c, "home.running.of", "Done", r.Counts.Settled(), "All", r.Counts.Profiles)
	}
	var err error
	line.Waits, err = s.waitsFor(c, r, stopped)
	return line, err
}

// waitsFor says for what a run waits, or that it does not.
func (s *Server) waitsFor(c echo.Context, r run.Run, stopped bool) (string, error) {
	e, err := s.Exports.Recall(ctx(c), actor(c), r.ExportID)
	if err != nil {
		return "", err
	}
	driver, err := s.Exports.Driver(e.DestinationType)
	if err != nil {
		return "", err
	}
	info := driver.Info()
	switch {
	case r.Asks():
		return text(c, "status.waits.answer", "Why", runviews.PauseText(ctx(c), r, info.Name)), nil
	case r.State == run.Paused:
		return runviews.PauseText(ctx(c), r, info.Name), nil
	case r.State == run.Queued:
		if waits, err := s.Runs.WaitsFor(ctx(c), r); err != nil || waits != "" {
			return runviews.WaitsText(ctx(c), waits, info.Name, info.RequestsPerMinute), err
		}
		return text(c, "status.waits.turn"), nil
	case stopped || !r.CancelAskedAt.IsZero() || r.Pausing():
		return text(c, "status.waits.answers", "Destination", info.Name), nil
	}
	waits, err := s.Runs.WaitsFor(ctx(c), r)
	if err != nil || waits == "" && r.StuckAt.IsZero() {
		return text(c, "status.waits.nothing"), err
	}
	return runviews.WaitsText(ctx(c), waits, info.Name, info.RequestsPerMinute), nil
}

func (s *Server) askStop(c echo.Context) error {
	if err := actor(c).Require(access.StopAll); err != nil {
		return err
	}
	if stands, err := s.Stops.Stands(ctx(c)); err != nil {
		return err
	} else if stands {
		return redirect(c, "/system/status")
	}
	return s.renderStopQuestion(c, http.StatusOK, views.Question{})
}

func (s *Server) renderStopQuestion(c echo.Context, status int, q views.Question) error {
	active, err := s.Runs.Active(ctx(c), actor(c))
	if err != nil {
		return err
	}
	for _, r := range active {
		if r.State.Going() {
			q.Runs++
		}
	}
	q.CSRF = csrfToken(c)
	above := layout.Crumb{Label: text(c, "status.title"), Href: "/system/status"}
	return render(c, status, views.Ask(s.page(c, "status", text(c, "stop.ask.title"), above), q))
}

func (s *Server) stopAll(c echo.Context) error {
	reason := c.FormValue("reason")
	if _, err := s.Stops.Impose(ctx(c), actor(c), reason); err != nil {
		errs, ok := formErrors(c, err, "reason", "stop.reason")
		if !ok {
			return err
		}
		return s.renderStopQuestion(c, http.StatusUnprocessableEntity, views.Question{Reason: reason, Errors: errs})
	}
	return redirect(c, "/system/status")
}

func (s *Server) liftStop(c echo.Context) error {
	err := s.Stops.Lift(ctx(c), actor(c))
	switch {
	case problem.Is(err, problem.Conflict):
		s.flash(c, "info", problem.Of(err).Code)
	case err != nil:
		return err
	default:
		s.flash(c, "success", "stop.lift.done")
	}
	return redirect(c, "/system/status")
}

// stopped is the emergency stop for the frame of every page; nil when none stands. A page is shown also when that cannot be
// read: it stops nothing by itself.
func (s *Server) stopped(c echo.Context) *stop.Order {
	order, ok, err := s.Stops.Standing(ctx(c))
	if err != nil {
		s.logFailure(c, fmt.Errorf("banner: %w", err))
	}
	if !ok {
		return nil
	}
	return &order
}
