package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

const onceName = "Everybody to the sandbox"

// Result is what came of one export of everybody.
type Result struct {
	Profiles  int       `json:"profiles"`
	Accepted  int       `json:"accepted"`
	Created   int       `json:"created,omitempty"` // of Accepted, where it is known
	Updated   int       `json:"updated,omitempty"` // likewise
	Rejected  int       `json:"rejected"`          // by us or by the destination
	Skipped   int       `json:"skipped"`           // duplicates
	Unchanged int       `json:"unchanged"`         // as last delivered
	Seconds   float64   `json:"seconds"`
	Requests  int       `json:"requests"`
	Contacts  int       `json:"contacts"` // that the stand-in holds for the segment
	Matches   bool      `json:"matches"`  // each agrees field by field, and there is no other
	State     run.State `json:"-"`
	Sent      int       `json:"-"`

	RequestsMinimum int     `json:"requests_minimum"` // that take everybody who was sent, see Least
	SecondsLimit    float64 `json:"seconds_limit"`    // that the limit makes so many requests take
}

// Least works out what no engine can do better: the fewest requests for those who were sent, and how long the limit of
// requests in a sliding window, 0 for none, makes them take. The first window's may all go at once.
func (r *Result) Least(limit int, window time.Duration) {
	r.RequestsMinimum = (r.Sent + omnisend.MaxBatch - 1) / omnisend.MaxBatch
	r.SecondsLimit = 0
	if limit > 0 && r.RequestsMinimum > 0 {
		r.SecondsLimit = (time.Duration((r.RequestsMinimum-1)/limit) * window).Seconds()
	}
}

// Complete reports whether every profile is accounted for and the stand-in holds exactly what it should.
func (r Result) Complete() bool {
	return (r.State == run.Succeeded || r.State == run.Warnings) && r.Matches &&
		r.Profiles == r.Accepted+r.Rejected+r.Skipped+r.Unchanged
}

// RunOnce exports everybody to the stand-in, waits for the end, and compares. A run that an earlier process left is
// carried on with instead of a new one. say tells how far it is, now and then.
func RunOnce(ctx context.Context, a *app.App, stand *sandbox.Server, say func(string)) (Result, error) {
	admin, err := Actor(ctx, a, access.Administrator)
	if err != nil {
		return Result{}, err
	}
	e, err := onceExport(ctx, a, admin)
	if err != nil {
		return Result{}, err
	}
	r, err := onceRun(ctx, a, admin, e)
	if err != nil {
		return Result{}, err
	}
	begin, told := time.Now(), time.Now()
	for r.State.Going() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
		if r, err = a.Runs.Get(ctx, admin, r.ID); err != nil {
			return Result{}, err
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			say(fmt.Sprintf("%d of %d profiles have their outcome", r.Counts.Settled(), r.Counts.Profiles))
		}
	}
	if r.ErrorCode != "" {
		say("the run failed: " + r.ErrorCode + " " + r.ErrorDetail)
	}
	result := Result{Profiles: r.Counts.Profiles, Accepted: r.Counts.Accepted, Created: r.Counts.Created, Updated: r.Counts.Updated, Rejected: r.Counts.Rejected(),
		Skipped: r.Counts.Duplicates + r.Counts.Excluded, Unchanged: r.Counts.Unchanged, Sent: r.Counts.Accepted + r.Counts.Refused - r.Counts.Known,
		Seconds: time.Since(begin).Seconds(), Requests: r.Requests, State: r.State}
	everybody := segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}
	c, err := Compare(ctx, a, everybody, export.DefaultTag(Everybody), stand.Contact, stand.Contacts())
	if err != nil {
		return Result{}, err
	}
	for _, difference := range c.Differences {
		say(difference)
	}
	result.Contacts, result.Matches = c.Held, c.Matches()
	return result, nil
}

// onceExport is the export of everybody, made with its connection when there is none yet.
func onceExport(ctx context.Context, a *app.App, admin access.Actor) (export.Export, error) {
	rows, _, err := a.Exports.List(ctx, admin, export.Query{Search: onceName})
	if err != nil {
		return export.Export{}, err
	}
	for _, row := range rows {
		if row.Name == onceName && row.ConnectionID != 0 {
			return row.Export, nil
		}
	}
	connection, err := Connect(ctx, a, Brand, APIKey)
	if err != nil {
		return export.Export{}, err
	}
	return Export(ctx, a, onceName, connection.ID, Everybody)
}

func onceRun(ctx context.Context, a *app.App, admin access.Actor, e export.Export) (run.Run, error) {
	active, err := a.Runs.Active(ctx, admin)
	if err != nil {
		return run.Run{}, err
	}
	for _, r := range active {
		if r.ExportID == e.ID {
			return r, nil
		}
	}
	return a.Runs.Start(ctx, admin, e.ID, run.Options{})
}
