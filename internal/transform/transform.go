// Package transform owns the small changes that a value may go through on its way from a profile to a field of a destination:
// surplus spaces, case, a country's name to its code, the form of a date, the same text for everybody, two values joined. It
// knows texts only; which attribute they are of, and who may see them, is its callers' affair. A changed value is still judged
// by the destination: what a change does not understand it leaves as it was.
package transform

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/segue-app/segue/internal/problem"
)

// Way is a kind of change. Its text is what configuration files say, and the end of its translation keys.
type Way string

// The ways.
const (
	None     Way = ""         // the value as it is
	Trim     Way = "trim"     // no space around, and one only between words
	Upper    Way = "upper"    // JENS HOLM
	Lower    Way = "lower"    // jens holm
	Title    Way = "title"    // Jens Holm
	Country  Way = "country"  // an English or Danish name of a country becomes its ISO 3166-1 alpha-2 code
	Date     Way = "date"     // a day written in one order becomes a day written in another form
	Constant Way = "constant" // the same text for every profile, whatever it holds
	Join     Way = "join"     // the value, a separator, and the value of a second attribute
)

// Ways lists what can be chosen, in the order in which it is offered.
var Ways = []Way{Trim, Upper, Lower, Title, Country, Date, Join, Constant}

// Change is what is done to a value. The zero Change leaves it alone.
type Change struct {
	Way  Way    `json:"way"`
	Text string `json:"text,omitempty"` // Constant: the text; Join: what stands between the two
	From Order  `json:"from,omitempty"` // Date: what is first, day or month, where the year is last
	To   Form   `json:"to,omitempty"`   // Date: how it is written
}

// The greatest lengths, in characters.
const (
	LongestText      = 255
	LongestSeparator = 10
)

// None reports whether values stay as they are.
func (c Change) None() bool { return c.Way == None }

// Joins reports whether the change takes the value of a second attribute.
func (c Change) Joins() bool { return c.Way == Join }

// String tells the change in the words of configuration files; "" of none.
func (c Change) String() string {
	switch c.Way {
	case Constant, Join:
		return fmt.Sprintf("%s %q", c.Way, c.Text)
	case Date:
		return fmt.Sprintf("%s %s %s", c.Way, c.From, c.To)
	}
	return string(c.Way)
}

// Of is the value after the change; other is that of the second attribute, which only a Join looks at. A value that is empty
// stays so, but for a Constant. understood is false when the value is none that the change can read: then it comes back as it was.
func (c Change) Of(value, other string) (changed string, understood bool) {
	switch c.Way {
	case Constant:
		return c.Text, true
	case Join:
		return join(strings.TrimSpace(value), c.Text, strings.TrimSpace(other)), true
	}
	if strings.TrimSpace(value) == "" {
		return value, true
	}
	switch c.Way {
	case Trim:
		return strings.Join(strings.Fields(value), " "), true
	case Upper:
		return strings.ToUpper(value), true
	case Lower:
		return strings.ToLower(value), true
	case Title:
		return cases.Title(language.Und).String(value), true // a Caser is for one goroutine: none is kept
	case Country:
		if code, ok := CountryCode(value); ok {
			return code, true
		}
		return value, false
	case Date:
		if day, ok := readDay(value, c.From); ok {
			return c.To.write(day), true
		}
		return value, false
	}
	return value, true
}

// join leaves the separator out where one of the two is missing.
func join(value, between, other string) string {
	switch {
	case value == "":
		return other
	case other == "":
		return value
	}
	return value + between + other
}

// Tidy is the change without what its way has no use for.
func (c Change) Tidy() Change {
	tidy := Change{Way: c.Way}
	switch c.Way {
	case Constant:
		tidy.Text = strings.TrimSpace(c.Text)
	case Join:
		tidy.Text = c.Text
	case Date:
		tidy.From, tidy.To = c.From, c.To
		if tidy.From == "" {
			tidy.From = DayFirst
		}
		if tidy.To == "" {
			tidy.To = ISO
		}
	}
	return tidy
}

// Check says what is wrong with the change. The name of each mistake is name followed by the part: "way", "text", "separator",
// "from" or "to".
func (c Change) Check(check *problem.Check, name string) {
	switch c.Way {
	case None, Trim, Upper, Lower, Title, Country:
	case Constant:
		check.Require(c.Text != "", name+"text", "problem.required")
		check.Require(utf8.RuneCountInString(c.Text) <= LongestText, name+"text", "problem.too_long", "Most", LongestText)
		check.Require(written(c.Text), name+"text", "problem.transform.text")
	case Join:
		check.Require(utf8.RuneCountInString(c.Text) <= LongestSeparator, name+"separator", "problem.too_long", "Most", LongestSeparator)
		check.Require(written(c.Text), name+"separator", "problem.transform.text")
	case Date:
		check.Require(slices.Contains(Orders, c.From), name+"from", "problem.choose")
		check.Require(slices.Contains(Forms, c.To), name+"to", "problem.choose")
	default:
		check.Add(name+"way", "problem.choose")
	}
}

// written keeps out what a person cannot have meant to type.
func written(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}
