package tabular

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/segue-app/segue/internal/profile"
)

const (
	inspectedLines = 1_000 // lines that guesses are made from
	shownSamples   = 5
)

// Inspection is what the beginning of a file shows.
type Inspection struct {
	Options  Options // found out, or as given
	Headings []string
	Values   [][]string // by column, without the blank ones
	types    []types    // by column
	LeftOut  []LeftOut  // of the columns
	Refused  []Record   // among the first lines, as the file stands; kinds are not tried
	Lines    int
}

// types are what the values of a column are in the file itself.
type types struct{ exact, written bool }

// Inspect reads the beginning of a file. See Open.
func Inspect(file io.ReaderAt, size int64, name string, options Options) (Inspection, error) {
	table, err := Open(file, size, name, options)
	if err != nil {
		return Inspection{}, err
	}
	defer table.Close()
	found := Inspection{Options: table.Options, Headings: table.Headings, Values: make([][]string, len(table.Headings)), types: make([]types, len(table.Headings))}
	for size := 0; found.Lines < inspectedLines && size < 4*maxLine; found.Lines++ {
		r, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Inspection{}, err
		}
		if r.Refused != "" {
			found.Refused = append(found.Refused, r)
			continue
		}
		size += r.Size
		for i, field := range r.Fields {
			if strings.TrimSpace(field) == "" {
				continue
			}
			// What is kept must not keep a whole line of a megabyte alive.
			found.Values[i] = append(found.Values[i], strings.Clone(field))
			if r.Exact != nil && r.Exact[i] {
				found.types[i].exact = true
			} else {
				found.types[i].written = true
			}
		}
	}
	found.LeftOut = table.LeftOut()
	if found.Lines == 0 {
		return Inspection{}, fileProblem("no_lines")
	}
	return found, nil
}

// Reading is how the values seem to be written.
func (f Inspection) Reading() Reading {
	var written [][]string
	for i, values := range f.Values {
		if !f.isExact(i) {
			written = append(written, values)
		}
	}
	return guessReading(written)
}

// Kind guesses what a column holds. In a file that knows types, digits in a text are a text.
func (f Inspection) Kind(column int, how Reading) profile.Kind {
	if f.isExact(column) {
		how = Reading{exact: true}
	}
	kind := how.guessKind(KeyOf(f.Headings[column]), f.Values[column])
	if f.Options.Format != CSV && f.hasWritten(column) && (kind == profile.Number || kind == profile.Boolean) {
		return profile.Text
	}
	return kind
}

func (f Inspection) isExact(column int) bool {
	return f.types != nil && f.types[column].exact && !f.types[column].written
}

func (f Inspection) hasWritten(column int) bool { return f.types != nil && f.types[column].written }

// Separator is what stands between the texts of a list in a column, "" when it may be anything.
func (f Inspection) Separator(column int) string { return guessSeparator(f.Values[column]) }

// MostlyFits reports whether nine values of ten fit a kind: what a person once chose then still makes sense.
func (f Inspection) MostlyFits(column int, kind profile.Kind, how Reading) bool {
	return how.mostlyFits(kind, f.Values[column])
}

// Mark guesses whether a column holds personal or sensitive data.
func (f Inspection) Mark(column int) profile.Mark {
	return GuessMark(KeyOf(f.Headings[column]), f.Values[column])
}

// Samples are up to five different values of each column.
func (f Inspection) Samples() [][]string {
	all := make([][]string, len(f.Values))
	for i, values := range f.Values {
		for _, v := range values {
			if short := cut(v, 60); short != v {
				v = short + "…"
			}
			if !slices.Contains(all[i], v) {
				all[i] = append(all[i], v)
			}
			if len(all[i]) == shownSamples {
				break
			}
		}
	}
	return all
}
