package assurance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the top of the repository.
const root = "../.."

// outbound says of each file that opens connections or starts programs where to and why that may be. A file that is not here fails
// the test: decide where it may go, who says so and what happens to redirects, then write it down, here and in SECURITY.md.
var outbound = map[string]string{
	"cmd/segue/client.go":                 "the JSON API of the server that --server names; no redirects",
	"cmd/segue/doctor.go":                 "the addresses of --url and --omnisend-url, on the command line; no redirects",
	"cmd/segue/health.go":                 "the server that --url names, or this machine; a transport follows no redirects",
	"internal/database/copy.go":           "SQLite: a file of the data folder",
	"internal/database/database.go":       "SQLite: a file of the data folder",
	"internal/notice/call.go":             "hooks: what the operator allowed, judged after DNS by reach; no proxy, no redirects",
	"internal/notice/mail/mail.go":        "the SMTP server that the operator named",
	"internal/notice/mail/failure.go":     "reads the library's errors, and dials nothing",
	"internal/oidc/flow.go":               "the provider that the operator named, by provider.go's client",
	"internal/oidc/provider.go":           "the provider that the operator named, and what it names, by HTTPS; no redirects",
	"internal/omnisend/omnisend.go":       "Omnisend, at the base that the operator gave; no redirects",
	"internal/reach/reach.go":             "the dialler of what people of the pages name: it judges the address after DNS",
	"internal/secretstore/vault.go":       "the Vault or OpenBao that the operator named; no redirects",
	"internal/secretstore/vault_login.go": "likewise, by vault.go's client",
	"internal/tabular/parquet/reader.go":  "starts the program itself, to read a Parquet file apart; no arguments",
	"internal/trace/start.go":             "the receiver of traces that the environment names; no redirects",
	"internal/warehouse/mysql.go":         "a driver that dials by warehouse.dial only",
	"internal/warehouse/postgres.go":      "a driver that dials by warehouse.dial only",
	"internal/warehouse/sqlserver.go":     "a driver that dials by warehouse.dial only",
	"internal/warehouse/trino.go":         "a driver that dials by warehouse.dial only, pinned to one host",
	"internal/warehouse/warehouse.go":     "SQL databases: what the operator allowed, judged after DNS by reach",

	"internal/bench/bare.go":                  "measuring: the sandbox on this machine",
	"internal/bench/main.go":                  "measuring: starts itself",
	"internal/bench/pages.go":                 "measuring: the pages of this machine",
	"internal/bench/standin.go":               "measuring: starts the sandbox",
	"internal/oidc/oidctest/provider.go":      "tests: a provider on this machine",
	"internal/process/process.go":             "tests and measuring: starts the program on this machine",
	"internal/sbom/main.go":                   "make sbom: asks the go command",
	"internal/sbom/part.go":                   "make sbom: asks the go command",
	"internal/secretstore/realserver/main.go": "make test-vault: a Vault on this machine",
	"internal/testkit/daemon/daemon.go":       "tests: starts servers of databases on this machine",
	"internal/testkit/mariadb/mariadb.go":     "tests: MariaDB on this machine",
	"internal/testkit/postgres/postgres.go":   "tests: PostgreSQL on this machine",
}

// dials are the parts of the standard library that go out, by package. "" is all of it.
var dials = map[string][]string{
	"net/http": {"Client", "DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm", "Transport"},
	"net": {"DefaultResolver", "Dial", "DialIP", "DialTCP", "DialTimeout", "DialUDP", "DialUnix", "Dialer", "LookupAddr", "LookupCNAME", "LookupHost",
		"LookupIP", "LookupMX", "LookupNS", "LookupPort", "LookupSRV", "LookupTXT", "Resolver"},
	"crypto/tls":        {"Dial", "DialWithDialer", "Dialer"},
	"database/sql":      {"Open", "OpenDB"},
	"os/exec":           {"Command", "CommandContext"},
	"os":                {"StartProcess"},
	"syscall":           {"Exec", "ForkExec", "StartProcess", "Connect"},
	"net/http/httputil": {"ReverseProxy", "NewSingleHostReverseProxy"},
	"net/rpc":           {""},
	"net/smtp":          {""},
	"plugin":            {""},
}

// modules says of each module of others that the program itself is made of whether it can dial by itself, given an address.
var modules = map[string]bool{
	"github.com/go-sql-driver/mysql":     true,
	"github.com/jackc/pgx":               true,
	"github.com/microsoft/go-mssqldb":    true,
	"github.com/trinodb/trino-go-client": true,
	"github.com/wneessen/go-mail":        true,
	"go.opentelemetry.io/otel/exporters": true,

	"github.com/BurntSushi/toml": false, "github.com/a-h/templ": false, "github.com/alecthomas/kong": false, "github.com/alexedwards/argon2id": false,
	"github.com/aymanbagabas/go-udiff": false, "github.com/coreos/go-systemd": false, "github.com/gofrs/flock": false, "github.com/gorilla": false,
	"github.com/klauspost/compress": false, "github.com/labstack/echo": false, "github.com/nicksnyder/go-i18n": false, "github.com/parquet-go": false,
	"github.com/pressly/goose": false, "github.com/prometheus": false, "github.com/riverqueue": false, "go.opentelemetry.io/otel": false,
	"go.opentelemetry.io/proto": false, "go.yaml.in/yaml": false, "golang.org/x": false, "google.golang.org/protobuf": false, "modernc.org/sqlite": false,
	"golang.org/x/oauth2": true, "github.com/coreos/go-oidc": true, "github.com/zitadel/oidc": true, "github.com/hashicorp": true, "github.com/openbao": true,
	"github.com/boombuler/barcode": false, "github.com/go-webauthn/webauthn": false, "github.com/go-webauthn/webauthn/metadata": true, "github.com/pquerna/otp": false,
	"github.com/google/licensecheck": false, "pgregory.net/rapid": false, "github.com/emersion": false, "github.com/chromedp": false, "github.com/CycloneDX": false,
}

func TestNothingGoesOutButWhatSaysWhereAndWhy(t *testing.T) {
	found := map[string]string{}
	for _, file := range sources(t) {
		if why := goesOut(t, file); why != "" {
			found[file] = why
		}
	}
	for file, how := range found {
		if outbound[file] == "" {
			t.Errorf("%s goes out by %s, and the list does not say where to and why", file, how)
		}
	}
	for file := range outbound {
		if found[file] == "" {
			t.Errorf("%s is on the list and does not go out", file)
		}
	}
}

// sources lists the Go files of the program, without tests, relative to the root.
func sources(t *testing.T) []string {
	t.Helper()
	return files(t, func(path string) bool {
		return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "_templ.go")
	})
}

// files lists files of the repository, relative to the root.
func files(t *testing.T, wanted func(path string) bool) (found []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != root && (strings.HasPrefix(name, ".") && name != ".." || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if !entry.IsDir() && wanted(path) {
			relative, err := filepath.Rel(root, path)
			found = append(found, filepath.ToSlash(relative))
			return err
		}
		return nil
	})
	if err != nil || len(found) < 100 {
		t.Fatal(len(found), err)
	}
	return found
}

// goesOut names the first thing in a file that opens connections, "" if there is none.
func goesOut(t *testing.T, file string) string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{} // of packages in this file
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(dials[path], []string{""}) || moduleDials(t, file, path) {
			return path
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			t.Errorf("%s imports %s without its name: what it uses of it cannot be seen", file, path)
		}
		names[name] = path
	}
	how := ""
	ast.Inspect(parsed, func(node ast.Node) bool {
		if star, ok := node.(*ast.StarExpr); ok { // to be handed one is not to make one
			_, named := star.X.(*ast.SelectorExpr)
			return !named
		}
		if used, ok := node.(*ast.SelectorExpr); ok {
			if of, ok := used.X.(*ast.Ident); ok && slices.Contains(dials[names[of.Name]], used.Sel.Name) {
				how = of.Name + "." + used.Sel.Name
			}
		}
		return how == ""
	})
	return how
}

// moduleDials judges the import of another's package by the longest entry for it.
func moduleDials(t *testing.T, file, path string) (dials bool) {
	t.Helper()
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") || strings.HasPrefix(path, "github.com/segue-app/segue/") {
		return false
	}
	longest := ""
	for module, can := range modules {
		if (path == module || strings.HasPrefix(path, module+"/")) && len(module) > len(longest) {
			longest, dials = module, can
		}
	}
	if longest == "" {
		t.Errorf("%s imports %s, of which the list does not say whether it can dial", file, path)
	}
	return dials
}
