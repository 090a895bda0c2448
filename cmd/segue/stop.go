package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/stop"
)

type stopAllCommand struct {
	data
	Reason string `help:"Why, in a few words. Everybody who is signed in sees it."`
}

// Run gives the emergency stop. A server that works on the folder obeys within a second.
func (c *stopAllCommand) Run(ctx context.Context) error {
	return withStops(ctx, c.data, func(stops *stop.Service) error {
		order, err := stops.Impose(ctx, operator(), c.Reason)
		if err != nil {
			return err
		}
		fmt.Printf("Everything is stopped since %s, by %s. Nothing is sent until: segue resume-all\n", order.At.Local().Format(time.DateTime), order.By)
		return nil
	})
}

type resumeAllCommand struct{ data }

// Run lifts the emergency stop. The runs that it held go on.
func (c *resumeAllCommand) Run(ctx context.Context) error {
	return withStops(ctx, c.data, func(stops *stop.Service) error {
		if err := stops.Lift(ctx, operator()); err != nil {
			return err
		}
		fmt.Println("The emergency stop is lifted. The runs that it held go on.")
		return nil
	})
}

// operator is the program itself, under the name of who sits at the command line.
func operator() access.Actor {
	actor := access.System
	if who, err := user.Current(); err == nil && who.Username != "" {
		actor.Name = who.Username + " (segue)"
	}
	return actor
}

// withStops works on a database that is there. A folder without one is a mistake: nothing would be stopped. The schema stays as it
// is: a server of another version may be at work on it, and must be stopped all the same.
func withStops(ctx context.Context, d data, work func(*stop.Service) error) (err error) {
	if _, err := os.Stat(d.database()); err != nil {
		return fmt.Errorf("no data folder of Segue: %w", err)
	}
	db, err := database.Connect(d.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return plain(work(stop.NewService(db, time.Now)))
}
