package sandbox

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// codesByName has the English names of all countries, in lower case.
var codesByName = sync.OnceValue(func() map[string]string {
	names := display.English.Regions()
	codes := make(map[string]string, 300)
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			region, err := language.ParseRegion(code)
			if err != nil || !region.IsCountry() || region.String() != code || region.Canonicalize() != region {
				continue
			}
			codes[strings.ToLower(names.Name(region))] = code
		}
	}
	return codes
})

// codeOf derives the code from a country's name, as the service does when a request gives no code.
func codeOf(name string) string { return codesByName()[strings.ToLower(name)] }
