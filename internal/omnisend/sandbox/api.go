package sandbox

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	version     = "2026-03-15"
	largestBody = 10 << 20
)

// serveAPI answers one request of the API, or lets a fault befall it.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	f := s.faults.Load()
	s.linger(r, f)
	limit := int64(largestBody)
	if f.LargestBody > 0 {
		limit = int64(f.LargestBody)
	}
	body, err := readBody(w, r, limit)
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			s.send(w, refusal(http.StatusRequestEntityTooLarge))
		} else {
			cut(w) // the client went away in the middle
		}
		return
	}
	var fate outcome
	if f.faulty() {
		fate = f.fate(r.URL.Path, s.roll())
	}
	if fate == droppedBefore {
		s.stats.count(0)
		cut(w)
		return
	}
	a := s.answer(r, body, f, fate)
	switch fate {
	case droppedAfter:
		s.stats.count(0)
		cut(w)
	case halfAnswer:
		s.stats.count(0)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)+1))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		cut(w)
	case brokenJSON:
		a.body = a.body[:len(a.body)/2]
		s.send(w, a)
	default:
		s.send(w, a)
	}
}

func (s *Server) send(w http.ResponseWriter, a answer) {
	s.stats.count(a.status)
	if len(a.body) > 0 {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away is no concern of ours
}

// cut ends the connection without another byte.
func cut(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // the other side sees a reset
	}
	_ = connection.Close()
}

func (s *Server) linger(r *http.Request, f *Faults) {
	wait := time.Duration(f.LatencyMillis) * time.Millisecond
	if f.JitterMillis > 0 {
		wait += time.Duration(s.roll() * float64(f.JitterMillis) * float64(time.Millisecond))
	}
	if wait <= 0 || f.Path != "" && !strings.Contains(r.URL.Path, f.Path) {
		return
	}
	select {
	case <-time.After(wait):
	case <-r.Context().Done():
	case <-s.stop:
	}
}

// readBody gives the body as a text of its exact size: a batch is kept in it until it is tried.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (string, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return "", nil
	}
	var body strings.Builder
	if r.ContentLength > 0 && r.ContentLength <= limit {
		body.Grow(int(r.ContentLength))
	}
	_, err := io.Copy(&body, http.MaxBytesReader(w, r.Body, limit))
	return body.String(), err
}

// answer does what every request goes through: key, limit, version, then its own work.
func (s *Server) answer(r *http.Request, body string, f *Faults, fate outcome) answer {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Omnisend-API-Key ")
	s.mu.RLock()
	b := s.byKey[key]
	s.mu.RUnlock()
	if !ok || b == nil || f.KeysRevoked {
		return refusal(http.StatusUnauthorized)
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api")
	pot := potOther
	if path == "/contacts/tags" {
		pot = potTags
	}
	wait, ok := b.windows[pot].enter(s.options.Clock(), s.minute, s.limits[pot], f.OthersPerMinute)
	if !ok || fate == throttled {
		seconds := 0
		if !f.NoRetryAfter {
			seconds = max(1, int((wait+time.Second-1)/time.Second))
		}
		return answer{status: http.StatusTooManyRequests, body: problemBody(http.StatusTooManyRequests, nil, f.OldErrorShape, seconds)}
	}
	if fate == serverError {
		status := [...]int{500, 502, 503, 504}[int(s.roll()*4)]
		return refusal(status)
	}
	if a, ok := checkVersion(r.Header.Values("Omnisend-Version"), f); !ok {
		return a
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refusal(http.StatusBadRequest, fieldProblem{"", "invalid_format", "the query cannot be read"})
	}
	a := s.route(request{b: b, f: f, method: r.Method, path: path, query: query, body: body, now: s.now()})
	if f.OldErrorShape && a.status >= 400 {
		a.body = problemBody(a.status, a.problems, true, 0)
	}
	return a
}

func checkVersion(sent []string, f *Faults) (answer, bool) {
	if f.VersionRetired {
		return refusal(http.StatusGone), false
	}
	if len(sent) == 1 && sent[0] == version {
		return answer{}, true
	}
	if len(sent) == 1 && sent[0] < version {
		if _, err := time.Parse(time.DateOnly, sent[0]); err == nil {
			return refusal(http.StatusGone), false
		}
	}
	return refusal(http.StatusBadRequest, fieldProblem{"Omnisend-Version", "invalid_format", "must be " + version}), false
}

// request is one that passed the gate, with the brand's lock held.
type request struct {
	b            *brand
	f            *Faults
	method, path string
	query        url.Values
	body         string
	now          int64
}

// endpoint is one operation: the scope it needs, the query parameters it knows and its work.
type endpoint struct {
	scope  string
	params []string
	serve  func(*Server, request, string) answer
}

var endpoints = map[string]endpoint{
	"GET /brands/current": {"brands.read", nil, (*Server).currentBrand},
	"POST /contacts":      {"contacts.write", nil, (*Server).upsertContact},
	"GET /contacts": {"contacts.read", []string{"limit", "after", "before", "sort", "direction", "email", "phone", "status",
		"segmentID", "tag", "updatedAtFrom"}, (*Server).listContacts},
	"PATCH /contacts":         {"contacts.write", []string{"email"}, (*Server).patchByEmail},
	"GET /contacts/{id}":      {"contacts.read", nil, (*Server).readContact},
	"PATCH /contacts/{id}":    {"contacts.write", nil, (*Server).patchContact},
	"POST /contacts/tags":     {"contacts.write", nil, (*Server).tagContacts},
	"DELETE /contacts/tags":   {"contacts.write", nil, (*Server).tagContacts},
	"POST /batches":           {"contacts.write", nil, (*Server).takeBatch},
	"GET /batches":            {"contacts.read", []string{"endpoint", "status", "dateFrom", "dateTo", "offset", "limit"}, (*Server).listBatches},
	"GET /batches/{id}":       {"contacts.read", nil, (*Server).readBatchState},
	"GET /batches/{id}/items": {"contacts.read", nil, (*Server).readBatchItems},
}

func (s *Server) route(q request) answer {
	parts := strings.Split(strings.TrimPrefix(q.path, "/"), "/")
	pattern, id := q.path, ""
	if len(parts) >= 2 && (parts[0] == "contacts" && parts[1] != "tags" || parts[0] == "batches") {
		id = parts[1]
		parts[1] = "{id}"
		pattern = "/" + strings.Join(parts, "/")
	}
	e, ok := endpoints[q.method+" "+pattern]
	if !ok {
		return refusal(http.StatusNotFound)
	}
	if !q.b.may(e.scope) || slices.Contains(strings.Fields(q.f.DeniedScopes), e.scope) {
		return refusal(http.StatusForbidden)
	}
	for name := range q.query {
		if !slices.Contains(e.params, name) {
			return refusal(http.StatusBadRequest, fieldProblem{name, "unknown", "is no query parameter of this operation"})
		}
	}
	return e.serve(s, q, id)
}

func (s *Server) currentBrand(q request, _ string) answer {
	id := q.b.ID
	if q.f.OtherBrandID != "" {
		id = q.f.OtherBrandID
	}
	if q.b.Nameless {
		return answer{status: http.StatusOK, body: []byte(`{}`)}
	}
	body := appendQuoted([]byte(`{"brandID":`), id)
	body = appendQuoted(append(body, `,"name":`...), q.b.Name)
	body = appendQuoted(append(body, `,"website":`...), q.b.Website)
	body = append(body, `,"platform":"api","version":"","currency":"EUR","timezone":"Europe/Copenhagen","connected":`...)
	return answer{status: http.StatusOK, body: append(strconv.AppendBool(body, !q.b.Disconnected), '}')}
}

// number reads a whole number of the query within bounds.
func (q request) number(name string, standard, low, high int) (int, *fieldProblem) {
	if !q.query.Has(name) {
		return standard, nil
	}
	n, err := strconv.Atoi(q.query.Get(name))
	if err != nil || n < low || n > high {
		return 0, &fieldProblem{name, "invalid_value", "must be from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)}
	}
	return n, nil
}
