package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/i18n"
)

func TestEveryActionIsOfferedOnceAndHasATextInEveryLanguage(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "action.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var written []audit.Action
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			written = append(written, audit.Action(text))
		}
		return true
	})
	for _, action := range written {
		if n := len(slices.DeleteFunc(slices.Clone(audit.Actions), func(a audit.Action) bool { return a != action })); n != 1 {
			t.Errorf("%s is %d times among the actions that are offered", action, n)
		}
	}
	if len(written) < 90 || len(written) != len(audit.Actions) {
		t.Errorf("%d actions are written, %d offered", len(written), len(audit.Actions))
	}
	for _, language := range i18n.Languages() {
		words := i18n.For(language, nil)
		for _, action := range audit.Actions {
			for _, key := range []string{"audit.action." + string(action), "audit.area." + action.Area()} {
				if text := words.T(key); text == "" || strings.Contains(text, key) {
					t.Errorf("%s has no text for %s", language, key)
				}
			}
		}
	}
}
