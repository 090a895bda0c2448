package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func get(t *testing.T, address string, headers ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, address, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	Handler().ServeHTTP(recorder, request)
	return recorder.Result()
}

func body(t *testing.T, r io.Reader) []byte {
	t.Helper()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestAnAddressWithTheHashMayBeKeptForEverAndOneWithoutMayNot(t *testing.T) {
	for name := range assets {
		hashed := get(t, URL(name))
		if hashed.StatusCode != http.StatusOK || !strings.Contains(hashed.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, Cache-Control %q", URL(name), hashed.StatusCode, hashed.Header.Get("Cache-Control"))
		}
		for _, address := range []string{Prefix + name, Prefix + name + "?v=old"} {
			if c := get(t, address).Header.Get("Cache-Control"); strings.Contains(c, "immutable") || !strings.Contains(c, "no-cache") {
				t.Errorf("%s: Cache-Control %q", address, c)
			}
		}
	}
}

func TestEveryAssetHasTheRightType(t *testing.T) {
	for name, want := range map[string]string{
		"segue.css":                   "text/css; charset=utf-8",
		"app.js":                      "text/javascript; charset=utf-8",
		"icons.svg":                   "image/svg+xml; charset=utf-8",
		"favicon.svg":                 "image/svg+xml; charset=utf-8",
		"vendor/htmx/htmx.min.js":     "text/javascript; charset=utf-8",
		"vendor/htmx/LICENSE":         "text/plain; charset=utf-8",
		"icons.LICENSE":               "text/plain; charset=utf-8",
		"vendor/htmx-ext-sse/LICENSE": "text/plain; charset=utf-8",
	} {
		if got := get(t, URL(name)).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTheCompressedFormHoldsTheSameBytes(t *testing.T) {
	plain := body(t, get(t, URL("segue.css")).Body)
	for _, refusal := range []string{"gzip;q=0", "gzip; q=0.0", "br", ""} {
		if e := get(t, URL("segue.css"), "Accept-Encoding", refusal).Header.Get("Content-Encoding"); e != "" {
			t.Errorf("Accept-Encoding %q was answered with %q", refusal, e)
		}
	}
	for _, wish := range []string{"gzip", "br, gzip;q=0.5", "GZIP"} {
		zipped := get(t, URL("segue.css"), "Accept-Encoding", wish)
		if zipped.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("Accept-Encoding %q was not honoured", wish)
		}
		reader, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(body(t, reader), plain) {
			t.Errorf("Accept-Encoding %q: other bytes", wish)
		}
	}
}

func TestABrowserThatHasTheAssetIsToldSo(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		first := get(t, Prefix+"segue.css", "Accept-Encoding", encoding)
		again := get(t, Prefix+"segue.css", "Accept-Encoding", encoding, "If-None-Match", "W/"+first.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || len(body(t, again.Body)) != 0 {
			t.Errorf("encoding %q: status %d", encoding, again.StatusCode)
		}
	}
	if r := get(t, Prefix+"segue.css", "If-None-Match", `"other"`); r.StatusCode != http.StatusOK {
		t.Errorf("another ETag: status %d", r.StatusCode)
	}
}

func TestWhatDoesNotExistIs404AndWritingIsRefused(t *testing.T) {
	for _, address := range []string{URL("none.css"), Prefix, Prefix + "vendor/", Prefix + "../go.mod", Prefix + "static.go"} {
		if r := get(t, address); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", address, r.StatusCode)
		}
	}
	recorder := httptest.NewRecorder()
	Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, URL("segue.css"), nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", recorder.Code)
	}
}

func TestTheSpriteIsWellFormedAndItsNamesAreUnique(t *testing.T) {
	var sprite struct {
		Symbols []struct {
			ID string `xml:"id,attr"`
		} `xml:"symbol"`
	}
	if err := xml.Unmarshal(assets["icons.svg"].plain, &sprite); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, symbol := range sprite.Symbols {
		if seen[symbol.ID] {
			t.Errorf("icon %q is there twice", symbol.ID)
		}
		seen[symbol.ID] = true
	}
	if len(seen) < 40 {
		t.Errorf("only %d icons", len(seen))
	}
}

func TestTheVendoredFilesAreThoseThatTheirReadmeNames(t *testing.T) {
	readme, err := os.ReadFile("vendor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range assets {
		sum := sha256.Sum256(a.plain)
		file, vendored := strings.CutPrefix(name, "vendor/")
		if vendored && !strings.Contains(string(readme), "`"+file+"` | `"+hex.EncodeToString(sum[:])+"`") {
			t.Errorf("vendor/README.md does not name %s with its hash", file)
		}
	}
}

func TestOurScriptStaysTiny(t *testing.T) {
	if size := len(assets["app.js"].plain); size > 4096 {
		t.Errorf("app.js has %d bytes", size)
	}
}
