package blueprint

import (
	"slices"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/segment"
)

// align gives the file in the order in which configurations are written, with every name spelled as it will be: names are the same
// in upper and lower case. A segment that is named and will not be there is a problem.
func (now standing) align(f File, prune bool) (File, error) {
	f = f.sorted()
	var missing error
	spelled := func(by string) func(name string) string {
		return func(name string) string {
			if s, ok := segmentNamed(f.Segments, name); ok {
				return s.Name
			}
			if s, ok := segmentNamed(now.Segments, name); ok && !prune {
				return s.Name
			}
			if missing == nil {
				missing = refused(CodeSegment, "Name", name, "Of", by)
			}
			return name
		}
	}
	for i := range f.Segments {
		s := &f.Segments[i]
		s.Rule = renamed(unlabelled(s.Rule), spelled(s.Name))
		if here, ok := segmentNamed(now.Segments, s.Name); ok && database.Fold(here.Base) == database.Fold(s.Base) {
			s.Base = here.Base
		}
	}
	for i := range f.Exports {
		e := &f.Exports[i]
		e.Segments = slices.Clone(e.Segments)
		for j, part := range e.Segments {
			e.Segments[j].Segment = spelled(e.Name)(part.Segment)
		}
		if c, ok := now.connections[database.Fold(e.Connection)]; ok {
			e.Connection = c.Name
		}
	}
	return f, missing
}

func segmentNamed(all []Segment, name string) (Segment, bool) {
	key := database.Fold(name)
	for _, s := range all {
		if database.Fold(s.Name) == key {
			return s, true
		}
	}
	return Segment{}, false
}

// renamed is a rule with other names for the segments that it names.
func renamed(rule *segment.Group, name func(string) string) *segment.Group {
	if rule == nil {
		return nil
	}
	other := segment.Group{Match: rule.Match, Conditions: slices.Clone(rule.Conditions)}
	for i, c := range other.Conditions {
		if c.Operator.Takes() == segment.OneSegment && len(c.Values) > 0 {
			other.Conditions[i].Values = append([]string{name(c.Values[0])}, c.Values[1:]...)
		}
	}
	for _, inner := range rule.Groups {
		other.Groups = append(other.Groups, *renamed(&inner, name))
	}
	return &other
}
