package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/web"
	"github.com/segue-app/segue/web/api"
)

// site is a whole Segue over HTTP, whose answers to programs are held to the description.
type site struct {
	*apptest.Kit
	t    *testing.T
	url  string
	log  *logBook
	seen *seen

	handler http.Handler
}

// logBook keeps what the server logs.
type logBook struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// start serves a Segue with the demonstration's people and segments, and n sample customers.
func start(t *testing.T, n int) *site {
	t.Helper()
	return serve(t, apptest.Start(t, n))
}

func serve(t *testing.T, kit *apptest.Kit) *site {
	t.Helper()
	s := &site{Kit: kit, t: t, log: &logBook{}, seen: &seen{answers: map[string]bool{}}}
	pages := web.New(web.Of(kit.App), web.Options{Sealer: kit.Sealer, Logger: slog.New(slog.NewTextHandler(s.log, nil))})
	s.handler = pages.Handler()
	server := httptest.NewServer(s.handler)
	t.Cleanup(func() {
		pages.Close() // ends the streams, which the server would wait for
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

// key makes a token of a person.
func (s *site) key(of access.Actor, scopes ...access.Scope) string {
	s.t.Helper()
	_, key, err := s.Tokens.Create(s.t.Context(), of, token.Draft{Name: "test", Scopes: access.ScopesOf(scopes...), Days: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	return key.Reveal()
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	t    *testing.T
	body []byte
}

// ask sends a request to the API, path beginning behind /api/v1, and holds the answer to the description. Headers are name, value.
func (s *site) ask(key, method, path, body string, headers ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+api.Prefix+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	read, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		s.t.Fatal(err)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{response, s.t, read}
	s.check(a)
	return a
}

func (s *site) get(key, path string) answer {
	s.t.Helper()
	return s.ask(key, http.MethodGet, path, "")
}

func (s *site) post(key, path, body string, headers ...string) answer {
	s.t.Helper()
	return s.ask(key, http.MethodPost, path, body, headers...)
}

// wants fails the test unless the answer has the status.
func (a answer) wants(status int) answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("%s %s: status %d, want %d\n%.2000s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	return a
}

// problem reads the answer as a problem with the status and the code.
func (a answer) problem(status int, code string) api.Problem {
	a.t.Helper()
	a.wants(status)
	p := as[api.Problem](a)
	if p.Code != code || p.Status != status || p.Detail == "" || p.Title == "" {
		a.t.Errorf("%s %s: %+v, want %s", a.Request.Method, a.Request.URL, p, code)
	}
	return p
}

func as[T any](a answer) (value T) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, &value); err != nil {
		a.t.Fatalf("%s %s: %v\n%.2000s", a.Request.Method, a.Request.URL, err, a.body)
	}
	return value
}

// description is the served one, read once.
type description struct {
	document map[string]any
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
	paths    map[string]map[string]any
	mutex    sync.Mutex
}

const descriptionURL = "https://segue.example.com/openapi.json"

var served struct {
	sync.Mutex
	*description
}

func (s *site) description() *description {
	s.t.Helper()
	served.Lock()
	defer served.Unlock()
	if served.description != nil {
		return served.description
	}
	response, err := http.Get(s.url + api.Prefix + "/openapi.json")
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		s.t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	d := &description{document: document.(map[string]any), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, paths: map[string]map[string]any{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(descriptionURL, document); err != nil {
		s.t.Fatal(err)
	}
	for path, item := range d.document["paths"].(map[string]any) {
		d.paths[path] = item.(map[string]any)
	}
	served.description = d
	return d
}

// operation finds what the description says about a request: its path as the description writes it, and the operation.
func (d *description) operation(method, path string) (template string, operation map[string]any) {
	parts := strings.Split(path, "/")
	for template, item := range d.paths {
		pattern := strings.Split(template, "/")
		fits := len(pattern) == len(parts)
		for i := range min(len(pattern), len(parts)) {
			fits = fits && (pattern[i] == parts[i] || strings.HasPrefix(pattern[i], "{"))
		}
		if operation, ok := item[strings.ToLower(method)].(map[string]any); fits && ok {
			return template, operation
		}
	}
	return "", nil
}

// schema gives the schema of an answer; "" when it has no body.
func (d *description) schema(t *testing.T, operation map[string]any, a answer, kind string) *jsonschema.Schema {
	t.Helper()
	answers := operation["responses"].(map[string]any)
	response, pointer := answers[strconv.Itoa(a.StatusCode)], ""
	if response == nil && a.StatusCode >= http.StatusBadRequest {
		response = answers["default"]
	}
	if response == nil {
		t.Fatalf("%s %s answers %d, of which the description says nothing", a.Request.Method, a.Request.URL, a.StatusCode)
	}
	if reference, ok := response.(map[string]any)["$ref"].(string); ok {
		pointer = reference
		response = d.document["components"].(map[string]any)["responses"].(map[string]any)[reference[strings.LastIndex(reference, "/")+1:]]
	}
	content, _ := response.(map[string]any)["content"].(map[string]any)
	if content == nil {
		if len(a.body) > 0 {
			t.Errorf("%s %s answers %d with a body, the description says without", a.Request.Method, a.Request.URL, a.StatusCode)
		}
		return nil
	}
	described, ok := content[kind].(map[string]any)
	if !ok {
		t.Fatalf("%s %s answers %d in %s, of which the description says nothing", a.Request.Method, a.Request.URL, a.StatusCode, kind)
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	address := descriptionURL + pointer + "/content/" + escaped(kind) + "/schema"
	if pointer == "" {
		if address, ok = described["schema"].(map[string]any)["$ref"].(string); ok {
			address = descriptionURL + address
		} else { // small ones that stand where they are used
			return nil
		}
	}
	if d.schemas[address] == nil {
		compiled, err := d.compiler.Compile(address)
		if err != nil {
			t.Fatal(err)
		}
		d.schemas[address] = compiled
	}
	return d.schemas[address]
}

func escaped(part string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
}

// seen are the answers that were held to the description.
type seen struct {
	mutex   sync.Mutex
	answers map[string]bool
}

func (s *seen) add(what string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.answers[what] = true
}

// check holds an answer to the description.
func (s *site) check(a answer) {
	s.t.Helper()
	path := strings.TrimPrefix(a.Request.URL.Path, api.Prefix)
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if slices.Contains(a.Header["Set-Cookie"], "") || len(a.Header["Set-Cookie"]) > 0 {
		s.t.Errorf("%s %s sets a cookie", a.Request.Method, path)
	}
	d := s.description()
	template, operation := d.operation(a.Request.Method, path)
	if operation == nil { // a route that is not: only problems may come
		if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
			s.t.Errorf("%s %s answers %d and is not described", a.Request.Method, path, a.StatusCode)
		}
		return
	}
	s.seen.add(a.Request.Method + " " + template + " " + strconv.Itoa(a.StatusCode))
	schema := d.schema(s.t, operation, a, kind)
	if schema == nil {
		return
	}
	for _, text := range bodies(a.body, kind) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			s.t.Errorf("%s %s, %d, is not as described: %v\n%.1000s", a.Request.Method, path, a.StatusCode, err, text)
			return
		}
	}
}

// bodies are the values in an answer: one, one on each line, or the data of each event.
func bodies(body []byte, kind string) (values []string) {
	switch kind {
	case "application/x-ndjson":
		for line := range strings.Lines(string(body)) {
			values = append(values, line)
		}
	case "text/event-stream":
		for line := range strings.Lines(string(body)) {
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				values = append(values, data)
			}
		}
	case "text/csv":
	default:
		values = []string{string(body)}
	}
	return values
}
