// Package export owns the exports (the pages also say destinations): which segments go over which connection, with which
// attributes, and when. It knows segments and connections; how an export is carried out is the run package's.
package export

import (
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/transform"
)

// Export is a standing order: segments + connection + mapping + schedule.
type Export struct {
	ID              int64
	Name            string
	DestinationType string
	ConnectionID    int64        // 0: detached
	ConnectionName  string       // "" when detached
	DetachedFrom    string       // name of the connection that it had
	Grant           access.Grant // which contributors may use the connection (of a detached export: the one it had)
	Segments        []Part
	Mapping         Mapping
	Consent         destination.Consent
	Schedule        Schedule
	Leavers         Leavers
	AskShare        int // percent of what was delivered that may leave, or come, without a question; or NeverAsk
	Outcomes        Outcomes
	PausedAt        time.Time
	PausedBy        string
	PausedCode      PauseCode // why, when it was not for its own sake
	Version         int       // for optimistic locking
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Removed         bool
}

// Base is what the segments are made from: a source whose profiles stay where they are, or 0 for the unified profiles.
func (e Export) Base() int64 {
	for _, part := range e.Segments {
		return part.SourceID
	}
	return 0
}

// Part is one segment of an export. Its members carry the tag at the destination, unless it is "".
type Part struct {
	SegmentID int64
	Name      string
	State     segment.State // an export with a segment that is not active does not run
	SourceID  int64         // what it is made from, see Base
	Tag       string
}

// Mapping says which profile attribute fills which field of a contact.
type Mapping []Pair

// Pair is one line of a mapping.
type Pair struct {
	Field     destination.Field `json:"field"`
	Attribute string            `json:"attribute"`        // key of a profile attribute; "" when the same text is sent for everybody
	Change    transform.Change  `json:"change,omitzero"`  // what is done to the value first
	With      Sent              `json:"with,omitzero"`    // the second attribute, where the change joins two
	Clear     bool              `json:"clear,omitempty"`  // an empty value empties the field at the destination
	Meant     bool              `json:"meant,omitempty"`  // somebody ticked that it is sent although it is personal or sensitive
	Reason    string            `json:"reason,omitempty"` // why, of a sensitive one
	Tick      Tick              `json:"-"`
}

// Sent is an attribute whose values a line sends, with the word that they are meant to be.
type Sent struct {
	Attribute string `json:"attribute"`
	Meant     bool   `json:"meant,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Tick      Tick   `json:"-"`
}

// Sends lists the attributes whose values the line sends: one, two when it joins them, none when it sends the same text for everybody.
func (p Pair) Sends() (sent []Sent) {
	if p.Attribute != "" {
		sent = append(sent, Sent{p.Attribute, p.Meant, p.Reason, p.Tick})
	}
	if p.With.Attribute != "" {
		sent = append(sent, p.With)
	}
	return sent
}

// Sends lists the attributes of all lines. One that several lines send is there several times.
func (m Mapping) Sends() (sent []Sent) {
	for _, pair := range m {
		sent = append(sent, pair.Sends()...)
	}
	return sent
}

// Attributes lists the attributes whose values make contacts, as NewEncoder's encoder wants them: those of the lines in their
// order, then the second ones of lines that join two.
func (m Mapping) Attributes() []string {
	keys := make([]string, 0, len(m))
	for _, pair := range m {
		if pair.Attribute != "" {
			keys = append(keys, pair.Attribute)
		}
	}
	for _, pair := range m {
		if pair.With.Attribute != "" {
			keys = append(keys, pair.With.Attribute)
		}
	}
	return keys
}

// Attribute finds what is mapped to a field, "" when nothing is.
func (m Mapping) Attribute(field destination.Field) string {
	for _, pair := range m {
		if pair.Field == field {
			return pair.Attribute
		}
	}
	return ""
}

// Leavers says what becomes of contacts whose profile left a segment.
type Leavers string

// The choices. The contact itself always stays at the destination.
const (
	Untag   Leavers = "untag" // it loses the segment's tag
	KeepTag Leavers = "keep"
)

// How many may leave the segments, or come into them, in one run before it asks a person.
const (
	DefaultAskShare = 30 // percent of what was delivered before
	NeverAsk        = -1
)

// PauseCode is why an export was paused, when it was not for its own sake; "" when it was.
type PauseCode string

// Withdrawn is the code of exports that were paused when people who made them might not use the connection any more.
const Withdrawn PauseCode = "withdrawn"

// Paused reports whether a person stopped it for the time being.
func (e Export) Paused() bool { return !e.PausedAt.IsZero() }

// MayEdit reports whether the actor may change, run and remove the export: administrators always, contributors while the
// connection is granted to them.
func (e Export) MayEdit(actor access.Actor) bool { return actor.MayUse(e.Grant) }

// MayRun reports whether the actor may run the export, and cancel, pause, resume and answer its runs: whoever may edit it,
// unless she acts by a token.
func (e Export) MayRun(actor access.Actor) bool { return actor.MayRun(e.Grant) }

// Obstacle is why an export cannot run now, as a code; "" when it can. Those of its connection are connection.Obstacle's.
type Obstacle string

// The obstacles of an export itself.
const (
	NoObstacle       Obstacle = ""
	NoConnection     Obstacle = "no_connection"
	IsPaused         Obstacle = "paused"
	NoProfiles       Obstacle = "no_profiles"       // nothing was uploaded yet
	AttributeMissing Obstacle = "attribute_missing" // the mapping names an attribute that the profiles no longer have
	NoSegments       Obstacle = "no_segments"
	SegmentInactive  Obstacle = "segment_inactive"      // what it would send, and from whom it would take tags, is not known
	MixedBases       Obstacle = "mixed_bases"           // its segments are made from different profiles
	Unconfirmed      Obstacle = "sensitive_unconfirmed" // an attribute became sensitive, and nobody has said since that it is meant
	SourceGone       Obstacle = "source_gone"           // the source whose profiles stay where they are was removed
	AwaitsApproval   Obstacle = "awaits_approval"       // a second person must look at it first
)

// Draft is what a person enters to make or change an export.
type Draft struct {
	Name         string
	ConnectionID int64
	Parts        []Part
	Mapping      Mapping
	Consent      destination.Consent
	Schedule     Schedule
	Leavers      Leavers
	AskShare     int // 0: DefaultAskShare
	Outcomes     Outcomes
	AnyState     bool // of its segments: until all are active, the export does not run
	Version      int  // of the export that was edited; 0 for a new one

	backTo int     // number of the version that it is
	ticks  Mapping // of the export that goes back: no other ticks count
}
