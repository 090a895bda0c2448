package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Why the application is not ready, in words for whoever supervises it and nobody else may make use of.
const (
	notStarted   = "not started yet"
	isStopping   = "stopping"
	notMigrated  = "the database belongs to another version"
	notReadable  = "the database cannot be read"
	notWritable  = "the database cannot be written"
	queueStopped = "background work stands still"
)

const (
	lookPatience = 3 * time.Second // for the database
	lookAtMost   = 2 * time.Second // how old an answer may be, so that many who ask cost no more than one
)

// readiness is what was found last, and how far the application is.
type readiness struct {
	mutex    sync.Mutex
	schema   int64 // version of the database
	started  bool
	stopping bool
	at       time.Time // of the look whose answer this is
	reason   string
}

// Ready says why the application cannot do its work now; "" when it can. It writes nothing.
func (a *App) Ready(ctx context.Context) string {
	a.ready.mutex.Lock()
	defer a.ready.mutex.Unlock()
	switch {
	case a.ready.stopping:
		return isStopping
	case !a.ready.started:
		return notStarted
	case time.Since(a.ready.at) < lookAtMost:
		return a.ready.reason
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookPatience)
	defer cancel()
	reason, err := a.look(ctx)
	if err != nil {
		a.log.WarnContext(ctx, "not ready", slog.String("reason", reason), slog.Any("error", err))
	}
	a.ready.reason, a.ready.at = reason, time.Now()
	return reason
}

func (a *App) look(ctx context.Context) (string, error) {
	version, err := schemaVersion(ctx, a.DB.Reader())
	if err != nil {
		return notReadable, err
	}
	if version != a.ready.schema {
		return notMigrated, fmt.Errorf("the schema went from version %d to %d", a.ready.schema, version)
	}
	if err := a.DB.Writable(ctx); err != nil {
		return notWritable, err
	}
	if err := a.queue.Alive(ctx, a.DB.Reader()); err != nil {
		return queueStopped, err
	}
	return "", nil
}

func schemaVersion(ctx context.Context, q database.Querier) (version int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// begun notes that the background works.
func (a *App) begun(ctx context.Context) error {
	version, err := schemaVersion(ctx, a.DB.Reader())
	a.ready.mutex.Lock()
	defer a.ready.mutex.Unlock()
	a.ready.schema, a.ready.started = version, true
	return err
}

// Stopping has Ready say so, before anything stops.
func (a *App) Stopping() {
	a.ready.mutex.Lock()
	defer a.ready.mutex.Unlock()
	a.ready.stopping = true
}
