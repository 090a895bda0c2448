package static

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	comment     = regexp.MustCompile(`(?s)/\*.*?\*/`)
	declaration = regexp.MustCompile(`(?:^|[\s;{])(-{0,2}[a-z][a-z-]*):\s+([^;{}]+);`)
	use         = regexp.MustCompile(`var\((--[a-z0-9-]+)`)
	definition  = regexp.MustCompile(`(--[a-z0-9-]+):`)

	rawColour = regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|light-dark)\(|\b(?:white|black|red|gr[ae]y|green|blue)\b`)
	rawLength = regexp.MustCompile(`(?:^|[\s(,-])(?:\d*\.?\d+rem|[3-9]px|\d{2,}px)`)
	rawWeight = regexp.MustCompile(`\b\d{3}\b`)
	rawTime   = regexp.MustCompile(`\b\d*\.?\d+m?s\b`)
	rawNumber = regexp.MustCompile(`^-?\d{2,}`)
)

// fromTokens says which properties take their lengths, weights, times and layers from the tokens, and what they may not hold. The
// sizes of things are theirs alone, and a line of one or two pixels is a line.
var fromTokens = []struct {
	property *regexp.Regexp
	raw      *regexp.Regexp
	kind     string
}{
	{regexp.MustCompile(`.`), rawColour, "a colour"},
	{regexp.MustCompile(`^(?:padding|margin|gap|row-gap|column-gap|font-size|border-radius)`), rawLength, "a length"},
	{regexp.MustCompile(`^font-weight$`), rawWeight, "a weight"},
	{regexp.MustCompile(`^(?:transition|animation)$`), rawTime, "a time"},
	{regexp.MustCompile(`^z-index$`), rawNumber, "a layer"},
}

// rules gives the files of the stylesheet without their comments, by name.
func rules(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("css/*.css")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = comment.ReplaceAllString(string(text), "")
	}
	return files
}

// raws names the declarations that say themselves what a token is there for.
func raws(text string) (found []string) {
	for _, match := range declaration.FindAllStringSubmatch(text, -1) {
		for _, rule := range fromTokens {
			if rule.property.MatchString(match[1]) && rule.raw.MatchString(match[2]) {
				found = append(found, rule.kind+" of its own: "+match[1]+": "+match[2])
			}
		}
	}
	return found
}

func TestColoursLengthsWeightsAndTimesComeFromTheTokens(t *testing.T) {
	for name, text := range rules(t) {
		if name == "0-tokens.css" {
			continue
		}
		for _, raw := range raws(text) {
			t.Errorf("%s has %s", name, raw)
		}
	}
}

func TestWhatIsNotFromTheTokensIsFound(t *testing.T) {
	for _, raw := range []string{"color: #fff;", "border: 1px solid rgb(0 0 0);", "background: white;", "padding: 0 1.3rem;", "margin-block: 12px;",
		"font-size: 0.7rem;", "font-weight: 620;", "border-radius: 5px;", "z-index: 40;", "transition: color 200ms;", "gap: calc(2rem + 1px);"} {
		if len(raws("a { "+raw+" }")) != 1 {
			t.Errorf("%q passes", raw)
		}
	}
	for _, fine := range []string{"padding: 2px var(--space-1);", "border-radius: 50%;", "font-size: 0.9em;", "inline-size: 12rem;", "white-space: nowrap;",
		"z-index: var(--over-all);", "margin: 0 auto;", "grid-area: 1 / 2;", "transition: color var(--quick);"} {
		if found := raws("a { " + fine + " }"); len(found) > 0 {
			t.Errorf("%q: %v", fine, found)
		}
	}
}

func TestEveryTokenIsUsedAndEveryOneThatIsUsedIsThere(t *testing.T) {
	defined, used := map[string]bool{}, map[string]bool{}
	for _, text := range rules(t) {
		for _, match := range definition.FindAllStringSubmatch(text, -1) {
			defined[match[1]] = true
		}
		for _, match := range use.FindAllStringSubmatch(text, -1) {
			used[match[1]] = true
		}
	}
	for name := range defined {
		if !used[name] {
			t.Errorf("nothing uses %s", name)
		}
	}
	for name := range used {
		if !defined[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestEveryRuleIsInALayer(t *testing.T) {
	for name, text := range rules(t) {
		depth := 0
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if depth == 0 && line != "" && !strings.HasPrefix(line, "@layer ") {
				t.Errorf("%s: outside of every layer: %s", name, line)
			}
			depth += strings.Count(line, "{") - strings.Count(line, "}")
		}
	}
}
