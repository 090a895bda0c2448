package source

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/tabular"
)

// Preview is the beginning of a file: what its columns seem to be, with real values, for a person to correct.
type Preview struct {
	Import  Import
	Samples [][]string // for each column, up to five different values
	Refused []Refusal  // among the first lines, as the file stands; kinds are not tried
}

// openUpload opens an import's file, and says how large it is.
func (s *Service) openUpload(importID int64) (*os.File, int64, error) {
	file, err := os.Open(s.path(importID))
	if err != nil {
		return nil, 0, fmt.Errorf("open upload: %w", err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("measure upload: %w", err), file.Close())
	}
	return file, size, nil
}

// inspectFile reads the beginning of an import's file.
func (s *Service) inspectFile(i Import, options tabular.Options) (tabular.Inspection, error) {
	file, size, err := s.openUpload(i.ID)
	if err != nil {
		return tabular.Inspection{}, err
	}
	defer file.Close()
	return tabular.Inspect(file, size, i.FileName, options)
}

// guess makes settings of what a file shows, and of what people have said about the attributes before.
func guess(found tabular.Inspection, known map[string]profile.Attribute) Settings {
	reading := found.Reading()
	s := Settings{
		Mode: KeepGood, Format: found.Options.Format, Delimiter: found.Options.Delimiter, Encoding: found.Options.Encoding, LeftOut: found.LeftOut,
		DecimalComma: reading.DecimalComma, MonthFirst: reading.MonthFirst,
	}
	keys := make([]string, len(found.Headings))
	for i, heading := range found.Headings {
		key := tabular.KeyOf(heading)
		keys[i] = key
		c := Column{
			Heading: heading, Key: key, Label: tabular.LabelOf(heading), Include: true,
			Kind: found.Kind(i, reading), Mark: found.Mark(i), Separator: found.Separator(i),
		}
		if a, ok := known[key]; ok {
			c.Label, c.Mark = a.Label, a.Mark
			if found.MostlyFits(i, a.Kind, reading) {
				c.Kind = a.Kind
			}
		}
		s.Columns = append(s.Columns, c)
	}
	s.ID = tabular.GuessID(keys)
	s.includeID()
	return s
}

// includeID leaves the id's column out of the attributes: the id is kept as it is. An address that serves as the id
// stays, since it is also what is sent.
func (s *Settings) includeID() {
	s.Columns[s.ID].Include = tabular.IsEmail(s.Columns[s.ID].Key)
}

// refusal is a line that could not be read.
func refusal(r tabular.Record, headings []string) Refusal {
	told := Refusal{Line: r.Line, Code: r.Refused}
	if r.Column >= 0 {
		told.Column = headings[r.Column]
	}
	return told
}

// cut shortens to a number of characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
