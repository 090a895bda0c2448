package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/profile"
)

const (
	inspectedLines = 1_000 // lines that guesses are made from
	shownSamples   = 5
)

// Preview is the beginning of a file: what its columns seem to be, with real values, for a person to correct.
type Preview struct {
	Import  Import
	Samples [][]string // for each column, up to five different values
	Refused []Refusal  // among the first lines, as the file stands; kinds are not tried
}

// inspection is what the beginning of a file shows.
type inspection struct {
	delimiter byte
	headings  []string
	values    [][]string // by column, without the blank ones
	refused   []Refusal
	lines     int
}

// newReader opens a file and reads its header. delimiter 0 means: find out.
func newReader(file io.Reader, delimiter byte) (*csvReader, []string, error) {
	source := openText(file)
	if delimiter == 0 {
		delimiter = detectDelimiter(source)
	}
	reader := &csvReader{source: source, comma: delimiter}
	header, err := reader.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, fileProblem("empty")
	case err != nil:
		return nil, nil, fmt.Errorf("read header: %w", err)
	case header.refused == refusedNUL || (header.refused != "" && bytes.IndexByte(reader.text, 0) >= 0):
		return nil, nil, fileProblem("not_text")
	case header.refused == refusedNotUTF8:
		return nil, nil, fileProblem("not_utf8")
	case header.refused != "":
		return nil, nil, fileProblem("header_" + header.refused)
	case len(header.fields) > maxColumns:
		return nil, nil, fileProblem("too_many_columns", "Most", maxColumns, "Number", len(header.fields))
	}
	return reader, name(header.fields), nil
}

// name gives every column a heading of its own.
func name(fields []string) []string {
	headings := make([]string, len(fields))
	taken := map[string]bool{}
	for i, field := range fields {
		heading := strings.Join(strings.Fields(field), " ")
		heading = cut(heading, 100)
		if keyOf(heading) == "" {
			heading = strings.TrimSpace(heading + " column " + strconv.Itoa(i+1))
		}
		unique := heading
		for n := 2; taken[keyOf(unique)]; n++ {
			unique = fmt.Sprintf("%s %d", cut(heading, 20), n) // short, so that the number stays in the key
		}
		taken[keyOf(unique)] = true
		headings[i] = unique
	}
	return headings
}

// inspect reads the beginning of a file.
func inspect(file io.Reader, delimiter byte) (inspection, error) {
	reader, headings, err := newReader(file, delimiter)
	if err != nil {
		return inspection{}, err
	}
	found := inspection{delimiter: reader.comma, headings: headings, values: make([][]string, len(headings))}
	for size := 0; found.lines < inspectedLines && size < 4*maxLine; found.lines++ {
		r, err := reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return inspection{}, fmt.Errorf("read the beginning of the file: %w", err)
		}
		if refusal, refused := checkShape(r, headings); refused {
			found.refused = append(found.refused, refusal)
			continue
		}
		size += r.size
		for i, field := range r.fields {
			if strings.TrimSpace(field) != "" {
				found.values[i] = append(found.values[i], field)
			}
		}
	}
	if found.lines == 0 {
		return inspection{}, fileProblem("no_lines")
	}
	return found, nil
}

// checkShape refuses what is no line of as many fields as the header.
func checkShape(r record, headings []string) (Refusal, bool) {
	refusal := Refusal{Line: r.line, Code: refusalPrefix + r.refused}
	if r.refused != "" {
		if r.column >= 0 && r.column < len(headings) {
			refusal.Column = headings[r.column]
		}
		return refusal, true
	}
	if len(r.fields) != len(headings) {
		refusal.Code = refusalPrefix + refusedFields
		return refusal, true
	}
	return refusal, false
}

// settings are the guesses, with what people have said about the attributes before.
func (f inspection) settings(known map[string]profile.Attribute) Settings {
	reading := guessReading(f.values)
	s := Settings{
		Mode: KeepGood, Delimiter: string(f.delimiter), DecimalComma: reading.decimalComma, MonthFirst: reading.monthFirst,
	}
	keys := make([]string, len(f.headings))
	for i, heading := range f.headings {
		key := keyOf(heading)
		keys[i] = key
		c := Column{
			Heading: heading, Key: key, Label: labelOf(heading), Include: true,
			Kind: reading.guessKind(key, f.values[i]), Personal: guessPersonal(key, f.values[i]),
		}
		if a, ok := known[key]; ok {
			c.Label, c.Personal = a.Label, a.Personal
			if reading.mostlyFits(a.Kind, f.values[i]) {
				c.Kind = a.Kind
			}
		}
		s.Columns = append(s.Columns, c)
	}
	for _, candidate := range idKeys {
		if i := slices.Index(keys, candidate); i >= 0 {
			s.ID = i
			break
		}
	}
	s.includeID()
	return s
}

// includeID leaves the id's column out of the attributes: the id is kept as it is. An address that serves as the id
// stays, since it is also what is sent.
func (s *Settings) includeID() {
	s.Columns[s.ID].Include = has(emailWords, s.Columns[s.ID].Key)
}

// samples are up to five different values of each column.
func (f inspection) samples() [][]string {
	all := make([][]string, len(f.values))
	for i, values := range f.values {
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

// labelOf makes a heading that a program wrote (first_name) one that people read (First name).
func labelOf(heading string) string {
	if heading == "" || heading != strings.ToLower(heading) || strings.Contains(heading, " ") {
		return heading
	}
	label := strings.ReplaceAll(heading, "_", " ")
	first, size := utf8.DecodeRuneInString(label)
	return string(unicode.ToUpper(first)) + label[size:]
}

// cut shortens to a number of characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
