package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/segment"
	statusviews "github.com/segue-app/segue/views/status"
)

// everybody makes a segment of all profiles.
func (s *site) everybody(t *testing.T) segment.Segment {
	t.Helper()
	made, err := s.Segments.Create(t.Context(), s.Administrator, segment.Draft{Name: "Everybody",
		Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// exporting sets everything up to an export, by the administrator: two profiles, a segment of both, a connection.
func (s *site) exporting(t *testing.T) export.Export {
	t.Helper()
	importCustomers(t, s, "id,email\n1,ann@example.com\n2,bo@example.com\n")
	segment := s.everybody(t)
	s.connected(t)
	usable, err := s.Connections.Usable(t.Context(), s.Administrator)
	if err != nil || len(usable) != 1 {
		t.Fatal(usable, err)
	}
	made, err := s.Exports.Create(t.Context(), s.Administrator, export.Draft{Name: "Newsletter", ConnectionID: usable[0].ID,
		Parts: []export.Part{{SegmentID: segment.ID, Tag: "everybody"}}, Mapping: export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestHomeLeadsEachRoleFromNothingToTheFirstExport(t *testing.T) {
	s := newSite(t)
	s.as(t, "ada@example.com").get("/").wants(t, http.StatusOK).has(t, "Your first export", "0 of 5 done", `<a class="button button-primary" href="/profiles/upload"`, `href="/connections/new"`).
		lacks(t, "Everything is in order", ">Done<")
	s.as(t, "carl@example.com").get("/").has(t, "An administrator brings your customers in", "An administrator sets a connection up", `href="/help#connections"`, `<a class="button button-primary" href="/segments/new"`).
		lacks(t, `href="/profiles/upload"`, `href="/connections/new"`)
	s.as(t, "vera@example.com").get("/").has(t, "Nothing has been exported yet").lacks(t, "Your first export")

	e := s.exporting(t)
	page := s.as(t, "ada@example.com").get("/").has(t, "4 of 5 done", "Go to exports", "See segments", "Everything is in order", "Nothing runs at the moment.")
	if done := strings.Count(page.body, ">Done<"); done != 4 {
		t.Errorf("%d steps are ticked, want 4", done)
	}
	s.as(t, "carl@example.com").get("/").has(t, "Go to exports")

	s.ended(t, e, run.Warnings)
	s.as(t, "ada@example.com").get("/").lacks(t, "Your first export").has(t, "Completed with warnings", "1 thing needs you", "The last run completed with warnings.").
		lacks(t, "Everything is in order")
	s.as(t, "vera@example.com").get("/").lacks(t, "Nothing has been exported yet").has(t, "Newsletter")
}

// ended starts the export and writes that its run ended so: the engine does not work here.
func (s *site) ended(t *testing.T, e export.Export, state run.State) run.Run {
	t.Helper()
	r, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET state = ?, ended_at = ? WHERE id = ?`, state, s.clock.Now().UnixMilli(), r.ID); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHomeShowsWhatRunsNow(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	r, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.as(t, "vera@example.com").get("/").wants(t, http.StatusOK).has(t, "1 run is under way", "Queued", "Watch Newsletter", `href="`+runPath(r.ID)+`"`, `hx-trigger="every 3s"`).
		lacks(t, "Nothing has been exported yet")
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET state = 'running', profiles = 20000, accepted = 12345 WHERE id = ?`, r.ID); err != nil {
		t.Fatal(err)
	}
	b := s.as(t, "vera@example.com")
	b.header.Set("HX-Request", "true")
	b.get("/").wants(t, http.StatusOK).has(t, "12,345 of 20,000", `max="20000"`).lacks(t, "<html", "Welcome")
}

func TestHomeSaysWhatNeedsSomebodyAndWhy(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	b := s.as(t, "ada@example.com")
	failed := s.ended(t, e, run.Failed)
	b.get("/").has(t, "1 thing needs you", "Needs you", "The last run failed", `href="`+runPath(failed.ID)+`"`)
	importCustomers(t, s, "id,phone\n1,123\n")
	b.get("/").has(t, "1 thing needs you", "names an attribute that the profiles no longer have", `href="`+exportPath(e.ID)+`"`)
	if err := s.Exports.Pause(t.Context(), s.Administrator, e.ID); err != nil {
		t.Fatal(err)
	}
	b.get("/").has(t, "1 is paused", "Everything is in order").lacks(t, "Needs you")
}

func TestHomeTellsEverybodyOfTheLastAndTheNextRefresh(t *testing.T) {
	s := newSite(t)
	s.as(t, "vera@example.com").get("/").has(t, "There has been none yet", "The schedule is off").lacks(t, "/system/schedule")
	_, err := s.Schedule.Save(t.Context(), s.Administrator, schedule.Settings{On: true, Zone: "UTC",
		Pattern: calendar.Pattern{Recurrence: calendar.Daily, Times: []calendar.Clock{18 * 60}}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := s.Chains.StartNow(t.Context(), s.Administrator)
	if err != nil {
		t.Fatal(err)
	}
	s.as(t, "vera@example.com").get("/").has(t, "1 June 2026 at 18:00, in 6 hours", "Queued", "just now", `href="`+statusviews.ChainPath(begun.ID)+`"`)
	s.carryOut(t, begun.ID)
	s.as(t, "vera@example.com").get("/").has(t, "Successful", "just now")
	s.as(t, "ada@example.com").get("/").has(t, `href="/system/schedule"`)
}

// carryOut does the steps of a chain, as the queue would.
func (s *site) carryOut(t *testing.T, id int64) {
	t.Helper()
	if err := s.Chains.(*chain.Service).Work(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}
