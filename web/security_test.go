package web

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/testkit"
)

func TestAFormIsTakenOnlyFromOurOwnPages(t *testing.T) {
	s := newSite(t)
	token := s.as(t, "ada@example.com").token() // of another browser
	for name, test := range map[string]struct {
		header http.Header
		change func(form url.Values)
		status int
	}{
		"our own page":             {http.Header{"Sec-Fetch-Site": {"same-origin"}}, nil, http.StatusSeeOther},
		"an old browser":           {nil, nil, http.StatusSeeOther},
		"no token":                 {http.Header{"Sec-Fetch-Site": {"same-origin"}}, func(f url.Values) { f.Del(csrfField) }, http.StatusForbidden},
		"an empty token":           {nil, func(f url.Values) { f.Set(csrfField, "") }, http.StatusForbidden},
		"the token of another":     {nil, func(f url.Values) { f.Set(csrfField, token) }, http.StatusForbidden},
		"another site":             {http.Header{"Sec-Fetch-Site": {"cross-site"}}, nil, http.StatusForbidden},
		"another host of the site": {http.Header{"Sec-Fetch-Site": {"same-site"}}, nil, http.StatusForbidden},
		"a foreign origin":         {http.Header{"Origin": {"https://evil.example"}}, nil, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.as(t, "vera@example.com")
			form := url.Values{csrfField: {b.token()}, "theme": {"dark"}}
			if test.change != nil {
				test.change(form)
			}
			b.header = test.header
			b.send("/theme", form).wants(t, test.status)
		})
	}
	b := s.as(t, "vera@example.com")
	b.header = http.Header{csrfHeader: {b.token()}}
	b.send("/theme", url.Values{"theme": {"dark"}}).leads(t, "/") // as htmx sends it
}

func TestAFormComesFromThePublicAddressToo(t *testing.T) {
	s := newSite(t, func(_ *Services, o *Options) { o.PublicURL = "https://segue.example.com/" })
	b := s.browser(t)
	token := b.token()
	for origin, status := range map[string]int{
		"https://segue.example.com": http.StatusSeeOther, "https://other.example.com": http.StatusForbidden, "null": http.StatusForbidden,
	} {
		b.header = http.Header{"Origin": {origin}}
		b.send("/theme", url.Values{csrfField: {token}, "theme": {"dark"}}).wants(t, status)
	}
}

func TestAFormThatWasOpenOutlivesTheSession(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	form := url.Values{csrfField: {b.token()}, "theme": {"dark"}}
	b.post("/sign-out", nil).leads(t, "/sign-in")
	b.post("/sign-in", url.Values{"email": {"vera@example.com"}, "password": {testkit.Password}}).leads(t, "/")
	b.send("/theme", form).leads(t, "/")
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	for path, want := range map[string]string{
		"/exports?page=2#x": "/exports?page=2#x", "": "/", "exports": "/", "//evil.example": "/", "/\\evil.example": "/",
		"https://evil.example": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "/%2f/evil.example": "/%2f/evil.example",
		"/a\r\nSet-Cookie: x": "/", "\\/evil.example": "/", "http:evil.example": "/",
	} {
		if got := internalPath(path); got != want {
			t.Errorf("internalPath(%q) = %q, want %q", path, got, want)
		}
	}
	s := newSite(t)
	b := s.browser(t)
	if next := b.get("/sign-in?next=//evil.example").field(t, "next"); next != "/" {
		t.Errorf("the form leads to %q", next)
	}
	b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {testkit.Password}, "next": {"https://evil.example"}}).leads(t, "/")
	b.get("/sign-in?next=//evil.example").leads(t, "/")
	b.post("/language", url.Values{"language": {"da"}, "back": {"//evil.example"}}).leads(t, "/")
}

func TestEveryAnswerCarriesTheSecureHeaders(t *testing.T) {
	s := newSite(t, func(_ *Services, o *Options) { o.Secure = true })
	for _, path := range []string{"/sign-in", "/", "/no-such-page", "/healthz", "/readyz", "/static/segue.css", "/users/1"} {
		a := s.browser(t).get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if kept := a.Header.Get("Cache-Control"); kept != "no-store" && !strings.HasPrefix(path, "/static/") {
			t.Errorf("%s may be kept: %q", path, kept)
		}
		if raw := path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/static/"); raw == (len(a.Cookies()) > 0) {
			t.Errorf("%s sets %d cookies", path, len(a.Cookies()))
		}
		for _, cookie := range a.Cookies() {
			if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
				t.Errorf("%s sets %v", path, cookie)
			}
		}
	}
}

func TestTheSessionIsNewAtEverySignInAndGoneAfterwards(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	session := func() string {
		at, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range b.client.Jar.Cookies(at) {
			if cookie.Name == "segue-session" {
				return cookie.Value
			}
		}
		return ""
	}
	first := session()
	b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {testkit.Password}}).leads(t, "/")
	second := session()
	if first == "" || second == "" || first == second {
		t.Fatal("the token was not replaced")
	}
	use := func(token string) answer {
		other := s.browser(t)
		other.header = http.Header{"Cookie": {"segue-session=" + token}}
		return other.get("/")
	}
	use(first).leads(t, "/sign-in") // what was known before is worth nothing now
	use(second).wants(t, http.StatusOK)
	b.post("/sign-out", nil).leads(t, "/sign-in")
	use(second).leads(t, "/sign-in")
	use("chosen-by-somebody").leads(t, "/sign-in")
}

func TestARoleThatIsTakenAwayIsGoneAtTheNextRequest(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.get("/users").wants(t, http.StatusOK)
	for _, step := range []error{
		s.Accounts.SetRole(t.Context(), access.System, s.Contributor.UserID, access.Administrator),
		s.Accounts.SetRole(t.Context(), access.System, s.Administrator.UserID, access.Viewer),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	b.get("/users").wants(t, http.StatusForbidden)
	if err := s.Accounts.Disable(t.Context(), access.System, s.Administrator.UserID); err != nil {
		t.Fatal(err)
	}
	b.get("/").leads(t, "/sign-in")
}

func TestWhatGoesWrongIsToldToOperatorsAndNotToPeople(t *testing.T) {
	s := newSite(t)
	s.routes.get("/broken", access.LookAround, func(echo.Context) error { return errors.New("the disk is on fire") })
	s.routes.get("/panic/:id", access.LookAround, func(echo.Context) error { panic("out of cheese") })
	b := s.as(t, "ada@example.com")
	for path, cause := range map[string]string{"/broken?email=someone@example.org": "the disk is on fire", "/panic/4711": "out of cheese"} {
		a := b.get(path).wants(t, http.StatusInternalServerError).lacks(t, cause)
		reference := a.Header.Get(echo.HeaderXRequestID)
		a.has(t, reference, "Something went wrong on our side")
		if log := s.log.String(); !strings.Contains(log, cause) || !strings.Contains(log, reference) {
			t.Errorf("%s: the log does not tell", path)
		}
	}
	b.header = http.Header{"Hx-Request": {"true"}}
	b.get("/broken").wants(t, http.StatusInternalServerError).lacks(t, "<html")
	for _, personal := range []string{"ada@example.com", "Ada Holm", "someone@example.org", "4711", testkit.Password} {
		if strings.Contains(s.log.String(), personal) {
			t.Errorf("the log holds %q", personal)
		}
	}
}

func TestADownloadThatFailsDoesNotLookWhole(t *testing.T) {
	s := newSite(t)
	half := strings.Repeat("one\n", 20_000) // more than is held back before it is sent
	s.routes.get("/half", access.LookAround, func(c echo.Context) error {
		_, err := s.attachment(c, "half.csv", "text/csv").Write([]byte(half))
		return errors.Join(err, errors.New("the disk is full"))
	})
	b := s.as(t, "ada@example.com")
	response, err := b.client.Get(s.url + "/half")
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.ReadAll(response.Body)
	if err == nil {
		t.Errorf("read %d bytes of %d, and the end looks like one", len(read), len(half))
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if log := s.log.String(); !strings.Contains(log, "the disk is full") || !strings.Contains(log, "route=/half status=200") {
		t.Errorf("the log does not tell: %s", log)
	}
}

func TestWhoLosesTheRightToADownloadInTheMiddleOfItGetsNoMore(t *testing.T) {
	for name, lose := range map[string]func(s *site) error{
		"signed out elsewhere": func(s *site) error {
			return s.Accounts.EndOtherSessions(t.Context(), s.Contributor, "another")
		},
		"a viewer from now on": func(s *site) error {
			return s.Accounts.SetRole(t.Context(), s.Administrator, s.Contributor.UserID, access.Viewer)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			carl := s.as(t, "carl@example.com")
			var late error
			s.routes.get("/slow", access.SeePersonalData, func(c echo.Context) error {
				out := s.attachment(c, "slow.csv", "text/csv")
				if _, err := out.Write([]byte(strings.Repeat("one\n", 20_000))); err != nil { // more than is held back before it is sent
					return err
				}
				if err := lose(s); err != nil {
					return err
				}
				_, late = out.Write([]byte("two\n"))
				return late
			})
			response, err := carl.client.Get(s.url + "/slow")
			if err == nil {
				var read []byte
				if read, err = io.ReadAll(response.Body); strings.Contains(string(read), "two") {
					t.Error("she got the rest")
				}
				_ = response.Body.Close()
			}
			if err == nil || late == nil {
				t.Errorf("the end looks like one: %v, %v", err, late)
			}
		})
	}
}

func TestAFormIsRefusedThatIsLongerThanFormsAre(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	filled := func(length int) url.Values { return url.Values{"name": {strings.Repeat("x", length)}} }
	ada.post("/account", filled(maxOpenForm)).wants(t, http.StatusUnprocessableEntity)
	ada.post("/account", filled(maxForm)).wants(t, http.StatusRequestEntityTooLarge)
	for _, path := range []string{"/sign-in", "/setup", "/invitation", "/theme"} { // of somebody who may be anybody
		s.browser(t).post(path, filled(maxOpenForm)).wants(t, http.StatusRequestEntityTooLarge)
	}
}

func TestForeignHostNamesReachNothing(t *testing.T) {
	s := newSite(t, func(_ *Services, o *Options) { o.Hosts = []string{"Segue.example.com", "127.0.0.1"} })
	b := s.browser(t)
	b.get("/sign-in").wants(t, http.StatusOK)
	for host, status := range map[string]int{"rebound.example": http.StatusMisdirectedRequest, "segue.EXAMPLE.com:8090": http.StatusOK} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/sign-in", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := b.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != status {
			t.Errorf("%s: status %d, want %d", host, response.StatusCode, status)
		}
	}
}

func TestOnlyTrustedProxiesSayWhomARequestComesFrom(t *testing.T) {
	request := &http.Request{RemoteAddr: "10.0.0.1:1234", Header: http.Header{"X-Forwarded-For": {"203.0.113.7, 198.51.100.2"}}}
	if got := ipExtractor(nil)(request); got != "10.0.0.1" {
		t.Errorf("without a proxy: %s", got)
	}
	if got := ipExtractor([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})(request); got != "198.51.100.2" {
		t.Errorf("behind a proxy: %s", got)
	}
}
