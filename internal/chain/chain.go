// Package chain owns the chains: each one time that sources are read again, profiles put together, segments calculated and
// exports run, one step after the other, and how every step went. When a chain is due is the schedule's to say; what a step
// does is done by the packages of those words.
package chain

import (
	"fmt"
	"time"
)

// Cause is why there is a chain.
type Cause string

// The causes.
const (
	OnSchedule       Cause = "schedule"        // of the system
	OnExportSchedule Cause = "export_schedule" // exports with a schedule of their own
	OnDemand         Cause = "demand"
	Again            Cause = "again" // the steps of another chain that did not succeed
)

// State of a chain, and of each of its tasks.
type State string

// The states.
const (
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Warnings  State = "warnings" // completed, but not with everything
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Skipped   State = "skipped" // because an earlier step failed; a whole chain: because the one before was under way
)

// Active reports whether it waits or is under way.
func (s State) Active() bool { return s == Queued || s == Running }

// Kind is what a task does.
type Kind string

// The kinds, in the order in which they are done.
const (
	Source   Kind = "source"   // a source is read again
	Profiles Kind = "profiles" // what the sources have is put together
	Segment  Kind = "segment"  // a segment is calculated
	Export   Kind = "export"   // an export is run
)

// Chain is one time that work is done by itself.
type Chain struct {
	ID          int64
	Cause       Cause
	RequestedBy string // "" for the program itself
	OfChain     int64  // whose steps are done again; 0: none
	DueAt       time.Time
	QueuedAt    time.Time
	StartedAt   time.Time // zero: not yet
	EndedAt     time.Time // zero: not yet
	State       State
	CancelledBy string // who asked for it; "": nobody
	ReasonCode  string // why it was skipped or failed as a whole
	Tasks       map[State]int
}

// Task is a step of a chain.
type Task struct {
	ID           int64
	ChainID      int64
	Kind         Kind
	TargetID     int64  // of the source, segment or export
	Name         string // as the target was called then
	State        State
	QueuedAt     time.Time
	StartedAt    time.Time
	EndedAt      time.Time
	WaitedFor    string // code: what kept it from starting, or from going on
	Count        int    // profiles read, put together, in the segment, or in the run
	Rejected     int    // of those: lines refused, or profiles rejected
	ReasonCode   string
	ReasonDetail string
	BecauseOf    int64 // the task whose failure had this one skipped; 0: none
	ImportID     int64 // of a source
	RunID        int64 // of an export
}

// Topic is the event topic of all chains; TopicOf that of one.
const Topic = "chains"

// TopicOf is the event topic of one chain.
func TopicOf(id int64) string { return fmt.Sprintf("chain/%d", id) }
