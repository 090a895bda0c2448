// Package dialect writes the conditions that rules need in the SQL of SQLite, PostgreSQL, MySQL and MariaDB, SQL Server and
// Trino: quoting names, comparing text in any case, lists, numbers, days. It is pure text: it knows no connection, no rule and
// no segment.
//
// What holds for every condition, in every dialect:
//   - It is true or false for every row, never NULL, so that NOT gives exactly the others.
//   - A value stands in Args and never in SQL. The place of a value is a question mark, and Rebind turns question marks into
//     what the database calls them at the very end. A name of a column is quoted.
//   - It reads a column of another database as an import would keep it: text that is nothing but white space is no value,
//     nor is a list without a text that is more, a number that is not finite, or a day outside the years 1 to 9999.
//   - Where an index may help without changing the answer, the plain column is compared.
//
// Sessions must be in UTC, so that a time without a zone is one in UTC, as it is for an import.
//
// Text is compared as database.Fold has it. SQLite and PostgreSQL (13 and later, in UTF-8) give exactly that answer. The
// others come as near as they can:
//   - Trino: its own tables of Unicode, which may be of another version.
//   - MySQL, MariaDB and SQL Server do not know NFC: a letter that the column keeps as two signs, the letter and its accent,
//     differs from the one sign that a rule is compared as. Their lower case knows fewer scripts, SQL Server's none beyond
//     the first 65,536 signs.
//
// Numbers beyond 15 digits in a column of floating point may be rounded another way than an import rounds them in MySQL, SQL
// Server and Trino.
package dialect

import (
	"strings"
	"time"
)

// Condition is a condition in SQL with its values in order.
type Condition struct {
	SQL  string
	Args []any
}

// Column is a column as conditions name it.
type Column struct {
	Name    string // quoted, with the table's alias
	Indexed bool   // SQLite: has an index on its folded text (see profile.Attribute)
}

// Way is how texts are compared.
type Way int

// The ways.
const (
	Equal Way = iota
	Containing
	Beginning
	Ending
)

// Order compares numbers.
type Order string

// The orders.
const (
	Is      Order = "="
	Below   Order = "<"
	AtMost  Order = "<="
	Above   Order = ">"
	AtLeast Order = ">="
)

// YearDay is a day of any year: 100 times the month and the day. 229 is the leap day.
type YearDay int

// Dialect writes the SQL of one database.
type Dialect interface {
	// Name is how the dialect is called in settings.
	Name() string
	// Quote writes a name as an identifier, whatever is in it.
	Quote(name string) string
	// Rebind turns question marks into the database's own placeholders, numbered from 1 where it numbers. It minds strings
	// and quoted names as this package writes them: give it no SQL that a person wrote, but what is put beside that.
	Rebind(sql string) string

	// Text compares text. There is more than one wanted text for Equal only: then one of them is enough. None is blank.
	// Without matchCase it is compared folded, else composed (NFC).
	Text(column Column, way Way, wanted []string, matchCase bool) Condition
	// HasText is for columns with a text that is more than white space.
	HasText(column Column) Condition
	// List is for lists that have a text equal to the wanted one, which is not blank.
	List(column Column, wanted string, matchCase bool) Condition
	// HasList is for lists with a text that is more than white space.
	HasList(column Column) Condition
	// Number compares with an int64 or a float64.
	Number(column Column, order Order, value any) Condition
	// HasNumber is for columns with a finite number.
	HasNumber(column Column) Condition
	// Boolean is for yes or for no, in a column of booleans or of numbers that are 1 or 0.
	Boolean(column Column, yes bool) Condition
	// HasBoolean is for columns that say yes or no.
	HasBoolean(column Column) Condition
	// Days is for dates from a day on and before another. A zero time leaves that end open.
	Days(column Column, from, before time.Time) Condition
	// Instants is the same for points in time.
	Instants(column Column, from, before time.Time) Condition
	// Anniversaries is for dates whose day of the year lies in one of the spans, both ends included.
	Anniversaries(column Column, spans [][2]YearDay) Condition
}

// The dialects.
var (
	SQLite     Dialect = sqlite{}
	PostgreSQL Dialect = postgres{}
	MySQL      Dialect = mysql{} // and MariaDB
	SQLServer  Dialect = sqlserver{}
	Trino      Dialect = trino{}
)

// All lists the dialects.
var All = []Dialect{SQLite, PostgreSQL, MySQL, SQLServer, Trino}

// Of finds a dialect by its name.
func Of(name string) (Dialect, bool) {
	for _, d := range All {
		if d.Name() == name {
			return d, true
		}
	}
	return nil, false
}

// Everybody is the condition that always holds, in every dialect.
func Everybody() Condition { return Condition{SQL: "(1 = 1)"} }

// Nobody is the condition that never holds.
func Nobody() Condition { return Condition{SQL: "(1 = 0)"} }

// Join puts parts together with AND or OR. There is at least one.
func Join(parts []Condition, operator string) Condition {
	texts := make([]string, len(parts))
	var args []any
	for i, part := range parts {
		texts[i] = part.SQL
		args = append(args, part.Args...)
	}
	return Condition{SQL: "(" + strings.Join(texts, " "+operator+" ") + ")", Args: args}
}

// And holds when all parts do. There is at least one.
func And(parts ...Condition) Condition { return Join(parts, "AND") }

// Or holds when one of the parts does. There is at least one.
func Or(parts ...Condition) Condition { return Join(parts, "OR") }

// Not holds for exactly the others.
func Not(c Condition) Condition { return Condition{SQL: "(NOT " + c.SQL + ")", Args: c.Args} }

// filled is the condition that something is not NULL and sql holds.
func filled(something, sql string, args ...any) Condition {
	return Condition{SQL: "(" + something + " IS NOT NULL AND " + sql + ")", Args: args}
}

func notNull(something string) Condition { return Condition{SQL: "(" + something + " IS NOT NULL)"} }
