package trace_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/trace"
	"github.com/segue-app/segue/internal/trace/tracetest"
)

// start starts sending to a receiver; flush ends it.
func start(t *testing.T) (r *tracetest.Receiver, flush func()) {
	t.Helper()
	r = tracetest.Receive(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	stop, err := trace.Start(t.Context(), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return r, func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSpansArriveAtTheReceiverOfTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	r, flush := start(t)
	ctx := trace.Continue(t.Context(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ctx, outer := trace.Begin(ctx, trace.Incoming, "GET /runs/:id")
	outer.Number("segue.run", 7)
	id, _, ok := trace.IDs(ctx)
	_, inner := trace.Begin(ctx, trace.Inside, "run")
	inner.Event("run.started")
	inner.Word("segue.state", "failed")
	inner.Fail()
	inner.End()
	outer.End()
	flush()
	spans := r.Spans()
	if len(spans) != 2 || !ok || id != "0af7651916cd43dd8448eb211c80319c" {
		t.Fatalf("trace %q, %v", id, spans)
	}
	within, around := spans[0], spans[1]
	if within.GetName() != "run" || string(within.GetParentSpanId()) != string(around.GetSpanId()) || within.GetEvents()[0].GetName() != "run.started" ||
		tracetest.Attribute(within, "segue.state") != "failed" || within.GetStatus().GetCode().String() != "STATUS_CODE_ERROR" {
		t.Errorf("%v", within)
	}
	if around.GetName() != "GET /runs/:id" || tracetest.Attribute(around, "segue.run") != int64(7) {
		t.Errorf("%v", around)
	}
	for _, said := range []string{"1.2.3", "deployment.environment.name", `"segue"`} {
		if !strings.Contains(r.Text(), said) {
			t.Errorf("the resource does not say %s", said)
		}
	}
}

func TestOfManyRequestsOnlySomeAreKeptAndAllThatFailed(t *testing.T) {
	r, flush := start(t)
	ctx := trace.Sparse(t.Context())
	for range 250 {
		trace.Request(ctx, "POST", "/batches", time.Now(), 202)
	}
	trace.Request(ctx, "POST", "/batches", time.Now(), 503)
	trace.Request(ctx, "POST", "/batches", time.Now(), 0)
	trace.Request(ctx, "POST", "/batches", time.Now().Add(-time.Minute), 202)
	trace.Request(t.Context(), "GET", "/brands/current", time.Now(), 200)
	flush()
	if spans := r.Spans(); len(spans) != 3+3+1 {
		t.Errorf("%d spans", len(spans))
	}
}

func TestWithoutAReceiverNothingIsKeptAndNothingCosts(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"nothing said": {},
		"disabled":     {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
		"other only":   {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:9"},
		"no exporter":  {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range env {
				t.Setenv(key, value)
			}
			stop, err := trace.Start(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			ctx := t.Context()
			cost := testing.AllocsPerRun(100, func() {
				inner, span := trace.Begin(trace.Sparse(ctx), trace.Inside, "run")
				span.Number("n", 1)
				span.Word("state", "x")
				span.Event("e")
				trace.Request(inner, "GET", "/", time.Time{}, 500)
				trace.Of(inner).Fail()
				span.End()
			})
			if _, _, ok := trace.IDs(ctx); ok || cost != 0 {
				t.Errorf("%v allocations, traced: %v", cost, ok)
			}
			if err := stop(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	if _, err := trace.Start(t.Context(), "1"); err == nil {
		t.Error("a protocol that is not spoken was accepted")
	}
}

func TestSpansGoNowhereButToTheReceiverThatWasNamed(t *testing.T) {
	elsewhere := tracetest.Receive(t)
	named := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v1/traces", http.StatusTemporaryRedirect))
	defer named.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", named.URL)
	stop, err := trace.Start(t.Context(), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	_, span := trace.Begin(t.Context(), trace.Inside, "run")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil && ctx.Err() != nil {
		t.Fatal(err)
	}
	if n := len(elsewhere.Spans()); n != 0 {
		t.Errorf("%d spans went elsewhere", n)
	}
}
