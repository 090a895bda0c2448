package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/logline"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/warehouse"
	"github.com/segue-app/segue/web"
)

type demoCommand struct {
	Data          string            `help:"Folder to keep the data in. Default: a new one, removed at the end." type:"path" env:"SEGUE_DEMO_DATA"`
	Profiles      int               `help:"How many sample customers." default:"20000" env:"SEGUE_DEMO_PROFILES"`
	Listen        string            `help:"Address of the application." default:"127.0.0.1:8090" env:"SEGUE_LISTEN"`
	ListenSandbox string            `help:"Address of the sandbox Omnisend." default:"127.0.0.1:8091" env:"SEGUE_SANDBOX_LISTEN"`
	Speed         float64           `help:"How many times faster than the clock Omnisend's minute passes, for the impatient." default:"1" env:"SEGUE_DEMO_SPEED"`
	Limit         int               `help:"Requests a minute that Omnisend allows; 0 lifts the limit." default:"400" env:"SEGUE_DEMO_LIMIT"`
	SQLHosts      warehouse.Allowed `name:"sql-hosts" help:"Hosts whose SQL databases may be read, as for serve." env:"SEGUE_SQL_HOSTS"`
	notices
	outcomes
	PseudoLocale bool `name:"pseudo-locale" help:"Offer a made-up language too, English with accents, that shows which texts are not translated or have too little room." env:"SEGUE_DEMO_PSEUDO_LOCALE"`
	RunAndExit   bool `help:"Export all sample customers without a browser, print the outcome as JSON, and end."`
}

// Run starts the application and the sandbox, and either waits to be stopped or exports once and ends.
func (c *demoCommand) Run(ctx context.Context) (err error) {
	if c.Speed <= 0 || c.Profiles < 1 || c.Limit < 0 {
		return errors.New("--speed and --profiles must be above zero, and --limit not below")
	}
	if c.PseudoLocale {
		i18n.Pretend()
	}
	folder := c.Data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "segue-demo-"); err != nil {
			return fmt.Errorf("make a data folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	slog.SetDefault(logline.New(os.Stderr, slog.LevelWarn, false))
	stand, standURL, stop, err := c.serveSandbox(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	post, err := c.mail()
	if err != nil {
		return err
	}
	written, err := c.places()
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, app.Config{Folder: folder, OmnisendURL: standURL + "/api", Window: c.window(), RequestsPerMinute: c.limit(),
		SQL: warehouse.Limits{Allowed: c.SQLHosts}, Mail: post, HookHosts: c.HookHosts, Outcomes: written, PublicURL: "http://" + reachable(c.Listen)})
	if err != nil {
		return err
	}
	if err := demo.Seed(ctx, a, c.Profiles); err != nil {
		return errors.Join(err, a.Close())
	}
	if c.RunAndExit {
		return c.runAndExit(ctx, a, stand)
	}
	return serving{app: a, listen: c.Listen, options: web.Options{Demo: true}, ready: func(at net.Addr) { c.greet(at, standURL) }}.run(ctx)
}

// window is how long Omnisend's minute lasts.
func (c *demoCommand) window() time.Duration { return time.Duration(float64(time.Minute) / c.Speed) }

// limit is the limit as the sandbox and the engine's budget take it: below 0 for none.
func (c *demoCommand) limit() int {
	if c.Limit == 0 {
		return -1
	}
	return c.Limit
}

// serveSandbox starts the stand-in, whose state is kept in the data folder.
func (c *demoCommand) serveSandbox(folder string) (stand *sandbox.Server, url string, stop func() error, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, "", nil, fmt.Errorf("make the data folder: %w", err)
	}
	stand, err = sandbox.New(sandbox.Options{Speed: c.Speed, RequestsPerMinute: c.limit(), File: filepath.Join(folder, "sandbox.json"),
		Brands: []sandbox.Brand{{ID: demo.BrandID, Name: demo.Brand, Website: "https://example.com", Key: demo.APIKey}}})
	if err != nil {
		return nil, "", nil, err
	}
	address := c.ListenSandbox
	if c.RunAndExit {
		address = "127.0.0.1:0" // nobody looks: any free port
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", nil, errors.Join(fmt.Errorf("listen: %w", err), stand.Close())
	}
	server := &http.Server{Handler: stand, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	stop = func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return errors.Join(err, stand.Close())
	}
	return stand, "http://" + listener.Addr().String(), stop, nil
}

func (c *demoCommand) greet(at net.Addr, standURL string) {
	fmt.Printf("\nSegue             http://%s/\nSandbox Omnisend  %s/\n\nSign in as\n", at, standURL)
	for _, p := range demo.People {
		fmt.Printf("  %-14s %-24s %s\n", p.Role, p.Email, p.Password)
	}
	fmt.Printf("\nOmnisend API key for the connection\n  %s\n\n", demo.APIKey)
	if c.Data == "" {
		fmt.Println("The data goes when you stop this with Ctrl-C. Keep it with --data FOLDER.")
	}
}

// runAndExit exports everybody, holds the sandbox's contacts against the segment, and prints what came of it.
func (c *demoCommand) runAndExit(ctx context.Context, a *app.App, stand *sandbox.Server) (err error) {
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		err = errors.Join(err, a.Stop(last))
	}()
	outcome, err := demo.RunOnce(ctx, a, stand, func(text string) { fmt.Println(text) })
	if err != nil {
		return err
	}
	outcome.Least(c.Limit, c.window())
	line, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	if !outcome.Complete() {
		return fmt.Errorf("the run ended as %s, and not everything is as it should be", outcome.State)
	}
	return nil
}
