// Package parquet reads Apache Parquet files of strangers with parquet-go, in a process of its own. The library makes room for
// whatever a file claims to hold, a run of five bytes may claim millions of values, and there is no bound to set. So the file
// is read by another copy of this program, which gives up before it needs too much memory; what it read comes back through a
// pipe. Nothing that a file does to it, neither a panic nor a loop, touches the program that asked.
package parquet

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Column is a column of a file.
type Column struct {
	Heading string // names of nested columns are joined with dots
	Exact   bool   // the file gives its values in a type of their own, not as text
	LeftOut string // why it is not read: one of the reasons; "" when it is
}

// Why a column is not read.
const (
	Nested = "nested" // a map, a list of lists or a list of groups
	Type   = "type"   // values that are none of a profile: bytes, intervals
)

// Row is one row: a text for each column that is read, in the manner of tabular.Record, or why it is refused.
type Row struct {
	Fields  []string
	Refused string // one of the refusals; "" when it is not
	Column  int    // of the refusal, among those that are read
}

// Why a row is refused.
const (
	NotUTF8 = "not_utf8"
	NUL     = "nul"
	Outside = "outside" // the years or numbers that can be kept
	TooLong = "line_too_long"
)

// The errors of a file as a whole.
var (
	ErrDamaged  = errors.New("the file is damaged")
	ErrTooLarge = errors.New("the file needs more memory than a file may")
)

// header goes before the rows.
type header struct {
	Columns []Column
	Rows    int64
	Fault   string // the file cannot be read: why, for the log
}

// batch is some rows on their way through the pipe, or the end of them.
type batch struct {
	Rows  []Row
	Fault string
	End   bool
}

// Reader reads the rows of a file, once from the first to the last.
type Reader struct {
	Columns []Column // those that are left out as well
	Rows    int64    // how many rows the file says it has

	stop  context.CancelFunc
	wait  func() error // for the other process to end
	pipe  *gob.Decoder
	batch batch
	at    int
	ended error
}

// Open begins to read. The file stays open until Close; its place in it is not used.
func Open(file *os.File) (r *Reader, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program)
	command.Env = []string{variable + "=1", "GOTRACEBACK=none"}
	command.ExtraFiles = []*os.File{file}
	command.WaitDelay = time.Second
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start to read a Parquet file: %w", err)
	}
	r = &Reader{stop: stop, wait: sync.OnceValue(command.Wait), pipe: gob.NewDecoder(out)}
	var head header
	if err = r.pipe.Decode(&head); err != nil {
		err = r.died(err)
	} else if head.Fault != "" {
		err = fmt.Errorf("%w: %s", ErrDamaged, head.Fault)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.Columns, r.Rows = head.Columns, head.Rows
	return r, nil
}

// Next reads the next row, valid until the one after the next is read. The error is io.EOF at the end.
func (r *Reader) Next() (Row, error) {
	for r.at == len(r.batch.Rows) && r.ended == nil {
		r.batch, r.at = batch{}, 0
		switch err := r.pipe.Decode(&r.batch); {
		case err != nil:
			r.ended = r.died(err)
		case r.batch.Fault != "":
			r.ended = fmt.Errorf("%w: %s", ErrDamaged, r.batch.Fault)
		case r.batch.End:
			r.ended = io.EOF
		}
	}
	if r.at == len(r.batch.Rows) {
		return Row{}, r.ended
	}
	r.at++
	return r.batch.Rows[r.at-1], nil
}

// Close ends the reading, wherever it is: also a Next of another goroutine. It may be called more than once.
func (r *Reader) Close() {
	r.stop()
	_ = r.wait() // it was stopped, or has said why it ended
}

// died says why the pipe broke.
func (r *Reader) died(broken error) error {
	ended := r.wait()
	var exit *exec.ExitError
	switch {
	case errors.As(ended, &exit) && exit.ExitCode() == exitDamaged:
		return ErrDamaged
	case errors.As(ended, &exit): // by itself, by the system's hand, or by Go's when there is no memory left
		return fmt.Errorf("%w: %w", ErrTooLarge, ended)
	}
	return fmt.Errorf("read a Parquet file: %w", broken)
}
