package segment

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// Sentence says who belongs to a segment, in the reader's language: "Country is Denmark and Last purchase is within the
// last 30 days". Attributes are those of the current profiles; one that is gone is called what it was called. Who may not
// see personal data does not see what a rule compares it with: that may be one customer's address.
func Sentence(ctx context.Context, of segment.Segment, attributes []profile.Attribute, maySee bool) string {
	if of.Definition.Kind == segment.ByList {
		if of.Definition.ListBy == segment.Addresses {
			return i18n.N(ctx, "segments.sentence.addresses", of.ListCount)
		}
		return i18n.N(ctx, "segments.sentence.list", of.ListCount)
	}
	if len(of.Definition.Rule.Conditions) == 0 && len(of.Definition.Rule.Groups) == 0 {
		return i18n.T(ctx, "segments.sentence.everybody")
	}
	return capitalised(sayer{profile.Snapshot{Attributes: attributes}, maySee}.group(ctx, of.Definition.Rule))
}

// capitalised begins a sentence, which a bracket may open, with a capital letter, whatever its first attribute is called.
func capitalised(sentence string) string {
	at := len(sentence) - len(strings.TrimLeft(sentence, "("))
	first, size := utf8.DecodeRuneInString(sentence[at:])
	if size == 0 || !unicode.IsLower(first) {
		return sentence
	}
	return sentence[:at] + string(unicode.ToTitle(first)) + sentence[at+size:]
}

// sayer puts rules into words for one reader.
type sayer struct {
	known  profile.Snapshot
	maySee bool // personal data
}

func (s sayer) group(ctx context.Context, g segment.Group) string {
	var parts []string
	for _, condition := range g.Conditions {
		parts = append(parts, s.condition(ctx, condition))
	}
	for _, inner := range g.Groups {
		said := s.group(ctx, inner)
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

func (s sayer) condition(ctx context.Context, c segment.Condition) string {
	said := s.compared(ctx, c)
	kind := profile.Text // of one that is gone nobody knows
	if attribute, ok := s.known.Attribute(c.Attribute); ok {
		kind = attribute.Kind
	}
	if c.MatchCase && c.Operator.MindsCase(kind) {
		said = i18n.T(ctx, "segments.sentence.case", "Condition", said)
	}
	return said
}

func (s sayer) compared(ctx context.Context, c segment.Condition) string {
	key := "segments.sentence." + string(c.Operator)
	switch {
	case c.Operator.Takes() == segment.OneSegment:
		return i18n.T(ctx, key, "Value", named(c))
	case c.Operator == "": // of a draft
		return i18n.T(ctx, "segments.sentence.unfinished")
	}
	label, kind, personal := c.Label, profile.Text, true // of one that is gone nobody knows
	if attribute, ok := s.known.Attribute(c.Attribute); ok {
		label, kind, personal = attribute.Label, attribute.Kind, attribute.Mark >= profile.Personal
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
	if personal && !s.maySee && c.Operator.Takes() != segment.Days {
		values = hidden(ctx, c)
	}
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

// hidden stands for a condition's values.
func hidden(ctx context.Context, c segment.Condition) []string {
	if c.Operator.Takes() == segment.ManyValues {
		return []string{i18n.N(ctx, "segments.sentence.hidden", len(c.Values))}
	}
	one := i18n.N(ctx, "segments.sentence.hidden", 1)
	return []string{one, one}
}

// saidValues is how many values of a long list a sentence names.
const saidValues = 10

func several(ctx context.Context, values []string) string {
	if len(values) <= saidValues {
		return strings.Join(values, ", ")
	}
	return i18n.T(ctx, "segments.sentence.more", "Values", strings.Join(values[:saidValues], ", "), "Number", len(values)-saidValues)
}

// shortSentence is how much of a rule a list shows, in characters.
const shortSentence = 120

// Short is the beginning of a segment's sentence, up to the end of a word.
func Short(ctx context.Context, of segment.Segment, attributes []profile.Attribute, maySee bool) string {
	said := []rune(Sentence(ctx, of, attributes, maySee))
	if len(said) <= shortSentence {
		return string(said)
	}
	cut := string(said[:shortSentence])
	if end := strings.LastIndexByte(cut, ' '); end > 0 {
		cut = cut[:end]
	}
	return strings.TrimRight(cut, " ,(") + " …"
}

func at(values []string, i int) string {
	if i < len(values) {
		return values[i]
	}
	return ""
}
