package run_test

import (
	"testing"
	"time"

	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
)

// TestAFullExportUsesHardlyMoreRequestsThanItsBatches exports over two windows and a little of the rate limit. What the
// budget allows is used up and never overstepped; the time it takes is for the benchmark to say, since it depends on the machine.
func TestAFullExportUsesHardlyMoreRequestsThanItsBatches(t *testing.T) {
	const profiles, speed = 80_000, 20
	k := apptest.Start(t, 1)
	k.Stop()
	k.NewSandbox(sandbox.Options{Speed: speed})
	k.Config.OmnisendURL, k.Config.Window = k.Server.URL+"/api", time.Minute/speed
	k.Open()
	if err := demo.Customers(t.Context(), k.App, profiles); err != nil {
		t.Fatal(err)
	}
	e := k.Export()
	before := k.Sandbox.Stats().Requests // of the connection's making
	r := k.Run(e, run.Options{})
	stats := k.Sandbox.Stats()
	batches := (r.Counts.Accepted + 99) / 100
	// The key is proved once and the last outcomes are read a few times, however small the run: of a million it is nothing.
	const once = 8
	most := batches*102/100 + once
	// The stand-in's minute is 3 seconds here. A machine that does not keep up with that lets its minutes pass, in each of
	// which outcomes are read a few times.
	const aMinute = 5
	took := r.EndedAt.Sub(r.StartedAt)
	if late := took - 3*k.Config.Window; late > 0 {
		most += aMinute * int(late/k.Config.Window+1)
	}
	if stats.Requests-before > most || r.Requests > most || r.Counts.Accepted < profiles*9/10 {
		t.Errorf("%d requests, the run counts %d, at most %d would do for %d batches", stats.Requests-before, r.Requests, most, batches)
	}
	if stats.Requests-before != r.Requests {
		t.Errorf("%d requests were made, the run counts %d", stats.Requests-before, r.Requests)
	}
	if stats.Throttled != 0 || stats.MostInWindow > 400 {
		t.Errorf("%d requests were refused, %d were within one window", stats.Throttled, stats.MostInWindow)
	}
	k.Matches()
	t.Logf("%d batches, %d requests in %v", batches, r.Requests, took.Round(time.Millisecond))
}
