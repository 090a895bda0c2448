package tabular

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// raw is a value as a page holds it: a number, or bytes that are valid until the page is left.
type raw struct {
	number int64 // of booleans and integers; the bits of floating point numbers
	bytes  []byte
}

const refusedOutside = refusalPrefix + "outside" // of the years that a date can have

const (
	maxDecimal = 32  // bytes
	maxScale   = 100 // digits behind the point
)

// writer writes the values of a leaf as text, or says why a value is refused. It is nil when they are no values of a
// profile. exact says that the text is how programs write it.
func writer(e element) (write func(raw) (text, refused string), exact bool) {
	isDecimal := e.logical == logicalDecimal || e.converted == 5
	switch {
	case isDecimal && (e.scale < 0 || e.scale > maxScale || (e.physical == physicalFixed && (e.length < 1 || e.length > maxDecimal))):
		return nil, false
	case isDecimal && (e.physical == physicalInt32 || e.physical == physicalInt64):
		return plain(func(v raw) string { return decimal(big.NewInt(v.number), int(e.scale)) }), true
	case isDecimal && (e.physical == physicalBytes || e.physical == physicalFixed):
		return func(v raw) (string, string) {
			if len(v.bytes) > maxDecimal {
				return "", refusedOutside
			}
			return decimal(twosComplement(v.bytes), int(e.scale)), ""
		}, true
	}
	switch e.physical {
	case physicalBoolean:
		return plain(func(v raw) string { return strconv.FormatBool(v.number != 0) }), true
	case physicalInt32, physicalInt64:
		return writeInteger(e), true
	case physicalInt96:
		return func(v raw) (string, string) {
			nanoseconds, days := int64(binary.LittleEndian.Uint64(v.bytes)), int64(binary.LittleEndian.Uint32(v.bytes[8:]))
			const julian = 2_440_588 // the day of the Julian calendar on which Unix time begins
			return moment(time.Unix((days-julian)*86_400, 0).UTC().Add(time.Duration(nanoseconds)), true)
		}, true
	case physicalFloat:
		return plain(func(v raw) string { return float(float64(math.Float32frombits(uint32(v.number))), 32) }), true
	case physicalDouble:
		return plain(func(v raw) string { return float(math.Float64frombits(uint64(v.number)), 64) }), true
	case physicalFixed:
		if e.logical == logicalUUID && e.length == 16 {
			return plain(func(v raw) string { return uuid(v.bytes) }), true
		}
	case physicalBytes:
		// Bytes without a meaning are text: older programs write it so. What is none is refused.
		const bson = 20
		if e.converted != bson && (e.logical <= logicalString || e.logical == logicalEnum || e.logical == logicalJSON) {
			return writeText, false
		}
	}
	return nil, false
}

func plain(write func(raw) string) func(raw) (string, string) {
	return func(v raw) (string, string) { return write(v), "" }
}

func writeText(v raw) (string, string) {
	if !utf8.Valid(v.bytes) {
		return "", refusedNotUTF8
	}
	for _, b := range v.bytes {
		if b == 0 {
			return "", refusedNUL
		}
	}
	return string(v.bytes), ""
}

func writeInteger(e element) func(raw) (string, string) {
	unit := e.unit
	if unit == 0 {
		unit = map[int64]int64{7: 1, 8: 2, 9: 1, 10: 2}[e.converted] // times and timestamps before there were logical types
	}
	seconds := map[int64]int64{1: 1e3, 2: 1e6, 3: 1e9}[unit]
	switch {
	case e.logical == logicalDate || e.converted == 6:
		return func(v raw) (string, string) {
			day, refused := moment(time.Unix(v.number*86_400, 0).UTC(), true)
			if refused != "" {
				return "", refused
			}
			return day[:len(time.DateOnly)], ""
		}
	case seconds != 0 && (e.logical == logicalTimestamp || e.converted == 9 || e.converted == 10):
		utc := e.utc || e.logical == 0
		return func(v raw) (string, string) {
			return moment(time.Unix(floor(v.number, seconds), (v.number-floor(v.number, seconds)*seconds)*(1e9/seconds)).UTC(), utc)
		}
	case seconds != 0 && (e.logical == logicalTime || e.converted == 7 || e.converted == 8):
		return plain(func(v raw) string {
			at := time.Unix(floor(v.number, seconds), (v.number-floor(v.number, seconds)*seconds)*(1e9/seconds))
			return at.UTC().Format("15:04:05.999999999")
		})
	case e.unsigned || (e.converted >= 11 && e.converted <= 14):
		if e.physical == physicalInt32 {
			return plain(func(v raw) string { return strconv.FormatUint(uint64(uint32(v.number)), 10) })
		}
		return plain(func(v raw) string { return strconv.FormatUint(uint64(v.number), 10) })
	}
	return plain(func(v raw) string { return strconv.FormatInt(v.number, 10) })
}

func floor(n, by int64) int64 {
	if n < 0 && n%by != 0 {
		return n/by - 1
	}
	return n / by
}

// moment writes a time. One that is no moment in UTC but what a clock on a wall shows gets no time zone.
func moment(at time.Time, utc bool) (string, string) {
	if at.Year() < 0 || at.Year() > 9999 {
		return "", refusedOutside
	}
	if utc {
		return at.Format("2006-01-02T15:04:05.999999999Z"), ""
	}
	return at.Format("2006-01-02T15:04:05.999999999"), ""
}

// float writes a number. Many programs write "not a number" where a value is missing.
func float(f float64, bits int) string {
	if math.IsNaN(f) {
		return ""
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func twosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

func decimal(n *big.Int, scale int) string {
	digits := n.String()
	if scale == 0 {
		return digits
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if short := scale + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func uuid(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
