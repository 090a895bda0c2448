// Package process runs Segue as a program of its own and kills it, for the tests and the soak that prove that a killed
// process loses nothing. What it works on, and whether it got everything right, is theirs to say.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Build builds the program into a folder.
func Build(ctx context.Context, folder string) (binary string, err error) {
	binary = filepath.Join(folder, "segue")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/segue-app/segue/cmd/segue").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build segue: %w\n%s", err, out)
	}
	return binary, nil
}

// Process is a running program.
type Process struct {
	command *exec.Cmd
	address string
	output  bytes.Buffer
}

// Start starts the program on a data folder, with its pages at a free port and Omnisend's stand-in at a URL.
func Start(binary, data, omnisendURL string, window time.Duration) (*Process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a port: %w", err)
	}
	p := &Process{address: listener.Addr().String()}
	if err := listener.Close(); err != nil {
		return nil, fmt.Errorf("find a port: %w", err)
	}
	p.command = exec.Command(binary, "serve", "--data", data, "--listen", p.address, "--omnisend-url", omnisendURL, "--omnisend-window", window.String())
	p.command.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start segue: %w", err)
	}
	return p, nil
}

// Await waits until the program listens, which is when it has begun to work.
func (p *Process) Await() error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, err := net.Dial("tcp", p.address)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("segue does not come up: %w", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Address is where its pages are: host and port.
func (p *Process) Address() string { return p.address }

// PID is the process as the system knows it.
func (p *Process) PID() int { return p.command.Process.Pid }

// Wait waits until the program has ended by itself, and gives its exit status: -1 when a signal ended it.
func (p *Process) Wait() (status int, err error) {
	var exit *exec.ExitError
	if err := p.command.Wait(); err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("wait for segue: %w", err)
	}
	return p.command.ProcessState.ExitCode(), nil
}

// Signal sends the program a signal.
func (p *Process) Signal(signal os.Signal) error { return p.command.Process.Signal(signal) }

// Kill ends the program as kill -9 does, and waits until it is gone. One that is gone already is no error.
func (p *Process) Kill() error {
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill segue: %w", err)
	}
	var exit *exec.ExitError
	if err := p.command.Wait(); err != nil && !errors.As(err, &exit) { // "signal: killed" is what was wanted
		return fmt.Errorf("wait for segue: %w", err)
	}
	return nil
}

// Output is what the program said. Read it when the program is gone.
func (p *Process) Output() string { return p.output.String() }
