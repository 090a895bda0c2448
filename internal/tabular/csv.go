package tabular

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Bounds of a file's shape.
const (
	maxLine    = 1 << 20 // bytes of one line of data, line breaks inside quotes included
	maxColumns = 500
)

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
type csvReader struct {
	source  *bufio.Reader
	counted *countingReader // behind source
	comma   byte
	line    int    // lines read so far
	again   []byte // lines to be read once more, after a quote that was not closed
	long    []byte // a line longer than the source's buffer
	text    []byte // the fields of the record, joined
	ends    []int  // where in text each field ends
	extra   []byte // the record's lines after its first
	fields  []string
	tooLong bool // the line just read was cut
}

// openText skips a byte order mark and turns UTF-16 (which has one) into UTF-8. buffer is at least 64 KiB.
func openText(r io.Reader) *bufio.Reader {
	source := bufio.NewReaderSize(r, 1<<16)
	mark, _ := source.Peek(3)
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = source.Discard(3) // peeked: cannot fail
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		decoder := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		return bufio.NewReaderSize(transform.NewReader(source, decoder), 1<<16)
	}
	return source
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
		start := c.line
		c.text, c.ends, c.extra = c.text[:0], c.ends[:0], c.extra[:0]
		refused, err := c.split(line)
		if err != nil {
			return Record{}, err
		}
		if refused != "" {
			// Lines behind the first one may be good: only the first is refused.
			if len(c.extra) > 0 {
				c.again = append(append([]byte(nil), c.extra...), c.again...)
				c.line = start
			}
			return Record{Line: start, Refused: refused, Column: len(c.ends)}, nil
		}
		r := Record{Line: start, Column: -1, Size: len(c.text)}
		if !utf8.Valid(c.text) {
			r.Refused, r.Column = refusedNotUTF8, c.findField(func(f []byte) bool { return !utf8.Valid(f) })
		} else if bytes.IndexByte(c.text, 0) >= 0 {
			r.Refused, r.Column = refusedNUL, c.findField(func(f []byte) bool { return bytes.IndexByte(f, 0) >= 0 })
		} else {
			r.Fields = c.cut()
		}
		return r, nil
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
			c.ends = append(c.ends, len(c.text))
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
		c.ends = append(c.ends, len(c.text))
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
				return nil, refusedTooLong, nil
			case len(c.text)+len(line) > maxLine:
				c.extra = append(c.extra, line...)
				return nil, refusedUnclosed, nil
			}
			c.extra = append(c.extra, line...)
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

// readLine reads one line with its "\n" ("\r\n" becomes "\n"), valid until the next call. A line above the bound is
// read to its end without being kept.
func (c *csvReader) readLine() ([]byte, error) {
	c.tooLong = false
	if len(c.again) > 0 {
		end := bytes.IndexByte(c.again, '\n') + 1
		if end == 0 {
			end = len(c.again)
		}
		line := c.again[:end]
		c.again = c.again[end:]
		c.line++
		return line, nil
	}
	line, err := c.source.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		c.long = append(c.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = c.source.ReadSlice('\n')
			if !c.tooLong && len(c.long)+len(line) <= maxLine {
				c.long = append(c.long, line...)
			} else {
				c.tooLong = true
			}
		}
		line = c.long
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	c.line++
	n := len(line)
	switch {
	case err != nil && line[n-1] == '\r': // the file's last line
		line = line[:n-1]
	case err == nil && n > 1 && line[n-2] == '\r':
		line[n-2] = '\n'
		line = line[:n-1]
	}
	return line, nil
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

// openCSV reads the header, and finds out the delimiter when it is not given.
func openCSV(file io.Reader, options *Options) (rows, []string, error) {
	counted := &countingReader{reader: file}
	source := openText(counted)
	if options.Delimiter == "" {
		options.Delimiter = string(detectDelimiter(source))
	}
	reader := &csvReader{source: source, comma: options.Delimiter[0], counted: counted}
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
		return nil, nil, fileProblem("too_many_columns", "Most", maxColumns, "Number", len(header.Fields))
	}
	return reader, name(header.Fields), nil
}

func (c *csvReader) read() int64 { return c.counted.n }

// countingReader counts what is read through it.
type countingReader struct {
	reader io.Reader
	n      int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.n += int64(n)
	return n, err
}
