package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

func TestStateOutlivesARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	brands := []sandbox.Brand{{ID: "one", Key: key}, {ID: "two", Key: "two"}}
	s := start(t, sandbox.Options{File: file, Brands: brands})
	s.call("POST", "/api/contacts", `{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":"unsubscribed"}}},{"type":"phone","id":"+4512345678"}],"tags":["x"]}`)
	done := s.call("POST", "/api/batches", batch(email("c@b.dk", ""), email("bad", "")))
	s.Settle()
	waiting := s.call("POST", "/api/batches", batch(email("d@b.dk", "")))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, sandbox.Options{File: file, Brands: brands[:1]})
	again.Settle()
	c, ok := again.Contact("a@b.dk")
	if !ok || c.Status != "unsubscribed" || c.Phone != "+4512345678" || len(c.Tags) != 1 {
		t.Errorf("%+v", c)
	}
	for id, want := range map[any]float64{done.body["batchID"]: 2, waiting.body["batchID"]: 1} {
		r := again.call("GET", fmt.Sprintf("/api/batches/%v/items", id), "")
		if r.body["status"] != "finished" || r.body["finishedCount"] != want {
			t.Errorf("%s", r.raw)
		}
	}
	if r := again.call("POST", "/api/contacts", email("a@b.dk", "")); r.status != 200 {
		t.Errorf("known from before: %d", r.status)
	}
}

func TestControlsAndPage(t *testing.T) {
	s := start(t, sandbox.Options{})
	for i := range 60 {
		s.call("POST", "/api/contacts", email(fmt.Sprintf("k%02d@b.dk", i), `"firstName":"<b>Åse</b>"`))
	}
	s.call("POST", "/api/batches", batch(email("bad", "")))
	s.Settle()

	lines := strings.Split(strings.TrimSpace(s.call("GET", "/_sandbox/contacts?after=50", "").raw), "\n")
	if len(lines) != 10 || !strings.Contains(lines[0], "k50@b.dk") || !json.Valid([]byte(lines[0])) {
		t.Errorf("%d lines, first %s", len(lines), lines[0])
	}
	if r := s.call("PUT", "/_sandbox/faults", `{"rejectEmail":"bad","seed":3}`); r.status != 200 || s.Faults().RejectEmail != "bad" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if r := s.call("PUT", "/_sandbox/faults", `{"latency":"long"}`); r.status != 400 || s.Faults().RejectEmail != "bad" {
		t.Errorf("a fault not known: %d", r.status)
	}
	if r := s.call("GET", "/_sandbox/stats", ""); r.body["requests"] != 61.0 || r.body["contacts"] != 60.0 {
		t.Errorf("%s", r.raw)
	}
	if r := s.call("GET", "/", ""); r.status != 200 || !strings.Contains(r.raw, "61 of 400") || !strings.Contains(r.raw, "Faults are switched on") {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if r := s.call("GET", "/contacts?skip=50", ""); strings.Count(r.raw, "&lt;b&gt;Åse") != 10 || !strings.Contains(r.raw, `rel="prev"`) || strings.Contains(r.raw, `rel="next"`) {
		t.Errorf("the last page: %s", r.raw)
	}
	if r := s.call("GET", "/contacts?q=K07", ""); strings.Count(r.raw, "@b.dk</a>") != 1 {
		t.Errorf("search: %s", r.raw)
	}
	s.call("POST", "/api/contacts", `{"identifiers":[{"type":"email","id":"reached@b.dk","channels":{"email":{"status":"subscribed"}}},{"type":"phone","id":"+4512345678","channels":{"sms":{"status":"unsubscribed"}}}]}`)
	if r := s.call("GET", "/contacts?q=reached", ""); !strings.Contains(r.raw, "<td>subscribed</td>") || !strings.Contains(r.raw, "<td>unsubscribed</td>") {
		t.Errorf("the statuses of both channels: %s", r.raw)
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if r := s.call("POST", "/faults", "throttleShare=0.5&noRetryAfter=on&path=%2Fbatches", form...); r.status != 303 ||
		s.Faults() != (sandbox.Faults{ThrottleShare: 0.5, NoRetryAfter: true, Path: "/batches"}) {
		t.Errorf("%d %+v", r.status, s.Faults())
	}
	if r := s.call("POST", "/faults", "throttleShare=2&path=kept", form...); r.status != 422 || !strings.Contains(r.raw, `value="kept"`) || s.Faults().ThrottleShare != 0.5 {
		t.Errorf("a share above 1 changes nothing and keeps what was typed: %d", r.status)
	}
	if r := s.call("POST", "/reset", "", append(form, "Sec-Fetch-Site", "cross-site")...); r.status != 403 || s.Stats().Contacts == 0 {
		t.Errorf("another site's form: %d", r.status)
	}
	if r := s.call("POST", "/_sandbox/reset", ""); r.status != 204 || s.Stats().Contacts != 0 || s.Faults() != (sandbox.Faults{}) {
		t.Errorf("%d", r.status)
	}
}

func TestHalfAnswersAndCuts(t *testing.T) {
	s := start(t, sandbox.Options{})
	for name, test := range map[string]struct {
		faults sandbox.Faults
		done   bool
	}{
		"cut before": {sandbox.Faults{DropBeforeShare: 1}, false},
		"cut after":  {sandbox.Faults{DropAfterShare: 1}, true},
		"half":       {sandbox.Faults{HalfAnswerShare: 1}, true},
	} {
		s.Reset()
		s.SetFaults(test.faults)
		request, _ := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/contacts", bytes.NewReader([]byte(email("a@b.dk", ""))))
		request.Header.Set("Authorization", "Omnisend-API-Key "+key)
		request.Header.Set("Omnisend-Version", "2026-03-15")
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: answered whole", name)
		}
		if _, done := s.Contact("a@b.dk"); done != test.done {
			t.Errorf("%s: done %v", name, done)
		}
	}
}
