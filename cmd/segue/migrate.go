package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/segue-app/segue/internal/database"
)

type migrateCommand struct {
	data
}

// Run brings the database up to date and says from which version to which.
func (c *migrateCommand) Run(ctx context.Context) (err error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	db, err := database.Connect(c.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	before, err := db.Versions(ctx)
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	after, err := db.Versions(ctx)
	if err != nil {
		return err
	}
	if before.Current == after.Current {
		fmt.Printf("The database is up to date, at version %d.\n", after.Current)
	} else {
		fmt.Printf("The database went from version %d to %d.\n", before.Current, after.Current)
	}
	return nil
}
