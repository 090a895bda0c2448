package web

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/pace"
	"github.com/segue-app/segue/internal/run"
)

func TestWhoeverMayLookSeesHowTheLastRunsWentInNumbersAlone(t *testing.T) {
	w := newWorking(t, 300)
	e := w.Export()
	vera := w.as(t, access.Viewer)
	vera.get(exportPath(e.ID)).wants(t, http.StatusOK).has(t, "After its first run you see here").lacks(t, "<svg class=\"bars")
	vera.get("/exports/glance").wants(t, http.StatusOK).has(t, "This export has not been run yet.").lacks(t, "<svg class=\"bars")
	vera.get("/exports").has(t, `href="/exports/glance"`).lacks(t, "<svg class=\"bars")

	first := w.Run(e, run.Options{})
	w.Run(e, run.Options{})
	rejected := fmt.Sprintf("%d accepted, 0 unchanged, %d rejected", first.Counts.Accepted, first.Counts.Rejected())
	vera.get(exportPath(e.ID)).wants(t, http.StatusOK).has(t,
		"2 runs, the latest on the right. Failed: 0. With rejected profiles: 2.", rejected, "2 runs have ended, the latest on the right.",
		fmt.Sprintf("%d profiles in the last 30 days", first.Counts.Accepted), `href="/runs/1"`, "The numbers as a table")
	vera.get("/exports/glance").wants(t, http.StatusOK).has(t, "Everybody to Nordlys", rejected, `href="/runs/2"`, "1–1 of 1").lacks(t, "Nordlys Living", "style=")
	vera.get("/exports").has(t, "Last runs of Everybody to Nordlys")
	vera.get("/exports/glance?page=7").leads(t, "/exports/glance")
}

func TestTheBudgetOfAConnectionIsShownToAdministrators(t *testing.T) {
	w := newWorking(t, 300)
	e := w.Export()
	ada := w.as(t, access.Administrator)
	path := fmt.Sprintf("/connections/%d", e.ConnectionID)
	r := w.Run(e, run.Options{})
	if err := w.Pace.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	minutes, err := w.Pace.Hour(t.Context(), w.Actor(access.Viewer), demo.BrandID)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, m := range minutes {
		total += m.Requests
	}
	if total < r.Requests {
		t.Errorf("%d requests are kept, and the run made %d", total, r.Requests)
	}
	ada.get(path).wants(t, http.StatusOK).has(t, "Requests to Nordlys Living in the last hour", fmt.Sprintf("%d requests in the last hour", total), "The minutes with requests as a table")
	w.as(t, access.Contributor).get(path).wants(t, http.StatusForbidden)
}

// told counts nothing of its own.
type told []budget.Minute

func (m told) Collect() []budget.Minute { return m }

func TestWhoWatchesARunSeesWhatTheBrandAllowsAndNothingElseOfTheConnection(t *testing.T) {
	w := newWorking(t, 20)
	e := w.Export()
	w.Run(e, run.Options{})
	now := time.Now().Truncate(time.Minute)
	counted := pace.NewService(pace.Dependencies{DB: w.DB, Clock: time.Now, Counts: told{
		{BrandID: demo.BrandID, Start: now.Add(-5 * time.Minute), Requests: 399, Waiting: 7, Limit: 400},
		{BrandID: demo.BrandID, Start: now.Add(-4 * time.Minute), Requests: 31, Refused: 2, Limit: 360},
	}})
	err := w.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.Exec(`UPDATE runs SET state = 'running', ended_at = NULL`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := counted.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	carl := w.as(t, access.Contributor)
	carl.get("/runs/1").wants(t, http.StatusOK).has(t, "Requests to Omnisend in the last hour", "399 requests, limit 400, 7 waiting, 0 refused", "31 requests, limit 360, 0 waiting, 2 refused").
		lacks(t, "Nordlys Living")
}
