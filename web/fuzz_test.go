package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/logline"
)

// quiet makes a server that forgets what it logs, behind a proxy at 192.0.2.1, which is whom httptest's requests come from.
func quiet(f *testing.F) *site {
	return newSite(f, func(_ *Services, o *Options) {
		o.Logger = logline.New(io.Discard, slog.LevelError, false)
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
}

// routesOf lists the routes of a method that pages have. Streams do not end, and passwords are hashed too slowly for a million tries.
func (s *site) routesOf(method string) (found []Route) {
	for _, route := range s.Routes() {
		if route.Method == method && route.Action != byToken && !slices.Contains([]string{"/events", "/account/password", "/setup", "/invitation", "/sign-in"}, route.Path) {
			found = append(found, route)
		}
	}
	return found
}

// ask makes a request as the administrator, from one of our own pages, with what the caller adds.
func (s *site) ask(t *testing.T, method string, address *url.URL, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	token, err := s.Accounts.StartSession(t.Context(), account.Begun{UserID: s.Administrator.UserID, Proof: account.ByPassword})
	if err != nil {
		t.Fatal(err)
	}
	visitor := strings.Repeat("v", 43)
	mac := hmac.New(sha256.New, s.csrfKey())
	mac.Write([]byte(visitor))
	request := httptest.NewRequest(method, "/", strings.NewReader(body))
	request.URL, request.RequestURI = address, address.RequestURI()
	request.AddCookie(&http.Cookie{Name: "segue-session", Value: token})
	request.AddCookie(&http.Cookie{Name: "segue-visitor", Value: visitor})
	request.Header.Set(csrfHeader, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	change(request)
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, request)
	return answer
}

// judge holds an answer to what every answer must be.
func judge(t *testing.T, answer *httptest.ResponseRecorder, what string) {
	t.Helper()
	if answer.Code == http.StatusInternalServerError {
		t.Fatalf("%s: %s", what, answer.Body.String())
	}
	if to := answer.Header().Get("Location"); to != "" && to != internalPath(to) {
		t.Fatalf("%s leads to %q", what, to)
	}
	for name, values := range answer.Header() {
		for _, value := range values {
			if strings.ContainsAny(value, "\r\n\x00") {
				t.Fatalf("%s: %s is %q", what, name, value)
			}
		}
	}
}

// FuzzForms holds that no form breaks a handler, whatever is in it.
func FuzzForms(f *testing.F) {
	s := quiet(f)
	routes := s.routesOf(http.MethodPost)
	for i := range routes {
		f.Add(uint16(i), "1", "name=a&role=viewer&version=1&id=1&kind=sql&port=99999&time=25%3A61&weekday=9&do=preview&rule=%7B&segments=1&email=%00&reason=%ff")
	}
	f.Add(uint16(3), "9223372036854775808", "a=%zz&b;c=d&=&&version=-1&month_day=1e9&hours.0.from=x&rejected_share=NaN&size_factor=Inf")
	f.Fuzz(func(t *testing.T, which uint16, parameter, body string) {
		route := routes[int(which)%len(routes)]
		path := strings.NewReplacer(":id", parameter, ":entry", parameter, ":profile", parameter).Replace(route.Path)
		judge(t, s.ask(t, http.MethodPost, &url.URL{Path: path}, body, func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}), route.Path)
	})
}

// FuzzUploads holds that no multipart body breaks the reading of fields and files.
func FuzzUploads(f *testing.F) {
	s := quiet(f)
	routes := s.routesOf(http.MethodPost)
	part := func(head, content string) string {
		return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n"
	}
	for i := range routes {
		f.Add(uint16(i), part(`name="name"`, "x")+part(`name="file"; filename="../../a.csv"`, "id,email\n1,a@example.com\n")+"--b--\r\n")
	}
	f.Add(uint16(0), part(`name="file"; filename*=UTF-8''%00%0d%0a`, "")+"--b")
	f.Add(uint16(0), part(`name="a"; filename="a"; filename="b"`, strings.Repeat("x", 1000))+"--b\r\n\r\n--b--")
	f.Fuzz(func(t *testing.T, which uint16, body string) {
		route := routes[int(which)%len(routes)]
		path := strings.NewReplacer(":id", "1", ":entry", "1", ":profile", "1").Replace(route.Path)
		judge(t, s.ask(t, http.MethodPost, &url.URL{Path: path}, body, func(r *http.Request) {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		}), route.Path)
	})
}

// FuzzPages holds that no address, cookie or header breaks a page, and that none of them leads to another site or into a header.
func FuzzPages(f *testing.F) {
	s := quiet(f)
	routes := s.routesOf(http.MethodGet)
	for i := range routes {
		f.Add(uint16(i), "1", "page=2&q=a%00&sort=name&direction=descending&state=x&from=9&base=-1&range=all&ids=1,2,x&next=//evil.example", "x", "da, en;q=0.5, *;q=x", "203.0.113.7, ::1")
	}
	f.Add(uint16(1), "-1", "page=9223372036854775807&page=1&after=x&%zz", `"><script>`, "\xff-\x00", "not an address, 1.2.3.4:80")
	f.Add(uint16(2), "..%2f..", "next=/%0d%0aSet-Cookie:x", strings.Repeat("a", 5000), strings.Repeat("en,", 2000), "[::1]:80, 999.1.1.1")
	f.Fuzz(func(t *testing.T, which uint16, parameter, query, cookie, language, forwarded string) {
		route := routes[int(which)%len(routes)]
		path := strings.NewReplacer(":id", parameter, ":entry", parameter, ":profile", parameter, "*", parameter).Replace(route.Path)
		answer := s.ask(t, http.MethodGet, &url.URL{Path: path, RawQuery: query}, "", func(r *http.Request) {
			for _, name := range []string{"flash", "link", "language", "theme", "device"} {
				r.Header.Add("Cookie", "segue-"+name+"="+cookie)
			}
			for name, value := range map[string]string{"Accept-Language": language, "X-Forwarded-For": forwarded, "If-None-Match": cookie, "Accept-Encoding": language,
				"Range": "bytes=" + cookie, "Traceparent": forwarded, "Hx-Current-Url": "https://evil.example/" + query, "Referer": "https://evil.example/" + query, "Hx-Request": cookie} {
				r.Header.Set(name, value)
			}
		})
		judge(t, answer, route.Path)
	})
}

// FuzzPlacesToReturnTo holds that a browser goes on inside, however it reads the address.
func FuzzPlacesToReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", "/\\evil.example", "/\tx", "https:evil.example", "/a?b=//c#d", "/%2f%2fevil.example", "\x00/", "/./\\/evil.example", "/@evil.example"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "segue.example.com", Path: "/sign-in"}
	f.Fuzz(func(t *testing.T, path string) {
		kept := internalPath(path)
		// Browsers take a backslash for a slash, and drop tabs and line ends before they read.
		read := strings.NewReplacer("\\", "/", "\t", "", "\n", "", "\r", "").Replace(kept)
		to, err := base.Parse(strings.TrimSpace(read))
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || strings.ContainsAny(kept, "\r\n\x00") {
			t.Fatalf("%q becomes %q, which leads to %v, %v", path, kept, to, err)
		}
	})
}
