package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/account"
)

// typedIn is the form as the administrator fills it in, with the version that the page shows.
func typedIn(t *testing.T, b *browser, change url.Values) url.Values {
	t.Helper()
	form := url.Values{
		"version": {b.get("/system/schedule").wants(t, http.StatusOK).field(t, "version")}, "do": {"save"},
		"on": {"1"}, "recurrence": {"daily"}, "time": {"06:30"}, "time_zone": {"Europe/Copenhagen"},
	}
	for name, values := range change {
		form[name] = values
	}
	return form
}

func TestAnAdministratorTurnsTheScheduleOn(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.get("/system/schedule").wants(t, http.StatusOK).has(t, "The schedule is off", "There has been no refresh yet", "Blackouts")
	b.post("/system/schedule", typedIn(t, b, url.Values{"recurrence": {"weekly"}, "weekday": {"5", "1"}, "time": {"06:30", "", "18:00"}})).leads(t, "/system/schedule")
	// The clock stands at noon on Monday, 1 June 2026, UTC.
	b.get("/system/schedule").wants(t, http.StatusOK).has(t, "saved and on", "Last changed by Ada Holm",
		"Times in Europe/Copenhagen", "Monday 1 June 2026 at 18:00", "Monday 1 June 2026 at 16:00 for you, in UTC (in 4 hours)",
		"Friday 5 June 2026 at 06:30", "Friday 5 June 2026 at 18:00", `value="18:00"`)
	b.post("/system/schedule", typedIn(t, b, url.Values{"on": {"0"}})).leads(t, "/system/schedule")
	b.get("/system/schedule").has(t, "The schedule is saved and off.", "Exports run on demand only")
}

func TestAnotherTimeIsAddedWithoutLosingWhatWasTyped(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	times := regexp.MustCompile(`<input[^>]*name="time"|<input[^>]*type="time"`)
	form := typedIn(t, b, url.Values{"do": {"add-time"}, "recurrence": {"weekly"}, "weekday": {"3"}, "time": {"05:15"}, "time_zone": {"Asia/Tokyo"}})
	page := b.post("/system/schedule", form).wants(t, http.StatusOK).has(t, `value="05:15"`, `value="Asia/Tokyo" selected`, "Add another time")
	if n := len(times.FindAllString(page.body, -1)); n != 2 {
		t.Errorf("%d fields for times, want 2", n)
	}
	form["time"] = slices.Repeat([]string{"05:15"}, 11)
	b.post("/system/schedule", form).wants(t, http.StatusOK).lacks(t, "Add another time")
	b.get("/system/schedule").has(t, "The schedule is off")
}

func TestSettingsThatAreNoScheduleComeBackWithTheirErrors(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	page := b.post("/system/schedule", typedIn(t, b, url.Values{"recurrence": {"weekly"}, "time": {"25:00"}, "time_zone": {"Europe/Atlantis"}}))
	page.wants(t, http.StatusUnprocessableEntity).has(t, "Weekdays: choose at least one", "Times of day: write each as hours and minutes",
		"Time zone: choose one", `value="25:00"`, `href="#time"`, `id="time"`, `href="#weekday"`, `id="weekday"`, `href="#time_zone"`)
	b.post("/system/schedule", typedIn(t, b, url.Values{"version": {"99"}})).wants(t, http.StatusConflict).has(t, "Somebody else changed this while you had it open")
	b.post("/system/schedule", typedIn(t, b, url.Values{"version": {"x"}})).wants(t, http.StatusConflict).has(t, "Somebody else changed this while you had it open")
	b.post("/system/schedule", typedIn(t, b, url.Values{"time": {"06:30", "06:30"}, "weekday": {"x"}})).wants(t, http.StatusUnprocessableEntity).
		has(t, "enter each time once", "Choose one of the values offered")
}

func TestARefreshOnDemandIsShownWithItsOutcome(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.post("/system/status/refresh", nil).leads(t, "/system/status")
	b.get("/system/schedule").has(t, "The refresh has begun.", "Queued", "Ada Holm refreshed")
	b.post("/system/status/refresh", nil).leads(t, "/system/status")
	b.get("/system/status").has(t, "A refresh is under way already")
	s.carryOut(t, 1)
	b.header.Set("HX-Request", "true")
	fragment := b.get("/system/schedule").wants(t, http.StatusOK).has(t, "Successful", `id="last"`, `href="/system/status/chains/1"`)
	if strings.Contains(fragment.body, "<html") || strings.Contains(fragment.body, `name="version"`) {
		t.Error("a whole page where htmx asks for the part that changes")
	}
}

func TestBlackoutsAreAddedTakenAwayAndKept(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	form := typedIn(t, b, url.Values{"do": {"add-hours"}, "time": {"23:30"}})
	b.post("/system/schedule", form).wants(t, http.StatusOK).has(t, `name="hours.0.from"`, `name="hours.0.weekday"`, "Remove hours 1").lacks(t, `name="dates.0.first"`)
	form["hours.0.from"], form["hours.0.to"], form["do"] = []string{"22:00"}, []string{""}, []string{"add-dates"}
	b.post("/system/schedule", form).has(t, `value="22:00"`, `name="dates.0.first"`)
	form["dates.0.first"], form["dates.0.last"], form["do"] = []string{"2026-06-09"}, []string{"2026-06-03"}, []string{"save"}
	b.post("/system/schedule", form).wants(t, http.StatusUnprocessableEntity).
		has(t, "enter both times", "the last day cannot come before the first", `href="#hours.0"`, `id="hours.0"`, `href="#dates.0"`, `value="2026-06-09"`)
	form["hours.0.to"], form["hours.0.weekday"], form["dates.0.last"] = []string{"02:00"}, []string{"1"}, []string{"2026-06-10"}
	form["hours.1.from"], form["hours.1.to"] = []string{""}, []string{""} // a row that nobody filled in is none
	b.post("/system/schedule", form).leads(t, "/system/schedule")
	b.get("/system/schedule").has(t, `value="22:00"`, `value="02:00"`, `value="2026-06-10"`, "Tuesday 2 June 2026 at 02:00").lacks(t, `name="hours.1.from"`)
	form = typedIn(t, b, url.Values{"do": {"remove-hours-0"}, "hours.0.from": {"22:00"}, "hours.0.to": {"02:00"}})
	b.post("/system/schedule", form).wants(t, http.StatusOK).lacks(t, `name="hours.0.from"`)
	b.post("/system/schedule", url.Values{"do": {"remove-hours-99"}}).wants(t, http.StatusOK)
}

func TestTheNextTimesAreShownBeforeAnythingIsSaved(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	form := typedIn(t, b, url.Values{"do": {"preview"}, "recurrence": {"monthly"}, "month_day": {"32"}, "time": {"04:00"}})
	b.post("/system/schedule", form).wants(t, http.StatusOK).has(t, "These settings would give", "Tuesday 30 June 2026 at 04:00", "Friday 31 July 2026 at 04:00", "Monday 31 August 2026 at 04:00",
		"The schedule is off")
	form["month_day"] = []string{"0"}
	b.post("/system/schedule", form).wants(t, http.StatusUnprocessableEntity).has(t, "Day of the month: choose one").lacks(t, "These settings would give")
}

func TestTheReadersOwnZoneIsProposedUntilOneIsChosen(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	if err := s.Accounts.SavePreferences(t.Context(), s.Administrator, account.Preferences{Name: "Ada Holm", TimeZone: "Asia/Tokyo"}); err != nil {
		t.Fatal(err)
	}
	b.get("/system/schedule").has(t, `value="Asia/Tokyo" selected`)
	b.post("/system/schedule", typedIn(t, b, nil)).leads(t, "/system/schedule")
	b.get("/system/schedule").has(t, `value="Europe/Copenhagen" selected`, "Tuesday 2 June 2026 at 13:30 for you, in Asia/Tokyo")
	s.clock.Advance(17 * time.Hour)
	s.as(t, "ada@example.com").get("/system/schedule").has(t, "Wednesday 3 June 2026 at 06:30")
}
