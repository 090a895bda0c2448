package notice

import (
	"net/http"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/i18n"
)

// FuzzAnswersOfReceivers holds that whatever a receiver answers ends in a state that people can be told, and a wait within a day.
func FuzzAnswersOfReceivers(f *testing.F) {
	for _, status := range []int{100, 200, 301, 400, 408, 410, 425, 429, 500, 599, 999} {
		f.Add(status, "120")
		f.Add(status, "Fri, 31 Dec 9999 23:59:59 GMT")
	}
	f.Add(503, "-1")
	f.Add(503, "4294967296")
	f.Add(503, "Mon, 01 Jan 0001 00:00:00 GMT")
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, retry string) {
		o := ofAnswer(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retry}}}, now)
		if delivered := status >= 200 && status <= 299; delivered != (o.reason == "") || o.after < 0 || o.after > patience || o.reason != "" && !i18n.Has("en", o.reason) {
			t.Fatalf("%d, %q: %+v", status, retry, o)
		}
	})
}
