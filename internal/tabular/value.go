package tabular

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/profile"
)

// Reading is how one file writes its values, where that differs between countries.
type Reading struct {
	DecimalComma bool   // 12,5 and not 12.5
	MonthFirst   bool   // 12/31/2026 and not 31/12/2026
	Separator    string // between the texts of a list; "": whichever a list has
	exact        bool   // as a program wrote it: 1e3 is a number, and a list is a JSON array
}

// Parse reads a cell as a kind. ok is false when it does not fit; a blank cell is nil, whatever the kind.
func (r Reading) Parse(kind profile.Kind, cell string) (value any, ok bool) {
	trimmed := strings.TrimSpace(cell)
	if trimmed == "" {
		return nil, true
	}
	switch kind {
	case profile.Number:
		return r.number(trimmed)
	case profile.Boolean:
		return boolean(trimmed)
	case profile.Date:
		day, rest, ok := r.day(trimmed)
		if !ok || rest != "" {
			return nil, false
		}
		return day.Format(time.DateOnly), true
	case profile.DateTime:
		return r.dateTime(trimmed)
	case profile.List:
		return r.list(trimmed)
	default:
		return cell, true
	}
}

// number takes digits with an optional sign and decimals, nothing else: a thousands separator cannot be told from a
// decimal one, and a guess would be wrong by a factor of 1,000.
func (r Reading) number(s string) (any, bool) {
	if r.exact && strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
	digits, point := 0, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case (c == '-' || c == '+') && i == 0:
		case point < 0 && ((c == '.' && !r.DecimalComma) || (c == ',' && r.DecimalComma)):
			point = i
		default:
			return nil, false
		}
	}
	if digits == 0 {
		return nil, false
	}
	if point < 0 {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, true
		}
	} else if r.DecimalComma {
		s = s[:point] + "." + s[point+1:]
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}

var booleans = map[string]int64{
	"true": 1, "yes": 1, "ja": 1, "sand": 1, "y": 1, "j": 1, "t": 1, "1": 1,
	"false": 0, "no": 0, "nej": 0, "falsk": 0, "n": 0, "f": 0, "0": 0,
}

func boolean(s string) (any, bool) {
	b, ok := booleans[s]
	if !ok && len(s) <= len("false") {
		b, ok = booleans[strings.ToLower(s)]
	}
	return b, ok
}

// day reads a date at the beginning of s (2026-12-31, 31-12-2026, 31.12.2026, 31/12/2026) and returns what follows it.
func (r Reading) day(s string) (day time.Time, rest string, ok bool) {
	first, sep, s, ok := numeral(s)
	if !ok {
		return day, "", false
	}
	second, sep2, s, ok := numeral(s)
	if !ok || sep != sep2 || (sep != '-' && sep != '.' && sep != '/') {
		return day, "", false
	}
	third, end, s, ok := numeral(s)
	if !ok {
		return day, "", false
	}
	if end != 0 {
		s = string(end) + s
	}
	y, m, d := third, second, first
	switch {
	case first.width == 4:
		y, m, d = first, second, third
	case r.MonthFirst:
		m, d = first, second
	}
	if y.width != 4 || m.width > 2 || d.width > 2 {
		return day, "", false
	}
	day = time.Date(y.value, time.Month(m.value), d.value, 0, 0, 0, 0, time.UTC)
	// time.Date turns 31 April into 1 May: a date that does not exist is no date.
	return day, s, day.Year() == y.value && int(day.Month()) == m.value && day.Day() == d.value
}

type digits struct{ value, width int }

// numeral reads up to four digits and the one byte after them, 0 at the end.
func numeral(s string) (number digits, after byte, rest string, ok bool) {
	i := 0
	for i < len(s) && i < 5 && s[i] >= '0' && s[i] <= '9' {
		number.value = number.value*10 + int(s[i]-'0')
		i++
	}
	number.width = i
	if i == 0 || i > 4 {
		return number, 0, "", false
	}
	if i == len(s) {
		return number, 0, "", true
	}
	return number, s[i], s[i+1:], true
}

// Clock times that may follow a date, after "T" or a space.
var clockTimes = []string{
	"15:04:05.999999999Z07:00", "15:04:05.999999999", "15:04Z07:00", "15:04", "15.04.05", "15.04",
	"15:04:05.999999999-0700", "15:04:05.999999999 -0700", "15:04:05.999999999 MST",
}

// dateTime reads a date and a time of day. Without a time zone it is UTC; without a time it is midnight.
func (r Reading) dateTime(s string) (any, bool) {
	day, rest, ok := r.day(s)
	if !ok {
		return nil, false
	}
	if rest == "" {
		return day.Format(time.RFC3339), true
	}
	if rest[0] != 'T' && rest[0] != ' ' && rest[0] != 't' {
		return nil, false
	}
	for _, layout := range clockTimes {
		clock, err := time.Parse(layout, rest[1:])
		if err != nil || (strings.HasSuffix(layout, "MST") && !strings.HasSuffix(rest, "UTC") && !strings.HasSuffix(rest, "GMT")) {
			continue // Go reads an abbreviation of a zone that it does not know as UTC
		}
		_, offset := clock.Zone()
		at := day.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute +
			time.Duration(clock.Second()-offset)*time.Second)
		if at.Year() < 0 || at.Year() > 9999 {
			return nil, false
		}
		return at.Format(time.RFC3339), true
	}
	return nil, false
}
