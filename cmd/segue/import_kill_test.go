package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/profile/sample"
)

// TestAnImportOutlivesTheServerThatIsKilledInTheMiddleOfIt kills the server as soon as it has read a part, and starts another.
func TestAnImportOutlivesTheServerThatIsKilledInTheMiddleOfIt(t *testing.T) {
	const customers = 100_000
	folder, path := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "shop.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sample.Write(file, customers, 1); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "migrate", "--data", folder)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asSegue, "1")
	start := func() *process.Process {
		t.Helper()
		server, err := process.Start(program, folder, "http://127.0.0.1:9/api", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Await(); err != nil {
			t.Fatalf("%v\n%s", err, server.Output())
		}
		return server
	}
	first := start()
	command := exec.CommandContext(t.Context(), program, "import", path, "--source", "Shop", "--create", "--data", folder)
	told := &firstWords{wanted: "read,", seen: make(chan struct{})}
	command.Stdout, command.Stderr = told, told
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told.seen:
	case <-time.After(20 * time.Second):
		t.Errorf("the import does not begin: %s", told.text.String())
	}
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	second := start()
	defer func() {
		if err := second.Kill(); err != nil {
			t.Error(err)
		}
	}()
	if err := command.Wait(); err != nil || !strings.Contains(told.text.String(), "Imported 100000 profiles into Shop: 100000 added, 0 changed, 0 removed") {
		t.Errorf("%v: %s", err, told.text.String())
	}
	if left, err := filepath.Glob(filepath.Join(folder, "uploads", "*")); err != nil || len(left) != 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// firstWords keeps what a program prints, and tells when a text was among it.
type firstWords struct {
	wanted string
	text   strings.Builder
	seen   chan struct{}
	told   bool
}

// Write keeps more of it. One goroutine of the command calls it.
func (f *firstWords) Write(p []byte) (int, error) {
	f.text.Write(p)
	if !f.told && strings.Contains(f.text.String(), f.wanted) {
		f.told = true
		close(f.seen)
	}
	return len(p), nil
}
