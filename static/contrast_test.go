package static

import (
	"maps"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	pairToken  = regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`)
	plainToken = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)
)

// Where in the file the tokens begin, and what high contrast makes of them: for those who chose it, and for devices that ask for it.
const (
	ordinary = ":root {\n    color-scheme"
	chosen   = `:root[data-theme="contrast"] {`
	asked    = "@media (prefers-contrast: more) {\n    :root {"
)

// block is what stands in the tokens between the beginning of a rule and its end.
func block(t *testing.T, beginning string) string {
	t.Helper()
	css, err := os.ReadFile("css/0-tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(css), beginning)
	inside, _, closed := strings.Cut(after, "}")
	if !found || !closed {
		t.Fatalf("the tokens have no %q", beginning)
	}
	return inside
}

// read takes the colours of one scheme, 0 for light and 1 for dark, out of a rule.
func read(colours map[string]string, rule string, scheme int) {
	for _, match := range pairToken.FindAllStringSubmatch(rule, -1) {
		colours[match[1]] = match[2+scheme]
	}
	for _, match := range plainToken.FindAllStringSubmatch(rule, -1) {
		colours[match[1]] = match[2]
	}
}

// luminance is that of WCAG 2.2, "relative luminance".
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	weights := []float64{0.2126, 0.7152, 0.0722}
	var sum float64
	for i, weight := range weights {
		value, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		channel := float64(value) / 255
		if channel <= 0.04045 {
			channel /= 12.92
		} else {
			channel = math.Pow((channel+0.055)/1.055, 2.4)
		}
		sum += weight * channel
	}
	return sum
}

// pair is a colour upon another, and the contrast that it must have at least.
type pair struct {
	front, back string
	least       float64
}

func TestColoursKeepTheContrastThatTheGuidelinesAskFor(t *testing.T) {
	for scheme, name := range []string{"light", "dark"} {
		colours := map[string]string{}
		read(colours, block(t, ordinary), scheme)
		holdContrast(t, name, colours, 4.5, 3) // WCAG 2.2, 1.4.3 and 1.4.11

		// Who needs more gets what the strictest level asks of text, and edges as of text.
		more := maps.Clone(colours)
		read(more, block(t, chosen), scheme)
		holdContrast(t, "high contrast, "+name, more, 7, 4.5)
	}
}

func TestHighContrastIsTheSameForWhoChoseItAndForADeviceThatAsks(t *testing.T) {
	lines := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	if one, other := lines(block(t, chosen)), lines(block(t, asked)); one != other {
		t.Errorf("chosen: %s\nasked:  %s", one, other)
	}
}

// holdContrast looks at the pairs of colours that stand on each other anywhere.
func holdContrast(t *testing.T, theme string, colours map[string]string, text, edge float64) {
	t.Helper()
	pairs := []pair{
		{"on-accent", "accent", text}, {"on-accent", "accent-strong", text}, {"on-danger", "danger-fill", text},
		{"accent-strong", "accent-soft", text}, {"accent", "accent-soft", text},
		{"side-ink", "side", text}, {"side-ink", "side-hover", text}, {"side-ink-strong", "side-current", text}, {"side-ink-soft", "side", text},
		{"side-warm", "side", edge}, {"side-warm", "side-current", edge},
		{"focus", "paper", edge}, {"focus", "surface", edge}, {"warm", "surface", edge}, {"warm", "accent-soft", edge},
		{"ink-soft", "accent-soft", text}, {"ink", "accent-soft", text}, {"ink", "surface-hover", text}, {"ink-soft", "surface-hover", text},
	}
	for _, ground := range []string{"paper", "surface", "surface-raised", "surface-sunken"} {
		for _, ink := range []string{"ink", "ink-soft", "ink-faint", "link", "accent", "success", "warning", "danger", "info"} {
			pairs = append(pairs, pair{ink, ground, text})
		}
		pairs = append(pairs, pair{"line-strong", ground, edge})
	}
	for _, tone := range []string{"info", "success", "warning", "danger"} {
		for _, ink := range []string{tone, "ink"} {
			pairs = append(pairs, pair{ink, tone + "-soft", text})
		}
	}
	for _, p := range pairs {
		front, back := colours[p.front], colours[p.back]
		if front == "" || back == "" {
			t.Fatalf("%s: no colour --%s or --%s", theme, p.front, p.back)
		}
		a, b := luminance(t, front), luminance(t, back)
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < p.least {
			t.Errorf("%s: --%s on --%s has %.2f, less than %.1f", theme, p.front, p.back, ratio, p.least)
		}
	}
}
