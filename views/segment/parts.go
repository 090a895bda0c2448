package segment

import (
	"context"
	"fmt"
	"slices"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/views/component"
)

// add leads to a new segment; nothing for those who may not, or where there is nothing to choose from.
func (l Listing) add(ctx context.Context) templ.Component {
	if !l.MayEdit || l.NoProfiles {
		return nil
	}
	return component.Button{Label: i18n.T(ctx, "segments.add"), Icon: "plus", Href: "/segments/new", Emphasis: component.Primary}
}

func (l Listing) invitation(ctx context.Context) string {
	if l.MayEdit {
		return i18n.T(ctx, "segments.none.text")
	}
	return i18n.T(ctx, "segments.none.viewer")
}

func (d Detail) actions(ctx context.Context) templ.Component {
	if !d.MayEdit {
		return d.more()
	}
	first := component.PostButton{Action: address(d.ID, "/activate"), CSRF: d.CSRF, Button: component.Button{Label: i18n.T(ctx, "segments.activate"), Icon: "play"}}
	if d.State == segment.Active {
		first = component.PostButton{Action: address(d.ID, "/calculate"), CSRF: d.CSRF, Button: component.Button{Label: i18n.T(ctx, "segments.calculate"), Icon: "refresh-cw"}}
	}
	return templ.Join(first,
		component.Button{Label: i18n.T(ctx, "segments.edit"), Icon: "pencil", Href: address(d.ID, "/edit"), Emphasis: component.Primary},
		d.more())
}

func (d Detail) badges(ctx context.Context) templ.Component {
	return templ.Join(kindBadge(ctx, d.Definition.Kind), stateBadge(ctx, d.State))
}

// leftovers reports whether there is more to say of an uploaded list, to those who may see it.
func (d Detail) leftovers() bool {
	return d.MaySee && d.List.Unknown+d.List.Repeated+d.List.Malformed > 0
}

// parts are the segments that the rule names.
func (d Detail) parts() (links []component.Link) {
	for _, id := range d.Definition.Rule.Segments() {
		links = append(links, component.Link{Label: d.Definition.Rule.NameOf(id), Href: address(id, "")})
	}
	return links
}

func (d Detail) inactiveText(ctx context.Context) string {
	if exports := len(Exports(d.Uses)); exports > 0 {
		return i18n.N(ctx, "segments.inactive.exports", exports)
	}
	return i18n.T(ctx, "segments.inactive.text")
}

// duplicateLink leads to the form of a new segment with the same rule or list.
func duplicateLink(of segment.Segment) string {
	return fmt.Sprintf("/segments/new?kind=%s&from=%d", of.Definition.Kind, of.ID)
}

// hidden says that the person was told of the exports.
func (d Deactivation) hidden() []component.Pair {
	if len(d.Exports) == 0 {
		return nil
	}
	return []component.Pair{{Name: "knowing", Value: "1"}}
}

func (l Leftovers) download(ctx context.Context) templ.Component {
	if l.List.Unknown == 0 {
		return nil
	}
	return component.Button{Label: i18n.T(ctx, "segments.leftovers.download"), Icon: "download", Href: address(l.ID, "/unmatched.csv")}
}

func listColumn(ctx context.Context, l segment.List) string {
	if l.By == segment.Addresses {
		return i18n.T(ctx, "segments.list.address")
	}
	return i18n.T(ctx, "segments.profile_id")
}

func lineFault(ctx context.Context, line segment.Line) string {
	if line.Malformed {
		return i18n.T(ctx, "segments.leftovers.malformed")
	}
	return i18n.T(ctx, "segments.leftovers.repeated")
}

// Buttons of the rule builder change the rule that the form holds. With htmx they exchange the builder, without it the page.
func (f Form) step(label, icon, do string) component.Button {
	id := StepID(do)
	return component.Button{
		Label: label, Icon: icon, Name: "do", Value: do, Small: true,
		Attrs: templ.Attributes{
			"id": id, "autofocus": f.Focus == id, "hx-post": f.Action, "hx-target": "#" + BuilderID, "hx-swap": "outerHTML",
			"hx-sync": "closest form:replace",
		},
	}
}

// StepID is the id of the button that does a step of the builder.
func StepID(do string) string { return "do-" + do }

// reshape is for fields whose change decides which other fields there are.
func (f Form) reshape(id string) templ.Attributes {
	return templ.Attributes{
		"autofocus": f.Focus == id, "hx-post": f.Action, "hx-trigger": "change", "hx-target": "#" + BuilderID, "hx-swap": "outerHTML", "hx-vals": `{"do":"preview"}`,
		"hx-sync": "closest form:replace",
	}
}

// recount is for fields whose change decides only who belongs.
func (f Form) recount(more templ.Attributes) templ.Attributes {
	attrs := templ.Attributes{
		"hx-post": f.Action, "hx-trigger": "input changed delay:400ms", "hx-target": "#" + PreviewID, "hx-swap": "innerHTML",
		"hx-vals": `{"do":"preview"}`, "hx-sync": "closest form:replace",
	}
	for name, value := range more {
		attrs[name] = value
	}
	return attrs
}

// valueField gives the condition's input of one value: the first, and the second of two.
func (f Form) valueField(ctx context.Context, c segment.Condition, path segment.Path, i int, number string) component.Field {
	attribute, _ := f.attribute(c.Attribute)
	label := i18n.T(ctx, "segments.builder.value", "Number", number)
	if c.Operator.Takes() == segment.TwoValues {
		label = i18n.T(ctx, "segments.builder.from", "Number", number)
		if i == 1 {
			label = i18n.T(ctx, "segments.builder.to", "Number", number)
		}
	}
	field := component.Field{
		Name: path.Value(i), Label: label, HideLabel: true, Value: at(c.Values, i), Error: f.Errors.For(path.Value(i)), Autocomplete: "off",
	}
	switch c.Operator.Takes() {
	case segment.Days:
		field.Type, field.Suffix, field.Short = "number", i18n.T(ctx, "segments.builder.days"), true
		field.Label = i18n.T(ctx, "segments.builder.days.label", "Number", number)
		field.Attrs = f.recount(templ.Attributes{"min": "0", "step": "1"})
	case segment.ManyValues:
		field.Type, field.Rows, field.Value = "textarea", 3, lines(c.Values)
		field.Placeholder = i18n.T(ctx, "segments.builder.one_a_line")
		field.Attrs = f.recount(nil)
	default:
		field.Type = inputType(attribute.Kind)
		field.Attrs = f.recount(nil)
		if field.Type == "number" {
			field.Attrs = f.recount(templ.Attributes{"step": "any"})
		}
	}
	return field
}

// segmentGroup offers to name a segment instead of an attribute.
func (f Form) segmentGroup(ctx context.Context) []component.OptionGroup {
	return []component.OptionGroup{{Label: i18n.T(ctx, "segments.builder.other"), Options: []component.Option{
		{Value: SegmentChoice, Label: i18n.T(ctx, "segments.builder.other.segment")}}}}
}

// caseAttributes are those of the question whether a condition matches case.
func (f Form) caseAttributes(ctx context.Context, number string) templ.Attributes {
	attrs := f.recountSelect()
	attrs["aria-label"] = i18n.T(ctx, "segments.builder.case.label", "Number", number)
	return attrs
}

// badge says what state the segment is in that the form changes; nothing where that needs no word.
func (f Form) badge(ctx context.Context) templ.Component {
	if f.State == "" || f.State == segment.Active {
		return nil
	}
	return stateBadge(ctx, f.State)
}

// saves are the buttons that keep the segment: which, depends on what it is so far.
func (f Form) saves(ctx context.Context) templ.Component {
	draft := f.does("draft", component.Button{Label: i18n.T(ctx, "segments.save.draft")})
	switch f.State {
	case segment.InDraft:
		return templ.Join(f.does("activate", component.Button{Label: i18n.T(ctx, "segments.save.activate"), Emphasis: component.Primary}), draft)
	case "":
		return templ.Join(f.does("save", component.Button{Label: i18n.T(ctx, "segments.save"), Emphasis: component.Primary}), draft)
	}
	return f.does("save", component.Button{Label: i18n.T(ctx, "segments.save"), Emphasis: component.Primary})
}

// does gives a button what it sends. Fields after a file are not read, so there the address says it.
func (f Form) does(do string, button component.Button) component.Button {
	if f.Kind == segment.ByList {
		button.Action = f.Action + "?do=" + do
	} else {
		button.Name, button.Value = "do", do
	}
	return button
}

// recountSelect is recount for a list, which changes at once.
func (f Form) recountSelect() templ.Attributes {
	return f.recount(templ.Attributes{"hx-trigger": "change"})
}

func (f Form) removal(label, do string) component.Button {
	button := f.step(label, "x", do)
	button.IconOnly, button.Small, button.Emphasis = true, false, component.Quiet
	return button
}

func groupLegend(depth int) string {
	if depth > 1 {
		return "segments.builder.group"
	}
	return "segments.builder.rule"
}

func sampleColumns(ctx context.Context, s segment.Sample) []component.Column {
	columns := []component.Column{{Label: i18n.T(ctx, "segments.profile_id")}}
	for i, attribute := range s.Attributes {
		columns = append(columns, component.Column{Label: attribute.Label, Numeric: numeric(s, i)})
	}
	return columns
}

func numeric(s segment.Sample, i int) bool { return s.Attributes[i].Kind == profile.Number }

// Exports are the uses that are exports.
func Exports(uses []segment.Use) (exports []segment.Use) {
	for _, use := range uses {
		if use.ExportID != 0 {
			exports = append(exports, use)
		}
	}
	return exports
}

// excluded reports whether the segment is on the list of exclusions.
func excluded(uses []segment.Use) bool {
	return slices.ContainsFunc(uses, func(use segment.Use) bool { return use.ExportID == 0 && use.SegmentID == 0 })
}

// outers are the uses that are segments whose rules name it.
func outers(uses []segment.Use) (found []segment.Use) {
	for _, use := range uses {
		if use.SegmentID != 0 {
			found = append(found, use)
		}
	}
	return found
}

func exclusionsLink(ctx context.Context) templ.Component {
	return component.Button{Label: i18n.T(ctx, "segments.excluded.link"), Href: "/exclusions", Small: true}
}
