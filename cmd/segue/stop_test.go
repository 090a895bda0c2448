package main

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestEverythingIsStoppedAndResumedFromTheCommandLine(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if o := segue(t, "", "stop-all", "--data", folder); o.status == 0 || !strings.Contains(o.errors, "no data folder of Segue") {
		t.Fatalf("a folder that is not there was stopped: %+v", o)
	}
	ok(t, "", "migrate", "--data", folder)
	if out := ok(t, "", "stop-all", "--reason", "wrong file", "--data", folder); !strings.Contains(out, "Everything is stopped since") {
		t.Errorf("said %q", out)
	}
	first := ok(t, "", "stop-all", "--data", folder) // it stands already
	if !strings.Contains(first, "Everything is stopped since") {
		t.Errorf("said %q", first)
	}
	if out := ok(t, "", "resume-all", "--data", folder); !strings.Contains(out, "lifted") {
		t.Errorf("said %q", out)
	}
	if o := segue(t, "", "resume-all", "--data", folder); o.status == 0 || !strings.Contains(o.errors, "The emergency stop was lifted already.") {
		t.Errorf("lifted twice: %+v", o)
	}
}

func TestStoppingEverythingLeavesTheSchemaOfAServerOfAnotherVersionAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	ok(t, "", "migrate", "--data", folder)
	for _, change := range []string{
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`,                           // a newer one
		`DELETE FROM goose_db_version WHERE version_id > 8`,                                                // an older one
		`DROP TABLE late_batches; UPDATE stops SET lifted_at = 1, lifted_by = 'x' WHERE lifted_at IS NULL`, // and without what came later
	} {
		db, err := sql.Open("sqlite", filepath.Join(folder, "segue.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(change); errors.Join(err, db.Close()) != nil {
			t.Fatal(err)
		}
		ok(t, "", "stop-all", "--data", folder)
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	var tables int
	err = db.QueryRow(`SELECT count(*) FROM sqlite_master WHERE name = 'late_batches'`).Scan(&tables)
	if errors.Join(err, db.Close()) != nil || tables != 0 {
		t.Errorf("%d tables were made, %v", tables, err)
	}
}
