package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
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

func email(address, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return fmt.Sprintf(`{"identifiers":[{"type":"email","id":%q,"sendWelcomeMessage":false}]%s}`, address, rest)
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

func TestUpsertChangesOnlyWhatIsGiven(t *testing.T) {
	s := start(t, sandbox.Options{})
	first := s.call("POST", "/api/contacts", email("a@b.dk", `"firstName":"A","city":"Aarhus","country":"Denmark","tags":["x"],"customProperties":{"n":1,"l":["a"]},"createdAt":"2024-01-01T00:00:00Z"`))
	if first.status != 201 || first.body["countryCode"] != "DK" || first.body["status"] != "nonSubscribed" {
		t.Fatalf("%d %s", first.status, first.raw)
	}
	s.clock.move(time.Minute)
	second := s.call("POST", "/api/contacts", email("a@b.dk", `"firstName":"","tags":["y"],"customProperties":{"n":2}`))
	got, _ := s.Contact("a@b.dk")
	if text := fmt.Sprintf("%d %q %s %v %v", second.status, got.FirstName, got.City, got.Tags, got.CustomProperties); text != `200 "" Aarhus [x y] map[externalCreated:"2024-01-01T00:00:00Z" l:["a"] n:2]` {
		t.Errorf("got %s", text)
	}
	if first.body["id"] != second.body["id"] || got.UpdatedAt.Sub(got.CreatedAt) != time.Minute {
		t.Errorf("%v %v, %v %v", first.body["id"], second.body["id"], got.CreatedAt, got.UpdatedAt)
	}
	if r := s.call("POST", "/api/contacts", email("A@b.dk", "")); r.status != 201 {
		t.Errorf("another spelling is another contact: %d", r.status)
	}
	s.SetFaults(sandbox.Faults{ReplaceTags: true})
	s.call("POST", "/api/contacts", email("a@b.dk", `"tags":["z"]`))
	if got, _ := s.Contact("a@b.dk"); len(got.Tags) != 1 {
		t.Errorf("with the switch, tags replace: %v", got.Tags)
	}
}

func TestEveryBadFieldIsNamed(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string]string{
		`{}`:                                 "identifiers required",
		`{"identifiers":[{"type":"email"}]}`: "identifiers[0].id required",
		`{"identifiers":[{"type":"fax","id":"1"}]}`: "identifiers[0].type invalid_value",
		email("nobody", ""):                         "identifiers[0].id invalid_format",
		`{"identifiers":[{"type":"email","id":"a@b.dk"},{"type":"phone","id":"1"}]}`:                  "identifiers[1].id invalid_format",
		email("a@b.dk", `"gender":"male"`):                                                            "gender invalid_value",
		email("a@b.dk", `"birthdate":"1981-02-30","countryCode":"XX"`):                                "birthdate invalid_format, countryCode invalid_format",
		email("a@b.dk", `"firstName":1`):                                                              "firstName invalid_type",
		email("a@b.dk", `"tags":"x"`):                                                                 "tags invalid_type",
		email("a@b.dk", `"tags":[""]`):                                                                "tags[0] invalid_format",
		email("a@b.dk", `"customProperties":{"æ":1}`):                                                 "customProperties.æ invalid_format",
		email("a@b.dk", `"customProperties":{"a":{}}`):                                                "customProperties.a invalid_type",
		`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"sms":{"status":"subscribed"}}}]}`: "identifiers[0].channels.sms invalid_value",
		`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":"on"}}}]}`:       "identifiers[0].channels.email.status invalid_value",
		`{"identifiers":`: " invalid_format",
	} {
		r := s.call("POST", "/api/contacts", body)
		if r.status != 400 || r.codes() != want || r.body["type"] != "https://problems.omnisend.com/validation-failed" {
			t.Errorf("%s: got %d %q, want %q", body, r.status, r.codes(), want)
		}
	}
	if n := s.Stats().Contacts; n != 0 {
		t.Errorf("%d contacts came of bad requests", n)
	}
}

func TestTheLatestStatusStands(t *testing.T) {
	s := start(t, sandbox.Options{})
	set := func(status, at string) string {
		t.Helper()
		if at != "" {
			at = fmt.Sprintf(`,"statusChangedAt":%q`, at)
		}
		r := s.call("POST", "/api/contacts", fmt.Sprintf(
			`{"identifiers":[{"type":"email","id":"a@b.dk","channels":{"email":{"status":%q%s}}}]}`, status, at))
		if r.status >= 300 {
			t.Fatal(r.raw)
		}
		return r.body["status"].(string)
	}
	for _, step := range []struct{ status, at, want, why string }{
		{"subscribed", "2026-01-01T00:00:00Z", "subscribed", "a new contact takes any date"},
		{"unsubscribed", "2026-02-01T00:00:00Z", "unsubscribed", "a later date changes it"},
		{"subscribed", "2026-01-15T00:00:00Z", "unsubscribed", "an earlier one is ignored"},
		{"subscribed", "", "subscribed", "no date is now, which brings people back"},
	} {
		if got := set(step.status, step.at); got != step.want {
			t.Errorf("%s: got %s", step.why, got)
		}
	}
	s.call("POST", "/api/contacts", email("a@b.dk", `"city":"Ribe"`))
	if c, _ := s.Contact("a@b.dk"); c.Status != "subscribed" {
		t.Errorf("without channels the status stays: %s", c.Status)
	}
	if n := s.Stats().Welcomes; n != 4 {
		t.Errorf("%d welcome messages, want one for each request that did not switch it off", n)
	}
}

func TestIdentifiersBelongToOne(t *testing.T) {
	s := start(t, sandbox.Options{})
	with := func(address, phone string) string {
		return fmt.Sprintf(`{"identifiers":[{"type":"email","id":%q},{"type":"phone","id":%q}]}`, address, phone)
	}
	s.call("POST", "/api/contacts", with("a@b.dk", "+4512345678"))
	if r := s.call("POST", "/api/contacts", with("c@b.dk", "+4512345678")); r.status != 201 || len(r.body["phone"].([]any)) != 0 {
		t.Errorf("somebody else's phone is ignored: %d %s", r.status, r.raw)
	}
	if r := s.call("POST", "/api/contacts", `{"identifiers":[{"type":"phone","id":"+4512345678"}]}`); r.status != 400 {
		t.Errorf("nobody is created of it alone: %d", r.status)
	}
	if r := s.call("PATCH", "/api/contacts?email="+url.QueryEscape("c@b.dk"), with("c@b.dk", "+4512345678")); r.status != 409 {
		t.Errorf("PATCH says so: %d", r.status)
	}
	if r := s.call("PATCH", "/api/contacts?email=c%40b.dk", email("d+e@b.dk", `"city":"Ribe"`)); r.status != 200 || r.body["email"] != "d+e@b.dk" {
		t.Errorf("PATCH renames: %d %s", r.status, r.raw)
	}
	if r := s.call("PATCH", "/api/contacts?email=c%40b.dk", "{}"); r.status != 404 {
		t.Errorf("the old name is gone: %d", r.status)
	}
	if r := s.call("GET", "/api/contacts?email=d%2Be%40b.dk", ""); len(r.body["contacts"].([]any)) != 1 {
		t.Errorf("the new one is found: %s", r.raw)
	}
}

func TestPagesOfContacts(t *testing.T) {
	s := start(t, sandbox.Options{RequestsPerMinute: -1})
	for i := range 25 {
		tag := `"tags":["odd"]`
		if i%2 == 0 {
			tag = ""
		}
		s.call("POST", "/api/contacts", email(fmt.Sprintf("k%02d@b.dk", i), tag))
		s.clock.move(time.Second)
	}
	for query, want := range map[string]int{"": 25, "tag=odd": 12, "sort=updatedAt&direction=desc": 25, "status=subscribed": 0, "updatedAtFrom=2026-05-01T09:00:20Z": 5} {
		seen := map[string]bool{}
		after := ""
		for range 10 {
			r := s.call("GET", "/api/contacts?limit=4&"+query+after, "")
			if r.status != 200 {
				t.Fatal(r.raw)
			}
			for _, c := range r.body["contacts"].([]any) {
				seen[c.(map[string]any)["email"].(string)] = true
			}
			paging := r.body["paging"].(map[string]any)
			if paging["hasMore"] == false {
				break
			}
			after = "&after=" + paging["cursors"].(map[string]any)["after"].(string)
		}
		if len(seen) != want {
			t.Errorf("%q: %d contacts, want %d", query, len(seen), want)
		}
	}
	first := s.call("GET", "/api/contacts?limit=4", "")
	after := first.body["paging"].(map[string]any)["cursors"].(map[string]any)["after"].(string)
	second := s.call("GET", "/api/contacts?limit=4&after="+after, "")
	before := second.body["paging"].(map[string]any)["cursors"].(map[string]any)["before"].(string)
	back := s.call("GET", "/api/contacts?limit=4&before="+before, "")
	if fmt.Sprint(back.body["contacts"]) != fmt.Sprint(first.body["contacts"]) {
		t.Errorf("the way back leads elsewhere: %s", back.raw)
	}
	for _, bad := range []string{"limit=251", "limit=0", "after=x", "after=" + after + "&before=" + before, "after=" + after + "&tag=odd", "tag=a&status=subscribed", "updatedAtFrom=2026-05-01T09:00:00Z&tag=a", "sort=email"} {
		if r := s.call("GET", "/api/contacts?"+bad, ""); r.status != 400 {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
}

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
