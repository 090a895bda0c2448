package alert_test

import (
	"context"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/run"
)

func TestWatchLooksWhenSomethingChangesAndEndsWithItsContext(t *testing.T) {
	k := newKit(t)
	k.export(1, 1, "Spring")
	k.Hurry()
	heard := k.hub.Listen(alert.Topic)
	defer heard.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.Watch(ctx)
	}()
	k.ran(1, run.Failed, 0, 0)
	// Told again and again, since Watch may not have begun to listen yet.
	deadline, again := time.After(10*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for open := false; !open; {
		select {
		case <-heard.Ready():
			open = true
		case <-again.C:
			k.hub.Publish(run.ListTopic)
		case <-deadline:
			t.Fatal("nobody looked")
		}
	}
	k.wantOpen("run_failed export/1")
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("Watch goes on")
	}
}
