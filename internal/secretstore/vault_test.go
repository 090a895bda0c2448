package secretstore_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/secretstore"
)

// clock is set by the test.
type clock struct{ now time.Time }

func (c *clock) time() time.Time { return c.now }

// vault is a client of a server, signing in by a token unless the test says otherwise.
func vault(t *testing.T, s server, change func(*secretstore.VaultConfig)) (secretstore.Stores, *clock) {
	t.Helper()
	c := &clock{time.Now()}
	config := secretstore.VaultConfig{URL: s.url, Mount: "secret", Version: 2, Prefix: "segue", Clock: c.time,
		Login: secretstore.Login{TokenFile: filepath.Join(t.TempDir(), "token")}}
	write(t, config.Login.TokenFile, s.newToken("10m")+"\n")
	change(&config)
	v, err := secretstore.NewVault(config)
	if err != nil {
		t.Fatal(err)
	}
	return secretstore.Stores{"vault": v}, c
}

// forEach runs a test against every server that there is.
func forEach(t *testing.T, test func(t *testing.T, s server)) {
	for name, make := range servers(t) {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

func TestASecretOfAVaultIsReadByItsPathAndField(t *testing.T) {
	forEach(t, func(t *testing.T, s server) {
		s.put2("segue/omnisend/nordlys", map[string]any{"api_key": "key-1"})
		s.put2("segue/several", map[string]any{"one": "a", "two": "b\n", "number": 5})
		s.put2("elsewhere/secret", map[string]any{"api_key": "not for us"})
		s.call(http.MethodPost, "old/segue/omnisend", map[string]any{"api_key": "key-of-version-1"})
		stores, at := vault(t, s, func(*secretstore.VaultConfig) {})
		for name, want := range map[string]string{"omnisend/nordlys": "key-1", "omnisend/nordlys#api_key": "key-1", "several#one": "a", "several#two": "b"} {
			if got, fault := read(t, stores, "vault", name); got != want || fault != "" {
				t.Errorf("%s: %q, %s", name, got, fault)
			}
		}
		for _, name := range []string{"absent", "several", "several#none", "several#number", "../elsewhere/secret", "omnisend"} {
			if got, fault := read(t, stores, "vault", name); got != "" || fault != secretstore.Missing {
				t.Errorf("%s: %q, %s", name, got, fault)
			}
		}
		old, _ := vault(t, s, func(c *secretstore.VaultConfig) { c.Mount, c.Version = "old", 1 })
		if got, fault := read(t, old, "vault", "omnisend"); got != "key-of-version-1" || fault != "" {
			t.Errorf("version 1: %q, %s", got, fault)
		}
		outside, _ := vault(t, s, func(c *secretstore.VaultConfig) { c.Prefix = "elsewhere" })
		if got, fault := read(t, outside, "vault", "secret"); got != "" || fault != secretstore.Unavailable {
			t.Errorf("what the token may not read: %q, %s", got, fault)
		}
		if err := stores["vault"].Probe(t.Context()); err != nil {
			t.Error(err)
		}

		// What was rotated is taken up when half a minute is over, or at once by whoever asks for that.
		s.put2("segue/omnisend/nordlys", map[string]any{"api_key": "key-2"})
		if got, _ := read(t, stores, "vault", "omnisend/nordlys"); got != "key-1" {
			t.Errorf("a moment later: %q", got)
		}
		fresh, err := stores.Read(t.Context(), secretstore.Reference{Store: "vault", Name: "omnisend/nordlys"}, true)
		if err != nil || fresh.Reveal() != "key-2" {
			t.Errorf("fresh: %q, %v", fresh.Reveal(), err)
		}
		s.put2("segue/omnisend/nordlys", map[string]any{"api_key": "key-3"})
		at.now = at.now.Add(31 * time.Second)
		if got, _ := read(t, stores, "vault", "omnisend/nordlys"); got != "key-3" {
			t.Errorf("later: %q", got)
		}
		s.call(http.MethodDelete, "secret/data/segue/omnisend/nordlys", nil)
		at.now = at.now.Add(31 * time.Second)
		if got, fault := read(t, stores, "vault", "omnisend/nordlys"); got != "" || fault != secretstore.Missing {
			t.Errorf("deleted: %q, %s", got, fault)
		}
	})
}

func TestATokenOfAFileIsRenewedAndTakenAnewWhenItIsWithdrawn(t *testing.T) {
	forEach(t, func(t *testing.T, s server) {
		s.put2("segue/a", map[string]any{"k": "v"})
		file := filepath.Join(t.TempDir(), "token")
		first := s.newToken("10m")
		write(t, file, first)
		stores, at := vault(t, s, func(c *secretstore.VaultConfig) { c.Login.TokenFile = file })
		for range 4 { // 24 minutes, of a token that lives for 10
			if got, fault := read(t, stores, "vault", "a"); got != "v" || fault != "" {
				t.Fatalf("%q, %s", got, fault)
			}
			at.now = at.now.Add(6 * time.Minute)
		}
		s.revoke(first)
		if got, fault := read(t, stores, "vault", "a"); got != "" || fault != secretstore.Unavailable {
			t.Errorf("withdrawn: %q, %s", got, fault)
		}
		write(t, file, s.newToken("10m"))
		if got, fault := read(t, stores, "vault", "a"); got != "v" || fault != "" {
			t.Errorf("with another in the file: %q, %s", got, fault)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		at.now = at.now.Add(time.Minute)
		if got, fault := read(t, stores, "vault", "a"); got != "" || fault != secretstore.Unavailable {
			t.Errorf("without the file: %q, %s", got, fault)
		}
	})
}

func TestAnAppRoleSignsInByItselfAndAnewWhenItsTokenEnds(t *testing.T) {
	forEach(t, func(t *testing.T, s server) {
		s.put2("segue/a", map[string]any{"k": "v"})
		role, secretID := s.role()
		file := filepath.Join(t.TempDir(), "secret-id")
		write(t, file, secretID+"\n")
		stores, at := vault(t, s, func(c *secretstore.VaultConfig) { c.Login = secretstore.Login{RoleID: role, SecretIDFile: file} })
		for _, later := range []time.Duration{0, 11 * time.Minute, time.Hour} { // fresh, to be renewed, at its end
			at.now = at.now.Add(later)
			if got, fault := read(t, stores, "vault", "a"); got != "v" || fault != "" {
				t.Errorf("%v later: %q, %s", later, got, fault)
			}
		}
		write(t, file, "wrong")
		at.now = at.now.Add(time.Hour)
		if got, fault := read(t, stores, "vault", "a"); got != "" || fault != secretstore.Unavailable {
			t.Errorf("with a wrong secret id: %q, %s", got, fault)
		}
		_, secretID = s.role()
		write(t, file, secretID)
		if got, fault := read(t, stores, "vault", "a"); got != "v" || fault != "" {
			t.Errorf("with a new one: %q, %s", got, fault)
		}
	})
}

func TestAServiceAccountOfKubernetesSignsInWithTheTokenOfTheMoment(t *testing.T) {
	made := newStandIn()
	at := httptest.NewServer(made)
	defer at.Close()
	s := server{t, at.URL, made.root}
	s.put2("segue/a", map[string]any{"k": "v"})
	file := filepath.Join(t.TempDir(), "token")
	made.jwt = "jwt-1"
	write(t, file, "jwt-1\n")
	stores, clock := vault(t, s, func(c *secretstore.VaultConfig) {
		c.Login = secretstore.Login{KubernetesRole: "segue", ServiceToken: file}
		c.Namespace = "team"
	})
	if got, fault := read(t, stores, "vault", "a"); got != "v" || fault != "" {
		t.Errorf("%q, %s", got, fault)
	}
	made.jwt = "jwt-2" // the kubelet exchanges it every hour
	write(t, file, "jwt-2\n")
	clock.now = clock.now.Add(2 * time.Hour)
	if got, fault := read(t, stores, "vault", "a"); got != "v" || fault != "" {
		t.Errorf("later: %q, %s", got, fault)
	}
	if last := made.seen[len(made.seen)-1]; last.Get("X-Vault-Namespace") != "team" {
		t.Errorf("the namespace was not named: %v", last)
	}
	for _, asked := range made.asked {
		if !strings.HasPrefix(asked, "GET ") && !strings.HasSuffix(asked, "/login") && asked != "POST /v1/auth/token/create" && asked != "POST /v1/secret/data/segue/a" {
			t.Errorf("the client did more than read: %s", asked)
		}
	}
}

// TestAVaultOutOfOrderIsToldWithoutWhatItSaid tries servers that do not answer as they should.
func TestAVaultOutOfOrderIsToldWithoutWhatItSaid(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	release := make(chan struct{})
	for name, handler := range map[string]http.HandlerFunc{
		"broken":  func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusInternalServerError) },
		"sealed":  func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusServiceUnavailable) },
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>planted")) },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"data":"` + strings.Repeat("x", 1<<20)))
		},
		"silent": func(_ http.ResponseWriter, r *http.Request) { <-release },
		"leads away": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		},
		"other types": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"data":{"data":{"k":{"planted":1}}}}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			at := httptest.NewServer(handler)
			file := filepath.Join(t.TempDir(), "token")
			write(t, file, "token-of-ours")
			v, err := secretstore.NewVault(secretstore.VaultConfig{URL: at.URL, Mount: "secret", Version: 2, Patience: 200 * time.Millisecond, Clock: time.Now, Login: secretstore.Login{TokenFile: file}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = secretstore.Stores{"vault": v}.Read(t.Context(), secretstore.Reference{Store: "vault", Name: "a"}, true)
			if secretstore.FaultOf(err) == "" || strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "token-of-ours") {
				t.Errorf("%v", err)
			}
			if name == "silent" {
				close(release)
			}
			at.Close()
		})
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed")
	}
}

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	good := secretstore.VaultConfig{URL: "https://vault.example.com", Mount: "secret", Version: 2, Login: secretstore.Login{TokenFile: "/token"}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*secretstore.VaultConfig){
		"no scheme": func(c *secretstore.VaultConfig) { c.URL = "vault.example.com" }, "a password": func(c *secretstore.VaultConfig) { c.URL = "https://a:b@vault.example.com" },
		"no way in": func(c *secretstore.VaultConfig) { c.Login = secretstore.Login{} }, "two ways in": func(c *secretstore.VaultConfig) { c.Login.RoleID = "r" },
		"no secret id": func(c *secretstore.VaultConfig) { c.Login = secretstore.Login{RoleID: "r"} }, "version 3": func(c *secretstore.VaultConfig) { c.Version = 3 },
		"mount that climbs": func(c *secretstore.VaultConfig) { c.Mount = "../sys" }, "prefix that climbs": func(c *secretstore.VaultConfig) { c.Prefix = "a/../../sys" },
	} {
		bad := good
		change(&bad)
		if bad.Validate() == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if !slices.Equal(secretstore.Stores{"vault": nil, "files": nil}.Names(), []string{"files", "vault"}) {
		t.Error("the stores are not in order")
	}
}
