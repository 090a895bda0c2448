package dialect

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// postgresForm writes a text as database.Fold has it, or as NFC has it when case matters. PostgreSQL's own lower() depends on
// the locale of the server, so it is used for ASCII alone, and the rest is translated letter by letter with the mapping of
// this program. What has only ASCII has as many bytes as signs, and most texts need no more than that.
func postgresForm(text string, matchCase bool) string {
	composed := "normalize(" + text + ", NFC)"
	ascii := "CASE WHEN octet_length(" + text + ") = length(" + text + ") THEN "
	if matchCase {
		return ascii + text + ` COLLATE "C" ELSE ` + composed + ` COLLATE "C" END`
	}
	t := postgresTables()
	// Letters of Latin scripts, without combining accents, are composed already and stay so.
	return ascii + "lower(" + text + ` COLLATE "C") WHEN ` + text + " !~ '" + t.notLatin + "' THEN translate(lower(" + text +
		` COLLATE "C"), ` + t.latin + ") WHEN " + composed + " !~ '" + t.upper + "' THEN " + composed +
		" ELSE normalize(translate(" + composed + ", " + t.all + "), NFC) END"
}

// postgresWords are constants of PostgreSQL's SQL, each of some hundred letters.
type postgresWords struct {
	latin    string // two arguments of translate: letters and what they are in lower case
	all      string // the same for all scripts
	upper    string // class of a regular expression: the letters that have a lower case
	notLatin string // class of everything beyond the letters that latin is about
}

const lastLatin = 0x17F

// translate looks for each sign of a text from the beginning of its table on, and those that stay what they are would be looked
// for to its end. So the tables begin with the signs that are frequent, in both cases.
const (
	frequentLatin = " enarstidloøækgåmvbufphjcyöäüéwzxq0123456789ÅØÆÖÄÜÉ-.@"
	frequent      = " enarstidloABCDEFGHIJKLMNOPQRSTUVWXYZeiанотеисрвлкАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯмдпуябыгзчйхжшюцщэфъ" +
		"αβγδεζηθικλμνξοπρσςτυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ0123456789-.@kgmvbufphjcywzxq"
)

var postgresTables = sync.OnceValue(func() postgresWords {
	var upper []rune
	for letter := rune(1); letter <= unicode.MaxRune; letter++ {
		// What NFC makes another letter does not meet the tables.
		if unicode.ToLower(letter) != letter && norm.NFC.String(string(letter)) == string(letter) {
			upper = append(upper, letter)
		}
	}
	var latin []rune // beside ASCII, which is in lower case by then
	for _, letter := range upper {
		if letter > unicode.MaxASCII && letter <= lastLatin {
			latin = append(latin, letter)
		}
	}
	return postgresWords{
		latin: translation(frequentLatin, latin), all: translation(frequent, upper), upper: class(upper),
		notLatin: "[^\x01-" + string(rune(lastLatin)) + "]",
	}
})

// translation is two arguments of translate. The first place of a letter counts there.
func translation(frequent string, upper []rune) string {
	from := frequent
	for _, letter := range upper {
		if !strings.ContainsRune(frequent, letter) {
			from += string(letter)
		}
	}
	return "'" + from + "', '" + strings.Map(unicode.ToLower, from) + "'"
}

// class is a bracket of a regular expression that holds the letters, which ascend.
func class(letters []rune) string {
	var out strings.Builder
	for i := 0; i < len(letters); {
		last := i
		for last+1 < len(letters) && letters[last+1] == letters[last]+1 {
			last++
		}
		out.WriteRune(letters[i])
		if last > i {
			out.WriteString("-" + string(letters[last]))
		}
		i = last + 1
	}
	return "[" + out.String() + "]"
}
