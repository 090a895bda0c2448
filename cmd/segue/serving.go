package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/certificate"
	"github.com/segue-app/segue/internal/trace"
	"github.com/segue-app/segue/web"
)

// How long a stop takes at most. Requests and background work come to a good point at the same time.
const (
	stopWithin  = 8 * time.Second // from the signal until nothing works any more; to let go of the data folder takes a moment more
	drainWithin = 5 * time.Second // for requests under way
)

// serving is an application and how it meets the world.
type serving struct {
	app     *app.App
	listen  string // for people
	metrics string // for Prometheus; "" for nobody

	certificate *certificate.Keeper // nil: people come by HTTP, or by a proxy
	files       certificate.Files   // of the certificate

	options web.Options
	ready   func(net.Addr)
}

// run serves until the context ends, then lets requests and runs come to a good point.
func (s serving) run(ctx context.Context) error {
	a := s.app
	traced, err := trace.Start(ctx, builtFrom().number)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	defer sendLast(ctx, traced)
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), a.Close())
	}
	measured, err := s.measure()
	if err != nil {
		return errors.Join(err, listener.Close(), a.Close())
	}
	defer func() { _ = measured.Close() }() // whoever scrapes now comes again
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, listener.Close(), a.Close())
	}
	s.options.Sealer, s.options.Ready = a.Sealer, a.Ready
	server := web.New(web.Of(a), s.options).HTTPServer(s.listen)
	ended := make(chan error, 1)
	go func() { ended <- s.serve(server, listener) }()
	s.ready(listener.Addr())
	quiet := tellSupervisor(ctx, s.itself(listener))
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	quiet()
	return errors.Join(err, windDown(ctx, server, a))
}

func (s serving) serve(server *http.Server, listener net.Listener) error {
	if s.certificate == nil {
		return server.Serve(listener)
	}
	server.TLSConfig = s.certificate.Config()
	return server.ServeTLS(listener, "", "")
}

// itself is this very server, as it is reached from this machine.
func (s serving) itself(listener net.Listener) self {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	return self{scheme + "://" + reachable(listener.Addr().String()), withSelf(s.files)}
}

// sendLast sends the traces that are left. A receiver that does not take them holds nobody up for long.
func sendLast(ctx context.Context, send func(context.Context) error) {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := send(last); err != nil {
		slog.Warn("the last traces are lost", "error", err)
	}
}

// windDown ends everything in good order within stopWithin. What does not come to an end is broken off: of a run, an import and every
// other job the database says where it goes on at the next start.
func windDown(ctx context.Context, server *http.Server, a *app.App) error {
	slog.Info("stopping")
	a.Stopping()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	rested := make(chan error, 1)
	go func() { rested <- a.Rest(last) }()
	draining, end := context.WithTimeout(last, drainWithin)
	defer end()
	err := server.Shutdown(draining)
	if errors.Is(err, context.DeadlineExceeded) {
		slog.Warn("requests are broken off: they did not come to their end in time")
		err = server.Close()
	}
	rest := <-rested
	if errors.Is(rest, context.DeadlineExceeded) {
		slog.Warn("background work is broken off: it goes on at the next start")
		rest = nil
	}
	return errors.Join(err, rest, a.Close())
}

// reachable is an address of this machine for one to listen on: of all networks, the machine itself.
func reachable(listen string) string {
	if host, port, err := net.SplitHostPort(listen); err == nil && (host == "" || host == "0.0.0.0" || host == "::") {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}
