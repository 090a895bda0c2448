package tabular

import (
	"encoding/binary"
	"errors"
)

// errPage says that a page holds less, or something else, than it claims.
var errPage = errors.New("the page does not hold what it claims")

// values gives the values of a page one by one. However many a page claims to have, none is made before it is asked for.
type values interface {
	next() (raw, error)
}

// hybrid reads numbers of a few bits: runs of one number, and numbers packed beside each other.
type hybrid struct {
	data   []byte
	width  int
	run    uint64 // left of the run
	packed uint64 // left of the packed numbers
	number uint64
	bit    int // of data, where the next packed number begins
}

func (h *hybrid) next() (uint64, error) {
	for h.run == 0 && h.packed == 0 {
		head, n := binary.Uvarint(h.data)
		if n <= 0 {
			return 0, errPage
		}
		h.data = h.data[n:]
		if head&1 == 1 {
			h.packed, h.bit = head>>1, 0
			if h.packed > uint64(len(h.data)) { // eight numbers of a bit are a byte
				if h.width != 0 {
					h.packed = uint64(len(h.data)) // the last group may be cut where the values end
				}
			}
			h.packed = min(h.packed, 1<<32) * 8
			continue
		}
		size := (h.width + 7) / 8
		if len(h.data) < size {
			return 0, errPage
		}
		h.run, h.number = head>>1, 0
		for i := range size {
			h.number |= uint64(h.data[i]) << (8 * i)
		}
		h.data = h.data[size:]
	}
	if h.run > 0 {
		h.run--
		return h.number, nil
	}
	v, ok := bitsAt(h.data, h.bit, h.width)
	if !ok {
		return 0, errPage
	}
	h.bit += h.width
	if h.packed--; h.packed == 0 {
		h.data = h.data[min((h.bit+7)/8, len(h.data)):]
	}
	return v, nil
}

// bitsAt reads a number of up to 64 bits, the lowest bit first.
func bitsAt(data []byte, at, width int) (v uint64, ok bool) {
	if at+width > 8*len(data) {
		return 0, false
	}
	for got := 0; got < width; {
		from := (at + got) % 8
		take := min(8-from, width-got)
		part := uint64(data[(at+got)/8]>>from) & (1<<take - 1)
		v |= part << got
		got += take
	}
	return v, true
}

// plainValues are written one after the other.
type plainValues struct {
	data     []byte
	physical int64
	length   int
	bit      int
}

func (p *plainValues) next() (raw, error) {
	size := 0
	switch p.physical {
	case physicalBoolean:
		v, ok := bitsAt(p.data, p.bit, 1)
		if p.bit++; !ok {
			return raw{}, errPage
		}
		return raw{number: int64(v)}, nil
	case physicalInt32, physicalFloat:
		size = 4
	case physicalInt64, physicalDouble:
		size = 8
	case physicalInt96:
		size = 12
	case physicalFixed:
		size = p.length
	case physicalBytes:
		if len(p.data) < 4 {
			return raw{}, errPage
		}
		length := binary.LittleEndian.Uint32(p.data)
		if p.data = p.data[4:]; uint64(length) > uint64(len(p.data)) {
			return raw{}, errPage
		}
		size = int(length)
	}
	if len(p.data) < size {
		return raw{}, errPage
	}
	v := fixed(p.data[:size], p.physical)
	p.data = p.data[size:]
	return v, nil
}

// fixed reads a value from its bytes.
func fixed(b []byte, physical int64) raw {
	switch physical {
	case physicalInt32:
		return raw{number: int64(int32(binary.LittleEndian.Uint32(b)))}
	case physicalFloat:
		return raw{number: int64(binary.LittleEndian.Uint32(b))}
	case physicalInt64, physicalDouble:
		return raw{number: int64(binary.LittleEndian.Uint64(b))}
	}
	return raw{bytes: b}
}

// runValues are truths in runs.
type runValues struct{ hybrid }

func (r *runValues) next() (raw, error) {
	v, err := r.hybrid.next()
	return raw{number: int64(v)}, err
}

// deltas are integers, each told by its difference from the one before.
type deltas struct {
	data    []byte
	narrow  bool // 32 bits
	total   uint64
	read    uint64
	value   int64
	perMini int
	widths  []byte
	mini    int // of widths
	left    int // of the miniblock
	bit     int
	least   int64
}

// newDeltas reads the head. most is how many integers there may be.
func newDeltas(data []byte, narrow bool, most int64) (*deltas, error) {
	d := &deltas{data: data, narrow: narrow}
	block, minis := d.uvarint(), d.uvarint()
	d.total = d.uvarint()
	first := d.uvarint()
	d.value = int64(first>>1) ^ -int64(first&1)
	if d.data == nil || block == 0 || block > 1<<20 || minis == 0 || minis > 1<<10 || block%minis != 0 || block/minis%8 != 0 || d.total > uint64(most) {
		return nil, errPage
	}
	d.perMini, d.widths = int(block/minis), make([]byte, minis)
	d.mini = len(d.widths)
	return d, nil
}

func (d *deltas) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.data = nil
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *deltas) next() (raw, error) {
	if d.read >= d.total {
		return raw{}, errPage
	}
	if d.read++; d.read == 1 {
		return raw{number: d.value}, nil
	}
	if d.left == 0 {
		if err := d.nextMini(); err != nil {
			return raw{}, err
		}
	}
	width := int(d.widths[d.mini])
	delta, ok := bitsAt(d.data, d.bit, width)
	if !ok {
		return raw{}, errPage
	}
	d.bit += width
	d.left--
	if d.value += d.least + int64(delta); d.narrow {
		d.value = int64(int32(d.value))
	}
	return raw{number: d.value}, nil
}

func (d *deltas) nextMini() error {
	if d.bit > 0 {
		d.data, d.bit = d.data[d.bit/8:], 0
	}
	if d.mini++; d.mini >= len(d.widths) {
		least := d.uvarint()
		if d.data == nil || len(d.data) < len(d.widths) {
			return errPage
		}
		d.least = int64(least>>1) ^ -int64(least&1)
		d.data = d.data[copy(d.widths, d.data):]
		d.mini = 0
	}
	if d.widths[d.mini] > 64 {
		return errPage
	}
	d.left = d.perMini
	return nil
}

// rest passes over the integers that are left and returns what follows them.
func (d *deltas) rest() ([]byte, error) {
	for d.read < d.total {
		if _, err := d.next(); err != nil {
			return nil, err
		}
	}
	// The last miniblock is filled up.
	end := d.bit
	if d.left > 0 && d.mini < len(d.widths) {
		end += d.left * int(d.widths[d.mini])
	}
	if (end+7)/8 > len(d.data) {
		return nil, errPage
	}
	return d.data[(end+7)/8:], nil
}

// deltaBytes are texts whose lengths come first. With prefixes, each begins as the one before.
type deltaBytes struct {
	prefixes, lengths *deltas // prefixes may be nil
	data              []byte
	last              []byte
}

func newDeltaBytes(data []byte, prefixed bool, most int64) (d *deltaBytes, err error) {
	d = &deltaBytes{}
	if prefixed {
		if d.prefixes, data, err = lengths(data, most); err != nil {
			return nil, err
		}
	}
	d.lengths, d.data, err = lengths(data, most)
	return d, err
}

// lengths reads integers twice: to find out what is behind them, and then one by one.
func lengths(data []byte, most int64) (*deltas, []byte, error) {
	ahead, err := newDeltas(data, true, most)
	if err != nil {
		return nil, nil, err
	}
	rest, err := ahead.rest()
	if err != nil {
		return nil, nil, err
	}
	again, err := newDeltas(data, true, most)
	return again, rest, err
}

func (d *deltaBytes) next() (raw, error) {
	length, err := d.lengths.next()
	if err != nil || length.number < 0 || length.number > int64(len(d.data)) {
		return raw{}, errPage
	}
	text := d.data[:length.number]
	d.data = d.data[length.number:]
	if d.prefixes == nil {
		return raw{bytes: text}, nil
	}
	prefix, err := d.prefixes.next()
	if err != nil || prefix.number < 0 || prefix.number > int64(len(d.last)) || int(prefix.number)+len(text) > maxPage {
		return raw{}, errPage
	}
	d.last = append(d.last[:prefix.number], text...)
	return raw{bytes: d.last}, nil
}

// splitValues have their first bytes together, then their second bytes, and so on.
type splitValues struct {
	data     []byte
	physical int64
	size     int
	at       int
	value    []byte
}

func (s *splitValues) next() (raw, error) {
	count := len(s.data) / s.size
	if s.at >= count {
		return raw{}, errPage
	}
	for i := range s.size {
		s.value[i] = s.data[i*count+s.at]
	}
	s.at++
	return fixed(s.value, s.physical), nil
}
