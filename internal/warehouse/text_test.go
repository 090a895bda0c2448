package warehouse_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/i18n"
)

// codes are where the code names a text: whole, through refuse, or as a fault.
var codes = []*regexp.Regexp{
	regexp.MustCompile(`"(warehouse\.(?:problem|left_out)\.[a-z_]+)"`),
	regexp.MustCompile(`refuse\("([a-z_]+)"\)`),
	regexp.MustCompile(`fault\w+ +(?:fault )?= "([a-z_]+)"`),
}

func TestEveryCodeHasATextInEveryLanguage(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range codes {
			for _, match := range pattern.FindAllStringSubmatch(string(content), -1) {
				found++
				key := match[1]
				if !strings.HasPrefix(key, "warehouse.") {
					key = "warehouse.problem." + key
				}
				for _, language := range i18n.Languages() {
					if !i18n.Has(language, key) {
						t.Errorf("%s: %s has no text for %s", file, language, key)
					}
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d codes were found", found)
	}
}
