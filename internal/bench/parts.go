package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
)

// The parts.
const (
	seed   = "seed"   // makes the sample customers and a connection
	bare   = "bare"   // reads the rows alone, then posts ready-made bodies
	engine = "engine" // exports everybody for the first time
	delta  = "delta"  // brings a changed upload in and exports again
)

const connectionName = "Bench"

// part measures one thing and prints it for the process that asked.
func part(ctx context.Context, s settings) (err error) {
	perMinute := -1 // no limit
	if s.part == pages {
		perMinute = 0 // Omnisend's own
	}
	a, err := app.Open(ctx, app.Config{Folder: s.folder, OmnisendURL: s.url, RequestsPerMinute: perMinute})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop(ctx)) }()
	if err := a.Start(ctx); err != nil {
		return err
	}
	var m measurement
	switch s.part {
	case seed:
		if err := demo.Seed(ctx, a, s.profiles); err != nil {
			return err
		}
		_, err = demo.Connect(ctx, a, connectionName, demo.APIKey)
	case bare:
		m, err = measureBare(ctx, a, s.url)
	case engine:
		m, err = measureEngine(ctx, a, s)
	case pages:
		m, err = measurePages(ctx, a)
	case delta:
		m, err = measureDelta(ctx, a, s)
	case importBare, importCSV, importNDJSON, importParquet:
		m, err = measureImport(ctx, a, s)
	default:
		err = fmt.Errorf("there is no part %q", s.part)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// measureEngine makes an export, to which nothing was delivered yet, and runs it.
func measureEngine(ctx context.Context, a *app.App, s settings) (measurement, error) {
	admin, err := demo.Actor(ctx, a, access.Administrator)
	if err != nil {
		return measurement{}, err
	}
	connections, err := a.Connections.List(ctx, admin)
	if err != nil {
		return measurement{}, err
	}
	if len(connections) != 1 {
		return measurement{}, fmt.Errorf("%d connections instead of one", len(connections))
	}
	e, err := demo.Export(ctx, a, s.name, connections[0].ID, demo.Everybody)
	if err != nil {
		return measurement{}, err
	}
	return runOnce(ctx, a, admin, e, s.cpuProfile)
}

// measureDelta uploads the sample customers once more, one in oneIn of them changed, and runs an export again that
// has delivered them all.
func measureDelta(ctx context.Context, a *app.App, s settings) (m measurement, err error) {
	admin, err := demo.Actor(ctx, a, access.Administrator)
	if err != nil {
		return m, err
	}
	rows, _, err := a.Exports.List(ctx, admin, export.Query{Search: s.name})
	if err != nil {
		return m, err
	}
	if len(rows) != 1 {
		return m, fmt.Errorf("%d exports of the name %q instead of one", len(rows), s.name)
	}
	begin := time.Now()
	if err := uploadChanged(ctx, a, s.profiles); err != nil {
		return m, err
	}
	upload := time.Since(begin).Seconds()
	debug.FreeOSMemory() // what the upload needed is not the run's
	if m, err = runOnce(ctx, a, admin, rows[0].Export, s.cpuProfile); err != nil {
		return m, err
	}
	if changed := s.profiles / oneIn; m.Counts.Accepted == 0 || m.Counts.Accepted > changed {
		return m, fmt.Errorf("%d profiles were sent when %d had changed", m.Counts.Accepted, changed)
	}
	m.Upload = upload
	return m, nil
}

// runOnce runs the export and waits for its end.
func runOnce(ctx context.Context, a *app.App, admin access.Actor, e export.Export, profile string) (m measurement, err error) {
	if profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return m, err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return m, err
		}
		defer pprof.StopCPUProfile()
	}
	resetPeak()
	before := processorTime()
	r, err := a.Runs.Start(ctx, admin, e.ID, run.Options{})
	for err == nil && r.State.Going() {
		time.Sleep(100 * time.Millisecond)
		r, err = a.Runs.Get(ctx, admin, r.ID)
	}
	if err == nil && (r.State == run.Failed || r.Counts.Open() != 0) {
		err = fmt.Errorf("the run ended as %s (%s)", r.State, r.ErrorCode)
	}
	if err != nil {
		return m, err
	}
	return measurement{Seconds: r.EndedAt.Sub(r.StartedAt).Seconds(), CPU: (processorTime() - before).Seconds(), PeakMiB: peak(),
		Requests: r.Requests, Counts: r.Counts}, nil
}
