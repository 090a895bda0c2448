package tabular

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Why a line of JSON is refused.
const (
	refusedNotJSON   = refusalPrefix + "not_json"
	refusedNotObject = refusalPrefix + "not_object"
	refusedTwice     = refusalPrefix + "key_twice"
	refusedLongKey   = refusalPrefix + "key_too_long"
)

const (
	maxNesting = 4   // objects in objects that become columns; what lies deeper is kept as JSON
	maxPath    = 500 // bytes of a column's name: the keys on the way to it, with a dot between them
)

// ndjsonReader reads a JSON object from each line. Its columns are the keys of the first 1,000 lines, those of an object in
// an object with a dot between them. A number or truth is kept as the file has it, an array as JSON.
type ndjsonReader struct {
	lineReader
	content    content
	columns    map[string]int // by path
	learning   bool           // a new path becomes a column
	headings   []string
	fields     []string
	exact      []bool
	met        []int // by column, the last line that had it
	late       []LeftOut
	lateByPath map[string]int
	objects    map[string]int // by path, the last line that had an object there
	path       []byte
}

func openNDJSON(from content) (rows, []string, error) {
	reader := &ndjsonReader{content: from, columns: map[string]int{}, learning: true, lateByPath: map[string]int{}, objects: map[string]int{}}
	if err := reader.rewind(); err != nil {
		return nil, nil, err
	}
	firstReason := ""
	for range inspectedLines {
		r, err := reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if len(reader.headings) > maxColumns {
			return nil, nil, errTooManyColumns()
		}
		if firstReason == "" {
			firstReason = r.Refused
		}
	}
	switch {
	case len(reader.headings) == 0 && firstReason == refusedNotJSON:
		return nil, nil, fileProblem("json_lines")
	case len(reader.headings) == 0:
		return nil, nil, fileProblem("no_lines")
	}
	reader.learning = false
	return reader, name(reader.headings), reader.rewind()
}

// rewind begins at the first line again.
func (n *ndjsonReader) rewind() error {
	file, err := n.content.open()
	if err != nil {
		return err
	}
	n.lineReader = lineReader{source: openText(file, UTF8).source}
	n.met = make([]int, len(n.met))
	clear(n.objects)
	return nil
}

func (n *ndjsonReader) read() int64 { return n.content.file.n }

func (n *ndjsonReader) leftOut() []LeftOut { return n.late }

func (n *ndjsonReader) close() {}

// next reads the next line that is not blank.
func (n *ndjsonReader) next() (Record, error) {
	for {
		line, err := n.readLine()
		if err != nil {
			return Record{}, err
		}
		r := Record{Line: n.line, Column: -1}
		if n.tooLong {
			r.Refused = refusedTooLong
			return r, nil
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		switch {
		case !utf8.Valid(line):
			r.Refused = refusedNotUTF8
		case bytes.IndexByte(line, 0) >= 0:
			r.Refused = refusedNUL
		case !json.Valid(line):
			r.Refused = refusedNotJSON
		case line[0] != '{':
			r.Refused = refusedNotObject
		default:
			r.Size = len(line)
			n.fields, n.exact = append(n.fields[:0], make([]string, len(n.headings))...), append(n.exact[:0], make([]bool, len(n.headings))...)
			walk := walker{ndjsonReader: n, line: string(line)}
			n.path = n.path[:0]
			walk.object(1)
			r.Refused, r.Column = walk.refused, walk.column
			if r.Refused == "" {
				r.Fields, r.Exact = n.fields, n.exact
			}
		}
		return r, nil
	}
}

// column is where a path belongs: -1 when it is no column.
func (n *ndjsonReader) column(path []byte) int {
	if i, ok := n.columns[string(path)]; ok {
		return i
	}
	// One column too many is enough to know that there are too many.
	if n.learning && len(n.headings) <= maxColumns {
		i := len(n.headings)
		n.columns[string(path)] = i
		n.headings = append(n.headings, string(path))
		n.fields, n.exact, n.met = append(n.fields, ""), append(n.exact, false), append(n.met, 0)
		return i
	}
	if i, ok := n.lateByPath[string(path)]; ok {
		n.late[i].Lines++
	} else if !n.learning && len(n.late) < leftOutKept {
		n.lateByPath[string(path)] = len(n.late)
		n.late = append(n.late, LeftOut{Heading: cut(strings.Join(strings.Fields(string(path)), " "), maxHeading), Reason: leftOutLate, Line: n.line, Lines: 1})
	}
	return -1
}

// walker goes through one line, which is known to be JSON: what it expects is there.
type walker struct {
	*ndjsonReader
	line    string
	at      int
	refused string
	column  int
}

func (w *walker) refuse(code string, column int) { w.refused, w.column = code, column }

func (w *walker) blank() {
	for w.line[w.at] == ' ' || w.line[w.at] == '\t' || w.line[w.at] == '\r' || w.line[w.at] == '\n' {
		w.at++
	}
}

// object reads an object from its brace on. depth is 1 for the outermost.
func (w *walker) object(depth int) {
	base := len(w.path)
	w.at++
	for w.refused == "" {
		w.blank()
		switch w.line[w.at] {
		case '}':
			w.at++
			return
		case ',':
			w.at++
			continue
		}
		key, ok := w.text()
		w.path = append(w.path[:base], key...)
		if !ok || len(w.path) > maxPath {
			w.refuse(map[bool]string{true: refusedLongKey, false: refusedNotUTF8}[ok], -1)
			return
		}
		w.blank()
		w.at++ // the colon
		w.blank()
		if w.line[w.at] == '{' && depth < maxNesting {
			if w.again() {
				return
			}
			w.path = append(w.path, '.')
			w.object(depth + 1)
			continue
		}
		w.value()
	}
}

// again notes the object that begins at the path, and refuses one that is there already, or a value in its place.
func (w *walker) again() bool {
	line := w.ndjsonReader.line
	column, ok := w.columns[string(w.path)]
	if w.objects[string(w.path)] == line || (ok && w.met[column] == line) {
		if !ok {
			column = -1
		}
		w.refuse(refusedTwice, column)
		return true
	}
	// Of a file that has ever new objects no more are remembered than columns may come of.
	if _, known := w.objects[string(w.path)]; known || len(w.objects) < 2*maxColumns {
		w.objects[string(w.path)] = line
	}
	return false
}

// value reads a value into the column of the path.
func (w *walker) value() {
	column := w.ndjsonReader.column(w.path)
	line := w.ndjsonReader.line
	if (column >= 0 && w.met[column] == line) || (len(w.objects) > 0 && w.objects[string(w.path)] == line) {
		w.refuse(refusedTwice, column)
		return
	}
	field, exact := "", true
	switch begin := w.at; w.line[w.at] {
	case '"':
		var ok bool
		if field, ok = w.text(); !ok {
			w.refuse(refusedNotUTF8, column)
			return
		}
		if strings.IndexByte(field, 0) >= 0 {
			w.refuse(refusedNUL, column)
			return
		}
		exact = false
	case '{', '[':
		w.skip()
		field = w.line[begin:w.at]
	default:
		w.at += strings.IndexAny(w.line[w.at:], " \t\r\n,]}")
		if field = w.line[begin:w.at]; field == "null" {
			field = ""
		}
	}
	if column >= 0 {
		w.met[column] = line
		w.fields[column], w.exact[column] = field, exact
	}
}

// text reads a string from its quotation mark on. ok is false when it escapes half of a character.
func (w *walker) text() (s string, ok bool) {
	begin := w.at + 1
	end := begin + strings.IndexAny(w.line[begin:], `"\`)
	if w.line[end] == '"' {
		w.at = end + 1
		return w.line[begin:end], true
	}
	w.skipText()
	raw := w.line[begin-1 : w.at]
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return "", false
	}
	// Half of a pair becomes U+FFFD, which may also have been meant.
	return s, strings.Count(s, "\ufffd") <= strings.Count(raw, "\ufffd")+strings.Count(strings.ToLower(raw), `\ufffd`)
}

func (w *walker) skipText() {
	for w.at++; w.line[w.at] != '"'; w.at++ {
		if w.line[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
}

// skip goes behind an object or array, however deep it is.
func (w *walker) skip() {
	for depth := 0; ; {
		switch w.line[w.at] {
		case '"':
			w.skipText()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		w.at++
		if depth == 0 {
			return
		}
	}
}
