package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/secret"
)

// keyChanges are the entries of the audit log about the sealing key.
func keyChanges(t *testing.T, folder string) (told []string) {
	t.Helper()
	db, err := database.Connect(app.Config{Folder: folder}.Database())
	if err != nil {
		t.Fatal(err)
	}
	told, err = database.Column[string](db.Reader().QueryContext(t.Context(), `SELECT changes FROM audit_entries WHERE action = 'sealing.key_changed' ORDER BY id`))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return told
}

// TestAKeyInTheEnvironmentIsSeenByNobodyOnceTheServerRuns looks where the system shows the environment of a process, and where
// the program could have left the key.
func TestAKeyInTheEnvironmentIsSeenByNobodyOnceTheServerRuns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the environment of a process is looked at under /proc")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(secret.NewKeyring().Text().Reveal())
	t.Setenv(asSegue, "1")
	t.Setenv(sealingKeyName, key)
	t.Setenv(smtpPasswordName, "hunter2-of-the-post")
	folder := t.TempDir()
	p, err := process.Start(program, folder, "http://127.0.0.1:9/api", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // it is gone already when all went well
	if err := p.Await(); err != nil {
		t.Fatalf("%v\n%s", err, p.Output())
	}
	if status, body := visit(t, "http://"+p.Address()).get("/healthz"); status != http.StatusOK {
		t.Fatal(status, body)
	}
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID()))
	if err != nil || !bytes.Contains(environment, []byte(asSegue+"=1")) {
		t.Fatalf("%q, %v", environment, err)
	}
	if bytes.Contains(environment, []byte(key)) || bytes.Contains(environment, []byte("hunter2")) {
		t.Errorf("the environment still shows %q", environment)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status, err := p.Wait(); err != nil || status != 0 {
		t.Fatalf("ended with %d, %v\n%s", status, err, p.Output())
	}
	if strings.Contains(p.Output(), key) {
		t.Errorf("the log shows the key:\n%s", p.Output())
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(key)) {
			t.Errorf("%s holds the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTheSealingKeyComesFromOnePlaceAndIsExchangedThere walks an installation through all three places.
func TestTheSealingKeyComesFromOnePlaceAndIsExchangedThere(t *testing.T) {
	folder, credentials := t.TempDir(), t.TempDir()
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte("id;email\n1;ada@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, second := secret.NewKeyring(), secret.NewKeyring()
	inEnvironment := func(ring secret.Keyring) []string {
		return []string{sealingKeyName + "=" + strings.TrimSpace(ring.Text().Reveal())}
	}
	ok(t, "", "migrate", "--data", folder)
	start := []string{"import", people, "--source", "Shop", "--create", "--data", folder} // opens the folder as the server does
	if o := segueWith(t, inEnvironment(first), "", start...); o.status != 0 {
		t.Fatalf("with the key in the environment: %+v", o)
	}
	if _, err := os.Stat(filepath.Join(folder, "segue.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key file was made: %v", err)
	}
	if told := keyChanges(t, folder); len(told) != 0 {
		t.Errorf("the first start is no change: %v", told)
	}

	// In two steps, since the environment is not ours to change.
	if o := segueWith(t, inEnvironment(first), "", "reseal", "--data", folder); o.status != 1 || !strings.Contains(o.errors, "segue reseal --new-key new.key") {
		t.Errorf("without a new key: %+v", o)
	}
	next := filepath.Join(t.TempDir(), "new.key")
	if err := second.Save(next); err != nil {
		t.Fatal(err)
	}
	if o := segueWith(t, inEnvironment(first), "", "reseal", "--new-key", next, "--data", folder); o.status != 0 || !strings.Contains(o.out, "put the new key in the place of the old one") {
		t.Fatalf("with a new key: %+v", o)
	}
	if o := segueWith(t, inEnvironment(first), "", start...); o.status == 0 {
		t.Error("the old key still opens the folder")
	}

	// Into a credential of systemd's: the place changes, and the key that was exchanged shows.
	if err := second.Save(filepath.Join(credentials, credentialName)); err != nil {
		t.Fatal(err)
	}
	inCredential := []string{credentialsFolder + "=" + credentials}
	if o := segueWith(t, inCredential, "", start...); o.status != 0 {
		t.Fatalf("with a credential: %+v", o)
	}
	told := strings.Join(keyChanges(t, folder), "\n")
	for _, want := range []string{`"before":"environment","after":"credential"`, first.IDs()[0], second.IDs()[0]} {
		if !strings.Contains(told, want) {
			t.Errorf("the audit log does not tell %s: %s", want, told)
		}
	}
	if o := segueWith(t, inCredential, "", "reseal", "--data", folder); o.status != 1 || !strings.Contains(o.errors, "cannot change") {
		t.Errorf("a credential was exchanged in its place: %+v", o)
	}

	// What is given twice or is no key is refused, and never repeated.
	for name, one := range map[string]struct {
		variables []string
		flags     []string
	}{
		"twice":  {inEnvironment(second), []string{"--sealing-key-file", next}},
		"a path": {[]string{sealingKeyName + "=" + next}, nil},
	} {
		o := segueWith(t, one.variables, "", append(start, one.flags...)...)
		if o.status == 0 || !strings.Contains(o.errors, "--sealing-key-file") || strings.Contains(o.errors, strings.TrimSpace(second.Text().Reveal())) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	// A file that is named goes before the credential.
	if o := segueWith(t, inCredential, "", append(start, "--sealing-key-file", next)...); o.status != 0 {
		t.Errorf("a file that is named: %+v", o)
	}
}

func TestASecretComesFromAVariableOrAFileAndIsNeverRepeated(t *testing.T) {
	const name = "SEGUE_TEST_SECRET"
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	line, long := file("line", "from a file \r\n"), file("long", strings.Repeat("from", longestSecret))
	for what, c := range map[string]struct{ variable, path, want, wrong string }{
		"nothing":           {},
		"a variable":        {variable: "from a variable", want: "from a variable"},
		"a file":            {path: line, want: "from a file "}, // only the end of the line is none of it
		"both":              {variable: "from a variable", path: line, wrong: "the key is given twice: in --key-file and in " + name},
		"no such file":      {path: filepath.Join(folder, "none"), wrong: "read the key: "},
		"a file of another": {path: long, wrong: "the file is too large"},
	} {
		t.Setenv(name, c.variable)
		got, err := secretOf("the key", name, "--key-file", c.path)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "from") || !got.Empty() {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if err != nil || got.Reveal() != c.want {
			t.Errorf("%s: %q, %v", what, got.Reveal(), err)
		}
	}
}
