package main

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
)

// TestARunThatIsKilledAgainAndAgainLosesNothing kills the process with SIGKILL at random instants of one run of 20,000
// profiles, starts it again each time, and in the end holds every contact against the segment, field by field.
func TestARunThatIsKilledAgainAndAgainLosesNothing(t *testing.T) {
	const profiles, kills = 20_000, 20
	binary, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := apptest.Start(t, profiles)
	e := k.Export()
	k.Stop()

	// Queue the run without working on it: the processes to be killed do that.
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	admin := access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}
	started, err := a.Runs.Start(t.Context(), admin, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 30, JitterMillis: 60})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed, under := 0, 0
	for killed < kills {
		p := start(t, binary, k)
		if killed%2 == 0 { // every other time not before something has gone forward
			before := look(t, k, started.ID).BatchesSent
			for wait := 0; wait < 500 && look(t, k, started.ID).BatchesSent == before; wait++ {
				time.Sleep(10 * time.Millisecond)
			}
		}
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		kill(t, p)
		killed++
		r := look(t, k, started.ID)
		if r.BatchesSent > 0 {
			under++
		}
		if !r.State.Going() {
			t.Fatalf("the run ended as %s (%s) after %d kills: too soon to prove anything", r.State, r.ErrorCode, killed)
		}
	}
	if under < kills/2 {
		t.Fatalf("only %d of %d kills hit the run while batches were on their way", under, kills)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	p := start(t, binary, k)
	deadline := time.Now().Add(2 * time.Minute)
	var r run.Run
	for r = look(t, k, started.ID); r.State.Going(); r = look(t, k, started.ID) {
		if time.Now().After(deadline) {
			kill(t, p)
			t.Fatalf("the run does not end: %+v\n%s", r, p.Output())
		}
		time.Sleep(100 * time.Millisecond)
	}
	kill(t, p)
	if r.State != run.Warnings || r.Counts.Profiles != profiles || r.Counts.Open() != 0 {
		t.Fatalf("after %d kills: %s (%s %s) %+v", killed, r.State, r.ErrorCode, r.ErrorDetail, r.Counts)
	}
	k.Open()
	if held := k.Matches().Held; held != r.Counts.Accepted {
		t.Fatalf("%d accepted, %d held", r.Counts.Accepted, held)
	}
}

// look reads the run from outside, as a second program would.
func look(t *testing.T, k *apptest.Kit, runID int64) run.Run {
	t.Helper()
	return apptest.Look(t, filepath.Join(k.Config.Folder, "segue.db"), runID)
}

func start(t *testing.T, binary string, k *apptest.Kit) *process.Process {
	t.Helper()
	p, err := process.Start(binary, k.Config.Folder, k.Config.OmnisendURL, k.Config.Window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // in most cases it is gone already
	if err := p.Await(); err != nil {
		t.Fatal(errors.Join(err, p.Kill()), p.Output())
	}
	return p
}

func kill(t *testing.T, p *process.Process) {
	t.Helper()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}
