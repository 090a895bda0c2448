package run_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secretstore"
)

// keptOutside is an export over a connection whose key comes from a store, and what puts another key there.
func keptOutside(t *testing.T) (k *apptest.Kit, e export.Export, put func(key string)) {
	t.Helper()
	k = apptest.Start(t, 300)
	k.Stop()
	k.NewSandbox(sandbox.Options{Speed: apptest.Speed, Brands: []sandbox.Brand{{ID: "another", Name: "Another", Key: "key-of-another"}}})
	folder := t.TempDir()
	k.Config.OmnisendURL, k.Config.Stores = k.Server.URL+"/api", secretstore.Stores{"files": secretstore.Files{Folder: folder}}
	k.Open()
	put = func(key string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "omnisend"), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(demo.APIKey)
	e = k.Export()
	c, err := k.Connections.Find(t.Context(), k.DB.Reader(), e.ConnectionID)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Connections.TakeFrom(t.Context(), k.Actor(access.Administrator).Asked(), c.ID, c.Version, secretstore.Reference{Store: "files", Name: "omnisend"}); err != nil {
		t.Fatal(err)
	}
	return k, e, put
}

func TestNothingIsSentWithAKeyFromAStoreBeforeItIsProved(t *testing.T) {
	t.Parallel()
	k, e, put := keptOutside(t)
	put("key-of-another")
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1, Path: "/brands"})
	r := k.Run(e, run.Options{})
	if r.State != run.Paused || r.PauseCode != "destination_unavailable" || r.BatchesSent != 0 {
		t.Fatalf("came to %s (%s %s), %d batches", r.State, r.ErrorCode, r.PauseCode, r.BatchesSent)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Resume(r.ID, run.NoReply); r.State != run.Failed || r.ErrorCode != string(connection.BrandChanged) || r.BatchesSent != 0 {
		t.Fatalf("then came to %s (%s %s), %d batches", r.State, r.ErrorCode, r.PauseCode, r.BatchesSent)
	}
}

func TestAFaultThatPassesWhileAKeyFromAStoreIsProvedDoesNotStopTheRun(t *testing.T) {
	t.Parallel()
	k, e, _ := keptOutside(t)
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 0.6, Seed: 3, Path: "/brands"})
	if r := k.Run(e, run.Options{}); r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("came to %s (%s %s) %+v", r.State, r.ErrorCode, r.PauseCode, r.Counts)
	}
	k.Matches()
}

func TestAKeyThatIsKeptHereSendsWhileTheDestinationCannotProveIt(t *testing.T) {
	t.Parallel()
	k := apptest.Start(t, 300)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1, Path: "/brands"})
	if r := k.Run(e, run.Options{}); r.State != run.Warnings || r.Counts.Open() != 0 {
		t.Fatalf("came to %s (%s %s) %+v", r.State, r.ErrorCode, r.PauseCode, r.Counts)
	}
}
