package assurance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// barred are packages that have no place in the program but in the folders that are named, and why.
var barred = map[string]struct {
	why string
	but []string
}{
	"unsafe":                     {"memory is Go's to look after", nil},
	"C":                          {"memory is Go's to look after", nil},
	"encoding/xml":               {"no XML is read", nil},
	"encoding/gob":               {"it makes what a stream says; only of ourselves", []string{"internal/tabular/parquet", "internal/omnisend/sandbox"}},
	"text/template":              {"it escapes nothing; templates of administrators make JSON, within bounds", []string{"internal/notice"}},
	"html/template":              {"pages are templ's", []string{"internal/notice", "internal/oidc/oidctest", "internal/omnisend/sandbox"}},
	"crypto/des":                 {"broken", nil},
	"crypto/md5":                 {"broken", nil},
	"crypto/rc4":                 {"broken", nil},
	"crypto/sha1":                {"broken", nil},
	"crypto/dsa":                 {"broken", nil},
	"crypto/elliptic":            {"low; nobody needs it", nil},
	"math/rand":                  {"may be guessed", nil},
	"math/rand/v2":               {"may be guessed: for the spread of waits, and for samples", []string{"internal/chain", "internal/notice", "internal/omnisend/sandbox", "internal/profile/sample", "internal/run", "internal/soak"}},
	"net/http/pprof":             {"it shows the inside to whoever asks", nil},
	"expvar":                     {"it shows the inside to whoever asks", nil},
	"net/http/cgi":               {"no programs are run for requests", nil},
	"golang.org/x/net/websocket": {"live pages are server-sent events", nil},
}

func TestNoPackageIsUsedThatHasNoPlaceHere(t *testing.T) {
	used := map[string]bool{}
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			folder := filepath.ToSlash(filepath.Dir(file))
			rule, known := barred[path]
			if known && !slices.Contains(rule.but, folder) && !strings.HasPrefix(folder, "internal/testkit") {
				t.Errorf("%s imports %s: %s", file, path, rule.why)
			}
			used[path+" "+folder] = true
		}
	}
	for path, rule := range barred {
		for _, folder := range rule.but {
			if !used[path+" "+folder] {
				t.Errorf("%s may import %s and does not", folder, path)
			}
		}
	}
}

// A pattern that comes from outside could mean something else than was typed. The engine of Go takes linear time whatever the pattern.
func TestEveryRegularExpressionStandsInTheSource(t *testing.T) {
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			called, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := called.X.(*ast.Ident)
			if !ok || of.Name != "regexp" || called.Sel.Name == "QuoteMeta" {
				return true
			}
			if _, literal := call.Args[0].(*ast.BasicLit); !literal {
				t.Errorf("%s compiles a pattern that does not stand in the source", file)
			}
			return true
		})
	}
}
