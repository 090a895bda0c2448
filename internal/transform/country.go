package transform

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// CountryCode gives the ISO 3166-1 alpha-2 code of a country that is named in English or Danish, or by its code of two or three
// letters, in any case and with or without accents.
func CountryCode(name string) (string, bool) {
	code, ok := countries()[folded(name)]
	return code, ok
}

// countries holds what the Unicode CLDR calls the countries in both languages, by folded name.
var countries = sync.OnceValue(func() map[string]string {
	known := make(map[string]string, 1500)
	for _, names := range []display.Namer{display.Regions(language.English), display.Regions(language.Danish)} {
		for first := 'A'; first <= 'Z'; first++ {
			for second := 'A'; second <= 'Z'; second++ {
				code := string(first) + string(second)
				region, err := language.ParseRegion(code)
				if err != nil || !region.IsCountry() || region.Canonicalize() != region || region.String() != code {
					continue
				}
				known[folded(code)], known[folded(region.ISO3())] = code, code
				if name := names.Name(region); name != "" {
					known[folded(name)] = code
				}
			}
		}
	}
	for name, code := range spoken {
		known[folded(name)] = code
	}
	return known
})

// spoken are names that are common in what people type and that the CLDR of golang.org/x/text (version 32, 2017) lacks: short
// ones, and those that countries took since.
var spoken = map[string]string{
	"UK": "GB", "Great Britain": "GB", "U.S.": "US", "United States of America": "US", "Amerikas Forenede Stater": "US",
	"Czech Republic": "CZ", "Den Tjekkiske Republik": "CZ", "Slovak Republic": "SK", "Kingdom of Denmark": "DK", "North Macedonia": "MK",
	"Nordmakedonien": "MK", "Eswatini": "SZ", "Türkiye": "TR", "Cabo Verde": "CV", "Republic of Ireland": "IE", "Ivory Coast": "CI", "Burma": "MM",
}

// folded is a name without case, accents, points and surplus spaces, and without "the" before it. Only what is written with a
// mark of its own loses it: ø and æ are letters.
func folded(name string) string {
	if len(name) > 200 { // no country is called so
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '.', r == '\'', r == '’':
			return -1
		case r == '&':
			return '+'
		case r == '-', r == '(', r == ')', r == ',':
			return ' '
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(name))
	words := strings.Fields(plain)
	for i, word := range words {
		if word == "and" || word == "og" {
			words[i] = "+"
		}
	}
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	return strings.Join(words, " ")
}
