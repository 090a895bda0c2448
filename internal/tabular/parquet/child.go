package parquet

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/parquet-go/parquet-go"
)

// variable tells a copy of the program that it is to read the file that it was given, and nothing else.
const variable = "SEGUE_READS_PARQUET"

// What the exit of a reading process says.
const (
	exitDamaged  = 3
	exitTooLarge = 4
)

const (
	mostMemory  = 1 << 30 // bytes in use
	batchRows   = 200
	mostRowSize = 1 << 20 // bytes of texts
)

func init() {
	if os.Getenv(variable) == "" {
		return
	}
	debug.SetMemoryLimit(mostMemory / 2) // rather collect than grow
	go watch()
	os.Exit(send(os.NewFile(3, "file"), os.Stdout))
}

// watch ends the process when it takes too much memory. What was asked for counts, whether it has been written to or not.
func watch() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for {
		if metrics.Read(sample); sample[0].Value.Uint64() > mostMemory {
			os.Exit(exitTooLarge)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// send writes what a file holds, and is the process's exit code.
func send(file *os.File, out io.Writer) (code int) {
	pipe := gob.NewEncoder(out)
	rows := 0
	defer func() {
		if panicked := recover(); panicked != nil {
			code = exitDamaged
		}
	}()
	f, columns, err := open(file)
	if err != nil {
		return fail(pipe.Encode(header{Fault: err.Error()}))
	}
	head := header{Rows: f.NumRows()}
	for _, c := range columns {
		head.Columns = append(head.Columns, c.Column)
	}
	if err := pipe.Encode(head); err != nil {
		return exitDamaged
	}
	s := sender{pipe: pipe, columns: columns}
	for n, group := range f.RowGroups() {
		if err := s.group(group); err != nil {
			return fail(pipe.Encode(batch{Rows: s.rows, Fault: fmt.Sprintf("row group %d, after %d rows: %v", n, s.sent, err)}))
		}
		rows += int(group.NumRows())
	}
	if s.sent+len(s.rows) != rows || int64(rows) != f.NumRows() {
		return fail(pipe.Encode(batch{Rows: s.rows, Fault: fmt.Sprintf("%d rows, not %d", s.sent+len(s.rows), f.NumRows())}))
	}
	return fail(pipe.Encode(batch{Rows: s.rows, End: true}))
}

func fail(err error) int {
	if err != nil {
		return exitDamaged
	}
	return 0
}

func open(file *os.File) (*parquet.File, []column, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	f, err := parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, nil, err
	}
	return f, columnsOf(f.Schema()), nil
}

// sender makes texts of rows.
type sender struct {
	pipe    *gob.Encoder
	columns []column
	rows    []Row
	sent    int
}

func (s *sender) group(group parquet.RowGroup) (err error) {
	rows := group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buffer := make([]parquet.Row, batchRows)
	for {
		n, err := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			s.rows = append(s.rows, rowOf(s.columns, row))
		}
		if len(s.rows) >= batchRows {
			if err := s.pipe.Encode(batch{Rows: s.rows}); err != nil {
				return err
			}
			s.sent += len(s.rows)
			s.rows = s.rows[:0]
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrNoProgress
		}
	}
}
