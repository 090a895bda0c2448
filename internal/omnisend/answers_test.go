package omnisend

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/destination"
)

func TestItemsAreReadWhateverTheirShape(t *testing.T) {
	const request = `"request":{"identifiers":[{"type":"phone","id":"+4512345678"},{"type":"email","id":"A@b.dk"}]}`
	reason := func(field, code, message string) []destination.Reason {
		return []destination.Reason{{Field: field, Code: code, Message: message}}
	}
	for name, test := range map[string]struct {
		body     string
		accepted map[string]destination.Accepted
		rejected map[string][]destination.Reason
	}{
		"created":                      {`{"responses":[{` + request + `,"responseCode":201}]}`, map[string]destination.Accepted{"a@b.dk": {Created: true}}, nil},
		"updated":                      {`{"responses":[{` + request + `,"responseCode":200}]}`, map[string]destination.Accepted{"a@b.dk": {Updated: true}}, nil},
		"every 2xx is accepted":        {`{"responses":[{` + request + `,"responseCode":202}]}`, map[string]destination.Accepted{"a@b.dk": {}}, nil},
		"no code among the responses":  {`{"responses":[{` + request + `}]}`, map[string]destination.Accepted{"a@b.dk": {}}, nil},
		"a failure among them":         {`{"responses":[{` + request + `,"responseCode":400}]}`, nil, map[string][]destination.Reason{"a@b.dk": {{Code: "rejected"}}}},
		"a failure without words":      {`{"errors":[{` + request + `,"response":null}]}`, nil, map[string][]destination.Reason{"a@b.dk": {{Code: "rejected"}}}},
		"an item that is nobody's":     {`{"errors":[{"request":7,"responseCode":400},{"request":{"identifiers":[]}}]}`, nil, nil},
		"acceptance stands":            {`{"errors":[{` + request + `}],"responses":[{` + request + `}]}`, map[string]destination.Accepted{"a@b.dk": {}}, nil},
		"the object of RFC 9457":       {`{"errors":[{` + request + `,"responseCode":400,"response":{"title":"Validation failed","errors":[{"field":"gender","code":"invalid_value","message":"m or f"}]}}]}`, nil, map[string][]destination.Reason{"a@b.dk": reason("gender", "invalid_value", "m or f")}},
		"the same without a list":      {`{"errors":[{` + request + `,"response":{"title":"Conflict","detail":"taken"}}]}`, nil, map[string][]destination.Reason{"a@b.dk": reason("", "rejected", "taken")}},
		"a status by its own name":     {`{"errors":[{` + request + `,"response":{"errors":[{"field":"identifiers[0].channels.email.statusChangedAt","code":"c"},{"field":"identifiers[1].channels.sms.status","code":"c"}]}}]}`, nil, map[string][]destination.Reason{"a@b.dk": {{Field: "emailStatusAt", Code: "c"}, {Field: "smsStatus", Code: "c"}}}},
		"the shape of v3":              {`{"errors":[{` + request + `,"response":{"error":"1 error(s) found","fields":{"0":["identifiers[0].channels: is required"]}}}]}`, nil, map[string][]destination.Reason{"a@b.dk": reason("identifiers[0].channels", "rejected", "is required")}},
		"the shape of v3, plain words": {`{"errors":[{` + request + `,"response":{"error":"e","fields":{"0":["something is wrong: see below"]}}}]}`, nil, map[string][]destination.Reason{"a@b.dk": reason("", "rejected", "something is wrong: see below")}},
		"members of other types":       {`{"errors":[{` + request + `,"response":{"errors":[{"field":1,"code":"c","message":{}}]}}]}`, nil, map[string][]destination.Reason{"a@b.dk": reason("", "c", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readItems([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Accepted) != len(test.accepted) || len(test.accepted) > 0 && !reflect.DeepEqual(got.Accepted, test.accepted) {
				t.Errorf("accepted %v, want %v", got.Accepted, test.accepted)
			}
			reasons := map[string][]destination.Reason{}
			for identity, rejected := range got.Rejected {
				reasons[identity] = rejected.Reasons
			}
			if len(reasons) != len(test.rejected) || len(test.rejected) > 0 && !reflect.DeepEqual(reasons, test.rejected) {
				t.Errorf("rejected %v, want %v", reasons, test.rejected)
			}
		})
	}
}

func TestOnlyAnItemThatIsToBlameItselfIsRefusedForGood(t *testing.T) {
	for status, passing := range map[int]bool{400: false, 404: false, 409: false, 413: false, 422: false, 401: true, 403: true, 408: true, 429: true, 500: true, 503: true} {
		body := fmt.Sprintf(`{"errors":[{"request":{"identifiers":[{"type":"email","id":"a@b.dk"}]},"responseCode":%d,"response":{"title":"x"}}]}`, status)
		results, err := readItems([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		got := results.Rejected["a@b.dk"]
		if want := fmt.Sprintf(`{"responseCode":%d,"response":{"title":"x"}}`, status); got.Passing != passing || string(got.Answer) != want {
			t.Errorf("%d: passing %v, answer %s", status, got.Passing, got.Answer)
		}
	}
}

func TestHintsOfTheHeader(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "x": 0, "99999999999": 0, "86400": time.Hour, "3s": 0,
		"Fri, 01 May 2026 09:00:30 GMT": 30 * time.Second, "Fri, 01 May 2026 08:00:00 GMT": 0,
	} {
		if got := retryAfter(value, "Fri, 01 May 2026 09:00:00 GMT"); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	if got := retryAfter("Fri, 01 May 2026 09:00:30 GMT", ""); got != 0 {
		t.Errorf("a date without the answer's own: %v", got)
	}
}

// FuzzBatchItems holds that whatever is answered is read without a panic, every key is an address in its sent form, no
// address is in both lists and every rejection has a reason.
func FuzzBatchItems(f *testing.F) {
	f.Add(`{"errors":[{"request":{"identifiers":[{"type":"email","id":"a@b.dk"}]},"responseCode":400,"response":{"errors":[{"field":"x"}]}}],"responses":[]}`)
	f.Add(`{"responses":[{"request":{"identifiers":[{"type":"email","id":"A@B.dk"}]},"responseCode":201,"response":{}}],"errors":[{"request":{"identifiers":[{"type":"email","id":"a@b.dk"}]}}]}`)
	f.Add(`{"errors":null,"responses":[null,{"request":null,"response":[]}]}`)
	f.Add(`{"errors":[{"request":{"identifiers":{}},"response":"text"}]`)
	f.Fuzz(func(t *testing.T, body string) {
		results, err := readItems([]byte(body))
		if err != nil {
			return
		}
		for identity := range results.Accepted {
			if form, ok := Identity(identity); !ok || form != identity {
				t.Fatalf("%q", identity)
			}
		}
		for identity, rejected := range results.Rejected {
			if _, both := results.Accepted[identity]; both || len(rejected.Reasons) == 0 || rejected.Reasons[0].Code == "" ||
				len(rejected.Answer) == 0 || len(rejected.Answer) > maxKept {
				t.Fatalf("%q: both %v, %+v", identity, both, rejected)
			}
		}
	})
}

// FuzzProblem holds that no body of a failure breaks anything, and that what is kept of it is bounded: the error's text
// has none of it, a hint is at most an hour, an id has the form of one.
func FuzzProblem(f *testing.F) {
	f.Add(`{"type":"https://problems.omnisend.com/rate-limit-exceeded","status":429,"retryAfter":12,"instance":"urn:omnisend:request:1"}`, 429)
	f.Add(`{"error":"1 error(s) found","fields":{"0":["a: b"],"1":[]}}`, 400)
	f.Add(`{"retryAfter":-1e308,"instance":"a b","errors":[{},{"field":"x"}]}`, 503)
	f.Add(`<html>`, 302)
	f.Fuzz(func(t *testing.T, body string, status int) {
		const mark = "mark-of-the-body"
		e := failed(status, http.Header{}, []byte(strings.ReplaceAll(body, "a", mark)))
		if strings.Contains(e.Error(), mark) || e.RetryAfter < 0 || e.RetryAfter > maxHint || len(e.TraceID) > 100 ||
			strings.ContainsAny(e.TraceID, " @\n") || e.Kind == 0 || len(e.Reasons) > maxReasons {
			t.Fatalf("%+v", e)
		}
		for _, reason := range e.Reasons {
			if len(reason.Message) > 510 || !utf8.ValidString(reason.Message) || reason.Code == "" {
				t.Fatalf("%+v", reason)
			}
		}
	})
}
