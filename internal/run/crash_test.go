package run_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/source"
)

// The variables by which the test's program knows that it is to carry out a run and to die at one of its writes.
const (
	crashAt     = "SEGUE_TEST_CRASH_AT" // number of the commit that it does not live to see
	crashRun    = "SEGUE_TEST_CRASH_RUN"
	crashFolder = "SEGUE_TEST_CRASH_FOLDER"
	crashURL    = "SEGUE_TEST_CRASH_URL"
)

func TestMain(m *testing.M) {
	if os.Getenv(crashAt) == "" {
		os.Exit(m.Run())
	}
	if err := workUntilCrash(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// workUntilCrash carries out a run in a process of its own, which kills itself when it is about to commit for the nth time.
func workUntilCrash() error {
	at, err := strconv.ParseInt(os.Getenv(crashAt), 10, 64)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(os.Getenv(crashRun), 10, 64)
	if err != nil {
		return err
	}
	var armed atomic.Bool
	var commits atomic.Int64
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, _ string) error {
		c.(sqlite.HookRegisterer).RegisterCommitHook(func() int32 {
			if armed.Load() && commits.Add(1) == at {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // nothing more happens
			}
			return 0
		})
		return nil
	})
	a, err := app.Open(context.Background(), crashConfig(os.Getenv(crashFolder), os.Getenv(crashURL)))
	if err != nil {
		return err
	}
	armed.Store(true)
	if err := a.Runs.Execute(context.Background(), id); err != nil {
		return err
	}
	armed.Store(false)
	return a.Close()
}

func crashConfig(folder, url string) app.Config {
	return app.Config{Folder: folder, OmnisendURL: url, Window: time.Minute / 600, Log: slog.New(slog.DiscardHandler)}
}

// crashScene is a data folder with a run that is queued, and what the stand-in holds before it.
type crashScene struct {
	folder, contacts string
	run              int64
}

// TestARunThatIsKilledAtAnyOfItsWritesEndsAsIfNothingHadHappened kills the process at every commit of one run, one after the
// other, each time from the same beginning. The run has all there is to write: batches that are cut short, contacts that
// changed, were refused, are invalid or double, and tags to take away.
func TestARunThatIsKilledAtAnyOfItsWritesEndsAsIfNothingHadHappened(t *testing.T) {
	scene := makeCrashScene(t)
	wanted, contacts := scene.play(t, 0)
	if wanted.Counts.Withdrawn == 0 || wanted.Counts.Refused == 0 || wanted.Counts.Invalid == 0 || wanted.Counts.Duplicates == 0 || wanted.Counts.Unchanged == 0 {
		t.Fatalf("the scene lacks something: %+v", wanted.Counts)
	}
	scene.crashEverywhere(t, wanted, contacts, 10)
}

func TestARetryThatIsKilledAtAnyOfItsWritesEndsAsIfNothingHadHappened(t *testing.T) {
	scene := makeCrashScene(t).retried(t)
	wanted, contacts := scene.play(t, 0)
	if c := wanted.Counts; wanted.OfRun == 0 || c.Accepted == 0 || c.Refused == 0 || c.Duplicates == 0 || c.Profiles > 20 {
		t.Fatalf("the scene lacks something: %+v", c)
	}
	scene.crashEverywhere(t, wanted, contacts, 4)
}

// crashEverywhere plays the scene to each of its writes, of which there are so many at least.
func (s crashScene) crashEverywhere(t *testing.T, wanted run.Run, contacts map[string]string, least int) {
	t.Helper()
	crashes := 0
	for at := 1; ; at++ {
		r, held := s.play(t, at)
		if r.ID == 0 { // it came to its end before
			break
		}
		crashes++
		r.Counts.Created, r.Counts.Updated = wanted.Counts.Created, wanted.Counts.Updated // a contact that is sent twice is updated
		if r.State != wanted.State || r.Counts != wanted.Counts {
			t.Errorf("killed at write %d: %s %+v, should be %s %+v", at, r.State, r.Counts, wanted.State, wanted.Counts)
		}
		if !maps.Equal(held, contacts) {
			t.Errorf("killed at write %d: the contacts are not what they should be", at)
			for email, is := range held {
				if is != contacts[email] {
					t.Logf("%s is %s, should be %s", email, is, contacts[email])
				}
			}
		}
	}
	if t.Logf("%d crashes", crashes); crashes < least {
		t.Errorf("only %d writes: too few to prove anything", crashes)
	}
}

// play copies the scene, has a process carry out the run and die at a write, and another one end it. At 0 it does not die; the
// zero Run says that there are not so many writes.
func (s crashScene) play(t *testing.T, at int) (run.Run, map[string]string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(s.folder)); err != nil {
		t.Fatal(err)
	}
	contacts := filepath.Join(folder, "sandbox")
	if err := copyFile(s.contacts, contacts); err != nil {
		t.Fatal(err)
	}
	stand, url := standIn(t, contacts)
	stand.SetFaults(sandbox.Faults{RejectEmail: "bad", StopAfterErrors: 1})
	if at > 0 {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), crashAt+"="+strconv.Itoa(at), crashRun+"="+strconv.FormatInt(s.run, 10), crashFolder+"="+folder, crashURL+"="+url)
		out, err := command.CombinedOutput()
		if err == nil {
			return run.Run{}, nil
		}
		if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("at write %d: %v\n%s", at, err, out)
		}
	}
	a, err := app.Open(t.Context(), crashConfig(folder, url))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Runs.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Runs.Execute(t.Context(), s.run); err != nil {
		t.Fatal(err)
	}
	r, err := a.Runs.Get(t.Context(), access.Actor{UserID: 1, Role: access.Administrator}, s.run)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	stand.Settle()
	held := map[string]string{}
	for c := range stand.Contacts() {
		held[c.Email] = fmt.Sprint(c.FirstName, " ", c.City, " ", slices.Sorted(slices.Values(c.Tags)))
	}
	return r, held
}

// standIn starts a stand-in that keeps its contacts in a file.
func standIn(t *testing.T, file string) (stand *sandbox.Server, url string) {
	t.Helper()
	stand, err := sandbox.New(sandbox.Options{Speed: 600, File: file,
		Brands: []sandbox.Brand{{ID: demo.BrandID, Name: demo.Brand, Website: "https://example.com", Key: demo.APIKey}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stand)
	t.Cleanup(func() {
		server.Close()
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	})
	return stand, server.URL + "/api"
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// makeCrashScene delivers some 300 people once, and then changes much about them.
func makeCrashScene(t *testing.T) crashScene {
	t.Helper()
	k, e := townKit(t, export.Untag)
	file := filepath.Join(t.TempDir(), "sandbox")
	stand, url := standIn(t, file)
	k.Stop()
	k.Config.OmnisendURL = url
	k.Open()
	var rows []string
	for i := range 300 {
		rows = append(rows, fmt.Sprintf("%03d,p%d@example.com,Aarhus,1", i, i))
	}
	k.Upload(towns(rows...))
	if r := k.Run(e, run.Options{}); r.State != run.Succeeded {
		t.Fatalf("ended as %s %+v", r.State, r.Counts)
	}
	k.Stop()
	stand.Settle()
	if err := stand.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		switch {
		case i%50 == 0: // leaves one segment
			rows[i] = fmt.Sprintf("%03d,p%d@example.com,Odense,1", i, i)
		case i%50 == 1: // goes
			rows[i] = ""
		case i%50 == 2: // has another address
			rows[i] = fmt.Sprintf("%03d,new%d@example.com,Aarhus,1", i, i)
		case i%50 == 3:
			rows[i] = fmt.Sprintf("%03d,nonsense,Aarhus,1", i)
		case i%50 == 4:
			rows[i] = fmt.Sprintf("%03d,P%d@example.com,Aarhus,1", i, i-4)
		case i%50 == 5:
			rows[i] = fmt.Sprintf("%03d,bad%d@example.com,Aarhus,1", i, i)
		case i%3 != 0:
			rows[i] = fmt.Sprintf("%03d,p%d@example.com,Ribe,1", i, i)
		}
	}
	rows = slices.DeleteFunc(rows, func(row string) bool { return row == "" })
	a, err := app.Open(t.Context(), k.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sources.ImportFile(t.Context(), access.System, "sample-customers.csv", strings.NewReader(towns(rows...)), source.Settings{Delimiter: ","}); err != nil {
		t.Fatal(err)
	}
	started, err := a.Runs.Start(t.Context(), access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}, e.ID, run.Options{WithdrawAny: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return crashScene{folder: k.Config.Folder, contacts: file, run: started.ID}
}

// retried plays the scene to its end, corrects some of those who were rejected, and queues a retry of them.
func (s crashScene) retried(t *testing.T) crashScene {
	t.Helper()
	later := crashScene{folder: t.TempDir(), contacts: filepath.Join(t.TempDir(), "sandbox")}
	if err := os.CopyFS(later.folder, os.DirFS(s.folder)); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(s.contacts, later.contacts); err != nil {
		t.Fatal(err)
	}
	stand, url := standIn(t, later.contacts)
	stand.SetFaults(sandbox.Faults{RejectEmail: "bad", StopAfterErrors: 1})
	a, err := app.Open(t.Context(), crashConfig(later.folder, url))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Runs.Execute(t.Context(), s.run); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i := range 300 {
		switch i % 50 {
		case 3: // corrected
			rows = append(rows, fmt.Sprintf("%03d,fixed%d@example.com,Aarhus,1", i, i))
		case 5: // some are, some are not, and one has another's address
			rows = append(rows, fmt.Sprintf("%03d,%s,Aarhus,1", i, []string{fmt.Sprintf("bad%d@example.com", i), fmt.Sprintf("p%d@example.com", i-5)}[i/50%2]))
		default:
			rows = append(rows, fmt.Sprintf("%03d,p%d@example.com,Ribe,1", i, i))
		}
	}
	if _, err := a.Sources.ImportFile(t.Context(), access.System, "sample-customers.csv", strings.NewReader(towns(rows...)), source.Settings{Delimiter: ","}); err != nil {
		t.Fatal(err)
	}
	started, err := a.Runs.Retry(t.Context(), access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}, s.run)
	if err != nil {
		t.Fatal(err)
	}
	later.run = started.ID
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	stand.Settle()
	if err := stand.Close(); err != nil {
		t.Fatal(err)
	}
	return later
}
