// Package audit owns the log of what was done: every change, sign-in, export and look at personal data, with who did it, when,
// and from where. The log is only added to. Each entry is chained to the one before it by a hash, and the chain is sealed
// from time to time with a key that is not in the database in clear, so that Verify finds what was changed from outside.
//
// What happened is written by the package whose act it is, in the transaction of the act: an act that is not in the log was
// not committed. The log holds no secrets and no personal data of customers.
package audit

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// Entry is one act, as it is given to Write.
type Entry struct {
	Action  Action
	Subject Subject
	Changes []Change // nil when there is nothing to tell beside the action
}

// Subject is what an act was done to.
type Subject struct {
	Kind string // a word of the domain: "connection"
	ID   string // "" for what there is one of
	Name string // as it is called now; never a customer's
}

// Of is a subject with a number.
func Of(kind string, id int64, name string) Subject {
	return Subject{Kind: kind, ID: formatID(id), Name: name}
}

// Change is a field before and after. A secret or a customer's data is named and not told: leave both "".
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Changed lists the fields whose values differ; a difference that is none is left out.
func Changed(changes ...Change) (differ []Change) {
	for _, c := range changes {
		if c.Before != c.After {
			differ = append(differ, c)
		}
	}
	return differ
}

// Record is an entry of the log.
type Record struct {
	ID       int64
	At       time.Time
	Action   Action
	Subject  Subject
	Changes  []Change
	UserID   int64 // 0: the program itself
	UserName string
	Role     access.Role
	Via      Means
	Address  string // network address, "" when it came over none

	seals   int64  // that there were when it was written
	changes string // as they are stored
	hash    [32]byte
}

// Hash is what the entry is chained by, in hex.
func (r Record) Hash() string { return hex.EncodeToString(r.hash[:]) }

// Means is by what an act reached the program.
type Means string

// The means.
const (
	Browser Means = "browser"
	Token   Means = "token"   // the JSON API
	Command Means = "command" // the command line on the machine
	Program Means = "program" // the schedule and other work of its own
)

// Origin is from where an act comes.
type Origin struct {
	Via     Means
	Address string // network address, "" when it came over none
}

type origin struct{}

// From has the acts in the context come from an origin.
func From(ctx context.Context, from Origin) context.Context {
	return context.WithValue(ctx, origin{}, from)
}

func originOf(ctx context.Context) Origin {
	if from, ok := ctx.Value(origin{}).(Origin); ok {
		return from
	}
	return Origin{Via: Program}
}

// Write adds an act of the actor to the log, in the transaction in which it happens.
func Write(ctx context.Context, tx database.Tx, at time.Time, actor access.Actor, e Entry) error {
	from := originOf(ctx)
	return add(ctx, tx, Record{
		At: at, Action: e.Action, Subject: e.Subject, Changes: e.Changes,
		UserID: actor.UserID, UserName: actor.Name, Role: actor.Role, Via: from.Via, Address: from.Address,
	})
}

// YesNo is how a change says what is or is not.
func YesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// Area is what an action is about.
func (a Action) Area() string {
	area, _, _ := strings.Cut(string(a), ".")
	return area
}
