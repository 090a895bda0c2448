package web

import (
	"net/url"
	"strings"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	views "github.com/segue-app/segue/views/segment"
)

// The form of a rule names its fields by their place in the rule (see segment.Path). Its buttons send, as "do", a verb and a
// place: add-condition:rule.g0, add-group:rule, remove:rule.1.

// maxFormGroups is how many groups one group's form may have.
const maxFormGroups = 20

// parseRule reads a rule from its form, complete or not.
func parseRule(form url.Values) segment.Group { return parseGroup(form, segment.RootPath, 1) }

func parseGroup(form url.Values, path segment.Path, depth int) segment.Group {
	g := segment.Group{Match: segment.Match(form.Get(path.Match()))}
	for i := 0; i <= segment.MaxConditions && form.Has(path.Condition(i).Attribute()); i++ {
		g.Conditions = append(g.Conditions, parseCondition(form, path.Condition(i)))
	}
	for i := 0; i < maxFormGroups && depth <= segment.MaxDepth && form.Has(path.Group(i).Match()); i++ {
		g.Groups = append(g.Groups, parseGroup(form, path.Group(i), depth+1))
	}
	return g
}

func parseCondition(form url.Values, path segment.Path) segment.Condition {
	c := segment.Condition{Attribute: form.Get(path.Attribute()), Operator: segment.Operator(form.Get(path.Operator()))}
	if names := c.Operator.Takes() == segment.OneSegment; c.Attribute == views.SegmentChoice {
		c.Attribute = ""
		if !names {
			c.Operator = segment.InSegment
		}
	} else if names {
		c.Operator = "" // an attribute was chosen instead of a segment
	}
	c.MatchCase = form.Has(path.Case())
	value := strings.TrimSpace(form.Get(path.Value(0)))
	switch c.Operator.Takes() {
	case segment.Nothing:
	case segment.TwoValues:
		c.Values = []string{value, strings.TrimSpace(form.Get(path.Value(1)))}
	case segment.ManyValues:
		for line := range strings.Lines(form.Get(path.Value(0))) {
			if line = strings.TrimSpace(line); line != "" {
				c.Values = append(c.Values, line)
			}
		}
	default:
		c.Values = []string{value}
	}
	return c
}

// fitRule gives every condition whose attribute is of another kind than its operator the first operator of that kind: the
// person chose another attribute, and what has no case is not asked to match it. A label is kept for an attribute that is gone.
func fitRule(g segment.Group, snapshot profile.Snapshot) segment.Group {
	fitted := segment.Group{Match: g.Match}
	if fitted.Match == "" {
		fitted.Match = segment.All
	}
	for _, c := range g.Conditions {
		attribute, ok := snapshot.Attribute(c.Attribute)
		if ok && !c.Operator.Fits(attribute.Kind) {
			c.Operator, c.Values, c.MatchCase = segment.Operators(attribute.Kind)[0], nil, false
		}
		c.MatchCase = c.MatchCase && c.Operator.Takes() != segment.OneSegment && (!ok || c.Operator.MindsCase(attribute.Kind))
		fitted.Conditions = append(fitted.Conditions, c)
	}
	for _, inner := range g.Groups {
		fitted.Groups = append(fitted.Groups, fitRule(inner, snapshot))
	}
	return fitted
}

// changeRule does what a button of the builder asks, and says where the person goes on: the id of a field or of a button.
func changeRule(rule segment.Group, do string) (changed segment.Group, focus string) {
	verb, place, _ := strings.Cut(do, ":")
	step := ruleStep{verb: verb, place: segment.Path(place)}
	changed = step.change(rule, segment.RootPath, 1)
	return changed, step.focus
}

type ruleStep struct {
	verb  string
	place segment.Path
	focus string
}

func (s *ruleStep) change(g segment.Group, path segment.Path, depth int) segment.Group {
	changed := segment.Group{Match: g.Match}
	for i, c := range g.Conditions {
		if !s.removes(path.Condition(i), path) {
			changed.Conditions = append(changed.Conditions, c)
		}
	}
	for i, inner := range g.Groups {
		if !s.removes(path.Group(i), path) {
			changed.Groups = append(changed.Groups, s.change(inner, path.Group(i), depth+1))
		}
	}
	if path != s.place {
		return changed
	}
	switch {
	case s.verb == "add-condition" && len(g.Conditions) < segment.MaxConditions:
		s.focus = path.Condition(len(g.Conditions)).Attribute()
		changed.Conditions = append(changed.Conditions, segment.Condition{})
	case s.verb == "add-group" && len(g.Groups) < maxFormGroups && depth < segment.MaxDepth:
		s.focus = path.Group(len(g.Groups)).Condition(0).Attribute()
		changed.Groups = append(changed.Groups, segment.Group{Match: segment.Any, Conditions: []segment.Condition{{}}})
	}
	return changed
}

func (s *ruleStep) removes(place, from segment.Path) bool {
	if s.verb != "remove" || place != s.place {
		return false
	}
	s.focus = "do-add-condition:" + string(from)
	return true
}
