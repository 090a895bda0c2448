package database_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/testkit"
)

func TestMigratingAgainChangesNothing(t *testing.T) {
	db := testkit.Database(t)
	before, err := db.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if before.Current != before.Newest || before.Newest == 0 {
		t.Fatalf("a new database is at %+v", before)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyTheOwnerCanReadTheFiles(t *testing.T) {
	folder := t.TempDir()
	db, err := database.Open(t.Context(), filepath.Join(folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 3 {
		t.Errorf("%d files, and not the database, its log and its index", len(entries))
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", entry.Name(), mode)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segue.db")
	db, err := database.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := database.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Fatalf("opened a newer database: %v", err)
	}
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	db := testkit.Database(t)
	boom := errors.New("boom")
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		if _, err := tx.Exec(`INSERT INTO users (email, email_key, name, role, created_at) VALUES ('a', 'a', 'a', 'viewer', 0)`); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	var n int
	if err := db.Reader().QueryRow(`SELECT count(*) FROM users`).Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d rows, %v", n, err)
	}
}

func TestManyWritersAtOnceNeverMeetALockedDatabase(t *testing.T) {
	db := testkit.Database(t)
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(`CREATE TABLE notes (text TEXT) STRICT`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			err := db.InTx(t.Context(), func(tx database.Tx) error {
				_, err := tx.Exec(`INSERT INTO notes (text) VALUES ('x')`)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestTheWriterSortsInTheDataFolderAndNotInMemory(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "it's here")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := database.Connect(filepath.Join(folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Rewrite(t.Context()); err != nil { // which must leave that as it is
		t.Fatal(err)
	}
	var store int
	var where string
	err = errors.Join(db.Writer().QueryRow(`PRAGMA temp_store`).Scan(&store), db.Writer().QueryRow(`PRAGMA temp_store_directory`).Scan(&where))
	if err != nil || store != 1 || where != folder {
		t.Errorf("sorts in store %d at %q: %v", store, where, err)
	}
}
