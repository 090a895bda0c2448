package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type healthCommand struct {
	URL    string `help:"Address of the server. Default: this machine, at the port of --listen."`
	Listen string `help:"Address that the server listens on." default:"127.0.0.1:8090" env:"SEGUE_LISTEN"`
	certificates
	Ready   bool          `help:"Ask whether it can do its work, and not only whether it lives."`
	Timeout time.Duration `help:"How long to wait for an answer." default:"5s"`
}

// Run prints what the server says. It fails unless that is that it is well.
func (c *healthCommand) Run(ctx context.Context) error {
	server := self{strings.TrimRight(c.URL, "/"), nil}
	if c.URL == "" { // the server of this machine may go by any name here
		server = self{c.scheme() + "://" + reachable(c.Listen), withSelf(c.files())}
	}
	if !isWebAddress(server.address) {
		return errors.New("--url must be an address such as http://127.0.0.1:8090")
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	status, said, err := server.ask(ctx, path, c.Timeout)
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

// self is a server that is asked how it is.
type self struct {
	address string      // "http://127.0.0.1:8090"
	tls     *tls.Config // nil: as with everybody
}

// ask makes one request, straight to the address and nowhere else.
func (s self) ask(ctx context.Context, path string, within time.Duration) (status int, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+path, nil)
	if err != nil {
		return 0, "", err
	}
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: s.tls}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealth))
	return response.StatusCode, strings.TrimSpace(string(body)), errors.Join(err, response.Body.Close())
}
