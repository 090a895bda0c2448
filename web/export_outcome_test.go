package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
)

func TestTheFormOfAnExportAsksWhereOutcomesAreWritten(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/new").has(t, "Write outcomes back", `value="off" checked`, "/srv/outcomes", "/srv/more", "No addresses and no names").lacks(t, "outcomes_table")
	wrong := url.Values{"outcomes": {"file"}, "outcomes_format": {"ndjson"}, "outcomes_folder": {"/etc"}}
	carl.post("/exports", typed("Newsletter", wrong)).wants(t, http.StatusUnprocessableEntity).
		has(t, `value="file" checked`, `value="ndjson" selected`, `href="#outcomes_folder"`, "Choose one of the values offered")
	carl.post("/exports", typed("Newsletter", url.Values{"outcomes": {"table"}, "outcomes_table": {"x"}})).wants(t, http.StatusUnprocessableEntity).has(t, `href="#outcomes"`)
	right := url.Values{"outcomes": {"file"}, "outcomes_format": {"ndjson"}, "outcomes_folder": {"/srv/more"}}
	carl.post("/exports", typed("Newsletter", right)).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "NDJSON file for each run, in /srv/more")
	s.as(t, "vera@example.com").get("/exports/1").has(t, "NDJSON file for each run").lacks(t, "/srv/more")
	for _, path := range []string{"/exports/1/edit", "/exports/1/duplicate"} {
		carl.get(path).has(t, `value="file" checked`, `value="ndjson" selected`, `value="/srv/more" selected`)
	}
	carl.post("/exports/1", typed("Newsletter", url.Values{"version": {"1"}, "outcomes": {"off"}, "outcomes_folder": {"/srv/more"}})).leads(t, "/exports/1")
	carl.get("/exports/1").lacks(t, "Outcomes written back")
}

func TestThePageOfARunSaysWhetherItsOutcomesAreWritten(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	r, err := s.Runs.Start(t.Context(), s.Contributor, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	carl, vera := s.as(t, "carl@example.com"), s.as(t, "vera@example.com")
	page, fragment := "/runs/1", "/runs/1/outcomes"
	carl.get(page).lacks(t, "Outcomes written back")
	htmx(t, s, fragment).wants(t, http.StatusNotFound)
	now := database.Millis(s.clock.Now())
	change := func(statement string, args ...any) {
		t.Helper()
		err := s.db.InTx(t.Context(), func(tx database.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement, args...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(`INSERT INTO outcome_writings (run_id, place, export, file, state, asked_at, next_at) VALUES (?, ?, ?, 'newsletter-run-1.csv', 'waiting', ?, ?)`,
		r.ID, `{"way":"file","format":"`+string(export.CSV)+`","folder":"/srv/more"}`, e.Name, now, now)
	carl.get(page).has(t, "Outcomes written back", "Waiting", "newsletter-run-1.csv in /srv/more", `hx-get="/runs/1/outcomes"`).lacks(t, "Write now")
	vera.get(page).has(t, "newsletter-run-1.csv").lacks(t, "/srv/more")
	carl.get(fragment).leads(t, page)

	change(`UPDATE outcome_writings SET tries = 1, reason = 'folder_gone', next_at = ?`, now+60_000)
	htmx(t, s, fragment).has(t, "The folder is not there", "Tried again in 1 minute", "Write now").lacks(t, "hx-get")
	vera.get(page).has(t, "The folder is not there").lacks(t, "Write now")
	vera.post(fragment, nil).wants(t, http.StatusForbidden)
	change(`UPDATE outcome_writings SET state = 'failed', ended_at = ?`, now)
	carl.get(page).has(t, "Not written", "Write now").lacks(t, "Tried again")
	carl.post(fragment, nil).leads(t, page)
	carl.get(page).has(t, "The outcomes are being written.", "Waiting", `hx-get="/runs/1/outcomes"`)

	change(`UPDATE outcome_writings SET state = 'written', lines = 1200, reason = '', ended_at = ?`, now)
	carl.get(page).has(t, "Written", "1,200 lines").lacks(t, "Write now", "hx-get=\"/runs/1/outcomes\"")
	carl.post(fragment, nil).leads(t, page)
	carl.get(page).has(t, "There is nothing to write")
}

// htmx asks for a fragment as a page of Carl's does.
func htmx(t *testing.T, s *site, path string) answer {
	t.Helper()
	carl := s.as(t, "carl@example.com")
	carl.header.Set("HX-Request", "true")
	return carl.get(path)
}
