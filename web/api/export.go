package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
)

func (a *API) listExports(c echo.Context) error {
	after, limit, err := place(c, "exports")
	if err != nil {
		return err
	}
	rows, _, err := a.Exports.List(ctx(c), needs(c, access.LookAround), export.Query{Search: c.QueryParam("search"), Sort: "id", After: after, Limit: limit + 1})
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, pageOf("exports", rows, limit, func(r export.Row) int64 { return r.ID }, func(r export.Row) Export {
		written := newExport(r.Export, actor(c))
		if r.LastRunID != 0 {
			written.LastRun = &LastRun{r.LastRunID, run.State(r.LastState)}
		}
		written.Refreshed = moment(r.RefreshedAt)
		return written
	}))
}

func newExport(e export.Export, by access.Actor) Export {
	written := Export{ID: e.ID, Name: e.Name, Destination: e.DestinationType, Segments: []Part{}, Schedule: newSchedule(e.Schedule), Leavers: e.Leavers, PausedAt: moment(e.PausedAt),
		PausedBy: e.PausedBy, MayRun: e.MayRun(by), CreatedAt: moment(e.CreatedAt), UpdatedAt: moment(e.UpdatedAt), Version: e.Version}
	if e.ConnectionID != 0 {
		written.Connection = &Named{e.ConnectionID, e.ConnectionName}
	}
	for _, part := range e.Segments {
		written.Segments = append(written.Segments, Part{Named{part.SegmentID, part.Name}, part.State, part.Tag})
	}
	return written
}

func (a *API) exportOf(c echo.Context) (export.Export, error) {
	id, err := pathID(c)
	if err != nil {
		return export.Export{}, err
	}
	return a.Exports.Get(ctx(c), needs(c, access.LookAround), id)
}

func (a *API) showExport(c echo.Context) error {
	e, err := a.exportOf(c)
	if err != nil {
		return err
	}
	written := ExportDetail{Export: newExport(e, actor(c)), Mapping: []Mapped{}}
	for _, pair := range e.Mapping {
		written.Mapping = append(written.Mapping, newMapped(pair))
	}
	last, err := a.Runs.Page(ctx(c), actor(c), run.Query{ExportID: e.ID}, 1)
	if err != nil {
		return err
	}
	if len(last) > 0 {
		written.LastRun = &LastRun{last[0].ID, last[0].State}
	}
	return write(c, http.StatusOK, written)
}

func (a *API) showReadiness(c echo.Context) error {
	e, err := a.exportOf(c)
	if err != nil {
		return err
	}
	code, err := a.Exports.Readiness(ctx(c), e)
	if err != nil {
		return err
	}
	written := Readiness{Ready: code == ""}
	if code != "" {
		written.Obstacle = &Reason{code, i18n.T(ctx(c), "obstacle."+code)}
	}
	return write(c, http.StatusOK, written)
}

// pauseExport stops an export for the time being. One that is paused stays so.
func (a *API) pauseExport(c echo.Context) error {
	id, err := pathID(c)
	if err == nil {
		err = a.Exports.Pause(ctx(c), needs(c, access.UseSomeConnections), id)
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) resumeExport(c echo.Context) error {
	id, err := pathID(c)
	if err == nil {
		err = a.Exports.Resume(ctx(c), needs(c, access.UseSomeConnections), id)
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// mostKey is how long an Idempotency-Key may be.
const mostKey = 200

// startRun queues a run. With an Idempotency-Key the same request starts one run however often it is sent.
func (a *API) startRun(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	var asked struct {
		Complete    bool `json:"complete"`
		WithdrawAny bool `json:"withdraw_any"`
	}
	if err := read(c, &asked); err != nil {
		return err
	}
	by := needs(c, access.RunSomeExports)
	options := run.Options{Complete: asked.Complete, WithdrawAny: asked.WithdrawAny}
	key := c.Request().Header.Get("Idempotency-Key")
	if key == "" {
		started, err := a.Runs.Start(ctx(c), by, id, options)
		if err != nil {
			return err
		}
		return a.answerStarted(c, started)
	}
	if len(key) > mostKey {
		return bad("api.problem.key", "Most", mostKey)
	}
	if err := by.Require(access.RunSomeExports); err != nil { // before it is told what was started with the key
		return err
	}
	starts := a.Tokens.Starting(bearer(c).Token, key, fingerprint(id, options))
	before, err := starts.Before(ctx(c))
	if err == nil && before == 0 {
		options.Also = starts.Remember
		var started run.Run
		if started, err = a.Runs.Start(ctx(c), by, id, options); err == nil {
			return a.answerStarted(c, started)
		}
		// The same request may have been faster: then its run is in the way of this one.
		if again, sure := starts.Before(ctx(c)); sure == nil && again != 0 {
			before, err = again, nil
		}
	}
	if err != nil {
		return err
	}
	r, err := a.Runs.Started(ctx(c), by, before)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Idempotent-Replayed", "true")
	return a.answerStarted(c, r)
}

func (a *API) answerStarted(c echo.Context, r run.Run) error {
	c.Response().Header().Set(echo.HeaderLocation, runPath(r.ID))
	return write(c, http.StatusCreated, a.newRun(c, r))
}
