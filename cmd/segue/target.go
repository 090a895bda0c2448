package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/web/api"
)

// target is the flags that say which Segue a command is for: one at an address, or the one at work on a data folder of this machine.
type target struct {
	data
	Server    string `help:"Address of a Segue: https://segue.example.com. The token is in SEGUE_TOKEN or in --token-file. Without it, the server at work on the data folder is meant." env:"SEGUE_SERVER"`
	TokenFile string `help:"File with the token." type:"path" env:"SEGUE_TOKEN_FILE"`
}

// tokenVariable holds the token. It is no flag: what is on a command line, everybody on the machine can read.
const tokenVariable = "SEGUE_TOKEN"

// AfterApply refuses flags that make no sense together. Kong calls it, also for those that another struct embeds.
func (t *target) AfterApply() error {
	if t.Server != "" && !isWebAddress(t.Server) {
		return errors.New("--server must be an address such as https://segue.example.com")
	}
	if t.Server == "" && t.TokenFile != "" {
		return errors.New("--token-file is of no use without --server")
	}
	return nil
}

// segues is what the commands ask of a Segue, wherever it is.
type segues interface {
	// find gives the id of an export that is named by its id or its name.
	find(ctx context.Context, name string) (int64, error)
	start(ctx context.Context, exportID int64, complete bool) (api.Run, error)
	run(ctx context.Context, id int64) (api.Run, error)
	status(ctx context.Context) (api.Status, error)
	config(ctx context.Context) (configFile, error)
	compare(ctx context.Context, file configFile, prune bool) (api.ConfigPlan, error)
	apply(ctx context.Context, file configFile, prune bool, fingerprint string) (api.ConfigApplied, error)
	close() error
}

// open reaches the target. needsServer: a data folder that nobody works on will not do.
func (t *target) open(ctx context.Context, needsServer bool) (segues, error) {
	if t.Server != "" {
		token, err := t.token()
		if err != nil {
			return nil, ending{err, endWrong}
		}
		return newClient(t.Server, token), nil
	}
	a, err := app.Beside(ctx, t.Data)
	if err != nil {
		return nil, endOf(err)
	}
	if needsServer {
		if err := app.Attended(t.Data); err != nil {
			return nil, endOf(errors.Join(err, a.Close()))
		}
	}
	return &folder{a}, nil
}

// alone does work that a server on the data folder would not hear of: none may be at work there. One at an address does the work itself.
func (t *target) alone(work func() error) error {
	if t.Server != "" {
		return work()
	}
	if _, err := os.Stat(t.database()); err != nil {
		return endOf(fmt.Errorf("%w: %w", app.ErrNoFolder, err))
	}
	err := app.Alone(app.Config{Folder: t.Data}, work)
	if errors.Is(err, app.ErrInUse) {
		return ending{fmt.Errorf("%w: ask the server with --server and a token, or stop it first", err), endWrong}
	}
	return err
}

func (t *target) token() (secret.Text, error) {
	token := variable(tokenVariable).Reveal()
	if t.TokenFile != "" {
		content, err := os.ReadFile(t.TokenFile)
		if err != nil {
			return secret.Text{}, fmt.Errorf("read the token: %w", err)
		}
		token = string(content)
	}
	if token = strings.TrimSpace(token); token == "" {
		return secret.Text{}, fmt.Errorf("--server needs a token: in %s, or in --token-file", tokenVariable)
	}
	return secret.NewText(token), nil
}

// folder is a Segue on whose data folder a server works.
type folder struct{ app *app.App }

func (f *folder) close() error { return f.app.Close() }

// spoken puts the language of the terminal into a context.
func spoken(ctx context.Context) context.Context {
	return i18n.With(ctx, i18n.For(i18n.Match(os.Getenv("LC_ALL"), os.Getenv("LANG")), time.Local))
}

func (f *folder) find(ctx context.Context, name string) (int64, error) {
	if id, ok := number(name); ok {
		e, err := f.app.Exports.Get(ctx, operator(), id)
		if err != nil {
			return 0, endOf(err)
		}
		return e.ID, nil
	}
	for after := int64(0); ; {
		rows, _, err := f.app.Exports.List(ctx, operator(), export.Query{Search: name, Sort: "id", After: after})
		if err != nil {
			return 0, endOf(err)
		}
		if len(rows) == 0 {
			return 0, unknownExport(name)
		}
		for _, row := range rows {
			if after = row.ID; strings.EqualFold(row.Name, name) {
				return row.ID, nil
			}
		}
	}
}

func unknownExport(name string) error {
	return ending{fmt.Errorf("there is no export named %q", name), endWrong}
}

func (f *folder) start(ctx context.Context, exportID int64, complete bool) (api.Run, error) {
	started, err := f.app.Runs.Start(ctx, operator(), exportID, run.Options{Complete: complete})
	if err != nil {
		return api.Run{}, endOf(err)
	}
	return f.written(ctx, started), nil
}

func (f *folder) written(ctx context.Context, r run.Run) api.Run {
	return api.NewRun(spoken(ctx), r, f.app.Connections.DestinationName(r.DestinationType))
}

func (f *folder) run(ctx context.Context, id int64) (api.Run, error) {
	r, err := f.app.Runs.Get(ctx, operator(), id)
	if err != nil {
		return api.Run{}, endOf(err)
	}
	return f.written(ctx, r), nil
}

func (f *folder) status(ctx context.Context) (api.Status, error) {
	s, err := api.NewStatus(spoken(ctx), operator(), api.StatusSources{Runs: f.app.Runs, Stops: f.app.Stops, Alerts: f.app.Alerts, NextRun: f.app.Schedule.NextRun,
		Name: f.app.Connections.DestinationName, Clock: time.Now})
	if err != nil {
		return s, endOf(err)
	}
	return s, nil
}
