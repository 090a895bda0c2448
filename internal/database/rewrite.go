package database

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// emptyEvery is how often it is tried to empty the write-ahead log while somebody reads an older state.
const emptyEvery = 200 * time.Millisecond

// Rewrite writes the whole file anew, so that nothing is left in it of what was deleted: SQLite only marks its place as free,
// and what its own secure_delete overwrites leaves copies behind where pages were split. Everybody who writes waits meanwhile,
// some seconds for a million profiles. The log is emptied after it, which waits for those who read.
func (db *DB) Rewrite(ctx context.Context) (err error) {
	writer, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	defer func() { err = errors.Join(err, writer.Close()) }()
	// The copy that is made on the way would be in memory otherwise.
	if _, err := writer.ExecContext(ctx, `PRAGMA temp_store = file`); err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	_, err = writer.ExecContext(ctx, `VACUUM`)
	if _, back := writer.ExecContext(context.WithoutCancel(ctx), `PRAGMA temp_store = memory`); err != nil || back != nil {
		return fmt.Errorf("rewrite: %w", errors.Join(err, back))
	}
	for {
		var busy, logged, moved int
		if err := writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved); err != nil {
			return fmt.Errorf("empty the log: %w", err)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-time.After(emptyEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
