package tabular

import (
	"fmt"
	"io"

	"github.com/segue-app/segue/internal/problem"
)

const (
	maxPageMemory = 256 << 20 // bytes of all pages and dictionaries that are open at a time
	maxListTexts  = 10_000    // of one list
	maxListValues = 1 << 30   // of one column in one row group
)

// parquetReader reads the rows of a Parquet file. It is our own because of what hostile files do to readers that believe
// them: here a size is held against the bounds before anything is made of it, and a page gives its values one by one, so
// that few bytes which claim to be billions of values cost nothing until somebody wants the values.
type parquetReader struct {
	file    *meter
	size    int64
	footer  footer
	leaves  []leaf
	columns []*parquetColumn // of the row group; those that are read
	reads   []int            // the leaves that are read
	group   int
	left    int64 // rows of the group
	row     int
	bytes   int64 // of all texts so far
	pages   *pageMemory
	out     []LeftOut
	fields  []string
	exact   []bool
}

func openParquet(from content) (r rows, headings []string, err error) {
	defer func() { err = caught(recover(), err) }()
	reader := &parquetReader{file: from.file, size: from.size, pages: &pageMemory{}, group: -1}
	if reader.footer, err = readFooter(from.file, from.size); err != nil {
		return nil, nil, err
	}
	if reader.leaves, err = reader.footer.leaves(); err != nil {
		return nil, nil, err
	}
	said := map[string]bool{}
	for i, column := range reader.leaves {
		if column.leftOut == "" {
			reader.reads, headings = append(reader.reads, i), append(headings, column.heading)
			continue
		}
		if heading := cut(column.heading, maxHeading); !said[heading] && len(reader.out) < leftOutKept {
			said[heading] = true
			reader.out = append(reader.out, LeftOut{Heading: heading, Reason: column.leftOut})
		}
	}
	switch {
	case len(headings) == 0:
		return nil, nil, fileProblem("parquet_no_columns")
	case len(headings) > maxColumns:
		return nil, nil, errTooManyColumns()
	}
	reader.fields, reader.exact = make([]string, len(headings)), make([]bool, len(headings))
	for n, i := range reader.reads {
		reader.exact[n] = reader.leaves[i].exact
	}
	return reader, name(headings), reader.check()
}

// check holds what the file says of its row groups against itself.
func (p *parquetReader) check() error {
	var rows int64
	for g, group := range p.footer.groups {
		rows += group.rows
		if group.rows < 0 || rows > maxParquetRows || len(group.chunks) != len(p.leaves) {
			return errParquetDamaged("row group %d has %d rows and %d columns", g, group.rows, len(group.chunks))
		}
		for _, i := range p.reads {
			c, column := group.chunks[i], p.leaves[i]
			begin := c.begin()
			switch {
			case c.locked:
				return fileProblem("parquet_locked")
			case c.elsewhere, c.physical != column.physical, begin < 4, c.compressed < 0, c.compressed > p.footer.end-begin, c.dataOffset < begin,
				c.values < 0, c.values > maxListValues, !column.isList && c.values != group.rows:
				return errParquetDamaged("row group %d, column %q: %+v", g, column.heading, c)
			case c.codec != codecNone && c.codec != codecSnappy && c.codec != codecGzip && c.codec != codecZstd:
				return fileProblem("parquet_compression")
			}
		}
	}
	if rows != p.footer.rows {
		return errParquetDamaged("%d rows in the row groups, %d in all", rows, p.footer.rows)
	}
	return nil
}

// begin is where the chunk's first page is.
func (c chunkPlace) begin() int64 {
	if c.dictionaryAt > 0 && c.dictionaryAt < c.dataOffset {
		return c.dictionaryAt
	}
	return c.dataOffset
}

// read is by rows: the columns of a row lie far apart.
func (p *parquetReader) read() int64 {
	if p.footer.rows == 0 {
		return p.size
	}
	return int64(float64(p.size) * float64(p.row) / float64(p.footer.rows))
}

func (p *parquetReader) leftOut() []LeftOut { return p.out }

func (p *parquetReader) next() (r Record, err error) {
	defer func() { err = caught(recover(), err) }()
	for p.left == 0 {
		if p.group++; p.group >= len(p.footer.groups) {
			return Record{}, io.EOF
		}
		if err := p.openGroup(); err != nil {
			return Record{}, err
		}
	}
	p.left--
	p.row++
	r = Record{Line: p.row, Fields: p.fields, Exact: p.exact, Column: -1}
	for n, column := range p.columns {
		text, refused, err := column.cell()
		if err != nil {
			return Record{}, fmt.Errorf("row %d, column %q: %w", p.row, column.heading, err)
		}
		if refused != "" && r.Refused == "" {
			r.Refused, r.Column = refused, n
		}
		p.fields[n] = text
		r.Size += len(text)
	}
	if p.bytes += int64(r.Size); p.bytes > maxUnpacked || p.bytes > growthFree+maxGrowth*p.size {
		return Record{}, errUnpacksTooLarge()
	}
	if r.Refused == "" && r.Size > maxLine {
		r.Refused = refusedTooLong
	}
	if r.Refused != "" {
		r.Fields, r.Exact = nil, nil
	}
	return r, nil
}

func (p *parquetReader) openGroup() error {
	group := p.footer.groups[p.group]
	p.left = group.rows
	before := p.columns
	p.columns, p.pages.used = nil, 0
	for n, i := range p.reads {
		column := &parquetColumn{
			leaf: &p.leaves[i], place: group.chunks[i], file: p.file, memory: p.pages,
			at: group.chunks[i].begin(), end: group.chunks[i].begin() + group.chunks[i].compressed, unread: group.chunks[i].values,
		}
		if before != nil {
			column.unpacked = before[n].unpacked
			if err := p.pages.take(cap(column.unpacked)); err != nil {
				return err
			}
		}
		p.columns = append(p.columns, column)
	}
	return nil
}

// caught turns a panic over a file that nobody foresaw into a Problem, and what a page does not hold likewise.
func caught(panicked any, err error) error {
	switch {
	case panicked != nil:
		return errParquetDamaged("%v", panicked)
	case err == nil || err == io.EOF || problem.Of(err) != nil: //nolint:errorlint // the end is not wrapped
		return err
	}
	return fileProblem("parquet_damaged").Because(err)
}
