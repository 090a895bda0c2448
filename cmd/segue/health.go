package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type healthCommand struct {
	URL     string        `help:"Address of the server. Default: this machine, at the port of --listen."`
	Listen  string        `help:"Address that the server listens on." default:"127.0.0.1:8090" env:"SEGUE_LISTEN"`
	Ready   bool          `help:"Ask whether it can do its work, and not only whether it lives."`
	Timeout time.Duration `help:"How long to wait for an answer." default:"5s"`
}

// Run prints what the server says. It fails unless that is that it is well.
func (c *healthCommand) Run(ctx context.Context) error {
	address := c.URL
	if address == "" {
		address = "http://" + reachable(c.Listen)
	}
	if !isWebAddress(address) {
		return errors.New("--url must be an address such as http://127.0.0.1:8090")
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	status, said, err := ask(ctx, strings.TrimRight(address, "/")+path, c.Timeout)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("status %d: %s", status, said)
	}
	fmt.Println(said)
	return nil
}

// maxHealth bounds what is read of an answer, in bytes: those of Segue are a line.
const maxHealth = 500

// ask makes one request, straight to the address and nowhere else.
func ask(ctx context.Context, address string, within time.Duration) (status int, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealth))
	return response.StatusCode, strings.TrimSpace(string(body)), errors.Join(err, response.Body.Close())
}
