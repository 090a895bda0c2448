// Package tabular reads rows out of files of others: their formats, what a cell means, and what a file seems to hold. It
// trusts nothing that a file says about itself, and what it needs in memory does not grow with the file. It knows no
// database, and nobody who reads.
package tabular

import (
	"errors"
	"fmt"
	"io"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// Format is how a file holds its rows.
type Format string

// The formats.
const (
	CSV Format = "csv"
)

// Options say how a file is read. The zero values mean: find out.
type Options struct {
	Format    Format `json:"format"`
	Delimiter string `json:"delimiter"` // of CSV: "," ";" or a tab
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
		how = Reading{}
	}
	return how.Parse(kind, r.Fields[column])
}

// Table is a file's rows, read once from the first to the last.
type Table struct {
	Options  Options  // with what was found out
	Headings []string // of the columns: each has a key of its own
	rows     rows
}

// rows is what a format does for a Table.
type rows interface {
	next() (Record, error)
	read() int64
}

// Open begins to read a file of size bytes. name is what its owner calls it, and counts where the content leaves a doubt.
// A file that holds no rows is an Invalid problem.
func Open(file io.ReaderAt, size int64, name string, options Options) (*Table, error) {
	options.Format = CSV
	rows, headings, err := openCSV(io.NewSectionReader(file, 0, size), &options)
	if err != nil {
		return nil, err
	}
	return &Table{Options: options, Headings: headings, rows: rows}, nil
}

// Next reads the next row. The error is io.EOF at the end; a Problem says that the file cannot be read further.
func (t *Table) Next() (Record, error) {
	r, err := t.rows.next()
	switch {
	case errors.Is(err, io.EOF):
		return Record{}, io.EOF
	case err != nil:
		return Record{}, fmt.Errorf("read file: %w", err)
	case r.Refused == "" && len(r.Fields) != len(t.Headings):
		return Record{Line: r.Line, Refused: refusedFields, Column: -1, Size: r.Size}, nil
	case r.Column >= len(t.Headings):
		r.Column = -1
	}
	return r, nil
}

// Read is how many bytes of the file have been read, for showing progress.
func (t *Table) Read() int64 { return t.rows.read() }

// Close lets go of what reading needed. The file stays open.
func (t *Table) Close() error { return nil }

// fileProblem is a failure of the file as a whole.
func fileProblem(code string, args ...any) *problem.Problem {
	return problem.New(problem.Invalid, "tabular.file."+code, args...)
}
