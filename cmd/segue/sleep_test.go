package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
)

// TestARunGoesOnWhenTheMachineWakesUp stops the process in the middle of a run for what is an hour of the destination's time:
// longer than the patience for any request, and than a batch may take.
func TestARunGoesOnWhenTheMachineWakesUp(t *testing.T) {
	binary, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := apptest.StartAt(t, 5000, 1800)
	e := k.Export()
	k.Stop()
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	started, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 200})
	p := start(t, binary, k)
	for wait := 0; wait < 1000 && look(t, k, started.ID).BatchesSent == 0; wait++ {
		time.Sleep(10 * time.Millisecond)
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	asleep := look(t, k, started.ID)
	if asleep.Counts.Open() == 0 || asleep.BatchesSent == 0 {
		t.Fatalf("fell asleep at the wrong moment: %+v", asleep)
	}
	time.Sleep(2 * time.Second)
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 0.4, Seed: 7}) // the network takes a moment to come back
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	k.Sandbox.SetFaults(sandbox.Faults{})
	deadline := time.Now().Add(time.Minute)
	r := look(t, k, started.ID)
	for ; r.State.Going() && time.Now().Before(deadline); r = look(t, k, started.ID) {
		time.Sleep(50 * time.Millisecond)
	}
	kill(t, p)
	if r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("%s (%s%s) %+v\n%s", r.State, r.ErrorCode, r.PauseCode, r.Counts, p.Output())
	}
	k.Open()
	k.Matches()
}
