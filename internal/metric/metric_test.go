package metric

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/run"
)

func measured(k *apptest.Kit) *Metrics {
	return New(Dependencies{DB: k.DB, Budgets: k.Budgets, Log: slog.New(slog.DiscardHandler), Version: "1", Revision: "abc", GoVersion: "go"})
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.Code != http.StatusOK {
		t.Fatalf("%d, %v", answer.Code, err)
	}
	return string(text)
}

func TestMetricsSayWhatARunCameToAndAreWhatTheDocumentationSays(t *testing.T) {
	k := apptest.Start(t, 300)
	m := measured(k)
	if before := scrape(t, m); !strings.Contains(before, "segue_runs_total{outcome=\"warnings\"} 0\n") {
		t.Error("a run was counted that was not")
	}
	r := k.Run(k.Export(), run.Options{})
	err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(`INSERT INTO alerts (kind, thing, thing_id, name, opened_at, since, closed_at) VALUES
			('run_failed', 'export', 1, 'Nordlys', 1, 1, NULL), ('run_failed', 'export', 2, 'Nordlys', 1, 1, NULL), ('run_stuck', 'export', 2, 'Nordlys', 1, 1, 2)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Request(http.MethodGet, "/runs/:id", http.StatusOK, 20*time.Millisecond)
	m.Request("BREW", "/runs/:id", 999, time.Second)
	closed := m.Stream()
	text := scrape(t, m)
	closed()
	for _, line := range []string{
		`segue_runs_total{outcome="warnings"} 1`, `segue_runs{state="running"} 0`, `segue_imports_total{outcome="done"} 1`,
		fmt.Sprintf(`segue_run_profiles_total{outcome="accepted"} %d`, r.Counts.Accepted),
		fmt.Sprintf(`segue_run_profiles_total{outcome="invalid"} %d`, r.Counts.Invalid),
		fmt.Sprintf(`segue_run_requests_total %d`, r.Requests),
		`segue_budget_limit_requests{connection="1"} 400`, `segue_http_streams 1`,
		`segue_http_request_duration_seconds_count{method="GET",route="/runs/:id",status="2xx"} 1`,
		`segue_http_request_duration_seconds_count{method="other",route="/runs/:id",status="other"} 1`,
		`segue_queue_jobs{queue="runs",state="available"} 0`, `segue_metrics_failures_total 0`,
		`segue_alerts_open{kind="run_failed"} 2`, `segue_alerts_open{kind="run_stuck"} 0`,
		`segue_build_info{goversion="go",revision="abc",version="1"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
	for _, personal := range []string{"example.com", "Nordlys", "Ada", "@"} {
		if strings.Contains(text, personal) {
			t.Errorf("metrics name %s", personal)
		}
	}
	if again := scrape(t, m); !strings.Contains(again, "segue_runs_total{outcome=\"warnings\"} 1\n") || !strings.Contains(again, "segue_http_streams 0\n") {
		t.Error("the second scrape says something else")
	}

	own, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	foreign := regexp.MustCompile("^(go|process)_")
	rows := regexp.MustCompile("(?m)^\\| `(segue_[a-z_]+)` \\| ([a-z]+) \\| (.*?) ?\\| .+ \\|$").FindAllStringSubmatch(document(t), -1)
	for _, f := range own {
		if foreign.MatchString(f.GetName()) {
			continue
		}
		at := slices.IndexFunc(rows, func(row []string) bool { return row[1] == f.GetName() })
		if at < 0 {
			t.Errorf("docs/metrics.md does not have %s", f.GetName())
			continue
		}
		var labels []string
		for _, pair := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		said := strings.Fields(strings.ReplaceAll(rows[at][3], "`", ""))
		slices.Sort(said)
		if kind := strings.ToLower(f.GetType().String()); !slices.Equal(labels, said) || kind != rows[at][2] {
			t.Errorf("%s is documented as %s with %v, and is %s with %v", f.GetName(), rows[at][2], said, kind, labels)
		}
		rows = slices.Delete(rows, at, at+1)
	}
	for _, row := range rows {
		t.Errorf("%s is documented, and not told", row[1])
	}
	faults, err := promlint.NewWithMetricFamilies(own).Lint()
	if err != nil || len(own) == 0 {
		t.Fatalf("%d metrics, %v", len(own), err)
	}
	for _, fault := range faults {
		if foreign.MatchString(fault.Metric) {
			continue
		}
		t.Errorf("%s: %s", fault.Metric, fault.Text)
	}
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWhatCannotBeReadIsLeftOutAndCounted(t *testing.T) {
	k := apptest.Start(t, 10)
	m := measured(k)
	if err := k.DB.Reader().Close(); err != nil {
		t.Fatal(err)
	}
	broken := k.App
	k.App = nil
	t.Cleanup(func() { _ = broken.Stop(context.WithoutCancel(t.Context())) }) // it cannot end well without its database
	text := scrape(t, m)
	for line, told := range map[string]bool{"segue_runs{": false, "segue_queue_jobs{": false, "segue_database_size_bytes ": true, "segue_http_streams ": true,
		"segue_metrics_failures_total 5\n": true} {
		if strings.Contains(text, "\n"+line) != told {
			t.Errorf("%s: %v\n%s", line, !told, text)
		}
	}
}
