// Package segment holds the pages of segments: the list, one segment, the rule builder, the upload of a list, and the
// question before one is deleted. It shows what it is given.
package segment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
	versionviews "github.com/segue-app/segue/views/version"
)

// Fragments that requests with htmx exchange.
const (
	BuilderID = "segment-builder"
	PreviewID = "segment-preview"
	RowsID    = "segment-rows"
	NowID     = "segment-now"
)

// SegmentChoice is chosen instead of an attribute when a condition names a segment. No attribute's key has a star.
const SegmentChoice = "*segment"

// Listing is the page of all segments.
type Listing struct {
	Rows       []Row
	Query      segment.Query
	Total      int // that match the search
	Now        time.Time
	MayEdit    bool
	NoProfiles bool                // nothing was uploaded yet
	Attributes []profile.Attribute // of the unified profiles
	MaySee     bool                // personal data
	Link       func(segment.Query) string
}

// attributes are those of what the segment is made from. Those of profiles that stay elsewhere are not asked for here: another
// attribute of the same key would say the wrong name, and perhaps that the values are nobody's data.
func (l Listing) attributes(of Row) []profile.Attribute {
	if of.Definition.SourceID != 0 {
		return nil
	}
	return l.Attributes
}

// Row is a segment in the list.
type Row struct {
	segment.Segment
	Uses int
}

// Detail is the page of one segment.
type Detail struct {
	segment.Segment
	Attributes []profile.Attribute
	Profiles   int // in the current snapshot; 0 of profiles that stay where they are
	Bases      []component.Tab
	Uses       []segment.Use
	List       segment.List // how an uploaded list meets the current profiles
	Sample     segment.Sample
	Masked     component.Masked // of the sample
	Trouble    string           // why there is no sample, translated
	Chart      Chart
	MayEdit    bool
	MaySee     bool // personal data
	Now        time.Time
	CSRF       string
}

// Form is the page that makes or changes a segment.
type Form struct {
	ID          int64 // 0: a new one
	Action      string
	Cancel      string
	CSRF        string
	Name        string
	Description string
	Version     int
	Kind        segment.Kind
	State       segment.State   // of the segment that is kept; "" of a new one
	Zone        string          // where the rule's days begin, when it came from elsewhere; "": UTC
	Base        int64           // what it is made from: a source whose profiles stay where they are; 0: the unified profiles
	Bases       []component.Tab // what there is to choose from
	Rule        segment.Group
	Others      []segment.Segment // that a condition can name
	Attributes  []profile.Attribute
	List        segment.List    // the upload that the form has, if any
	Entries     segment.Entries // what a file is said to hold; "" leaves it to the file
	Preview     Preview
	Errors      component.Errors
	Conflict    *versionviews.Conflict // somebody else changed it meanwhile
	Focus       string                 // id of the field or button that a step of the builder leads to
}

// Preview is what the rule would give.
type Preview struct {
	Counted  bool
	Count    int
	Profiles int
	Trouble  string // why there is no count, translated
	Sample   segment.Sample
}

// Deletion is the question before a segment is deleted.
type Deletion struct {
	segment.Segment
	Uses []segment.Use
	CSRF string
}

// Deactivation is the question before a segment is deactivated.
type Deactivation struct {
	segment.Segment
	Holding []segment.Use // what keeps it from being deactivated
	Exports []segment.Use // that will not run then
	CSRF    string
}

// PageSize is how many segments a page of the list shows.
const PageSize = 25

func (l Listing) column(ctx context.Context, key string, order segment.Order, numeric bool) component.Column {
	query := l.Query
	query.Order, query.Offset, query.Descending = order, 0, false
	column := component.Column{Label: i18n.T(ctx, key), Numeric: numeric}
	if l.Query.Order == order {
		column.Sorted = "ascending"
		query.Descending = !l.Query.Descending
		if l.Query.Descending {
			column.Sorted = "descending"
		}
	}
	column.SortHref = l.Link(query)
	return column
}

func (l Listing) columns(ctx context.Context) []component.Column {
	return []component.Column{
		l.column(ctx, "segments.name", segment.ByName, false),
		l.column(ctx, "segments.kind", segment.ByKind, false),
		l.column(ctx, "segments.state", segment.ByState, false),
		l.column(ctx, "segments.size", segment.BySize, true),
		l.column(ctx, "segments.calculated", segment.ByCalculated, false),
		{Label: i18n.T(ctx, "segments.used_by"), Numeric: true},
	}
}

func (l Listing) pager(ctx context.Context) component.Pager {
	pager := component.Pager{
		Label: i18n.T(ctx, "segments.title"), PreviousLabel: i18n.T(ctx, "segments.previous"), NextLabel: i18n.T(ctx, "segments.next"),
		Summary: i18n.T(ctx, "segments.range", "From", l.Query.Offset+1, "To", l.Query.Offset+len(l.Rows), "Total", l.Total),
	}
	if l.Query.Offset > 0 {
		before := l.Query
		before.Offset = max(0, before.Offset-PageSize)
		pager.PreviousHref = l.Link(before)
	}
	if l.Query.Offset+len(l.Rows) < l.Total {
		after := l.Query
		after.Offset += PageSize
		pager.NextHref = l.Link(after)
	}
	return pager
}

func (l Listing) hidden() []component.Pair {
	var pairs []component.Pair
	if l.Query.Order != "" && l.Query.Order != segment.ByName {
		pairs = append(pairs, component.Pair{Name: "sort", Value: string(l.Query.Order)})
	}
	if l.Query.Descending {
		pairs = append(pairs, component.Pair{Name: "direction", Value: "descending"})
	}
	return pairs
}

// nothing says why no segment is listed.
func (l Listing) nothing(ctx context.Context) string {
	if l.Query.Search == "" {
		return i18n.T(ctx, "segments.state.none")
	}
	return i18n.T(ctx, "segments.search.none.text", "Search", l.Query.Search)
}

func (l Listing) stream() string { return "/events?topic=" + segment.Topic }

// address is the segment's page.
func address(id int64, more string) string { return fmt.Sprintf("/segments/%d%s", id, more) }

func moment(ctx context.Context, t, now time.Time) component.Moment {
	return component.Moment{Text: i18n.Ago(ctx, t, now), Title: i18n.DateTime(ctx, t), ISO: t.UTC().Format(time.RFC3339)}
}

// members says how large a segment is; nothing while it was never calculated.
func members(ctx context.Context, s segment.Segment) string {
	if s.CalculatedAt.IsZero() || s.State == segment.InDraft {
		return i18n.T(ctx, "segments.not_calculated")
	}
	return i18n.Number(ctx, s.Size)
}

func share(ctx context.Context, count, of int) string {
	if of == 0 {
		return ""
	}
	return i18n.T(ctx, "segments.share", "Percent", i18n.From(ctx).Decimal(100*float64(count)/float64(of), 1), "Total", of)
}

func failure(ctx context.Context, s segment.Segment) string {
	return i18n.T(ctx, s.Failure, "Attribute", s.FailureAbout)
}

func kindBadge(ctx context.Context, kind segment.Kind) component.Badge {
	icon := "sliders-horizontal"
	if kind == segment.ByList {
		icon = "list"
	}
	return component.Badge{Text: i18n.T(ctx, "segments.kind."+string(kind)), Icon: icon}
}

// attributeOptions offers all attributes, and one that is gone as long as the rule names it.
func (f Form) attributeOptions(c segment.Condition) []component.Option {
	options := make([]component.Option, 0, len(f.Attributes)+1)
	known := c.Attribute == ""
	for _, a := range f.Attributes {
		options = append(options, component.Option{Value: a.Key, Label: a.Label})
		known = known || a.Key == c.Attribute
	}
	if !known && c.Operator.Takes() != segment.OneSegment {
		label := c.Label
		if label == "" {
			label = c.Attribute
		}
		options = append(options, component.Option{Value: c.Attribute, Label: label})
	}
	return options
}

// segmentOptions offers the segments that a condition can name, and one that cannot be named any more as long as the rule does.
func (f Form) segmentOptions(c segment.Condition) []component.Option {
	options := make([]component.Option, 0, len(f.Others)+1)
	chosen := at(c.Values, 0)
	known := chosen == ""
	for _, other := range f.Others {
		id := fmt.Sprint(other.ID)
		options = append(options, component.Option{Value: id, Label: other.Name})
		known = known || id == chosen
	}
	if !known {
		options = append(options, component.Option{Value: chosen, Label: named(c)})
	}
	return options
}

// named is what the segment of a condition is called, as far as that is known.
func named(c segment.Condition) string {
	if c.Label != "" {
		return c.Label
	}
	return at(c.Values, 0)
}

// choice is the value of a condition's first list.
func choice(c segment.Condition) string {
	if c.Operator.Takes() == segment.OneSegment {
		return SegmentChoice
	}
	return c.Attribute
}

func segmentOperators(ctx context.Context) []component.Option {
	var options []component.Option
	for _, operator := range segment.OfSegments {
		options = append(options, component.Option{Value: string(operator), Label: i18n.T(ctx, "segments.operator."+string(operator))})
	}
	return options
}

func (f Form) attribute(key string) (profile.Attribute, bool) {
	return profile.Snapshot{Attributes: f.Attributes}.Attribute(key)
}

func operatorOptions(ctx context.Context, kind profile.Kind) []component.Option {
	var options []component.Option
	for _, operator := range segment.Operators(kind) {
		options = append(options, component.Option{Value: string(operator), Label: operatorLabel(ctx, operator, kind)})
	}
	return options
}

// operatorLabel names an operator; a few read better for numbers in words of their own.
func operatorLabel(ctx context.Context, operator segment.Operator, kind profile.Kind) string {
	if kind == profile.Number {
		if key := "segments.operator.number." + string(operator); operator == segment.Equals || operator == segment.NotEquals {
			return i18n.T(ctx, key)
		}
	}
	return i18n.T(ctx, "segments.operator."+string(operator))
}

func matchOptions(ctx context.Context) []component.Option {
	var options []component.Option
	for _, match := range segment.Matches {
		options = append(options, component.Option{Value: string(match), Label: i18n.T(ctx, "segments.match."+string(match))})
	}
	return options
}

func inputType(kind profile.Kind) string {
	switch kind {
	case profile.Number:
		return "number"
	case profile.Date, profile.DateTime:
		return "date"
	default:
		return "text"
	}
}

func lines(values []string) string { return strings.Join(values, "\n") }

func (d Detail) share(ctx context.Context) string {
	if d.CalculatedAt.IsZero() {
		return ""
	}
	return share(ctx, d.Size, d.Profiles)
}

func (d Detail) calculated(ctx context.Context) string {
	if d.CalculatedAt.IsZero() {
		return i18n.T(ctx, "segments.never")
	}
	return i18n.Ago(ctx, d.CalculatedAt, d.Now)
}

func (d Detail) calculatedAt(ctx context.Context) string {
	if d.CalculatedAt.IsZero() {
		return ""
	}
	return i18n.DateTime(ctx, d.CalculatedAt)
}

func (d Detail) sampleLead(ctx context.Context) string {
	if len(d.Sample.Rows) == 0 {
		return ""
	}
	if d.Definition.SourceID != 0 {
		return i18n.N(ctx, "segments.sample.source", len(d.Sample.Rows))
	}
	return i18n.N(ctx, "segments.sample.lead", len(d.Sample.Rows))
}

func (f Form) hidden() []component.Pair {
	var pairs []component.Pair
	if f.Zone != "" {
		pairs = append(pairs, component.Pair{Name: "zone", Value: f.Zone})
	}
	if f.Base != 0 {
		pairs = append(pairs, component.Pair{Name: "base", Value: fmt.Sprint(f.Base)})
	}
	if f.ID != 0 {
		pairs = append(pairs, component.Pair{Name: "version", Value: fmt.Sprint(f.Version)})
	}
	if f.List.ID != 0 {
		pairs = append(pairs, component.Pair{Name: "list_id", Value: fmt.Sprint(f.List.ID)}, component.Pair{Name: "list_by", Value: string(f.List.By)})
	}
	return pairs
}

func (f Form) fileLabel(ctx context.Context) string {
	if f.List.ID != 0 {
		return i18n.T(ctx, "segments.list.file.new")
	}
	return i18n.T(ctx, "segments.list.file")
}

// stateTones are the colours of the states; an active segment is what one expects.
var stateTones = map[segment.State]component.Tone{segment.InDraft: component.Info, segment.Active: component.Success, segment.Inactive: component.Neutral}

func stateBadge(ctx context.Context, state segment.State) component.Badge {
	badge := component.Badge{Tone: stateTones[state], Text: i18n.T(ctx, "segments.state."+string(state))}
	switch state {
	case segment.InDraft:
		badge.Icon = "pencil"
	case segment.Inactive:
		badge.Icon = "circle-pause"
	}
	return badge
}

func stateOptions(ctx context.Context) []component.Option {
	var options []component.Option
	for _, state := range segment.States {
		options = append(options, component.Option{Value: string(state), Label: i18n.T(ctx, "segments.state."+string(state))})
	}
	return options
}
