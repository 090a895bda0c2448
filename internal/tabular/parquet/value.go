package parquet

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	maxDecimal = 32  // bytes
	maxScale   = 100 // digits behind the point
)

// writer writes the values of a type as text, or says why a value is refused. It is nil when they are no values of a profile.
// exact says that the text is how programs write it.
func writer(t parquet.Type) (write func(parquet.Value) (text, refused string), exact bool) {
	var meaning format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		meaning = l.Value
	}
	if d, ok := meaning.(*format.DecimalType); ok {
		return writeDecimal(t, int(d.Scale)), true
	}
	switch t.Kind() {
	case parquet.Boolean:
		return plain(func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }), true
	case parquet.Int32, parquet.Int64:
		return writeInteger(t.Kind(), meaning), true
	case parquet.Int96:
		return func(v parquet.Value) (string, string) {
			at := v.Int96()          // nanoseconds of the day, and the day
			const julian = 2_440_588 // the day of the Julian calendar on which Unix time begins
			return moment(time.Unix((int64(at[2])-julian)*86_400, 0).UTC().Add(time.Duration(uint64(at[1])<<32|uint64(at[0]))), true)
		}, true
	case parquet.Float:
		return plain(func(v parquet.Value) string { return float(float64(v.Float()), 32) }), true
	case parquet.Double:
		return plain(func(v parquet.Value) string { return float(v.Double(), 64) }), true
	case parquet.FixedLenByteArray:
		if _, ok := meaning.(*format.UUIDType); ok && t.Length() == 16 {
			return plain(func(v parquet.Value) string { return uuid(v.ByteArray()) }), true
		}
	case parquet.ByteArray:
		// Bytes without a meaning are text: older programs write it so. What is none is refused.
		switch meaning.(type) {
		case nil, *format.StringType, *format.EnumType, *format.JsonType:
			return writeText, false
		}
	}
	return nil, false
}

func plain(write func(parquet.Value) string) func(parquet.Value) (string, string) {
	return func(v parquet.Value) (string, string) { return write(v), "" }
}

func writeDecimal(t parquet.Type, scale int) func(parquet.Value) (string, string) {
	if scale < 0 || scale > maxScale {
		return nil
	}
	switch t.Kind() {
	case parquet.Int32:
		return plain(func(v parquet.Value) string { return decimal(big.NewInt(int64(v.Int32())), scale) })
	case parquet.Int64:
		return plain(func(v parquet.Value) string { return decimal(big.NewInt(v.Int64()), scale) })
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return func(v parquet.Value) (string, string) {
			if len(v.ByteArray()) > maxDecimal {
				return "", Outside
			}
			return decimal(twosComplement(v.ByteArray()), scale), ""
		}
	}
	return nil
}

func writeText(v parquet.Value) (string, string) {
	text := string(v.ByteArray())
	switch {
	case !utf8.ValidString(text):
		return "", NotUTF8
	case strings.IndexByte(text, 0) >= 0:
		return "", NUL
	}
	return text, ""
}

func writeInteger(kind parquet.Kind, meaning format.LogicalTypeValue) func(parquet.Value) (string, string) {
	number := parquet.Value.Int64
	if kind == parquet.Int32 {
		number = func(v parquet.Value) int64 { return int64(v.Int32()) }
	}
	switch m := meaning.(type) {
	case *format.DateType:
		return func(v parquet.Value) (string, string) {
			day, refused := moment(time.Unix(number(v)*86_400, 0).UTC(), true)
			if refused != "" {
				return "", refused
			}
			return day[:len(time.DateOnly)], ""
		}
	case *format.TimestampType:
		return func(v parquet.Value) (string, string) { return moment(at(number(v), m.Unit), m.IsAdjustedToUTC) }
	case *format.TimeType:
		return plain(func(v parquet.Value) string { return at(number(v), m.Unit).Format("15:04:05.999999999") })
	case *format.IntType:
		if !m.IsSigned && kind == parquet.Int32 {
			return plain(func(v parquet.Value) string { return strconv.FormatUint(uint64(uint32(v.Int32())), 10) })
		}
		if !m.IsSigned {
			return plain(func(v parquet.Value) string { return strconv.FormatUint(uint64(v.Int64()), 10) })
		}
	}
	return plain(func(v parquet.Value) string { return strconv.FormatInt(number(v), 10) })
}

// at is a number of units after the beginning of Unix time, or of a day.
func at(n int64, unit format.TimeUnit) time.Time {
	perSecond := int64(1e9)
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		perSecond = 1e3
	case *format.MicroSeconds:
		perSecond = 1e6
	}
	seconds := floor(n, perSecond)
	return time.Unix(seconds, (n-seconds*perSecond)*(1e9/perSecond)).UTC()
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
		return "", Outside
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
