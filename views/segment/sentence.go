package segment

import (
	"context"
	"strings"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// Sentence says who belongs to a segment, in the reader's language: "Country is Denmark and Last purchase is within the
// last 30 days". Attributes are those of the current profiles; one that is gone is called what it was called.
func Sentence(ctx context.Context, of segment.Segment, attributes []profile.Attribute) string {
	if of.Definition.Kind == segment.ByList {
		return i18n.N(ctx, "segments.sentence.list", of.ListCount)
	}
	if len(of.Definition.Rule.Conditions) == 0 && len(of.Definition.Rule.Groups) == 0 {
		return i18n.T(ctx, "segments.sentence.everybody")
	}
	return sayGroup(ctx, of.Definition.Rule, profile.Snapshot{Attributes: attributes})
}

func sayGroup(ctx context.Context, g segment.Group, known profile.Snapshot) string {
	var parts []string
	for _, condition := range g.Conditions {
		parts = append(parts, sayCondition(ctx, condition, known))
	}
	for _, inner := range g.Groups {
		said := sayGroup(ctx, inner, known)
		if len(inner.Conditions)+len(inner.Groups) > 1 && inner.Match != segment.None {
			said = "(" + said + ")"
		}
		parts = append(parts, said)
	}
	if g.Match == segment.None {
		return i18n.T(ctx, "segments.sentence.none", "Parts", strings.Join(parts, i18n.T(ctx, "segments.sentence.or")))
	}
	if g.Match == segment.Any {
		return strings.Join(parts, i18n.T(ctx, "segments.sentence.or"))
	}
	return strings.Join(parts, i18n.T(ctx, "segments.sentence.and"))
}

func sayCondition(ctx context.Context, c segment.Condition, known profile.Snapshot) string {
	label, kind := c.Label, profile.Text
	if attribute, ok := known.Attribute(c.Attribute); ok {
		label, kind = attribute.Label, attribute.Kind
	}
	if label == "" {
		label = c.Attribute
	}
	values := make([]string, len(c.Values))
	for i, value := range c.Values {
		values[i] = value
		if c.Operator.Takes() != segment.Days {
			values[i] = sayValue(ctx, value, kind)
		}
	}
	key := "segments.sentence." + string(c.Operator)
	switch c.Operator.Takes() {
	case segment.Nothing:
		return i18n.T(ctx, key, "Attribute", label)
	case segment.TwoValues:
		return i18n.T(ctx, key, "Attribute", label, "From", at(values, 0), "To", at(values, 1))
	case segment.ManyValues:
		return i18n.T(ctx, key, "Attribute", label, "Values", several(ctx, values))
	case segment.Days:
		return i18n.N(ctx, key, whole(at(values, 0)), "Attribute", label)
	default:
		return i18n.T(ctx, key, "Attribute", label, "Value", at(values, 0))
	}
}

// saidValues is how many values of a long list a sentence names.
const saidValues = 10

func several(ctx context.Context, values []string) string {
	if len(values) <= saidValues {
		return strings.Join(values, ", ")
	}
	return i18n.T(ctx, "segments.sentence.more", "Values", strings.Join(values[:saidValues], ", "), "Number", len(values)-saidValues)
}

func at(values []string, i int) string {
	if i < len(values) {
		return values[i]
	}
	return ""
}
