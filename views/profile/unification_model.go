package profile

import (
	"context"

	"github.com/segue-app/segue/views/component"
)

// UnificationView is the page that says how profiles come together.
type UnificationView struct {
	MayEdit    bool
	State      UnificationState
	Sources    []UnifiedSource
	Total      string
	Places     []component.Option
	Attributes []TrustedAttribute // that several sources have
	Errors     component.Errors
	Undo       *UndoRules
	Example    *ExplainedView
}

// UnificationState is what changes while profiles are made anew.
type UnificationState struct {
	Progress *component.Progress
	Failure  string
}

// told is what is read out while the profiles come together.
func (v UnificationView) told(ctx context.Context) string {
	if v.State.Progress != nil {
		return v.State.Progress.Told(ctx)
	}
	return v.State.Failure
}

// UnifiedSource is a source, what became of its lines, and its rules.
type UnifiedSource struct {
	ID, Name                         string
	Rows, ByKey, ByEmail, New, Apart string
	Place                            string // 1 is trusted most
	OwnKeys, MatchEmail              bool
}

// TrustedAttribute is an attribute that several sources have.
type TrustedAttribute struct {
	Key, Label string
	Value      string // id of the source that is trusted first, "" for the order of the sources
	Text       string // the same in words
	Sources    []component.Option
}

// UndoRules is the last change of the rules.
type UndoRules struct{ ID, Text string }

// ExplainedView is a profile and where it comes from.
type ExplainedView struct {
	ID, Href string
	Known    string // the sources that know the person
	Rows     []ExplainedRow
}

// ExplainedRow is one attribute of a profile: its value, which source gave it, and what the others say.
type ExplainedRow struct{ Label, Value, From, Others string }
