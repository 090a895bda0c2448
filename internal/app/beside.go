package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/secret"
)

// Errors of Beside.
var (
	ErrNoFolder     = errors.New("no data folder of Segue")
	ErrOtherVersion = errors.New("the server at work on this data folder is of another version")
	ErrNobody       = errors.New("no server is at work on this data folder")
)

// Beside opens a data folder that a server works on, to look at it and to put work into its queue. Nothing is carried out here, the
// schema stays as it is, and secrets cannot be opened. Close it in the end.
func Beside(ctx context.Context, folder string) (opened *App, err error) {
	c := Config{Folder: folder, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Window: time.Minute}
	if _, err := os.Stat(c.Database()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFolder, err)
	}
	a := &App{Events: &event.Hub{}, log: c.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.DB, err = database.Connect(c.Database()); err != nil {
		return nil, err
	}
	versions, err := a.DB.Versions(ctx)
	if err != nil {
		return nil, err
	}
	if versions.Current != versions.Newest {
		return nil, ErrOtherVersion
	}
	key := make([]byte, secret.KeyBytes)
	_, _ = rand.Read(key) // crypto/rand.Read does not fail; it ends the program instead
	if a.Sealer, err = secret.NewSealer(key); err != nil {
		return nil, err
	}
	return a, a.assemble(c)
}

// Attended fails with ErrNobody unless a server works on the folder now.
func Attended(folder string) error {
	lock, err := lockFolder(folder)
	if errors.Is(err, ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(ErrNobody, lock.Unlock())
}
