package segment

import (
	"context"
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
		return nil
	}
	return templ.Join(
		component.PostButton{Action: address(d.ID, "/calculate"), CSRF: d.CSRF, Button: component.Button{Label: i18n.T(ctx, "segments.calculate"), Icon: "refresh-cw"}},
		component.Button{Label: i18n.T(ctx, "segments.edit"), Icon: "pencil", Href: address(d.ID, "/edit"), Emphasis: component.Primary},
		component.Button{Label: i18n.T(ctx, "segments.delete"), Icon: "trash", Href: address(d.ID, "/delete"), Emphasis: component.Quiet},
	)
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
