package i18n

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pseudo is the language that Pretend makes. XA is the region that CLDR keeps for English with accents.
const Pseudo = "en-XA"

// Pretend adds a language that nobody speaks, made of English: with accents, longer by two fifths, as Danish or German may be, and
// in brackets. Whoever walks through the pages in it sees by the brackets which text is not in the message files, and by a bracket
// that is missing which text was cut off. It is for tests and the demonstration. What it returns takes it away again.
func Pretend() (remove func()) {
	texts := messages{}
	for key, english := range current.Load().messages[Default] {
		pretended := *english
		for _, form := range []*string{&pretended.Zero, &pretended.One, &pretended.Two, &pretended.Few, &pretended.Many, &pretended.Other} {
			*form = pretend(*form)
		}
		texts[key] = &pretended
	}
	remove, err := add(map[string]messages{Pseudo: texts})
	if err != nil {
		panic(err) // it is there already: called twice
	}
	return remove
}

// accents keep each letter legible.
var accents = map[rune]rune{'a': 'á', 'b': 'ƀ', 'c': 'ç', 'd': 'ð', 'e': 'é', 'f': 'ƒ', 'g': 'ĝ', 'h': 'ĥ', 'i': 'î', 'j': 'ĵ', 'k': 'ķ', 'l': 'ļ',
	'm': 'ɱ', 'n': 'ñ', 'o': 'ö', 'p': 'þ', 'q': 'ʠ', 'r': 'ŕ', 's': 'š', 't': 'ţ', 'u': 'û', 'v': 'ṽ', 'w': 'ŵ', 'x': 'ẋ', 'y': 'ý', 'z': 'ž',
	'A': 'Á', 'B': 'Ɓ', 'C': 'Ç', 'D': 'Ð', 'E': 'É', 'F': 'Ƒ', 'G': 'Ĝ', 'H': 'Ĥ', 'I': 'Î', 'J': 'Ĵ', 'K': 'Ķ', 'L': 'Ļ', 'M': 'Ḿ', 'N': 'Ñ',
	'O': 'Ö', 'P': 'Þ', 'Q': 'Ǫ', 'R': 'Ŕ', 'S': 'Š', 'T': 'Ţ', 'U': 'Û', 'V': 'Ṽ', 'W': 'Ŵ', 'X': 'Ẋ', 'Y': 'Ý', 'Z': 'Ž'}

// pretend writes a text with accents, its vowels doubled until it is longer by two fifths, in brackets. Placeholders stay, and so do
// texts without letters: times of day as Go writes them, numbers, dashes.
func pretend(text string) string {
	var out strings.Builder
	letters, said := 0, 0
	for rest := text; rest != ""; {
		if length := strings.Index(rest, "}}") + 2; strings.HasPrefix(rest, "{{") && length > 2 {
			out.WriteString(rest[:length])
			rest = rest[length:]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		written, known := accents[r]
		if !known {
			written = r
		}
		out.WriteRune(written)
		if unicode.IsLetter(r) {
			letters++
			said++
			if strings.ContainsRune("aeiouyAEIOUY", r) && said*5 < letters*7 {
				out.WriteRune(unicode.ToLower(written))
				said++
			}
		}
	}
	if letters == 0 {
		return text
	}
	for ; said*5 < letters*7; said++ { // words with few vowels
		out.WriteByte('~')
	}
	return "⟦" + out.String() + "⟧"
}
