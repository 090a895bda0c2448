// Package daemon runs the servers that tests need and that are programs of others: as a user that is not root, with a
// certificate, and stopped at the end even when the tests die.
package daemon

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Daemon is a server that runs, with all that it keeps in one folder.
type Daemon struct {
	Folder    string
	Port      int    // of 127.0.0.1
	Authority string // PEM of the CA of server.crt and server.key in the folder

	as      *syscall.Credential
	claimed *os.File // see claim
	process *exec.Cmd
	output  bytes.Buffer
	signal  syscall.Signal
	ended   chan struct{}
}

var running struct {
	sync.Mutex
	all []*Daemon
}

// Main runs the tests and stops the servers that they started. When the process dies before, the kernel stops them.
func Main(m *testing.M) int {
	code := m.Run()
	running.Lock()
	defer running.Unlock()
	for _, d := range running.all {
		if err := d.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop a server:", err)
			code = max(code, 1)
		}
	}
	return code
}

// New makes the folder of a server that will run as the first of the users that there is, when we are root.
func New(name string, users ...string) (d *Daemon, err error) {
	d = &Daemon{ended: make(chan struct{})}
	if os.Getuid() == 0 {
		if d.as, err = credential(append(users, "nobody")); err != nil {
			return nil, err
		}
	}
	if err = removeLeft("segue-"+name+"-*", time.Now()); err != nil {
		return nil, err
	}
	if d.Folder, err = os.MkdirTemp("", "segue-"+name+"-"); err != nil {
		return nil, err
	}
	if err = d.claim(); err == nil {
		d.Authority, err = writeCertificate(d.Folder)
	}
	if err == nil {
		d.Port, err = freePort()
	}
	if err == nil {
		err = d.give()
	}
	if err != nil {
		return nil, errors.Join(err, d.clean())
	}
	return d, nil
}

// Path is a path in the folder.
func (d *Daemon) Path(name string) string { return filepath.Join(d.Folder, name) }

// Write writes a file into the folder that only the server may read.
func (d *Daemon) Write(name, content string) error {
	if err := os.WriteFile(d.Path(name), []byte(content), 0o600); err != nil {
		return err
	}
	return d.give()
}

// Run runs a program of the server to its end.
func (d *Daemon) Run(program string, args ...string) error {
	command := exec.Command(program, args...)
	command.Dir, command.SysProcAttr = d.Folder, &syscall.SysProcAttr{Credential: d.as}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, out)
	}
	return nil
}

// Start starts the server, and waits until ping succeeds. The signal is what has it end at once.
func (d *Daemon) Start(ping func() error, end syscall.Signal, program string, args ...string) error {
	d.process = exec.Command(program, args...)
	d.process.Dir, d.signal = d.Folder, end
	d.process.Stdout, d.process.Stderr = &d.output, &d.output
	d.process.SysProcAttr = &syscall.SysProcAttr{Credential: d.as, Pdeathsig: end}
	begun := make(chan error)
	go func() {
		// The signal comes when the thread ends that started the process. This one waits, and ends with the tests.
		runtime.LockOSThread()
		err := d.process.Start()
		begun <- err
		if err == nil {
			_ = d.process.Wait() // how it ended is told by what could not be done with it
			close(d.ended)
		}
	}()
	if err := <-begun; err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", filepath.Base(program), err), d.clean())
	}
	if err := d.await(ping); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", filepath.Base(program), err), d.Stop())
	}
	running.Lock()
	defer running.Unlock()
	running.all = append(running.all, d)
	return nil
}

// upWithin is how long a server may take to come up on a machine that is busy.
const upWithin = time.Minute

func (d *Daemon) await(ping func() error) error {
	deadline := time.Now().Add(upWithin)
	for {
		err := ping()
		if err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("ended: %s", strings.TrimSpace(d.output.String()))
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("does not come up: %w", err)
		}
	}
}

// Stop ends the server and removes its folder.
func (d *Daemon) Stop() error {
	err := d.process.Process.Signal(d.signal)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if err == nil {
		<-d.ended
	}
	return errors.Join(err, d.clean())
}

// Remove removes the folder of a server that was not started.
func (d *Daemon) Remove() error { return d.clean() }

// Missing is what a test does without the server: it fails where CI is set, and is skipped elsewhere.
func Missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "" {
		t.Skip(err)
	}
	t.Fatal(err)
}

// Random is a word that was not there before.
func Random() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // does not fail
	return hex.EncodeToString(b)
}

func credential(names []string) (*syscall.Credential, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, fmt.Errorf("the server does not run as root, and there is none of the users %v", names)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// give makes the folder and the files in it the server's.
func (d *Daemon) give() error {
	if d.as == nil {
		return nil
	}
	return filepath.WalkDir(d.Folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(d.as.Uid), int(d.as.Gid))
	})
}
