package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/oidc/oidctest"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

const back = "http://127.0.0.1:9/sign-in/company/return"

func roles(t *testing.T) oidc.Roles {
	t.Helper()
	r := oidc.Roles{Claim: "groups"}
	if err := r.Of.UnmarshalText([]byte("segue-admins=administrator; marketing=contributor;staff=viewer")); err != nil {
		t.Fatal(err)
	}
	return r
}

func config(t *testing.T, issuer string) oidc.Config {
	return oidc.Config{Issuer: issuer, ClientID: oidctest.ClientID, ClientSecret: secret.NewText(oidctest.ClientSecret), Scopes: []string{"profile", "email"}, Roles: roles(t)}
}

func provider(t *testing.T, c oidc.Config) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	if p := problem.Of(err); p == nil || p.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestARealProviderSaysWhoSignedInAndWhatRoleHerGroupsStandFor(t *testing.T) {
	real := oidctest.Start(t, oidctest.Person{Subject: "ada-1", Email: "ada@example.com", Name: "Ada Holm", Groups: []string{"staff", "segue-admins"}})
	real.Returns(back)
	p := provider(t, config(t, real.Issuer))
	for _, where := range []string{"what it tells of her", "its token"} {
		if where == "its token" {
			real.PutClaimsIntoTokens()
		}
		address, pending, err := p.Begin(t.Context(), back, oidc.Pending{Purpose: oidc.SignIn, Next: "/runs"})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := url.Parse(address)
		if err != nil || sent.Query().Get("code_challenge_method") != "S256" || sent.Query().Get("nonce") != pending.Nonce || strings.Contains(address, pending.Verifier) {
			t.Fatalf("sent to %s, %v", address, err)
		}
		returned := real.Visit(t, address, "ada@example.com")
		proof, err := p.Finish(t.Context(), back, pending, returned.Query())
		want := oidc.Proof{Issuer: real.Issuer, Subject: "ada-1", Email: "ada@example.com", EmailVerified: true, Name: "Ada Holm", Role: access.Administrator}
		if err != nil || proof != want {
			t.Errorf("from %s: %+v, %v", where, proof, err)
		}
		_, err = p.Finish(t.Context(), back, pending, returned.Query())
		refused(t, err, "oidc.problem.expired") // the code is used
	}
}

func TestOnlyWhoComesBackAsSheWasSentIsTakenForHer(t *testing.T) {
	real := oidctest.Start(t, oidctest.Person{Subject: "ada-1", Email: "ada@example.com", Name: "Ada", Groups: []string{"staff"}})
	real.Returns(back)
	p := provider(t, config(t, real.Issuer))
	for name, c := range map[string]struct {
		change func(pending *oidc.Pending, returned url.Values)
		code   string
	}{
		"another state":           {func(_ *oidc.Pending, r url.Values) { r.Set("state", "x") }, "oidc.problem.browser"},
		"no state at all":         {func(p *oidc.Pending, r url.Values) { p.State = ""; r.Del("state") }, "oidc.problem.browser"},
		"another nonce":           {func(p *oidc.Pending, _ url.Values) { p.Nonce = "x" }, "oidc.problem.answer"},
		"another verifier":        {func(p *oidc.Pending, _ url.Values) { p.Verifier = strings.Repeat("x", 43) }, "oidc.problem.expired"},
		"too late":                {func(p *oidc.Pending, _ url.Values) { p.Begun = p.Begun.Add(-oidc.PendingLife - time.Minute) }, "oidc.problem.expired"},
		"a code made up":          {func(_ *oidc.Pending, r url.Values) { r.Set("code", "x") }, "oidc.problem.expired"},
		"no code":                 {func(_ *oidc.Pending, r url.Values) { r.Del("code") }, "oidc.problem.answer"},
		"another provider's name": {func(_ *oidc.Pending, r url.Values) { r.Set("iss", "https://evil.example") }, "oidc.problem.answer"},
		"she said no":             {func(_ *oidc.Pending, r url.Values) { r.Set("error", "access_denied") }, "oidc.problem.denied"},
		"the provider is busy":    {func(_ *oidc.Pending, r url.Values) { r.Set("error", "temporarily_unavailable") }, "oidc.problem.unreachable"},
		"it does not know us":     {func(_ *oidc.Pending, r url.Values) { r.Set("error", "unauthorized_client") }, "oidc.problem.refused"},
	} {
		t.Run(name, func(t *testing.T) {
			address, pending, err := p.Begin(t.Context(), back, oidc.Pending{Purpose: oidc.SignIn})
			if err != nil {
				t.Fatal(err)
			}
			returned := real.Visit(t, address, "ada@example.com").Query()
			c.change(&pending, returned)
			_, err = p.Finish(t.Context(), back, pending, returned)
			refused(t, err, c.code)
		})
	}
}

func TestConfirmingTakesASignInOfJustNow(t *testing.T) {
	real := oidctest.Start(t, oidctest.Person{Subject: "ada-1", Email: "ada@example.com", Name: "Ada", Groups: []string{"staff"}})
	real.Returns(back)
	p := provider(t, config(t, real.Issuer))
	address, pending, err := p.Begin(t.Context(), back, oidc.Pending{Purpose: oidc.Confirm, UserID: 7})
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := url.Parse(address)
	if sent.Query().Get("prompt") != "login" || sent.Query().Get("max_age") != "0" {
		t.Errorf("sent to %s", address)
	}
	returned := real.Visit(t, address, "ada@example.com").Query()
	if proof, err := p.Finish(t.Context(), back, pending, returned); err != nil || proof.Subject != "ada-1" {
		t.Errorf("%+v, %v", proof, err)
	}
}

func TestAProviderThatIsAwayIsAskedAgainAndItsKeysMayChange(t *testing.T) {
	real := oidctest.Start(t)
	var away bool
	var asked int
	at := time.Now()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if away {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(`{"issuer":"http://` + r.Host + `","authorization_endpoint":"` + real.Issuer + `/authorize","token_endpoint":"` + real.Issuer + `/oauth/token","jwks_uri":"` + real.Issuer + `/keys"}`))
	}))
	defer front.Close()
	p, err := oidc.New(config(t, front.URL), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	begin := func() error {
		_, _, err := p.Begin(t.Context(), back, oidc.Pending{})
		return err
	}
	away = true
	refused(t, begin(), "oidc.problem.unreachable")
	refused(t, begin(), "oidc.problem.unreachable")
	if asked != 1 {
		t.Errorf("a provider that failed just now was asked %d times", asked)
	}
	away, at = false, at.Add(6*time.Second)
	if err := begin(); err != nil {
		t.Error(err)
	}
	away, at = true, at.Add(2*time.Hour)
	if err := begin(); err != nil { // what it said before still holds
		t.Error(err)
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

// TestManyMayAskAProviderThatIsAway is for the race detector.
func TestManyMayAskAProviderThatIsAway(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	defer away.Close()
	var seconds atomic.Int64 // each look at the clock takes one, so that waiting and asking alternate
	p, err := oidc.New(config(t, away.URL), func() time.Time { return time.Unix(1_800_000_000+seconds.Add(1), 0) })
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				_, _, err := p.Begin(t.Context(), back, oidc.Pending{})
				refused(t, err, "oidc.problem.unreachable")
			}
		})
	}
	all.Wait()
}

func TestOnlyAProviderThatTheOperatorCanMeanIsTaken(t *testing.T) {
	good := config(t, "https://login.example.com/tenant")
	for name, change := range map[string]func(*oidc.Config){
		"without TLS":              func(c *oidc.Config) { c.Issuer = "http://login.example.com" },
		"no address":               func(c *oidc.Config) { c.Issuer = "login.example.com" },
		"with a password in it":    func(c *oidc.Config) { c.Issuer = "https://a:b@login.example.com" },
		"without a client":         func(c *oidc.Config) { c.ClientID = "" },
		"without a way to a role":  func(c *oidc.Config) { c.Roles = oidc.Roles{Claim: "groups"} },
		"with roles and no claim":  func(c *oidc.Config) { c.Roles.Claim = "" },
		"with something behind it": func(c *oidc.Config) { c.Issuer += "?x=y" },
	} {
		bad := good
		change(&bad)
		if _, err := oidc.New(bad, time.Now); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := oidc.New(good, time.Now); err != nil {
		t.Error(err)
	}
	if p, err := oidc.New(oidc.Config{}, time.Now); p != nil || err != nil {
		t.Errorf("none: %v, %v", p, err)
	}
}

func TestAMappingIsReadWithNamesOfADirectory(t *testing.T) {
	var m oidc.Mapping
	if err := m.UnmarshalText([]byte("CN=Admins,OU=Groups,DC=example=administrator;a=viewer;")); err != nil || len(m) != 2 || m["CN=Admins,OU=Groups,DC=example"] != access.Administrator {
		t.Errorf("%v, %v", m, err)
	}
	for _, bad := range []string{"admins", "=viewer", "a=owner", "a=viewer;a=viewer", "a="} {
		if err := m.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestSigningOutLeadsToTheProviderAndBack(t *testing.T) {
	real := oidctest.Start(t)
	after := "http://127.0.0.1:9/sign-in"
	real.Returns(back, after)
	p := provider(t, config(t, real.Issuer))
	address, err := p.SignOutAddress(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Header.Get("Location") != after || real.SignedOut() != 1 {
		t.Errorf("%d to %s, signed out %d times", response.StatusCode, response.Header.Get("Location"), real.SignedOut())
	}
}
