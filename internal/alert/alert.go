// Package alert owns the alerts: which conditions hold now for exports, connections, sources and the schedule, since when, and
// who is to hear that one opened or that all is well again. It asks the packages of those words how things stand; how a message
// travels is the notice package's.
package alert

import (
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
)

// Kind is what is wrong.
type Kind string

// The kinds.
const (
	RunFailed      Kind = "run_failed"
	RunNotStarted  Kind = "run_not_started" // it came due, and nothing began
	RunStuck       Kind = "run_stuck"       // it makes no progress
	RunSize        Kind = "run_size"        // of far more, or far fewer, profiles than usual
	RejectedShare  Kind = "rejected_share"  // more profiles than the set share
	ExportPaused   Kind = "export_paused"   // its run is paused, or it cannot run for want of something
	RefreshRefused Kind = "refresh_refused" // a source or the system was not read anew
	KeyRefused     Kind = "key_refused"     // the key of a connection does not work
	NewTerms       Kind = "new_terms"       // consent to a connection was given to older terms
)

// Kinds lists them in the order in which they are shown.
var Kinds = []Kind{RunFailed, RunNotStarted, RunStuck, ExportPaused, RejectedShare, RunSize, RefreshRefused, KeyRefused, NewTerms}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds, k) }

// OfExports reports whether the alerts of the kind are, mostly, about exports, so that everybody may hear of them.
func (k Kind) OfExports() bool { return k != RefreshRefused && k != KeyRefused && k != NewTerms }

// Thing is what an alert is about.
type Thing string

// The things.
const (
	Export     Thing = "export"
	Connection Thing = "connection"
	Source     Thing = "source"
	Schedule   Thing = "schedule" // of the system
)

// key tells the conditions apart that may hold at the same time.
type key struct {
	kind    Kind
	thing   Thing
	thingID int64
}

// Condition is something that is wrong now.
type Condition struct {
	Kind    Kind
	Thing   Thing
	ThingID int64
	Name    string // of the thing
	Code    string // why: a reason or obstacle of the package that knows
	Facts   Facts
}

func (c Condition) key() key { return key{c.Kind, c.Thing, c.ThingID} }

// Facts are the numbers of a condition. There is nothing of a customer in them.
type Facts struct {
	RunID       int64  `json:"run,omitempty"`
	ImportID    int64  `json:"import,omitempty"`
	Destination string `json:"destination,omitempty"` // what the platform is called
	Profiles    int    `json:"profiles,omitempty"`
	Usual       int    `json:"usual,omitempty"`    // profiles of a run
	Rejected    int    `json:"rejected,omitempty"` // of Profiles
	Tasks       int    `json:"tasks,omitempty"`    // of a chain, that failed
	Minutes     int    `json:"minutes,omitempty"`  // that a start may be late
	Until       int64  `json:"until,omitempty"`    // Unix milliseconds: when exports pause
}

// Alert is a condition that holds, or held, from when to when.
type Alert struct {
	ID int64
	Condition
	Grant    access.Grant // of an export: which contributors may use its connection, now
	OpenedAt time.Time
	Since    time.Time // later than OpenedAt when it came back within the quiet time
	Returns  int       // times that it came back
	ClosedAt time.Time // zero while it is open
	Well     bool      // closed because all is well; otherwise the thing went, or was switched off
	SeenAt   time.Time // zero: nobody said to look at it
	SeenBy   string

	tellAt     time.Time
	quietUntil time.Time
}

// mayKnow reports whether people of the role may see such an alert: exports are everybody's to look at.
func mayKnow(role access.Role, thing Thing) bool {
	return role == access.Administrator || role.Valid() && thing == Export
}

// mayBeTold reports whether an alert may be sent to somebody. Contributors hear of the exports that they may edit.
func mayBeTold(somebody access.Actor, a Alert) bool {
	return mayKnow(somebody.Role, a.Thing) && (somebody.Role != access.Contributor || somebody.MayUse(a.Grant))
}

// byDefault reports whether people of the role hear of the kind until they choose.
func byDefault(role access.Role, kind Kind) bool {
	switch role {
	case access.Administrator:
		return kind != RunSize
	case access.Contributor:
		return kind == RunFailed || kind == ExportPaused
	}
	return false
}

// Topic is the event topic of alerts.
const Topic = "alerts"
