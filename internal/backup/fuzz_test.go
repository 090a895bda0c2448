package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// packed writes an archive of entries, names and contents in turn, as a backup is packed.
func packed(t testing.TB, entries ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	plain, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(plain)
	for i := 0; i+1 < len(entries); i += 2 {
		header := &tar.Header{Name: entries[i], Typeflag: tar.TypeReg, Size: int64(len(entries[i+1])), Mode: 0o777}
		if archive.WriteHeader(header) != nil {
			continue // a name that no archive can have
		}
		if _, err := archive.Write([]byte(entries[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	_ = archive.Close() // half an archive is one to be refused
	if err := plain.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzArchives holds that whatever a file says that it is, nothing is written outside of the folder, nothing that is not named as parts
// of backups are, and nothing that others may read.
func FuzzArchives(f *testing.F) {
	sum := strings.Repeat("0", 64)
	manifest := func(name string, size int) string {
		text, err := json.Marshal(Manifest{Form: 1, Parts: []Part{{Name: databasePart, Bytes: 1, SHA: sum}, {Name: name, Bytes: int64(size), SHA: sum}}})
		if err != nil {
			f.Fatal(err)
		}
		return string(text)
	}
	for _, name := range []string{"../../evil", "/etc/evil", "uploads/../../evil", "uploads/import-1.csv", "uploads/import-1.csv/x", keyPart, databasePart, "uploads\\..\\evil"} {
		f.Add(manifestName, manifest(name, 1), databasePart, "x", name, "y")
	}
	f.Add(manifestName, `{"form":1,"parts":null}`, "", "", "", "")
	f.Add(manifestName, `{"form":-9223372036854775808,"parts":[{"name":"x","bytes":9223372036854775807}]}`, "", "", "", "")
	f.Fuzz(func(t *testing.T, first, one, second, two, third, three string) {
		outer := t.TempDir()
		folder := filepath.Join(outer, "inside")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		_, _ = extract(context.Background(), bytes.NewReader(packed(t, first, one, second, two, third, three)), folder, known) // that it fails is well
		err := filepath.WalkDir(outer, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(folder, path)
			if err != nil {
				return err
			}
			name = filepath.ToSlash(name)
			if name != databasePart && name != keyPart && !uploadName.MatchString(name) {
				t.Errorf("%q was written", name)
			}
			info, err := entry.Info()
			if err == nil && (info.Mode().Perm() != 0o600 || !info.Mode().IsRegular()) {
				t.Errorf("%q is %v", name, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzBytesOfABackup holds that no file breaks its reader.
func FuzzBytesOfABackup(f *testing.F) {
	f.Add(packed(f, manifestName, `{"form":1}`))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := extract(context.Background(), bytes.NewReader(file), t.TempDir(), known); err == nil {
			t.Fatal("it was taken for a backup")
		}
	})
}
