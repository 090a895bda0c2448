package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
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
