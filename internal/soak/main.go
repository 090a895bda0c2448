// Command soak proves that nothing is lost: it exports many profiles to a stand-in that fails now and then, kills the
// program with SIGKILL again and again while the export is under way, and in the end holds every contact against its
// profile, field by field. It prints its ledger, and ends with an error unless everything agrees.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

// settings are what is proved, and how hard.
type settings struct {
	profiles, kills int
	faults          float64 // share of requests
	speed           float64 // of the stand-in's time
	patience        time.Duration
	seed            uint64
}

func main() {
	var o settings
	flag.IntVar(&o.profiles, "profiles", 1_000_000, "how many sample customers")
	flag.IntVar(&o.kills, "kills", 25, "how often the program is killed")
	flag.Float64Var(&o.faults, "faults", 0.02, "share of requests that meet with a fault")
	flag.Float64Var(&o.speed, "speed", 600, "how many times faster than the clock the stand-in's time runs")
	flag.DurationVar(&o.patience, "patience", 30*time.Minute, "how long the export may take")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of the moments of the kills, and of the faults")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	l, err := soak(context.Background(), o)
	l.print(os.Stdout, o)
	if err == nil {
		err = l.verdict(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// ledger is what came of it.
type ledger struct {
	run      run.Run
	kills    int // while the run was under way
	begun    int // of those, with batches sent that had no outcome yet
	seconds  float64
	stats    sandbox.Stats
	contacts demo.Comparison
}

func (l ledger) print(w io.Writer, o settings) {
	c := l.run.Counts
	given := l.stats.ByStatus[0] + l.stats.ByStatus[429] + l.stats.ByStatus[500] + l.stats.ByStatus[502] + l.stats.ByStatus[503] + l.stats.ByStatus[504]
	for _, line := range []struct {
		name  string
		value any
	}{
		{"seed", o.seed}, {"state", fmt.Sprint(l.run.State, " ", l.run.ErrorCode)}, {"profiles", c.Profiles}, {"accepted", c.Accepted},
		{"rejected", c.Rejected()}, {"skipped", c.Duplicates + c.Excluded}, {"unchanged", c.Unchanged}, {"without outcome", c.Open()},
		{"requests", l.stats.Requests}, {"batches", l.run.BatchesSent}, {"most in a minute", l.stats.MostInWindow}, {"kills", l.kills},
		{"  amid batches", l.begun}, {"faults met", fmt.Sprintf("%d, and some answers of broken JSON", given)}, {"seconds", fmt.Sprintf("%.1f", l.seconds)},
		{"contacts", l.contacts.Held}, {"matches", l.contacts.Matches()},
	} {
		fmt.Fprintf(w, "%-18s %v\n", line.name, line.value)
	}
	for _, difference := range l.contacts.Differences {
		fmt.Fprintln(w, " ", difference)
	}
}

// verdict is nil when nothing was lost and nothing is wrong.
func (l ledger) verdict(o settings) error {
	c := l.run.Counts
	switch {
	case l.run.State != run.Succeeded && l.run.State != run.Warnings:
		return fmt.Errorf("the run ended as %s (%s)", l.run.State, l.run.ErrorCode)
	case l.kills < o.kills:
		return fmt.Errorf("the run ended after %d kills: too soon to prove what was wanted", l.kills)
	case c.Profiles != o.profiles || c.Open() != 0 || c.Refused != 0 || c.Unchanged != 0:
		return errors.New("the counts do not add up")
	case !l.contacts.Matches() || l.contacts.Held != c.Accepted:
		return fmt.Errorf("%d accepted, %d expected, %d held, %d differ", c.Accepted, l.contacts.Expected, l.contacts.Held, len(l.contacts.Differences))
	}
	return nil
}

func soak(ctx context.Context, o settings) (l ledger, err error) {
	folder, err := os.MkdirTemp("", "segue-soak-")
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary, err := process.Build(ctx, folder)
	if err != nil {
		return l, err
	}
	stand, err := sandbox.New(sandbox.Options{Speed: o.speed, Seed: o.seed, Brands: []sandbox.Brand{{ID: demo.BrandID, Name: demo.Brand, Key: demo.APIKey}}})
	if err != nil {
		return l, err
	}
	server := httptest.NewServer(stand)
	defer func() {
		server.Close()
		err = errors.Join(err, stand.Close())
	}()
	config := app.Config{Folder: filepath.Join(folder, "data"), OmnisendURL: server.URL + "/api", Window: time.Duration(float64(time.Minute) / o.speed)}
	id, err := prepare(ctx, config, o.profiles)
	if err != nil {
		return l, err
	}
	stand.SetFaults(faults(o))
	begin := time.Now()
	err = l.killAgainAndAgain(ctx, o, id, config, func() (*process.Process, error) {
		return process.Start(binary, config.Folder, config.OmnisendURL, config.Window)
	})
	l.seconds, l.stats = time.Since(begin).Seconds(), stand.Stats()
	if err != nil {
		return l, err
	}
	stand.Settle()
	a, err := app.Open(ctx, config)
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	everybody := segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}
	l.contacts, err = demo.Compare(ctx, a, everybody, export.DefaultTag(demo.Everybody), stand.Contact, stand.Contacts())
	return l, err
}

// faults shares the faults out evenly. The hint of a 429 is left out, since it is in seconds of the clock.
func faults(o settings) sandbox.Faults {
	each := o.faults / 6
	return sandbox.Faults{Seed: o.seed, NoRetryAfter: true, ThrottleShare: each, ServerErrorShare: each, DropBeforeShare: each, DropAfterShare: each,
		HalfAnswerShare: each, BrokenJSONShare: each}
}

// prepare fills the data folder and queues the run, without working on it: the processes to be killed do that.
func prepare(ctx context.Context, config app.Config, profiles int) (runID int64, err error) {
	a, err := app.Open(ctx, config)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := demo.Seed(ctx, a, profiles); err != nil {
		return 0, err
	}
	c, err := demo.Connect(ctx, a, demo.Brand, demo.APIKey)
	if err != nil {
		return 0, err
	}
	e, err := demo.Export(ctx, a, "Everybody to the sandbox", c.ID, demo.Everybody)
	if err != nil {
		return 0, err
	}
	admin, err := demo.Actor(ctx, a, access.Administrator)
	if err != nil {
		return 0, err
	}
	started, err := a.Runs.Start(ctx, admin, e.ID, run.Options{})
	return started.ID, err
}

// killAgainAndAgain starts the program, kills it when so many profiles have their outcome, and starts it again; after the
// last kill it waits for the end of the run.
func (l *ledger) killAgainAndAgain(ctx context.Context, o settings, runID int64, config app.Config, start func() (*process.Process, error)) (err error) {
	db, err := database.Connect(filepath.Join(config.Folder, "segue.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	look := func() error {
		var err error
		l.run, err = run.NewService(run.Dependencies{DB: db}).Get(ctx, access.Actor{UserID: 1, Role: access.Viewer}, runID)
		return err
	}
	random := rand.New(rand.NewPCG(o.seed, 0)) // moments, not secrets
	moments := make([]int, o.kills)
	for i := range moments {
		moments[i] = random.IntN(o.profiles * 9 / 10)
	}
	slices.Sort(moments)
	deadline := time.Now().Add(o.patience)
	for {
		p, err := start()
		if err != nil {
			return err
		}
		if err := p.Await(); err != nil {
			return errors.Join(err, p.Kill(), errors.New(p.Output()))
		}
		last := l.kills == o.kills
		for {
			if err := look(); err != nil {
				return errors.Join(err, p.Kill())
			}
			if !l.run.State.Going() || !last && l.run.Counts.Settled() >= moments[l.kills] {
				break
			}
			if time.Now().After(deadline) {
				return errors.Join(errors.New("the run takes too long"), p.Kill(), errors.New(p.Output()))
			}
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond)
		if err := errors.Join(p.Kill(), look()); err != nil {
			return err
		}
		if !l.run.State.Going() {
			return nil
		}
		l.kills++
		if l.run.BatchesSent > l.run.BatchesSettled {
			l.begun++
		}
	}
}
