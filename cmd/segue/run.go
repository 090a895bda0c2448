package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/web/api"
)

type runCommand struct {
	target
	Export   string        `arg:"" help:"The export, by its name or id."`
	Complete bool          `help:"Send everybody, also those who did not change."`
	Wait     bool          `help:"Wait for the end of the run, and end as it does: 0 succeeded, 1 failed or cancelled, 3 with warnings, 5 paused, 4 when --timeout is over."`
	Timeout  time.Duration `help:"How long to wait at most. The run goes on all the same."`
	JSON     bool          `name:"json" help:"Print the run as JSON, as the API describes it."`
}

// Validate refuses what makes no sense. Kong calls it.
func (c *runCommand) Validate() error {
	if c.Timeout < 0 || c.Timeout > 0 && !c.Wait {
		return errors.New("--timeout is of use with --wait only, and above zero")
	}
	return nil
}

// Run starts a run of an export, and waits for its end when it is told to.
func (c *runCommand) Run(ctx context.Context) (err error) {
	at, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	id, err := at.find(ctx, c.Export)
	if err != nil {
		return err
	}
	started, err := at.start(ctx, id, c.Complete)
	if err != nil {
		return err
	}
	if !c.Wait {
		return c.print(started, fmt.Sprintf("Run %d of %s is queued.", started.ID, started.Export.Name))
	}
	waiting, stop := ctx, context.CancelFunc(func() {})
	if c.Timeout > 0 {
		waiting, stop = context.WithTimeout(ctx, c.Timeout)
	}
	defer stop()
	ended, err := follow(waiting, at, started, os.Stderr)
	switch {
	case err == nil:
		return errors.Join(c.print(ended, ended.Export.Name+", "+sentence(ended)), endOfRun(ended))
	case ctx.Err() != nil:
		return ending{fmt.Errorf("no longer waiting: run %d goes on. Cancel it on its page or by the API", started.ID), endInterrupted}
	case waiting.Err() != nil:
		return ending{fmt.Errorf("run %d did not end within %v, and goes on", started.ID, c.Timeout), endTimedOut}
	}
	return err
}

func (c *runCommand) print(r api.Run, text string) error {
	if c.JSON {
		return writeJSON(r)
	}
	fmt.Println(text)
	return nil
}

func writeJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

const lookEvery = 500 * time.Millisecond

// follow tells how far a run is until it goes on no more by itself.
func follow(ctx context.Context, at segues, r api.Run, progress io.Writer) (api.Run, error) {
	last := ""
	for {
		if now := sentence(r); now != last && r.State.Going() {
			fmt.Fprintln(progress, now)
			last = now
		}
		if !r.State.Going() {
			return r, nil
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(lookEvery):
		}
		var err error
		if r, err = at.run(ctx, r.ID); err != nil {
			return r, err
		}
	}
}

// sentence says in a line how a run stands.
func sentence(r api.Run) string {
	c := r.Counts
	switch r.State {
	case run.Queued:
		return fmt.Sprintf("run %d: queued", r.ID)
	case run.Running:
		if c.Profiles == 0 {
			return fmt.Sprintf("run %d: running", r.ID)
		}
		return fmt.Sprintf("run %d: running, %d %% of %d profiles", r.ID, (c.Profiles-c.Open)*100/c.Profiles, c.Profiles)
	}
	line := fmt.Sprintf("run %d: %s; %d profiles: %d accepted, %d unchanged, %d rejected, %d duplicates, %d excluded, %d without an outcome",
		r.ID, r.State, c.Profiles, c.Accepted, c.Unchanged, c.Invalid+c.Refused, c.Duplicates, c.Excluded, c.Open)
	if r.Error != nil {
		line += ". " + r.Error.Text
	}
	if r.Pause != nil {
		line += ". " + r.Pause.Text
	}
	return line
}

// endOfRun is what the program ends with after a run.
func endOfRun(r api.Run) error {
	switch r.State {
	case run.Succeeded:
		return nil
	case run.Warnings:
		return ending{fmt.Errorf("run %d ended with warnings", r.ID), endWarnings}
	case run.Paused:
		return ending{fmt.Errorf("run %d is paused and needs somebody", r.ID), endNeeds}
	}
	return ending{fmt.Errorf("run %d is %s", r.ID, r.State), endFailed}
}
