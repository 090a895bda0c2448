package tabular

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// separators may stand between the texts of a list, in the order in which they are believed.
var separators = []string{"|", ";", ","}

// list reads a list of texts: a JSON array of texts, numbers and truths, or texts with a separator between them. Blanks
// and repeats are dropped. It is nil when nothing is left, and otherwise a JSON array as it is stored.
func (r Reading) list(s string) (any, bool) {
	texts, ok := jsonTexts(s)
	if !ok {
		if r.exact && (s[0] == '[' || s[0] == '{') {
			return nil, false // what a JSON array holds is no text
		}
		texts = strings.Split(s, r.separator(s))
	}
	kept := texts[:0]
	seen := map[string]bool{}
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" && !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	if len(kept) == 0 {
		return nil, true
	}
	return storedList(kept), true
}

func (r Reading) separator(s string) string {
	if r.Separator != "" {
		return r.Separator
	}
	for _, separator := range separators {
		if strings.Contains(s, separator) {
			return separator
		}
	}
	return separators[0]
}

// jsonTexts reads a JSON array that holds nothing but texts, numbers, truths and nulls.
func jsonTexts(s string) ([]string, bool) {
	if s[0] != '[' {
		return nil, false
	}
	var values []any
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil || decoder.More() {
		return nil, false
	}
	texts := make([]string, 0, len(values))
	for _, value := range values {
		switch v := value.(type) {
		case nil:
		case string:
			texts = append(texts, v)
		case json.Number:
			texts = append(texts, v.String())
		case bool:
			texts = append(texts, map[bool]string{true: "true", false: "false"}[v])
		default:
			return nil, false
		}
	}
	return texts, true
}

// storedList writes a list as it is stored. Signs that matter to HTML stay as they are.
func storedList(texts []string) string {
	var list bytes.Buffer
	encoder := json.NewEncoder(&list)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(texts) // strings into memory: cannot fail
	return strings.TrimSuffix(list.String(), "\n")
}

// guessSeparator finds what most values of a column have between their texts.
func guessSeparator(values []string) string {
	best, most := "", 0
	for _, separator := range separators {
		n := 0
		for _, v := range values {
			if v[0] != '[' && strings.Contains(v, separator) {
				n++
			}
		}
		if n > most {
			best, most = separator, n
		}
	}
	return best
}

// isList says whether values are surely lists: all JSON arrays, or most with a bar in them, which nothing else has.
func isList(values []string) bool {
	arrays := func(v string) bool { _, ok := jsonTexts(strings.TrimSpace(v)); return ok }
	bars := 0
	for _, v := range values {
		if strings.Contains(v, "|") {
			bars++
		}
	}
	return bars*2 > len(values) || !slices.ContainsFunc(values, func(v string) bool { return !arrays(v) })
}
