// Package trace sends traces by OpenTelemetry's protocol (OTLP over HTTP), where the standard environment names a receiver: spans of
// requests, of jobs such as runs and imports, and of requests to destinations. Without one nothing is kept and nothing costs.
// Spans have patterns, ids, states and counts; no name, no address and nothing that a person typed may come into one.
package trace

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	otel "go.opentelemetry.io/otel/trace"
)

// Kind is what a span is to those on the other side of it.
type Kind = otel.SpanKind

// The kinds.
const (
	Inside   Kind = otel.SpanKindInternal
	Incoming Kind = otel.SpanKindServer
	Outgoing Kind = otel.SpanKindClient
)

// tracer makes spans; nil while traces are off.
var tracer atomic.Pointer[otel.Tracer]

// Span is a piece of work that takes time. Its methods do nothing on the one that Begin gives while traces are off.
type Span struct{ inner otel.Span }

// Begin begins a span within that of the context, if there is one. End must be called.
func Begin(ctx context.Context, kind Kind, name string) (context.Context, Span) {
	return begin(ctx, kind, name, time.Time{})
}

func begin(ctx context.Context, kind Kind, name string, at time.Time) (context.Context, Span) {
	t := tracer.Load()
	if t == nil {
		return ctx, Span{}
	}
	options := []otel.SpanStartOption{otel.WithSpanKind(kind)}
	if !at.IsZero() {
		options = append(options, otel.WithTimestamp(at))
	}
	ctx, inner := (*t).Start(ctx, name, options...)
	return ctx, Span{inner}
}

// Of is the span of the context.
func Of(ctx context.Context) Span {
	if tracer.Load() == nil {
		return Span{}
	}
	return Span{otel.SpanFromContext(ctx)}
}

// Number notes a number: an id, a count, a status.
func (s Span) Number(key string, value int64) {
	if s.inner != nil {
		s.inner.SetAttributes(attribute.Int64(key, value))
	}
}

// Word notes a word of our own: a state, a pattern, a method.
func (s Span) Word(key, value string) {
	if s.inner != nil {
		s.inner.SetAttributes(attribute.String(key, value))
	}
}

// Event notes that something of our own happened within the span, by its code.
func (s Span) Event(code string) {
	if s.inner != nil {
		s.inner.AddEvent(code)
	}
}

// Fail notes that the work failed. What was wrong is in the log, which has the id of the trace.
func (s Span) Fail() {
	if s.inner != nil {
		s.inner.SetStatus(codes.Error, "")
	}
}

// End ends the span.
func (s Span) End() {
	if s.inner != nil {
		s.inner.End()
	}
}

// IDs are those of the context's trace and span, in hexadecimal.
func IDs(ctx context.Context) (trace, span string, ok bool) {
	if tracer.Load() == nil {
		return "", "", false
	}
	at := otel.SpanContextFromContext(ctx)
	return at.TraceID().String(), at.SpanID().String(), at.IsValid()
}

// Continue makes the trace of whoever sent a header traceparent (W3C Trace Context) go on in the context. Only for senders that are
// trusted: others could decide what is sampled.
func Continue(ctx context.Context, traceparent string) context.Context {
	if tracer.Load() == nil || traceparent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
}

type sparse struct{}

// oneIn is how many requests of one kind of work stand for each that is kept.
const oneIn = 100

// Sparse has only every hundredth of the requests be kept that Request tells of within the context, and those that failed or were slow:
// a run makes thousands.
func Sparse(ctx context.Context) context.Context {
	if tracer.Load() == nil {
		return ctx
	}
	return context.WithValue(ctx, sparse{}, &atomic.Int64{})
}

// slow is a request that is worth a span of its own.
const slow = 5 * time.Second

// Request tells of a request to another service that has come to its end. The path is a pattern; a status of 0 is no answer.
func Request(ctx context.Context, method, path string, started time.Time, status int) {
	if tracer.Load() == nil {
		return
	}
	failed := status < 200 || status > 299
	if made, ok := ctx.Value(sparse{}).(*atomic.Int64); ok && !failed && time.Since(started) < slow && made.Add(1)%oneIn != 1 {
		return
	}
	_, span := begin(ctx, Outgoing, method+" "+path, started)
	span.Word("http.request.method", method)
	span.Word("url.template", path)
	if status != 0 {
		span.Number("http.response.status_code", int64(status))
	}
	if failed {
		span.Fail()
	}
	span.End()
}
