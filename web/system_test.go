package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
)

func TestASupervisorLearnsWithoutASessionWhetherTheServerLivesAndIsReady(t *testing.T) {
	reason := ""
	s := newSite(t, func(_ *Services, o *Options) {
		o.Hosts = []string{"segue.example.com"} // a supervisor calls it by its address
		o.Ready = func(context.Context) string { return reason }
	})
	b := s.browser(t)
	expect := func(path string, status int, body string) {
		t.Helper()
		if a := b.get(path).wants(t, status); a.body != body {
			t.Errorf("%s says %q", path, a.body)
		}
	}
	expect("/healthz", http.StatusOK, "ok\n")
	expect("/readyz", http.StatusOK, "ok\n")
	b.get("/sign-in").wants(t, http.StatusMisdirectedRequest)
	reason = "the database cannot be written"
	expect("/healthz", http.StatusOK, "ok\n")
	expect("/readyz", http.StatusServiceUnavailable, "not ready: the database cannot be written\n")
	s.Close()
	expect("/readyz", http.StatusServiceUnavailable, "not ready: stopping\n")
}

func TestEveryLineThatIsWrittenForARequestHasItsID(t *testing.T) {
	s := newSite(t)
	if _, err := s.db.Writer().Exec(`DROP TABLE sessions`); err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.header = http.Header{"Cookie": {"segue-session=something"}}
	id := b.get("/exports").wants(t, http.StatusInternalServerError).Header.Get("X-Request-Id")
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	if len(lines) < 2 || id == "" {
		t.Fatalf("request %q: %q", id, lines)
	}
	for _, line := range lines {
		if !strings.Contains(line, "request="+id) {
			t.Errorf("%s", line)
		}
	}
}

// heard keeps what an Observer is told.
type heard struct {
	mutex    sync.Mutex
	requests []string
	streams  int
}

func (h *heard) Request(method, route string, status int, _ time.Duration) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.requests = append(h.requests, fmt.Sprint(method, " ", route, " ", status))
}

func (h *heard) Stream() func() {
	h.count(1)
	return func() { h.count(-1) }
}

func (h *heard) count(more int) int {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.streams += more
	return h.streams
}

func TestAnObserverHearsOfEveryRequestByItsPatternAndOfStreams(t *testing.T) {
	h := &heard{}
	s := newSite(t, func(_ *Services, o *Options) { o.Observer = h })
	s.routes.topic("run", access.LookAround)
	b := s.as(t, "vera@example.com")
	events := b.listen("/events?topic=run/1")
	if got := next(t, events); got != "run/1" || h.count(0) != 1 {
		t.Errorf("heard %q with %d streams", got, h.count(0))
	}
	s.Close()
	if got := next(t, events); got != "closed" || h.count(0) != 0 {
		t.Errorf("heard %q with %d streams", got, h.count(0))
	}
	b.get("/users/17")
	b.get("/no/such/page?address=vera@example.com")
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if got := fmt.Sprint(h.requests); !strings.HasSuffix(got, "POST /sign-in 303 GET /users/:id 403 GET /* 404]") {
		t.Errorf("heard %s", got)
	}
}
