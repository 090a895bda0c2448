package certificate

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/testkit"
)

// FuzzFiles holds that no file in PEM breaks its reader, and that whatever is taken has an end that can be warned of.
func FuzzFiles(f *testing.F) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	chain, key := testkit.Certificate(f, "segue", now, now.Add(time.Hour))
	f.Add(chain, key)
	f.Add(key, chain)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, chain, key []byte) {
		_, _ = parse(chain) // that it fails is well
		folder := t.TempDir()
		files := Files{filepath.Join(folder, "chain.pem"), filepath.Join(folder, "key.pem")}
		for path, content := range map[string][]byte{files.Certificate: chain, files.Key: key} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if pair, err := files.read(); err == nil && pair.Leaf == nil {
			t.Fatal("taken without a certificate")
		}
	})
}
