package metric

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/database"
)

// collectWithin bounds what a scrape costs: what could not be read by then is left out of it.
const collectWithin = 3 * time.Second

// collector reads from the database, when it is asked.
type collector struct {
	db      *database.DB
	budgets *budget.Registry
	log     *slog.Logger
	failed  prometheus.Counter

	mutex   sync.Mutex // one scrape at a time: the ledgers grow by it
	runs    *ledger
	ledgers []counted
}

// counted is a ledger with the names under which it is told.
type counted struct {
	*ledger
	standing, ever *prometheus.Desc
	active, ending shape
	kinds          bool
}

// The states, as the tables have them.
const (
	runsOpen, runsEnded       = "queued running paused", "succeeded warnings failed cancelled"
	importsOpen, importsEnded = "receiving waiting queued running asking", "done failed cancelled"
	chainsOpen, chainsEnded   = "queued running", "succeeded warnings failed cancelled skipped"
	taskKinds                 = "source profiles segment export"
	noticesOpen, noticesEnded = "waiting", "sent given_up"
)

// outcomes are those of profiles, each a column of runs.
var outcomes = []string{"accepted", "unchanged", "invalid", "refused", "duplicates", "excluded", "erased"}

// Places of values of a run after its outcomes.
const (
	withdrawn = iota
	requests
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("segue_"+name, help, labels, nil)
}

var (
	runProfiles  = describe("run_profiles_total", "Profiles of runs, by what became of them.", "outcome")
	runRequests  = describe("run_requests_total", "Requests that runs made to destinations.")
	runWithdrawn = describe("run_withdrawn_total", "Contacts that lost tags because their profile left a segment.")
	runsStuck    = describe("runs_stuck", "Runs under way that are marked as making no progress.")

	alertsOpen = describe("alerts_open", "Alerts that are open.", "kind")

	budgetLimit   = describe("budget_limit_requests", "Requests to the brand of a connection that Segue allows itself in a minute; 0: no limit.", "connection")
	budgetUsed    = describe("budget_used_requests", "Of those, requests that count in the minute that ends now. Connections to one brand share them.", "connection")
	budgetWaiting = describe("budget_waiting_requests", "Requests that wait for their turn.", "connection")
	budgetBlocked = describe("budget_blocked_seconds", "How much longer the destination wants no request.", "connection")

	queueJobs   = describe("queue_jobs", "Jobs that have not ended.", "queue", "state")
	queueOldest = describe("queue_oldest_job_age_seconds", "How long the first job has waited that could be worked on; 0: none waits.", "queue")

	databaseSize = describe("database_size_bytes", "Size of the database's file.")
	databaseLog  = describe("database_wal_size_bytes", "Size of the database's write-ahead log.")
)

func newCollector(db *database.DB, budgets *budget.Registry, log *slog.Logger) *collector {
	c := &collector{db: db, budgets: budgets, log: log,
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "segue_metrics_failures_total", Help: "Readings of the database for metrics that failed."})}
	read := func(name, kind string, values ...string) table {
		t := table{from: db.Reader(), name: name, kind: kind, state: "state", width: len(values)}
		for _, value := range values {
			t.values += ", " + value
		}
		return t
	}
	add := func(rows table, name, help, kinds, open, ended string, labels ...string) *ledger {
		states := shape{states: ended}
		l := newLedger(rows, rows.width)
		for _, k := range states.keys() {
			l.ended = append(l.ended, k.state)
		}
		c.ledgers = append(c.ledgers, counted{ledger: l, kinds: kinds != "",
			standing: describe(name, help+" that have not ended, by state.", append(labels, "state")...),
			ever:     describe(name+"_total", help+" that have ended, by outcome.", append(labels, "outcome")...),
			active:   shape{kinds, open}, ending: shape{kinds, ended}})
		return l
	}
	c.runs = add(read("runs", "''", append(outcomes, "withdrawn", "requests")...), "runs", "Runs", "", runsOpen, runsEnded)
	add(read("imports", "''"), "imports", "Imports", "", importsOpen, importsEnded)
	add(read("chains", "''"), "chains", "Chains", "", chainsOpen, chainsEnded)
	add(read("chain_tasks", "kind"), "chain_tasks", "Steps of chains", taskKinds, chainsOpen, chainsEnded, "kind")
	add(read("notices", "''"), "notices", "Notices", "", noticesOpen, noticesEnded)
	return c
}

// Describe names the metrics.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, l := range c.ledgers {
		out <- l.standing
		out <- l.ever
	}
	for _, d := range []*prometheus.Desc{runProfiles, runRequests, runWithdrawn, runsStuck, alertsOpen, budgetLimit, budgetUsed, budgetWaiting, budgetBlocked,
		queueJobs, queueOldest, databaseSize, databaseLog} {
		out <- d
	}
	c.failed.Describe(out)
}

// Collect reads what there is within the time for it. What fails is left out and counted.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), collectWithin)
	defer cancel()
	var failures []error
	for _, part := range []func(context.Context, chan<- prometheus.Metric) error{c.collectBudgets, c.collectQueue, c.collectDatabase, c.collectAlerts, c.collectRuns, c.collectLedgers} {
		if err := part(ctx, out); err != nil {
			c.failed.Inc()
			failures = append(failures, err)
		}
	}
	if err := errors.Join(failures...); err != nil {
		c.log.WarnContext(ctx, "metrics could not all be read", "error", err)
	}
	c.failed.Collect(out)
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, value float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, value float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
}

func (c *collector) collectLedgers(ctx context.Context, out chan<- prometheus.Metric) error {
	var failures []error
	for _, l := range c.ledgers {
		if err := l.refresh(ctx); err != nil {
			failures = append(failures, err)
			continue
		}
		labels := func(k key) []string {
			if l.kinds {
				return []string{k.kind, k.state}
			}
			return []string{k.state}
		}
		now := l.now()
		for _, k := range l.active.keys() {
			gauge(out, l.standing, now[k], labels(k)...)
		}
		for _, k := range l.ending.keys() {
			counter(out, l.ever, l.count[k], labels(k)...)
		}
	}
	return errors.Join(failures...)
}

func (c *collector) collectRuns(ctx context.Context, out chan<- prometheus.Metric) error {
	if err := c.runs.refresh(ctx); err != nil {
		return err
	}
	for i, outcome := range outcomes {
		counter(out, runProfiles, c.runs.total(i), outcome)
	}
	counter(out, runWithdrawn, c.runs.total(len(outcomes)+withdrawn))
	counter(out, runRequests, c.runs.total(len(outcomes)+requests))
	stuck, err := stuckRuns(ctx, c.db.Reader())
	if err == nil {
		gauge(out, runsStuck, stuck)
	}
	return err
}

func (c *collector) collectAlerts(ctx context.Context, out chan<- prometheus.Metric) error {
	count, err := openAlerts(ctx, c.db.Reader())
	if err != nil {
		return err
	}
	for _, kind := range alert.Kinds {
		gauge(out, alertsOpen, count[string(kind)], string(kind))
	}
	return nil
}

func (c *collector) collectBudgets(ctx context.Context, out chan<- prometheus.Metric) error {
	all, err := brands(ctx, c.db.Reader())
	if err != nil {
		return err
	}
	for _, b := range all {
		usage := c.budgets.Look(b.id)
		gauge(out, budgetLimit, float64(usage.Limit), b.connection)
		gauge(out, budgetUsed, float64(usage.Used), b.connection)
		gauge(out, budgetWaiting, float64(usage.Waiting), b.connection)
		gauge(out, budgetBlocked, usage.Blocked.Seconds(), b.connection)
	}
	return nil
}

func (c *collector) collectQueue(ctx context.Context, out chan<- prometheus.Metric) error {
	names, err := queueNames(ctx, c.db.Reader())
	if err != nil {
		return err
	}
	all, err := queues(ctx, c.db.Reader())
	if err != nil {
		return err
	}
	now := time.Now()
	jobs, oldest := map[[2]string]float64{}, map[string]float64{}
	for _, w := range all {
		jobs[[2]string{w.queue, w.state}] = w.jobs
		if w.state == "available" {
			oldest[w.queue] = max(0, now.Sub(w.oldest).Seconds())
		}
	}
	for _, queue := range names {
		for _, state := range []string{"available", "pending", "retryable", "running", "scheduled"} {
			gauge(out, queueJobs, jobs[[2]string{queue, state}], queue, state)
		}
		gauge(out, queueOldest, oldest[queue], queue)
	}
	return nil
}

func (c *collector) collectDatabase(_ context.Context, out chan<- prometheus.Metric) error {
	file, log, err := c.db.Sizes()
	if err == nil {
		gauge(out, databaseSize, float64(file))
		gauge(out, databaseLog, float64(log))
	}
	return err
}
