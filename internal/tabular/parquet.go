package tabular

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/segue-app/segue/internal/tabular/parquet"
)

// parquetReader reads the rows of a Parquet file.
type parquetReader struct {
	reader *parquet.Reader
	copied *os.File // of a file that is not on disk
	size   int64
	row    int
	bytes  int64 // of all texts so far
	exact  []bool
	out    []LeftOut
}

func openParquet(from content) (r rows, headings []string, err error) {
	p := &parquetReader{size: from.size}
	file, ok := from.file.file.(*os.File)
	if !ok {
		if file, err = p.copy(from); err != nil {
			return nil, nil, err
		}
	}
	if p.reader, err = parquet.Open(file); err != nil {
		p.close()
		return nil, nil, parquetProblem(err)
	}
	said := map[string]bool{}
	for _, column := range p.reader.Columns {
		if column.LeftOut == "" {
			headings, p.exact = append(headings, column.Heading), append(p.exact, column.Exact)
			continue
		}
		if heading := cut(column.Heading, maxHeading); !said[heading] && len(p.out) < leftOutKept {
			said[heading] = true
			p.out = append(p.out, LeftOut{Heading: heading, Reason: leftOutPrefix + column.LeftOut})
		}
	}
	switch {
	case len(headings) == 0:
		err = fileProblem("parquet_no_columns")
	case len(headings) > maxColumns:
		err = errTooManyColumns()
	default:
		return p, name(headings), nil
	}
	p.close()
	return nil, nil, err
}

// copy puts what is not on disk there, since another process is to read it.
func (p *parquetReader) copy(from content) (*os.File, error) {
	file, err := os.CreateTemp("", "segue-*.parquet")
	if err != nil {
		return nil, fmt.Errorf("copy a Parquet file: %w", err)
	}
	p.copied = file
	if _, err := io.Copy(file, io.NewSectionReader(from.file, 0, from.size)); err != nil {
		p.close()
		return nil, fmt.Errorf("copy a Parquet file: %w", err)
	}
	return file, nil
}

func (p *parquetReader) next() (Record, error) {
	row, err := p.reader.Next()
	if err != nil {
		return Record{}, parquetProblem(err)
	}
	p.row++
	r := Record{Line: p.row, Fields: row.Fields, Exact: p.exact, Column: -1}
	if row.Refused != "" {
		r.Fields, r.Exact, r.Refused, r.Column = nil, nil, refusalPrefix+row.Refused, row.Column
	}
	for _, field := range row.Fields {
		r.Size += len(field)
	}
	if p.bytes += int64(r.Size); p.bytes > maxUnpacked || p.bytes > growthFree+maxGrowth*p.size {
		return Record{}, errUnpacksTooLarge()
	}
	return r, nil
}

// read is by rows: the columns of a row lie far apart.
func (p *parquetReader) read() int64 {
	if p.reader.Rows <= 0 {
		return p.size
	}
	return int64(float64(p.size) * min(1, float64(p.row)/float64(p.reader.Rows)))
}

func (p *parquetReader) leftOut() []LeftOut { return p.out }

func (p *parquetReader) close() {
	if p.reader != nil {
		p.reader.Close()
	}
	if p.copied != nil {
		_ = p.copied.Close()
		_ = os.Remove(p.copied.Name())
	}
}

func parquetProblem(err error) error {
	switch {
	case errors.Is(err, parquet.ErrDamaged):
		return fileProblem("parquet_damaged").Because(err)
	case errors.Is(err, parquet.ErrTooLarge):
		return fileProblem("parquet_too_large").Because(err)
	}
	return err
}
