// Package segment owns the named sets of profiles: rules over attributes, uploaded lists of ids, and how either becomes
// a condition on a snapshot's table. It reads profiles; it does not know exports.
//
// What a rule means, everywhere in Segue:
//   - An attribute without a value fulfils no condition, except is_empty and those that deny (not_equals, not_contains,
//     not_in_list, has_not): they are the exact opposite of equals, contains, in_list and has, so nobody falls between.
//   - Text is compared without regard to case, in every script (see database.Fold), unless the condition matches case: then
//     only the two ways to write one letter, composed or not, are the same (NFC).
//   - A list has a value when one of its texts equals it, compared as text is. A list without texts is no value.
//   - Text that is nothing but white space is no value, and so is such a text of a list: no condition finds it.
//   - in_segment holds for those whom the named segment's definition holds for, as it was frozen into this one, with its own
//     zone; not_in_segment is its exact opposite. A segment can be named only by one that is made from the same base.
//   - A day is a calendar day in the definition's zone, UTC unless it names one. "In the last 3 days" is today and the
//     three days before it, "in the next 3 days" today and the three days after it.
//   - Somebody born on 29 February has the anniversary on 28 February when the year has no 29th.
//   - An attribute that the snapshot lacks, or has with another kind than the operator needs, is an error: it never makes
//     a segment empty or full by accident.
package segment

import "time"

// Kind is how a segment says who belongs to it.
type Kind string

// The kinds.
const (
	ByRule Kind = "rule"
	ByList Kind = "list" // an uploaded list of profile ids or addresses
)

// Entries is what an uploaded list holds.
type Entries string

// What there may be in a list. Addresses belong to whoever has one of them in an attribute that holds addresses, now or later.
const (
	IDs       Entries = "id"
	Addresses Entries = "email"
)

// Definition is what decides who belongs: all that a run must remember of a segment to give the same answer again.
type Definition struct {
	Kind   Kind    `json:"kind"`
	Rule   Group   `json:"rule"`              // for ByRule
	ListID int64   `json:"list_id"`           // for ByList: one upload; a new upload is a new list
	ListBy Entries `json:"list_by,omitempty"` // what is in the list; "" is ids
	Zone   string  `json:"zone,omitempty"`    // where the rule's days begin, an IANA name; "" is UTC

	SourceID int64 `json:"source_id,omitempty"` // the base: a source whose profiles stay where they are; 0 is the unified profiles
	// Nested are the definitions of the segments that the rule names, by id. Each carries those that it names itself, so
	// there can be no cycle.
	Nested map[int64]Definition `json:"nested,omitempty"`
}

// Group is a rule, or a part of one: conditions and further groups that must all, or any, or none hold. A rule without
// parts holds for everybody; a group inside a rule must have parts.
type Group struct {
	Match      Match       `json:"match"`
	Conditions []Condition `json:"conditions,omitempty"`
	Groups     []Group     `json:"groups,omitempty"`
}

// Match says how the parts of a group combine.
type Match string

// The ways to combine.
const (
	All  Match = "all"
	Any  Match = "any"
	None Match = "none"
)

// Matches lists them as they are offered.
var Matches = []Match{All, Any, None}

// Condition compares one attribute. Values has as many as the operator takes.
type Condition struct {
	Attribute string   `json:"attribute"`       // the attribute's key; "" for in_segment and not_in_segment
	Label     string   `json:"label,omitempty"` // what it was called when the rule was saved, for when it is gone
	Operator  Operator `json:"operator"`
	Values    []string `json:"values,omitempty"`     // dates as 2006-01-02, numbers with a decimal point, a segment's id
	MatchCase bool     `json:"match_case,omitempty"` // of text and lists: an upper case letter is another than its lower case
}

// Segment is a named set of profiles.
type Segment struct {
	ID          int64
	Name        string
	Description string
	Definition  Definition
	State       State
	ListCount   int // entries in the uploaded list, known or not

	Size         int       // members when last calculated
	CalculatedAt time.Time // zero: never
	SnapshotID   int64     // on which snapshot
	Failure      string    // code of why the last calculation failed, "" when it did not
	FailureAbout string    // the attribute that the failure speaks of
	WaitingSince time.Time // a calculation was asked for then and is not done; zero: none

	Version   int // for optimistic locking
	CreatedBy int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Draft is a segment as a person wrote it.
type Draft struct {
	Name        string
	Description string
	Definition  Definition
	State       State // "": active when it is new, and otherwise as it was
	Version     int   // of the segment that was read before editing

	backTo int // number of the version that it is
}

// Use is what a segment is part of: an export, another segment's rule, or the list of exclusions when it is neither.
type Use struct {
	ExportID  int64
	SegmentID int64
	Name      string // of the export or segment
	Path      string // of its page
}

// Page is a part of the list of segments.
type Page struct {
	Segments []Segment
	Total    int // that match the search
}

// Order is what the list is sorted by.
type Order string

// The orders.
const (
	ByName       Order = "name"
	ByKind       Order = "kind"
	BySize       Order = "size"
	ByCalculated Order = "calculated"
	ByState      Order = "state"
	ByID         Order = "id"
)

// Query asks for a part of the list.
type Query struct {
	Search     string // part of the name, in any case
	State      State  // "": whichever
	Order      Order  // "": by name
	Descending bool
	After      int64 // only those with a higher id: with ByID, the next part of a list that nothing is missed in
	Offset     int
	Limit      int // 0: 25
}
