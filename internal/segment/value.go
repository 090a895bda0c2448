package segment

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/profile"
)

// Codes of what can be wrong with a value.
const (
	CodeValueMissing  = "segments.problem.value_missing"
	CodeValueTooLong  = "segments.problem.value_too_long" // names Most
	CodeValueText     = "segments.problem.value_text"     // control characters, or not UTF-8
	CodeValueNumber   = "segments.problem.value_number"
	CodeValueDate     = "segments.problem.value_date"
	CodeValueDays     = "segments.problem.value_days"      // names Most
	CodeValueOrder    = "segments.problem.value_order"     // the second of two lies before the first
	CodeValuesTooMany = "segments.problem.values_too_many" // names Most
)

// Bounds of values.
const (
	MaxTextLength  = 500   // characters
	MaxListValues  = 1000  // of in_list
	MaxDays        = 36500 // a hundred years
	MaxAnniversary = 365   // days ahead
)

// DateLayout is how a day is written in a value.
const DateLayout = "2006-01-02"

type valueFault struct {
	index int // 1 for the second of two values
	code  string
	args  []any
}

// values holds a condition's values as its operator reads them; which field is used depends on kind and operator.
type values struct {
	texts   []string
	numbers []any // int64 or float64
	days    []time.Time
	count   int // days
}

// read checks a condition's values against what its operator takes of the kind.
func read(condition Condition, kind profile.Kind) (values, *valueFault) {
	switch condition.Operator.Takes() {
	case Nothing:
		return values{}, nil
	case Days:
		return readCount(condition)
	case ManyValues:
		return readMany(condition)
	case TwoValues:
		read, fault := readEach(condition.Values, 2, kind)
		if fault == nil && inverted(read) {
			fault = &valueFault{index: 1, code: CodeValueOrder}
		}
		return read, fault
	default:
		return readEach(condition.Values, 1, kind)
	}
}

func readEach(given []string, wanted int, kind profile.Kind) (values, *valueFault) {
	var read values
	for i := range wanted {
		if i >= len(given) || given[i] == "" {
			return read, &valueFault{index: i, code: CodeValueMissing}
		}
		switch kind {
		case profile.Number:
			number, ok := parseNumber(given[i])
			if !ok {
				return read, &valueFault{index: i, code: CodeValueNumber}
			}
			read.numbers = append(read.numbers, number)
		case profile.Date, profile.DateTime:
			day, err := time.Parse(DateLayout, given[i])
			// The day after the last that can be written would need a fifth digit.
			if err != nil || day.Year() < 1 || day.Year() > 9998 {
				return read, &valueFault{index: i, code: CodeValueDate}
			}
			read.days = append(read.days, day)
		default:
			if fault := checkText(given[i]); fault != nil {
				return read, fault
			}
			read.texts = append(read.texts, given[i])
		}
	}
	return read, nil
}

func readMany(condition Condition) (values, *valueFault) {
	if len(condition.Values) == 0 {
		return values{}, &valueFault{code: CodeValueMissing}
	}
	if len(condition.Values) > MaxListValues {
		return values{}, &valueFault{code: CodeValuesTooMany, args: []any{"Most", MaxListValues}}
	}
	for _, text := range condition.Values {
		if text == "" {
			return values{}, &valueFault{code: CodeValueMissing}
		}
		if fault := checkText(text); fault != nil {
			return values{}, fault
		}
	}
	return values{texts: condition.Values}, nil
}

func readCount(condition Condition) (values, *valueFault) {
	if len(condition.Values) == 0 || condition.Values[0] == "" {
		return values{}, &valueFault{code: CodeValueMissing}
	}
	most := MaxDays
	if condition.Operator == AnniversaryIn {
		most = MaxAnniversary
	}
	count, err := strconv.Atoi(condition.Values[0])
	if err != nil || count < 0 || count > most {
		return values{}, &valueFault{code: CodeValueDays, args: []any{"Most", most}}
	}
	return values{count: count}, nil
}

func checkText(text string) *valueFault {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return &valueFault{code: CodeValueText}
	}
	if utf8.RuneCountInString(text) > MaxTextLength {
		return &valueFault{code: CodeValueTooLong, args: []any{"Most", MaxTextLength}}
	}
	return nil
}

var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,30}(\.[0-9]{1,30})?$`)

// parseNumber reads plain decimal notation. Thousands separators are not taken: 1.000 is one thousand to a Dane and one
// to others.
func parseNumber(text string) (any, bool) {
	if !decimal.MatchString(text) {
		return nil, false
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole, true
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil && !math.IsInf(number, 0)
}

func inverted(read values) bool {
	if len(read.days) == 2 {
		return read.days[1].Before(read.days[0])
	}
	return len(read.numbers) == 2 && toFloat(read.numbers[1]) < toFloat(read.numbers[0])
}

func toFloat(number any) float64 {
	if whole, ok := number.(int64); ok {
		return float64(whole)
	}
	return number.(float64)
}
