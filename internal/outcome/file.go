package outcome

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/tabular"
)

// writeFile writes lines as a file of a folder. Whoever looks into the folder sees the whole file or none: it is made under
// another name, and renamed when it is on the disk. Made again, it takes its own place. Nothing leads out of the folder.
func writeFile(folder, name string, format export.OutcomeFormat, tell func(visit func(Line) error) error) (lines int, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, failed(err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	part := "." + name + ".part"
	if err := root.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
		return 0, failed(err)
	}
	file, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return 0, failed(err)
	}
	lines, err = fill(file, format, tell)
	if err == nil {
		err = failed(file.Sync())
	}
	err = errors.Join(err, failed(file.Close()))
	if err == nil {
		err = failed(root.Rename(part, name))
	}
	if err != nil {
		_ = root.Remove(part) // what is left goes with the next try
		return 0, err
	}
	return lines, failed(syncNames(root))
}

// syncNames has the system write down the names in a folder.
func syncNames(root *os.Root) error {
	folder, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// failed says what is wrong with the folder or the file.
func failed(err error) error {
	reason := FileFailed
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		reason = FolderGone
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		reason = NotPermitted
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		reason = DiskFull
	}
	return &failure{reason, err}
}

// checked tells what fails of the file from what fails of the telling.
type checked struct{ out io.Writer }

// Write writes to the file.
func (c checked) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	return n, failed(err)
}

// fill writes all lines.
func fill(file io.Writer, format export.OutcomeFormat, tell func(visit func(Line) error) error) (lines int, err error) {
	out := bufio.NewWriterSize(checked{file}, 64<<10)
	var to interface {
		write(Line) error
		end() error
	}
	switch format {
	case export.CSV:
		table := tabular.NewWriter(out)
		if err := table.Write(Columns...); err != nil {
			return 0, err
		}
		to = csvLines{table}
	case export.NDJSON:
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		to = jsonLines{encoder}
	case export.Parquet:
		to = &parquetLines{out: parquet.NewGenericWriter[record](out, parquet.Compression(&parquet.Zstd))}
	default:
		return 0, fmt.Errorf("no format %q", format)
	}
	err = tell(func(l Line) error {
		lines++
		return to.write(l)
	})
	if err == nil {
		err = to.end()
	}
	if err == nil {
		err = out.Flush()
	}
	return lines, err
}

type csvLines struct{ out *tabular.Writer }

func (c csvLines) write(l Line) error {
	return c.out.Write(strconv.FormatInt(l.RunID, 10), l.Export, l.ProfileID, string(l.Outcome), l.ReasonCode, l.Reason, l.At.UTC().Format(time.RFC3339))
}

func (c csvLines) end() error { return c.out.Flush() }

// record is a line of NDJSON and of Parquet.
type record struct {
	RunID      int64     `json:"run_id" parquet:"run_id"`
	Export     string    `json:"export" parquet:"export,dict"`
	ProfileID  string    `json:"profile_id" parquet:"profile_id"`
	Outcome    string    `json:"outcome" parquet:"outcome,dict"`
	ReasonCode string    `json:"reason_code" parquet:"reason_code,dict"`
	Reason     string    `json:"reason" parquet:"reason,dict"`
	At         time.Time `json:"at" parquet:"at,timestamp(millisecond)"`
}

func recordOf(l Line) record {
	return record{l.RunID, l.Export, l.ProfileID, string(l.Outcome), l.ReasonCode, l.Reason, l.At.UTC()}
}

type jsonLines struct{ encoder *json.Encoder }

func (j jsonLines) write(l Line) error { return j.encoder.Encode(recordOf(l)) }
func (j jsonLines) end() error         { return nil }

// groupSize is how many lines a row group of Parquet has: they are in memory until it is written.
const groupSize = 20_000

type parquetLines struct {
	out   *parquet.GenericWriter[record]
	lines int
}

func (p *parquetLines) write(l Line) error {
	if _, err := p.out.Write([]record{recordOf(l)}); err != nil {
		return err
	}
	if p.lines++; p.lines%groupSize == 0 {
		return p.out.Flush()
	}
	return nil
}

func (p *parquetLines) end() error { return p.out.Close() }
