package source

import (
	"slices"

	"github.com/segue-app/segue/internal/profile"
)

// like puts what was said about an earlier file of the same source in the place of the guesses. The separator stays as it is
// found: it is a matter of the file. So is how numbers and dates are written in a file that shares none of them.
func (s Settings) like(before Settings) Settings {
	if len(before.Columns) == 0 {
		return s
	}
	s.Mode = before.Mode
	for n := range s.Columns {
		if at := before.column(s.Columns[n].Key); at >= 0 {
			own, was := &s.Columns[n], before.Columns[at]
			own.Include, own.Attribute, own.Separator = was.Include, was.Attribute, was.Separator
			if own.Native == "" || becomes(own.Native, was.Kind) {
				own.Kind = was.Kind
			}
			switch was.Kind {
			case profile.Number:
				s.DecimalComma = before.DecimalComma
			case profile.Date, profile.DateTime:
				s.MonthFirst = before.MonthFirst
			}
		}
	}
	if at := s.column(before.Columns[before.ID].Key); at >= 0 {
		s.ID = at
	}
	return s
}

// marked gives each column the label and the mark of the attribute that it becomes, as people have corrected them since. An import by
// itself must not put up again what was taken down.
func (s Settings) marked(known map[string]profile.Attribute) Settings {
	for n := range s.Columns {
		if a, ok := known[s.Columns[n].attribute()]; ok {
			s.Columns[n].Label, s.Columns[n].Mark = a.Label, a.Mark
		}
	}
	return s
}

// column is the index of the column with a key, -1 when there is none.
func (s Settings) column(key string) int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Key == key })
}

// Missing are the columns that were imported from earlier files and are not in this one.
func (s Settings) Missing(before Settings) []Column {
	var missing []Column
	for n, c := range before.Columns {
		if (c.Include || n == before.ID) && s.column(c.Key) < 0 {
			missing = append(missing, c)
		}
	}
	return missing
}

// New are the columns that no earlier file had.
func (s Settings) New(before Settings) []Column {
	var added []Column
	for _, c := range s.Columns {
		if len(before.Columns) > 0 && before.column(c.Key) < 0 {
			added = append(added, c)
		}
	}
	return added
}
