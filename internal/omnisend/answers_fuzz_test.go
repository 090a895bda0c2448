package omnisend_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/secret"
)

// said answers every request with the same.
type said struct {
	status      int
	retry, date string
	body        string
}

// RoundTrip answers.
func (s said) RoundTrip(r *http.Request) (*http.Response, error) {
	header := http.Header{"Retry-After": {s.retry}, "Date": {s.date}, "Location": {"https://elsewhere.example/"}}
	return &http.Response{StatusCode: s.status, Header: header, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

// FuzzAnswers holds that no answer to any request breaks the client, that what it fails with is a kind that the engine knows, that a hint
// is bounded, and that neither the key nor the answer is in the words of the failure.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{`{"brandID":"1"}`, `{"batches":[{"batchID":"b","status":"finished","totalCount":1e99}],"paging":{"next":"x"}}`, `{"contacts":[{"identifiers":[{"type":"email","id":"a@b.dk"}],"tags":[1,null]}]}`,
		`[]`, `null`, `{`, `{"batches":{}}`, `{"errors":null,"responses":[null]}`, strings.Repeat("[", 10_000), "<html>"} {
		f.Add(200, "", "", body)
		f.Add(429, "99999999999", "Fri, 01 May 2026 09:00:00 GMT", body)
		f.Add(307, "-1", "x", body)
	}
	f.Fuzz(func(t *testing.T, status int, retry, date, body string) {
		if status < 100 || status > 999 {
			return
		}
		const key, mark = "key-3141", "mark-of-the-body"
		driver := omnisend.NewDriver(omnisend.Options{BaseURL: "https://omnisend.example/api", Transport: said{status, retry, date, strings.ReplaceAll(body, "a", mark)}})
		account := driver.Open(secret.NewText(key), &openGate{}).(*omnisend.Account)
		judge := func(err error) {
			var failure *destination.Error
			if err != nil && !errors.As(err, &failure) {
				t.Fatalf("%v is of no kind", err)
			}
			if failure != nil && (failure.Kind == 0 || failure.RetryAfter < 0 || failure.RetryAfter > time.Hour || strings.Contains(err.Error(), key) || strings.Contains(err.Error(), mark)) {
				t.Fatalf("%+v", failure)
			}
		}
		ctx := t.Context()
		_, err := account.Verify(ctx)
		judge(err)
		_, err = account.Send(ctx, [][]byte{[]byte(`{}`)})
		judge(err)
		_, err = account.States(ctx, []string{"b"}, time.Time{})
		judge(err)
		_, err = account.Results(ctx, "b")
		judge(err)
		_, _, err = account.Find(ctx, "a@b.dk")
		judge(err)
		judge(account.AddTags(ctx, []string{"a@b.dk"}, []string{"tag"}))
	})
}
