package web

import (
	"bufio"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
