package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/run"
)

func TestARunIsPausedAndResumedByWhoMay(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	carl, vera := s.as(t, "carl@example.com"), s.as(t, "vera@example.com")
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, "/runs/1")
	vera.get("/runs/1").lacks(t, "/runs/1/pause")
	for _, act := range []string{"pause", "resume"} {
		vera.post("/runs/1/"+act, nil).wants(t, http.StatusForbidden)
	}
	carl.post("/runs/1/pause", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "The run is paused", "Carl Lund paused it.", `action="/runs/1/resume"`, `href="/runs/1/cancel"`).lacks(t, `action="/runs/1/pause"`)
	carl.get("/runs").has(t, "Under way or paused", "Paused")
	carl.get("/").has(t, "1 thing needs you", "Its run is paused. Carl Lund paused it.")
	carl.get(exportPath(e.ID)).has(t, `href="/runs/1"`, "See the run").lacks(t, `action="/exports/1/run"`)
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "Carl Lund paused this run of the export.")
	carl.post("/runs/1/resume", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "The run goes on.", "Queued", "Resumed", `action="/runs/1/pause"`)
	carl.post("/runs/1/resume", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "The run is not paused any more.")
}

func TestAQuestionIsShownWithItsNumbersAndItsAnswers(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	r, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(code string) {
		if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET state = 'paused', pause_code = ?, plan = '{"destination_type":"omnisend"}',
			pause_detail = '{"delivered":4000,"leaving":1500,"new":1700,"profiles":4200,"share":30}' WHERE id = ?`, code, r.ID); err != nil {
			t.Fatal(err)
		}
	}
	ask("many_leave")
	carl, vera := s.as(t, "carl@example.com"), s.as(t, "vera@example.com")
	carl.get("/runs/1").has(t, "1,500 of 4,000 delivered profiles are in no segment any more", "more than 30%", "4,200",
		"Go on, and remove the tags", "Send, but leave the tags", `href="/runs/1/cancel"`).lacks(t, ">Resume<")
	vera.get("/system/status").has(t, "An answer on its page. 1,500 of 4,000 delivered profiles")
	vera.get("/runs/1").has(t, "1,500", "Those who may edit the export can answer.").lacks(t, "/runs/1/resume")
	carl.post("/runs/1/resume", nil).leads(t, "/runs/1")
	carl.get("/runs/1").has(t, "The run has a question.")
	carl.get(exportPath(e.ID)).has(t, "Its run is paused.", `action="/exports/1/run"`) // a new run takes its place
	ask("many_new")
	carl.get("/runs/1").has(t, "1,700 profiles would be sent that were not delivered before").lacks(t, "Send, but leave the tags")
}

func TestTheEmergencyStopIsAskedForToldEverywhereAndLifted(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	ada, carl, vera := s.as(t, "ada@example.com"), s.as(t, "carl@example.com"), s.as(t, "vera@example.com")
	ada.get("/system/status").wants(t, http.StatusOK).has(t, "No run is under way", `href="/system/stop"`)
	vera.get("/").has(t, `href="/system/status"`, "Everything is in order")
	vera.get("/system/status").wants(t, http.StatusOK).has(t, "No emergency stop stands.").lacks(t, `href="/system/stop"`)
	carl.post("/system/stop", nil).wants(t, http.StatusForbidden)
	carl.post("/system/stop/lift", nil).wants(t, http.StatusForbidden)
	ada.get("/system/stop").has(t, "No run is under way, and none waits.")
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, "/runs/1")
	ada.get("/system/stop").wants(t, http.StatusOK).has(t, "Stop everything?", "1 run is under way or waits for its turn.", "Nothing is lost.")
	ada.post("/system/stop", url.Values{"reason": {strings.Repeat("a", 300)}}).wants(t, http.StatusUnprocessableEntity).has(t, `aria-describedby="reason-`)
	ada.post("/system/stop", url.Values{"reason": {"The file is wrong"}}).leads(t, "/system/status")
	ada.get("/system/status").has(t, "Everything is stopped", "The reason: The file is wrong", `action="/system/stop/lift"`)
	ada.get("/system/stop").leads(t, "/system/status")
	for _, path := range []string{"/", "/exports", "/runs/1", "/help"} {
		vera.get(path).has(t, "Everything is stopped", "The reason: The file is wrong", `href="/system/status"`)
	}
	vera.get("/").lacks(t, "Everything is in order")
	vera.get("/system/status").has(t, "Administrators can lift it.").lacks(t, "/system/stop/lift")
	carl.post("/runs/1/cancel", nil).leads(t, "/runs/1")
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, exportPath(e.ID))
	carl.get(exportPath(e.ID)).has(t, "The emergency stop stands: nothing is sent until an administrator lifts it.")
	ada.post("/system/stop/lift", nil).leads(t, "/system/status")
	ada.get("/system/status").has(t, "The emergency stop is lifted.", "Earlier emergency stops", "The file is wrong").lacks(t, "Everything is stopped")
	ada.post("/system/stop/lift", nil).leads(t, "/system/status")
	ada.get("/system/status").has(t, "The emergency stop was lifted already.")
	carl.post(exportPath(e.ID)+"/run", nil).leads(t, "/runs/2")
	vera.header.Set("HX-Request", "true")
	vera.get("/system/status").wants(t, http.StatusOK).has(t, "Newsletter", "Its turn", `hx-trigger="every 3s"`).lacks(t, "<html", "The file is wrong")
}
