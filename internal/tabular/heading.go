package tabular

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxHeading is how many characters of a heading are kept.
const maxHeading = 100

// name gives every column a heading of its own.
func name(fields []string) []string {
	headings := make([]string, len(fields))
	taken := map[string]bool{}
	for i, field := range fields {
		heading := strings.Join(strings.Fields(field), " ")
		heading = cut(heading, maxHeading)
		if KeyOf(heading) == "" {
			heading = strings.TrimSpace(heading + " column " + strconv.Itoa(i+1))
		}
		unique := heading
		for n := 2; taken[KeyOf(unique)]; n++ {
			unique = fmt.Sprintf("%s %d", cut(heading, 20), n) // short, so that the number stays in the key
		}
		taken[KeyOf(unique)] = true
		headings[i] = unique
	}
	return headings
}

// KeyOf makes an attribute's key from a heading: small letters, digits and underscores. The same heading always gives
// the same key, so that rules and mappings outlive an upload. It is "" when the heading has none of them.
func KeyOf(heading string) string {
	const most = 60
	heading = strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa", "ß", "ss").Replace(strings.ToLower(norm.NFC.String(heading)))
	var key strings.Builder
	gap := false
	for _, r := range norm.NFD.String(heading) {
		switch {
		case (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9'):
			if gap && key.Len() > 0 {
				key.WriteByte('_')
			}
			gap = false
			key.WriteRune(r)
		case !unicode.Is(unicode.Mn, r): // a mark on the letter before it ends no word
			gap = true
		}
		if key.Len() >= most {
			break
		}
	}
	return key.String()
}

// LabelOf makes a heading that a program wrote (first_name) one that people read (First name).
func LabelOf(heading string) string {
	if heading == "" || heading != strings.ToLower(heading) || strings.Contains(heading, " ") {
		return heading
	}
	label := strings.ReplaceAll(heading, "_", " ")
	first, size := utf8.DecodeRuneInString(label)
	return string(unicode.ToUpper(first)) + label[size:]
}

// cut shortens to a number of characters.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
