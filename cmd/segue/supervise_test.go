package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/process"
)

func TestSystemdIsToldThatTheProgramServesThatItLivesAndThatItStops(t *testing.T) {
	t.Run("by HTTP", tellsSystemd)
	t.Run("by HTTPS", func(t *testing.T) {
		shownBy(t)
		tellsSystemd(t)
	})
}

func tellsSystemd(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "300000")
	t.Setenv(asSegue, "1")
	folder := filepath.Join(t.TempDir(), "data")
	p, err := process.Start(program, folder, "http://127.0.0.1:9/api", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // it is gone already when all went well
	next := func() string {
		t.Helper()
		message := make([]byte, 200)
		err := socket.SetReadDeadline(time.Now().Add(20 * time.Second))
		n, failed := socket.Read(message)
		if err := errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		return string(message[:n])
	}
	var told []string
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		told = append(told, next())
		if told[len(told)-1] != want {
			t.Fatalf("told %q", told)
		}
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	last := next()
	for last == "WATCHDOG=1" { // that was on its way
		last = next()
	}
	if last != "STOPPING=1" {
		t.Errorf("told %q at the end", last)
	}
	if status, err := p.Wait(); err != nil || status != 0 {
		t.Errorf("ended with %d, %v\n%s", status, err, p.Output())
	}
}

func TestSystemdUnderstandsTheUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	unit, err := os.ReadFile("../../deploy/segue.service")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "segue.service")
	here := strings.ReplaceAll(string(unit), "/usr/local/bin/segue", "/bin/true") // it must be there
	if err := os.WriteFile(path, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v: %s", err, said)
	}
}
