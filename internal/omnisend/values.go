package omnisend

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Greatest lengths in characters. Omnisend states none (its own plugin's tests know a code too_long): these are wide
// enough for anything real and narrow enough that a misplaced column of free text is noticed.
const (
	maxName     = 255 // names, city, state, postal code, country
	maxStreet   = 1000
	maxCustom   = 2000
	maxTag      = 128
	maxProperty = 128
)

// appendPhone appends the number in the form E.164: a plus sign, then 7 to 15 digits of which the first is not 0.
// Blanks and the signs that people group digits with are dropped, and a leading 00 is read as the plus sign. A number
// without its country code is refused: guessing the country could reach a stranger.
func appendPhone(dst []byte, value string) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, '+')
	plus := false
	for i, r := range value {
		switch {
		case r >= '0' && r <= '9':
			dst = append(dst, byte(r))
		case r == '+' && i == 0:
			plus = true
		case unicode.IsSpace(r), r == '(', r == ')', r == '-', r == '.', r == '/':
		default:
			return dst[:start], false
		}
	}
	digits := dst[start+1:]
	if !plus {
		if len(digits) < 2 || digits[0] != '0' || digits[1] != '0' {
			return dst[:start], false
		}
		digits = append(digits[:0], digits[2:]...)
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return dst[:start], false
	}
	return dst[:start+1+len(digits)], true
}

// birthdate takes a date that exists, YYYY-MM-DD, alone or at the head of an RFC 3339 time, and gives the date.
func birthdate(value string) (string, bool) {
	const form = "2006-01-02"
	if len(value) > len(form) {
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return "", false
		}
		return value[:len(form)], true
	}
	return value, isDate(value)
}

// isDate reports whether the text is a date that exists, in the form YYYY-MM-DD. It does what parsing it as a time does,
// in a tenth of the time.
func isDate(text string) bool {
	if len(text) != len("YYYY-MM-DD") || text[4] != '-' || text[7] != '-' {
		return false
	}
	var parts [3]int
	for i, part := range [...]string{text[:4], text[5:7], text[8:]} {
		for _, digit := range []byte(part) {
			if digit < '0' || digit > '9' {
				return false
			}
			parts[i] = 10*parts[i] + int(digit-'0')
		}
	}
	year, month, day := parts[0], time.Month(parts[1]), parts[2]
	if month < time.January || month > time.December || day < 1 {
		return false
	}
	return day <= 28 || time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Day() == day
}

var genders = [...]struct{ word, code string }{
	{"m", "m"}, {"f", "f"}, {"male", "m"}, {"female", "f"}, {"man", "m"}, {"woman", "f"},
	{"mand", "m"}, {"kvinde", "f"}, {"k", "f"},
}

// gender gives Omnisend's m or f. It has no other value; whatever else a profile says cannot be sent.
func gender(value string) (string, bool) {
	for _, g := range genders {
		if strings.EqualFold(value, g.word) {
			return g.code, true
		}
	}
	return "", false
}

// countries holds the ISO 3166-1 alpha-2 codes, by their two letters.
var countries = func() (codes [26 * 26]bool) {
	for i := range codes {
		code := string([]byte{byte('A' + i/26), byte('A' + i%26)})
		region, err := language.ParseRegion(code)
		codes[i] = err == nil && region.IsCountry() && region.Canonicalize() == region && region.String() == code
	}
	return codes
}()

// countryCode gives the two letters when the value is an ISO 3166-1 alpha-2 code in any case, or UK, which ISO keeps for GB.
func countryCode(value string) (code [2]byte, ok bool) {
	if len(value) != 2 {
		return code, false
	}
	code = [2]byte{value[0] &^ 0x20, value[1] &^ 0x20}
	if code == [2]byte{'U', 'K'} {
		return [2]byte{'G', 'B'}, true
	}
	if code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' || value[0] < 'A' || value[1] < 'A' {
		return code, false
	}
	return code, countries[int(code[0]-'A')*26+int(code[1]-'A')]
}

// validTag takes 1 to 128 visible characters, blanks among them. Omnisend's plugin allows letters, digits, _, - and space,
// yet its documentation shows a colon: so only what splits a list or needs escaping is kept out.
func validTag(tag string) bool {
	if tag == "" || len(tag) > 4*maxTag || !utf8.ValidString(tag) || utf8.RuneCountInString(tag) > maxTag {
		return false
	}
	for _, r := range tag {
		if r != ' ' && !isWritten(r) || strings.ContainsRune(`,;"\<>`, r) {
			return false
		}
	}
	return true
}

// nextTag cuts the first tag off a list that commas or semicolons divide.
func nextTag(list string) (tag, rest string) {
	if i := strings.IndexAny(list, ",;"); i >= 0 {
		return strings.TrimSpace(list[:i]), list[i+1:]
	}
	return strings.TrimSpace(list), ""
}

// validProperty takes the names of custom properties that Omnisend's plugin allows.
func validProperty(name string) bool {
	if name == "" || len(name) > maxProperty {
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isLetterOrDigit(name[i]) && name[i] != '_' {
			return false
		}
	}
	return true
}

// longer reports whether a text has more than limit characters.
func longer(text string, limit int) bool {
	return len(text) > limit && utf8.RuneCountInString(text) > limit
}
