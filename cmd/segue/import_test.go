package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/process"
)

const shopFile = "id,email,city\n1,a@example.com,Aarhus\n2,b@example.com,Odense\n3,c@example.com,Odense\n"

func TestAFileIsImportedFromTheCommandLineWithAndWithoutAServer(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(t.TempDir(), "shop.csv")
	if err := os.WriteFile(file, []byte(shopFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := segue(t, "", "import", file, "--source", "Shop", "--create", "--data", folder); o.status != 1 || !strings.Contains(o.errors, "no data folder") {
		t.Errorf("without a data folder: %d, %s", o.status, o.errors)
	}
	ok(t, "", "migrate", "--data", folder)
	walk := func(t *testing.T, name string) {
		if o := segue(t, "", "import", file, "--source", name, "--data", folder); o.status != 1 || !strings.Contains(o.errors, "--create") {
			t.Errorf("a source that there is not: %d, %s", o.status, o.errors)
		}
		if out := ok(t, "", "import", file, "--source", name, "--create", "--data", folder); !strings.Contains(out, "Imported 3 profiles into "+name+": 3 added, 0 changed, 0 removed") {
			t.Errorf("a new source: %s", out)
		}
		changed := strings.Replace(shopFile, "Aarhus", "Esbjerg", 1)
		if out := ok(t, changed, "import", "-", "--source", name, "--data", folder); !strings.Contains(out, "0 added, 1 changed, 0 removed") {
			t.Errorf("standard input: %s", out)
		}
		if o := segue(t, "id,email,city\n1,a@example.com,Aarhus\n", "import", "-", "--source", name, "--data", folder); o.status != 3 || !strings.Contains(o.errors, "/sources/imports/") {
			t.Errorf("far fewer: %d, %s", o.status, o.errors)
		}
		if o := segue(t, "id,email\n1,a@example.com\n", "import", "-", "--source", name, "--data", folder); o.status != 1 || !strings.Contains(o.errors, "city") {
			t.Errorf("a column is missing: %d, %s", o.status, o.errors)
		}
		if o := segue(t, "\x00\x01", "import", "-", "--source", name, "--data", folder); o.status != 1 {
			t.Errorf("no list of profiles: %d, %s", o.status, o.errors)
		}
	}
	t.Run("without", func(t *testing.T) { walk(t, "Shop") })
	t.Run("beside", func(t *testing.T) {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(asSegue, "1")
		server, err := process.Start(program, folder, "http://127.0.0.1:9/api", 60_000_000_000)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := server.Kill(); err != nil {
				t.Error(err)
			}
		}()
		if err := server.Await(); err != nil {
			t.Fatal(err)
		}
		walk(t, "Club")
	})
}
