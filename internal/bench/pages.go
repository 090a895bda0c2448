package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/web"
)

// pages asks for pages while nothing else happens, and then while a run of everybody goes at Omnisend's own rate.
const pages = "pages"

const (
	listed   = 10_000                // exports in the list
	readers  = 4                     // people who look at pages at once
	pause    = 50 * time.Millisecond // of each between two pages
	lookFor  = 30 * time.Second      // at the idle server, and at one that sends
	awaitRun = 10 * time.Minute      // for the run to begin to send
)

// What goes on while a page is asked for.
const (
	idle int32 = iota
	planning
	sending
)

// latency says how long pages took, in milliseconds.
type latency struct {
	Median, P99 float64
	Requests    int
}

// pageTimes are the latencies of each phase.
type pageTimes struct{ Idle, Planning, Sending latency }

func measurePages(ctx context.Context, a *app.App) (m measurement, err error) {
	e, err := listExports(ctx, a)
	if err != nil {
		return m, err
	}
	admin, err := demo.Actor(ctx, a, access.Administrator)
	if err != nil {
		return m, err
	}
	cookie, err := a.Accounts.StartSession(ctx, account.Begun{UserID: admin.UserID, Proof: account.ByPassword})
	if err != nil {
		return m, err
	}
	server := web.New(web.Of(a), web.Options{Sealer: a.Sealer, Logger: slog.New(slog.DiscardHandler)})
	listening := httptest.NewServer(server.Handler())
	defer func() { server.Close(); listening.Close() }()
	addresses := []string{
		"/", "/exports", "/exports?page=200", "/exports?q=Export+77", "/exports?sort=name&direction=descending", fmt.Sprintf("/exports/%d", e),
		"/runs", "/segments", "/connections",
	}
	l := &look{url: listening.URL, cookie: cookie, addresses: addresses}
	reading, end := context.WithCancel(ctx)
	var group sync.WaitGroup
	for i := range readers {
		group.Go(func() { l.read(reading, i) })
	}
	err = l.phases(ctx, a, admin, e)
	end()
	group.Wait()
	if err = errors.Join(err, l.failed); err != nil {
		return m, err
	}
	m.Pages = pageTimes{Idle: l.latency(idle), Planning: l.latency(planning), Sending: l.latency(sending)}
	return m, nil
}

// listExports fills the list, and gives the last export.
func listExports(ctx context.Context, a *app.App) (id int64, err error) {
	admin, err := demo.Actor(ctx, a, access.Administrator)
	if err != nil {
		return 0, err
	}
	connections, err := a.Connections.List(ctx, admin)
	if err != nil {
		return 0, err
	}
	if len(connections) != 1 {
		return 0, fmt.Errorf("%d connections instead of one", len(connections))
	}
	for i := range listed {
		e, err := demo.Export(ctx, a, fmt.Sprintf("Export %d", i+1), connections[0].ID, demo.Everybody)
		if err != nil {
			return 0, err
		}
		id = e.ID
	}
	return id, nil
}

// look is what readers do and find.
type look struct {
	url, cookie string
	addresses   []string
	phase       atomic.Int32

	mutex  sync.Mutex
	took   [sending + 1][]time.Duration
	failed error
}

// phases lets the readers look at the idle server for a while, begins a run, and lets them look until it has sent for as long.
func (l *look) phases(ctx context.Context, a *app.App, admin access.Actor, exportID int64) error {
	time.Sleep(lookFor)
	l.phase.Store(planning)
	r, err := a.Runs.Start(ctx, admin, exportID, run.Options{})
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(awaitRun); r.Requests == 0; time.Sleep(100 * time.Millisecond) {
		if r, err = a.Runs.Get(ctx, admin, r.ID); err != nil {
			return err
		}
		if !r.State.Going() || time.Now().After(deadline) {
			return fmt.Errorf("the run sends nothing: it is %s (%s)", r.State, r.ErrorCode)
		}
	}
	l.phase.Store(sending)
	time.Sleep(lookFor)
	if r, err = a.Runs.Get(ctx, admin, r.ID); err == nil && !r.State.Going() {
		err = fmt.Errorf("the run was over (%s) before the looks at it were: take more profiles", r.State)
	}
	return err
}

// read asks for page after page until the context ends.
func (l *look) read(ctx context.Context, reader int) {
	for n := reader; ctx.Err() == nil; n++ {
		phase := l.phase.Load()
		begin := time.Now()
		err := l.ask(l.addresses[n%len(l.addresses)])
		took := time.Since(begin)
		l.mutex.Lock()
		if err != nil {
			l.failed = err
		} else if phase == l.phase.Load() {
			l.took[phase] = append(l.took[phase], took)
		}
		l.mutex.Unlock()
		time.Sleep(pause)
	}
}

func (l *look) ask(address string) error {
	request, err := http.NewRequest(http.MethodGet, l.url+address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Cookie", "segue-session="+l.cookie)
	response, err := http.DefaultTransport.RoundTrip(request) // a redirect is an error here
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err = errors.Join(err, response.Body.Close()); err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", address, response.StatusCode)
	}
	return err
}

func (l *look) latency(phase int32) latency {
	took := l.took[phase]
	if len(took) == 0 {
		return latency{}
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return took[min(int(share*float64(len(took))), len(took)-1)].Seconds() * 1000
	}
	return latency{Median: at(0.5), P99: at(0.99), Requests: len(took)}
}
