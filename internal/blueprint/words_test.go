package blueprint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/i18n"
)

func TestEveryCodeHasWordsInEveryLanguage(t *testing.T) {
	codes := 0
	for _, file := range []string{"blueprint.go", "plan.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || !strings.HasPrefix(literal.Value, `"config.`) {
				return true
			}
			code, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes++
			for _, language := range i18n.Languages() {
				if said := i18n.For(language, nil).T(code, "Name", "x", "Line", 1, "Most", 4, "Detail", "x", "Version", "2", "Of", "x", "About", "x"); said == code || strings.Contains(said, "<no value>") {
					t.Errorf("%s in %s: %q", code, language, said)
				}
			}
			return true
		})
	}
	if codes < 16 {
		t.Errorf("only %d codes were found", codes)
	}
}
