package export

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/transform"
	"github.com/segue-app/segue/views/component"
	runviews "github.com/segue-app/segue/views/run"
	versionviews "github.com/segue-app/segue/views/version"
)

// Fragments that requests with htmx exchange, and the event that asks for a new outlook.
const (
	TagsID       = "export-tags"
	MatchingID   = "export-matching"
	OutlookID    = "export-outlook"
	ChangedEvent = "export-changed"
)

// CustomField stands in a line's list of fields for a custom property, whose name has a field of its own.
const CustomField = "custom"

// Form is the page that makes or changes an export.
type Form struct {
	ID           int64 // 0: a new one
	Action       string
	Cancel       string
	CSRF         string
	Version      int
	Conflict     *versionviews.Conflict // somebody else changed it meanwhile
	Name         string
	ConnectionID int64
	Leavers      export.Leavers
	AskShare     int
	Plan         Plan
	Outcomes     Outcomes
	DetachedFrom string

	Connections     []component.OptionGroup // by type
	Kind            string                  // of destination: the chosen connection's, or the first one's
	DestinationName string
	Fields          []destination.Field
	Custom          bool // custom properties can be mapped
	MaxProfiles     int
	Info            destination.Info

	Base        int64             // what the segments are made from: a source whose profiles stay where they are; 0: the unified profiles
	Bases       []component.Tab   // what segments can be made from, when there is more than one thing
	Segments    []segment.Segment // that can be chosen
	Chosen      []Chosen
	Total       int // profiles in the chosen segments, each once; -1 when it cannot be counted
	Attributes  []profile.Attribute
	Email       string // key of the attribute
	Lines       []Line
	Consent     Consent
	Meant       map[string]Meant    // by attribute
	Samples     map[string][]string // by attribute
	Suggestions []export.Suggestion
	Outlook     *Outlook // nil: not looked yet
	Refused     bool     // she may look at what she typed, and save it no more
	Errors      component.Errors
	Focus       string // id of what a step of the form leads to
}

func (f Form) plan() Plan {
	f.Plan.Errors = f.Errors
	return f.Plan
}

func (f Form) outcomes() Outcomes {
	f.Outcomes.Errors = f.Errors
	return f.Outcomes
}

// Chosen is a segment of the export, and its tag.
type Chosen struct {
	ID    int64
	Name  string
	Tag   string
	Asked bool // the form had a field for the tag: an empty one means none
}

// Line is one line of the data matching besides the email.
type Line struct {
	Field     string // the destination's, or CustomField
	Custom    string // name of the custom property
	Attribute string
	Change    Change
	Clear     bool // an empty value empties the field at the destination
}

// Blank reports whether nothing was said in the line.
func (l Line) Blank() bool {
	return l.Field == "" && l.Custom == "" && l.Attribute == "" && l.Change.Way == transform.None
}

// Target is the field that the line fills.
func (l Line) Target() destination.Field {
	if l.Field == CustomField {
		return destination.Field(destination.CustomPrefix + l.Custom)
	}
	return destination.Field(l.Field)
}

// Outlook is what the export would send, tried on every profile.
type Outlook struct {
	export.Assay
	Trouble string // why it cannot be said, translated
}

func lineName(i int, part string) string { return fmt.Sprintf("line.%d.%s", i, part) }

func (f Form) attributeOptions(ctx context.Context, chosen string) []component.Option {
	options := make([]component.Option, 0, len(f.Attributes)+1)
	known := chosen == ""
	for _, a := range f.Attributes {
		options = append(options, component.Option{Value: a.Key, Label: a.Label})
		known = known || a.Key == chosen
	}
	if !known {
		options = append(options, component.Option{Value: chosen, Label: i18n.T(ctx, "exports.attribute.gone", "Attribute", chosen)})
	}
	return options
}

// fieldOptions offers the fields that no other line fills.
func (f Form) fieldOptions(ctx context.Context, own string) []component.Option {
	taken := map[string]bool{string(destination.Email): true}
	for _, line := range f.Lines {
		taken[line.Field] = true
	}
	var options []component.Option
	for _, field := range f.Fields {
		if string(field) == own || !taken[string(field)] {
			options = append(options, component.Option{Value: string(field), Label: runviews.FieldText(ctx, string(field))})
		}
	}
	if f.Custom {
		options = append(options, component.Option{Value: CustomField, Label: i18n.T(ctx, "exports.field.custom")})
	}
	return options
}

// open lists the suggestions that the matching does not follow yet.
func (f Form) open() []export.Suggestion {
	var open []export.Suggestion
	for _, s := range f.Suggestions {
		filled := s.Field == destination.Email && f.Email != ""
		for _, line := range f.Lines {
			filled = filled || line.Target() == s.Field
		}
		if !filled {
			open = append(open, s)
		}
	}
	return open
}

// suggested says why the attribute of a field is a good choice; "" when it was not suggested, or was saved before.
func (f Form) suggested(ctx context.Context, field destination.Field, attribute string) string {
	if f.ID != 0 {
		return ""
	}
	for _, s := range f.Suggestions {
		if s.Field == field && s.Attribute.Key == attribute {
			return i18n.T(ctx, "exports.suggestion."+s.Reason, "Attribute", s.Attribute.Label)
		}
	}
	return ""
}

func (f Form) samples(attribute string) string { return strings.Join(f.Samples[attribute], " · ") }

// fills reports whether an attribute is chosen for the field.
func (f Form) fills(field destination.Field) bool {
	if field == destination.Email {
		return f.Email != ""
	}
	for _, line := range f.Lines {
		if line.Target() == field {
			return line.Attribute != "" || line.Change.Way == transform.Constant
		}
	}
	return f.Consent.Attributes[field] != ""
}

// finding says what a line's attribute would do to the profiles; "" while that is not known.
func (f Form) finding(ctx context.Context, field destination.Field) string {
	if f.Outlook == nil || f.Outlook.Trouble != "" || f.Outlook.Profiles == 0 || !f.fills(field) {
		return ""
	}
	found, ok := f.Outlook.Fields[string(field)]
	if !ok {
		return i18n.T(ctx, "exports.finding.fine")
	}
	text := i18n.N(ctx, "exports.finding.empty", found.Empty)
	if found.Rejected > 0 {
		text += " · " + i18n.N(ctx, "exports.finding.rejected", found.Rejected)
	}
	return text
}

func (f Form) troubled(field destination.Field) bool {
	return f.Outlook != nil && f.Outlook.Fields[string(field)].Rejected > 0
}

func (f Form) segmentChoices(ctx context.Context) []component.Choice {
	choices := make([]component.Choice, 0, len(f.Segments))
	for _, s := range f.Segments {
		note := i18n.T(ctx, "exports.segment.not_calculated")
		if !s.CalculatedAt.IsZero() {
			note = i18n.N(ctx, "exports.profiles.count", s.Size)
		}
		if s.State != segment.Active {
			note = i18n.T(ctx, "segments.state."+string(s.State))
		}
		choices = append(choices, component.Choice{Value: strconv.FormatInt(s.ID, 10), Title: s.Name, Text: s.Description, Note: note})
	}
	return choices
}

func (f Form) chosenValues() []string {
	values := make([]string, len(f.Chosen))
	for i, chosen := range f.Chosen {
		values[i] = strconv.FormatInt(chosen.ID, 10)
	}
	return values
}

func (f Form) hidden() []component.Pair {
	var pairs []component.Pair
	if f.Base != 0 {
		pairs = append(pairs, component.Pair{Name: "base", Value: strconv.FormatInt(f.Base, 10)})
	}
	if f.ID != 0 {
		pairs = append(pairs, component.Pair{Name: "version", Value: strconv.Itoa(f.Version)})
	}
	return pairs
}

func (f Form) tooLarge() bool { return f.Total > f.MaxProfiles }

// again has htmx read a part of the form again when a field changes.
func (f Form) again(part string) templ.Attributes {
	return templ.Attributes{
		"hx-post": f.Action, "hx-trigger": "change", "hx-target": "#" + part, "hx-swap": "innerHTML", "hx-vals": `{"do":"preview"}`,
		"hx-sync": "closest form:queue last",
	}
}

// step is a button that changes the matching. With htmx it exchanges that part of the form, without it the page.
func (f Form) step(label, icon, do string) component.Button {
	return component.Button{
		Label: label, Icon: icon, Name: "do", Value: do, Small: true,
		Attrs: templ.Attributes{
			"id": StepID(do), "autofocus": f.Focus == StepID(do), "hx-post": f.Action, "hx-target": "#" + MatchingID, "hx-swap": "innerHTML",
			"hx-sync": "closest form:queue last",
		},
	}
}

// StepID is the id of the button that does a step.
func StepID(do string) string { return "do-" + strings.NewReplacer(":", "-", ".", "-").Replace(do) }

func (f Form) lineSelect(ctx context.Context, i int, line Line) component.Select {
	name := lineName(i, "field")
	attrs := f.again(MatchingID)
	attrs["autofocus"] = f.Focus == name
	return component.Select{
		Name: name, Label: i18n.T(ctx, "exports.line.field", "Number", i+1), HideLabel: true, Value: line.Field, Empty: i18n.T(ctx, "exports.line.field.choose"),
		Options: f.fieldOptions(ctx, line.Field), Error: f.Errors.For(name), Attrs: attrs,
	}
}

func (f Form) lineAttribute(ctx context.Context, i int, line Line) component.Select {
	name := lineName(i, "attribute")
	return component.Select{
		Name: name, Label: i18n.T(ctx, "exports.line.attribute", "Number", i+1), HideLabel: true, Value: line.Attribute,
		Empty: i18n.T(ctx, "exports.attribute.choose"), Options: f.attributeOptions(ctx, line.Attribute), Error: f.Errors.For(name), Attrs: f.again(MatchingID),
	}
}

// lineClear asks what an empty value does, where the destination can be asked to empty the field.
func (f Form) lineClear(ctx context.Context, i int, line Line) templ.Component {
	if !f.Info.Clears(line.Target()) {
		return templ.NopComponent
	}
	return component.Checkbox{Name: lineName(i, "clear"), Label: i18n.T(ctx, "exports.line.clear"), Checked: line.Clear}
}

// clearing reports whether an empty value can empty the field of one of the lines.
func (f Form) clearing() bool {
	return slices.ContainsFunc(f.Lines, func(l Line) bool { return f.Info.Clears(l.Target()) })
}

func (f Form) remove(ctx context.Context, i int) component.Button {
	button := f.step(i18n.T(ctx, "exports.line.remove", "Number", i+1), "x", "remove-"+strconv.Itoa(i))
	button.IconOnly, button.Small, button.Emphasis = true, false, component.Quiet
	return button
}

func (f Form) connectionHint(ctx context.Context) string {
	if f.DetachedFrom != "" {
		return i18n.T(ctx, "exports.detached_from", "Name", f.DetachedFrom)
	}
	return i18n.T(ctx, "exports.connection.hint")
}

// check asks for the outlook; with scripts it comes by itself.
func (f Form) check(ctx context.Context) component.Button {
	return component.Button{
		Label: i18n.T(ctx, "exports.check"), Icon: "refresh-cw", Name: "do", Value: "check", Small: true,
		Attrs: templ.Attributes{"id": StepID("check"), "autofocus": f.Focus == StepID("check"), "hx-post": f.Action, "hx-target": "#" + OutlookID, "hx-swap": "innerHTML"},
	}
}

func (f Form) rejectedStat(ctx context.Context) component.Stat {
	stat := component.Stat{Label: i18n.T(ctx, "exports.outlook.rejected"), Number: i18n.Number(ctx, f.Outlook.Rejected), Note: i18n.T(ctx, "exports.outlook.rejected.note")}
	if f.Outlook.Rejected > 0 {
		stat.Tone = component.Warning
	}
	return stat
}
