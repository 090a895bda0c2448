package dialect

import (
	"strconv"
	"time"
	"unicode/utf8"
)

type postgres struct{}

func (postgres) Name() string             { return "postgresql" }
func (postgres) Quote(name string) string { return quoted(name, `"`, `"`) }

func (postgres) Rebind(sql string) string {
	return rebind(sql, `''""`, func(number int) string { return "$" + strconv.Itoa(number) })
}

// Text compares with the collation "C", byte by byte: the server's own may take two texts for the same.
func (p postgres) Text(column Column, way Way, wanted []string, matchCase bool) Condition {
	raw := column.Name + `::text`
	wanted = forms(wanted, matchCase)
	compared, one := postgresForm(raw, matchCase), wanted[0]
	switch way {
	case Containing:
		return filled(column.Name, "strpos("+compared+", ?::text) > 0", one)
	case Beginning:
		return filled(column.Name, "starts_with("+compared+", ?::text)", one)
	case Ending:
		return filled(column.Name, "right("+compared+", ?::int) = ?::text", int64(utf8.RuneCountInString(one)), one)
	}
	if matchCase && onlyForms(wanted) {
		// The first part finds them by an index, the second is exact under any collation.
		if len(wanted) == 1 {
			return filled(column.Name, raw+" = ?::text AND "+raw+` COLLATE "C" = ?::text`, one, one)
		}
		return filled(column.Name, raw+" = ANY (?::text[]) AND "+raw+` COLLATE "C" = ANY (?::text[])`, wanted, wanted)
	}
	if len(wanted) == 1 {
		return filled(column.Name, compared+" = ?::text", one)
	}
	return filled(column.Name, compared+" = ANY (?::text[])", wanted) // one argument: a statement takes 65,535
}

// onlyForms reports whether no other text than each of these is the same in NFC: ASCII has three signs that are the composed
// form of another (the Kelvin sign, the Greek question mark and the Greek varia).
func onlyForms(texts []string) bool {
	for _, text := range texts {
		for i := range len(text) {
			if c := text[i]; c >= utf8.RuneSelf || c == 'K' || c == ';' || c == '`' {
				return false
			}
		}
	}
	return true
}

func (postgres) HasText(column Column) Condition {
	return filled(column.Name, "btrim("+column.Name+`::text, '`+whiteSpace+`') COLLATE "C" <> ''`)
}

// postgresTexts are the texts of a list as rows of item: of an array, or of an array in JSON. Anything else has none.
func postgresTexts(column string) string {
	return "jsonb_array_elements_text(CASE WHEN jsonb_typeof(to_jsonb(" + column + ")) = 'array' THEN to_jsonb(" + column +
		") ELSE '[]'::jsonb END) AS e(item)"
}

func (postgres) List(column Column, wanted string, matchCase bool) Condition {
	return filled(column.Name, "EXISTS (SELECT 1 FROM "+postgresTexts(column.Name)+" WHERE "+postgresForm("e.item", matchCase)+" = ?::text)",
		form(wanted, matchCase))
}

func (postgres) HasList(column Column) Condition {
	return filled(column.Name, "EXISTS (SELECT 1 FROM "+postgresTexts(column.Name)+" WHERE btrim(e.item, '"+whiteSpace+`') COLLATE "C" <> '')`)
}

const postgresInfinite = "('NaN', 'Infinity', '-Infinity')"

// Number compares whole numbers with the plain column. Others, and those that floating point cannot tell apart, are compared as
// the column writes them: 0.1 in a column of single precision is 0.1.
func (postgres) Number(column Column, order Order, value any) Condition {
	written := column.Name + "::text"
	whole, ok := value.(int64)
	if !ok || whole > 1<<53 || whole < -(1<<53) {
		return filled(column.Name, "CASE WHEN "+written+" NOT IN "+postgresInfinite+" THEN "+written+"::numeric "+string(order)+" ?::numeric ELSE false END",
			decimal(value))
	}
	sql := column.Name + " " + string(order) + " ?::bigint"
	if order != Is {
		sql += " AND " + written + " NOT IN " + postgresInfinite
	}
	return filled(column.Name, sql, whole)
}

// decimal writes a number without an exponent.
func decimal(value any) string {
	if whole, ok := value.(int64); ok {
		return strconv.FormatInt(whole, 10)
	}
	return strconv.FormatFloat(value.(float64), 'f', -1, 64)
}

func (postgres) HasNumber(column Column) Condition {
	return filled(column.Name, column.Name+"::text NOT IN "+postgresInfinite)
}

func (postgres) Boolean(column Column, yes bool) Condition {
	if yes {
		return filled(column.Name, column.Name+"::int = 1")
	}
	return filled(column.Name, column.Name+"::int = 0")
}

func (postgres) HasBoolean(column Column) Condition {
	return filled(column.Name, column.Name+"::int IN (0, 1)")
}

func (postgres) Days(column Column, from, before time.Time) Condition {
	return postgresSpan(column, "?::date", from, before, time.DateOnly)
}

func (postgres) Instants(column Column, from, before time.Time) Condition {
	return postgresSpan(column, "?::timestamptz", from, before, "2006-01-02T15:04:05Z")
}

// postgresSpan closes the open end beyond which PostgreSQL has days, and infinity.
func postgresSpan(column Column, place string, from, before time.Time, layout string) Condition {
	first, end := boundsSince(from, before, layout)
	if end == "" {
		end = lastYear
	}
	return span(column.Name, place, first, end)
}

func (p postgres) Anniversaries(column Column, spans [][2]YearDay) Condition {
	day := "(extract(month FROM " + column.Name + ") * 100 + extract(day FROM " + column.Name + "))"
	return And(p.Days(column, time.Time{}, time.Time{}), anniversaries(column.Name, day, "?::int", spans, asNumber))
}
