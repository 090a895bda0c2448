package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var (
	written   = regexp.MustCompile(`templruntime\.WriteString\(templ_7745c5c3_Buffer, \d+, ("(?:[^"\\]|\\.)*")\)`)
	tag       = regexp.MustCompile(`(?s)<[^>]*>`)
	entity    = regexp.MustCompile(`&[a-z]+;`)
	spoken    = regexp.MustCompile(`(?s)\b(aria-label|title|placeholder|alt)="([^"]+)"`)
	notSpoken = "\x00" // stands for what an expression writes
)

// TestNoTemplateHoldsTextOfItsOwn reads what the templates write by themselves, beside what expressions write, and finds in it
// no words: neither between tags nor in the attributes that are read out or shown.
func TestNoTemplateHoldsTextOfItsOwn(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../../views", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_templ.go") {
			return err
		}
		files++
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var html strings.Builder
		for _, match := range written.FindAllSubmatch(source, -1) {
			literal, err := strconv.Unquote(string(match[1]))
			if err != nil {
				return err
			}
			html.WriteString(literal + notSpoken)
		}
		for _, match := range spoken.FindAllStringSubmatch(html.String(), -1) {
			if hasWord(match[2]) {
				t.Errorf("%s: %s is %q, whatever the language", path, match[1], match[2])
			}
		}
		text := entity.ReplaceAllString(tag.ReplaceAllString(html.String(), notSpoken), "")
		for _, part := range strings.Split(text, notSpoken) {
			if hasWord(part) {
				t.Errorf("%s: writes %q, whatever the language", path, strings.TrimSpace(part))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("only %d templates were found", files)
	}
}

func hasWord(text string) bool { return strings.IndexFunc(text, unicode.IsLetter) >= 0 }
