package tabular

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Bounds of a Parquet file, checked before anything is made of the sizes that it claims.
const (
	maxFooter      = 16 << 20 // bytes
	maxElements    = 10_000   // of the schema
	maxChunks      = 1_000_000
	maxParquetRows = 100_000_000
	maxSchemaDepth = 16
)

// Physical types (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
const (
	physicalBoolean = 0
	physicalInt32   = 1
	physicalInt64   = 2
	physicalInt96   = 3
	physicalFloat   = 4
	physicalDouble  = 5
	physicalBytes   = 6
	physicalFixed   = 7
)

// element is a node of the schema as the file has it: depth first, each with the number of its children.
type element struct {
	name      string
	physical  int64
	length    int64 // of physicalFixed
	repeated  bool
	optional  bool
	children  int64
	converted int64 // -1: none
	logical   int64 // the field of the union LogicalType; 0: none
	scale     int64
	utc       bool  // of a timestamp or time
	unit      int64 // of a timestamp or time: 1 milliseconds, 2 microseconds, 3 nanoseconds
	unsigned  bool
}

// chunkPlace is where to find the values of one column in one row group.
type chunkPlace struct {
	physical, codec, values  int64
	compressed               int64 // bytes
	dataOffset, dictionaryAt int64
	elsewhere, locked        bool
}

type rowGroup struct {
	rows   int64
	chunks []chunkPlace
}

// footer is what a Parquet file says about itself.
type footer struct {
	elements []element
	groups   []rowGroup
	rows     int64
	end      int64 // where the footer begins
}

func errParquetDamaged(why string, args ...any) error {
	return fileProblem("parquet_damaged").Because(fmt.Errorf(why, args...))
}

// readFooter reads the end of a Parquet file.
func readFooter(file io.ReaderAt, size int64) (f footer, err error) {
	var tail [8]byte
	if size < 12 {
		return f, fileProblem("cut_off")
	}
	if _, err := file.ReadAt(tail[:], size-8); err != nil {
		return f, fmt.Errorf("read the end of the file: %w", err)
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	switch mark := string(tail[4:]); {
	case mark == parquetSealed:
		return f, fileProblem("parquet_locked")
	case mark != parquetMark:
		return f, fileProblem("cut_off")
	case length > size-12:
		return f, errParquetDamaged("a footer of %d bytes in a file of %d", length, size)
	case length > maxFooter:
		return f, fileProblem("parquet_too_large")
	}
	f.end = size - 8 - length
	data := make([]byte, length)
	if _, err := file.ReadAt(data, f.end); err != nil {
		return f, fmt.Errorf("read footer: %w", err)
	}
	t := &thrift{data: data}
	chunks, sealed := 0, false
	t.fields(func(id int64, kind byte) bool {
		switch {
		case id == 2 && kind == thriftList:
			t.each(func() {
				if f.elements = append(f.elements, readElement(t)); len(f.elements) > maxElements {
					t.fail()
				}
			})
		case id == 3 && kind == thriftI64:
			f.rows = t.int()
		case id == 4 && kind == thriftList:
			t.each(func() {
				g := readGroup(t)
				if chunks += len(g.chunks); chunks > maxChunks {
					t.fail()
				}
				f.groups = append(f.groups, g)
			})
		case id == 8:
			sealed = true
			return false
		default:
			return false
		}
		return true
	})
	switch {
	case sealed:
		return f, fileProblem("parquet_locked")
	case t.err != nil:
		return f, errParquetDamaged("footer: %w", t.err)
	case f.rows > maxParquetRows:
		return f, fileProblem("parquet_too_large")
	}
	return f, nil
}

func readElement(t *thrift) element {
	e := element{physical: -1, converted: -1}
	t.fields(func(id int64, kind byte) bool {
		switch {
		case id == 4 && kind == thriftBinary:
			e.name = strings.ToValidUTF8(string(t.binary()), "�")
		case id == 10 && kind == thriftStruct:
			readLogical(t, &e)
		case kind != thriftI32:
			return false
		case id == 1:
			e.physical = t.int()
		case id == 2:
			e.length = t.int()
		case id == 3:
			repetition := t.int()
			e.optional, e.repeated = repetition == 1, repetition == 2
		case id == 5:
			e.children = t.int()
		case id == 6:
			e.converted = t.int()
		case id == 7:
			e.scale = t.int()
		default:
			return false
		}
		return true
	})
	return e
}

// Fields of the union LogicalType.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalJSON      = 12
	logicalUUID      = 14
)

func readLogical(t *thrift, e *element) {
	t.fields(func(which int64, kind byte) bool {
		if e.logical = which; kind != thriftStruct {
			return false
		}
		t.fields(func(id int64, kind byte) bool {
			switch {
			case which == logicalDecimal && id == 1 && kind == thriftI32:
				e.scale = t.int()
			case (which == logicalTimestamp || which == logicalTime) && id == 1:
				e.utc = kind == thriftTrue
			case (which == logicalTimestamp || which == logicalTime) && id == 2 && kind == thriftStruct:
				t.fields(func(unit int64, _ byte) bool { e.unit = unit; return false })
			case which == logicalInteger && id == 2:
				e.unsigned = kind == thriftFalse
			default:
				return false
			}
			return true
		})
		return true
	})
}

func readGroup(t *thrift) (g rowGroup) {
	t.fields(func(id int64, kind byte) bool {
		switch {
		case id == 1 && kind == thriftList:
			t.each(func() { g.chunks = append(g.chunks, readChunkPlace(t)) })
		case id == 3 && kind == thriftI64:
			g.rows = t.int()
		default:
			return false
		}
		return true
	})
	return g
}

func readChunkPlace(t *thrift) (c chunkPlace) {
	t.fields(func(id int64, kind byte) bool {
		switch {
		case id == 1:
			c.elsewhere = true
		case id == 8:
			c.locked = true
		case id == 3 && kind == thriftStruct:
			t.fields(c.readField(t))
			return true
		}
		return false
	})
	return c
}

func (c *chunkPlace) readField(t *thrift) func(int64, byte) bool {
	return func(id int64, kind byte) bool {
		if kind != thriftI32 && kind != thriftI64 {
			return false
		}
		switch id {
		case 1:
			c.physical = t.int()
		case 4:
			c.codec = t.int()
		case 5:
			c.values = t.int()
		case 7:
			c.compressed = t.int()
		case 9:
			c.dataOffset = t.int()
		case 11:
			c.dictionaryAt = t.int()
		default:
			return false
		}
		return true
	}
}
