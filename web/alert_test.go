package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/database"
)

// alarmed is a site with an export whose last run failed, and a connection whose key is refused.
func alarmed(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	e := s.exporting(t)
	s.write(t, `INSERT INTO runs (export_id, cause, requested_by_name, state, error_code, error_detail, queued_at, ended_at)
		VALUES (?, 'schedule', '', 'failed', 'destination_unavailable', 'ada@customer.example is bad', 1, 1)`, e.ID)
	s.write(t, `UPDATE connections SET failure = 'key_refused'`)
	s.look(t)
	return s
}

func (s *site) write(t *testing.T, query string, args ...any) {
	t.Helper()
	err := s.db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) look(t *testing.T) {
	t.Helper()
	if err := s.Alerts.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestThePageOfAlertsSaysWhatIsWrongWhyAndWhereToMendIt(t *testing.T) {
	s := alarmed(t)
	b := s.as(t, "ada@example.com")
	page := b.get("/system/alerts").wants(t, http.StatusOK).has(t, "Run failed: ", "was out of order", "The run’s page says what it did", "Open the run", `href="/runs/1"`,
		"API key does not work: ", "The destination refuses the API key", "Open the connection", "No alert has closed yet")
	page.lacks(t, "customer.example")
	b.get("/").has(t, "2 open alerts", `href="/system/alerts"`).lacks(t, "Everything is in order")
	s.write(t, `UPDATE connections SET failure = ''`)
	s.clock.Advance(time.Hour)
	s.look(t)
	b.get("/system/alerts").has(t, "All well again", "1 h 0 min", "1–1 of 1").lacks(t, "Open the connection")
	b.get("/system/alerts?kind=run_failed").has(t, "No alert fits the filter", "Clear filters")
	b.get("/system/alerts?kind=key_refused&q=x%25").has(t, "No alert fits the filter")
	b.header.Set("HX-Request", "true")
	fragment := b.get("/system/alerts").wants(t, http.StatusOK).has(t, "Run failed: ")
	if strings.Contains(fragment.body, "<html") || strings.Contains(fragment.body, `name="version"`) {
		t.Error("a whole page where htmx asks for the part that changes")
	}
}

func TestOthersSeeTheAlertsOfExportsOnly(t *testing.T) {
	s := alarmed(t)
	for _, email := range []string{"carl@example.com", "vera@example.com"} {
		b := s.as(t, email)
		b.get("/system/alerts").wants(t, http.StatusOK).has(t, "Run failed: ", "Rejected profiles").lacks(t, "API key does not work", `name="version"`, "Refresh refused")
		b.get("/").has(t, "1 open alert")
		b.post("/system/alerts/2/look", nil).wants(t, map[string]int{"carl@example.com": http.StatusNotFound, "vera@example.com": http.StatusForbidden}[email])
	}
}

func TestSomebodySaysToLookAtAnAlertAndTakesItBack(t *testing.T) {
	s := alarmed(t)
	open, err := s.Alerts.Open(t.Context(), s.Viewer, 10)
	if err != nil || len(open) != 1 {
		t.Fatalf("open are %v: %v", open, err)
	}
	path := "/system/alerts/1/look"
	if open[0].ID == 2 {
		path = "/system/alerts/2/look"
	}
	b := s.as(t, "carl@example.com")
	b.post(path, url.Values{"do": {"look"}}).leads(t, "/system/alerts")
	s.as(t, "ada@example.com").get("/system/alerts").has(t, "Carl Lund looks at it", "Nobody yet")
	b.post(path, url.Values{"do": {"leave"}}).leads(t, "/system/alerts")
	s.as(t, "vera@example.com").get("/system/alerts").lacks(t, "Carl Lund looks at it", "look at it")
	s.write(t, `UPDATE connections SET open_to_contributors = 0`)
	s.look(t)
	b.post(path, url.Values{"do": {"look"}}).wants(t, http.StatusForbidden)
}

func TestAnAdministratorSetsWhenSomethingIsAnAlert(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	form := url.Values{"version": {b.get("/system/alerts").wants(t, http.StatusOK).field(t, "version")}, "rejected_share": {"2,5"}, "start_minutes": {"5"}, "size_factor": {"1.5"}, "quiet_minutes": {"0"}}
	b.post("/system/alerts/settings", form).leads(t, "/system/alerts")
	b.get("/system/alerts").has(t, "Saved.", "Last changed by Ada Holm", `value="2.5"`, `value="1.5"`, `value="5"`)
	b.post("/system/alerts/settings", form).wants(t, http.StatusConflict).has(t, "Somebody else changed this while you had it open", `value="2,5"`)
	kept, err := s.Alerts.Settings(t.Context(), s.Viewer)
	if err != nil || kept.RejectedShare != 25 || kept.SizeFactor != 15 || kept.StartMinutes != 5 || kept.QuietMinutes != 0 {
		t.Fatalf("kept are %+v: %v", kept, err)
	}
	form = url.Values{"version": {"2"}, "rejected_share": {"0.05"}, "start_minutes": {"0"}, "size_factor": {"NaN"}, "quiet_minutes": {"many"}}
	b.post("/system/alerts/settings", form).wants(t, http.StatusUnprocessableEntity).has(t, "Rejected profiles: Enter a share", "Late start: Enter whole minutes from 1 to",
		"Unusual size: Enter a number", "Quiet time: Enter whole minutes from 0", `href="#rejected_share"`, `id="rejected_share"`, `value="NaN"`)
}

func TestEachPersonChoosesWhatToHearOf(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.get("/account").wants(t, http.StatusOK).has(t, "Alerts by email", "API key does not work")
	s.as(t, "vera@example.com").get("/account").has(t, "Alerts by email").lacks(t, "API key does not work")
	s.as(t, "carl@example.com").get("/account").has(t, "connections that you may use")
	ada.post("/account/alerts", url.Values{"kind": {"run_size", "no_such_kind"}, "language": {"da"}}).leads(t, "/account")
	chosen, err := s.Alerts.Choices(t.Context(), s.Administrator)
	if err != nil || chosen.Language != "da" || !chosen.Wanted[alert.RunSize] || chosen.Wanted[alert.RunFailed] || chosen.Wanted[alert.KeyRefused] {
		t.Errorf("chosen are %+v: %v", chosen, err)
	}
	ada.get("/account").has(t, "What you hear of is saved.")
	ada.post("/account/alerts", url.Values{"language": {"tlh"}}).wants(t, http.StatusUnprocessableEntity).has(t, `href="#alert-language"`, `id="alert-language"`)
	ada.post("/system/alerts/test", nil).leads(t, "/system/alerts")
	ada.get("/system/alerts").has(t, "A test is on its way")
	var told int
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM notices WHERE user_id = ?`, s.Administrator.UserID).Scan(&told); err != nil || told != 1 {
		t.Errorf("%d messages are in the outbox: %v", told, err)
	}
}
