package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// Copy writes the state of a database, as it is at this moment, into a new file, while others read and write. The copy is without
// gaps, so nothing that was deleted is in it. The schema of the database stays as it is. The copy is not synced to the disk.
//
// It is VACUUM INTO, which reads as any reader does: nobody who writes waits for it. SQLite's backup interface takes as long, but
// copies the gaps too; and asked to copy a part at a time, it begins again whenever somebody has written, so that it never ends.
func Copy(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := create(to); err != nil {
		return err
	}
	own, err := sql.Open("sqlite", "file:"+escaped(from)+"?_pragma=busy_timeout("+busyTimeout+")")
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	if _, err := own.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// Faults looks for damage: all of the file when thorough, else without holding indexes against their tables. It lists what it
// found, at most a few; a healthy database has none.
func (db *DB) Faults(ctx context.Context, thorough bool) ([]string, error) {
	check := `PRAGMA quick_check(10)`
	if thorough {
		check = `PRAGMA integrity_check(10)`
	}
	found, err := Column[string](db.read.QueryContext(ctx, check))
	if corrupt(err) { // so badly that the check does not come to its end
		return []string{err.Error()}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("check the database: %w", err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return found, nil // of damaged pages it cannot be said what their rows name
	}
	broken, err := Column[string](db.read.QueryContext(ctx, `SELECT "table" || ' names ' || "parent" || ' that is not there' FROM pragma_foreign_key_check LIMIT 10`))
	if err != nil {
		return nil, fmt.Errorf("check what the database's rows name: %w", err)
	}
	return broken, nil
}

// CloseWhole closes a database that nobody else has open, with all of it in its one file and nothing beside it.
func (db *DB) CloseWhole() error {
	err := db.read.Close()
	var mode string
	if err == nil {
		if err = db.write.QueryRow(`PRAGMA journal_mode = delete`).Scan(&mode); err == nil && mode != "delete" {
			err = fmt.Errorf("the journal of the database is %s still", mode)
		}
	}
	return errors.Join(err, db.write.Close())
}
