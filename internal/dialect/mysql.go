package dialect

import "time"

// mysql compares text as bytes of UTF-8: its collations take texts for the same that differ in accents, or in spaces at the end.
type mysql struct{}

func (mysql) Name() string             { return "mysql" }
func (mysql) Quote(name string) string { return quoted(name, "`", "`") }
func (mysql) Rebind(sql string) string { return sql }

const mysqlBytes = "CAST(CONVERT(? USING utf8mb4) AS BINARY)"

func mysqlForm(text string, matchCase bool) string {
	text = "CONVERT(" + text + " USING utf8mb4)"
	if !matchCase {
		text = "LOWER(" + text + ")"
	}
	return "CAST(" + text + " AS BINARY)"
}

func (mysql) Text(column Column, way Way, wanted []string, matchCase bool) Condition {
	wanted = forms(wanted, matchCase)
	compared, one := mysqlForm(column.Name, matchCase), wanted[0]
	switch way {
	case Containing:
		return filled(column.Name, "LOCATE("+mysqlBytes+", "+compared+") > 0", one)
	case Beginning:
		return filled(column.Name, "LEFT("+compared+", ?) = "+mysqlBytes, int64(len(one)), one)
	case Ending:
		return filled(column.Name, "RIGHT("+compared+", ?) = "+mysqlBytes, int64(len(one)), one)
	}
	exact := anyOf(compared, mysqlBytes, wanted)
	return filled(column.Name, exact.SQL, exact.Args...)
}

func (mysql) HasText(column Column) Condition {
	return filled(column.Name, "CONVERT("+column.Name+" USING utf8mb4) REGEXP '"+notWhite+"'")
}

// mysqlTexts are the texts of a list, an array in JSON, as rows of item.
func mysqlTexts(column string) string {
	return "JSON_TABLE(" + column + ", '$[*]' COLUMNS (item LONGTEXT PATH '$')) AS e"
}

func (mysql) List(column Column, wanted string, matchCase bool) Condition {
	return filled(column.Name, "EXISTS (SELECT 1 FROM "+mysqlTexts(column.Name)+" WHERE "+mysqlForm("e.item", matchCase)+" = "+mysqlBytes+")",
		form(wanted, matchCase))
}

func (mysql) HasList(column Column) Condition {
	return filled(column.Name, "EXISTS (SELECT 1 FROM "+mysqlTexts(column.Name)+" WHERE e.item REGEXP '"+notWhite+"')")
}

func (mysql) Number(column Column, order Order, value any) Condition {
	if whole, ok := value.(int64); ok {
		return filled(column.Name, column.Name+" "+string(order)+" ?", whole)
	}
	return filled(column.Name, column.Name+" "+string(order)+" CAST(? AS DECIMAL(65, 30))", decimal(value))
}

func (mysql) HasNumber(column Column) Condition { return notNull(column.Name) }

func (mysql) Boolean(column Column, yes bool) Condition {
	if yes {
		return filled(column.Name, column.Name+" = 1")
	}
	return filled(column.Name, column.Name+" = 0")
}

func (mysql) HasBoolean(column Column) Condition {
	return filled(column.Name, column.Name+" IN (0, 1)")
}

// Days and Instants leave out days written as zeros; a year beyond 9999 there is not.
func (mysql) Days(column Column, from, before time.Time) Condition {
	first, end := boundsSince(from, before, time.DateOnly)
	return span(column.Name, "CAST(? AS DATE)", first, end)
}

func (mysql) Instants(column Column, from, before time.Time) Condition {
	first, end := boundsSince(from, before, time.DateTime)
	return span(column.Name, "CAST(? AS DATETIME)", first, end)
}

func (m mysql) Anniversaries(column Column, spans [][2]YearDay) Condition {
	day := "(MONTH(" + column.Name + ") * 100 + DAYOFMONTH(" + column.Name + "))"
	return And(m.Days(column, time.Time{}, time.Time{}), anniversaries(column.Name, day, "?", spans, asNumber))
}
