package database

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/segue-app/segue/migrations"
)

// Versions says where the schema stands and where this program's migrations end.
type Versions struct{ Current, Newest int64 }

// Migrate brings the schema up to date: first the job queue's own tables, then ours. It is safe to run again, and
// refuses a file that a newer Segue has written.
func (db *DB) Migrate(ctx context.Context) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	versions, err := db.Versions(ctx)
	if err != nil {
		return err
	}
	if versions.Current > versions.Newest {
		return fmt.Errorf("the database is at version %d, this program knows %d: start the newer program", versions.Current, versions.Newest)
	}
	queue, err := rivermigrate.New(riversqlite.New(db.write), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("prepare migrations of the job queue: %w", err)
	}
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Versions reads the schema's version and the newest that this program knows.
func (db *DB) Versions(ctx context.Context) (Versions, error) {
	provider, err := db.provider()
	if err != nil {
		return Versions{}, err
	}
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return Versions{}, fmt.Errorf("read schema version: %w", err)
	}
	sources := provider.ListSources()
	return Versions{Current: current, Newest: sources[len(sources)-1].Version}, nil
}

func (db *DB) provider() (*goose.Provider, error) {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, migrations.Files)
	if err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	return provider, nil
}

// NewestVersion is the last version of the schema that this program knows, without a database.
func NewestVersion() (newest int64, err error) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read the name of a migration: %w", err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
