package tabular

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

const (
	maxPage       = 64 << 20 // bytes of a page, unpacked
	maxPageHeader = 1 << 20  // bytes, with the smallest and greatest value that some write
)

// How chunks are compressed.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecZstd   = 6
)

// How values are written.
const (
	encodingPlain           = 0
	encodingPlainDictionary = 2
	encodingRuns            = 3
	encodingDeltas          = 5
	encodingDeltaLengths    = 6
	encodingDeltaBytes      = 7
	encodingDictionary      = 8
	encodingSplit           = 9
)

// Types of pages.
const (
	pageData       = 0
	pageIndex      = 1
	pageDictionary = 2
	pageDataV2     = 3
)

// pageMemory is what all pages that are open take.
type pageMemory struct {
	used       int
	compressed []byte // of the page that is being opened
	zstd       *zstd.Decoder
}

func (m *pageMemory) take(n int) error {
	if m.used += n; m.used > maxPageMemory {
		return fileProblem("parquet_too_large")
	}
	return nil
}

// parquetColumn reads the values of one column in one row group.
type parquetColumn struct {
	*leaf
	place   chunkPlace
	file    io.ReaderAt
	memory  *pageMemory
	at, end int64 // bytes
	unread  int64 // values of pages to come
	pending int64 // values of this page to come

	unpacked                []byte // the page, and bytes of memory.used as far as it reaches
	repetition, definitions *hybrid
	values                  values
	indexes                 *hybrid // into the dictionary, when the values are there
	dictionary              []entry
	begun                   bool // repetition and definition are of the first value of the next row
	repeats, defined        uint64
}

type entry struct{ text, refused string }

// cell is the column's value in the next row.
func (c *parquetColumn) cell() (text, refused string, err error) {
	if !c.isList {
		if err = c.level(); err == nil && int(c.defined) == c.maxDefinition {
			text, refused, err = c.value()
		}
		return text, refused, err
	}
	var texts []string
	size := 0
	for first := true; ; first = false {
		if !c.begun {
			if c.pending == 0 && c.unread == 0 {
				if first {
					return "", "", errPage
				}
				break
			}
			if err := c.level(); err != nil {
				return "", "", err
			}
		}
		if c.begun = c.repeats == 0 && !first; c.begun {
			break
		}
		if first && c.repeats != 0 {
			return "", "", errPage
		}
		if int(c.defined) < c.maxDefinition {
			continue
		}
		one, why, err := c.value()
		if err != nil {
			return "", "", err
		}
		if why != "" {
			refused = why
		}
		if size += len(one) + 3; size > maxLine || len(texts) >= maxListTexts {
			refused, texts = refusedTooLong, texts[:0]
		}
		if refused == "" && strings.TrimSpace(one) != "" {
			texts = append(texts, one)
		}
	}
	if refused != "" || len(texts) == 0 {
		return "", refused, nil
	}
	return storedList(texts), "", nil
}

// level goes to the next value: whether it is there, and whether it goes on with the row before.
func (c *parquetColumn) level() (err error) {
	for c.pending == 0 {
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	c.pending--
	c.repeats, c.defined = 0, uint64(c.maxDefinition)
	if c.repetition != nil {
		if c.repeats, err = c.repetition.next(); err != nil {
			return err
		}
	}
	if c.definitions != nil {
		c.defined, err = c.definitions.next()
	}
	return err
}

func (c *parquetColumn) value() (text, refused string, err error) {
	if c.indexes != nil {
		i, err := c.indexes.next()
		if err != nil || i >= uint64(len(c.dictionary)) {
			return "", "", errPage
		}
		return c.dictionary[i].text, c.dictionary[i].refused, nil
	}
	v, err := c.values.next()
	if err != nil {
		return "", "", err
	}
	if c.physical == physicalFixed && int64(len(v.bytes)) != c.length {
		return "", "", errPage
	}
	text, refused = c.write(v)
	return text, refused, nil
}

// pageHeader is what a page says about itself.
type pageHeader struct {
	kind, unpacked, compressed  int64
	crc                         int64
	hasCRC                      bool
	values, encoding            int64
	definitionWay, repeatWay    int64 // how levels are written
	definitionSize, repeatsSize int64 // bytes of levels that stand before the compressed part
	plainPart                   bool  // what follows them is not compressed
}

func readPageHeader(data []byte) (h pageHeader, size int, err error) {
	t := &thrift{data: data}
	h.definitionWay, h.repeatWay = encodingRuns, encodingRuns
	into := func(fields ...*int64) {
		t.fields(func(id int64, kind byte) bool {
			if kind == thriftI32 && id >= 1 && int(id) <= len(fields) && fields[id-1] != nil {
				*fields[id-1] = t.int()
				return true
			}
			if id == 7 && kind == thriftFalse {
				h.plainPart = true
			}
			return false
		})
	}
	t.fields(func(id int64, kind byte) bool {
		switch {
		case kind == thriftI32 && id == 1:
			h.kind = t.int()
		case kind == thriftI32 && id == 2:
			h.unpacked = t.int()
		case kind == thriftI32 && id == 3:
			h.compressed = t.int()
		case kind == thriftI32 && id == 4:
			h.crc, h.hasCRC = t.int(), true
		case kind == thriftStruct && id == 5:
			into(&h.values, &h.encoding, &h.definitionWay, &h.repeatWay)
		case kind == thriftStruct && id == 7:
			into(&h.values, &h.encoding)
		case kind == thriftStruct && id == 8:
			into(&h.values, nil, nil, &h.encoding, &h.definitionSize, &h.repeatsSize)
		default:
			return false
		}
		return true
	})
	return h, t.at, t.err
}

// nextPage opens the next page with values. A dictionary is read on the way.
func (c *parquetColumn) nextPage() error {
	if c.at >= c.end || c.unread == 0 {
		return errPage
	}
	h, err := c.header()
	if err != nil {
		return err
	}
	switch {
	case h.compressed < 0, h.compressed > c.end-c.at, h.unpacked < 0, h.values < 0, h.definitionSize < 0, h.repeatsSize < 0,
		h.definitionSize+h.repeatsSize > h.compressed, h.definitionSize+h.repeatsSize > h.unpacked:
		return fmt.Errorf("%w: %+v", errPage, h)
	case h.unpacked > maxPage || h.compressed > maxPage+maxPage/8:
		return fileProblem("parquet_too_large")
	}
	at := c.at
	c.at += h.compressed
	if h.kind == pageIndex {
		return nil
	}
	data, err := c.unpack(h, at)
	if err != nil {
		return err
	}
	switch h.kind {
	case pageDictionary:
		return c.openDictionary(h, data)
	case pageData, pageDataV2:
		return c.openData(h, data)
	}
	return fmt.Errorf("%w: type %d", errPage, h.kind)
}

// header reads the page's header, a little first: how long it is shows in the reading.
func (c *parquetColumn) header() (h pageHeader, err error) {
	for size := int64(1 << 10); ; size *= 8 {
		window := make([]byte, min(size, c.end-c.at))
		if _, err := c.file.ReadAt(window, c.at); err != nil && !errors.Is(err, io.EOF) {
			return h, err
		}
		h, n, err := readPageHeader(window)
		if err == nil {
			c.at += int64(n)
			return h, nil
		}
		if size >= maxPageHeader || int64(len(window)) < size {
			return h, err
		}
	}
}

// unpack reads a page and decompresses it to exactly the size that it claims.
func (c *parquetColumn) unpack(h pageHeader, at int64) ([]byte, error) {
	if int64(cap(c.memory.compressed)) < h.compressed {
		c.memory.compressed = make([]byte, h.compressed)
	}
	packed := c.memory.compressed[:h.compressed]
	if _, err := c.file.ReadAt(packed, at); err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	if h.hasCRC && crc32.ChecksumIEEE(packed) != uint32(h.crc) {
		return nil, fmt.Errorf("%w: its checksum is another", errPage)
	}
	if more := int(h.unpacked) - cap(c.unpacked); more > 0 {
		if err := c.memory.take(more); err != nil {
			return nil, err
		}
		c.unpacked = make([]byte, h.unpacked)
	}
	into := c.unpacked[:h.unpacked]
	levels := 0
	if h.kind == pageDataV2 {
		levels = copy(into, packed[:h.definitionSize+h.repeatsSize])
	}
	codec := c.place.codec
	if h.kind == pageDataV2 && h.plainPart {
		codec = codecNone
	}
	if err := c.memory.decompress(codec, into[levels:], packed[levels:]); err != nil {
		return nil, fmt.Errorf("%w: %w", errPage, err)
	}
	return into, nil
}

var errSize = errors.New("another size than claimed")

// decompress fills into, exactly.
func (m *pageMemory) decompress(codec int64, into, packed []byte) error {
	switch codec {
	case codecNone:
		if len(into) != len(packed) {
			return errSize
		}
		copy(into, packed)
		return nil
	case codecSnappy:
		if n, err := snappy.DecodedLen(packed); err != nil || n != len(into) {
			return errSize
		}
		_, err := snappy.Decode(into, packed)
		return err
	case codecGzip:
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(r, into); err != nil {
			return err
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			return errSize
		}
		return nil
	default:
		if m.zstd == nil {
			var err error
			m.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecoderMaxWindow(maxPage))
			if err != nil {
				return err
			}
		}
		out, err := m.zstd.DecodeAll(packed, into[:0:len(into)])
		if err == nil && len(out) != len(into) {
			err = errSize
		}
		return err
	}
}

func (c *parquetColumn) openDictionary(h pageHeader, data []byte) error {
	if c.dictionary != nil || (h.encoding != encodingPlain && h.encoding != encodingPlainDictionary) || c.physical == physicalBoolean {
		return errPage
	}
	least := map[int64]int64{physicalInt32: 4, physicalFloat: 4, physicalBytes: 4, physicalFixed: max(c.length, 1), physicalInt96: 12}[c.physical]
	if h.values > int64(len(data))/max(least, 1) || c.length < 0 {
		return errPage
	}
	const entrySize, written = 32, 32 // bytes of an entry, and of a number or time as text
	if err := c.memory.take(len(data) + int(h.values)*(entrySize+written)); err != nil {
		return err
	}
	from := &plainValues{data: data, physical: c.physical, length: int(c.length)}
	c.dictionary = make([]entry, h.values)
	for i := range c.dictionary {
		v, err := from.next()
		if err != nil {
			return err
		}
		c.dictionary[i].text, c.dictionary[i].refused = c.write(v)
	}
	return nil
}

func (c *parquetColumn) openData(h pageHeader, data []byte) error {
	if h.values > c.unread {
		return errPage
	}
	c.unread -= h.values
	c.pending = h.values
	var err error
	if c.repetition, c.definitions, data, err = c.levels(h, data); err != nil {
		return err
	}
	c.values, c.indexes = nil, nil
	isBytes, length := c.physical == physicalBytes || c.physical == physicalFixed, int(c.length)
	size := map[int64]int{physicalInt32: 4, physicalFloat: 4, physicalInt64: 8, physicalDouble: 8, physicalFixed: length}[c.physical]
	switch {
	case c.physical == physicalFixed && length < 1:
		err = errPage
	case h.encoding == encodingPlain:
		c.values = &plainValues{data: data, physical: c.physical, length: length}
	case h.encoding == encodingDictionary || h.encoding == encodingPlainDictionary:
		if len(data) == 0 {
			data = []byte{0} // a page in which nothing is there
		}
		if data[0] > 32 {
			return errPage
		}
		c.indexes = &hybrid{data: data[1:], width: int(data[0])}
	case h.encoding == encodingRuns && c.physical == physicalBoolean:
		if len(data) < 4 {
			return errPage
		}
		c.values = &runValues{hybrid{data: data[4:], width: 1}}
	case h.encoding == encodingDeltas && (c.physical == physicalInt32 || c.physical == physicalInt64):
		c.values, err = newDeltas(data, c.physical == physicalInt32, h.values)
	case h.encoding == encodingDeltaLengths && c.physical == physicalBytes:
		c.values, err = newDeltaBytes(data, false, h.values)
	case h.encoding == encodingDeltaBytes && isBytes:
		c.values, err = newDeltaBytes(data, true, h.values)
	case h.encoding == encodingSplit && size > 0:
		c.values = &splitValues{data: data, physical: c.physical, size: size, value: make([]byte, size)}
	default:
		err = fileProblem("parquet_encoding")
	}
	return err
}

// levels finds the levels before the values.
func (c *parquetColumn) levels(h pageHeader, data []byte) (repetition, definitions *hybrid, rest []byte, err error) {
	width := 0
	for 1<<width <= c.maxDefinition {
		width++
	}
	if h.kind == pageDataV2 {
		if c.isList {
			repetition = &hybrid{data: data[:h.repeatsSize], width: 1}
		}
		data = data[h.repeatsSize:]
		if c.maxDefinition > 0 {
			definitions = &hybrid{data: data[:h.definitionSize], width: width}
		}
		return repetition, definitions, data[h.definitionSize:], nil
	}
	prefixed := func(width int, way int64) *hybrid {
		if way != encodingRuns {
			err = fileProblem("parquet_encoding")
			return nil
		}
		length := plainValues{data: data, physical: physicalBytes}
		v, failed := length.next()
		if failed != nil {
			err = failed
		}
		data = length.data
		return &hybrid{data: v.bytes, width: width}
	}
	if c.isList {
		repetition = prefixed(1, h.repeatWay)
	}
	if c.maxDefinition > 0 && err == nil {
		definitions = prefixed(width, h.definitionWay)
	}
	return repetition, definitions, data, err
}
