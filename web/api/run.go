package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	views "github.com/segue-app/segue/views/run"
)

func runPath(id int64) string { return fmt.Sprintf("%s/runs/%d", Prefix, id) }

func fingerprint(exportID int64, o run.Options) string {
	return fmt.Sprintf("run %d %t %t", exportID, o.Complete, o.WithdrawAny)
}

var runStates = []run.State{run.Queued, run.Running, run.Paused, run.Succeeded, run.Warnings, run.Failed, run.Cancelled}

func (a *API) listRuns(c echo.Context) error {
	var query run.Query
	for _, state := range c.QueryParams()["state"] {
		if !slices.Contains(runStates, run.State(state)) {
			return bad("api.problem.state")
		}
		query.States = append(query.States, run.State(state))
	}
	return a.writeRuns(c, query)
}

func (a *API) listRunsOf(c echo.Context) error {
	e, err := a.exportOf(c)
	if err != nil {
		return err
	}
	return a.writeRuns(c, run.Query{ExportID: e.ID})
}

func (a *API) writeRuns(c echo.Context, query run.Query) error {
	before, limit, err := place(c, "runs")
	if err != nil {
		return err
	}
	query.Before = before
	runs, err := a.Runs.Page(ctx(c), needs(c, access.LookAround), query, limit+1)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, pageOf("runs", runs, limit, func(r run.Run) int64 { return r.ID }, func(r run.Run) Run { return a.newRun(c, r) }))
}

func (a *API) newRun(c echo.Context, r run.Run) Run {
	return NewRun(ctx(c), r, a.Connections.DestinationName(r.DestinationType))
}

func (a *API) runOf(c echo.Context) (run.Run, error) {
	id, err := pathID(c)
	if err != nil {
		return run.Run{}, err
	}
	return a.Runs.Get(ctx(c), needs(c, access.LookAround), id)
}

func (a *API) showRun(c echo.Context) error {
	r, err := a.runOf(c)
	if err != nil {
		return err
	}
	name := a.Connections.DestinationName(r.DestinationType)
	written := RunDetail{Run: NewRun(ctx(c), r, name), Segments: []TaggedPart{}, Reasons: []ReasonCount{}, Timeline: []RunEvent{}}
	if r.Plan != nil {
		written.Connection = r.Plan.ConnectionName
		for _, part := range r.Plan.Segments {
			written.Segments = append(written.Segments, TaggedPart{Named{part.ID, part.Name}, part.Tag})
		}
	}
	if err := a.addPace(c, r, name, &written); err != nil {
		return err
	}
	reasons, err := a.Runs.Reasons(ctx(c), actor(c), r.ID)
	if err != nil {
		return err
	}
	for _, one := range reasons {
		written.Reasons = append(written.Reasons, ReasonCount{Reason{one.Code, views.ReasonText(ctx(c), one.Code, name)}, one.Outcome, one.Field, one.Count})
	}
	events, err := a.Runs.Timeline(ctx(c), actor(c), r.ID)
	if err != nil {
		return err
	}
	for _, e := range events {
		written.Timeline = append(written.Timeline, RunEvent{moment(e.At), e.Code, i18n.T(ctx(c), "runs.event."+e.Code), e.Detail})
	}
	return write(c, http.StatusOK, written)
}

// addPace says what a run under way waits for, and how long it may still take.
func (a *API) addPace(c echo.Context, r run.Run, destinationName string, written *RunDetail) error {
	if !r.State.Going() {
		return nil
	}
	pace, err := a.Runs.Pace(ctx(c), r)
	if err != nil {
		return err
	}
	if pace.Waits != "" {
		written.Waits = &Reason{pace.Waits, views.WaitsText(ctx(c), pace.Waits, destinationName, pace.Usage.Limit)}
	}
	written.SecondsTo = int(pace.Left.Round(time.Second) / time.Second)
	if pace.Usage.Limit > 0 {
		written.Budget = &Budget{pace.Usage.Limit, pace.Usage.Used, int(pace.Window.Round(time.Second) / time.Second)}
	}
	return nil
}

func (a *API) cancelRun(c echo.Context) error { return a.changeRun(c, a.Runs.Cancel) }

func (a *API) pauseRun(c echo.Context) error { return a.changeRun(c, a.Runs.Pause) }

// resumeRun lets a paused run go on; when it asked something, the body has the reply.
func (a *API) resumeRun(c echo.Context) error {
	var asked struct {
		Reply run.Reply `json:"reply"`
	}
	if err := read(c, &asked); err != nil {
		return err
	}
	if !slices.Contains([]run.Reply{run.NoReply, run.GoOn, run.LeaveTags}, asked.Reply) {
		return bad("api.problem.reply")
	}
	return a.changeRun(c, func(ctx context.Context, by access.Actor, id int64) error {
		return a.Runs.Resume(ctx, by, id, asked.Reply)
	})
}

func (a *API) changeRun(c echo.Context, change func(context.Context, access.Actor, int64) error) error {
	id, err := pathID(c)
	if err == nil {
		err = change(ctx(c), needs(c, access.RunSomeExports), id)
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// retryRun queues a run of those whom another rejected.
func (a *API) retryRun(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	started, err := a.Runs.Retry(ctx(c), needs(c, access.RunSomeExports), id)
	if err != nil {
		return err
	}
	return a.answerStarted(c, started)
}
