// Package apptest starts the whole domain against the stand-in for Omnisend, for the tests of several packages.
package apptest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// Speed is how many times faster than the clock the stand-in's time runs in tests.
const Speed = 600

// Kit is a started domain with the demonstration's people, and a stand-in to export to.
type Kit struct {
	*app.App
	t       testing.TB
	Config  app.Config
	Sandbox *sandbox.Server
	Server  *httptest.Server
}

// Start makes a stand-in, and a domain with n sample customers in a temporary folder; both end with the test.
func Start(t testing.TB, n int) *Kit {
	t.Helper()
	return StartAt(t, n, Speed)
}

// StartAt is Start with a stand-in whose time runs so many times faster than the clock.
func StartAt(t testing.TB, n int, speed float64) *Kit {
	t.Helper()
	return begin(t, speed, n)
}

// Empty makes a stand-in, and a domain in which there is nobody and nothing yet; both end with the test.
func Empty(t testing.TB) *Kit {
	t.Helper()
	return begin(t, Speed, nobody)
}

func begin(t testing.TB, speed float64, customers int) *Kit {
	t.Helper()
	k := &Kit{t: t}
	k.NewSandbox(sandbox.Options{Speed: speed})
	k.Config = app.Config{Folder: t.TempDir(), OmnisendURL: k.Server.URL + "/api", Window: time.Duration(float64(time.Minute) / speed),
		Log: slog.New(slog.DiscardHandler), Account: quickly}
	if err := seed(k.Config.Folder, customers); err != nil {
		t.Fatal(err)
	}
	k.Open()
	return k
}

// NewSandbox starts a stand-in with the demonstration's brand beside those of the options.
func (k *Kit) NewSandbox(options sandbox.Options) {
	k.t.Helper()
	options.Brands = append(options.Brands, sandbox.Brand{ID: demo.BrandID, Name: demo.Brand, Website: "https://example.com", Key: demo.APIKey})
	var err error
	if k.Sandbox, err = sandbox.New(options); err != nil {
		k.t.Fatal(err)
	}
	k.Server = httptest.NewServer(k.Sandbox)
	k.t.Cleanup(func() {
		k.Server.Close()
		if err := k.Sandbox.Close(); err != nil {
			k.t.Error(err)
		}
	})
}

// Open opens and starts the domain, as a new process would.
func (k *Kit) Open() {
	k.t.Helper()
	a, err := app.Open(context.Background(), k.Config)
	if err != nil {
		k.t.Fatal(err)
	}
	k.App = a
	if err := a.Start(context.Background()); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		if k.App == a {
			k.Stop()
		}
	})
}

// Stop stops the domain as a process does that is asked to.
func (k *Kit) Stop() {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := k.App.Stop(ctx); err != nil {
		k.t.Error(err)
	}
	k.App = nil
}

// Actor is the demonstration's person of a role.
func (k *Kit) Actor(role access.Role) access.Actor {
	k.t.Helper()
	actor, err := demo.Actor(context.Background(), k.App, role)
	if err != nil {
		k.t.Fatal(err)
	}
	return actor
}

// Connect makes a connection to the stand-in.
func (k *Kit) Connect() connection.Connection {
	k.t.Helper()
	c, err := demo.Connect(context.Background(), k.App, "Nordlys newsletter", demo.APIKey)
	if err != nil {
		k.t.Fatal(err)
	}
	return c
}

// Export makes a connection and an export of everybody over it.
func (k *Kit) Export() export.Export {
	k.t.Helper()
	e, err := demo.Export(context.Background(), k.App, "Everybody to Nordlys", k.Connect().ID, demo.Everybody)
	if err != nil {
		k.t.Fatal(err)
	}
	return e
}

// Run starts an export and waits for its end, or for its pause.
func (k *Kit) Run(e export.Export, options run.Options) run.Run {
	k.t.Helper()
	started, err := k.Runs.Start(context.Background(), k.Actor(access.Administrator), e.ID, options)
	if err != nil {
		k.t.Fatal(err)
	}
	return k.Wait(started.ID)
}

// Wait waits until a run has ended, or is paused.
func (k *Kit) Wait(runID int64) run.Run {
	k.t.Helper()
	return k.Until(runID, func(r run.Run) bool { return !r.State.Going() })
}

// Resume has a paused run go on, and waits for its end or its next pause.
func (k *Kit) Resume(runID int64, reply run.Reply) run.Run {
	k.t.Helper()
	if err := k.Runs.Resume(context.Background(), k.Actor(access.Administrator), runID, reply); err != nil {
		k.t.Fatal(err)
	}
	return k.Wait(runID)
}

// Until waits until a run is as wanted, a minute at most.
func (k *Kit) Until(runID int64, wanted func(run.Run) bool) run.Run {
	k.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		r, err := k.Runs.Get(context.Background(), access.Actor{UserID: 1, Role: access.Viewer}, runID)
		if err != nil {
			k.t.Fatal(err)
		}
		if wanted(r) {
			return r
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("run %d does not get on: %+v", runID, r)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Matches fails the test unless the stand-in holds exactly what the segment of everybody should have become.
func (k *Kit) Matches() demo.Comparison {
	k.t.Helper()
	everybody := segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}
	c, err := demo.Compare(context.Background(), k.App, everybody, export.DefaultTag(demo.Everybody), k.Sandbox.Contact, k.Sandbox.Contacts())
	if err != nil {
		k.t.Fatal(err)
	}
	if !c.Matches() {
		k.t.Fatalf("the stand-in and the segment differ: %+v", c)
	}
	return c
}

// Look reads a run from a database file that another process works on.
func Look(t testing.TB, path string, runID int64) run.Run {
	t.Helper()
	db, err := database.Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	runs := run.NewService(run.Dependencies{DB: db})
	r, err := runs.Get(context.Background(), access.Actor{UserID: 1, Role: access.Viewer}, runID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Upload brings profiles in from the text of a CSV file, in the place of the sample customers.
func (k *Kit) Upload(text string) {
	k.t.Helper()
	if _, err := k.Sources.ImportFile(context.Background(), access.System, "sample-customers.csv", strings.NewReader(text), source.Settings{}); err != nil {
		k.t.Fatal(err)
	}
}
