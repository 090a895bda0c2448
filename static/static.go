// Package static holds what browsers fetch beside the pages: stylesheet, scripts, icons. Everything is embedded, hashed and
// compressed once at start, so that serving is a look-up. It knows nothing of pages or routes other than its own prefix.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Prefix is the path under which Handler expects to be mounted.
const Prefix = "/static/"

//go:embed css/*.css *.js icons.svg icons.LICENSE favicon*.svg
//go:embed vendor/*/*.js vendor/*/LICENSE
var embedded embed.FS

// stylesheet is the name under which the parts in css/ are served as one, in the order of their names.
const stylesheet = "segue.css"

type asset struct {
	contentType string
	version     string // the first half of the SHA-256, in hex
	plain       []byte
	zipped      []byte // nil where compression gains nothing
}

var assets = load(embedded)

// URL gives the address of an asset, with its content's hash so that browsers may keep it for ever.
// A name that does not exist gives an address that answers 404.
func URL(name string) string {
	a, ok := assets[name]
	if !ok {
		return Prefix + name
	}
	return Prefix + name + "?v=" + a.version
}

// Handler serves the assets under Prefix.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[strings.TrimPrefix(r.URL.Path, Prefix)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "public, no-cache") // an address without the hash must be asked again
	if r.URL.Query().Get("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := a.plain, `"`+a.version+`"`
	if a.zipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = a.zipped, `"`+a.version+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the reader went away: nothing is left to tell
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" is a refusal.
func acceptsGzip(header string) bool {
	for _, part := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			quality, weighted := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			value, err := strconv.ParseFloat(quality, 64)
			return !weighted || err != nil || value > 0
		}
	}
	return false
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml; charset=utf-8",
	"":     "text/plain; charset=utf-8", // licences
}

func load(files fs.FS) map[string]asset {
	loaded := map[string]asset{}
	var styles []byte
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		plain, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if path.Dir(name) == "css" {
			styles = append(styles, plain...) // WalkDir goes in the order of the names
			return nil
		}
		loaded[name] = newAsset(name, plain)
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("static: read embedded files: %v", err)) // the embedded files are part of the binary
	}
	loaded[stylesheet] = newAsset(stylesheet, styles)
	return loaded
}

func newAsset(name string, plain []byte) asset {
	contentType, ok := contentTypes[path.Ext(name)]
	if !ok {
		contentType = contentTypes[""]
	}
	sum := sha256.Sum256(plain)
	return asset{
		contentType: contentType,
		version:     hex.EncodeToString(sum[:])[:32],
		plain:       plain,
		zipped:      compress(plain),
	}
}

func compress(plain []byte) []byte {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := writer.Write(plain); err != nil || writer.Close() != nil || buffer.Len() >= len(plain) {
		return nil
	}
	return buffer.Bytes()
}
