package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/job"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/tabular"
)

type importCommand struct {
	sealing
	File   string         `arg:"" help:"The file, or - for standard input."`
	Source string         `required:"" help:"Name of the source that it belongs to."`
	Create bool           `help:"Make the source when there is none of that name; its columns are taken as they look."`
	Format tabular.Format `help:"csv, ndjson or parquet; found out from the file when it is not given."`
}

// questionError says that a person must answer on the pages before the import is used.
type questionError struct{ text string }

// Error says what is asked, and where.
func (e *questionError) Error() string { return e.text }

// Run imports the file: it puts it into the queue of a server that works on the folder, and else does it itself.
func (c *importCommand) Run(ctx context.Context) (err error) {
	file, order, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := os.Stat(c.database()); err != nil {
		return fmt.Errorf("no data folder of Segue: %w", err)
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, config)
	if errors.Is(err, app.ErrInUse) {
		return c.beside(ctx, order, file)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	i, err := a.ImportAlone(ctx, func() (source.Import, error) { return a.Sources.Command(ctx, operator(), order, file) })
	if err != nil {
		return plain(err)
	}
	return c.follow(ctx, a.Sources, i.ID)
}

// open opens the file to be imported.
func (c *importCommand) open() (io.ReadCloser, source.Order, error) {
	order := source.Order{Source: c.Source, Create: c.Create, FileName: filepath.Base(c.File), Format: c.Format}
	if c.File == "-" {
		order.FileName = c.Source
		return io.NopCloser(os.Stdin), order, nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, order, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, order, errors.Join(err, file.Close())
	}
	order.Size = info.Size()
	return file, order, nil
}

// beside hands the file to the server that works on the folder. Both must be of one version: the schema stays as it is.
func (c *importCommand) beside(ctx context.Context, order source.Order, file io.Reader) (err error) {
	db, err := database.Connect(c.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	versions, err := db.Versions(ctx)
	if err != nil {
		return err
	}
	if versions.Current != versions.Newest {
		return errors.New("the server at work on this data folder is of another version")
	}
	queue, err := job.New(db, job.Work{}, slog.New(slog.DiscardHandler)) // only puts work in: it is never started
	if err != nil {
		return err
	}
	events := &event.Hub{}
	sources := source.NewService(db, profile.NewService(db, events, time.Now), events, time.Now, source.Options{Folder: filepath.Join(c.Data, "uploads")})
	sources.StartWith(queue)
	i, err := sources.Command(ctx, operator(), order, file)
	if err != nil {
		return plain(err)
	}
	return c.follow(ctx, sources, i.ID)
}

const followEvery = 300 * time.Millisecond

// follow prints how far an import is until it has ended, and how it ended.
func (c *importCommand) follow(ctx context.Context, sources *source.Service, importID int64) error {
	last := -1
	for {
		i, err := sources.Import(ctx, operator(), importID)
		if err != nil {
			return plain(err)
		}
		if percent := i.Percent(); percent != last && i.State == source.Running {
			fmt.Printf("%d %% read, %d profiles\n", percent, i.Good)
			last = percent
		}
		switch i.State {
		case source.Done:
			fmt.Printf("Imported %d profiles into %s: %d added, %d changed, %d removed; %d lines refused.\n", i.Good, i.SourceName, i.Added, i.Changed, i.Removed, i.Refused)
			return nil
		case source.Failed, source.Cancelled:
			return fmt.Errorf("nothing was imported: %s", i18n.For("en", nil).T(i.Code, "Most", "2 GiB", "Names", i.Detail, "Column", i.Detail))
		case source.Asking:
			return &questionError{fmt.Sprintf("%s has %d profiles now, and this file only %d. Answer at /sources/imports/%d whether it is to be used.", i.SourceName, i.Before, i.Good, i.ID)}
		case source.Waiting:
			return &questionError{fmt.Sprintf("Check the columns at /sources/imports/%d.", i.ID)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followEvery):
		}
	}
}
