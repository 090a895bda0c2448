package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

func batch(items ...string) string {
	return `{"method":"POST","endpoint":"contacts","origin":"segue","items":[` + strings.Join(items, ",") + `]}`
}

func TestBatchesAreDoneLater(t *testing.T) {
	s := start(t, sandbox.Options{})
	sent := s.call("POST", "/api/batches", batch(email("a@b.dk", ""), email("bad", ""), email("a@b.dk", `"city":"Ribe"`)))
	id, _ := sent.body["batchID"].(string)
	if sent.status != 201 || sent.body["totalCount"] != 3.0 || id == "" {
		t.Fatalf("%d %s", sent.status, sent.raw)
	}
	if r := s.call("GET", "/api/batches/"+id, ""); r.body["status"] != "pending" || r.body["finishedCount"] != 0.0 {
		t.Errorf("%s", r.raw)
	}
	s.clock.move(500 * time.Millisecond)
	if r := s.call("GET", "/api/batches/"+id, ""); r.body["status"] != "inProgress" {
		t.Errorf("%s", r.raw)
	}
	s.Settle()
	r := s.call("GET", "/api/batches/"+id+"/items", "")
	if r.body["status"] != "finished" || r.body["finishedCount"] != 3.0 || r.body["errorsCount"] != 1.0 {
		t.Errorf("%s", r.raw)
	}
	failed := r.body["errors"].([]any)[0].(map[string]any)
	if failed["responseCode"] != 400.0 || failed["response"].(map[string]any)["title"] != "Validation failed" || !strings.Contains(r.raw, `"request":`+email("bad", "")) {
		t.Errorf("%v", failed)
	}
	codes := map[any]int{}
	for _, item := range r.body["responses"].([]any) {
		codes[item.(map[string]any)["responseCode"]]++
	}
	if codes[201.0] != 1 || codes[200.0] != 1 {
		t.Errorf("one was created, then changed: %v", codes)
	}
	for body, want := range map[string]string{
		batch(): "items invalid_length",
		batch(strings.Split(strings.Repeat("{},", 101), ",")[:101]...): "items invalid_length",
		`{"method":"GET","endpoint":"pages","items":[{}]}`:             "method invalid_value, endpoint invalid_value",
		`{"items":[}`: " invalid_format",
	} {
		if r := s.call("POST", "/api/batches", body); r.status != 400 || r.codes() != want {
			t.Errorf("%.60s: %d %q, want %q", body, r.status, r.codes(), want)
		}
	}
}

func TestListOfBatches(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.SetFaults(sandbox.Faults{StallShare: 1}) // so that their states do not hang on when the work is done
	var ids []string
	for range 5 {
		ids = append(ids, s.call("POST", "/api/batches", batch(email("a@b.dk", ""))).body["batchID"].(string))
		s.clock.move(24 * time.Hour)
	}
	list := func(query string) string {
		t.Helper()
		r := s.call("GET", "/api/batches?endpoint=contacts&"+query, "")
		var got []string
		for _, b := range r.body["batches"].([]any) {
			for i, id := range ids {
				if b.(map[string]any)["batchID"] == id {
					got = append(got, fmt.Sprint(i))
				}
			}
		}
		return strings.Join(got, "")
	}
	for query, want := range map[string]string{
		"": "43210", "limit=2": "43", "limit=2&offset=2": "21", "offset=9": "", "dateFrom=2026-05-03": "432", "dateTo=2026-05-02": "10",
		"status=stopped": "", "status=inProgress": "43210", "dateFrom=2026-05-02&dateTo=2026-05-02": "1",
	} {
		if got := list(query); got != want {
			t.Errorf("%q: got %s, want %s", query, got, want)
		}
	}
	for _, bad := range []string{"", "?endpoint=pages", "?endpoint=contacts&limit=251", "?endpoint=contacts&dateFrom=1.5.2026", "?endpoint=contacts&status=done"} {
		if r := s.call("GET", "/api/batches"+bad, ""); r.status != 400 {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
	s.clock.move(2*24*time.Hour + time.Hour)
	if r := s.call("GET", "/api/batches/"+ids[0], ""); r.status != 404 || list("") != "4321" {
		t.Errorf("after 7 days a batch is forgotten: %d, %s", r.status, list(""))
	}
}

func TestStalledBatchesGoOnLater(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.SetFaults(sandbox.Faults{StallShare: 1})
	s.call("POST", "/api/batches", batch(email("a@b.dk", "")))
	s.Settle()
	if n := s.Stats(); n.Waiting != 1 || n.Contacts != 0 {
		t.Errorf("%+v", n)
	}
	s.SetFaults(sandbox.Faults{})
	s.Settle()
	if n := s.Stats(); n.Waiting != 0 || n.Contacts != 1 {
		t.Errorf("%+v", n)
	}
}

func TestRejectionsByShareAreAlwaysTheSame(t *testing.T) {
	s := start(t, sandbox.Options{RequestsPerMinute: -1})
	s.SetFaults(sandbox.Faults{RejectShare: 0.3, Seed: 7})
	var items []string
	for i := range 100 {
		items = append(items, email(fmt.Sprintf("k%d@b.dk", i), ""))
	}
	s.call("POST", "/api/batches", batch(items...))
	s.Settle()
	first := s.Stats().Contacts
	s.call("POST", "/api/batches", batch(items...))
	s.Settle()
	if again := s.Stats().Contacts; first < 50 || first > 90 || again != first {
		t.Errorf("%d, then %d of 100 accepted, want about 70 and the same ones", first, again)
	}
}
