package dialect

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// sqlite compares columns of a snapshot's table: they are as an import keeps them, so NULL alone is no value. Days and
// points in time are texts whose order is that of time.
type sqlite struct{}

func (sqlite) Name() string             { return "sqlite" }
func (sqlite) Quote(name string) string { return quoted(name, `"`, `"`) }
func (sqlite) Rebind(sql string) string { return sql }

func sqliteForm(column string, matchCase bool) string {
	if matchCase {
		return database.ComposeFunction + "(" + column + ")"
	}
	return database.FoldFunction + "(" + column + ")"
}

// sqliteQuickForm is sqliteForm of a column of texts. What has as many bytes as signs is ASCII, which is composed and which SQLite
// folds by itself: calling a function of this program costs several times as much.
func sqliteQuickForm(column string, matchCase bool) string {
	ascii := column
	if !matchCase {
		ascii = "lower(" + column + ")"
	}
	return "CASE WHEN octet_length(" + column + ") = length(" + column + ") THEN " + ascii + " ELSE " + sqliteForm(column, matchCase) + " END"
}

func (s sqlite) Text(column Column, way Way, wanted []string, matchCase bool) Condition {
	if column.Indexed && matchCase && way != Containing && way != Ending {
		// What is equal to the letter is equal folded, too: the index finds those, and few are left to look at.
		return And(s.Text(column, way, wanted, false), s.Text(Column{Name: column.Name}, way, wanted, true))
	}
	test, compared := column.Name, "("+sqliteQuickForm(column.Name, matchCase)+")"
	if column.Indexed && !matchCase {
		compared = sqliteForm(column.Name, matchCase)
		test = compared // which the index has, so that the row need not be read
	}
	wanted = forms(wanted, matchCase)
	one := wanted[0]
	switch way {
	case Containing:
		return filled(test, "instr("+compared+", ?) > 0", one)
	case Beginning:
		if end := after(one); column.Indexed && end != "" {
			return filled(test, compared+" >= ? AND "+compared+" < ?", one, end)
		}
		return filled(test, "substr("+compared+", 1, length(?)) = ?", one, one)
	case Ending:
		return filled(test, "substr("+compared+", -length(?)) = ?", one, one)
	default:
		if len(wanted) == 1 {
			return filled(test, compared+" = ?", one)
		}
		return filled(test, compared+" IN (SELECT value FROM json_each(?))", JSONList(wanted))
	}
}

// JSONList passes many values to SQLite as one argument, for json_each: it takes 32,766 arguments in all.
func JSONList(texts []string) string {
	encoded, err := json.Marshal(texts)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(encoded)
}

func (sqlite) HasText(column Column) Condition { return notNull(column.Name) }

// List looks for the text between its quotes in the JSON as it stands, where that needs no escapes: forms make no quote and take
// none away, and no text joins with a quote.
func (sqlite) List(column Column, wanted string, matchCase bool) Condition {
	wanted = form(wanted, matchCase)
	each := "EXISTS (SELECT 1 FROM json_each(" + column.Name + ") WHERE " + sqliteForm("value", matchCase) + " = ?)"
	if !plainInJSON(wanted) {
		return filled(column.Name, each, wanted)
	}
	return filled(column.Name, "CASE WHEN instr("+column.Name+`, '\') = 0 THEN instr(`+sqliteQuickForm(column.Name, matchCase)+", ?) > 0 ELSE "+each+" END",
		`"`+wanted+`"`, wanted)
}

// plainInJSON reports whether a text stands in JSON as it is, and between quotes cannot be what is between two texts of a list.
func plainInJSON(text string) bool {
	return !strings.ContainsFunc(text, func(sign rune) bool { return sign < ' ' || sign == '"' || sign == '\\' }) && strings.Trim(text, ", ") != ""
}

func (sqlite) HasList(column Column) Condition { return notNull(column.Name) }

func (sqlite) Number(column Column, order Order, value any) Condition {
	return filled(column.Name, column.Name+" "+string(order)+" ?", value)
}

func (sqlite) HasNumber(column Column) Condition { return notNull(column.Name) }

func (sqlite) Boolean(column Column, yes bool) Condition {
	if yes {
		return filled(column.Name, column.Name+" = 1")
	}
	return filled(column.Name, column.Name+" = 0")
}

func (sqlite) HasBoolean(column Column) Condition { return notNull(column.Name) }

func (sqlite) Days(column Column, from, before time.Time) Condition {
	first, end := bounds(from, before, time.DateOnly)
	return span(column.Name, "?", first, end)
}

func (sqlite) Instants(column Column, from, before time.Time) Condition {
	first, end := bounds(from, before, "2006-01-02T15:04:05Z")
	return span(column.Name, "?", first, end)
}

func (sqlite) Anniversaries(column Column, spans [][2]YearDay) Condition {
	return anniversaries(column.Name, "substr("+column.Name+", 6, 5)", "?", spans, func(day YearDay) any {
		return time.Date(2000, time.Month(day/100), int(day%100), 0, 0, 0, 0, time.UTC).Format("01-02")
	})
}
