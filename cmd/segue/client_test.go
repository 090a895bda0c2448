package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/web/api"
)

func TestATokenGoesNowhereButToTheServerThatWasNamed(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`{}`))
	}))
	defer elsewhere.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("segue_secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		named := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		}))
		told := segue(t, "", "status", "--server", named.URL, "--token-file", file).wants(t, endWrong)
		if !strings.Contains(told.errors, elsewhere.URL) {
			t.Errorf("%d: it is not said where the server is: %s", status, told.errors)
		}
		_, err := newClient(named.URL, secret.NewText("segue_secret")).apply(t.Context(), configFile("exports: []\n"), false, "fingerprint") // it has a client of its own patience
		if err == nil || !strings.Contains(err.Error(), elsewhere.URL) {
			t.Errorf("%d: applied elsewhere: %v", status, err)
		}
		named.Close()
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestAServerThatAsksToWaitForDaysIsGivenUp(t *testing.T) {
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer busy.Close()
	c := newClient(busy.URL, secret.NewText("segue_secret"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var status api.Status
	err := c.askFor(ctx, 50*time.Millisecond, http.MethodGet, "/status", nil, "", &status)
	var e ending
	if !errors.As(err, &e) || e.code != endTimedOut || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
}
