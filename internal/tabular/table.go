// Package tabular reads rows out of files of others: their formats, what a cell means, and what a file seems to hold. It
// trusts nothing that a file says about itself, and what it needs in memory does not grow with the file. It knows no
// database, and nobody who reads.
package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Format is how a file holds its rows.
type Format string

// The formats.
const (
	CSV     Format = "csv"     // RFC 4180, a header first
	NDJSON  Format = "ndjson"  // a JSON object in each line
	Parquet Format = "parquet" // Apache Parquet
)

// Options say how a file is read. The zero values mean: find out.
type Options struct {
	Format    Format
	Delimiter string   // of CSV: "," ";" or a tab
	Encoding  Encoding // of CSV
}

// Record is one row of data, or why there is none.
type Record struct {
	Line    int      // where it begins in the file, counted from 1; the number of the row in a format without lines
	Fields  []string // a text for each heading, "" where there is nothing; valid until the next record is read
	Exact   []bool   // which fields the file gave in a type of its own, not as somebody wrote them; nil: none
	Refused string   // why it is none: a translation key
	Column  int      // of the refusal, counted from 0; -1: the whole line
	Size    int      // bytes in memory, about
}

// Value is a field as a kind. ok is false when it does not fit; nothing is nil, whatever the kind.
func (r Record) Value(column int, kind profile.Kind, how Reading) (value any, ok bool) {
	if r.Exact != nil && r.Exact[column] {
		how = Reading{exact: true}
	}
	return how.Parse(kind, r.Fields[column])
}

// LeftOut is a column that is not read, or only from some lines.
type LeftOut struct {
	Heading string
	Reason  string // a translation key
	Line    int    // the first that has it; 0: all may
	Lines   int    // how many have it; 0: not counted
}

// Why a column is left out.
const (
	leftOutPrefix = "tabular.left_out."
	leftOutLate   = leftOutPrefix + "late"
)

// leftOutKept is how many columns that were left out are told by name.
const leftOutKept = 100

// Table is a file's rows, read once from the first to the last. Close it in the end; the file is its owner's to close.
type Table struct {
	Options  Options  // with what was found out
	Headings []string // of the columns: each has a key of its own
	rows     rows
}

// rows is what a format does for a Table.
type rows interface {
	next() (Record, error)
	read() int64
	leftOut() []LeftOut
	close()
}

// Open begins to read a file of size bytes, which may be packed with gzip or ZIP. name is what its owner calls it, and
// counts where the content leaves a doubt. A file that holds no rows is an Invalid problem.
func Open(file io.ReaderAt, size int64, name string, options Options) (t *Table, err error) {
	defer func() { err = told(err) }()
	inside, err := unpack(file, size, name)
	if err != nil {
		return nil, err
	}
	format, err := inside.format()
	if err != nil {
		return nil, err
	}
	options.Format = format
	t = &Table{}
	switch format {
	case Parquet:
		t.rows, t.Headings, err = openParquet(inside)
	case NDJSON:
		t.rows, t.Headings, err = openNDJSON(inside)
	default:
		t.rows, t.Headings, err = openCSV(inside, &options)
	}
	if err != nil {
		return nil, err
	}
	t.Options = options
	return t, nil
}

// format finds out how the content holds its rows.
func (c content) format() (Format, error) {
	file, err := c.open()
	if err != nil {
		return "", err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", fmt.Errorf("read the beginning of the file: %w", err)
	}
	head = head[:n]
	switch mark := string(head[:min(4, n)]); {
	case mark == parquetMark && c.packed:
		return "", fileProblem("parquet_packed")
	case mark == parquetMark:
		return Parquet, nil
	case mark == parquetSealed:
		return "", fileProblem("parquet_locked")
	case mark == oleMark, mark == zipFirstRecord:
		return "", fileProblem("workbook")
	case strings.HasPrefix(mark, gzipMark):
		return "", fileProblem("packed_twice")
	}
	if bytes.Count(head, []byte{0})*20 > n && utf16(head) == nil {
		return "", fileProblem("not_text")
	}
	// A CSV file's first heading may begin with a brace, if somebody insists.
	if text, _ := openText(bytes.NewReader(head), UTF8).source.Peek(len(head)); !strings.HasSuffix(strings.ToLower(c.name), ".csv") {
		switch text = bytes.TrimLeft(text, " \t\r\n"); {
		case bytes.HasPrefix(text, []byte("{")):
			return NDJSON, nil
		case bytes.HasPrefix(text, []byte("[")):
			return "", fileProblem("json_array")
		}
	}
	return CSV, nil
}

// Next reads the next row. The error is io.EOF at the end; a Problem says that the file cannot be read further.
func (t *Table) Next() (Record, error) {
	r, err := t.rows.next()
	switch {
	case errors.Is(err, io.EOF):
		return Record{}, io.EOF
	case err != nil:
		return Record{}, told(fmt.Errorf("read file: %w", err))
	case r.Refused == "" && len(r.Fields) != len(t.Headings):
		return Record{Line: r.Line, Refused: refusedFields, Column: -1, Size: r.Size}, nil
	case r.Column >= len(t.Headings):
		r.Column = -1
	}
	return r, nil
}

// Close lets go of what the reading needs.
func (t *Table) Close() { t.rows.close() }

// Read is how many bytes of the file have been read, for showing progress.
func (t *Table) Read() int64 { return t.rows.read() }

// LeftOut are the columns that were left out so far, the first 100 of them.
func (t *Table) LeftOut() []LeftOut { return t.rows.leftOut() }

// told is err as a Problem, when it has one in it.
func told(err error) error {
	if p := problem.Of(err); p != nil {
		return p
	}
	return err
}

// fileProblem is a failure of the file as a whole.
func fileProblem(code string, args ...any) *problem.Problem {
	return problem.New(problem.Invalid, "tabular.file."+code, args...)
}
