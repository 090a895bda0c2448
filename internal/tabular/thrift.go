package tabular

import (
	"encoding/binary"
	"errors"
)

// errThrift says that bytes are not what Thrift's compact protocol writes, or that they end too early.
var errThrift = errors.New("not in Thrift's compact protocol")

// Types of a field in the compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const thriftDepth = 32 // structs and lists in each other that are passed over

// thrift reads what Parquet says about itself. It allocates nothing but what its callers keep: a size that the data
// claims is believed only as far as there are bytes for it. After the first fault everything is zero and err is set.
type thrift struct {
	data []byte
	at   int
	err  error
}

func (t *thrift) fail() { t.err, t.at = errThrift, len(t.data) }

func (t *thrift) byte() byte {
	if t.at >= len(t.data) {
		t.fail()
		return 0
	}
	t.at++
	return t.data[t.at-1]
}

func (t *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(t.data[t.at:])
	if n <= 0 {
		t.fail()
		return 0
	}
	t.at += n
	return v
}

// int reads an i16, i32 or i64.
func (t *thrift) int() int64 {
	v := t.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (t *thrift) binary() []byte {
	n := t.uvarint()
	if n > uint64(len(t.data)-t.at) {
		t.fail()
		return nil
	}
	t.at += int(n)
	return t.data[t.at-int(n) : t.at]
}

// list reads the head of a list: how many elements, each at least a byte long.
func (t *thrift) list() (size int, element byte) {
	head := t.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = t.uvarint()
	}
	if n > uint64(len(t.data)-t.at) {
		t.fail()
		return 0, 0
	}
	return int(n), head & 15
}

// each visits the elements of a list of structs.
func (t *thrift) each(visit func()) {
	size, element := t.list()
	if size > 0 && element != thriftStruct {
		t.fail()
	}
	for i := 0; i < size && t.err == nil; i++ {
		visit()
	}
}

// fields visits the fields of a struct. visit reads the field's value, or returns false to pass it over.
func (t *thrift) fields(visit func(id int64, kind byte) bool) {
	for id := int64(0); t.err == nil; {
		head := t.byte()
		if head == 0 {
			return
		}
		if delta := head >> 4; delta != 0 {
			id += int64(delta)
		} else {
			id = t.int()
		}
		kind := head & 15
		if !visit(id, kind) {
			t.skip(kind, 0)
		}
	}
}

func (t *thrift) skip(kind byte, depth int) {
	if depth > thriftDepth {
		t.fail()
		return
	}
	switch kind {
	case thriftTrue, thriftFalse: // the field's head is its value
	case thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.uvarint()
	case thriftDouble:
		for range 8 {
			t.byte()
		}
	case thriftBinary:
		t.binary()
	case thriftList, thriftSet:
		size, element := t.list()
		for i := 0; i < size && t.err == nil; i++ {
			t.skipElement(element, depth+1)
		}
	case thriftMap:
		size := t.uvarint()
		if size == 0 {
			return
		}
		kinds := t.byte()
		for i := uint64(0); i < size && t.err == nil; i++ {
			t.skipElement(kinds>>4, depth+1)
			t.skipElement(kinds&15, depth+1)
		}
	case thriftStruct:
		t.fields(func(_ int64, kind byte) bool { t.skip(kind, depth+1); return true })
	default:
		t.fail()
	}
}

// skipElement passes over what is in a list or map, where a truth is a byte.
func (t *thrift) skipElement(kind byte, depth int) {
	if kind == thriftTrue || kind == thriftFalse {
		kind = thriftByte
	}
	t.skip(kind, depth)
}
