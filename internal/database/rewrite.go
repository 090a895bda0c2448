package database

import (
	"context"
	"fmt"
	"time"
)

// emptyEvery is how often it is tried to empty the write-ahead log while somebody reads an older state.
const emptyEvery = 200 * time.Millisecond

// Rewrite writes the whole file anew, so that nothing is left in it of what was deleted: SQLite only marks its place as free,
// and what its own secure_delete overwrites leaves copies behind where pages were split. Everybody who writes waits meanwhile.
// The log is emptied after it, which waits for those who read an older state; between two tries others write.
func (db *DB) Rewrite(ctx context.Context) error {
	if _, err := db.write.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("rewrite: %w", err)
	}
	for {
		var busy, logged, moved int
		if err := db.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved); err != nil {
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
