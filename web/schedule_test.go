package web

import (
	"net/http"
	"net/url"
	"regexp"
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
	b.get("/system/schedule").wants(t, http.StatusOK).has(t, "The schedule is off", "There has been no refresh yet")
	b.post("/system/schedule", typedIn(t, b, url.Values{"recurrence": {"weekly"}, "weekday": {"5", "1"}, "time": {"06:30", "", "18:00"}})).leads(t, "/system/schedule")
	// The clock stands at noon on Monday, 1 June 2026, UTC.
	b.get("/system/schedule").wants(t, http.StatusOK).has(t, "saved and on", "Last changed by Ada Holm",
		"In Europe/Copenhagen", "Monday 1 June 2026 at 18:00", "For you, in UTC", "Monday 1 June 2026 at 16:00",
		"Friday 5 June 2026 at 06:30", "Friday 5 June 2026 at 18:00", "in 4 hours", `value="18:00"`)
	b.post("/system/schedule", typedIn(t, b, url.Values{"on": {"0"}})).leads(t, "/system/schedule")
	b.get("/system/schedule").has(t, "The schedule is saved and off.", "Exports run on demand only")
}

func TestAnotherTimeIsAddedWithoutLosingWhatWasTyped(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	times := regexp.MustCompile(`<input[^>]*name="time"|<input[^>]*type="time"`)
	form := typedIn(t, b, url.Values{"do": {"add"}, "recurrence": {"weekly"}, "weekday": {"3"}, "time": {"05:15"}, "time_zone": {"Asia/Tokyo"}})
	page := b.post("/system/schedule", form).wants(t, http.StatusOK).has(t, `value="05:15"`, `value="Asia/Tokyo" selected`, "Add another time")
	if n := len(times.FindAllString(page.body, -1)); n != 2 {
		t.Errorf("%d fields for times, want 2", n)
	}
	form["time"] = []string{"05:15", "06:15", "07:15"}
	b.post("/system/schedule", form).wants(t, http.StatusOK).lacks(t, "Add another time")
	b.get("/system/schedule").has(t, "The schedule is off")
}

func TestSettingsThatAreNoScheduleComeBackWithTheirErrors(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	page := b.post("/system/schedule", typedIn(t, b, url.Values{"recurrence": {"weekly"}, "time": {"25:00"}, "time_zone": {"Europe/Atlantis"}}))
	page.wants(t, http.StatusUnprocessableEntity).has(t, "Weekdays: choose at least one", "Times of day: write each as hours and minutes",
		"Time zone: choose one", `value="25:00"`, `href="#time"`, `id="time"`, `href="#weekday"`, `id="weekday"`, `href="#time_zone"`)
	b.post("/system/schedule", typedIn(t, b, url.Values{"version": {"99"}})).wants(t, http.StatusUnprocessableEntity).has(t, "Somebody else changed this meanwhile")
	b.post("/system/schedule", typedIn(t, b, url.Values{"version": {"x"}})).wants(t, http.StatusUnprocessableEntity).has(t, "Somebody else changed this meanwhile")
	b.post("/system/schedule", typedIn(t, b, url.Values{"time": {"06:30", "06:30"}, "weekday": {"x"}})).wants(t, http.StatusUnprocessableEntity).
		has(t, "enter each time once", "Choose one of the values offered")
}

func TestARefreshOnDemandIsShownWithItsOutcome(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.post("/system/schedule/refresh", nil).leads(t, "/system/schedule")
	b.get("/system/schedule").has(t, "The refresh begins in a moment.", "Queued", "Ada Holm")
	b.post("/system/schedule/refresh", nil).wants(t, http.StatusUnprocessableEntity).has(t, "A refresh is under way already")
	if err := s.Schedule.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.header.Set("HX-Request", "true")
	fragment := b.get("/system/schedule").wants(t, http.StatusOK).has(t, "Successful", `id="refreshes"`)
	if strings.Contains(fragment.body, "<html") || strings.Contains(fragment.body, `name="version"`) {
		t.Error("a whole page where htmx asks for the part that changes")
	}
}

func TestTheReadersOwnZoneIsProposedUntilOneIsChosen(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	if err := s.Accounts.SavePreferences(t.Context(), s.Administrator, account.Preferences{Name: "Ada Holm", TimeZone: "Asia/Tokyo"}); err != nil {
		t.Fatal(err)
	}
	b.get("/system/schedule").has(t, `value="Asia/Tokyo" selected`)
	b.post("/system/schedule", typedIn(t, b, nil)).leads(t, "/system/schedule")
	b.get("/system/schedule").has(t, `value="Europe/Copenhagen" selected`, "For you, in Asia/Tokyo", "Tuesday 2 June 2026 at 13:30")
	s.clock.Advance(17 * time.Hour)
	s.as(t, "ada@example.com").get("/system/schedule").has(t, "Wednesday 3 June 2026 at 06:30")
}
