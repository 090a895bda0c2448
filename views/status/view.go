// Package status holds the page that says what Segue is doing now, and the emergency stop. It shows what it is given.
package status

import (
	"context"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/views/component"
)

// View is what the page shows.
type View struct {
	Stopped *stop.Order // nil: nothing is stopped
	MayStop bool
	CSRF    string
	Runs    []Run
	Going   bool // something goes on: the page is read again every few seconds
	Chain   *Chain
	Lately  []ChainRow // chains besides that one
	MayAct  bool       // start, cancel and repeat chains
	Earlier []Earlier
}

// Run is a run that has not ended.
type Run struct {
	Name, Href string
	State      component.Badge
	Progress   string
	Waits      string // for what it waits, or what it does
	Moved      component.Moment
}

// Earlier is an emergency stop that was lifted.
type Earlier struct {
	By, Reason, LiftedBy string
	At, LiftedAt         component.Moment
}

// Question is the page that asks before everything is stopped.
type Question struct {
	Runs   int // that are under way or wait for their turn
	Reason string
	CSRF   string
	Errors component.Errors
}

// goingOn says how much would be stopped.
func (q Question) goingOn(ctx context.Context) string {
	if q.Runs == 0 {
		return i18n.T(ctx, "status.runs.none")
	}
	return i18n.N(ctx, "stop.ask", q.Runs)
}
