package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/web/api"
)

type statusCommand struct {
	target
	JSON bool `name:"json" help:"Print it as JSON, as the API describes it."`
}

// Run prints what runs now and what needs somebody. It ends with 5 when something does.
func (c *statusCommand) Run(ctx context.Context) (err error) {
	at, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	s, err := at.status(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(s)
	} else {
		printStatus(s)
	}
	if err == nil && !s.Well {
		return ending{errors.New("something needs somebody"), endNeeds}
	}
	return err
}

func printStatus(s api.Status) {
	if s.Stopped != nil {
		fmt.Printf("Everything is stopped since %s, by %s. %s\n", s.Stopped.Since.Local().Format(time.DateTime), s.Stopped.By, s.Stopped.Reason)
	}
	for _, need := range s.Needs {
		fmt.Printf("Needs somebody (%s): %s, %s\n", need.Why, need.Run.Export.Name, sentence(need.Run))
	}
	if s.Alerts > 0 {
		fmt.Printf("Open alerts: %d\n", s.Alerts)
	}
	for _, r := range s.Running {
		fmt.Printf("%s, %s\n", r.Export.Name, sentence(r))
	}
	if s.Well && len(s.Running) == 0 {
		fmt.Println("All is well, and nothing runs.")
	}
	if s.NextRun != nil {
		fmt.Printf("Next by schedule: %s\n", s.NextRun.Local().Format(time.DateTime))
	}
}
