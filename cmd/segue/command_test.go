package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/warehouse"
)

// asSegue makes the test binary the program itself, so that the tests see what a person at a terminal sees.
const asSegue = "RUN_TEST_BINARY_AS_SEGUE"

func TestMain(m *testing.M) {
	if os.Getenv(asSegue) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// outcome is what a command left behind.
type outcome struct {
	out, errors string
	status      int
}

// segue runs the program with a text on its standard input, in English and without the settings of this machine.
func segue(t *testing.T, input string, arguments ...string) outcome {
	t.Helper()
	return segueWith(t, nil, input, arguments...)
}

// segueWith is segue with variables in its environment.
func segueWith(t *testing.T, variables []string, input string, arguments ...string) outcome {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, arguments...)
	c.Env = append([]string{asSegue + "=1", "LC_ALL=C", "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}, variables...)
	var out, errors bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(input), &out, &errors
	c.Dir = t.TempDir()
	err = c.Run()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{out.String(), errors.String(), c.ProcessState.ExitCode()}
}

// ok is segue for a command that must succeed; it returns what the command printed.
func ok(t *testing.T, input string, arguments ...string) string {
	t.Helper()
	o := segue(t, input, arguments...)
	if o.status != 0 {
		t.Fatalf("segue %s ended with %d:\n%s%s", strings.Join(arguments, " "), o.status, o.out, o.errors)
	}
	return o.out
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, command := range []string{"", "serve", "demo", "user", "user add", "user list", "user invite", "user reset-factors", "run", "status", "config", "config export", "config diff", "config apply", "audit", "audit verify", "migrate", "health", "version"} {
		t.Run(command, func(t *testing.T) {
			help := ok(t, "", append(strings.Fields(command), "--help")...)
			if want := strings.TrimSpace("Usage: segue " + command); !strings.HasPrefix(help, want) {
				t.Errorf("the help begins\n%.200s\nand not with %q", help, want)
			}
		})
	}
}

func TestVersionNamesTheProgramAndItsGo(t *testing.T) {
	if got := ok(t, "", "version"); !regexp.MustCompile(`^segue \S+( \([0-9a-f]{12}\))? go1\.\S+\n$`).MatchString(got) {
		t.Errorf("version printed %q", got)
	}
}

// parse reads a command line in this process.
func parse(t *testing.T, arguments ...string) (commands, error) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Name("segue"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(arguments)
	return c, err
}

func TestServeTakesItsSettingsFromFlagsAndFromTheEnvironment(t *testing.T) {
	password := filepath.Join(t.TempDir(), "smtp")
	if err := os.WriteFile(password, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := serveCommand{
		sealing: sealing{data: data{Data: "/var/lib/segue"}, SealingKeyFile: "/etc/segue/segue.key"}, Listen: "127.0.0.1:9000", URL: "https://segue.example.com",
		Hosts: []string{"segue.example.com", "segue.internal"}, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		OmnisendURL: "http://127.0.0.1:8091/api", OmnisendWindow: 2 * time.Second, MaxProfiles: 5000, KeepEvidence: 48 * time.Hour,
		KeepHistory: 24 * time.Hour, WatchFolders: []string{"/srv/drop", "/srv/more"}, SQLHosts: make(warehouse.Allowed, 2),
		notices: notices{SMTPURL: "smtp://segue@mail.example.com", SMTPPasswordFile: password, MailFrom: "Segue <segue@example.com>", HookHosts: make(warehouse.Allowed, 1)},
		provider: provider{OIDCIssuer: "https://login.example.com", OIDCClientID: "segue", OIDCSecretFile: password, OIDCName: "Example", OIDCScopes: []string{"email", "groups"}, OIDCRolesClaim: "roles",
			OIDCRoles: oidc.Mapping{"admins": access.Administrator, "staff": access.Viewer}, OIDCDefaultRole: "viewer", OIDCMakePeople: true, OIDCTrustEmail: true, NoPasswords: true},
		outcomes: outcomes{OutcomeFolders: []string{"/srv/outcomes"}, OutcomeDatabase: "postgres://segue@db.example.com/analytics?schema=segue", OutcomePasswordFile: password},
		stores: stores{SecretsFolder: "/srv/secrets", VaultURL: "https://vault.example.com", VaultMount: "kv", VaultVersion: 1, VaultPrefix: "segue", VaultNamespace: "team", VaultCAFile: "/etc/ca.pem",
			VaultRoleID: "role", VaultSecretIDFile: password, VaultServiceToken: "/srv/jwt", VaultLoginMount: "approle2"},
		MetricsListen: "9464", LogLevel: slog.LevelWarn, LogJSON: true,
	}
	for i, entry := range []string{"db.example.com:5432", "10.0.0.0/8=plain"} {
		if err := want.SQLHosts[i].UnmarshalText([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	if err := want.HookHosts[0].UnmarshalText([]byte("hooks.slack.com")); err != nil {
		t.Fatal(err)
	}
	t.Run("flags", func(t *testing.T) {
		c, err := parse(t, "serve", "--data=/var/lib/segue", "--sealing-key-file=/etc/segue/segue.key", "--listen=127.0.0.1:9000",
			"--url=https://segue.example.com", "--hosts=segue.example.com,segue.internal", "--trusted-proxies=10.0.0.0/8",
			"--omnisend-url=http://127.0.0.1:8091/api", "--omnisend-window=2s", "--max-profiles=5000", "--keep-evidence=48h", "--keep-history=24h",
			"--watch-folder=/srv/drop", "--watch-folder=/srv/more", "--outcome-folder=/srv/outcomes", "--outcome-database=postgres://segue@db.example.com/analytics?schema=segue", "--outcome-password-file="+password, "--sql-hosts=db.example.com:5432,10.0.0.0/8=plain", "--smtp-url=smtp://segue@mail.example.com",
			"--smtp-password-file="+password, "--mail-from=Segue <segue@example.com>", "--hook-hosts=hooks.slack.com",
			"--secrets-folder=/srv/secrets", "--vault-url=https://vault.example.com", "--vault-mount=kv", "--vault-version=1", "--vault-prefix=segue", "--vault-namespace=team", "--vault-ca-file=/etc/ca.pem",
			"--vault-role-id=role", "--vault-secret-id-file="+password, "--vault-service-token=/srv/jwt", "--vault-login-mount=approle2", "--oidc-issuer=https://login.example.com", "--oidc-client-id=segue", "--oidc-client-secret-file="+password,
			"--oidc-name=Example", "--oidc-scopes=email,groups", "--oidc-roles-claim=roles", "--oidc-roles=admins=administrator;staff=viewer", "--oidc-default-role=viewer",
			"--oidc-make-people", "--oidc-trust-email", "--no-passwords", "--metrics-listen=9464", "--log-level=warn", "--log-json")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.Serve, want) {
			t.Errorf("got %+v\nwant %+v", c.Serve, want)
		}
	})
	t.Run("environment", func(t *testing.T) {
		for name, value := range map[string]string{
			"SEGUE_DATA": "/var/lib/segue", "SEGUE_SEALING_KEY_FILE": "/etc/segue/segue.key", "SEGUE_LISTEN": "127.0.0.1:9000",
			"SEGUE_URL": "https://segue.example.com", "SEGUE_HOSTS": "segue.example.com,segue.internal",
			"SEGUE_TRUSTED_PROXIES": "10.0.0.0/8", "SEGUE_OMNISEND_URL": "http://127.0.0.1:8091/api",
			"SEGUE_OMNISEND_WINDOW": "2s", "SEGUE_MAX_PROFILES": "5000", "SEGUE_KEEP_EVIDENCE": "48h", "SEGUE_KEEP_HISTORY": "24h", "SEGUE_LOG_JSON": "true", "SEGUE_LOG_LEVEL": "warn", "SEGUE_METRICS_LISTEN": "9464",
			"SEGUE_WATCH_FOLDER": "/srv/drop,/srv/more", "SEGUE_OUTCOME_FOLDER": "/srv/outcomes", "SEGUE_OUTCOME_DATABASE": "postgres://segue@db.example.com/analytics?schema=segue", "SEGUE_OUTCOME_PASSWORD_FILE": password, "SEGUE_SQL_HOSTS": "db.example.com:5432,10.0.0.0/8=plain",
			"SEGUE_SMTP_URL": "smtp://segue@mail.example.com", "SEGUE_SMTP_PASSWORD_FILE": password, "SEGUE_MAIL_FROM": "Segue <segue@example.com>", "SEGUE_HOOK_HOSTS": "hooks.slack.com",
			"SEGUE_SECRETS_FOLDER": "/srv/secrets", "SEGUE_VAULT_URL": "https://vault.example.com", "SEGUE_VAULT_MOUNT": "kv", "SEGUE_VAULT_VERSION": "1", "SEGUE_VAULT_PREFIX": "segue", "SEGUE_VAULT_NAMESPACE": "team",
			"SEGUE_VAULT_CA_FILE": "/etc/ca.pem", "SEGUE_VAULT_ROLE_ID": "role", "SEGUE_VAULT_SECRET_ID_FILE": password, "SEGUE_VAULT_SERVICE_TOKEN": "/srv/jwt", "SEGUE_VAULT_LOGIN_MOUNT": "approle2",
			"SEGUE_OIDC_ISSUER": "https://login.example.com", "SEGUE_OIDC_CLIENT_ID": "segue", "SEGUE_OIDC_CLIENT_SECRET_FILE": password, "SEGUE_OIDC_NAME": "Example",
			"SEGUE_OIDC_SCOPES": "email,groups", "SEGUE_OIDC_ROLES_CLAIM": "roles", "SEGUE_OIDC_ROLES": "admins=administrator;staff=viewer", "SEGUE_OIDC_DEFAULT_ROLE": "viewer",
			"SEGUE_OIDC_MAKE_PEOPLE": "true", "SEGUE_OIDC_TRUST_EMAIL": "true", "SEGUE_NO_PASSWORDS": "true",
		} {
			t.Setenv(name, value)
		}
		c, err := parse(t, "serve")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.Serve, want) {
			t.Errorf("got %+v\nwant %+v", c.Serve, want)
		}
	})
}

func TestACommandLineThatMakesNoSenseIsRefused(t *testing.T) {
	for name, arguments := range map[string][]string{
		"no command":          {},
		"unknown command":     {"export"},
		"unknown flag":        {"serve", "--port=80"},
		"proxy not a network": {"serve", "--trusted-proxies=everybody"},
		"database, not host":  {"serve", "--sql-hosts=postgres://db.example.com"},
		"mail, no sender":     {"serve", "--smtp-url=smtp://mail.example.com"},
		"mail, user alone":    {"serve", "--smtp-url=smtp://segue@mail.example.com", "--mail-from=segue@example.com"},
		"mail, password seen": {"serve", "--smtp-url=smtp://segue:hunter2@mail.example.com", "--mail-from=segue@example.com"},
		"outcomes, no user":   {"serve", "--outcome-database=postgres://db.example.com/analytics"},
		"outcomes, password":  {"serve", "--outcome-database=postgres://segue:hunter2@db.example.com/analytics"},
		"outcomes, option":    {"serve", "--outcome-database=postgres://segue@db.example.com/analytics?sslmode=disable"},
		"outcomes, MySQL":     {"serve", "--outcome-database=mysql://segue@db.example.com/analytics"},
		"vault, no way in":    {"serve", "--vault-url=https://vault.example.com"},
		"vault, not named":    {"serve", "--vault-token-file=/token"},
		"hook, not host":      {"serve", "--hook-hosts=https://hooks.slack.com/services"},
		"window not a time":   {"serve", "--omnisend-window=short"},
		"address, no scheme":  {"serve", "--url=segue.example.com"},
		"not Omnisend's":      {"serve", "--omnisend-url=nonsense"},
		"Omnisend, no TLS":    {"serve", "--omnisend-url=http://api.omnisend.com/api"},
		"no window":           {"serve", "--omnisend-window=0s"},
		"no profile allowed":  {"serve", "--max-profiles=0"},
		"beyond a million":    {"serve", "--max-profiles=1000001"},
		"no time to keep":     {"serve", "--keep-evidence=0s"},
		"unknown role":        {"user", "add", "ada@example.com", "--role=owner"},
		"nobody to add":       {"user", "add"},
		"no customers":        {"demo", "--run-and-exit", "--profiles=0"},
		"less than no limit":  {"demo", "--run-and-exit", "--limit=-1"},
	} {
		t.Run(name, func(t *testing.T) {
			if o := segue(t, "", arguments...); o.status == 0 || o.errors == "" {
				t.Errorf("status %d, errors %q", o.status, o.errors)
			}
		})
	}
}

func TestReadmeNamesEverySettingOfServe(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	known := []string{sealingKeyName, smtpPasswordName, outcomePasswordName, clientSecretName, tokenVariable} // no flags: everybody on a machine sees those
	for _, node := range parser.Model.Leaves(true) {
		for _, flag := range node.Flags {
			known = append(known, flag.Envs...)
			if node.Name != "serve" {
				continue
			}
			row := "| `--" + flag.Name + "` | `" + strings.Join(flag.Envs, "") + "` |"
			if !strings.Contains(string(readme), row) {
				t.Errorf("README.md has no row %s", row)
			}
		}
	}
	for _, name := range regexp.MustCompile(`SEGUE_[A-Z_]*[A-Z]`).FindAllString(string(readme), -1) {
		if !slices.Contains(known, name) {
			t.Errorf("README.md names %s, which no command reads", name)
		}
	}
}

func TestPeopleAreAddedListedAndInvitedFromTheCommandLine(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	in := func(arguments ...string) []string { return append(arguments, "--data", folder) }
	const password = "a long walk by the sea\n"

	added := ok(t, password, in("user", "add", "ada@example.com", "--name", "Ada Lund", "--role", "administrator")...)
	if added != "Added ada@example.com as administrator.\n" {
		t.Errorf("adding printed %q", added)
	}
	for name, refused := range map[string]struct{ input, email, words string }{
		"a password that is too short": {"short\n", "carl@example.com", "password"},
		"no password":                  {"", "carl@example.com", "password"},
		"an address that is taken":     {password, "ADA@example.com", "email"},
	} {
		t.Run(name, func(t *testing.T) {
			o := segue(t, refused.input, in("user", "add", refused.email)...)
			if o.status != 1 || !strings.Contains(o.errors, refused.words) || strings.Contains(o.out+o.errors, "sea") {
				t.Errorf("status %d\n%s%s", o.status, o.out, o.errors)
			}
		})
	}
	list := ok(t, "", in("user", "list")...)
	if want := "EMAIL            NAME      ROLE           STATE\nada@example.com  Ada Lund  administrator  active\n"; list != want {
		t.Errorf("listed\n%s\nwant\n%s", list, want)
	}
	link := ok(t, "", in("user", "invite", "ada@example.com", "--url", "https://segue.example.com/")...)
	if !regexp.MustCompile(`^https://segue\.example\.com/invitation\?token=\S{20,}\n$`).MatchString(link) {
		t.Errorf("the link is %q", link)
	}
	if o := segue(t, "", in("user", "invite", "nobody@example.com")...); o.status != 1 {
		t.Errorf("a link for nobody: status %d, %s", o.status, o.out)
	}
	if reset := ok(t, "", in("user", "reset-factors", "ADA@example.com")...); reset != "ada@example.com has no second factor now, and is signed out everywhere.\n" {
		t.Errorf("reset: %q", reset)
	}
	if o := segue(t, "", in("user", "reset-factors", "nobody@example.com")...); o.status != 1 {
		t.Errorf("factors of nobody: status %d, %s", o.status, o.out)
	}
}

func TestMigratingTwiceChangesNothingTheSecondTime(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if got := ok(t, "", "migrate", "--data", folder); !regexp.MustCompile(`^The database went from version 0 to [1-9]\d*\.\n$`).MatchString(got) {
		t.Errorf("first: %q", got)
	}
	if got := ok(t, "", "migrate", "--data", folder); !regexp.MustCompile(`^The database is up to date, at version [1-9]\d*\.\n$`).MatchString(got) {
		t.Errorf("second: %q", got)
	}
}

func TestTheDemonstrationExportsEverybodyAndEndsWithItsOutcome(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(ok(t, "", "demo", "--run-and-exit", "--profiles", "2000", "--speed", "60")), "\n")
	var result map[string]json.RawMessage
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil {
		t.Fatalf("the last line is %q: %v", lines[len(lines)-1], err)
	}
	number := func(key string) (n float64) {
		if err := json.Unmarshal(result[key], &n); err != nil {
			t.Errorf("%s is %s: %v", key, result[key], err)
		}
		return n
	}
	keys := []string{"accepted", "contacts", "matches", "profiles", "rejected", "requests",
		"requests_minimum", "seconds", "seconds_limit", "skipped", "unchanged"}
	if got := slices.Sorted(maps.Keys(result)); !slices.Equal(got, keys) {
		t.Errorf("the keys are %v, and should be %v", got, keys)
	}
	if number("seconds") <= 0 || number("requests") <= 0 {
		t.Errorf("no time or no request was needed: %s", lines[len(lines)-1])
	}
	if string(result["matches"]) != "true" {
		t.Errorf("matches is %s", result["matches"])
	}
	if number("requests_minimum") != 20 || number("seconds_limit") != 0 {
		t.Errorf("two thousand profiles fit into the first window's requests: %s", lines[len(lines)-1])
	}
	settled := number("accepted") + number("rejected") + number("skipped") + number("unchanged")
	if number("profiles") != 2000 || settled != 2000 || number("contacts") != number("accepted") {
		t.Errorf("the counts do not add up: %s", lines[len(lines)-1])
	}
}

func TestTheDemonstrationKeepsToTheLimitItIsGiven(t *testing.T) {
	for limit, seconds := range map[string]float64{"8": 2, "0": 0} { // twenty requests: eight, and eight more a window, of one second
		out := ok(t, "", "demo", "--run-and-exit", "--profiles", "2000", "--speed", "60", "--limit", limit)
		var result struct {
			Seconds float64
			Limit   float64 `json:"seconds_limit"`
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil {
			t.Fatal(err)
		}
		if result.Limit != seconds || result.Seconds < seconds {
			t.Errorf("with --limit %s: %+v, the limit should be %v", limit, result, seconds)
		}
	}
}
