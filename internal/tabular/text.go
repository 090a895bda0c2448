package tabular

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encoding is how a text file writes its characters.
type Encoding string

// The encodings. UTF-16 is known by its mark or its zeros; nobody chooses it.
const (
	UTF8        Encoding = "utf-8"
	UTF16       Encoding = "utf-16"
	Windows1252 Encoding = "windows-1252" // what Excel writes in the west when it saves plain CSV
)

const (
	textBuffer  = 1 << 16
	weighedText = 64 << 20 // bytes of a file that decide on its encoding
)

// text is a stream of UTF-8 made of whatever the file is written in.
type text struct {
	source   *bufio.Reader
	encoding Encoding
	replaced bool // what could not be decoded has become U+FFFD
}

// openText skips a byte order mark, and turns UTF-16, Windows-1252 and the line ends of old Macs into what readers expect.
func openText(r io.Reader, encoding Encoding) text {
	source := bufio.NewReaderSize(r, textBuffer)
	head, _ := source.Peek(512) // an error shows when it is read
	opened := text{source: source, encoding: UTF8}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = source.Discard(3) // peeked: cannot fail
	case utf16(head) != nil:
		opened = text{source: bufio.NewReaderSize(transform.NewReader(source, utf16(head)), textBuffer), encoding: UTF16, replaced: true}
	case encoding == Windows1252:
		opened.source = bufio.NewReaderSize(transform.NewReader(source, charmap.Windows1252.NewDecoder()), textBuffer)
		opened.encoding = Windows1252
	}
	if head, _ = opened.source.Peek(textBuffer); bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 && !endsWithin(head) {
		opened.source = bufio.NewReaderSize(oldLineEnds{opened.source}, textBuffer)
	}
	return opened
}

// endsWithin says that the one line of a short file merely ends with a carriage return.
func endsWithin(head []byte) bool { return bytes.IndexByte(head, '\r') == len(head)-1 }

// utf16 is the decoder for a text that begins so, nil when it is not UTF-16: it has a mark, or every other byte of what is
// mostly Latin is a zero.
func utf16(head []byte) transform.Transformer {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch most := len(head) / 3; {
	case len(head) >= 8 && zeros[0] == 0 && zeros[1] > most:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	case len(head) >= 8 && zeros[1] == 0 && zeros[0] > most:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	}
	return nil
}

// oldLineEnds turns a carriage return, which ends the lines of a file that has no other line end, into a line feed.
type oldLineEnds struct{ reader io.Reader }

func (o oldLineEnds) Read(p []byte) (int, error) {
	n, err := o.reader.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// guessEncoding reads the beginning of a text: when most of what is not ASCII is no UTF-8, it is Windows-1252.
func guessEncoding(r io.Reader) (Encoding, error) {
	source := bufio.NewReaderSize(io.LimitReader(r, weighedText), textBuffer)
	good, bad := 0, 0
	for {
		head, err := source.Peek(textBuffer)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the beginning of the file: %w", err)
		}
		last := len(head) < textBuffer
		rest := head
		for len(rest) >= utf8.UTFMax || (last && len(rest) > 0) {
			if rest[0] < utf8.RuneSelf {
				rest = rest[ascii(rest):]
				continue
			}
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size == 1 {
				bad++
			} else {
				good++
			}
			rest = rest[size:]
		}
		if last {
			break
		}
		_, _ = source.Discard(len(head) - len(rest)) // peeked: cannot fail
	}
	if bad > good {
		return Windows1252, nil
	}
	return UTF8, nil
}

// ascii is how many bytes at the beginning of b are ASCII.
func ascii(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// maxLine is how many bytes one line of data may have, line breaks inside quotes included.
const maxLine = 1 << 20

// lineReader reads lines of bounded length, and some of them twice.
type lineReader struct {
	source  *bufio.Reader
	line    int    // lines read so far
	again   []byte // lines to be read once more
	at      int    // of again, how much has been read once more
	lost    bool   // behind again comes a line that was too long to be kept
	long    []byte // a line longer than the source's buffer
	tooLong bool   // the line just read was cut
	repeats bool   // the line just read comes from again
}

// readLine reads one line with its "\n" ("\r\n" becomes "\n"), valid until the next call. A line above the bound is
// read to its end without being kept.
func (l *lineReader) readLine() ([]byte, error) {
	l.tooLong, l.repeats = false, l.at < len(l.again)
	if l.repeats {
		line := l.again[l.at:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		l.at += len(line)
		l.line++
		return line, nil
	}
	if l.lost {
		l.lost, l.tooLong = false, true
		l.line++
		return nil, nil
	}
	line, err := l.source.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = l.source.ReadSlice('\n')
			if !l.tooLong && len(l.long)+len(line) <= maxLine {
				l.long = append(l.long, line...)
			} else {
				l.tooLong = true
			}
		}
		line = l.long
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	l.line++
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
