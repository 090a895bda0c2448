package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
)

// Chain is one time that sources are read, segments calculated and exports run, as steps.
type Chain struct {
	ID          int64               `json:"id"`
	Cause       chain.Cause         `json:"cause"`
	State       chain.State         `json:"state"`
	RequestedBy string              `json:"requested_by,omitempty"` // absent: the program itself
	Again       int64               `json:"again,omitempty"`        // the chain whose steps are done again
	DueAt       *time.Time          `json:"due_at"`
	QueuedAt    *time.Time          `json:"queued_at"`
	StartedAt   *time.Time          `json:"started_at,omitempty"`
	EndedAt     *time.Time          `json:"ended_at,omitempty"`
	ReasonCode  string              `json:"reason_code,omitempty"`
	CancelledBy string              `json:"cancelled_by,omitempty"`
	Counts      map[chain.State]int `json:"counts"` // of its tasks, by state
}

// ChainDetail is a chain with its steps.
type ChainDetail struct {
	Chain
	Tasks []Task `json:"tasks"`
}

// Task is a step of a chain.
type Task struct {
	ID         int64       `json:"id"`
	Kind       chain.Kind  `json:"kind"`
	Target     int64       `json:"target,omitempty"` // of the source, segment or export
	Name       string      `json:"name"`
	State      chain.State `json:"state"`
	QueuedAt   *time.Time  `json:"queued_at"`
	StartedAt  *time.Time  `json:"started_at,omitempty"`
	EndedAt    *time.Time  `json:"ended_at,omitempty"`
	WaitedFor  string      `json:"waited_for,omitempty"` // code
	Profiles   int         `json:"profiles"`
	Rejected   int         `json:"rejected"`
	ReasonCode string      `json:"reason_code,omitempty"`
	BecauseOf  int64       `json:"because_of,omitempty"` // the task whose failure had it skipped
	Run        int64       `json:"run,omitempty"`
}

func newChain(c chain.Chain) Chain {
	return Chain{ID: c.ID, Cause: c.Cause, State: c.State, RequestedBy: c.RequestedBy, Again: c.OfChain, DueAt: moment(c.DueAt), QueuedAt: moment(c.QueuedAt),
		StartedAt: moment(c.StartedAt), EndedAt: moment(c.EndedAt), ReasonCode: c.ReasonCode, CancelledBy: c.CancelledBy, Counts: c.Tasks}
}

func (a *API) listChains(c echo.Context) error {
	before, limit, err := place(c, "chains")
	if err != nil {
		return err
	}
	chains, err := a.Records.Before(ctx(c), needs(c, access.LookAround), before, limit+1)
	if err != nil {
		return err
	}
	return write(c, http.StatusOK, pageOf("chains", chains, limit, func(one chain.Chain) int64 { return one.ID }, newChain))
}

func (a *API) showChain(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	found, err := a.Records.Get(ctx(c), needs(c, access.LookAround), id)
	if err != nil {
		return err
	}
	tasks, err := a.Records.Tasks(ctx(c), actor(c), id)
	if err != nil {
		return err
	}
	written := ChainDetail{Chain: newChain(found), Tasks: make([]Task, len(tasks))}
	for i, t := range tasks {
		written.Tasks[i] = Task{ID: t.ID, Kind: t.Kind, Target: t.TargetID, Name: t.Name, State: t.State, QueuedAt: moment(t.QueuedAt), StartedAt: moment(t.StartedAt),
			EndedAt: moment(t.EndedAt), WaitedFor: t.WaitedFor, Profiles: t.Count, Rejected: t.Rejected, ReasonCode: t.ReasonCode, BecauseOf: t.BecauseOf, Run: t.RunID}
	}
	return write(c, http.StatusOK, written)
}

// startChain has everything done now that the schedule does.
func (a *API) startChain(c echo.Context) error {
	begun, err := a.Chains.StartNow(ctx(c), needs(c, access.RefreshNow))
	if err != nil {
		return err
	}
	return write(c, http.StatusAccepted, newChain(begun))
}
