package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/secret"
)

func TestAFolderIsBackedUpCheckedRestoredAndGivenAnotherKeyFromTheCommandLine(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	a, err := app.Open(t.Context(), app.Config{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "segue.backup")
	if out := ok(t, "", "backup", file, "--data", folder); !strings.Contains(out, "The sealing key is not in it.") {
		t.Errorf("said %q", out)
	}
	piped := ok(t, "", "backup", "-", "--with-key", "--data", folder)
	if out := ok(t, piped, "backup", "--verify", "-"); !strings.Contains(out, "whole and its database sound") {
		t.Errorf("said %q", out)
	}
	if o := segue(t, piped[:len(piped)/2], "backup", "--verify", "-"); o.status != 1 || !strings.Contains(o.errors, "no whole backup") {
		t.Errorf("half of it: %+v", o)
	}
	if o := segue(t, "", "restore", file, "--data", folder); o.status != 1 || !strings.Contains(o.errors, "--replace") {
		t.Errorf("over another: %+v", o)
	}
	if out := ok(t, "", "restore", file, "--replace", "--data", folder); !strings.Contains(out, "What was there is in") || strings.Contains(out, "resume-all") {
		t.Errorf("said %q", out)
	}
	if out := ok(t, "", "restore", file, "--replace", "--hold", "yes", "--data", folder); !strings.Contains(out, "until: segue resume-all") {
		t.Errorf("said %q", out)
	}

	key := filepath.Join(folder, "segue.key")
	old, err := secret.LoadKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	out := ok(t, "", "reseal", "--data", folder)
	now, err := secret.LoadKeyring(key)
	if err != nil || now.Len() != 1 || now.IDs()[0] == old.IDs()[0] || !strings.Contains(out, now.IDs()[0]) {
		t.Errorf("the key is %v, was %v, said %q: %v", now.IDs(), old.IDs(), out, err)
	}
	kept, err := filepath.Glob(key + ".old-*")
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	// A backup from before opens with the key that was kept, and with no other.
	if o := segue(t, "", "restore", file, "--replace", "--data", folder); o.status != 1 || !strings.Contains(o.errors, "name its file with --key") {
		t.Errorf("without the old key: %+v", o)
	}
	ok(t, "", "restore", file, "--replace", "--key", kept[0], "--data", folder)
	ok(t, "", "reseal", "--forget", "--data", folder)
	if again, err := filepath.Glob(key + ".old-*"); err != nil || len(again) != 1 {
		t.Errorf("kept %v, %v", again, err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	ok(t, piped, "restore", "-", "--data", elsewhere)
	if info, err := os.Stat(filepath.Join(elsewhere, "segue.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key of a backup with key: %v, %v", info, err)
	}

	if o := segue(t, "", "reseal", "--lost", "--data", folder); o.status != 1 || !strings.Contains(o.errors, "it is not lost") {
		t.Errorf("a key that opens: %+v", o)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Open(t.Context(), app.Config{Folder: folder}); err == nil {
		t.Error("a server starts with a new key where secrets are sealed with another")
	}
	if o := segue(t, "", "reseal", "--data", folder); o.status != 1 {
		t.Errorf("an exchange without the old key: %+v", o)
	}
	if out := ok(t, "", "reseal", "--lost", "--data", folder); !strings.Contains(out, "until: segue resume-all") {
		t.Errorf("said %q", out)
	}

	a, err = app.Open(t.Context(), app.Config{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"reseal"}, {"restore", file, "--replace"}} {
		if o := segue(t, "", append(command, "--data", folder)...); o.status != 1 || !strings.Contains(o.errors, "stop the server first") {
			t.Errorf("%v beside a server: %+v", command, o)
		}
	}
	ok(t, "", "backup", file, "--data", folder)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheDoctorEndsWithAStatusForScriptsAndSpeaksTheLanguageThatIsAskedFor(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if o := segue(t, "", "doctor", "--offline", "--data", folder); o.status != 2 || !strings.Contains(o.out, "There is no data folder") || o.errors != "" {
		t.Errorf("no folder: %+v", o)
	}
	a, err := app.Open(t.Context(), app.Config{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	if o := segue(t, "", "doctor", "--offline", "--thorough", "--language", "da", "--data", folder); o.status != 0 || !strings.Contains(o.out, "Alt er i orden.") {
		t.Errorf("a healthy one, beside a server: %+v", o)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	o := segue(t, "", "doctor", "--offline", "--json", "--data", folder)
	var said struct {
		Level    string
		Findings []struct{ Code, Level, Text, Mend string }
	}
	if err := json.Unmarshal([]byte(o.out), &said); err != nil || o.status != 1 || said.Level != "warning" {
		t.Fatalf("%+v, %v", o, err)
	}
	for _, f := range said.Findings {
		if (f.Code == "folder_open") != (f.Level != "fine") || f.Level != "fine" && !strings.HasPrefix(f.Mend, "chmod 700 ") {
			t.Errorf("%+v", f)
		}
	}
}
