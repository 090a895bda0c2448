package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestEverythingIsStoppedAndResumedFromTheCommandLine(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if o := segue(t, "", "stop-all", "--data", folder); o.status == 0 || !strings.Contains(o.errors, "no data folder of Segue") {
		t.Fatalf("a folder that is not there was stopped: %+v", o)
	}
	ok(t, "", "migrate", "--data", folder)
	if out := ok(t, "", "stop-all", "--reason", "wrong file", "--data", folder); !strings.Contains(out, "Everything is stopped since") {
		t.Errorf("said %q", out)
	}
	first := ok(t, "", "stop-all", "--data", folder) // it stands already
	if !strings.Contains(first, "Everything is stopped since") {
		t.Errorf("said %q", first)
	}
	if out := ok(t, "", "resume-all", "--data", folder); !strings.Contains(out, "lifted") {
		t.Errorf("said %q", out)
	}
	if o := segue(t, "", "resume-all", "--data", folder); o.status == 0 || !strings.Contains(o.errors, "The emergency stop was lifted already.") {
		t.Errorf("lifted twice: %+v", o)
	}
}
