package secret_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/secret"
)

// FuzzOpen changes a sealed value at will: it never panics, and opens only as it was sealed.
func FuzzOpen(f *testing.F) {
	s, err := secret.NewKeyring().Then(secret.NewKeyring()).Sealer() // new ones in each process, so that no input of another opens
	if err != nil {
		f.Fatal(err)
	}
	sealed := s.Seal(secret.NewText("a secret"), "row/1")
	f.Add(sealed, "row/1", 0, byte(0))
	f.Add(sealed[:40], "row/1", 3, byte(1))
	f.Add([]byte{}, "", 0, byte(0))
	f.Add(append([]byte{1}, sealed[1:]...), "row/2", 90, byte(128))
	f.Fuzz(func(t *testing.T, given []byte, binding string, at int, change byte) {
		for _, value := range [][]byte{given, flipped(sealed, at, change), append(bytes.Clone(sealed), given...)} {
			same := bytes.Equal(value, sealed) && binding == "row/1"
			plain, err := s.Open(value, binding)
			if same && (err != nil || plain.Reveal() != "a secret") {
				t.Fatalf("does not open: %v", err)
			}
			if !same && !errors.Is(err, secret.ErrCannotOpen) {
				t.Fatalf("%x for %q opened: %v", value, binding, err)
			}
			if _, err := s.Rewrap(value, binding); (err == nil) != same {
				t.Fatalf("%x for %q was wrapped anew: %v", value, binding, err)
			}
			_ = secret.SealedBy(value)
		}
	})
}

func flipped(value []byte, at int, change byte) []byte {
	changed := bytes.Clone(value)
	changed[max(at%len(changed), -at%len(changed))] ^= change
	return changed
}

// FuzzParseKeyring reads anything as a key file: what is taken has one reading, which is written and read again as the same.
func FuzzParseKeyring(f *testing.F) {
	good := strings.Repeat("A", 43) + "="
	for _, text := range []string{"", good, "# a comment\n\n" + good + "\n", good + "\r\n" + strings.Repeat("B", 42) + "A=\n", good[:43], good + " x", strings.Repeat("x", 70000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ring, err := secret.ParseKeyring(strings.NewReader(text))
		if err != nil {
			if ring.Len() != 0 {
				t.Fatal("a ring with an error")
			}
			return
		}
		again, err := secret.ParseKeyring(strings.NewReader(ring.Text().Reveal()))
		if err != nil || strings.Join(again.IDs(), " ") != strings.Join(ring.IDs(), " ") || ring.Len() == 0 {
			t.Fatalf("%v became %v, %v", ring.IDs(), again.IDs(), err)
		}
		if _, err := ring.Sealer(); err != nil {
			t.Fatal(err)
		}
	})
}
