package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/demo"
)

// visitor is somebody at a running server, with a browser that keeps cookies and follows no redirect by itself.
type visitor struct {
	t       *testing.T
	address string // http://host:port
	client  *http.Client
	heard   func(heard) // told of every answer; nil: nobody is
}

// heard is an answer, as anybody on the way or over the shoulder gets it.
type heard struct {
	request *http.Request
	answer  *http.Response
	body    string
}

// visit opens a browser.
func visit(t *testing.T, address string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, address: address, client: &http.Client{Jar: jar, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	t.Cleanup(v.client.CloseIdleConnections)
	return v
}

// signedIn opens a browser in which one of the demonstration's people is signed in.
func signedIn(t *testing.T, address string, who demo.Person) *visitor {
	t.Helper()
	v := visit(t, address)
	if status, body := v.post("/sign-in", url.Values{"email": {who.Email}, "password": {who.Password}}); status != http.StatusSeeOther {
		t.Fatalf("%s cannot sign in: %d\n%s", who.Email, status, body)
	}
	return v
}

func (v *visitor) do(request *http.Request) (status int, body string) {
	v.t.Helper()
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		v.t.Fatal(err)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	if v.heard != nil {
		v.heard(heard{request, response, string(text)})
	}
	return response.StatusCode, string(text)
}

func (v *visitor) request(method, path string, body io.Reader) *http.Request {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.address+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	return request
}

func (v *visitor) get(path string) (status int, body string) {
	v.t.Helper()
	return v.do(v.request(http.MethodGet, path, nil))
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is what a form must carry.
func (v *visitor) token() string {
	v.t.Helper()
	_, page := v.get("/help")
	if found := formToken.FindStringSubmatch(page); found != nil {
		return found[1]
	}
	_, page = v.get("/sign-in")
	found := formToken.FindStringSubmatch(page)
	if found == nil {
		v.t.Fatalf("no form: %s", page)
	}
	return found[1]
}

// post sends a form.
func (v *visitor) post(path string, form url.Values) (status int, body string) {
	v.t.Helper()
	sent := url.Values{"csrf": {v.token()}}
	for name, values := range form {
		sent[name] = values
	}
	request := v.request(http.MethodPost, path, strings.NewReader(sent.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(request)
}
