package secret_test

import (
	"bytes"
	"errors"
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
}

// TestAValueCopiedElsewhereOrChangedInAnyBitDoesNotOpen goes over every bit of a sealed value: form, key, nonces, data key, secret, tags.
func TestAValueCopiedElsewhereOrChangedInAnyBitDoesNotOpen(t *testing.T) {
	old, young := secret.NewKeyring(), secret.NewKeyring()
	s := sealer(t, old.Then(young))
	sealed := s.Seal(secret.NewText("a key"), "connection/1/api_key")
	for where, binding := range map[string]string{
		"another row": "connection/2/api_key", "another table": "connection_draft/1/api_key", "another column": "connection/1/secret",
		"a longer row": "connection/11/api_key", "nowhere": "", "the binding with the head in front": string(sealed[:5]) + "connection/1/api_key",
	} {
		if _, err := s.Open(sealed, binding); !errors.Is(err, secret.ErrCannotOpen) {
			t.Errorf("copied to %s: %v", where, err)
		}
		if _, err := s.Rewrap(sealed, binding); !errors.Is(err, secret.ErrCannotOpen) {
			t.Errorf("wrapped anew in %s: %v", where, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, err := s.Open(changed, "connection/1/api_key"); !errors.Is(err, secret.ErrCannotOpen) {
				t.Errorf("bit %d of byte %d changed: %v", bit, i, err)
			}
		}
		if _, err := s.Open(sealed[:i], "connection/1/api_key"); !errors.Is(err, secret.ErrCannotOpen) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	other := s.Seal(secret.NewText("b key"), "connection/1/api_key")
	for cut := 1; cut < len(sealed); cut++ { // the wrapped key of one before the secret of another, of the same row
		mixed := append(bytes.Clone(sealed[:cut]), other[cut:]...)
		if cut > 5 && !bytes.Equal(mixed, sealed) {
			if _, err := s.Open(mixed, "connection/1/api_key"); !errors.Is(err, secret.ErrCannotOpen) {
				t.Errorf("two values joined at %d: %v", cut, err)
			}
		}
	}
}

func TestEveryValueHasADataKeyOfItsOwnThatIsWrappedAnewWithoutTouchingTheSecret(t *testing.T) {
	old, young := secret.NewKeyring(), secret.NewKeyring()
	first := sealer(t, old)
	one, two := first.Seal(secret.NewText("a key"), "row/1"), first.Seal(secret.NewText("a key"), "row/1")
	const wrapped = 5 + 12 + 32 + 16 // head, nonce, data key, tag
	if bytes.Equal(one[5:wrapped], two[5:wrapped]) || bytes.Equal(one[wrapped:], two[wrapped:]) {
		t.Error("two values of one secret are alike")
	}
	again, err := sealer(t, young.Then(old)).Rewrap(one, "row/1")
	if err != nil {
		t.Fatal(err)
	}
	if secret.SealedBy(again) != young.IDs()[0] || !bytes.Equal(again[wrapped:], one[wrapped:]) || bytes.Equal(again[5:wrapped], one[5:wrapped]) {
		t.Errorf("wrapped anew as %x, was %x", again, one)
	}
	if plain, err := sealer(t, young).Open(again, "row/1"); err != nil || plain.Reveal() != "a key" {
		t.Errorf("with the new key: %v", err)
	}
	if _, err := first.Open(again, "row/1"); !errors.Is(err, secret.ErrCannotOpen) {
		t.Errorf("with the old key: %v", err)
	}
}

func TestAKeyFileIsMadeOnceReadableForItsOwnerAloneAndReplacedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segue.key")
	if _, err := secret.LoadKeyring(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	made, err := secret.FromFile(path).LoadOrCreate()
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
	read, err := secret.FromFile(path).LoadOrCreate() // through the link the file itself was replaced
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
