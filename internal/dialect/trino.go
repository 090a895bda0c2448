package dialect

import (
	"time"
	"unicode/utf8"
)

// trino converts each value from text: its protocol has no parameters with types.
type trino struct{}

func (trino) Name() string             { return "trino" }
func (trino) Quote(name string) string { return quoted(name, `"`, `"`) }
func (trino) Rebind(sql string) string { return sql }

func trinoForm(text string, matchCase bool) string {
	text = "normalize(CAST(" + text + " AS varchar), NFC)"
	if matchCase {
		return text
	}
	return "normalize(lower(" + text + "), NFC)"
}

func (trino) Text(column Column, way Way, wanted []string, matchCase bool) Condition {
	wanted = forms(wanted, matchCase)
	compared, one := trinoForm(column.Name, matchCase), wanted[0]
	switch way {
	case Containing:
		return filled(column.Name, "strpos("+compared+", ?) > 0", one)
	case Beginning:
		return filled(column.Name, "starts_with("+compared+", ?)", one)
	case Ending:
		return filled(column.Name, "substr("+compared+", -CAST(? AS bigint)) = ?", int64(utf8.RuneCountInString(one)), one)
	}
	exact := anyOf(compared, "?", wanted)
	return filled(column.Name, exact.SQL, exact.Args...)
}

func (trino) HasText(column Column) Condition {
	return filled(column.Name, "regexp_like(CAST("+column.Name+" AS varchar), '"+notWhite+"')")
}

// trinoList asks each text of a list: of an array, or of an array in JSON. Anything else has none.
func trinoList(column, asked string, args ...any) Condition {
	list := "TRY(CAST(CAST(" + column + " AS json) AS array(varchar)))"
	return Condition{SQL: "coalesce(any_match(" + list + ", item -> " + asked + "), false)", Args: args}
}

func (trino) List(column Column, wanted string, matchCase bool) Condition {
	return trinoList(column.Name, trinoForm("item", matchCase)+" = ?", form(wanted, matchCase))
}

func (trino) HasList(column Column) Condition {
	return trinoList(column.Name, "regexp_like(item, '"+notWhite+"')")
}

func (t trino) Number(column Column, order Order, value any) Condition {
	place := " CAST(? AS bigint)"
	if _, ok := value.(int64); !ok {
		place = " CAST(? AS double)"
	}
	sql := column.Name + " " + string(order) + place
	if order != Is {
		sql += " AND " + t.finite(column)
	}
	return filled(column.Name, sql, decimal(value))
}

func (trino) finite(column Column) string { return "is_finite(CAST(" + column.Name + " AS double))" }

func (t trino) HasNumber(column Column) Condition { return filled(column.Name, t.finite(column)) }

func (trino) Boolean(column Column, yes bool) Condition {
	if yes {
		return filled(column.Name, "CAST("+column.Name+" AS integer) = 1")
	}
	return filled(column.Name, "CAST("+column.Name+" AS integer) = 0")
}

func (trino) HasBoolean(column Column) Condition {
	return filled(column.Name, "CAST("+column.Name+" AS integer) IN (0, 1)")
}

func (trino) Days(column Column, from, before time.Time) Condition {
	first, end := boundsSince(from, before, time.DateOnly)
	return trinoYears(column, end, span(column.Name, "CAST(? AS date)", first, end))
}

func (trino) Instants(column Column, from, before time.Time) Condition {
	first, end := boundsSince(from, before, "2006-01-02 15:04:05 UTC")
	first, end = trinoInstant(first), trinoInstant(end)
	return trinoYears(column, end, span(column.Name, "CAST(? AS timestamp(0) with time zone)", first, end))
}

// trinoInstant gives the first day a time of day.
func trinoInstant(bound string) string {
	if bound == firstYear {
		return bound + " 00:00:00 UTC"
	}
	return bound
}

// trinoYears leaves out years beyond 9999, unless an end does.
func trinoYears(column Column, end string, spanned Condition) Condition {
	if end != "" {
		return spanned
	}
	return And(spanned, filled(column.Name, "year("+column.Name+") <= 9999"))
}

func (t trino) Anniversaries(column Column, spans [][2]YearDay) Condition {
	day := "(month(" + column.Name + ") * 100 + day(" + column.Name + "))"
	return And(t.Days(column, time.Time{}, time.Time{}), anniversaries(column.Name, day, "CAST(? AS bigint)", spans, asNumber))
}
