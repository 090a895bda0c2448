package web

import (
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/testkit"
)

// Each form of settings is opened by two; the second to save is shown the first one's name and what differs, and decides.
func TestWhoSavesSettingsThatSomebodyChangedMeanwhileSeesBothAndDecides(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	bea := account.NewUser{Email: "bea@example.com", Name: "Bea Lund", Role: access.Administrator, Password: testkit.Password}
	if _, err := s.Accounts.Create(t.Context(), access.System, bea); err != nil {
		t.Fatal(err)
	}
	ada, other := s.as(t, "ada@example.com"), s.as(t, bea.Email)
	ada.post("/exports", typed("Newsletter", nil)).leads(t, "/exports/1")
	for _, form := range []struct {
		name, page, path string
		field            string
		theirs, mine     string
		label            string
		rest             url.Values
	}{
		{"alert settings", "/system/alerts", "/system/alerts/settings", "quiet_minutes", "11", "22", "Quiet", url.Values{"rejected_share": {"2"}, "start_minutes": {"5"}, "size_factor": {"2"}}},
		{"approvals", "/system/approvals", "/system/approvals", "of_rules", "1", "", "Tea shop", url.Values{"where": {"some"}, "connection": {"1"}}},
		{"the connection", "/connections/1", "/connections/1", "name", "Bea's tea", "Ada's tea", "Name", url.Values{"access": {"contributors"}}},
		{"the source", "/sources/1/edit", "/sources/1", "name", "Bea's file", "Ada's file", "Name", url.Values{"shrink_share": {"30"}}},
		{"retention", "/privacy/retention", "/privacy/retention", "days-refused_lines", "31", "62", "Refused lines of imports", url.Values{}},
		{"the schedule of an export", "/exports/1/schedule", "/exports/1/schedule", "schedule", "off", "weekly", "Schedule", url.Values{"schedule_weekday": {"1"}, "schedule_time": {"05:00"}}},
	} {
		t.Run(form.name, func(t *testing.T) {
			opened := ada.get(form.page).wants(t, http.StatusOK).field(t, "version")
			save := func(value string, more url.Values) url.Values {
				values := url.Values{"version": {opened}}
				maps.Copy(values, form.rest)
				if value != "" {
					values[form.field] = []string{value}
				}
				maps.Copy(values, more)
				return values
			}
			other.post(form.path, save(form.theirs, nil)).wants(t, http.StatusSeeOther)
			refused := ada.post(form.path, save(form.mine, nil)).wants(t, http.StatusConflict).
				has(t, "Somebody else changed this while you had it open", "Bea Lund", "Take theirs", "Save mine over theirs", form.label)
			if refused.field(t, "version") != opened {
				t.Error("the next plain save would replace theirs")
			}
			ada.post(form.path, save(form.mine, nil)).wants(t, http.StatusConflict)
			ada.post(form.path, save(form.mine, url.Values{"over": {refused.field(t, "over")}})).wants(t, http.StatusSeeOther)
			ada.post(form.path, save(form.mine, url.Values{"over": {refused.field(t, "over")}})).wants(t, http.StatusConflict)
		})
	}
}
