package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/segue-app/segue/internal/export"
)

func TestAnExportHasAScheduleOfItsOwn(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/1/schedule").has(t, "In UTC, the time zone of the system", `name="schedule_weekday"`, `name="schedule_day"`, `name="schedule_time"`)
	weekly := url.Values{"schedule": {"weekly"}, "schedule_weekday": {"3", "1"}, "schedule_time": {"06:30"}, "schedule_day": {"1"}}
	carl.post("/exports/1/schedule", weekly).leads(t, exportPath(e.ID))
	// The clock stands at noon on Monday, 1 June 2026, UTC.
	carl.get("/exports/1").has(t, "on its own weekdays", "Monday, Wednesday at 06:30", "Wednesday 3 June 2026 at 06:30", "Monday 8 June 2026 at 06:30", "Wednesday 10 June 2026 at 06:30")
	carl.get("/exports").has(t, "Monday, Wednesday at 06:30", "Next run in 1 day")
	carl.get("/exports/1/edit").has(t, `value="weekly" checked`, `value="06:30"`)

	carl.post("/exports/1/schedule", url.Values{"schedule": {"weekly"}, "schedule_time": {"x"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "Weekdays: choose at least one", "write each as hours and minutes", `href="#schedule_weekday"`, `href="#schedule_time"`, `value="x"`)
	carl.post("/exports/1/schedule", url.Values{"schedule": {"monthly"}, "schedule_time": {"04:00"}, "schedule_day": {"40"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "Day of the month: choose one", `href="#schedule_day"`)
	carl.post("/exports/1/schedule", url.Values{"schedule": {"monthly"}, "schedule_time": {"04:00"}, "schedule_day": {"32"}}).leads(t, exportPath(e.ID))
	carl.get("/exports/1").has(t, "Last day of the month at 04:00", "Tuesday 30 June 2026 at 04:00")
	carl.post("/exports/1/pause", nil).leads(t, exportPath(e.ID))
	carl.get("/exports/1").has(t, "No next run").lacks(t, "Tuesday 30 June")
}

func TestTheFormOfAnExportKeepsItsScheduleThroughErrors(t *testing.T) {
	s := newSite(t)
	s.exporting(t)
	carl := s.as(t, "carl@example.com")
	form := url.Values{"do": {"save"}, "name": {""}, "connection": {"1"}, "segments": {"1"}, "tag.1": {"vip"}, "field.email": {"email"}, "meant.email": {"1"}, "leavers": {"untag"}, "ask_share": {"20"},
		"schedule": {"weekly"}, "schedule_weekday": {"6"}, "schedule_time": {"7:5"}}
	carl.post("/exports", form).wants(t, http.StatusUnprocessableEntity).has(t, `value="6" checked`, `value="7:5"`, `href="#schedule_time"`)
	form["name"], form["schedule_time"] = []string{"Saturdays"}, []string{"07:05"}
	carl.post("/exports", form).leads(t, "/exports/2")
	carl.get("/exports/2").has(t, "Saturday at 07:05")
}

func TestSeveralExportsAreGivenOneSchedule(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	for _, name := range []string{"Winter", "Spring"} {
		if _, err := s.Exports.Create(t.Context(), s.Contributor, export.Draft{Name: name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping}); err != nil {
			t.Fatal(err)
		}
	}
	carl := s.as(t, "carl@example.com")
	carl.get("/exports").has(t, `aria-label="Choose Winter"`, "Schedule the chosen", "Schedule all 3")
	carl.get("/exports/schedule").wants(t, http.StatusOK).has(t, "No export is chosen")
	carl.get("/exports/schedule?export=1&export=3&export=x&export=99").wants(t, http.StatusOK).has(t, "2 exports", "Newsletter, Spring").lacks(t, "Winter")
	carl.get("/exports/schedule?all=1&q=wint").has(t, "1 export", "Winter").lacks(t, "Newsletter")
	carl.get("/exports/schedule?all=1").has(t, "3 exports")

	carl.post("/exports/schedule", url.Values{"export": {"1", "3"}, "schedule": {"weekly"}, "schedule_time": {"05:00"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "Weekdays: choose at least one", `name="export" value="3"`)
	carl.post("/exports/schedule", url.Values{"export": {"1", "3"}, "schedule": {"monthly"}, "schedule_day": {"15"}, "schedule_time": {"05:00"}}).leads(t, "/exports")
	carl.get("/exports").has(t, "2 exports have the new schedule.", "Day 15 of the month at 05:00", "System refresh")
	carl.post("/exports/schedule", nil).wants(t, http.StatusUnprocessableEntity).has(t, "No export is chosen")

	carl.post("/exports/schedule", url.Values{"export": {"2", "99"}, "schedule": {"off"}}).wants(t, http.StatusOK).has(t, "1 export has the new schedule.", "1 export keeps its schedule", "Export 99: ")
	vera := s.as(t, "vera@example.com")
	vera.get("/exports").lacks(t, "Schedule the chosen", `class="pick"`)
	vera.post("/exports/schedule", url.Values{"export": {"1"}, "schedule": {"off"}}).wants(t, http.StatusForbidden)
}
