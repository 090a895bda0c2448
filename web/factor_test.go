package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/testkit"
)

const passkeyOrigin = "https://segue.example.com"

// passkeySite is a server that people reach by an address for which browsers have passkeys.
func passkeySite(t *testing.T) *site {
	t.Helper()
	return newSite(t, func(_ *Services, o *Options) { o.PublicURL = passkeyOrigin })
}

// options reads what a page asks the browser for a passkey.
func (a answer) options(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`data-options="([^"]*)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("%s asks for no passkey\n%.2000s", a.Request.URL.Path, a.body)
	}
	return html.UnescapeString(found[1])
}

// withPasskey makes a passkey for who is signed in.
func (b *browser) withPasskey(name string) *testkit.Authenticator {
	b.t.Helper()
	page := b.get("/account/passkeys/new").wants(b.t, http.StatusOK)
	a := testkit.NewAuthenticator(b.t, passkeyOrigin)
	b.post("/account/passkeys", url.Values{"name": {name}, "asked": {page.field(b.t, "asked")}, "answer": {a.Make(page.options(b.t))}}).wants(b.t, http.StatusSeeOther)
	return a
}

// withCodes sets codes up for who is signed in, and returns the secret and the recovery codes.
func (b *browser) withCodes() (secret string, recovery []string) {
	b.t.Helper()
	b.post("/account/codes", nil).leads(b.t, "/account/codes")
	page := b.get("/account/codes").wants(b.t, http.StatusOK).has(b.t, "<svg", "Confirm the code")
	secret = regexp.MustCompile(`id="secret" value="([a-z2-7 ]+)"`).FindStringSubmatch(page.body)[1]
	secret = strings.ReplaceAll(secret, " ", "")
	b.post("/account/codes/confirm", url.Values{"code": {"000000"}}).wants(b.t, http.StatusUnprocessableEntity).has(b.t, "This code is not right", "<svg")
	b.post("/account/codes/confirm", url.Values{"code": {b.site.code(b.t, secret)}}).leads(b.t, "/account/recovery")
	shown := b.get("/account/recovery").wants(b.t, http.StatusOK)
	recovery = regexp.MustCompile(`(?:[a-z2-7]{4}-){5}[a-z2-7]{4}`).FindAllString(shown.body, -1)
	if len(recovery) != factor.RecoveryCodes {
		b.t.Fatalf("recovery codes: %v", recovery)
	}
	b.get("/account/recovery").leads(b.t, "/account/factors") // once
	b.site.clock.Advance(30 * time.Second)                    // the code was used
	return secret, recovery
}

func (s *site) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// halfway proves the password in a fresh browser, of which a second step is asked.
func (s *site) halfway(t *testing.T, email, next string) *browser {
	t.Helper()
	b := s.browser(t)
	b.post("/sign-in", url.Values{"email": {email}, "password": {testkit.Password}, "next": {next}}).leads(t, "/sign-in/second")
	return b
}

func TestWhoHasCodesSignsInInTwoSteps(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	b.get("/account").has(t, "Set up codes", "Passkeys work only where")
	secret, recovery := b.withCodes()
	b.get("/account").has(t, "Remove codes", "10 recovery codes are left")

	half := s.halfway(t, "vera@example.com", "/segments")
	half.get("/segments").leads(t, "/sign-in?next=%2Fsegments") // half a sign-in is none
	half.get("/account/factors").leads(t, "/sign-in?next=%2Faccount%2Ffactors")
	half.get("/sign-in/second").wants(t, http.StatusOK).has(t, "Second step", "Six digits from your app")
	half.post("/sign-in/second", url.Values{"code": {"000000"}}).wants(t, http.StatusUnprocessableEntity).has(t, "This code is not right")
	code := s.code(t, secret)
	half.post("/sign-in/second", url.Values{"code": {code}}).leads(t, "/segments")
	half.get("/account").wants(t, http.StatusOK).has(t, "Password and code")

	again := s.halfway(t, "vera@example.com", "/")
	again.post("/sign-in/second", url.Values{"code": {code}}).wants(t, http.StatusUnprocessableEntity) // once
	again.post("/sign-in/second", url.Values{"code": {recovery[3]}}).leads(t, "/")
	late := s.halfway(t, "vera@example.com", "/")
	s.clock.Advance(10 * time.Minute)
	late.post("/sign-in/second", url.Values{"code": {s.code(t, secret)}}).leads(t, "/sign-in")
	late.get("/sign-in").has(t, "That took too long")
	s.browser(t).post("/sign-in/second", url.Values{"code": {s.code(t, secret)}}).leads(t, "/sign-in") // without the first step
	if strings.Contains(s.log.String(), secret) || strings.Contains(s.log.String(), recovery[0]) {
		t.Error("the log holds a secret")
	}
}

func TestAPasskeySignsInAloneOrAfterThePassword(t *testing.T) {
	s := passkeySite(t)
	b := s.as(t, "carl@example.com")
	phone := b.withPasskey("Carl’s phone")
	vera := s.as(t, "vera@example.com")
	vera.post("/account/passkeys/1/remove", nil).wants(t, http.StatusNotFound)
	b.get("/account").has(t, "Carl’s phone", "The passkey Carl’s phone is added", "10 recovery codes are left")

	alone := s.browser(t)
	page := alone.get("/sign-in?next=/segments")
	reply := func(page answer) url.Values {
		return url.Values{"asked": {page.field(t, "asked")}, "answer": {phone.Use(page.options(t))}, "next": {"/segments"}}
	}
	sent := reply(page)
	alone.post("/sign-in/passkey", sent).leads(t, "/segments")
	alone.get("/account").wants(t, http.StatusOK).has(t, "Carl Lund", "Passkey")
	s.browser(t).post("/sign-in/passkey", sent).wants(t, http.StatusUnprocessableEntity).has(t, "The passkey was not accepted") // of another browser

	half := s.halfway(t, "carl@example.com", "/segments")
	half.post("/sign-in/second", reply(half.get("/sign-in/second").has(t, "Use a passkey"))).leads(t, "/segments")

	s.clock.Advance(access.FreshFor)
	waiting := alone.waits("/account/tokens", url.Values{"name": {"Nightly"}, "scopes": {"read"}, "days": {"30"}})
	confirm := alone.get("/confirm?form=" + waiting)
	confirmed := reply(confirm)
	confirmed.Set("form", waiting)
	alone.post("/confirm", confirmed).leads(t, "/account/tokens")

	if err := s.Accounts.Disable(t.Context(), access.System, s.Contributor.UserID); err != nil {
		t.Fatal(err)
	}
	gone := s.browser(t)
	gone.post("/sign-in/passkey", reply(gone.get("/sign-in"))).wants(t, http.StatusUnprocessableEntity).has(t, "The passkey was not accepted")
}

func TestACodeConfirmsAndARecoveryCodeDoesNot(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	secret, recovery := b.withCodes()
	s.clock.Advance(access.FreshFor)
	waiting := b.waits("/users/3/disable", nil)
	b.get("/confirm?form="+waiting).has(t, "Or by a code")
	b.post("/confirm", url.Values{"form": {waiting}, "code": {recovery[0]}}).wants(t, http.StatusUnprocessableEntity).has(t, "This code is not right")
	b.post("/confirm", url.Values{"form": {waiting}, "code": {s.code(t, secret)}}).leads(t, "/users/3")
}

func TestWhoMustHaveAFactorSetsItUpFirst(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.post("/users/factors", url.Values{"required": {"sometimes"}}).wants(t, http.StatusUnprocessableEntity)
	ada.post("/users/factors", url.Values{"required": {"everybody"}}).leads(t, "/users")
	ada.get("/users").has(t, "It counts from each person’s next sign-in")

	b := s.browser(t)
	b.post("/sign-in", url.Values{"email": {"vera@example.com"}, "password": {testkit.Password}, "next": {"/segments"}}).leads(t, "/account/factors")
	b.get("/account/factors").wants(t, http.StatusOK).has(t, "Set up a second factor", "Set up codes")
	for _, route := range s.Routes() {
		if route.Action == public || route.Action == byToken || route.Action == access.SecureOwnAccount || route.Path == "/events" {
			continue
		}
		a := b.visit(route, url.Values{csrfField: {b.token()}})
		if a.StatusCode != http.StatusForbidden && a.Header.Get("Location") != "/account/factors" {
			t.Errorf("%s %s: status %d", route.Method, route.Path, a.StatusCode)
		}
	}
	b.withCodes()
	b.get("/segments").wants(t, http.StatusOK)
	b.post("/account/codes/remove", nil).wants(t, http.StatusUnprocessableEntity).has(t, "You must have a second factor")
	ada.get("/users/3").has(t, "Time-based codes.")
	ada.post("/users/3/factors", nil).leads(t, "/users/3")
	b.get("/segments").leads(t, "/sign-in?next=%2Fsegments")
	s.browser(t).post("/sign-in", url.Values{"email": {"vera@example.com"}, "password": {testkit.Password}}).leads(t, "/account/factors")
}

func TestSessionsAreListedAndEndedOneByOneOrAllAtOnce(t *testing.T) {
	s := newSite(t)
	here, there, elsewhere := s.as(t, "vera@example.com"), s.as(t, "vera@example.com"), s.as(t, "vera@example.com")
	carl := s.as(t, "carl@example.com")
	page := here.get("/account").wants(t, http.StatusOK).has(t, "This one", "Proved by", "Sign out everywhere")
	ends := regexp.MustCompile(`/account/sessions/(\d+)/end`).FindAllStringSubmatch(page.body, -1)
	if len(ends) != 2 {
		t.Fatalf("%d of 2 others can be ended", len(ends))
	}
	carl.post(ends[0][0], nil).leads(t, "/account") // nothing of his
	here.post(ends[0][0], nil).leads(t, "/account")
	here.get("/account").has(t, "The session has ended")
	left := 0
	for _, b := range []*browser{there, elsewhere} {
		if b.get("/account").StatusCode == http.StatusOK {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d of 2 other sessions are left, want 1", left)
	}
	here.post("/account/sign-out-everywhere", nil).leads(t, "/sign-in")
	here.get("/sign-in").has(t, "You are signed out everywhere")
	for _, b := range []*browser{here, there, elsewhere} {
		b.get("/account").leads(t, "/sign-in?next=%2Faccount")
	}
	carl.get("/account").wants(t, http.StatusOK)
}
