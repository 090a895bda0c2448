package segment

import (
	"encoding/json"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
)

// Each comparison is written so that it is true or false where the column is NULL, too.

func whenFilled(column, sql string, args ...any) Where {
	return Where{SQL: "(" + column + " IS NOT NULL AND " + sql + ")", Args: args}
}

func whenEmptyOr(column, sql string, args ...any) Where {
	return Where{SQL: "(" + column + " IS NULL OR " + sql + ")", Args: args}
}

func compareEmpty(column string, operator Operator) Where {
	if operator == IsEmpty {
		return Where{SQL: "(" + column + " IS NULL)"}
	}
	return Where{SQL: "(" + column + " IS NOT NULL)"}
}

func compareText(column string, operator Operator, given values, matchCase bool) Where {
	folded, texts := comparable(column, given.texts, matchCase)
	switch operator {
	case Equals:
		return whenFilled(column, folded+" = ?", texts[0])
	case NotEquals:
		return whenEmptyOr(column, folded+" <> ?", texts[0])
	case Contains:
		return whenFilled(column, "instr("+folded+", ?) > 0", texts[0])
	case NotContains:
		return whenEmptyOr(column, "instr("+folded+", ?) = 0", texts[0])
	case BeginsWith:
		return whenFilled(column, "substr("+folded+", 1, length(?)) = ?", texts[0], texts[0])
	case EndsWith:
		return whenFilled(column, "substr("+folded+", -length(?)) = ?", texts[0], texts[0])
	case InList:
		return whenFilled(column, folded+" IN (SELECT value FROM json_each(?))", jsonList(texts))
	case NotInList:
		return whenEmptyOr(column, folded+" NOT IN (SELECT value FROM json_each(?))", jsonList(texts))
	default:
		return compareEmpty(column, operator)
	}
}

// comparable gives a column and the texts it is compared with in one form.
func comparable(column string, texts []string, matchCase bool) (sql string, as []string) {
	function, form := database.FoldFunction, database.Fold
	if matchCase {
		function, form = database.ComposeFunction, norm.NFC.String
	}
	as = make([]string, len(texts))
	for i, text := range texts {
		as[i] = form(text)
	}
	return function + "(" + column + ")", as
}

func compareList(column string, operator Operator, given values, matchCase bool) Where {
	element, texts := comparable("value", given.texts, matchCase)
	has := "EXISTS (SELECT 1 FROM json_each(" + column + ") WHERE " + element + " = ?)"
	switch operator {
	case Has:
		return whenFilled(column, has, texts[0])
	case HasNot:
		return whenEmptyOr(column, "NOT "+has, texts[0])
	default:
		return compareEmpty(column, operator)
	}
}

// jsonList passes many values as one argument: SQLite takes 32,766 arguments in all.
func jsonList(texts []string) string {
	encoded, err := json.Marshal(texts)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(encoded)
}

func compareNumber(column string, operator Operator, given values) Where {
	switch operator {
	case Equals:
		return whenFilled(column, column+" = ?", given.numbers...)
	case NotEquals:
		return whenEmptyOr(column, column+" <> ?", given.numbers...)
	case Less:
		return whenFilled(column, column+" < ?", given.numbers...)
	case AtMost:
		return whenFilled(column, column+" <= ?", given.numbers...)
	case Greater:
		return whenFilled(column, column+" > ?", given.numbers...)
	case AtLeast:
		return whenFilled(column, column+" >= ?", given.numbers...)
	case Between:
		return whenFilled(column, column+" BETWEEN ? AND ?", given.numbers...)
	default:
		return compareEmpty(column, operator)
	}
}

func compareBoolean(column string, operator Operator) Where {
	switch operator {
	case IsTrue:
		return whenFilled(column, column+" = 1")
	case IsFalse:
		return whenFilled(column, column+" = 0")
	default:
		return compareEmpty(column, operator)
	}
}

// compareDays compares dates and instants by calendar day. Both are stored as text whose order is that of time.
func compareDays(column string, kind profile.Kind, operator Operator, given values, now time.Time) Where {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	from := func(day time.Time) string { return begin(day, kind, now.Location()) }
	within := func(first, last time.Time) Where {
		return whenFilled(column, column+" >= ? AND "+column+" < ?", from(first), from(last.AddDate(0, 0, 1)))
	}
	switch operator {
	case On:
		return within(given.days[0], given.days[0])
	case Before:
		return whenFilled(column, column+" < ?", from(given.days[0]))
	case After:
		return whenFilled(column, column+" >= ?", from(given.days[0].AddDate(0, 0, 1)))
	case Between:
		return within(given.days[0], given.days[1])
	case InLastDays:
		return within(today.AddDate(0, 0, -given.count), today)
	case InNextDays:
		return within(today, today.AddDate(0, 0, given.count))
	case MoreThanDaysAgo:
		return whenFilled(column, column+" < ?", from(today.AddDate(0, 0, -given.count)))
	case AnniversaryIn:
		return anniversary(column, today, given.count)
	default:
		return compareEmpty(column, operator)
	}
}

// begin is the first instant of a day as it is stored.
func begin(day time.Time, kind profile.Kind, zone *time.Location) string {
	if kind == profile.Date {
		return day.Format(DateLayout)
	}
	local := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	return local.UTC().Format("2006-01-02T15:04:05Z")
}

// anniversary compares month and day with the window that begins today.
func anniversary(column string, today time.Time, days int) Where {
	const monthDay = "01-02"
	last := today.AddDate(0, 0, days)
	year := "substr(" + column + ", 6, 5)"
	first, end := today.Format(monthDay), last.Format(monthDay)
	var where Where
	switch {
	case days >= MaxAnniversary:
		return compareEmpty(column, IsNotEmpty)
	case today.Year() == last.Year():
		where = Where{SQL: year + " BETWEEN ? AND ?", Args: []any{first, end}}
	default:
		where = Where{SQL: "(" + year + " >= ? OR " + year + " <= ?)", Args: []any{first, end}}
	}
	if endsOnShortFebruary(last) {
		where.SQL = "(" + where.SQL + " OR " + year + " = '02-29')"
	}
	return whenFilled(column, where.SQL, where.Args...)
}

// endsOnShortFebruary reports whether day is 28 February of a year without a 29th: text order alone would then leave out
// those born on the 29th, whose anniversary it is.
func endsOnShortFebruary(day time.Time) bool {
	return day.Month() == time.February && day.Day() == 28 && day.AddDate(0, 0, 1).Month() == time.March
}
