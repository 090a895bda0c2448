package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/secret"
)

// Verify goes through the audit log of a data folder, beside a working server or without one. It only reads. Without the sealing key the
// seals are not checked, and the report says that their key is gone.
func Verify(ctx context.Context, c Config, expected audit.Head) (report audit.Report, err error) {
	if _, err := os.Stat(c.Database()); err != nil {
		return report, fmt.Errorf("%w: %w", ErrNoFolder, err)
	}
	ring, err := c.Key().Load()
	if errors.Is(err, fs.ErrNotExist) {
		ring, err = secret.NewKeyring(), nil
	}
	if err != nil {
		return report, err
	}
	sealer, err := ring.Sealer()
	if err != nil {
		return report, err
	}
	db, err := database.Connect(c.Database())
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	versions, err := db.Versions(ctx)
	if err != nil {
		return report, err
	}
	if versions.Current != versions.Newest {
		return report, ErrOtherVersion
	}
	log := audit.NewService(audit.Dependencies{DB: db, Sealer: sealer, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	return log.Verify(ctx, expected)
}

// NoteBackup writes into the audit log that a backup is about to be made: everything leaves with it. A database of another version is
// backed up without.
func NoteBackup(ctx context.Context, c Config, withKey bool) (err error) {
	if _, err := os.Stat(c.Database()); err != nil {
		return fmt.Errorf("%w: %w", ErrNoFolder, err)
	}
	db, err := database.Connect(c.Database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	versions, err := db.Versions(ctx)
	if err != nil || versions.Current != versions.Newest {
		return err
	}
	return db.InTx(ctx, func(tx database.Tx) error {
		return audit.Write(ctx, tx, time.Now(), access.System, audit.Entry{Action: audit.BackedUp, Changes: []audit.Change{{Field: "with_key", After: audit.YesNo(withKey)}}})
	})
}
