package main

import (
	"errors"
	"os"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/problem"
)

// What the program ends with, for cron and CI.
const (
	endFailed      = 1
	endWrong       = 2 // the command line makes no sense, or what it asks for is not allowed
	endDiffers     = 2 // of config diff
	endWarnings    = 3
	endTimedOut    = 4
	endNeeds       = 5 // somebody
	endTampered    = 6 // of audit verify
	endInterrupted = 130
)

// ending is an error that says what the program ends with.
type ending struct {
	error
	code int
}

// Unwrap gives the error itself.
func (e ending) Unwrap() error { return e.error }

// endsWith says what the program ends with after an error.
func endsWith(err error) int {
	var e ending
	if errors.As(err, &e) {
		return e.code
	}
	var asks *questionError
	if errors.As(err, &asks) {
		return endWarnings
	}
	return endFailed
}

// leave ends the program when kong asks for it: after the help, and when the command line makes no sense.
func leave(code int) {
	switch {
	case code == 0:
	case len(os.Args) > 2 && os.Args[1] == "config" && os.Args[2] == "diff": // where endDiffers says that there are differences
		code = endFailed
	default:
		code = endWrong
	}
	os.Exit(code)
}

// endOf is what a failure of the domain, or of a data folder, ends the program with.
func endOf(err error) error {
	code := endFailed
	switch p := problem.Of(err); {
	case errors.Is(err, app.ErrNoFolder), errors.Is(err, app.ErrNobody), errors.Is(err, app.ErrOtherVersion):
		code = endWrong
	case p == nil:
	case p.Kind == problem.Conflict:
		code = endOfConflict(p.Code)
	case p.Kind != problem.Unavailable:
		code = endWrong
	}
	return ending{plain(err), code}
}

// endOfConflict is what it ends with that a run cannot be started: another is under way, or somebody must do something first.
func endOfConflict(code string) int {
	if code == "problem.run.active" {
		return endFailed
	}
	return endNeeds
}
