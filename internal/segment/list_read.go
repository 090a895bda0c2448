package segment

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/database"
)

const (
	maxIDBytes    = 1000
	maxLine       = 64 << 10
	judgedEntries = 1000 // by which it is told what a file holds
)

// entry is what stands in the first column of a line. It is "" when the line cannot be read.
type entry struct {
	text string
	line int
}

// entryReader reads the first column of each line.
type entryReader struct {
	lines   *bufio.Reader
	line    int
	heading string // of the column, "" when the file has none
	first   bool
}

func newEntryReader(file io.Reader) *entryReader {
	return &entryReader{lines: bufio.NewReaderSize(file, maxLine), first: true}
}

// headings are what the first line may call an id, without spaces, dashes and underscores.
var headings = []string{"id", "ids", "profileid", "profilid", "profil", "profile", "customerid", "customer", "kundeid", "kunde", "kundenummer", "customernumber"}

// addressHeadings are what it may call an address.
var addressHeadings = []string{"email", "emails", "mail", "emailaddress", "mailadresse", "emailadresse"}

// next gives the next entry that is not empty, and io.EOF after the last.
func (r *entryReader) next() (entry, error) {
	for {
		line, whole, err := r.readLine()
		if err != nil {
			return entry{}, err
		}
		r.line++
		if r.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		text, ok := firstColumn(string(line))
		if !ok || !whole || !utf8.ValidString(text) || len(text) > maxIDBytes || strings.ContainsFunc(text, unicode.IsControl) {
			r.first = false
			return entry{line: r.line}, nil
		}
		if text == "" {
			continue
		}
		if r.first {
			r.first = false
			plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(database.Fold(text))
			if slices.Contains(headings, plain) || slices.Contains(addressHeadings, plain) {
				r.heading = plain
				continue
			}
		}
		return entry{text, r.line}, nil
	}
}

// readLine reads a line; of one that is too long the beginning.
func (r *entryReader) readLine() (line []byte, whole bool, err error) {
	line, more, err := r.lines.ReadLine()
	if err == io.EOF {
		return nil, false, err
	}
	if err != nil {
		return nil, false, fmt.Errorf("read list: %w", err)
	}
	whole = !more
	if more {
		line = bytes.Clone(line[:min(len(line), maxIDBytes)])
	}
	for more && err == nil {
		_, more, err = r.lines.ReadLine()
	}
	if err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("read list: %w", err)
	}
	return line, whole, nil
}

// firstColumn cuts a line at its first comma, semicolon or tab outside quotes. It fails on a quote that does not end.
func firstColumn(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, `"`) {
		if end := strings.IndexAny(line, ",;\t"); end >= 0 {
			line = line[:end]
		}
		return strings.TrimSpace(line), true
	}
	var text strings.Builder
	for rest := line[1:]; ; {
		end := strings.IndexByte(rest, '"')
		if end < 0 {
			return "", false
		}
		text.WriteString(rest[:end])
		rest = rest[end+1:]
		if !strings.HasPrefix(rest, `"`) {
			return strings.TrimSpace(text.String()), true
		}
		text.WriteByte('"')
		rest = rest[1:]
	}
}
