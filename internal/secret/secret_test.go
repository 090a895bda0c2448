package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/secret"
)

func sealer(t *testing.T, ring secret.Keyring) *secret.Sealer {
	t.Helper()
	s, err := ring.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASealedValueOpensWithItsKeyForItsRowAndNoOther(t *testing.T) {
	old, young := secret.NewKeyring(), secret.NewKeyring()
	sealed := sealer(t, old).Seal(secret.NewText("a key"), "row/1")
	if bytes.Contains(sealed, []byte("a key")) || secret.SealedBy(sealed) != old.IDs()[0] {
		t.Fatalf("sealed as %q by %s", sealed, secret.SealedBy(sealed))
	}
	for name, ring := range map[string]secret.Keyring{"its own key": old, "behind another": young.Then(old), "before another": old.Then(young)} {
		if plain, err := sealer(t, ring).Open(sealed, "row/1"); err != nil || plain.Reveal() != "a key" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sealer(t, young.Then(old)).Current(sealed) || !sealer(t, old.Then(young)).Current(sealed) {
		t.Error("which key seals now is not told")
	}
	if _, err := sealer(t, young).Open(sealed, "row/1"); !errors.Is(err, secret.ErrCannotOpen) {
		t.Errorf("another key: %v", err)
	}
	if _, err := sealer(t, old).Open(sealed, "row/2"); !errors.Is(err, secret.ErrCannotOpen) {
		t.Errorf("another row: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := sealer(t, old.Then(young)).Open(changed, "row/1"); !errors.Is(err, secret.ErrCannotOpen) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := sealer(t, old).Open(sealed[:i], "row/1"); !errors.Is(err, secret.ErrCannotOpen) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

func TestAKeyFileIsMadeOnceReadableForItsOwnerAloneAndReplacedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segue.key")
	if _, err := secret.LoadKeyring(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	made, err := secret.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	link := path + ".link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	next := secret.NewKeyring().Then(made, made)
	if err := next.Save(link); err != nil {
		t.Fatal(err)
	}
	read, err := secret.LoadOrCreateKeyring(path) // through the link the file itself was replaced
	if err != nil || strings.Join(read.IDs(), " ") != strings.Join(next.IDs(), " ") || read.Len() != 2 {
		t.Errorf("read %v, want %v: %v", read.IDs(), next.IDs(), err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 2 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

func TestAKeyFileThatHoldsNoKeyIsRefused(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "comment": "# none\n", "short": "c2hvcnQ=\n", "not base64": strings.Repeat("?", 44), "second line": secret.NewKeyring().Text().Reveal() + "x\n"} {
		if _, err := secret.ParseKeyring(strings.NewReader(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if ring, err := secret.ParseKeyring(strings.NewReader("\n# by hand\n" + secret.NewKeyring().Text().Reveal())); err != nil || ring.Len() != 1 {
		t.Errorf("a comment before it: %v", err)
	}
}

func TestKeysAndSecretsNeverPrintThemselves(t *testing.T) {
	ring := secret.NewKeyring()
	value := strings.TrimSpace(ring.Text().Reveal())
	encoded, err := json.Marshal(struct {
		T secret.Text
		R secret.Keyring
	}{ring.Text(), ring})
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s", ring, ring, ring, ring), fmt.Sprintf("%v %+v %#v %s %d", ring.Text(), ring.Text(), ring.Text(), ring.Text(), ring.Text()), string(encoded)} {
		if strings.Contains(printed, value) {
			t.Errorf("printed %q", printed)
		}
	}
}
