package run_test

import (
	"fmt"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

func TestManyRunsOfOneBrandTakeTurnsAndKeepNoOtherBrandWaiting(t *testing.T) {
	const speed = 20 // at which what stalls is not given up before the test has looked at it
	k := apptest.StartAt(t, 40, speed)
	k.Stop()
	const key = "another0brand0key0for0tests"
	k.NewSandbox(sandbox.Options{Speed: speed, Brands: []sandbox.Brand{{ID: "brand-2", Name: "Sydlys", Website: "https://example.org", Key: key}}})
	k.Config.OmnisendURL = k.Server.URL + "/api"
	k.Open()
	crowd, err := demo.Connect(t.Context(), k.App, "Crowded", demo.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	quiet, err := demo.Connect(t.Context(), k.App, "Quiet", key)
	if err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1}) // what began does not end
	start := func(name string, connectionID int64) run.Run {
		t.Helper()
		e, err := demo.Export(t.Context(), k.App, name, connectionID, demo.Everybody)
		if err != nil {
			t.Fatal(err)
		}
		r, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	var runs []run.Run
	for i := range 40 {
		runs = append(runs, start(fmt.Sprintf("Export %02d", i), crowd.ID))
	}
	alone := start("Alone", quiet.ID)
	k.Until(alone.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	for i, r := range runs {
		if i < run.PerBrand {
			k.Until(r.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
		} else if now, err := k.Runs.Get(t.Context(), access.System, r.ID); err != nil || now.State != run.Queued {
			t.Errorf("run %d of the brand is %s, %v: want it to wait for its turn", i+1, now.State, err)
		}
	}
	if err := k.Runs.Cancel(t.Context(), k.Actor(access.Administrator), runs[39].ID); err != nil { // one that waits
		t.Fatal(err)
	}
	if r := k.Wait(runs[39].ID); r.State != run.Cancelled {
		t.Errorf("cancelled while it waited, it is %s", r.State)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	last := runs[0]
	for _, r := range runs[:39] {
		now := k.Wait(r.ID)
		if now.State != run.Succeeded && now.State != run.Warnings {
			t.Errorf("run %d ended as %s (%s)", r.ID, now.State, now.ErrorCode)
		}
		if now.ID > last.ID+run.PerBrand && now.StartedAt.Before(last.StartedAt) {
			t.Errorf("run %d began before run %d, which was queued long before it", now.ID, last.ID)
		}
		last = now
	}
	k.Wait(alone.ID)
}
