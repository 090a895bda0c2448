package blueprint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/segment"
)

// check holds the file to what every configuration keeps to: names that are there, tidy, and one of a kind.
func (f File) check() error {
	var names []string
	for _, c := range f.Connections {
		names = append(names, "connection\x00"+c.Name)
	}
	for _, s := range f.Segments {
		names = append(names, "segment\x00"+s.Name)
	}
	for _, e := range f.Exports {
		names = append(names, "export\x00"+e.Name)
	}
	seen := map[string]bool{}
	for _, full := range names {
		_, name, _ := strings.Cut(full, "\x00")
		if key := database.Fold(full); name == "" || tidy(name) != name || seen[key] {
			return refused(CodeName, "Name", name)
		} else {
			seen[key] = true
		}
	}
	for _, s := range f.Segments {
		if s.Rule != nil && !s.Rule.Bounded() {
			return refused(CodeRule, "Name", s.Name)
		}
	}
	for _, c := range f.Connections {
		if c.Contributors && len(c.People) > 0 {
			return refused(CodeBoth, "Name", c.Name)
		}
	}
	_, err := f.ordered()
	return err
}

// filled has what may be left out of a file as a form would have it, and the rest as it is kept, so that a difference is one.
func (f File) filled() File {
	for i := range f.Segments {
		s := &f.Segments[i]
		s.Description, s.State, s.Rule = strings.TrimSpace(s.Description), cmp.Or(s.State, segment.Active), unlabelled(s.Rule)
		if s.Zone == "UTC" {
			s.Zone = ""
		}
	}
	for i := range f.Exports {
		e := &f.Exports[i]
		e.Schedule.When, e.Leavers, e.AskShare = cmp.Or(e.Schedule.When, export.WithSystem), cmp.Or(e.Leavers, export.Untag), cmp.Or(e.AskShare, export.DefaultAskShare)
		e.Segments, e.Fields, e.Consent = append([]Part{}, e.Segments...), append([]Field{}, e.Fields...), e.consent()
		for j := range e.Fields {
			e.Fields[j] = e.Fields[j].tidy()
		}
		for j := range e.Segments {
			e.Segments[j].Tag = tidy(e.Segments[j].Tag)
		}
	}
	return f
}

func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

// consentFields are mapped when something is told of consents.
var consentFields = []destination.Field{destination.EmailStatus, destination.EmailStatusAt, destination.SMSStatus, destination.SMSStatusAt}

// consent is what the export says of consents beside its fields: nothing when it tells none, and no source when it is the usual one.
func (e Export) consent() *Consent {
	if e.Consent == nil {
		return nil
	}
	kept := Consent{Source: tidy(e.Consent.Source), Everyone: append([]string(nil), e.Consent.Everyone...)}
	told := len(kept.Everyone) > 0 || slices.ContainsFunc(e.Fields, func(f Field) bool { return slices.Contains(consentFields, destination.Field(f.Field)) })
	if !told || kept.Source == export.DefaultConsentSource {
		kept.Source = ""
	}
	if kept.Source == "" && len(kept.Everyone) == 0 {
		return nil
	}
	return &kept
}

// ordered gives the segments so that each comes after those that its rule names; a circle is a problem. Those that are not in the file
// are passed over.
func (f File) ordered() (order []Segment, err error) {
	byName := map[string]Segment{}
	for _, s := range f.Segments {
		byName[database.Fold(s.Name)] = s
	}
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(s Segment) error
	visit = func(s Segment) error {
		key := database.Fold(s.Name)
		switch state[key] {
		case open:
			return refused(CodeCircle, "Name", s.Name)
		case done:
			return nil
		}
		state[key] = open
		for _, name := range s.portable().Names() {
			if inner, ok := byName[database.Fold(name)]; ok {
				if err := visit(inner); err != nil {
					return err
				}
			}
		}
		state[key] = done
		order = append(order, s)
		return nil
	}
	for _, s := range f.Segments {
		if err := visit(s); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// sorted has each kind by name, so that the same configuration is always written alike.
func (f File) sorted() File {
	f.Connections, f.Segments, f.Exports = slices.Clone(f.Connections), slices.Clone(f.Segments), slices.Clone(f.Exports)
	slices.SortFunc(f.Connections, func(a, b Connection) int { return byName(a.Name, b.Name) })
	slices.SortFunc(f.Segments, func(a, b Segment) int { return byName(a.Name, b.Name) })
	slices.SortFunc(f.Exports, func(a, b Export) int { return byName(a.Name, b.Name) })
	return f
}

func byName(a, b string) int { return strings.Compare(database.Fold(a), database.Fold(b)) }
