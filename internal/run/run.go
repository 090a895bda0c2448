// Package run owns the executions of exports: the engine that streams a segment to a destination, the journal that lets a
// killed process go on where it was, and the record of what became of every single profile. It knows the interface
// destination.Driver and nothing of any particular platform.
package run

import (
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/segment"
)

// State of a run.
type State string

// The states. Queued, Running and Paused are active: an export has at most one active run.
const (
	Queued    State = "queued"
	Running   State = "running"
	Paused    State = "paused" // goes on from its journal when it is resumed
	Succeeded State = "succeeded"
	Warnings  State = "warnings" // ended, and some profiles were rejected
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Active reports whether the run has not ended.
func (s State) Active() bool { return s.Going() || s == Paused }

// Going reports whether the run goes on by itself: it waits for its turn, or is under way.
func (s State) Going() bool { return s == Queued || s == Running }

// Cause is why a run was started.
type Cause string

// The causes.
const (
	OnDemand  Cause = "demand"
	Scheduled Cause = "schedule"
	Tried     Cause = "try" // one profile, sent by itself
)

// Run is one execution of an export.
type Run struct {
	ID         int64
	ExportID   int64
	ExportName string

	DestinationType string

	Cause          Cause
	RequestedBy    string
	ActingFor      string // the export user
	WithdrawAny    bool   // a person said that so many may lose their tags
	LeaveTags      bool   // a person said to send, and to leave the tags as they are
	OfRun          int64  // only those are sent whom this run rejected; 0: everybody
	Complete       bool   // everybody is sent, also those who did not change
	State          State
	Plan           *Plan // nil until the run begins
	Counts         Counts
	Planned        bool // every profile was looked at
	Requests       int  // made to the destination
	ErrorCode      string
	ErrorDetail    string
	CancelAskedAt  time.Time
	CancelAskedBy  string
	PauseCode      string // why it is paused, or was last; ByPerson while it runs: it is about to be
	PauseDetail    string
	PausedAt       time.Time
	PausedBy       string // "" when Segue paused it
	ApprovedAt     time.Time
	ApprovedBy     string // who answered the question that it was paused with
	QueuedAt       time.Time
	StartedAt      time.Time
	EndedAt        time.Time
	ProgressAt     time.Time
	StuckAt        time.Time // since when it is marked as making no progress; zero when it goes forward
	StuckFor       string    // what it waited for then, see WaitsFor
	BatchesSent    int       // batches that the destination has taken, and is working on or has done
	BatchesSettled int       // batches whose outcome is known
}

// Counts say what became of the profiles. In a run that ended well they add up to Profiles.
type Counts struct {
	Profiles   int // in the segments, each once
	Accepted   int // by the destination
	Created    int // of Accepted: those of whom the destination said so when it was asked for another reason
	Updated    int // likewise
	Unchanged  int // as last delivered, and therefore not sent
	Invalid    int // rejected by us, before sending
	Refused    int // rejected by the destination
	Known      int // among Refused: not sent, because an earlier run learnt that the destination refuses it as it is
	Withdrawn  int // not among Profiles: contacts that lost tags, because their profile left a segment
	Held       int // not among Profiles: contacts that would have, were they not suspiciously many, or had the destination not refused
	Duplicates int // not sent, because another profile of the run has the same address
	Excluded   int // not sent, because they are on the list of exclusions
	Erased     int // erased for good, before they had another outcome; nothing more is kept of them
}

// Settled is how many profiles have their outcome.
func (c Counts) Settled() int {
	return c.Accepted + c.Unchanged + c.Invalid + c.Refused + c.Duplicates + c.Excluded + c.Erased
}

// Open is how many profiles have no outcome yet; in a run that was stopped, how many were not sent or not confirmed.
func (c Counts) Open() int { return c.Profiles - c.Settled() }

// Rejected is how many profiles were not accepted, by either side.
func (c Counts) Rejected() int { return c.Invalid + c.Refused }

// Plan is all that decides what a run sends. It is frozen when the run begins, so that whatever happens meanwhile, and
// however often the process is killed, the run gives the same answer.
type Plan struct {
	SourceID        int64               `json:"source_id,omitempty"` // whose profiles stay where they are; 0: the unified profiles
	SourceName      string              `json:"source_name,omitempty"`
	Spool           []SpoolColumn       `json:"spool,omitempty"` // of such a source: what the spool holds of each member
	SnapshotID      int64               `json:"snapshot_id"`     // of the profiles, or of the spool
	At              time.Time           `json:"at"`              // relative dates, and what lies in the future, are judged by this moment
	DestinationType string              `json:"destination_type"`
	ConnectionID    int64               `json:"connection_id"`
	ConnectionName  string              `json:"connection_name"`
	BrandID         string              `json:"brand_id"`
	BrandName       string              `json:"brand_name"`
	Segments        []PlanSegment       `json:"segments"`
	Mapping         export.Mapping      `json:"mapping"`
	Consent         destination.Consent `json:"consent,omitzero"`
	AskShare        int                 `json:"ask_share"` // see export.Export
	Leavers         export.Leavers      `json:"leavers"`
}

// PlanSegment is a segment as it was when the run began.
type PlanSegment struct {
	ID         int64              `json:"id"`
	Name       string             `json:"name"`
	Tag        string             `json:"tag"`
	Definition segment.Definition `json:"definition"`
}

// Event is one line of a run's timeline.
type Event struct {
	At     time.Time
	Code   string
	Detail string
}

// Outcome of a profile that was not accepted.
type Outcome string

// The outcomes.
const (
	Invalid   Outcome = "invalid"   // rejected by us
	Refused   Outcome = "refused"   // rejected by the destination
	Duplicate Outcome = "duplicate" // another profile of the run has the same address
	Excluded  Outcome = "excluded"  // it is never sent
)

// Rejection is one profile that was not accepted, and why.
type Rejection struct {
	ID          int64
	RunID       int64
	ProfileID   string
	Outcome     Outcome
	Field       string
	Code        string
	Message     string // the destination's own words; they may quote the profile
	OtherID     string // the profile that this one is a duplicate of
	EvidenceRun int64  // the run that keeps request and answer; 0 when none does
	SinceRun    int64  // the run whose refusal still holds, so that the profile was not sent; 0 when this run's own
}

// duplicateCode is the reason of a Duplicate.
const duplicateCode = "duplicate"

// The codes of why a run failed that do not come from an obstacle of its export or connection.
const (
	failTooMany      = "too_many_profiles"
	failSegment      = "segment_unusable"
	failExclusion    = "exclusion_unusable" // a segment on the list of exclusions
	failUnavailable  = "destination_unavailable"
	failStalled      = "batches_stalled"
	failRetired      = "api_retired"
	failDoesNotAddUp = "does_not_add_up"
	failInternal     = "internal"
)
