package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/segue-app/segue/internal/run"
)

func TestHomeTellsWhatAPersonMaySeeToApartFromWhatOthersMust(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t) // on a connection of administrators
	s.write(t, `UPDATE connections SET open_to_contributors = 0`)
	s.ended(t, e, run.Failed)
	s.as(t, "ada@example.com").get("/").has(t, "1 thing needs you", "Needs you").lacks(t, "Needs others")
	for _, email := range []string{"carl@example.com", "vera@example.com"} {
		s.as(t, email).get("/").has(t, "1 thing needs attention", "Needs others", "The last run failed").lacks(t, "Needs you")
	}
	s.write(t, `UPDATE connections SET open_to_contributors = 1`)
	s.as(t, "carl@example.com").get("/").has(t, "1 thing needs you", "Needs you").lacks(t, "Needs others")
}

func TestHomeSaysOnceThatTheKeyOfAConnectionFailsAndHowManyExportsWait(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	s.write(t, `UPDATE connections SET failure = 'key_refused', failed_at = 1`)
	s.as(t, "ada@example.com").get("/").has(t, "1 thing needs you", "The destination refuses the API key.", "1 export waits for it.", `href="/connections/1"`).
		lacks(t, `id="mine-exports-1"`)
	s.as(t, "carl@example.com").get("/").has(t, "Needs others", "The destination refuses the API key.", `href="`+exportPath(e.ID)+`"`).lacks(t, `href="/connections`)
	s.write(t, `UPDATE exports SET removed_at = 1`) // also a connection that nothing is on
	s.as(t, "ada@example.com").get("/").has(t, "1 thing needs you", "The destination refuses the API key.").lacks(t, "waits for it")
}

func TestHomeAsksForAnApprovalWhoMayGiveItAndTellsTheMakersOfARefusal(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t) // made by Ada
	s.write(t, `UPDATE connections SET open_to_contributors = 1`)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	s.write(t, `UPDATE approval_settings SET everywhere = 1, contributors = 1`)
	carl.get("/").has(t, "1 thing needs you", "Waits for your approval.", `href="`+exportPath(e.ID)+`/approval"`)
	ada.get("/").has(t, "1 thing needs attention", "Needs others", "Waits until a second person approves it.").lacks(t, "Needs you")
	page := carl.get(exportPath(e.ID) + "/approval")
	carl.post(exportPath(e.ID)+"/approval", url.Values{"do": {"refuse"}, "mark": {page.field(t, "mark")}, "reason": {"Not this one."}}).wants(t, http.StatusSeeOther)
	ada.get("/").has(t, "1 thing needs you", "Carl Lund refused it.")
	carl.get("/").has(t, "Needs others", "Carl Lund refused it.").lacks(t, "Needs you")
}

func TestTheFirstStepsArePutAwayByEachForHerselfAndBroughtBack(t *testing.T) {
	s := newSite(t)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	ada.post("/first-steps", url.Values{"hidden": {"1"}}).leads(t, "/")
	ada.get("/").has(t, "Put away.", "Your first export: 0 of 5 steps are done", `href="/first-steps"`).lacks(t, `id="first-export"`)
	carl.get("/").has(t, `id="first-export"`)
	ada.get("/first-steps").wants(t, http.StatusOK).has(t, "Bring profiles in", "Show it on Home again", `aria-label="Where you are"`)
	ada.post("/first-steps", url.Values{"hidden": {"0"}}).leads(t, "/")
	ada.get("/").has(t, `id="first-export"`)
	e := s.exporting(t)
	s.ended(t, e, run.Succeeded)
	ada.get("/").lacks(t, "Your first export") // done: it is gone by itself
	ada.get("/first-steps").has(t, "5 of 5 done", "See runs")
	s.as(t, "vera@example.com").get("/first-steps").has(t, "5 of 5 done").lacks(t, `href="/connections"`)
	s.as(t, "carl@example.com").get("/search?q=first+export").has(t, `href="/first-steps"`)
}
