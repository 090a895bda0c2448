package doctor

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secretstore"
)

const (
	countStops  = `SELECT count(*) FROM stops WHERE lifted_at IS NULL`
	countPaused = `SELECT count(*) FROM runs WHERE state = 'paused'`
	countStuck  = `SELECT count(*) FROM runs WHERE state IN ('queued', 'running') AND stuck_at IS NOT NULL`

	countLateJobs    = `SELECT count(*) FROM river_job WHERE state IN ('available', 'scheduled', 'retryable') AND unixepoch(scheduled_at) < ?`
	countFailingJobs = `SELECT count(*) FROM river_job WHERE state = 'retryable' AND attempt >= ?`
	countGivenUpJobs = `SELECT count(*) FROM river_job WHERE state = 'discarded' AND unixepoch(finalized_at) >= ?`
)

func count(ctx context.Context, q database.Querier, query string, args ...any) (n int, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// schemaVersion reads the version without making what is not there.
func schemaVersion(ctx context.Context, q database.Querier) (version int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

// latest is the latest moment that was written down: of a clock that is right it has passed.
func latest(ctx context.Context, q database.Querier) (time.Time, error) {
	var at sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT max((SELECT coalesce(max(queued_at), 0) FROM runs), (SELECT coalesce(max(created_at), 0) FROM imports))`).Scan(&at)
	return database.NullTime(at), err
}

func watchedFolders(ctx context.Context, q database.Querier) ([]string, error) {
	found, err := database.Column[string](q.QueryContext(ctx, `SELECT DISTINCT json_extract(settings, '$.watched.folder') FROM sources
		WHERE kind = 'folder' AND removed_at IS NULL AND json_extract(settings, '$.watched.folder') IS NOT NULL`))
	return append([]string{}, found...), err
}

func zones(ctx context.Context, q database.Querier) ([]string, error) {
	return database.Column[string](q.QueryContext(ctx, `SELECT zone FROM schedule UNION SELECT time_zone FROM users WHERE time_zone <> ''`))
}

// references are the secrets in stores outside that connections in use name.
func references(ctx context.Context, q database.Querier) (named []secretstore.Reference, err error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT key_store, key_name FROM connections WHERE key_store <> '' AND removed_at IS NULL ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var of secretstore.Reference
		if err := rows.Scan(&of.Store, &of.Name); err != nil {
			return nil, err
		}
		named = append(named, of)
	}
	return named, rows.Err()
}
