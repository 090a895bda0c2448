package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// wanted reads the standard environment: whether there is a receiver.
func wanted() (bool, error) {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false, nil
	}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return false, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" {
			if protocol != "http/protobuf" {
				return false, fmt.Errorf("%s must be http/protobuf, which is all that is spoken here", name)
			}
			break // the first one holds
		}
	}
	return true, nil
}

// Start sends traces from now on, if the environment names a receiver (OTEL_EXPORTER_OTLP_ENDPOINT and its relatives). stop sends what is
// left, within its context's time.
func Start(ctx context.Context, version string) (stop func(context.Context) error, err error) {
	stop = func(context.Context) error { return nil }
	on, err := wanted()
	if err != nil || !on {
		return stop, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithProxy(proxyOf))
	if err != nil {
		return stop, fmt.Errorf("send traces: %w", err)
	}
	// What the environment says goes before what is said here.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "segue"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil {
		return stop, errors.Join(fmt.Errorf("send traces: %w", err), exporter.Shutdown(ctx))
	}
	otel.SetErrorHandler(&complaints{})
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	made := provider.Tracer("github.com/segue-app/segue")
	tracer.Store(&made)
	return func(ctx context.Context) error {
		tracer.Store(nil)
		return provider.Shutdown(ctx)
	}, nil
}

// proxyOf is the environment's proxy for a request, and refuses what a receiver's redirect asks for: spans go where they were told to, and
// nowhere else. The exporter leaves no other place to say so without losing what the environment says of its certificates.
func proxyOf(r *http.Request) (*url.URL, error) {
	if r.Response != nil {
		return nil, errors.New("the receiver of traces is elsewhere: name that address")
	}
	return http.ProxyFromEnvironment(r)
}

// complaints logs what goes wrong when traces are sent: once in a while, since a receiver that is away fails every few seconds.
type complaints struct {
	mutex sync.Mutex
	last  time.Time
}

const complainEvery = 10 * time.Minute

// Handle logs an error.
func (c *complaints) Handle(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if time.Since(c.last) < complainEvery {
		return
	}
	c.last = time.Now()
	slog.Warn("traces are not taken", "error", err)
}
