package backup_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/backup"
)

func order(t *testing.T, c app.Config) backup.Order {
	t.Helper()
	order, err := app.BackupOrder(c, "test", true)
	if err != nil {
		t.Fatal(err)
	}
	return order
}

// TestWhatOthersPutWhereABackupIsMadeGetsNothingOfIt makes a backup in a folder in which others write as well.
func TestWhatOthersPutWhereABackupIsMadeGetsNothingOfIt(t *testing.T) {
	k := apptest.Start(t, 5)
	for name, put := range map[string]func(path, elsewhere string) error{
		"a file of theirs": func(path, _ string) error { return os.WriteFile(path, []byte("theirs"), 0o666) },
		"a link":           func(path, elsewhere string) error { return os.Symlink(elsewhere, path) },
	} {
		t.Run(name, func(t *testing.T) {
			folder, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
			if err := os.WriteFile(elsewhere, []byte("theirs"), 0o600); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "one.backup")
			if err := put(path+".partial", elsewhere); err != nil {
				t.Fatal(err)
			}
			held, err := os.Open(path + ".partial") // as they would, to read on while the backup is made
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = held.Close() }()
			if _, err := backup.File(t.Context(), order(t, k.Config), path); err != nil {
				t.Fatal(err)
			}
			for _, seen := range []func() ([]byte, error){func() ([]byte, error) { return os.ReadFile(elsewhere) }, func() ([]byte, error) {
				var all bytes.Buffer
				_, err := all.ReadFrom(held)
				return all.Bytes(), err
			}} {
				if content, err := seen(); err != nil || string(content) != "theirs" {
					t.Errorf("%d bytes are there, %v", len(content), err)
				}
			}
			if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
				t.Errorf("the backup is %v, %v", info, err)
			}
		})
	}
}

func TestWhatAKilledBackupHasLeftGoesWithTheNextOne(t *testing.T) {
	k := apptest.Start(t, 5)
	aside := filepath.Join(t.TempDir(), "backups [weekly]*") // not a pattern
	long := time.Now().Add(-time.Hour)
	for _, name := range []string{".segue-backup-dead", ".segue-verify-dead", ".segue-backup-alive", ".segue-backup-young"} {
		if err := os.MkdirAll(filepath.Join(aside, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(aside, name, "segue.db"), []byte("customers"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alive := flock.New(filepath.Join(aside, ".segue-backup-alive", "lock"))
	if held, err := alive.TryLock(); err != nil || !held {
		t.Fatal(held, err)
	}
	defer func() { _ = alive.Close() }()
	for _, name := range []string{".segue-backup-dead", ".segue-verify-dead", ".segue-backup-alive"} {
		if err := os.Chtimes(filepath.Join(aside, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := backup.File(t.Context(), order(t, k.Config), filepath.Join(aside, "one.backup")); err != nil {
		t.Fatal(err)
	}
	if left, want := files(t, aside), []string{".segue-backup-alive", ".segue-backup-young", "one.backup"}; !slices.Equal(left, want) {
		t.Errorf("there are %v, want %v", left, want)
	}
}

func TestTwoBackupsUnderOneNameAtTheSameTimeLeaveAWholeOne(t *testing.T) {
	k := apptest.Start(t, 200)
	path := filepath.Join(t.TempDir(), "one.backup")
	first, second := order(t, k.Config), order(t, k.Config)
	var inner error
	clock, once := first.Clock, false
	first.Clock = func() time.Time { // in the middle of the first one
		if !once {
			once = true
			_, inner = backup.File(t.Context(), second, path)
		}
		return clock()
	}
	if _, err := backup.File(t.Context(), first, path); err != nil || inner != nil {
		t.Fatal(err, inner)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := backup.Verify(t.Context(), file, t.TempDir()); err != nil {
		t.Error(err)
	}
}
