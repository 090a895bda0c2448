package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/segue-app/segue/internal/demo"
)

// standIn is the sandbox as a process of its own, so that what it costs is not counted as ours. It has no rate limit, and
// tries the items of a batch 50 ms after it took it.
type standIn struct {
	binary, address, url string
	command              *exec.Cmd
}

func prepareStandIn(ctx context.Context, folder string) (*standIn, error) {
	s := &standIn{binary: filepath.Join(folder, "omnisend-sandbox")}
	out, err := exec.CommandContext(ctx, "go", "build", "-o", s.binary, "github.com/segue-app/segue/cmd/omnisend-sandbox").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build the sandbox: %w\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.address = listener.Addr().String()
	s.url = "http://" + s.address + "/api"
	return s, listener.Close()
}

func (s *standIn) stop() {
	if s.command != nil {
		_ = s.command.Process.Kill() // it may have ended by itself
		_ = s.command.Wait()         // "signal: killed" is what was wanted
	}
}

// restart begins anew, without contacts.
func (s *standIn) restart() error {
	s.stop()
	s.command = exec.Command(s.binary, "--listen", s.address, "--limit", "0", "--delay", "50ms",
		"--brand", demo.BrandID+"="+demo.APIKey+"="+demo.Brand)
	s.command.Stderr = os.Stderr
	if err := s.command.Start(); err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	for range 500 {
		if c, err := net.Dial("tcp", s.address); err == nil {
			return c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("the sandbox does not come up on %s", s.address)
}
