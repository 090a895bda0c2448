package web

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
)

// listen opens a stream and gives its events as they come; the channel closes with the stream.
func (b *browser) listen(path string) <-chan string {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.site.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream; charset=utf-8" {
		b.t.Fatalf("status %d, %s", response.StatusCode, kind)
	}
	b.t.Cleanup(func() { _ = response.Body.Close() }) // the stream may have ended already
	events := make(chan string, 100)
	go func() {
		defer close(events)
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				events <- name
			}
		}
	}()
	return events
}

func next(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case name, open := <-events:
		if !open {
			return "closed"
		}
		return name
	case <-time.After(5 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func TestALivePageHearsWhatChangedAndNothingElse(t *testing.T) {
	s := newSite(t)
	s.routes.topic("run", access.LookAround)
	s.routes.topic("runs", access.LookAround)
	events := s.as(t, "vera@example.com").listen("/events?topic=run/12&topic=runs")
	for _, want := range []string{"run/12", "runs"} { // what happened before is told at the start
		if got := next(t, events); got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
	s.Events.Publish("run/13")
	s.Events.Publish("run/12")
	if got := next(t, events); got != "run/12" {
		t.Errorf("heard %q", got)
	}
	s.Close()
	if got := next(t, events); got != "closed" {
		t.Errorf("heard %q after the end", got)
	}
}

func TestAStreamIsOnlyForTopicsThatThePersonMaySee(t *testing.T) {
	s := newSite(t)
	s.routes.topic("run", access.LookAround)
	s.routes.topic("import", access.ManageProfiles)
	b := s.as(t, "vera@example.com")
	for path, status := range map[string]int{
		"/events":                                                http.StatusBadRequest,
		"/events?topic=secret/1":                                 http.StatusNotFound,
		"/events?topic=run%0A/1":                                 http.StatusNotFound,
		"/events?topic=run/1%0Adata:x":                           http.StatusNotFound,
		"/events?topic=import/1":                                 http.StatusForbidden,
		"/events?topic=run/1&topic=import/1":                     http.StatusForbidden,
		"/events?" + strings.Repeat("topic=run/1&", maxTopics+1): http.StatusBadRequest,
	} {
		b.get(path).wants(t, status)
	}
	signedOut := s.browser(t)
	signedOut.header = http.Header{"Accept": {"text/event-stream"}}
	signedOut.get("/events?topic=run/1").wants(t, http.StatusUnauthorized)
}

func TestAStreamEndsWithTheSessionAndWithTheRole(t *testing.T) {
	for name, end := range map[string]func(s *site) error{
		"signed out everywhere": func(s *site) error { return s.Accounts.EndOtherSessions(t.Context(), s.Administrator, "another") },
		"no administrator any more": func(s *site) error {
			if err := s.Accounts.SetRole(t.Context(), access.System, s.Contributor.UserID, access.Administrator); err != nil {
				return err
			}
			return s.Accounts.SetRole(t.Context(), access.System, s.Administrator.UserID, access.Viewer)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.recheckEvery = 20 * time.Millisecond
			s.routes.topic("import", access.ManageProfiles)
			events := s.as(t, "ada@example.com").listen("/events?topic=import/1")
			if got := next(t, events); got != "import/1" {
				t.Fatalf("heard %q", got)
			}
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			if got := next(t, events); got != "closed" {
				t.Errorf("heard %q", got)
			}
		})
	}
}

func TestAStreamOutlivesTheTimeLimitOfRequests(t *testing.T) {
	t.Parallel() // it sleeps
	s := newSite(t)
	s.routes.topic("run", access.LookAround)
	b := s.as(t, "vera@example.com")
	limited := httptest.NewUnstartedServer(s.Handler())
	limited.Config.ReadTimeout, limited.Config.WriteTimeout = 400*time.Millisecond, 400*time.Millisecond
	limited.Start()
	t.Cleanup(func() { s.Close(); limited.Close() })
	s.url = limited.URL
	events := b.listen("/events?topic=run/1")
	next(t, events)
	time.Sleep(600 * time.Millisecond)
	s.Events.Publish("run/1")
	if got := next(t, events); got != "run/1" {
		t.Errorf("heard %q", got)
	}
}

func TestOnePersonCannotHoldEveryStream(t *testing.T) {
	s := newSite(t)
	s.routes.topic("run", access.LookAround)
	b := s.as(t, "vera@example.com")
	for range maxStreams {
		b.listen("/events?topic=run/1")
	}
	b.get("/events?topic=run/1").wants(t, http.StatusTooManyRequests)
	s.as(t, "carl@example.com").listen("/events?topic=run/1")
}
