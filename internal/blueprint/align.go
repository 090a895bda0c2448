package blueprint

import (
	"slices"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/segment"
)

// align gives the file in the order in which configurations are written, with every name spelled as it will be: names are the same
// in upper and lower case. A segment that is named and will not be there is a problem, and so is a person who is no
// contributor.
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
	for i := range f.Connections {
		c := &f.Connections[i]
		ids, unknown := now.ids(c.People)
		if unknown != "" && missing == nil {
			missing = refused(CodePerson, "Name", unknown, "Of", c.Name)
		}
		c.People = now.addresses(access.Named(ids...))
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

// ids are the people with the addresses, up to the first address that is no contributor's.
func (now standing) ids(addresses []string) (ids []int64, unknown string) {
	for _, address := range addresses {
		at := slices.IndexFunc(now.people, func(one access.Actor) bool { return database.Fold(one.Email) == database.Fold(tidy(address)) })
		if at < 0 {
			return ids, address
		}
		ids = append(ids, now.people[at].UserID)
	}
	return ids, ""
}

// addresses are those of the people whom a grant names, in their order.
func (now standing) addresses(grant access.Grant) (found []string) {
	for _, one := range connection.Granted(grant, now.people) {
		found = append(found, one.Email)
	}
	slices.SortFunc(found, byName)
	return found
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
