package dialect

import (
	"strconv"
	"time"
	"unicode/utf16"
)

// sqlserver compares text sign by sign. A text and its wanted one get a sign at the end when they are compared as wholes: SQL
// Server takes those for the same that differ only in spaces at the end.
type sqlserver struct{}

func (sqlserver) Name() string             { return "sqlserver" }
func (sqlserver) Quote(name string) string { return quoted(name, "[", "]") }

func (sqlserver) Rebind(sql string) string {
	return rebind(sql, `''""[]`, func(number int) string { return "@p" + strconv.Itoa(number) })
}

const sqlserverBinary = " COLLATE Latin1_General_100_BIN2"

func sqlserverForm(text string, matchCase bool) string {
	text = "CAST(" + text + " AS nvarchar(max))" + sqlserverBinary
	if matchCase {
		return text
	}
	return "LOWER(" + text + ")"
}

func (sqlserver) Text(column Column, way Way, wanted []string, matchCase bool) Condition {
	wanted = forms(wanted, matchCase)
	compared, one := sqlserverForm(column.Name, matchCase), wanted[0]
	length := int64(len(utf16.Encode([]rune(one)))) // as the collation counts
	switch way {
	case Containing:
		return filled(column.Name, "CHARINDEX(?, "+compared+") > 0", one)
	case Beginning:
		return filled(column.Name, "LEFT("+compared+", ?) + N'|' = ? + N'|'", length, one)
	case Ending:
		return filled(column.Name, "RIGHT("+compared+", ?) + N'|' = ? + N'|'", length, one)
	}
	exact := anyOf(compared+" + N'|'", "? + N'|'", wanted)
	return filled(column.Name, exact.SQL, exact.Args...)
}

func (sqlserver) HasText(column Column) Condition {
	return filled(column.Name, sqlserverForm(column.Name, true)+" LIKE N'%"+notWhite+"%'")
}

// sqlserverTexts are the texts of a list, an array in JSON, as rows of value.
func sqlserverTexts(column string) string {
	return "OPENJSON(CASE WHEN ISJSON(" + column + ") = 1 AND LEFT(LTRIM(" + column + "), 1) = N'[' THEN " + column + " ELSE N'[]' END) AS e"
}

func (sqlserver) List(column Column, wanted string, matchCase bool) Condition {
	return filled(column.Name, "EXISTS (SELECT 1 FROM "+sqlserverTexts(column.Name)+" WHERE "+sqlserverForm("e.value", matchCase)+" + N'|' = ? + N'|')",
		form(wanted, matchCase))
}

func (sqlserver) HasList(column Column) Condition {
	return filled(column.Name, "EXISTS (SELECT 1 FROM "+sqlserverTexts(column.Name)+" WHERE "+sqlserverForm("e.value", true)+" LIKE N'%"+notWhite+"%')")
}

func (sqlserver) Number(column Column, order Order, value any) Condition {
	return filled(column.Name, column.Name+" "+string(order)+" ?", value)
}

func (sqlserver) HasNumber(column Column) Condition { return notNull(column.Name) }

func (sqlserver) Boolean(column Column, yes bool) Condition {
	if yes {
		return filled(column.Name, column.Name+" = 1")
	}
	return filled(column.Name, column.Name+" = 0")
}

func (sqlserver) HasBoolean(column Column) Condition {
	return filled(column.Name, column.Name+" IN (0, 1)")
}

func (sqlserver) Days(column Column, from, before time.Time) Condition {
	first, end := bounds(from, before, time.DateOnly)
	return span(column.Name, "CAST(? AS date)", first, end)
}

// Instants compares with an instant that has an offset: a column without one is taken to be in UTC.
func (sqlserver) Instants(column Column, from, before time.Time) Condition {
	first, end := boundsSince(from, before, "2006-01-02T15:04:05Z")
	if from.IsZero() {
		first = "" // there are no years before the first
	}
	return span(column.Name, "CAST(? AS datetimeoffset(0))", first, end)
}

func (sqlserver) Anniversaries(column Column, spans [][2]YearDay) Condition {
	day := "(MONTH(" + column.Name + ") * 100 + DAY(" + column.Name + "))"
	return anniversaries(column.Name, day, "?", spans, asNumber)
}
