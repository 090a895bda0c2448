package secret_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// plainly are the fields that are called like a secret and are none, or must be what they are, each with the reason. A new one goes
// here only with as good a reason; what is a secret is a secret.Text, which nothing prints.
var plainly = map[string]string{
	"cmd/segue certificates.TLSKey":             "name of a file",
	"cmd/segue notices.SMTPPasswordFile":        "name of a file",
	"cmd/segue outcomes.OutcomePasswordFile":    "name of a file",
	"cmd/segue provider.OIDCSecretFile":         "name of a file",
	"cmd/segue resealCommand.NewKey":            "name of a file",
	"cmd/segue restoreCommand.Key":              "name of a file",
	"cmd/segue sealing.SealingKeyFile":          "name of a file",
	"cmd/segue stores.SecretsFolder":            "name of a folder",
	"cmd/segue stores.VaultSecretIDFile":        "name of a file",
	"cmd/segue stores.VaultServiceToken":        "name of a file",
	"cmd/segue stores.VaultTokenFile":           "name of a file",
	"cmd/segue target.TokenFile":                "name of a file",
	"internal/account Attempt.Password":         "of a form, hashed and dropped with its request",
	"internal/account NewUser.Password":         "of a form, hashed and dropped with its request",
	"internal/account User.passwordHash":        "argon2id",
	"internal/account asked.key":                "an address",
	"internal/account meter.key":                "a hash",
	"internal/backup Manifest.KeyIDs":           "names keys and tells nothing of them",
	"internal/certificate Files.Key":            "name of a file",
	"internal/demo Person.Password":             "of the demonstration, and printed for its visitors",
	"internal/i18n Piece.Key":                   "of a text",
	"internal/notice Message.Key":               "tells notices apart",
	"internal/notice Notice.Key":                "tells notices apart",
	"internal/oidc ask.KeysURL":                 "an address",
	"internal/oidc ask.TokenURL":                "an address",
	"internal/omnisend/sandbox Brand.Key":       "of the stand-in, which knows no other people's keys",
	"internal/omnisend/sandbox brandView.Key":   "of the stand-in, which knows no other people's keys",
	"internal/profile Attribute.Key":            "key of an attribute",
	"internal/profile Correction.Key":           "key of an attribute",
	"internal/profile From.Key":                 "key of an attribute",
	"internal/pushdown Source.Key":              "name of a column",
	"internal/pushdown Source.KeyLabel":         "name of a column",
	"internal/reseal Place.Key":                 "names of columns",
	"internal/reseal row.key":                   "tells rows apart",
	"internal/run SpoolColumn.Key":              "key of an attribute",
	"internal/secretstore Login.SecretIDFile":   "name of a file",
	"internal/secretstore Login.ServiceToken":   "name of a file",
	"internal/secretstore Login.TokenFile":      "name of a file",
	"internal/source Column.Key":                "key of an attribute",
	"internal/source Staying.Key":               "name of a column",
	"internal/source Staying.KeyLabel":          "name of a column",
	"internal/testkit/mariadb Server.Password":  "of a database that lives as long as a test",
	"internal/testkit/postgres Server.Password": "of a database that lives as long as a test",
	"internal/token Starts.key":                 "a hash",
	"views/connection SetupView.KeyHeld":        "says where a key is",
	"views/connection View.KeyHeld":             "says where a key is",
	"views/export parts.key":                    "key of a text",
	"views/factor CodesView.Secret":             "shown once to the person whose it is",
	"views/hook OneView.Secret":                 "shown once to the person who made it",
	"views/profile AttributeRow.Key":            "key of an attribute",
	"views/profile TrustedAttribute.Key":        "key of an attribute",
	"views/profile UnifiedSource.ByKey":         "name of a column",
	"views/run parts.key":                       "key of a text",
	"views/source ColumnRow.Key":                "key of an attribute",
	"views/source PreviewView.Keys":             "names of columns",
	"views/status Row.Key":                      "tells rows apart",
	"web freshKey.Key":                          "sealed into a cookie, for the one page that shows it",
	"web freshLink.Token":                       "sealed into a cookie, for the one page that shows it",
	"web freshSecret.Secret":                    "sealed into a cookie, for the one page that shows it",
	"web importView.key":                        "key of a text",
	"web traceItem.key":                         "key of a text",
}

var secretly = regexp.MustCompile(`(?i)(key|secret|password|passphrase|token|credential)`)

// TestWhatIsCalledLikeASecretIsATypeThatDoesNotPrint goes over the fields of all structs of the module, those within functions too.
func TestWhatIsCalledLikeASecretIsATypeThatDoesNotPrint(t *testing.T) {
	found := map[string]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "testdata" || name == "static" || name == "realserver" || strings.HasPrefix(name, ".") && len(name) > 2) {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for field := range bareFields(file) {
			found[filepath.ToSlash(folder)+" "+field] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for field := range found {
		if plainly[field] == "" {
			t.Errorf("%q is called like a secret, and printed like anything: make it a secret.Text, or say here why not", field)
		}
	}
	for field, why := range plainly {
		if !found[field] {
			t.Errorf("%q is not there any more: %s", field, why)
		}
	}
}

// bareFields names the fields of a file's structs that are called like a secret and are a string or bytes, alone or in a slice or a map.
func bareFields(file *ast.File) map[string]bool {
	found := map[string]bool{}
	of := ""
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.TypeSpec:
			of = n.Name.Name
		case *ast.FuncDecl:
			of = n.Name.Name
		case *ast.StructType:
			for _, field := range n.Fields.List {
				if !bare(field.Type) {
					continue
				}
				for _, name := range field.Names {
					if secretly.MatchString(name.Name) {
						found[of+"."+name.Name] = true
					}
				}
			}
		}
		return true
	})
	return found
}

func bare(kind ast.Expr) bool {
	switch k := kind.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"string", "byte", "any"}, k.Name)
	case *ast.ArrayType:
		return bare(k.Elt)
	case *ast.MapType:
		return bare(k.Value)
	case *ast.StarExpr:
		return bare(k.X)
	}
	return false
}

func TestTheLookForSecretsSeesThemWhereverTheyAre(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "", `package x
type a struct { APIKey, other string; Tokens []string; sealed []byte; count int; passwords map[string][]byte; In struct{ secret *string }; Key Text; keys int }
func f() { type b struct{ Token any } }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := bareFields(file)
	for _, want := range []string{"a.APIKey", "a.Tokens", "a.passwords", "a.secret", "b.Token"} {
		if !found[want] {
			t.Errorf("%s was not seen", want)
		}
	}
	if len(found) != 5 {
		t.Errorf("seen were %v", found)
	}
}
