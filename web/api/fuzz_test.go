package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/segue-app/segue/internal/run"
)

func FuzzReadCursor(f *testing.F) {
	for _, text := range []string{"", "x", cursor("runs", 1), cursor("runs", -1), cursor("exports", 7), "cnVuczox=", "cnVuczowMQ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		after, err := readCursor(text, "runs")
		if err != nil && after != 0 {
			t.Errorf("%q is refused, and gives %d", text, after)
		}
		if err == nil && text != "" && (after <= 0 || cursor("runs", after) != text) {
			t.Errorf("%q is taken for %d", text, after)
		}
	})
}

func FuzzReadPlace(f *testing.F) {
	for _, p := range []run.Telling{{}, {Rejection: 5}, {Batch: 2, Entry: 100}} {
		f.Add(writePlace(p))
	}
	f.Add("b3V0Y29tZXM6LTEuMC4w")
	f.Add("b3V0Y29tZXM6M000")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readPlace(text)
		if err != nil && p != (run.Telling{}) {
			t.Errorf("%q is refused, and gives %+v", text, p)
		}
		if err == nil && text != "" && (writePlace(p) != text || p.Rejection < 0 || p.Batch < 0 || p.Entry < 0) {
			t.Errorf("%q is taken for %+v", text, p)
		}
	})
}

func FuzzBody(f *testing.F) {
	for _, text := range []string{"", "{}", `{"complete": true}`, `{"complete": true} x`, `[1]`, `{"complete":true,"complete":false}`, "\x00", `{"other":1}`} {
		f.Add([]byte(text), "application/json")
	}
	f.Add([]byte("{}"), "text/plain")
	f.Add([]byte("{}"), "application/json; charset=\"")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		request.Header.Set("Content-Type", kind)
		var asked struct {
			Complete bool `json:"complete"`
		}
		err := read(echo.New().NewContext(request, httptest.NewRecorder()), &asked)
		if err == nil && asked.Complete && !bytes.Contains(bytes.ToLower(body), []byte("complete")) && !bytes.Contains(body, []byte(`\u`)) {
			t.Errorf("%q asks for everything", body)
		}
	})
}

func FuzzBearerToken(f *testing.F) {
	for _, header := range []string{"", "Bearer", "Bearer x", "bearer  x ", "Basic x", "Bearer x y"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if key := bearerToken(header); len(key) >= len(header) && header != "" {
			t.Errorf("%q gives %q", header, key)
		}
	})
}
