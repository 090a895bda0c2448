package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/run"
)

// working is a site whose runs are carried out against the stand-in, and a browser of the demonstration's person of each role.
type working struct {
	*apptest.Kit
	site *site
}

func newWorking(t *testing.T, profiles int) working {
	t.Helper()
	k := apptest.Start(t, profiles)
	server := New(Of(k.App), Options{Sealer: k.Sealer})
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(func() { server.Close(); listening.Close() })
	return working{k, &site{Server: server, url: listening.URL}}
}

func (w working) as(t *testing.T, role access.Role) *browser {
	t.Helper()
	b := w.site.browser(t)
	for _, p := range demo.People {
		if p.Role == role {
			b.post("/sign-in", url.Values{"email": {p.Email}, "password": {p.Password}}).wants(t, http.StatusSeeOther)
		}
	}
	return b
}

func TestARunIsWatchedToItsEndAndItsRejectionsTakenHome(t *testing.T) {
	w := newWorking(t, 3000)
	e := w.Export()
	carl := w.as(t, access.Contributor)
	a := carl.post(exportPath(e.ID)+"/run", nil).wants(t, http.StatusSeeOther)
	path := a.Header.Get("Location")
	r := w.Wait(1)
	if path != runPath(r.ID) || r.State != run.Warnings || r.Counts.Invalid == 0 || r.Counts.Duplicates == 0 {
		t.Fatalf("%s: %+v", path, r)
	}
	carl.get(path).wants(t, http.StatusOK).has(t, "Completed with warnings", "There is no email address", "Another profile of the run has the same email address",
		"who is sent", "Nordlys newsletter (Omnisend)", "First name ← First name", "UTC", "Download CSV").lacks(t, "Cancel run", `hx-trigger="every`)
	carl.get(path+"?outcome=duplicate").has(t, "who is sent").lacks(t, "Not an email address that can be reached</div>")
	carl.get(exportPath(e.ID)).has(t, "Run history", "Completed with warnings")
	carl.get("/runs").wants(t, http.StatusOK).has(t, "Everybody to Nordlys", "Carl Berg")

	file := carl.get(path+"/rejections.csv").wants(t, http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || len(rows)-1 != r.Counts.Rejected()+r.Counts.Duplicates || rows[0][0] != "Profile id" {
		t.Fatalf("%d rows, error %v, want %d", len(rows)-1, err, r.Counts.Rejected()+r.Counts.Duplicates)
	}
	carl.post("/language", url.Values{"language": {"da"}})
	if file = carl.get(path + "/rejections.csv"); !strings.HasPrefix(file.body, "Profil-id,Resultat,Felt,Begrundelse,Omnisends ord,Dublet af,Kendt siden kørsel\n") || !strings.Contains(file.body, "Der er ingen mailadresse") {
		t.Errorf("the file is not Danish: %.300s", file.body)
	}
	carl.get(path).has(t, "Gennemført med advarsler", "Hvorfor profiler ikke blev accepteret")

	w.as(t, access.Administrator).get(path).has(t, "Nordlys newsletter (Nordlys Living at Omnisend)", "Export user")
	carl.post("/language", url.Values{"language": {"en"}})
	carl.get(path).lacks(t, "Nordlys Living", "Export user") // of a connection, its name and type and no more
	vera := w.as(t, access.Viewer)
	page := vera.get(path).wants(t, http.StatusOK).has(t, "There is no email address", "Your role shows numbers only")
	page.lacks(t, rows[1][0], "rejections.csv")
	vera.get(path+"/rejections.csv").wants(t, http.StatusForbidden)

	carl.post(exportPath(e.ID)+"/run", nil).wants(t, http.StatusSeeOther)
	if again := w.Wait(2); again.Counts.Accepted != 0 || again.Counts.Unchanged != r.Counts.Accepted {
		t.Errorf("the second run sent what had not changed: %+v", again.Counts)
	}
	carl.post(exportPath(e.ID)+"/run", url.Values{"complete": {"1"}}).wants(t, http.StatusSeeOther)
	if all := w.Wait(3); !all.Complete || all.Counts.Accepted != r.Counts.Accepted {
		t.Errorf("the complete run left somebody out: %+v", all.Counts)
	}
}

func TestFormulasInTheFileOfRejectionsStayText(t *testing.T) {
	s := newSite(t)
	r := s.ended(t, s.exporting(t), run.Warnings)
	if _, err := s.db.Writer().ExecContext(t.Context(), `INSERT INTO rejections (run_id, profile_id, outcome, field, code, message) VALUES (?, '=1+1', 'refused', 'email', '+x', '@SUM(A1)')`, r.ID); err != nil {
		t.Fatal(err)
	}
	s.as(t, "carl@example.com").get(runPath(r.ID)+"/rejections.csv").wants(t, http.StatusOK).has(t, "'=1+1", "'@SUM(A1)", "code: +x")
}

func TestAPageThatWatchesGetsTheStateAndAtTheEndOneThatIsNotReadAgainAndAgain(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	vera := s.as(t, "vera@example.com")
	if _, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{}); err != nil {
		t.Fatal(err)
	}
	page := vera.get("/runs/1").wants(t, http.StatusOK).has(t, `sse-connect="/events?topic=run/1"`, `hx-trigger="sse:run/1"`, "Queued", "<noscript>").lacks(t, "Cancel run")
	said := page.field(t, "said")
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET state = 'running', plan = '{"destination_type":"omnisend"}', profiles = 200, accepted = 124, started_at = ?`, s.clock.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}
	vera.header.Set("HX-Request", "true")
	a := vera.get("/runs/1?said="+url.QueryEscape(said)).wants(t, http.StatusOK)
	a.has(t, "<title>62% · Newsletter · Segue</title>", "124 of 200 (62%)", `hx-trigger="every 3s" hx-target="#run-state" hx-swap="morph:innerHTML"`, "/static/favicon-running.svg", "60% of 200 profiles are settled", `hx-swap-oob="innerHTML"`).lacks(t, "<html", "sse-connect")
	vera.get("/runs/1?said="+url.QueryEscape(a.field(t, "said"))+"&mark="+a.field(t, "mark")).lacks(t, "hx-swap-oob") // nothing new to read out
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET state = 'failed', error_code = 'key_refused', ended_at = ?`, s.clock.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}
	vera.get("/runs/1?said=x&mark=running").has(t, "<title>Failed · Newsletter · Segue</title>", "The run failed", "The destination refuses the API key.", "/static/favicon-failed.svg").
		lacks(t, `hx-trigger="every`, "/connections/")
	vera.get("/runs/1?said=x&mark=failed").lacks(t, "tab-icon") // it has it already
	vera.get("/runs/rows?ids=1,99&export=1").wants(t, http.StatusOK).has(t, `<tr id="run-1" hx-swap-oob="true">`, "Failed").lacks(t, "run-99")
}

func TestARunIsCancelledAfterAQuestionByWhoMay(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	carl := s.as(t, "carl@example.com")
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, "/runs/1")
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "This export is running already.", `href="/runs/1/cancel"`)
	s.as(t, "vera@example.com").post("/runs/1/cancel", nil).wants(t, http.StatusForbidden)
	carl.get("/runs/1/cancel").wants(t, http.StatusOK).has(t, "Cancel run 1 of Newsletter?", "What was sent already stays")
	carl.post("/runs/1/cancel", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "The run is being stopped.", "The run was canceled", "Carl Lund").lacks(t, "/runs/1/cancel")
	carl.get("/runs/1/cancel").leads(t, "/runs/1")
	carl.post("/runs/1/cancel", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "The run has already ended.")
}

func TestARunOfAnExportThatWasRemovedLeadsNowhereElse(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	r := s.ended(t, e, run.Succeeded)
	carl := s.as(t, "carl@example.com")
	carl.get(runPath(r.ID)).wants(t, http.StatusOK).has(t, `href="/exports/1"`)
	carl.post(exportPath(e.ID)+"/remove", nil).leads(t, "/exports")
	carl.get(runPath(r.ID)).wants(t, http.StatusOK).has(t, "Newsletter (removed)").lacks(t, `href="/exports/1"`)
}

func TestRunAllTakesThoseThatRunByThemselves(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	ada := s.as(t, "ada@example.com")
	ada.post("/exports/run-all", nil).leads(t, "/exports")
	ada.get("/exports").has(t, "1 run is queued.", "Queued")
	ada.post("/exports/run-all", nil).leads(t, "/exports")
	ada.get("/exports").has(t, "No export that runs by itself could be run.", "1 export was passed over")
	ada.post(exportPath(e.ID)+"/schedule", url.Values{"schedule": {"off"}}).leads(t, exportPath(e.ID))
	ada.post("/exports/run-all", nil).leads(t, "/exports")
	ada.get("/exports").lacks(t, "passed over")
}

func TestRunsArePagedAndThoseUnderWayStandOnTop(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	vera := s.as(t, "vera@example.com")
	vera.get("/runs").wants(t, http.StatusOK).has(t, "No runs yet")
	for range 27 {
		s.ended(t, e, run.Succeeded)
	}
	vera.get("/runs").has(t, `href="/runs/27"`, `href="/runs?page=2"`).lacks(t, `href="/runs/2"`, "Under way")
	vera.get("/runs?page=2").has(t, `href="/runs/2"`, `href="/runs"`).lacks(t, `href="/runs/27"`)
	vera.get(exportPath(e.ID)+"?page=2").has(t, `href="/runs/2"`, fmt.Sprintf(`href="%s"`, exportPath(e.ID)))
	if _, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{}); err != nil {
		t.Fatal(err)
	}
	vera.get("/runs").has(t, "Under way", `href="/runs/28"`)
}

func TestAListSaysHowManyRunsAreNewInsteadOfPuttingThemIn(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	other := s.like(t, s.Administrator, e, "Second")
	vera := s.as(t, "vera@example.com")
	s.ended(t, e, run.Succeeded)
	vera.get("/runs").wants(t, http.StatusOK).has(t, `hx-get="/runs/newer?than=1&export=0"`)
	vera.get(exportPath(other.ID)).has(t, `hx-get="/runs/newer?than=0&export=2"`)
	vera.get("/runs?page=2").lacks(t, "/runs/newer") // new ones do not belong there
	if a := vera.get("/runs/newer?than=1&export=0").wants(t, http.StatusOK); strings.TrimSpace(a.body) != "" {
		t.Errorf("nothing is new, and it says %q", a.body)
	}
	s.ended(t, e, run.Failed)
	s.ended(t, other, run.Failed)
	vera.get("/runs/newer?than=1&export=0").has(t, "2 new runs", `href="/runs"`)
	vera.get("/runs/newer?than=1&export=2").has(t, "1 new run", `href="/exports/2"`)
}
