package transform

import (
	"fmt"
	"strings"
	"time"
)

// Order is what is first in a date whose year is last. A date whose year is first is read without it.
type Order string

// The orders.
const (
	DayFirst   Order = "day_first"   // 31.12.2006, as in Denmark
	MonthFirst Order = "month_first" // 12/31/2006, as in the United States
)

// Orders lists them as they are offered.
var Orders = []Order{DayFirst, MonthFirst}

// Form is how a date is written, in the letters in which people describe it.
type Form string

// The forms.
const (
	ISO       Form = "yyyy-mm-dd" // what fields for dates take
	Dashes    Form = "dd-mm-yyyy"
	Dots      Form = "dd.mm.yyyy"
	Slashes   Form = "dd/mm/yyyy"
	USSlashes Form = "mm/dd/yyyy"
	YearOnly  Form = "yyyy"
)

// Forms lists them as they are offered.
var Forms = []Form{ISO, Dashes, Dots, Slashes, USSlashes, YearOnly}

var layouts = map[Form]string{ISO: time.DateOnly, Dashes: "02-01-2006", Dots: "02.01.2006", Slashes: "02/01/2006", USSlashes: "01/02/2006", YearOnly: "2006"}

func (f Form) write(day time.Time) string {
	if layout, ok := layouts[f]; ok {
		return day.Format(layout)
	}
	return day.Format(time.DateOnly)
}

// readDay reads a day that exists, alone or at the head of a time: 2006-12-31, 20061231, or with the year last in the order, with
// -, ., / or a space between. Years have four digits: to guess a century could make a child of a grandmother.
func readDay(value string, order Order) (day time.Time, ok bool) {
	value = strings.TrimSpace(value)
	if compact(value) {
		day, err := time.Parse("20060102", value)
		return day, err == nil
	}
	var parts [3]int
	var digits [3]int
	rest := value
	for i := range parts {
		for rest != "" && rest[0] >= '0' && rest[0] <= '9' && digits[i] < 4 {
			parts[i] = 10*parts[i] + int(rest[0]-'0')
			digits[i]++
			rest = rest[1:]
		}
		if digits[i] == 0 {
			return day, false
		}
		if i < 2 {
			cut := strings.TrimLeft(rest, "-./ ")
			if between := len(rest) - len(cut); between < 1 || between > 2 {
				return day, false
			}
			rest = cut
		}
	}
	if !clock(rest) {
		return day, false
	}
	var year, month, of int
	switch {
	case digits[0] == 4 && digits[1] <= 2 && digits[2] <= 2:
		year, month, of = parts[0], parts[1], parts[2]
	case digits[2] != 4 || digits[0] > 2 || digits[1] > 2:
		return day, false
	case order == MonthFirst:
		year, month, of = parts[2], parts[0], parts[1]
	default:
		year, month, of = parts[2], parts[1], parts[0]
	}
	day, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%02d-%02d", year, month, of))
	return day, err == nil
}

func compact(value string) bool {
	return len(value) == 8 && strings.Trim(value, "0123456789") == ""
}

// clock takes what may stand behind a day: nothing, or the time of the day. The day is the one that is written, in its own zone.
func clock(rest string) bool {
	if rest == "" {
		return true
	}
	if rest[0] != 'T' && rest[0] != ' ' {
		return false
	}
	for _, layout := range []string{"15:04:05Z07:00", "15:04:05", "15:04", "15.04", "15.04.05"} {
		if _, err := time.Parse(layout, rest[1:]); err == nil {
			return true
		}
	}
	return false
}
