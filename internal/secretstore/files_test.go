package secretstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/segue-app/segue/internal/secretstore"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path+".next"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil { // as the kubelet does, so that there is no moment without one
		t.Fatal(err)
	}
}

func read(t *testing.T, s secretstore.Stores, store, name string) (string, secretstore.Fault) {
	t.Helper()
	text, err := s.Read(t.Context(), secretstore.Reference{Store: store, Name: name}, false)
	return text.Reveal(), secretstore.FaultOf(err)
}

func TestAFolderAsKubernetesMountsItGivesTheVersionOfTheMoment(t *testing.T) {
	folder := t.TempDir()
	stores := secretstore.Stores{"files": secretstore.Files{Folder: folder}}
	write(t, filepath.Join(folder, "..2026_11_25_01", "omnisend"), "first\n")
	link(t, "..2026_11_25_01", filepath.Join(folder, "..data"))
	link(t, "..data/omnisend", filepath.Join(folder, "omnisend"))
	if got, fault := read(t, stores, "files", "omnisend"); got != "first" || fault != "" {
		t.Errorf("%q, %s", got, fault)
	}
	write(t, filepath.Join(folder, "..2026_11_25_02", "omnisend"), "second\r\n")
	link(t, "..2026_11_25_02", filepath.Join(folder, "..data"))
	if got, fault := read(t, stores, "files", "omnisend"); got != "second" || fault != "" {
		t.Errorf("after the turn: %q, %s", got, fault)
	}
	write(t, filepath.Join(folder, "..2026_11_25_03", "other"), "x")
	link(t, "..2026_11_25_03", filepath.Join(folder, "..data"))
	if got, fault := read(t, stores, "files", "omnisend"); got != "" || fault != secretstore.Missing {
		t.Errorf("after it was taken away: %q, %s", got, fault)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if got, fault := read(t, stores, "files", "omnisend"); got != "" || fault != secretstore.Unavailable {
		t.Errorf("without the folder: %q, %s", got, fault)
	}
	if err := stores["files"].Probe(t.Context()); err == nil {
		t.Error("a folder that is gone can be read")
	}
}

func TestNothingButSecretsOfTheFolderIsGivenOut(t *testing.T) {
	above := t.TempDir()
	folder := filepath.Join(above, "secrets")
	write(t, filepath.Join(above, "outside"), "not to be read")
	write(t, filepath.Join(above, "key", "segue.key"), "the sealing key")
	write(t, filepath.Join(folder, "deep", "er", "omnisend"), "deep")
	write(t, filepath.Join(folder, ".hidden"), "hidden")
	write(t, filepath.Join(folder, "empty"), "\n")
	write(t, filepath.Join(folder, "long"), strings.Repeat("x", secretstore.LongestSecret+1))
	write(t, filepath.Join(folder, "longest"), strings.Repeat("x", secretstore.LongestSecret)+"\r\n")
	write(t, filepath.Join(folder, "lines"), "one\ntwo\n")
	link(t, "../outside", filepath.Join(folder, "escape"))
	link(t, filepath.Join(above, "outside"), filepath.Join(folder, "absolute"))
	if err := os.Link(filepath.Join(above, "key", "segue.key"), filepath.Join(folder, "thekey")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	stores := secretstore.Stores{"files": secretstore.Files{Folder: folder, Never: []string{filepath.Join(above, "key", "segue.key")}}}
	for _, name := range []string{"", ".", "..", "../outside", "deep/../../outside", "/etc/passwd", ".hidden", "..data/x", "deep//er/omnisend", "deep/er/", `deep\er`, "a b", "a\x00b", "escape", "absolute",
		"thekey", "pipe", "deep", "empty", "long", "lines", "absent", "deep#field", strings.Repeat("a", 201)} {
		if got, fault := read(t, stores, "files", name); got != "" || fault == "" {
			t.Errorf("%q gave %q", name, got)
		}
	}
	for name, want := range map[string]string{"deep/er/omnisend": "deep", "longest": strings.Repeat("x", secretstore.LongestSecret)} {
		if got, fault := read(t, stores, "files", name); got != want || fault != "" {
			t.Errorf("%s gave %q, %s", name, got, fault)
		}
	}
	if _, fault := read(t, stores, "vault", "omnisend"); fault != secretstore.Unavailable {
		t.Errorf("a store that is not configured: %s", fault)
	}
}

// FuzzFiles asks for anything at all: what is given is one of the folder's secrets.
func FuzzFiles(f *testing.F) {
	above := f.TempDir()
	folder := filepath.Join(above, "secrets")
	for path, content := range map[string]string{"outside": "outside", "secrets/a": "inside", "secrets/b/c": "inside"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(above, path)), 0o700); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(above, path), []byte(content), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	stores := secretstore.Stores{"files": secretstore.Files{Folder: folder}}
	for _, name := range []string{"a", "b/c", "../outside", "b/../../outside", "/a", "a#b", "..", "b/./c"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		text, err := stores.Read(t.Context(), secretstore.Reference{Store: "files", Name: name}, true)
		if (err == nil) != (text.Reveal() == "inside") || err != nil && secretstore.FaultOf(err) == "" {
			t.Fatalf("%q gave %q, %v", name, text.Reveal(), err)
		}
	})
}
