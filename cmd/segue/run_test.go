package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/web/api"
)

// attended is a data folder on which a server works, as a process of its own, with tokens of two people.
type attended struct {
	*apptest.Kit
	t              *testing.T
	folder         string
	address        string
	server         *exec.Cmd
	exportID       int64
	runner, viewer string // keys
}

const everybody = "Everybody to Nordlys"

// prepare is done before the server starts.
func attend(t *testing.T, customers int, prepare ...func(*attended)) *attended {
	t.Helper()
	k := apptest.Start(t, customers)
	s := &attended{Kit: k, t: t, folder: k.Config.Folder, exportID: k.Export().ID}
	s.runner = s.key(access.Contributor, access.Read, access.Run)
	s.viewer = s.key(access.Viewer, access.Read, access.Run)
	for _, more := range prepare {
		more(s)
	}
	k.Stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s.serve()
	t.Cleanup(s.kill)
	return s
}

func (s *attended) key(of access.Role, scopes ...access.Scope) string {
	s.t.Helper()
	_, key, err := s.Tokens.Create(s.t.Context(), s.Actor(of), token.Draft{Name: "cron", Scopes: access.ScopesOf(scopes...), Days: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	return key.Reveal()
}

// command is the program with arguments, without the settings of this machine.
func (s *attended) command(arguments ...string) *exec.Cmd {
	s.t.Helper()
	program, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.CommandContext(s.t.Context(), program, arguments...)
	c.Env = []string{asSegue + "=1", "LC_ALL=C", "HOME=" + s.t.TempDir(), "TMPDIR=" + s.t.TempDir()}
	c.Dir = s.t.TempDir()
	return c
}

// serve starts the server, at the address where it was before, and waits until it answers.
func (s *attended) serve() {
	s.t.Helper()
	s.server = s.command("serve", "--data", s.folder, "--listen", s.address, "--omnisend-url", s.Config.OmnisendURL, "--omnisend-window", s.Config.Window.String())
	if err := s.server.Start(); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", s.address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
	}
}

// kill ends the server as kill -9 does. One that is gone already is no fault.
func (s *attended) kill() {
	_ = s.server.Process.Kill()
	_ = s.server.Wait()
}

// begin starts a command that asks the server by its API with a key.
func (s *attended) begin(key string, arguments ...string) *underway {
	s.t.Helper()
	u := &underway{t: s.t, command: s.command(append(arguments, "--server", "http://"+s.address)...)}
	u.command.Env = append(u.command.Env, tokenVariable+"="+key)
	u.command.Stdout, u.command.Stderr = &u.out, &u.errors
	if err := u.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	return u
}

// remote runs such a command to its end.
func (s *attended) remote(key string, arguments ...string) outcome {
	s.t.Helper()
	return s.begin(key, arguments...).end()
}

// beside runs a command on the data folder.
func (s *attended) beside(arguments ...string) outcome {
	s.t.Helper()
	return segue(s.t, "", append(arguments, "--data", s.folder)...)
}

// underway is a command that has not ended.
type underway struct {
	t           *testing.T
	command     *exec.Cmd
	out, errors saying
}

// saying is what a command says, to be read while it speaks.
type saying struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (s *saying) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(p)
}

func (s *saying) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}

// awaits waits until the command has said something on its standard error.
func (u *underway) awaits(text string) {
	u.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(u.errors.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			u.t.Fatalf("says nothing of %q:\n%s", text, u.errors.String())
		}
	}
}

func (u *underway) end() outcome {
	u.t.Helper()
	var exit *exec.ExitError
	if err := u.command.Wait(); err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	return outcome{u.out.String(), u.errors.String(), u.command.ProcessState.ExitCode()}
}

// wants fails the test unless the command ended so, and said so much.
func (o outcome) wants(t *testing.T, status int, texts ...string) outcome {
	t.Helper()
	if o.status != status {
		t.Fatalf("ended with %d, want %d\n%s\n%s", o.status, status, o.out, o.errors)
	}
	for _, text := range texts {
		if !strings.Contains(o.out+o.errors, text) {
			t.Errorf("says nothing of %q:\n%s\n%s", text, o.out, o.errors)
		}
	}
	return o
}

// latest waits until an export has a run that is as wanted.
func (s *attended) latest(wanted func(run.Run) bool) run.Run {
	s.t.Helper()
	db, err := database.Connect(filepath.Join(s.folder, "segue.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	runs := run.NewService(run.Dependencies{DB: db})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, err := runs.List(s.t.Context(), access.System, s.exportID, 1, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(list) > 0 && wanted(list[0]) {
			return list[0]
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("no run as wanted: %+v", list)
		}
	}
}

func isGoing(r run.Run) bool { return r.BatchesSent > 0 && r.State.Going() }

func TestAnExportIsRunAndWaitedForByTheAPIAndBesideTheServer(t *testing.T) {
	s := attend(t, 300)
	first := s.remote(s.runner, "run", "everybody to nordlys", "--wait", "--json").wants(t, endWarnings, "run 1: queued")
	var told api.Run
	if err := json.Unmarshal([]byte(first.out), &told); err != nil {
		t.Fatalf("%v\n%s", err, first.out)
	}
	if told.State != run.Warnings || told.Counts.Accepted == 0 || told.Export.Name != everybody {
		t.Errorf("told %+v", told)
	}
	second := s.beside("run", everybody, "--wait").wants(t, endWarnings, "unchanged", "ended with warnings")
	if !strings.Contains(second.out, everybody) || strings.Contains(second.out, "running") {
		t.Errorf("the result is mixed with the progress:\n%s", second.out)
	}
	s.remote(s.runner, "run", "1", "--complete", "--wait").wants(t, endWarnings)
	s.beside("run", "1").wants(t, 0, "is queued")
}

func TestARunThatSucceedsEndsWithNought(t *testing.T) {
	s := attend(t, 3)
	s.remote(s.runner, "run", everybody, "--wait").wants(t, 0, "succeeded")
	s.beside("run", everybody, "--wait").wants(t, 0, "succeeded")
}

func TestWhatIsWrongOrNotAllowedEndsWithTwo(t *testing.T) {
	s := attend(t, 1)
	for name, c := range map[string]struct {
		o    outcome
		says string
	}{
		"no such export, by name":   {s.remote(s.runner, "run", "Nobody"), "no export named"},
		"no such export, by id":     {s.remote(s.runner, "run", "99"), ""},
		"none beside, by name":      {s.beside("run", "Nobody"), "no export named"},
		"none beside, by id":        {s.beside("run", "99"), ""},
		"a viewer's token":          {s.remote(s.viewer, "run", "1"), "role"},
		"no token":                  {segue(t, "", "run", "1", "--server", "http://"+s.address), "SEGUE_TOKEN"},
		"a token that is none":      {s.remote("segue_x", "run", "1"), "token"},
		"no such file of a token":   {segue(t, "", "run", "1", "--server", "http://"+s.address, "--token-file", "none"), "token"},
		"no data folder":            {segue(t, "", "run", "1", "--data", t.TempDir()), "no data folder"},
		"no address":                {segue(t, "", "status", "--server", "segue"), "--server"},
		"a file without a server":   {segue(t, "", "status", "--token-file", "x"), "--server"},
		"a time without waiting":    {segue(t, "", "run", "1", "--timeout", "1s"), "--wait"},
		"no export at all":          {segue(t, "", "run"), ""},
		"another site, not the API": {segue(t, "", "status", "--server", "http://"+s.address+"/help"), ""},
	} {
		if c.o.status != endWrong || !strings.Contains(c.o.errors, c.says) || c.o.out != "" {
			t.Errorf("%s: ended with %d\n%s%s", name, c.o.status, c.o.out, c.o.errors)
		}
	}
	s.kill()
	s.beside("run", "1").wants(t, endWrong, "no server is at work")
}

func TestWhatNeedsSomebodyEndsWithFive(t *testing.T) {
	s := attend(t, 3)
	s.beside("status").wants(t, 0, "All is well")
	s.stops(func(stops *stop.Service) error {
		_, err := stops.Impose(t.Context(), access.System, "wrong file")
		return err
	})
	s.beside("run", everybody).wants(t, endNeeds)
	s.remote(s.runner, "run", everybody).wants(t, endNeeds)
	s.beside("status").wants(t, endNeeds, "wrong file")
	told := s.remote(s.viewer, "status", "--json").wants(t, endNeeds)
	var status api.Status
	if err := json.Unmarshal([]byte(told.out), &status); err != nil || status.Stopped == nil || status.Well {
		t.Errorf("%v\n%s", err, told.out)
	}
	s.stops(func(stops *stop.Service) error { return stops.Lift(t.Context(), access.System) })
	s.remote(s.viewer, "status").wants(t, 0, "All is well")
}

// stops works on the emergency stop beside the server.
func (s *attended) stops(work func(*stop.Service) error) {
	s.t.Helper()
	a, err := app.Beside(s.t.Context(), s.folder)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(work(a.Stops), a.Close()); err != nil {
		s.t.Fatal(err)
	}
}

func TestWaitingOutlivesTheServerAndWhoNoLongerWaitsStopsNothing(t *testing.T) {
	s := attend(t, 5000)
	s.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 300})
	waits := s.begin(s.runner, "run", everybody, "--wait")
	r := s.latest(isGoing)

	s.remote(s.runner, "run", everybody).wants(t, endFailed) // another is under way
	s.remote(s.viewer, "status").wants(t, 0, everybody)

	s.kill()
	waits.awaits("waiting for the server")
	s.serve()
	s.Sandbox.SetFaults(sandbox.Faults{})
	waits.end().wants(t, endWarnings)
	if ended := s.latest(func(r run.Run) bool { return !r.State.Active() }); ended.ID != r.ID {
		t.Errorf("run %d was waited for, and run %d ended", r.ID, ended.ID)
	}

	s.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 500})
	s.remote(s.runner, "run", everybody, "--complete", "--wait", "--timeout", "1s").wants(t, endTimedOut, "goes on")
	s.Sandbox.SetFaults(sandbox.Faults{})
	s.latest(func(r run.Run) bool { return !r.State.Active() })

	s.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 500})
	patient := s.begin(s.runner, "run", everybody, "--complete", "--wait")
	s.latest(isGoing)
	if err := patient.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	patient.end().wants(t, endInterrupted, "goes on")
	if r := s.latest(func(run.Run) bool { return true }); !r.CancelAskedAt.IsZero() || !r.State.Going() {
		t.Errorf("the run was stopped with the command: %+v", r)
	}
}
