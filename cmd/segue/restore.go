package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/backup"
	"github.com/segue-app/segue/internal/secret"
)

type restoreCommand struct {
	sealing
	File    string   `arg:"" help:"The backup, or - for standard input."`
	Replace bool     `help:"Take the place of what is in the data folder. It is kept aside there."`
	Key     string   `help:"File of a key that the backup was sealed with, when the key was exchanged since." type:"existingfile"`
	Hold    app.Hold `help:"Hold everything by an emergency stop until resume-all: yes, no, or auto, if the backup is older than an hour." enum:"auto,yes,no" default:"auto"`
}

// Run restores a backup. The server must not work meanwhile.
func (c *restoreCommand) Run(ctx context.Context) (err error) {
	config, err := c.config()
	if err != nil {
		return err
	}
	settling := &app.Settling{Config: config, Hold: c.Hold, Now: time.Now()}
	if c.Key != "" {
		if settling.Keys, err = secret.LoadKeyring(c.Key); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	file, err := opened(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var m backup.Manifest
	var aside string
	err = app.Alone(config, func() (err error) {
		restoring := backup.Restoring{Into: config.BackupFolder(), Replace: c.Replace, Clock: time.Now, Settle: settling.Settle}
		m, aside, err = restoring.Do(ctx, file)
		return err
	})
	var missing *app.MissingKey
	switch {
	case errors.Is(err, app.ErrInUse):
		return fmt.Errorf("%w: stop the server first", err)
	case errors.Is(err, backup.ErrNotEmpty):
		return fmt.Errorf("%w: with --replace the backup takes its place", err)
	case errors.As(err, &missing):
		if !config.Key().Writable() {
			return fmt.Errorf("%w: add it to the key in %s, behind the one that is there, and restore again", err, config.Key())
		}
		return fmt.Errorf("%w: put it in %s, or name its file with --key", err, config.Key())
	case err != nil:
		return err
	}
	c.tell(m, aside, settling)
	return nil
}

func (c *restoreCommand) tell(m backup.Manifest, aside string, s *app.Settling) {
	fmt.Printf("Restored %s as of %s.\n", c.Data, stamp(m.At))
	if aside != "" {
		fmt.Printf("What was there is in %s. Delete it when you need it no more.\n", aside)
	}
	fmt.Println("Everybody signs in again, tokens are made anew, and the next run of each export sends everybody, since nobody knows what was delivered after the backup.")
	if s.Carried {
		fmt.Printf("Whom the state before has excluded or erased since stays so: %d entries came to the list of exclusions, %d erasures to the proofs.\n", s.Exclusions, s.Erasures)
	} else {
		fmt.Println("Exclude and erase again whom you excluded and erased after the backup was made: it does not know of them.")
	}
	if s.Held {
		fmt.Println("Nothing is sent until: segue resume-all. Look through runs, exports, people and exclusions first.")
	}
}
