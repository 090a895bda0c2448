// Package metric tells Prometheus how Segue is: what runs, imports, chains and notices come to, the budgets of brands, the queue,
// the database, and how requests are answered. It reads what others write and decides nothing. Labels are ids, states and patterns
// of routes, of which there are few; no name and no address is among them.
package metric

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/database"
)

// Dependencies are what is measured.
type Dependencies struct {
	DB      *database.DB
	Budgets *budget.Registry
	Log     *slog.Logger

	Version, Revision, GoVersion string
}

// Metrics are the metrics of one process.
type Metrics struct {
	registry *prometheus.Registry
	log      *slog.Logger
	requests *prometheus.HistogramVec
	streams  prometheus.Gauge
}

// Seconds that requests, and transactions, are told apart by.
var (
	requestSeconds     = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	transactionSeconds = []float64{.0005, .001, .005, .01, .05, .1, .5, 1, 5, 30}
)

// New makes the metrics, and has the database tell of its transactions.
func New(d Dependencies) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), log: d.Log,
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "segue_http_request_duration_seconds",
			Help: "How long requests took, by the pattern of their route.", Buckets: requestSeconds}, []string{"route", "method", "status"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "segue_http_streams", Help: "Live pages that listen for events."}),
	}
	waits := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "segue_database_writer_wait_seconds",
		Help: "How long transactions waited for the one connection that writes.", Buckets: transactionSeconds})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "segue_database_transaction_duration_seconds",
		Help: "How long transactions had the one connection that writes.", Buckets: transactionSeconds})
	d.DB.Observe(func(waited, had time.Duration) {
		waits.Observe(waited.Seconds())
		took.Observe(had.Seconds())
	})
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "segue_build_info", Help: "Always 1: what the program was built from."},
		[]string{"version", "revision", "goversion"})
	build.WithLabelValues(d.Version, d.Revision, d.GoVersion).Set(1)
	m.registry.MustRegister(m.requests, m.streams, waits, took, build, newCollector(d.DB, d.Budgets, d.Log),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// scrapes is how many may ask at once.
const scrapes = 2

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, ErrorHandling: promhttp.ContinueOnError,
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn)})
}

// Request notes a request that was answered. The route is the pattern, not the address.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, knownMethod(method), statusClass(status)).Observe(took.Seconds())
}

// Stream notes a stream that was opened. Call the function that it returns when it has ended.
func (m *Metrics) Stream() (closed func()) {
	m.streams.Inc()
	return m.streams.Dec
}

// knownMethod keeps what clients make up out of the labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return method
	}
	return "other"
}

func statusClass(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return string(rune('0'+status/100)) + "xx"
}
