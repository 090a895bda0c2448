// Command segue serves the web application that carries segments of customer profiles to a marketing platform, and does
// what its operator needs beside it. Each sub-command is a file here; this one reads the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	_ "time/tzdata" // time zones, also where the system has none

	"github.com/alecthomas/kong"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/logline"
)

// commands is the command line. Every flag can be given as the environment variable that its help names.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Serve the application."`
	Demo      demoCommand      `cmd:"" help:"Try everything out: the application with sample customers, and a sandbox Omnisend."`
	Import    importCommand    `cmd:"" help:"Import a file of profiles into a source, beside a running server or without one."`
	User      userCommand      `cmd:"" help:"Add people, list them, and let them in again."`
	StopAll   stopAllCommand   `cmd:"" help:"Emergency stop: hold all runs, and send nothing, until resume-all."`
	ResumeAll resumeAllCommand `cmd:"" help:"Lift the emergency stop. The runs that it held go on."`
	Run       runCommand       `cmd:"" help:"Run an export, by the JSON API of a server or beside the one at work on the data folder, and wait for its end."`
	Status    statusCommand    `cmd:"" help:"Say what runs now and what needs somebody. Ends with 5 when something does."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database up to date. Serving does so too."`
	Health    healthCommand    `cmd:"" help:"Ask a running server whether it is well, for the health checks of containers."`
	Config    configCommand    `cmd:"" help:"Configuration as code: write connections without their keys, segments and exports as YAML, compare, and apply."`
	Backup    backupCommand    `cmd:"" help:"Make a backup in one file, beside a running server or without one; or check one."`
	Restore   restoreCommand   `cmd:"" help:"Put a backup in the place of a data folder. The server must be stopped."`
	Audit     auditCommand     `cmd:"" help:"Prove that nobody changed the audit log."`
	Doctor    doctorCommand    `cmd:"" help:"Say what is wrong and how to mend it. Ends with 0 when all is well, 1 with warnings, 2 with errors."`
	Reseal    resealCommand    `cmd:"" help:"Exchange the key that seals secrets. The server must be stopped."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// data is the flag that every command on a data folder has.
type data struct {
	Data string `help:"Folder of the database, of uploads and, unless another is named, of the sealing key." default:"segue-data" type:"path" env:"SEGUE_DATA"`
}

func (d data) database() string { return filepath.Join(d.Data, "segue.db") }

func main() {
	if err := takeSecrets(); err != nil {
		fmt.Fprintln(os.Stderr, "segue:", err)
		os.Exit(1)
	}
	var c commands
	parsed := kong.Parse(&c, kong.Name("segue"), kong.Description("Carries segments of customer profiles to Omnisend."), kong.Exit(leave))
	ctx := untilAsked()
	slog.SetDefault(logline.New(os.Stderr, slog.LevelInfo, false))
	if command := parsed.Command(); command != "serve" && command != "demo" { // whose acts are the server's own
		ctx = audit.From(ctx, audit.Origin{Via: audit.Command})
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil {
		var seen *examined
		if errors.As(err, &seen) {
			os.Exit(seen.status)
		}
		fmt.Fprintln(os.Stderr, "segue:", err)
		os.Exit(endsWith(err))
	}
}

// untilAsked is a context that ends when the program is asked to stop. Whoever asks twice wants it at once: the second signal ends
// the program as if it knew no signals.
func untilAsked() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-asked
		signal.Stop(asked) // before anything else, so that a second one is not swallowed
		cancel()
	}()
	return ctx
}
