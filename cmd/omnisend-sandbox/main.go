// Command omnisend-sandbox serves a local stand-in for the Omnisend API, with a page that shows what it holds and
// switches faults on and off. It is a tool for trying out, tests and benchmarks: nothing of it is real or protected.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

type options struct {
	Listen         string        `help:"Address to listen on. Keep it on this machine: there is no sign-in." default:"127.0.0.1:8091" env:"SEGUE_SANDBOX_LISTEN"`
	Brand          []string      `help:"A brand as id=key, or id=key=name. May be given several times." default:"sandbox-brand=sandbox-brand-key=Sandbox brand" sep:"none" env:"SEGUE_SANDBOX_BRAND"`
	Limit          int           `help:"Requests a minute for a brand; 0 lifts all limits." default:"400" env:"SEGUE_SANDBOX_LIMIT"`
	Speed          float64       `help:"Make a minute last 60/speed seconds." default:"1" env:"SEGUE_SANDBOX_SPEED"`
	Delay          time.Duration `help:"From taking a batch to having tried its items, before speed." default:"1s" env:"SEGUE_SANDBOX_DELAY"`
	ItemsPerSecond int           `help:"How fast items of batches are tried, before speed; 0 is as fast as can be." default:"0" env:"SEGUE_SANDBOX_ITEMS_PER_SECOND"`
	File           string        `help:"File that keeps the state between starts; without it the state is in memory only." type:"path" env:"SEGUE_SANDBOX_FILE"`
	Seed           uint64        `help:"Seed of everything that chance decides." default:"1" env:"SEGUE_SANDBOX_SEED"`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("omnisend-sandbox"),
		kong.Description("A local stand-in for the Omnisend API: its contract, its limits and, on demand, its faults."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "omnisend-sandbox:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, o options) error {
	brands, err := parseBrands(o.Brand)
	if err != nil {
		return err
	}
	limit := o.Limit
	if limit == 0 {
		limit = -1
	}
	stand, err := sandbox.New(sandbox.Options{
		Brands: brands, Speed: o.Speed, Seed: o.Seed, RequestsPerMinute: limit, Delay: o.Delay,
		ItemsPerSecond: o.ItemsPerSecond, File: o.File,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return errors.Join(err, stand.Close())
	}
	fmt.Printf("Sandbox Omnisend\n  page  http://%s/\n  API   http://%s/api\n", listener.Addr(), listener.Addr())
	for _, b := range brands {
		fmt.Printf("  key   %s (%s)\n", b.Key, b.Name)
	}

	server := &http.Server{Handler: stand, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = server.Shutdown(last)
	}
	return errors.Join(err, stand.Close())
}

func parseBrands(given []string) ([]sandbox.Brand, error) {
	var brands []sandbox.Brand
	for _, text := range given {
		parts := strings.SplitN(text, "=", 3)
		if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
			return nil, fmt.Errorf("brand %q: write it as id=key or id=key=name", text)
		}
		b := sandbox.Brand{ID: parts[0], Key: parts[1], Name: parts[0], Website: "https://" + parts[0] + ".example"}
		if len(parts) == 3 {
			b.Name = parts[2]
		}
		brands = append(brands, b)
	}
	return brands, nil
}
