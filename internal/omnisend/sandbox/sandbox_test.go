package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

const key = "brand-key"

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

type stand struct {
	*sandbox.Server
	t     *testing.T
	url   string
	clock *clock
}

func start(t *testing.T, options sandbox.Options) *stand {
	t.Helper()
	c := &clock{now: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)}
	options.Clock = c.Now
	if options.Brands == nil {
		options.Brands = []sandbox.Brand{{ID: "brand", Name: "Nordlys", Key: key}}
	}
	server, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &stand{server, t, web.URL, c}
}

type reply struct {
	status int
	body   map[string]any
	raw    string
	header http.Header
}

func (s *stand) call(method, path, body string, header ...string) reply {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Omnisend-API-Key "+key)
	request.Header.Set("Omnisend-Version", "2026-03-15")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Del(header[i])
		if header[i+1] != "" {
			request.Header.Set(header[i], header[i+1])
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	r := reply{status: response.StatusCode, raw: string(raw), header: response.Header}
	_ = json.Unmarshal(raw, &r.body) // what is no object is looked at as it is
	return r
}

// codes gives "field code" of each error, in order.
func (r reply) codes() string {
	var list []string
	errs, _ := r.body["errors"].([]any)
	for _, e := range errs {
		m := e.(map[string]any)
		list = append(list, fmt.Sprintf("%v %v", m["field"], m["code"]))
	}
	return strings.Join(list, ", ")
}

func TestWhoMayWhat(t *testing.T) {
	s := start(t, sandbox.Options{Brands: []sandbox.Brand{
		{ID: "brand", Key: key}, {ID: "reader", Key: "reader", Scopes: []string{"contacts.read"}},
	}})
	missing := s.call("GET", "/api/brands/current", "", "Authorization", "")
	wrong := s.call("GET", "/api/brands/current", "", "Authorization", "Omnisend-API-Key nope")
	if missing.status != 401 || missing.raw != wrong.raw || missing.raw != `{"type":"https://problems.omnisend.com/unauthorized","title":"Unauthorized","status":401}` {
		t.Errorf("a missing and a wrong key look the same: %+v, %+v", missing, wrong)
	}
	for name, test := range map[string]struct {
		method, path string
		header       []string
		status       int
	}{
		"a good request":           {"GET", "/api/brands/current", nil, 200},
		"no version":               {"GET", "/api/brands/current", []string{"Omnisend-Version", ""}, 400},
		"a version that is none":   {"GET", "/api/brands/current", []string{"Omnisend-Version", "v5"}, 400},
		"an old version":           {"GET", "/api/brands/current", []string{"Omnisend-Version", "2024-01-01"}, 410},
		"a scope that is missing":  {"POST", "/api/contacts", []string{"Authorization", "Omnisend-API-Key reader"}, 403},
		"a scope that is there":    {"GET", "/api/contacts", []string{"Authorization", "Omnisend-API-Key reader"}, 200},
		"a parameter not known":    {"GET", "/api/contacts?page=2", nil, 400},
		"a path not known":         {"GET", "/api/accounts", nil, 404},
		"contacts are not deleted": {"DELETE", "/api/contacts/c00000000000000000000000", nil, 404},
		"nobody's id":              {"GET", "/api/contacts/c00000000000000000000009", nil, 404},
	} {
		if r := s.call(test.method, test.path, "", test.header...); r.status != test.status {
			t.Errorf("%s: got %d %s, want %d", name, r.status, r.raw, test.status)
		}
	}
}

func TestTheWindowSlides(t *testing.T) {
	s := start(t, sandbox.Options{RequestsPerMinute: 10, Speed: 2}) // a minute is 30 seconds
	ask := func() reply { return s.call("GET", "/api/brands/current", "") }
	for i := range 10 {
		if r := ask(); r.status != 200 {
			t.Fatalf("request %d: %d", i, r.status)
		}
		s.clock.move(time.Second)
	}
	r := ask() // at second 10; the first was at 0, so there is room at 31, this one counting too
	if r.status != 429 || r.body["retryAfter"] != 21.0 || r.body["type"] != "https://problems.omnisend.com/rate-limit-exceeded" {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	s.SetFaults(sandbox.Faults{NoRetryAfter: true})
	if r := ask(); r.status != 429 || r.body["retryAfter"] != nil {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	if r := s.call("POST", "/api/contacts/tags", `{"emails":["a@b.dk"],"tags":["x"]}`); r.status != 202 || r.raw != "" {
		t.Errorf("tags have a pot of their own: %d %s", r.status, r.raw)
	}
	s.clock.move(22 * time.Second) // at 32 those of 0, 1 and 2 have left
	if r := ask(); r.status != 200 {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if n := s.Stats().MostInWindow; n != 12 {
		t.Errorf("most in a minute: %d, want 12", n)
	}

	s.Reset()
	s.SetFaults(sandbox.Faults{OthersPerMinute: 6})
	ask()
	s.clock.move(30 * time.Second)
	allowed := 0
	for range 10 {
		if ask().status == 200 {
			allowed++
		}
	}
	if allowed != 4 {
		t.Errorf("%d requests allowed beside 6 of others, want 4", allowed)
	}
}
