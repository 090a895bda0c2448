package version

import (
	"context"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/component"
)

// OverField is the name of the button that saves over what somebody else did meanwhile. Its value is the version that the person
// was shown: what comes after that one is no more saved over than this was.
const OverField = "over"

// Conflict stands in a form whose thing somebody else changed since it was opened: who did what, what differs, and two ways on.
// nil is a form without one.
type Conflict struct {
	Since   []Since // the latest first
	Clashes []Clash
	Known   bool   // what the form was opened with is known, so that it can be said who changed what
	Take    string // leads to the form as the others left it
	Over    string // version that is saved over
	Action  string // sends the form there to save over it; "" to where the form goes
}

// Since is what somebody did since.
type Since struct {
	Who  string
	What string // in a sentence; "" when it is not known
	When component.Moment
}

// Clash is one part that differs: what it was when the form was opened, what it is now, and what was typed.
type Clash struct {
	Label             string
	Was, Theirs, Mine []string
	Who               string // changed it: they, the reader, or both; "" when it is not known
	Note              string
}

// Clashes tells which parts of what was typed differ from what is saved now. Was is what the form was opened with; nil when nobody
// knows any more.
func Clashes(ctx context.Context, was, theirs, mine []Field) (found []Clash) {
	for _, label := range labels(theirs, mine) {
		before, now, typed := linesOf(was, label), linesOf(theirs, label), linesOf(mine, label)
		if same(now, typed) {
			continue
		}
		clash := Clash{Label: label, Was: changed(before, now, typed), Theirs: less(now, typed), Mine: less(typed, now)}
		if len(clash.Theirs)+len(clash.Mine) == 0 {
			clash.Note = i18n.T(ctx, "version.order")
		}
		switch {
		case was == nil:
		case same(before, typed):
			clash.Who = i18n.T(ctx, "version.conflict.they")
		case same(before, now):
			clash.Who = i18n.T(ctx, "version.conflict.you")
		default:
			clash.Who = i18n.T(ctx, "version.conflict.both")
		}
		found = append(found, clash)
	}
	return found
}

// changed are the lines of what was that one of the others lacks.
func changed(was, now, typed []string) []string {
	gone := map[string]bool{}
	for _, line := range append(less(was, now), less(was, typed)...) {
		gone[line] = true
	}
	return slices.DeleteFunc(slices.Clone(was), func(line string) bool { return !gone[line] })
}

func same(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }

func (c *Conflict) columns(ctx context.Context) []component.Column {
	columns := []component.Column{{Label: i18n.T(ctx, "version.part")}}
	if c.Known {
		columns = append(columns, component.Column{Label: i18n.T(ctx, "version.conflict.was")})
	}
	return append(columns, component.Column{Label: i18n.T(ctx, "version.conflict.theirs")}, component.Column{Label: i18n.T(ctx, "version.conflict.mine")})
}

func (c *Conflict) over(ctx context.Context) component.Button {
	button := component.Button{Label: i18n.T(ctx, "version.conflict.over"), Name: OverField, Value: c.Over}
	if c.Action != "" {
		button.Name, button.Value, button.Action = "", "", c.Action
	}
	return button
}
