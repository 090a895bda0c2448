package dialect

import "time"

// The days that other databases may have and an import does not keep lie before or after these.
const (
	firstYear = "0001-01-01"
	lastYear  = "10000-01-01" // no longer
)

// bounds writes two ends; an open one is "".
func bounds(from, before time.Time, layout string) (first, end string) {
	if !from.IsZero() {
		first = from.UTC().Format(layout)
	}
	if !before.IsZero() {
		end = before.UTC().Format(layout)
	}
	return first, end
}

// boundsSince is bounds for databases that have days before the year 1, or none at all, which they write as zeros.
func boundsSince(from, before time.Time, layout string) (first, end string) {
	first, end = bounds(from, before, layout)
	if from.IsZero() || from.UTC().Year() < 1 {
		first = firstYear
	}
	if before.UTC().Year() < 1 {
		end = firstYear
	}
	return first, end
}

// span compares a column with its ends; place is how a bound is passed.
func span(column, place, first, end string) Condition {
	sql := column + " IS NOT NULL"
	var args []any
	if first != "" {
		sql += " AND " + column + " >= " + place
		args = append(args, first)
	}
	if end != "" {
		sql += " AND " + column + " < " + place
		args = append(args, end)
	}
	return Condition{SQL: "(" + sql + ")", Args: args}
}

// anniversaries compares day, the day of the year that a column holds, with each of the spans.
func anniversaries(column, day, place string, spans [][2]YearDay, arg func(YearDay) any) Condition {
	parts := make([]Condition, len(spans))
	for i, span := range spans {
		parts[i] = Condition{SQL: day + " BETWEEN " + place + " AND " + place, Args: []any{arg(span[0]), arg(span[1])}}
	}
	some := Or(parts...)
	return filled(column, some.SQL, some.Args...)
}

// asNumber passes a day of the year as a number.
func asNumber(day YearDay) any { return int64(day) }
