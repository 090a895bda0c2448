package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/source"
)

// Names of what is in the data folder.
const (
	databaseName = "segue.db"
	lockName     = "segue.lock"
	keyName      = "segue.key"
	uploadsName  = "uploads"
)

// Database is the file of the database.
func (c Config) Database() string { return filepath.Join(c.Folder, databaseName) }

// Key is where the sealing key comes from.
func (c Config) Key() secret.Source {
	if c.SealingKey.Kind != "" {
		return c.SealingKey
	}
	return secret.FromFile(filepath.Join(c.Folder, keyName))
}

// lockFolder takes the data folder for this process, so that no other works on it. It is ErrInUse when one does.
func lockFolder(folder string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(folder, lockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if !locked {
		return nil, ErrInUse
	}
	return lock, nil
}

// Alone does work on a data folder on which no server works, and none can begin to meanwhile. It is ErrInUse when one does.
func Alone(c Config, work func() error) (err error) {
	lock, err := lockFolder(c.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return work()
}

// Sealed tells where sealed values are.
func Sealed() []reseal.Place {
	return slices.Concat(connection.Sealed(), source.Sealed(), exclusion.Sealed(), run.Sealed(), erasure.Sealed(), notice.Sealed(), audit.Sealed(), kept.Sealed(), factor.Sealed())
}

// openSealer reads the sealing key. It makes a key file when there is none, unless something is sealed already: a new key would open
// nothing of it, and hide that the right one is missing.
func (a *App) openSealer(ctx context.Context, c Config) (*secret.Sealer, error) {
	key := c.Key()
	load := key.LoadOrCreate
	if sealed, err := reseal.Any(ctx, a.DB.Reader(), Sealed()); err != nil {
		return nil, err
	} else if sealed {
		load = key.Load
	}
	ring, err := load()
	if err != nil {
		return nil, err
	}
	sealer, err := ring.Sealer()
	if err != nil {
		return nil, err
	}
	return sealer, a.noteKey(ctx, c.Clock(), key.Kind, sealer.KeyID())
}
