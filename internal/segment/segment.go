// Package segment owns the named sets of profiles: rules over attributes, uploaded lists of ids, and how either becomes
// a condition on a snapshot's table. It reads profiles; it does not know exports.
package segment

import "time"

// Kind is how a segment says who belongs to it.
type Kind string

// The kinds.
const (
	ByRule Kind = "rule"
	ByList Kind = "list" // an uploaded list of profile ids
)

// Definition is what decides who belongs: all that a run must remember of a segment to give the same answer again.
type Definition struct {
	Kind   Kind  `json:"kind"`
	Rule   Group `json:"rule"`    // for ByRule
	ListID int64 `json:"list_id"` // for ByList: one upload; a new upload is a new list
}

// Group is a rule, or a part of one: conditions and further groups that must all, or any, or none hold.
type Group struct {
	Match      Match       `json:"match"`
	Conditions []Condition `json:"conditions,omitempty"`
	Groups     []Group     `json:"groups,omitempty"`
}

// Match says how the parts of a group combine. A group without parts holds for everybody.
type Match string

// The ways to combine.
const (
	All  Match = "all"
	Any  Match = "any"
	None Match = "none"
)

// Condition compares one attribute. Values has as many as the operator takes.
type Condition struct {
	Attribute string   `json:"attribute"` // the attribute's key
	Operator  Operator `json:"operator"`
	Values    []string `json:"values,omitempty"`
}

// Operator is a comparison. Which are offered depends on the attribute's kind.
type Operator string

// Segment is a named set of profiles.
type Segment struct {
	ID          int64
	Name        string
	Description string
	Definition  Definition
	ListCount   int // ids in the uploaded list, known or not

	Size         int       // members when last calculated
	CalculatedAt time.Time // zero: never
	SnapshotID   int64     // on which snapshot
	Failure      string    // code of why the last calculation failed, "" when it did not

	Version   int // for optimistic locking
	CreatedBy int64
	CreatedAt time.Time
	UpdatedAt time.Time
}
