// Package tracetest receives traces over HTTP as a collector does, for tests.
package tracetest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	span "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Receiver takes what is sent to its URL.
type Receiver struct {
	URL string

	mutex    sync.Mutex
	received []*collector.ExportTraceServiceRequest
}

// Receive starts a receiver that ends with the test.
func Receive(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, request *http.Request) {
		if err := r.take(request); err != nil {
			t.Error(err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf") // of an empty answer: everything was taken
	})
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

func (r *Receiver) take(request *http.Request) error {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	if request.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		if body, err = io.ReadAll(unpacked); err != nil {
			return err
		}
	}
	sent := &collector.ExportTraceServiceRequest{}
	if err := proto.Unmarshal(body, sent); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.received = append(r.received, sent)
	return nil
}

// Spans are those that were received so far.
func (r *Receiver) Spans() (all []*span.Span) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, sent := range r.received {
		for _, resource := range sent.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				all = append(all, scope.GetSpans()...)
			}
		}
	}
	return all
}

// Text is everything that was received, for looking through.
func (r *Receiver) Text() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	text := ""
	for _, sent := range r.received {
		text += protojson.Format(sent)
	}
	return text
}

// Attribute is the value of a span's attribute, a number or a text; nil when it has none.
func Attribute(s *span.Span, key string) any {
	for _, a := range s.GetAttributes() {
		if a.GetKey() != key {
			continue
		}
		if text := a.GetValue().GetStringValue(); text != "" {
			return text
		}
		return a.GetValue().GetIntValue()
	}
	return nil
}
