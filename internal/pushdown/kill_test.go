package pushdown_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

// doomed is what a process needs to carry out a run and to die at one of its writes.
type doomed struct {
	At       int64 // number of the commit that it does not live to see
	Run      int64
	Folder   string
	URL      string // of the stand-in
	Window   time.Duration
	Source   withoutPassword
	Password string
}

// withoutPassword is a source whose password is told by itself: a secret is not written.
type withoutPassword struct {
	pushdown.Source
	Password struct{}
}

const doom = "SEGUE_TEST_DOOM"

func TestMain(m *testing.M) {
	if os.Getenv(doom) == "" {
		os.Exit(postgres.Main(m))
	}
	if err := workUntilDoom(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// workUntilDoom carries out a run in a process of its own, which kills itself when it is about to commit for the nth time.
func workUntilDoom() error {
	var d doomed
	if err := json.Unmarshal([]byte(os.Getenv(doom)), &d); err != nil {
		return err
	}
	var armed atomic.Bool
	var commits atomic.Int64
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, _ string) error {
		c.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 {
			if armed.Load() && commits.Add(1) == d.At {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // nothing more happens
			}
			return 0
		})
		return nil
	})
	d.Source.Source.Password = secret.NewText(d.Password)
	a, err := app.Open(context.Background(), app.Config{Folder: d.Folder, OmnisendURL: d.URL, Window: d.Window, Log: slog.New(slog.DiscardHandler),
		SQL: warehouse.Limits{Allowed: allowed()}, Staying: &staying{source: d.Source.Source}})
	if err != nil {
		return err
	}
	armed.Store(true)
	if err := a.Runs.Execute(context.Background(), d.Run); err != nil {
		return err
	}
	armed.Store(false)
	return a.Close()
}

func TestARunThatIsKilledWhileItReadsOrSendsEndsAsIfNothingHadHappened(t *testing.T) {
	k := startKit(t, 230, apptest.Speed)
	kept := k.tables()
	s := k.segment("Everybody there", sourceID, everybody)
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s)
	wanted := k.Run(e, run.Options{}).Counts
	wanted.Created, wanted.Updated = 0, 0
	crashes := 0
	for at := int64(1); ; at++ {
		r := k.killed(t, e, at)
		if r == 0 {
			break
		}
		crashes++
		// What the killed process had read is there still, and nothing is asked of the source any more; else it is read anew.
		k.Open()
		found := k.Until(r, func(run.Run) bool { return true })
		if found.Plan != nil {
			k.staying.change(func(s *pushdown.Source) { s.Address.Port++ })
		}
		if found = k.Wait(r); found.State != run.Warnings {
			t.Errorf("killed at write %d: %s %s %s", at, found.State, found.ErrorCode, found.PauseCode)
		}
		found.Counts.Created, found.Counts.Updated = 0, 0
		if found.Counts != wanted {
			t.Errorf("killed at write %d: %+v, should be %+v", at, found.Counts, wanted)
		}
		k.staying.change(func(s *pushdown.Source) { s.Address.Port = k.port })
		k.wantTables(kept)
	}
	k.Open()
	k.matches(export.DefaultTag(s.Name))
	if t.Logf("%d crashes", crashes); crashes < 8 {
		t.Errorf("only %d writes: too few to prove anything", crashes)
	}
}

// killed queues a complete run and has a process of its own die at one of its writes. It gives the run, 0 when the process lived; the domain is
// closed then.
func (k *kit) killed(t *testing.T, e export.Export, at int64) int64 {
	t.Helper()
	k.Stop()
	a, err := app.Open(t.Context(), k.Config) // not started, so that the run stays queued
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}, e.ID, run.Options{Complete: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	d := doomed{At: at, Run: r.ID, Folder: k.Config.Folder, URL: k.Config.OmnisendURL, Window: k.Config.Window, Source: withoutPassword{Source: k.staying.source}, Password: k.staying.source.Password.Reveal()}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), doom+"="+string(text))
	out, err := command.CombinedOutput()
	if err == nil {
		return 0
	}
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("at write %s: %v\n%s", strconv.FormatInt(at, 10), err, out)
	}
	return r.ID
}
