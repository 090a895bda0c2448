package tabular

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxColumns is how many columns a file may have.
const maxColumns = 500

// refusalPrefix makes a translation key of a reason.
const refusalPrefix = "tabular.refusal."

// Why a line of a file is refused.
const (
	refusedTooLong    = refusalPrefix + "line_too_long"
	refusedBareQuote  = refusalPrefix + "bare_quote"  // a quote inside a field that does not begin with one
	refusedAfterQuote = refusalPrefix + "after_quote" // something between a closing quote and the next delimiter
	refusedUnclosed   = refusalPrefix + "unclosed"    // a quote that is never closed
	refusedFields     = refusalPrefix + "fields"      // more or fewer fields than the header
	refusedNotUTF8    = refusalPrefix + "not_utf8"    // bytes that are no UTF-8
	refusedNUL        = refusalPrefix + "nul"         // a zero byte
)

// csvReader reads RFC 4180 with a delimiter of choice. It differs from encoding/csv in what a hostile or broken file may
// cost: a line is bounded, a bad line is told with its number and reading goes on behind it, and a quote that is never
// closed swallows its own line only. What encoding/csv reads without an error, this reads to the same fields.
//
// However the quotes of a file stand, no line is read more than three times. A line that leaves a quote open has an odd
// number of quotes, and so has the line that closes it or shows that it cannot be closed there. So those between, which
// are read once more when the first is refused, leave no quote open themselves.
type csvReader struct {
	lineReader
	content  content
	comma    byte
	replaced bool   // U+FFFD stands for what could not be decoded
	text     []byte // the fields of the record, joined
	ends     []int  // where in text each field ends; one more than there may be columns, at most
	extra    []byte // lines of the record after its first, those that were not read once more already
	fields   []string
}

// next reads the next record. The error is io.EOF at the end, or the source's.
func (c *csvReader) next() (Record, error) {
	for {
		line, err := c.readLine()
		if err != nil {
			return Record{}, err
		}
		if c.tooLong {
			return Record{Line: c.line, Refused: refusedTooLong, Column: -1}, nil
		}
		if len(line) == 0 || line[0] == '\n' {
			continue
		}
		start, second := c.line, c.at
		c.text, c.ends, c.extra = c.text[:0], c.ends[:0], c.extra[:0]
		refused, err := c.split(line)
		if err != nil {
			return Record{}, err
		}
		if refused != "" {
			c.rewind(start, second)
			return Record{Line: start, Refused: refused, Column: len(c.ends)}, nil
		}
		r := Record{Line: start, Column: -1, Size: len(c.text)}
		if wrong := c.badText(); wrong != nil {
			r.Refused, r.Column = refusedNotUTF8, c.findField(wrong)
		} else if bytes.IndexByte(c.text, 0) >= 0 {
			r.Refused, r.Column = refusedNUL, c.findField(func(f []byte) bool { return bytes.IndexByte(f, 0) >= 0 })
		} else {
			r.Fields = c.cut()
		}
		return r, nil
	}
}

// rewind goes back to the second line of a record that is refused: the lines behind the first one may be good.
func (c *csvReader) rewind(start, second int) {
	if len(c.extra) > 0 {
		c.again, c.at = append(bytes.Clone(c.again[second:]), c.extra...), 0
	} else {
		c.at = second
	}
	c.line = start
}

// badText is how to know a field with characters that could not be read, nil when there is none.
func (c *csvReader) badText() func([]byte) bool {
	switch {
	case !utf8.Valid(c.text):
		return func(f []byte) bool { return !utf8.Valid(f) }
	case c.replaced && bytes.Contains(c.text, []byte("\ufffd")):
		return func(f []byte) bool { return bytes.Contains(f, []byte("\ufffd")) }
	}
	return nil
}

// endField keeps the end of a field. Of far too many fields it is enough to know that.
func (c *csvReader) endField() {
	if len(c.ends) <= maxColumns {
		c.ends = append(c.ends, len(c.text))
	}
}

func (c *csvReader) cut() []string {
	all := string(c.text)
	c.fields = c.fields[:0]
	begin := 0
	for _, end := range c.ends {
		c.fields = append(c.fields, all[begin:end])
		begin = end
	}
	return c.fields
}

func (c *csvReader) findField(is func([]byte) bool) int {
	begin := 0
	for i, end := range c.ends {
		if is(c.text[begin:end]) {
			return i
		}
		begin = end
	}
	return -1
}

// split divides a line into fields, reading further lines while a quote is open. It returns why the line is refused.
func (c *csvReader) split(line []byte) (refused string, err error) {
	for {
		if len(line) == 0 || line[0] != '"' {
			i := bytes.IndexByte(line, c.comma)
			field, last := line, i < 0
			if last {
				field = bytes.TrimSuffix(line, []byte("\n"))
			} else {
				field = line[:i]
			}
			if bytes.IndexByte(field, '"') >= 0 {
				return refusedBareQuote, nil
			}
			c.text = append(c.text, field...)
			c.endField()
			if last {
				return "", nil
			}
			line = line[i+1:]
			continue
		}
		line, refused, err = c.quoted(line[1:])
		if refused != "" || err != nil {
			return refused, err
		}
		c.endField()
		if line == nil {
			return "", nil
		}
	}
}

// quoted reads to the closing quote and returns the line behind the delimiter, nil when the record ended.
func (c *csvReader) quoted(line []byte) (rest []byte, refused string, err error) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			c.text = append(c.text, line...)
			line, err = c.readLine()
			switch {
			case errors.Is(err, io.EOF):
				return nil, refusedUnclosed, nil
			case err != nil:
				return nil, "", err
			case c.tooLong:
				c.lost = true // it is a line of its own again
				return nil, refusedTooLong, nil
			}
			if !c.repeats {
				c.extra = append(c.extra, line...)
			}
			if len(c.text)+len(line) > maxLine {
				return nil, refusedUnclosed, nil
			}
			continue
		}
		c.text = append(c.text, line[:i]...)
		line = line[i+1:]
		switch {
		case len(line) == 0 || line[0] == '\n':
			return nil, "", nil
		case line[0] == '"':
			c.text = append(c.text, '"')
			line = line[1:]
		case line[0] == c.comma:
			return line[1:], "", nil
		default:
			return nil, refusedAfterQuote, nil
		}
	}
}

// detectDelimiter finds the character that divides the header: the one that stands most often outside quotes.
func detectDelimiter(source *bufio.Reader) byte {
	head, _ := source.Peek(source.Size()) // less at the end of the file; an error shows when it is read
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		head = head[:i]
	}
	counts := map[byte]int{}
	inside := false
	for _, b := range head {
		if b == '"' {
			inside = !inside
		} else if !inside {
			counts[b]++
		}
	}
	best := byte(',')
	for _, candidate := range []byte{';', '\t'} {
		if counts[candidate] > counts[best] {
			best = candidate
		}
	}
	return best
}

// openCSV reads the header. It finds out the encoding and the delimiter when they are not given.
func openCSV(from content, options *Options) (rows, []string, error) {
	if options.Encoding == "" {
		file, err := from.open()
		if err != nil {
			return nil, nil, err
		}
		if options.Encoding, err = guessEncoding(file); err != nil {
			return nil, nil, err
		}
	}
	file, err := from.open()
	if err != nil {
		return nil, nil, err
	}
	opened := openText(file, options.Encoding)
	options.Encoding = opened.encoding
	if options.Delimiter == "" {
		options.Delimiter = string(detectDelimiter(opened.source))
	}
	reader := &csvReader{lineReader: lineReader{source: opened.source}, content: from, comma: options.Delimiter[0], replaced: opened.replaced}
	header, err := reader.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, fileProblem("empty")
	case err != nil:
		return nil, nil, fmt.Errorf("read header: %w", err)
	case header.Refused == refusedNUL || (header.Refused != "" && bytes.IndexByte(reader.text, 0) >= 0):
		return nil, nil, fileProblem("not_text")
	case header.Refused == refusedNotUTF8:
		return nil, nil, fileProblem("not_utf8")
	case header.Refused != "":
		return nil, nil, fileProblem("header_" + strings.TrimPrefix(header.Refused, refusalPrefix))
	case len(header.Fields) > maxColumns:
		return nil, nil, errTooManyColumns()
	}
	return reader, name(header.Fields), nil
}

func errTooManyColumns() error { return fileProblem("too_many_columns", "Most", maxColumns) }

func (c *csvReader) read() int64 { return c.content.file.n }

func (c *csvReader) leftOut() []LeftOut { return nil }

func (c *csvReader) close() {}
