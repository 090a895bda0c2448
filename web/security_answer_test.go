package web

import (
	"bufio"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/testkit"
)

func TestSigningOutEmptiesWhatTheBrowserKeptOfThePages(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.get("/session").wants(t, http.StatusNoContent)
	a := b.post("/sign-out", nil)
	a.leads(t, "/sign-in")
	if got := a.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %q", got)
	}
	b.get("/session").leads(t, "/sign-in?next=%2Fsession") // by which a page that is still open learns of it
}

func TestAPageThatAsksByItselfDoesNotKeepASessionInUse(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	seen := func() int { return s.number(t, `SELECT seen_at FROM sessions`) }
	before := seen()
	s.clock.Advance(5 * time.Minute)
	b.get("/session").wants(t, http.StatusNoContent)
	b.get("/events").wants(t, http.StatusBadRequest)
	if seen() != before {
		t.Error("nobody was there, and the session is taken for used")
	}
	b.get("/runs").wants(t, http.StatusOK)
	if seen() == before {
		t.Error("somebody was there, and the session is not taken for used")
	}
}

func TestWhoIsNotPermittedIsLoggedByIDAndRouteAlone(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	b.get("/users?search=ada@example.com").wants(t, http.StatusForbidden)
	want := fmt.Sprintf(`level=WARN msg="not permitted" method=GET route=/users user=%d code=problem.not_permitted`, s.Viewer.UserID)
	if log := s.log.String(); !strings.Contains(log, want) || strings.Contains(log, "@example.com") {
		t.Errorf("want %s in\n%s", want, log)
	}
	b.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
	b.send("/theme", url.Values{"theme": {"dark"}}).wants(t, http.StatusForbidden)
	if log := s.log.String(); !strings.Contains(log, "route=/theme user="+fmt.Sprint(s.Viewer.UserID)+" code=web.problem.foreign") {
		t.Errorf("a form of another site is not told:\n%s", log)
	}
}

func TestWhatAnAddressSaysIsNoFieldOfAForm(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	path := fmt.Sprintf("/users/%d/role", s.Viewer.UserID)
	b.post(path+"?role=administrator", nil).wants(t, http.StatusUnprocessableEntity)
	b.post(path+"?role=administrator", url.Values{"role": {"contributor", "administrator"}}).wants(t, http.StatusSeeOther)
	changed, err := s.Accounts.UserFor(t.Context(), s.Administrator, s.Viewer.UserID)
	if err != nil || changed.Role != "contributor" { // of a field that is there twice, the first counts
		t.Errorf("role %q, %v", changed.Role, err)
	}
	s.browser(t).post("/sign-in?email=ada@example.com&password="+url.QueryEscape(testkit.Password), nil).wants(t, http.StatusUnprocessableEntity)
}

func TestAMethodThatARouteDoesNotHaveReachesNothingAndIsNotReflected(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.header = http.Header{"X-Reflect": {"reflected-3141"}}
	for _, method := range []string{http.MethodTrace, http.MethodConnect, http.MethodPut, http.MethodPatch, http.MethodDelete, "PROPFIND", "get"} {
		for _, path := range []string{"/users", "/api/v1/status", "/static/segue.css", "/healthz"} {
			a := b.do(method, path, "", nil).lacks(t, "reflected-3141", "carl@example.com")
			if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed && a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s: status %d", method, path, a.StatusCode)
			}
		}
	}
}

func TestEveryTextSaysHowItIsEncoded(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	for _, route := range s.Routes() {
		if route.Method != http.MethodGet || route.Path == "/events" {
			continue // the stream's own test is in event_test.go
		}
		a := b.get(strings.NewReplacer(":id", "1", "*", "icons.svg").Replace(route.Path))
		kind, parameters, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
		text := strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "xml")
		if a.body != "" && (err != nil || text && !strings.EqualFold(parameters["charset"], "utf-8")) {
			t.Errorf("%s: %q", route.Path, a.Header.Get("Content-Type"))
		}
	}
	for path, kind := range map[string]string{"/static/icons.svg": "image/svg+xml", "/static/app.js": "text/javascript", "/static/": "text/plain"} {
		a := b.get(path)
		if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, kind) || !strings.HasSuffix(strings.ToLower(got), "charset=utf-8") {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// A request that one program on the way reads as one and another as two must not be served.
func TestAMessageOfTwoLengthsIsRefused(t *testing.T) {
	s := newSite(t)
	for name, head := range map[string]string{
		"two lengths":              "Content-Length: 3\r\nContent-Length: 30\r\n",
		"a length with a sign":     "Content-Length: +3\r\n",
		"an unknown encoding":      "Transfer-Encoding: xchunked\r\n",
		"chunked and another":      "Transfer-Encoding: chunked, identity\r\n",
		"a space before the colon": "Content-Length : 3\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(conn, "POST /theme HTTP/1.1\r\nHost: segue\r\nContent-Type: application/x-www-form-urlencoded\r\n%s\r\na=bGET /healthz HTTP/1.1\r\nHost: segue\r\n\r\n", head)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if response.StatusCode != http.StatusBadRequest && response.StatusCode != http.StatusNotImplemented || !response.Close {
			t.Errorf("%s: status %d", name, response.StatusCode)
		}
		_ = response.Body.Close()
		_ = conn.Close()
	}
}

func TestTheSessionsCookieIsForThisHostAloneAndNoScript(t *testing.T) {
	s := newSite(t, func(_ *Services, o *Options) { o.Secure = true })
	b := s.browser(t)
	page := b.get("/sign-in")
	b.header = http.Header{"Cookie": {page.Cookies()[0].Name + "=" + page.Cookies()[0].Value}, "Origin": {s.url}}
	a := b.send("/sign-in", url.Values{csrfField: {page.field(t, csrfField)}, "email": {"ada@example.com"}, "password": {testkit.Password}})
	a.leads(t, "/").lacks(t, "session")
	names := map[string]bool{}
	for _, cookie := range a.Cookies() {
		names[cookie.Name] = true
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("%v", cookie)
		}
	}
	if !names["__Host-segue-session"] || !names["__Host-segue-device"] {
		t.Errorf("set: %v", names)
	}
}

func TestNoOtherSiteIsLetIn(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.header = http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"authorization"}}
	for _, path := range []string{"/", "/users", "/api/v1/status", "/api/v1/openapi.json", "/static/app.js"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			a := b.do(method, path, "", nil)
			for name := range a.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s is %q", method, path, name, a.Header.Get(name))
				}
			}
		}
	}
}

func TestNothingOfTheInsideIsServed(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	for _, path := range []string{"/.git/config", "/.env", "/metrics", "/debug/pprof/", "/debug/vars", "/static/", "/static/css/", "/static/static.go", "/static/%2e%2e/go.mod",
		"/static/..%2fgo.mod", "/segue.db", "/segue.key", "/uploads/", "/server-status"} {
		b.get(path).wants(t, http.StatusNotFound)
	}
}

func TestAFieldThatAFormDoesNotHaveChangesNothing(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	b.post("/account", url.Values{"name": {"Vera"}, "language": {"en"}, "time_zone": {"Europe/Copenhagen"}, "role": {"administrator"}, "id": {"1"}, "user_id": {"1"}, "email": {"other@example.com"}, "disabled": {"0"}}).wants(t, http.StatusSeeOther)
	now, err := s.Accounts.User(t.Context(), s.Viewer.UserID)
	if err != nil || now.Role != s.Viewer.Role || now.Email != "vera@example.com" {
		t.Errorf("%s is %s now, %v", now.Email, now.Role, err)
	}
}

// Names of files come from names that people type.
func TestAnAttachmentKeepsItsHeadersWhateverItIsCalled(t *testing.T) {
	s := newSite(t)
	name := ""
	s.routes.get("/named", access.LookAround, func(c echo.Context) error {
		_, err := s.attachment(c, name, "text/csv; charset=utf-8").Write([]byte("a\n"))
		return err
	})
	b := s.as(t, "ada@example.com")
	for _, name = range []string{"plain.csv", "løb.csv", `"; filename=evil.html; x="`, "a\r\nSet-Cookie: evil=1\r\n\r\n<script>", "../../etc/passwd", "\u202egpj.exe", ""} {
		a := b.get("/named").wants(t, http.StatusOK)
		kind, parameters, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || parameters["filename"] != name || len(a.Cookies()) > 0 || a.body != "a\n" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %q, %v", name, a.Header.Get("Content-Disposition"), err)
		}
	}
}

// Whoever follows a link changes nothing, wherever the link stands: acts are forms, and those are checked.
func TestLookingAtAPageChangesNothing(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.get("/").wants(t, http.StatusOK)
	for _, route := range s.Routes() {
		if route.Method != http.MethodGet || route.Action == byToken || route.Path == "/events" {
			continue
		}
		before := s.changes(t)
		b.get(strings.NewReplacer(":id", "1", "*", "app.js").Replace(route.Path))
		if after := s.changes(t); after != before {
			t.Errorf("GET %s wrote to the database", route.Path)
		}
	}
}

// changes counts the rows that were ever written over the writer's connection, without entries of the audit log: who looks at personal
// data is written there.
func (s *site) changes(t *testing.T) (n int64) {
	t.Helper()
	if err := s.db.Writer().QueryRowContext(t.Context(), "SELECT total_changes() - (SELECT count(*) FROM audit_entries)").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryAttemptToSignInIsInTheAuditLogWithWhoAndFromWhere(t *testing.T) {
	s := newSite(t)
	if err := s.Accounts.Disable(t.Context(), access.System, s.Viewer.UserID); err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	for _, form := range []url.Values{
		{"email": {"ada@example.com"}, "password": {"wrong-" + testkit.Password}},
		{"email": {"nobody.here@example.org"}, "password": {"wrong-" + testkit.Password}},
		{"email": {"vera@example.com"}, "password": {testkit.Password}},
		{"email": {"ada@example.com"}, "password": {testkit.Password}},
	} {
		b.post("/sign-in", form)
	}
	b.post("/sign-out", nil).leads(t, "/sign-in")
	rows, err := s.db.Reader().QueryContext(t.Context(), `SELECT action || ' ' || subject_id || ' ' || address, subject_id || subject_name || user_name || changes || address FROM audit_entries
		WHERE action LIKE 'account.sign%' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line, all string
		if err := rows.Scan(&line, &all); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(all, "nobody.here") || strings.Contains(all, testkit.Password) {
			t.Errorf("an entry holds what was typed: %s", all)
		}
		found = append(found, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	ada, vera := s.Administrator.UserID, s.Viewer.UserID
	want := []string{fmt.Sprintf("account.sign_in_failed %d 127.0.0.1", ada), "account.sign_in_failed  127.0.0.1", fmt.Sprintf("account.sign_in_disabled %d 127.0.0.1", vera),
		fmt.Sprintf("account.signed_in %d 127.0.0.1", ada), fmt.Sprintf("account.signed_out %d 127.0.0.1", ada)}
	if !slices.Equal(found, want) {
		t.Errorf("the log says\n%s, want\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}
