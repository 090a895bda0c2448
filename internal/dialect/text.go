package dialect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/database"
)

// form brings a wanted text to the form in which it is compared.
func form(text string, matchCase bool) string {
	if matchCase {
		return norm.NFC.String(text)
	}
	return database.Fold(text)
}

func forms(texts []string, matchCase bool) []string {
	formed := make([]string, len(texts))
	for i, text := range texts {
		formed[i] = form(text, matchCase)
	}
	return formed
}

// anyOf writes something IN (?, ?, …), with each place written as place.
func anyOf(something, place string, wanted []string) Condition {
	args := make([]any, len(wanted))
	for i, text := range wanted {
		args[i] = text
	}
	if len(wanted) == 1 {
		return Condition{SQL: something + " = " + place, Args: args}
	}
	return Condition{SQL: something + " IN (" + place + strings.Repeat(", "+place, len(wanted)-1) + ")", Args: args}
}

// whiteSpace are the signs that do not make a text a value: those that strings.TrimSpace cuts, which is how an import
// decides.
var whiteSpace = func() string {
	var signs strings.Builder
	for sign := rune(1); sign <= 0x3000; sign++ {
		if unicode.IsSpace(sign) {
			signs.WriteRune(sign)
		}
	}
	return signs.String()
}()

// notWhite is a class of all other signs, for regular expressions and for SQL Server's LIKE.
var notWhite = "[^" + whiteSpace + "]"

// after is the first text that sorts, by its bytes, after all that begin with the prefix; "" when there is none.
func after(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == 0xD7FF: // the surrogates that follow are no signs
			return prefix + "\uE000"
		case last < unicode.MaxRune:
			return prefix + string(last+1)
		}
	}
	return ""
}

// quoted writes a name between signs of which the end stands for itself when doubled. No database takes NUL in a name: what
// replaces it makes the name one that there is not, where a database might take NUL for its end.
func quoted(name string, open, end string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), "\x00", "\uFFFD")
	return open + strings.ReplaceAll(name, end, end+end) + end
}

// rebind replaces each question mark that stands in no string and no quoted name. quotes are pairs of their begin and end.
func rebind(sql, quotes string, place func(number int) string) string {
	var out strings.Builder
	var end byte // of the string or name that we are in; 0: in none
	number := 0
	for i := 0; i < len(sql); i++ {
		c := sql[i]
		switch {
		case end != 0 && c == end && strings.HasPrefix(sql[i+1:], string(end)): // doubled, it stands for itself
			out.WriteByte(c)
			i++
		case end != 0:
			if c == end {
				end = 0
			}
		case c == '?':
			number++
			out.WriteString(place(number))
			continue
		default:
			for q := 0; q < len(quotes); q += 2 {
				if c == quotes[q] {
					end = quotes[q+1]
				}
			}
		}
		out.WriteByte(c)
	}
	return out.String()
}
