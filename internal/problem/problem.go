// Package problem holds the few kinds of failure that the domain speaks of. A domain package returns one of them
// (wrapped with context as it travels up); the web layer maps the kind to an HTTP status and translates the code into
// the reader's language in one place. Everything that is not a Problem is an internal error: people see a plain
// apology, operators a full log line.
package problem

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure it is.
type Kind int

// The kinds, and the HTTP status that the web layer gives each.
const (
	Invalid      Kind = iota + 1 // 422: the input must be corrected; Fields says where
	NotFound                     // 404
	NotPermitted                 // 403: this person may not do that
	SignedOut                    // 401: nobody is signed in
	Conflict                     // 409: true in itself, but not now (in use, changed meanwhile, already running)
	Unavailable                  // 503: something outside does not answer; worth trying again
	ConfirmFirst                 // 403: the person may, and must first confirm that it is she
)

// Problem is a failure that a person can understand. Code is a translation key ("problem.export.running"); Args are
// the values that its text names, as name, value, name, value …; they never hold a secret.
type Problem struct {
	Kind   Kind
	Code   string
	Args   []any
	Fields []Field
	cause  error
}

// Field is one input that was not accepted. Name is the form field's name, Code a translation key.
type Field struct {
	Name string
	Code string
	Args []any
}

// Error gives the code and the cause, for logs.
func (p *Problem) Error() string {
	text := p.Code
	for _, f := range p.Fields {
		text += fmt.Sprintf(" [%s: %s]", f.Name, f.Code)
	}
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.cause }

// Because returns a copy of p with cause kept for the log.
func (p *Problem) Because(cause error) *Problem {
	copied := *p
	copied.cause = cause
	return &copied
}

// New makes a problem of the given kind.
func New(kind Kind, code string, args ...any) *Problem {
	return &Problem{Kind: kind, Code: code, Args: args}
}

// Of returns the Problem in err's chain, or nil.
func Of(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}

// Is reports whether err is a Problem of the kind.
func Is(err error, kind Kind) bool {
	p := Of(err)
	return p != nil && p.Kind == kind
}

// Check gathers the invalid fields of one form, so that a person sees all of them at once.
type Check struct{ fields []Field }

// Add notes that the field was not accepted.
func (c *Check) Add(name, code string, args ...any) {
	c.fields = append(c.fields, Field{Name: name, Code: code, Args: args})
}

// Require notes the field when ok is false.
func (c *Check) Require(ok bool, name, code string, args ...any) {
	if !ok {
		c.Add(name, code, args...)
	}
}

// Err is nil when nothing was noted, and otherwise an Invalid problem with all the fields.
func (c *Check) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Problem{Kind: Invalid, Code: "problem.invalid", Fields: c.fields}
}
