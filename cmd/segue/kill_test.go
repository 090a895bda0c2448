package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// TestARunThatIsKilledAgainAndAgainLosesNothing kills the process with SIGKILL at random instants of one run of 20,000
// profiles, starts it again each time, and in the end holds every contact against the segment, field by field.
func TestARunThatIsKilledAgainAndAgainLosesNothing(t *testing.T) {
	const profiles, kills = 20_000, 20
	binary := build(t)
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
		p.await(t)
		if killed%2 == 0 { // every other time not before something has gone forward
			before := look(t, k, started.ID).BatchesSent
			for wait := 0; wait < 500 && look(t, k, started.ID).BatchesSent == before; wait++ {
				time.Sleep(10 * time.Millisecond)
			}
		}
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		p.kill(t)
		killed++
		r := look(t, k, started.ID)
		if r.BatchesSent > 0 {
			under++
		}
		if !r.State.Active() {
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
	for r = look(t, k, started.ID); r.State.Active(); r = look(t, k, started.ID) {
		if time.Now().After(deadline) {
			t.Fatalf("the run does not end: %+v\n%s", r, p.output.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.kill(t)
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

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "segue")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

type process struct {
	command *exec.Cmd
	address string
	output  *bytes.Buffer
}

func start(t *testing.T, binary string, k *apptest.Kit) *process {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{address: listener.Addr().String(), output: &bytes.Buffer{}}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	p.command = exec.CommandContext(context.WithoutCancel(t.Context()), binary, "serve", "--data", k.Config.Folder, "--listen", p.address,
		"--omnisend-url", k.Config.OmnisendURL, "--omnisend-window", k.Config.Window.String())
	p.command.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	return p
}

// await waits until the process listens, which is when it has begun to work.
func (p *process) await(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, err := net.Dial("tcp", p.address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process does not come up: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.command.Wait() // "signal: killed" is what was wanted
}
