package main

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/process"
)

// schema is what a database has been made to be: its tables, indexes and versions.
func schema(t *testing.T, folder string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT coalesce(sql, name) FROM sqlite_master UNION ALL SELECT 'version ' || version_id FROM goose_db_version
		UNION ALL SELECT 'queue ' || line || version FROM river_migration UNION ALL SELECT 'check ' || integrity_check FROM pragma_integrity_check
		UNION ALL SELECT 'schedule ' || times FROM schedule`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// TestAMigrationThatIsKilledGoesOnAtTheNextStart kills the program at instants that are spread over the whole of its migrations.
func TestAMigrationThatIsKilledGoesOnAtTheNextStart(t *testing.T) {
	binary, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	migrate := func(folder string) *exec.Cmd {
		return exec.CommandContext(t.Context(), binary, "migrate", "--data", folder)
	}
	finish := func(folder string) {
		t.Helper()
		if said, err := migrate(folder).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	whole := filepath.Join(t.TempDir(), "data")
	began := time.Now()
	finish(whole)
	took := time.Since(began)
	want := schema(t, whole)

	const kills = 16
	interrupted := 0
	for i := range kills {
		folder := filepath.Join(t.TempDir(), "data")
		c := migrate(folder)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(i+1) / kills)
		if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if c.Wait() != nil && halfway(t, folder) {
			interrupted++
		}
		finish(folder)
		if got := schema(t, folder); !slices.Equal(got, want) {
			t.Errorf("after the kill %d of %d the schema is another:\n%s\nand not\n%s", i+1, kills, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if interrupted == 0 {
		t.Errorf("no kill came in the middle of the migrations, which took %v", took)
	}
}

// halfway reports whether some migrations were done and some were not.
func halfway(t *testing.T, folder string) bool {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables, chains int
	err = db.QueryRow(`SELECT count(*), count(*) FILTER (WHERE name = 'chains') FROM sqlite_master WHERE type = 'table'`).Scan(&tables, &chains)
	if err != nil {
		return false // not even a file
	}
	return tables > 0 && chains == 0
}
