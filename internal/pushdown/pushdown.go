// Package pushdown asks SQL databases of others about profiles that stay where they are: how many a segment has, some of
// them, and all of them as a stream. A segment's rule becomes a condition in that database's SQL and is decided there; nothing
// is kept here. It owns the statements. Sources say where the database is, the dialect package how it writes things, and
// the warehouse package reads it; what becomes of the members is their readers' affair.
package pushdown

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

// CodeGone says that the source was removed, or its profiles are copied now.
const CodeGone = "pushdown.problem.gone"

// Reading says what to read of a source.
type Reading struct {
	SourceID    int64
	Definitions []segment.Definition // who belongs to at least one of them is read, once for each row
	Attributes  []string             // keys of the attributes to read
	At          time.Time            // relative dates are judged by this moment
	ID          string               // only the profile with this id; "": everybody
	Most        int                  // no more than so many rows; 0: all
	Anybody     bool                 // rows without an id count as well: whoever reads wants no ids
}

// Member is a row that belongs to a segment. Its slices are reused: they hold until the next is read.
type Member struct {
	ID     string
	Values []any  // of the wanted attributes, as a snapshot stores them; nil where the profile has none
	In     []bool // which of the definitions hold
}

// Base is a source whose profiles stay where they are, as it is offered for segments.
type Base struct {
	SourceID int64
	Name     string
}

// Fault is what kept the database from answering. The problem in its chain says it to people.
type Fault struct {
	Source  string // name of the source
	Passing bool   // worth trying again
	problem *problem.Problem
}

// Error gives the problem, for logs.
func (f *Fault) Error() string { return f.problem.Error() }

// Unwrap gives the problem.
func (f *Fault) Unwrap() error { return f.problem }

// Problem says it to people.
func (f *Fault) Problem() *problem.Problem { return f.problem }

// FaultOf is the Fault in err's chain, or nil.
func FaultOf(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// NewFault makes the fault of a problem: what is unavailable passes, everything else lasts until somebody mends it. Everybody
// may see it, on a run or a segment: so it names the source, and neither its host nor what the database said. Administrators
// read these where they test the source; the log has the cause.
func NewFault(source string, p *problem.Problem) *Fault {
	told := *p
	told.Args = slices.Clone(p.Args)
	for i := 0; i+1 < len(told.Args); i += 2 {
		switch told.Args[i] {
		case "Host":
			told.Args[i+1] = source
		case "Detail":
			told.Args[i+1] = ""
		}
	}
	return &Fault{Source: source, Passing: p.Kind == problem.Unavailable, problem: &told}
}

// faultOf wraps what the database said as a Fault. An error of our own side stays as it is.
func faultOf(ctx context.Context, source string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if p := problem.Of(err); p != nil {
		return NewFault(source, p)
	}
	return err
}
