package omnisend_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/secret"
)

func TestFaultsAreSortedByWhatToDo(t *testing.T) {
	server, base := startSandbox(t, sandbox.Options{RequestsPerMinute: 5})
	account, gate := open(base, key)
	items := encode(t, []destination.Field{destination.Email}, []string{"a@example.dk"})
	for name, test := range map[string]struct {
		faults  sandbox.Faults
		kind    destination.ErrorKind
		passing bool
		hint    bool
	}{
		"429 with a hint":       {sandbox.Faults{ThrottleShare: 1}, destination.Throttled, true, true},
		"429 without a hint":    {sandbox.Faults{ThrottleShare: 1, NoRetryAfter: true}, destination.Throttled, true, false},
		"5xx":                   {sandbox.Faults{ServerErrorShare: 1}, destination.Unavailable, true, false},
		"cut before":            {sandbox.Faults{DropBeforeShare: 1}, destination.Unreachable, true, false},
		"cut after":             {sandbox.Faults{DropAfterShare: 1}, destination.Unreachable, true, false},
		"half an answer":        {sandbox.Faults{HalfAnswerShare: 1}, destination.Unreachable, true, false},
		"half JSON":             {sandbox.Faults{BrokenJSONShare: 1}, destination.Unreachable, true, false},
		"key withdrawn":         {sandbox.Faults{KeysRevoked: true}, destination.Unauthorized, false, false},
		"permission withdrawn":  {sandbox.Faults{DeniedScopes: "contacts.write"}, destination.Forbidden, false, false},
		"version retired":       {sandbox.Faults{VersionRetired: true}, destination.Retired, false, false},
		"too large":             {sandbox.Faults{LargestBody: 10}, destination.TooLarge, false, false},
		"refused whole":         {sandbox.Faults{RefuseBatchesWith: "a@example"}, destination.Refused, false, false},
		"faults of other paths": {sandbox.Faults{Path: "/brands", ServerErrorShare: 1}, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			server.Reset()
			server.SetFaults(test.faults)
			_, err := account.Send(t.Context(), items)
			if test.kind == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e := failure(t, err)
			if e.Kind != test.kind || e.Passing() != test.passing || (e.RetryAfter > 0) != test.hint {
				t.Errorf("got kind %d, passing %v, hint %v: %v", e.Kind, e.Passing(), e.RetryAfter, e)
			}
			if told := gate.last.Load(); told.Throttled != (test.kind == destination.Throttled) || told.RetryAfter != e.RetryAfter {
				t.Errorf("the gate was told %+v", told)
			}
			if test.kind == destination.Refused && (len(e.Reasons) != 1 || e.TraceID == "") {
				t.Errorf("reasons %v, trace %q", e.Reasons, e.TraceID)
			}
		})
	}

	server.Reset()
	for range 5 {
		if _, err := account.Send(t.Context(), items); err != nil {
			t.Fatal(err)
		}
	}
	_, err := account.Send(t.Context(), items)
	if e := failure(t, err); e.Kind != destination.Throttled || e.RetryAfter < 50*time.Second || e.RetryAfter > time.Minute {
		t.Errorf("past the limit: kind %d, hint %v", e.Kind, e.RetryAfter)
	}
	if gate.entered.Load() != gate.done.Load() {
		t.Errorf("gate entered %d times, told %d times", gate.entered.Load(), gate.done.Load())
	}
}

func TestWaitsEnd(t *testing.T) {
	server, base := startSandbox(t, sandbox.Options{})
	server.SetFaults(sandbox.Faults{LatencyMillis: 2000})
	driver := omnisend.NewDriver(omnisend.Options{BaseURL: base, Timeout: 50 * time.Millisecond})
	_, err := driver.Open(secret.NewText(key), &openGate{}).Verify(t.Context())
	if e := failure(t, err); e.Kind != destination.Unreachable {
		t.Errorf("an answer that is too late: kind %d", e.Kind)
	}
	account, gate := open(base, key)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = account.Find(ctx, "jens@example.dk")
	if e := failure(t, err); e.Kind != destination.Unreachable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that ended: %v", err)
	}
	if _, err = account.Verify(ctx); !errors.Is(err, context.DeadlineExceeded) || gate.entered.Load() != 1 {
		t.Errorf("nothing is sent when the gate gives up: %v, %d requests", err, gate.entered.Load())
	}
}

func TestStrangeServers(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header http.Header
		body   string
		kind   destination.ErrorKind
		hint   time.Duration
	}{
		"a redirect is not followed":         {302, http.Header{"Location": {"http://127.0.0.1:1/"}}, "", destination.Unreachable, 0},
		"HTML instead of JSON":               {200, nil, "<html>jens@example.dk</html>", destination.Unreachable, 0},
		"another form of JSON":               {200, nil, `{"brandID":["jens@example.dk"]}`, destination.Unreachable, 0},
		"an empty answer":                    {200, nil, "", destination.Unreachable, 0},
		"a proxy's page":                     {502, nil, "<html>jens@example.dk</html>", destination.Unavailable, 0},
		"a hint in the header":               {429, http.Header{"Retry-After": {"7"}}, "", destination.Throttled, 7 * time.Second},
		"the body's hint comes first":        {429, http.Header{"Retry-After": {"7"}}, `{"retryAfter":3}`, destination.Throttled, 3 * time.Second},
		"a hint of years is cut":             {429, nil, `{"retryAfter":1e30}`, destination.Throttled, time.Hour},
		"a hint below nothing is none":       {503, http.Header{"Retry-After": {"-5"}}, `{"retryAfter":-2}`, destination.Unavailable, 0},
		"a timeout at their side":            {524, nil, "", destination.Unavailable, 0},
		"payment":                            {402, nil, "", destination.Payment, 0},
		"an answer larger than can be read":  {200, nil, strings.Repeat(" ", 5<<20), destination.Unreachable, 0},
		"an answer that quotes what we sent": {400, nil, `{"title":"jens@example.dk","detail":"jens@example.dk","instance":"jens@example.dk"}`, destination.Refused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for name, values := range test.header {
					w.Header()[name] = values
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer web.Close()
			account, _ := open(web.URL, key)
			_, err := account.Verify(t.Context())
			if e := failure(t, err); e.Kind != test.kind || e.RetryAfter != test.hint || strings.Contains(e.TraceID, "@") {
				t.Errorf("got kind %d, hint %v, %v", e.Kind, e.RetryAfter, err)
			}
		})
	}
}
