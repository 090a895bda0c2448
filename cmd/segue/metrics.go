package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/metric"
)

// measure serves metrics, where an address for them was given, and has them hear of requests.
func (s *serving) measure() (*http.Server, error) {
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	if s.metrics == "" {
		return server, nil
	}
	listener, err := net.Listen("tcp", onThisMachine(s.metrics))
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	built := builtFrom()
	metrics := metric.New(metric.Dependencies{DB: s.app.DB, Budgets: s.app.Budgets, Log: slog.Default(),
		Version: built.number, Revision: built.revision, GoVersion: runtime.Version()})
	s.options.Observer = metrics
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", metrics.Handler())
	server.Handler, server.ErrorLog = routes, slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn)
	slog.Info("serving metrics", "address", listener.Addr().String())
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("metrics are not served any more", "error", err)
		}
	}()
	return server, nil
}

// onThisMachine is an address to listen on that nobody else reaches, unless it names a host.
func onThisMachine(listen string) string {
	if !strings.Contains(listen, ":") {
		listen = ":" + listen
	}
	if host, port, err := net.SplitHostPort(listen); err == nil && host == "" {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}
