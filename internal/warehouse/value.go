package warehouse

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/profile"
)

// outcome is what became of a value.
type outcome int

const (
	kept    outcome = iota
	mended          // a text in which bytes had to be replaced
	emptied         // the stored form has no room for it
)

// convert brings a value to the stored form of a kind (see profile.Kind): nil, string, int64 or float64.
//
//   - Empty texts and lists without elements are nil, as everywhere in profiles.
//   - Numbers are kept as SQLite would keep them: whole ones that fit 64 bits exactly, all others as the nearest float64.
//     What has 32 bits is widened as it is, as databases compare it. NaN and the infinities become nil.
//   - Times are UTC, cut to whole seconds; a time without a zone is taken as UTC. Infinity, zero dates and years outside
//     of 1 to 9999 become nil.
//   - Bytes that are not UTF-8, and NUL, become U+FFFD.
func convert(v any, kind profile.Kind) (any, outcome) {
	if b, ok := v.([]byte); ok {
		v = string(b)
	}
	if v == nil || v == "" {
		return nil, kept
	}
	switch kind {
	case profile.Number:
		return number(v)
	case profile.Boolean:
		return boolean(v)
	case profile.Date, profile.DateTime:
		return moment(v, kind)
	case profile.List:
		return elements(v)
	default:
		return text(plain(v))
	}
}

// text keeps a text, with a sign for every byte that is none.
func text(s string) (any, outcome) {
	clean := strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if clean != s {
		return clean, mended
	}
	return s, kept
}

// plain writes a value as text that means the same everywhere.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'f', -1, 32)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05Z")
	default:
		encoded, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(encoded)
	}
}

func number(v any) (any, outcome) {
	switch v := v.(type) {
	case int64:
		return v, kept
	case int32:
		return int64(v), kept
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), kept
		}
		return float64(v), kept
	case float32:
		return number(float64(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, emptied
		}
		return v, kept
	case bool:
		if v {
			return int64(1), kept
		}
		return int64(0), kept
	}
	s := strings.TrimSpace(plain(v))
	whole := s
	if point := strings.IndexByte(s, '.'); point > 0 && strings.Trim(s[point+1:], "0") == "" {
		whole = s[:point]
	}
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		return n, kept
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f, kept
	}
	return nil, emptied
}

func boolean(v any) (any, outcome) {
	n := int64(-1)
	switch v := v.(type) {
	case bool:
		n = 0
		if v {
			n = 1
		}
	case int64:
		n = v
	case uint64:
		n = int64(min(v, 2))
	case float64:
		n = int64(v)
		if float64(n) != v {
			n = -1
		}
	case string:
		switch strings.ToLower(v) {
		case "t", "true", "1", "\x01":
			n = 1
		case "f", "false", "0", "\x00":
			n = 0
		}
	}
	if n != 0 && n != 1 {
		return nil, emptied
	}
	return n, kept
}

// layouts are the ways in which the databases write times, the longest first. A fraction of a second is read by all.
var layouts = []string{"2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05 MST",
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"}

func moment(v any, kind profile.Kind) (any, outcome) {
	t, ok := v.(time.Time)
	if !ok {
		s := plain(v)
		for _, layout := range layouts {
			// The name of a zone says nothing to time.Parse but for UTC, so no other is taken.
			if read, err := time.Parse(layout, s); err == nil && (!strings.HasSuffix(layout, "MST") || strings.HasSuffix(s, " UTC")) {
				t, ok = read, true
				break
			}
		}
	}
	t = t.UTC()
	if !ok || t.Year() < 1 || t.Year() > 9999 {
		return nil, emptied
	}
	if kind == profile.Date {
		return t.Format("2006-01-02"), kept
	}
	return t.Format("2006-01-02T15:04:05Z"), kept
}

// elements reads a JSON array. What is not text in it becomes text; arrays within are made flat; blank elements are left out.
func elements(v any) (any, outcome) {
	source := plain(v)
	decoder := json.NewDecoder(strings.NewReader(source))
	decoder.UseNumber()
	var array []any
	if err := decoder.Decode(&array); err != nil {
		return nil, emptied
	}
	if decoder.More() {
		return nil, emptied
	}
	became := kept
	if strings.ToValidUTF8(source, "") != source {
		became = mended
	}
	texts := []string{}
	var add func(array []any)
	add = func(array []any) {
		for _, element := range array {
			var s string
			switch e := element.(type) {
			case nil:
				continue
			case []any:
				add(e)
				continue
			case string:
				s = e
			case json.Number:
				s = e.String()
			default:
				s = plain(e)
			}
			clean, how := text(s)
			if how == mended {
				became = mended
			}
			if strings.TrimSpace(clean.(string)) != "" {
				texts = append(texts, clean.(string))
			}
		}
	}
	add(array)
	if len(texts) == 0 {
		return nil, became
	}
	return Elements(texts), became
}

// Elements writes texts as the stored form of a list.
func Elements(texts []string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(texts); err != nil {
		return "[]" // strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
