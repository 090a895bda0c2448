package tabular

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/segue-app/segue/internal/problem"
)

// Bounds of a packed file. Lists of customers shrink to a tenth; what grows beyond all measure was made to do so.
const (
	maxUnpacked    = 8 << 30  // bytes
	maxGrowth      = 200      // bytes out of one byte, beyond the allowance
	growthFree     = 64 << 20 // bytes
	maxZIPEntries  = 1_000
	maxZIPIndex    = 1 << 20 // bytes read to find out what a ZIP file holds
	zipTail        = 1<<16 + zipEnd
	zipEnd         = 22 // bytes of the record that ends a ZIP file, without its comment
	zipEndRecord   = "PK\x05\x06"
	zipFirstRecord = "PK\x03\x04"
	gzipMark       = "\x1f\x8b"
	parquetMark    = "PAR1"
	parquetSealed  = "PARE" // a Parquet file whose footer is encrypted
	oleMark        = "\xd0\xcf\x11\xe0"
)

// content is what a file holds once it is unpacked. It can be read from the beginning more than once.
type content struct {
	file   *meter
	size   int64
	name   string // of what is inside
	packed bool
	open   func() (io.Reader, error)
}

// meter counts what is read of a file.
type meter struct {
	file  io.ReaderAt
	n     int64
	bound int64 // of n; 0: none
}

var errBound = errors.New("more was read than the bound allows")

func (m *meter) ReadAt(p []byte, offset int64) (int, error) {
	if m.bound > 0 && m.n > m.bound {
		return 0, errBound
	}
	n, err := m.file.ReadAt(p, offset)
	m.n += int64(n)
	return n, err
}

// unpack finds out whether a file is packed, by its first bytes.
func unpack(file io.ReaderAt, size int64, name string) (content, error) {
	c := content{file: &meter{file: file}, size: size, name: name}
	mark := make([]byte, min(4, size))
	if _, err := file.ReadAt(mark, 0); err != nil && !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("read the beginning of the file: %w", err)
	}
	stored := func() io.Reader { return io.NewSectionReader(c.file, 0, size) }
	switch {
	case bytes.HasPrefix(mark, []byte(gzipMark)):
		c.packed, c.name = true, strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".GZ")
		c.open = func() (io.Reader, error) { return gzip.NewReader(bufio.NewReaderSize(stored(), textBuffer)) }
	case string(mark) == zipFirstRecord || string(mark) == zipEndRecord:
		entry, err := onlyEntry(c.file, size)
		if err != nil {
			return c, err
		}
		if c.packed, c.name = true, entry.Name; entry.UncompressedSize64 > maxUnpacked {
			return c, errUnpacksTooLarge()
		}
		c.open = func() (io.Reader, error) { return entry.Open() } // there is nothing to close but a pool's reader
	default:
		c.open = func() (io.Reader, error) { return stored(), nil }
		return c, nil
	}
	open := c.open
	c.open = func() (io.Reader, error) {
		c.file.n = 0
		r, err := open()
		if err != nil {
			return nil, damaged(err)
		}
		return &unpacked{reader: r, stored: c.file}, nil
	}
	return c, nil
}

func errUnpacksTooLarge() error { return fileProblem("unpacks_too_large", "Most", "8 GiB") }

// onlyEntry is the one file in a ZIP file. Folders, and what macOS adds, do not count. Its name is never a path of ours.
func onlyEntry(file *meter, size int64) (*zip.File, error) {
	tail := make([]byte, min(size, zipTail))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the end of the file: %w", err)
	}
	end := bytes.LastIndex(tail, []byte(zipEndRecord))
	if end < 0 || end+zipEnd > len(tail) {
		return nil, fileProblem("cut_off")
	}
	// The reader makes room for as many entries as the file says it has.
	if binary.LittleEndian.Uint16(tail[end+10:]) > maxZIPEntries {
		return nil, fileProblem("zip_many")
	}
	file.bound = file.n + maxZIPIndex
	archive, err := zip.NewReader(file, size)
	file.bound = 0
	if errors.Is(err, errBound) {
		return nil, fileProblem("zip_many")
	}
	if err != nil {
		return nil, damaged(err)
	}
	var only *zip.File
	for _, entry := range archive.File {
		switch {
		case entry.Name == "[Content_Types].xml":
			return nil, fileProblem("workbook")
		case strings.HasSuffix(entry.Name, "/"), strings.HasPrefix(entry.Name, "__MACOSX/"), path.Base(entry.Name) == ".DS_Store":
		case only != nil:
			return nil, fileProblem("zip_many")
		default:
			only = entry
		}
	}
	if only == nil {
		return nil, fileProblem("empty")
	}
	if only.Flags&1 != 0 {
		return nil, fileProblem("zip_locked")
	}
	return only, nil
}

// unpacked stops a file that unpacks to more than is taken.
type unpacked struct {
	reader io.Reader
	stored *meter
	n      int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.reader.Read(p)
	u.n += int64(n)
	if u.n > maxUnpacked || u.n > growthFree+maxGrowth*u.stored.n {
		return 0, errUnpacksTooLarge()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

// damaged tells a file that is not whole from a disk that fails.
func damaged(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fileProblem("cut_off").Because(err)
	case errors.As(err, &corrupt), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zip.ErrFormat),
		errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrAlgorithm):
		return fileProblem("damaged").Because(err)
	case problem.Of(err) != nil:
		return err
	}
	return fmt.Errorf("unpack file: %w", err)
}
