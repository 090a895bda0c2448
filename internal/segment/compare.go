package segment

import (
	"slices"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/profile"
)

// comparison is a condition that was found sound.
type comparison struct {
	dialect   dialect.Dialect
	column    dialect.Column
	operator  Operator
	values    values
	matchCase bool
	now       time.Time // in the zone of the rule's days
}

// denials are the operators that hold for exactly those for whom another does not.
var denials = map[Operator]Operator{
	NotEquals: Equals, NotContains: Contains, NotInList: InList, HasNot: Has, IsEmpty: IsNotEmpty,
}

// with compiles the comparison with an attribute of the kind.
func (c comparison) with(kind profile.Kind) Where {
	if opposite, ok := denials[c.operator]; ok {
		c.operator = opposite
		return dialect.Not(c.with(kind))
	}
	switch kind {
	case profile.Text:
		return c.text()
	case profile.Number:
		return c.number()
	case profile.Boolean:
		return c.boolean()
	case profile.List:
		return c.list()
	case profile.Date:
		return c.days(c.dialect.Days, time.UTC)
	default:
		return c.days(c.dialect.Instants, c.now.Location())
	}
}

var ways = map[Operator]dialect.Way{
	Equals: dialect.Equal, InList: dialect.Equal, Contains: dialect.Containing, BeginsWith: dialect.Beginning, EndsWith: dialect.Ending,
}

func (c comparison) text() Where {
	way, compares := ways[c.operator]
	if !compares {
		return c.dialect.HasText(c.column)
	}
	if way != dialect.Equal && isBlank(c.values.texts[0]) {
		// Texts of nothing but white space contain it, too, and are no values.
		return dialect.And(c.dialect.HasText(c.column), c.dialect.Text(c.column, way, c.values.texts, c.matchCase))
	}
	wanted := c.values.texts
	if way == dialect.Equal {
		wanted = slices.DeleteFunc(slices.Clone(wanted), isBlank) // no value equals them
		if len(wanted) == 0 {
			return dialect.Nobody()
		}
	}
	return c.dialect.Text(c.column, way, wanted, c.matchCase)
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

func (c comparison) list() Where {
	switch {
	case c.operator != Has:
		return c.dialect.HasList(c.column)
	case isBlank(c.values.texts[0]):
		return dialect.Nobody()
	}
	return c.dialect.List(c.column, c.values.texts[0], c.matchCase)
}

var comparisons = map[Operator]dialect.Order{
	Equals: dialect.Is, Less: dialect.Below, AtMost: dialect.AtMost, Greater: dialect.Above, AtLeast: dialect.AtLeast,
}

func (c comparison) number() Where {
	if c.operator == Between {
		return dialect.And(
			c.dialect.Number(c.column, dialect.AtLeast, c.values.numbers[0]), c.dialect.Number(c.column, dialect.AtMost, c.values.numbers[1]))
	}
	if order, compares := comparisons[c.operator]; compares {
		return c.dialect.Number(c.column, order, c.values.numbers[0])
	}
	return c.dialect.HasNumber(c.column)
}

func (c comparison) boolean() Where {
	switch c.operator {
	case IsTrue:
		return c.dialect.Boolean(c.column, true)
	case IsFalse:
		return c.dialect.Boolean(c.column, false)
	default:
		return c.dialect.HasBoolean(c.column)
	}
}

// days compares dates and instants by calendar day: span is how the dialect compares them, zone is where the day of an instant
// begins.
func (c comparison) days(span func(column dialect.Column, from, before time.Time) Where, zone *time.Location) Where {
	today := time.Date(c.now.Year(), c.now.Month(), c.now.Day(), 0, 0, 0, 0, time.UTC)
	begin := func(day time.Time) time.Time { return begin(day, zone) }
	from := func(day time.Time) Where { return span(c.column, begin(day), time.Time{}) }
	before := func(day time.Time) Where {
		if begin(day).IsZero() { // nothing is before the first day of the calendar, and a zero end would be an open one
			return dialect.Nobody()
		}
		return span(c.column, time.Time{}, begin(day))
	}
	within := func(first, last time.Time) Where { return span(c.column, begin(first), begin(last.AddDate(0, 0, 1))) }
	given, count := c.values.days, c.values.count
	switch c.operator {
	case On:
		return within(given[0], given[0])
	case Before:
		return before(given[0])
	case After:
		return from(given[0].AddDate(0, 0, 1))
	case Between:
		return within(given[0], given[1])
	case InLastDays:
		return within(today.AddDate(0, 0, -count), today)
	case InNextDays:
		return within(today, today.AddDate(0, 0, count))
	case MoreThanDaysAgo:
		return before(today.AddDate(0, 0, -count))
	case AnniversaryIn:
		if count < MaxAnniversary {
			return c.dialect.Anniversaries(c.column, anniversaries(today, count))
		}
	}
	return span(c.column, time.Time{}, time.Time{})
}

// begin is the first instant of a day in a zone. Clocks may be changed at midnight: then there is none, or there are two.
func begin(day time.Time, zone *time.Location) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	since, until := at.ZoneBounds()
	if at.Day() != day.Day() && !until.IsZero() { // Go went back over the gap
		return until
	}
	if last := since.Add(-time.Nanosecond).In(zone); !since.IsZero() && sameDay(last, at) {
		_, offset := last.Zone() // the clocks were put back to this day: it had begun before
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.FixedZone("", offset))
	}
	return at
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// anniversaries are the days of the year from today until so many days later.
func anniversaries(today time.Time, days int) [][2]dialect.YearDay {
	last := today.AddDate(0, 0, days)
	first, end := yearDay(today), yearDay(last)
	if endsOnShortFebruary(last) {
		end = 229
	}
	if today.Year() == last.Year() {
		return [][2]dialect.YearDay{{first, end}}
	}
	return [][2]dialect.YearDay{{first, 1231}, {101, end}}
}

func yearDay(day time.Time) dialect.YearDay { return dialect.YearDay(int(day.Month())*100 + day.Day()) }

// endsOnShortFebruary reports whether day is 28 February of a year without a 29th: the anniversary of those born on the 29th
// is on that day, which its number alone would leave out.
func endsOnShortFebruary(day time.Time) bool {
	return day.Month() == time.February && day.Day() == 28 && day.AddDate(0, 0, 1).Month() == time.March
}
