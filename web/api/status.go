package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/stop"
)

// Status is what runs now, and what needs somebody.
type Status struct {
	At      *time.Time `json:"at"`
	Well    bool       `json:"well"`              // nothing needs anybody
	Stopped *Stopped   `json:"stopped,omitempty"` // the emergency stop that stands
	Running []Run      `json:"running"`           // and those that wait for their turn
	Needs   []Need     `json:"needs"`             // what does not go on by itself
	Alerts  int        `json:"alerts"`            // that are open, and that the person may see
	NextRun *time.Time `json:"next_run_at,omitempty"`
}

// Stopped is the emergency stop.
type Stopped struct {
	Since  *time.Time `json:"since"`
	By     string     `json:"by"`
	Reason string     `json:"reason,omitempty"`
}

// Need is a run that needs somebody, and why.
type Need struct {
	Run Run       `json:"run"`
	Why NeedCause `json:"why"`
}

// NeedCause says why something needs somebody.
type NeedCause string

// The causes.
const (
	NeedsAnswer NeedCause = "question" // it is paused with a question
	NeedsResume NeedCause = "paused"   // it goes on when somebody resumes it
	NeedsLook   NeedCause = "stuck"    // it makes no progress
	NeedsMend   NeedCause = "failed"   // the last run of an export failed
)

// StatusSources are what a status is made of.
type StatusSources struct {
	Runs    *run.Service
	Stops   *stop.Service
	Alerts  *alert.Service
	NextRun func(context.Context) (time.Time, bool, error)
	Name    func(destinationType string) string
	Clock   func() time.Time
}

// NewStatus reads the status.
func NewStatus(ctx context.Context, by access.Actor, from StatusSources) (Status, error) {
	written := Status{At: moment(from.Clock()), Running: []Run{}, Needs: []Need{}}
	active, err := from.Runs.Active(ctx, by)
	if err != nil {
		return written, err
	}
	failed, err := from.Runs.FailedLast(ctx, by)
	if err != nil {
		return written, err
	}
	order, stands, err := from.Stops.Standing(ctx)
	if err != nil {
		return written, err
	}
	if stands {
		written.Stopped = &Stopped{moment(order.At), order.By, order.Reason}
	}
	for _, r := range append(active, failed...) {
		one := NewRun(ctx, r, from.Name(r.DestinationType))
		if r.State.Going() {
			written.Running = append(written.Running, one)
		}
		if why := needOf(r); why != "" {
			written.Needs = append(written.Needs, Need{one, why})
		}
	}
	if written.Alerts, err = from.Alerts.CountOpen(ctx, by); err != nil {
		return written, err
	}
	if next, ok, err := from.NextRun(ctx); err != nil {
		return written, err
	} else if ok {
		written.NextRun = moment(next)
	}
	written.Well = written.Stopped == nil && len(written.Needs) == 0 && written.Alerts == 0
	return written, nil
}

func needOf(r run.Run) NeedCause {
	switch {
	case r.Asks():
		return NeedsAnswer
	case r.State == run.Paused && r.PauseCode != run.ByStop:
		return NeedsResume
	case r.State.Going() && !r.StuckAt.IsZero():
		return NeedsLook
	case r.State == run.Failed:
		return NeedsMend
	}
	return ""
}

func (a *API) showStatus(c echo.Context) error {
	written, err := NewStatus(ctx(c), needs(c, access.LookAround), StatusSources{Runs: a.Runs, Stops: a.Stops, Alerts: a.Alerts, NextRun: a.Schedule.NextRun,
		Name: a.Connections.DestinationName, Clock: a.Clock})
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, written)
}
