package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// graceSeconds is how long River may be silent: it writes every five seconds that it leads, for fifteen; a writer that is busy, or a
// machine that slept, may delay that.
const graceSeconds = 60

// Alive tells whether jobs are worked on: River says in the database, every few seconds, that it is there.
func (q *Queue) Alive(ctx context.Context, from database.Querier) error {
	started := q.started.Load()
	if started == nil {
		return errors.New("the job queue does not run")
	}
	if time.Since(*started) < graceSeconds*time.Second {
		return nil // it may have said nothing yet
	}
	var alive bool
	err := from.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_leader WHERE expires_at >= datetime('now', ?))`,
		fmt.Sprintf("-%d seconds", graceSeconds)).Scan(&alive)
	if err == nil && !alive {
		err = errors.New("the job queue is silent")
	}
	return err
}
