package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// tellSupervisor tells systemd, where it started the program, that it serves, and from then on, if the unit has a watchdog, that it
// still answers. Call the function that it returns when the program begins to stop.
func tellSupervisor(ctx context.Context, server self) (stopping func()) {
	notify(daemon.SdNotifyReady)
	watching, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if every, err := daemon.SdWatchdogEnabled(false); err == nil && every > 0 {
			watch(watching, server, every/3)
		}
	}()
	return func() {
		end()
		<-done
		notify(daemon.SdNotifyStopping)
	}
}

// watch says again and again that the program lives, as long as it answers: one that hangs is started anew.
func watch(ctx context.Context, server self, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if status, _, err := server.ask(ctx, "/healthz", every); err == nil && status == http.StatusOK {
			notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		slog.Warn("systemd is not told", "error", err)
	}
}
