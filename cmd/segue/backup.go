package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/backup"
	"github.com/segue-app/segue/internal/disk"
)

type backupCommand struct {
	sealing
	File    string `arg:"" help:"The file to write, or - for standard output. One of that name is replaced."`
	WithKey bool   `help:"Put the sealing key into the backup: whoever has it has the API keys and passwords too. Otherwise keep the key file elsewhere: without it the backup cannot be restored."`
	Verify  bool   `help:"Check a backup instead: that it is whole, and its database sound."`
}

// Run makes a backup, beside a working server or without one, or checks one.
func (c *backupCommand) Run(ctx context.Context) error {
	if c.Verify {
		return c.verify(ctx)
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	order, err := app.BackupOrder(config, version(), c.WithKey)
	if err != nil {
		return err
	}
	if err := app.NoteBackup(ctx, config, c.WithKey); err != nil {
		return err
	}
	if c.File == "-" {
		_, err := backup.Write(ctx, order, os.Stdout, c.Data)
		return err
	}
	m, err := backup.File(ctx, order, c.File)
	if err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	fmt.Printf("Backed up %s as of %s, %s of %s in %s.\n", c.Data, stamp(m.At), disk.Bytes(info.Size()), disk.Bytes(m.Bytes()), c.File)
	if m.WithKey() {
		fmt.Println("The sealing key is in it: whoever has this file has the API keys and passwords too.")
	} else {
		fmt.Printf("The sealing key is not in it. Keep it elsewhere: without it the backup cannot be restored. It is in %s.\n", config.Key())
	}
	return nil
}

func (c *backupCommand) verify(ctx context.Context) error {
	aside := filepath.Dir(c.File)
	if c.File == "-" {
		aside = os.TempDir()
	}
	file, err := opened(c.File)
	if err != nil {
		return err
	}
	m, err := backup.Verify(ctx, file, aside)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	fmt.Printf("The backup is whole and its database sound: as of %s, database %d, %s, by %s.\n", stamp(m.At), m.Schema, disk.Bytes(m.Bytes()), m.Version)
	return nil
}

// opened opens a backup, or standard input for -.
func opened(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(name)
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
