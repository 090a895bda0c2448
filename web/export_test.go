package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
)

// typed is the form of an export, filled.
func typed(name string, more url.Values) url.Values {
	form := url.Values{
		"do": {"save"}, "name": {name}, "connection": {"1"}, "segments": {"1"}, "tag.1": {"vip"}, "field.email": {"email"}, "meant.email": {"1"}, "meant.phone": {"1"}, "meant.first_name": {"1"}, "schedule": {"system"},
	}
	for key, values := range more {
		form[key] = values
	}
	return form
}

// shop gives the site three profiles, a segment of all of them, and a connection that contributors may use.
func (s *site) shop(t *testing.T) {
	t.Helper()
	importCustomers(t, s, "id,email,first_name,phone\n1,ann@example.com,Ann,\n2,not an address,Bo,+4512345678\n3,,Cy,12\n")
	s.everybody(t)
	s.connected(t)
}

func TestAnExportIsMadeStepByStepWithoutScripts(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports").wants(t, http.StatusOK).has(t, "No exports yet", `href="/exports/new"`)
	page := carl.get("/exports/new").wants(t, http.StatusOK)
	page.has(t, "Connection for export", `<optgroup label="Omnisend">`, "Tea shop", "Suggested, because the attribute is called Email.", "a•••@e•••.com · n••• a••• a•••",
		"First name ← First name", "Saving does not start a run.")

	form := typed("", nil)
	delete(form, "tag.1")
	form.Set("do", "add-attribute")
	carl.post("/exports", form).wants(t, http.StatusOK).has(t, `name="line.0.field"`, `value="segue Everybody"`, "3 profiles")
	form.Set("line.0.field", "phone")
	form.Set("line.0.attribute", "phone")
	form.Set("do", "use:firstName")
	carl.post("/exports", form).has(t, `name="line.1.attribute"`, "A••• · B••• · C•••").lacks(t, "Phone ← Phone")
	form.Set("line.1.field", "firstName")
	form.Set("line.1.attribute", "first_name")
	form.Set("do", "check")
	carl.post("/exports", form).has(t, "Could be sent", "1 profile has no value · 2 profiles would be rejected", "1 profile has no value · 1 profile would be rejected",
		"Every profile has a value that can be sent.")
	form.Set("line.1.attribute", "") // of what is not chosen nothing can be said
	carl.post("/exports", form).has(t, "Could be sent").lacks(t, "Every profile has a value that can be sent.")
	form.Set("line.1.attribute", "first_name")
	form.Set("do", "remove-0")
	carl.post("/exports", form).has(t, `name="line.0.field"`, "A••• · B••• · C•••").lacks(t, `name="line.1.field"`)

	form.Set("do", "save")
	page = carl.post("/exports", form).wants(t, http.StatusUnprocessableEntity)
	page.has(t, "Fill in this field", `href="#name"`, `name="line.1.field"`)
	form.Set("name", "Newsletter")
	form.Set("tag.1", "")
	carl.post("/exports", form).leads(t, "/exports/1")
	carl.get("/exports/1").wants(t, http.StatusOK).has(t, "The export Newsletter is saved. Saving does not start a run.", "no tag", "Every profile", "Phone ← Phone", "This export has not been run yet.")
	if runs, err := s.Runs.List(t.Context(), s.Viewer, 0, 10, 0); err != nil || len(runs) != 0 {
		t.Errorf("saving started runs: %v %v", runs, err)
	}
}

func TestHtmxGetsThePartOfTheExportFormThatItExchanges(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	form := typed("Newsletter", url.Values{"do": {"preview"}, csrfField: {carl.token()}})
	ask := func(target, do string) answer {
		carl.header = http.Header{"Hx-Request": {"true"}, "Hx-Target": {target}}
		form.Set("do", do)
		return carl.send("/exports", form).wants(t, http.StatusOK).lacks(t, "<html", `name="name"`)
	}
	if a := ask("export-matching", "add-attribute").has(t, `name="line.0.field"`, `name="field.email"`); a.Header.Get("HX-Trigger-After-Settle") != "export-changed" {
		t.Error("the outlook is not told that the matching changed")
	}
	ask("export-tags", "preview").has(t, `value="vip"`, "3 profiles").lacks(t, "field.email")
	ask("export-outlook", "check").has(t, "Would be rejected", `id="finding-email"`, `hx-swap-oob="true"`).lacks(t, `name="field.email"`)
}

func TestWhatIsWrongWithALineIsSaidAtTheLine(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	for _, test := range []struct {
		name        string
		lines       url.Values
		want, leads string
	}{
		{"a field filled twice", url.Values{"line.0.field": {"phone"}, "line.0.attribute": {"phone"}, "line.1.field": {"phone"}, "line.1.attribute": {"email"}},
			"This field is filled by another line already", "line.1.field"},
		{"no attribute", url.Values{"line.0.field": {"phone"}, "line.0.attribute": {""}}, "Choose one of the values offered", "line.0.attribute"},
		{"an attribute that is gone", url.Values{"line.0.field": {"phone"}, "line.0.attribute": {"telex"}}, "telex (no longer there)", "line.0.attribute"},
		{"no field", url.Values{"line.0.field": {""}, "line.0.attribute": {"phone"}}, "Choose a field.", "line.0.field"},
		{"a custom property without a name that can be sent", url.Values{"line.0.field": {"custom"}, "line.0.custom": {"no way"}, "line.0.attribute": {"phone"}},
			"Choose a field.", "line.0.custom"},
		{"a tag that cannot be sent", url.Values{"tag.1": {"a,b"}}, "Use letters, digits, spaces", "tag.1"},
		{"no email", url.Values{"field.email": {""}}, "Choose the attribute that holds the email address", "field.email"},
		{"no segment", url.Values{"segments": {}}, "Choose at least one segment", "segments"},
		{"no connection", url.Values{"connection": {""}}, "Choose a connection", "connection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			carl.post("/exports", typed("Kept "+test.name, test.lines)).wants(t, http.StatusUnprocessableEntity).
				has(t, test.want, `href="#`+test.leads+`"`, `id="`+test.leads+`"`, `id="`+test.leads+`-error"`, "Kept "+test.name)
		})
	}
}

func TestAnEmptyLineIsNoMistake(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	s.as(t, "carl@example.com").post("/exports", typed("Newsletter", url.Values{"line.0.field": {""}, "line.0.attribute": {""}})).leads(t, "/exports/1")
}

func TestWhoSavesOverSomebodyElsesVersionIsToldFirst(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl, ada := s.as(t, "carl@example.com"), s.as(t, "ada@example.com")
	carl.post("/exports", typed("Newsletter", nil)).leads(t, "/exports/1")
	version := carl.get("/exports/1/edit").wants(t, http.StatusOK).field(t, "version")
	ada.post("/exports/1", typed("Ada's", url.Values{"version": {version}})).leads(t, "/exports/1")
	page := carl.post("/exports/1", typed("Carl's", url.Values{"version": {version}})).wants(t, http.StatusConflict).
		has(t, "Somebody else changed this while you had it open", "Ada Holm", "Changed: Name", `value="Carl's"`, "Changed by both", "Take theirs", "Save mine over theirs")
	carl.get("/exports/1").has(t, "Ada's")
	if page.field(t, "version") != version {
		t.Error("the next plain save would replace theirs")
	}
	carl.post("/exports/1", typed("Carl's", url.Values{"version": {version}})).wants(t, http.StatusConflict)

	ada.post("/exports/1", typed("Ada's second", url.Values{"version": {page.field(t, "over")}})).leads(t, "/exports/1")
	over := url.Values{"version": {version}, "over": {page.field(t, "over")}, "do": {}}
	page = carl.post("/exports/1", typed("Carl's", over)).wants(t, http.StatusConflict).has(t, "Ada's second")
	over.Set("over", page.field(t, "over"))
	carl.post("/exports/1", typed("Carl's", over)).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "Carl's")
}

func TestADuplicateIsNotMadeBeforeItIsSaved(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/exports", typed("Newsletter", url.Values{"line.0.field": {"custom"}, "line.0.custom": {"nick"}, "line.0.attribute": {"first_name"}})).leads(t, "/exports/1")
	carl.get("/exports/1/duplicate").wants(t, http.StatusOK).has(t, `value="Newsletter (duplicate)"`, `value="nick"`, `value="vip"`, `action="/exports"`).lacks(t, `name="version"`)
	carl.get("/exports").has(t, "1–1 of 1")
}

func TestWithoutAConnectionThePageSaysWhoCanHelp(t *testing.T) {
	s := newSite(t)
	s.as(t, "carl@example.com").get("/exports/new").wants(t, http.StatusOK).has(t, "Contact an administrator").lacks(t, "/connections/new")
	s.as(t, "ada@example.com").get("/exports/new").wants(t, http.StatusOK).has(t, `href="/connections/new"`)
}

func TestViewersLookAndActOnNothing(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	vera := s.as(t, "vera@example.com")
	vera.get("/exports").wants(t, http.StatusOK).has(t, "Newsletter", "Tea shop", "Never run", `aria-label="View Newsletter"`).lacks(t, "/edit", "Run all", "/exports/new")
	vera.get("/exports/1").wants(t, http.StatusOK).has(t, "Everybody", "Email ← Email").lacks(t, "/edit", "/run\"", "/remove")
	for _, act := range []string{"", "/run", "/schedule", "/pause", "/resume", "/detach", "/remove"} {
		vera.post(exportPath(e.ID)+act, url.Values{"schedule": {"off"}}).wants(t, http.StatusForbidden)
	}
}

func TestContributorsWithoutAccessToTheConnectionMayOnlyLook(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET open_to_contributors = 0`); err != nil {
		t.Fatal(err)
	}
	carl := s.as(t, "carl@example.com")
	carl.get("/exports").has(t, `aria-label="View Newsletter"`).lacks(t, "/exports/1/edit")
	carl.get("/exports/1").wants(t, http.StatusOK).lacks(t, "/exports/1/edit", "/exports/1/run")
	for _, page := range []string{"/edit", "/duplicate", "/schedule", "/detach", "/remove"} {
		carl.get(exportPath(e.ID)+page).wants(t, http.StatusForbidden)
	}
	for _, act := range []string{"", "/run", "/schedule", "/pause", "/resume", "/detach", "/remove"} {
		carl.post(exportPath(e.ID)+act, typed("Mine", url.Values{"version": {"1"}})).wants(t, http.StatusForbidden)
	}
}

func TestAnExportIsScheduledPausedDetachedAndRemoved(t *testing.T) {
	s := newSite(t)
	s.exporting(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/1/schedule").wants(t, http.StatusOK).has(t, "Schedule export Newsletter", "System refresh", "It is off now.")
	carl.post("/exports/1/schedule", url.Values{"schedule": {"off"}}).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "The export runs on demand only.")
	carl.post("/exports/1/schedule", url.Values{"schedule": {"hourly"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Choose one of the values offered")

	carl.post("/exports/1/pause", nil).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "This export does not run at the moment", "Paused by Carl Lund,", "Resume")
	carl.post("/exports/1/run", nil).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "The export is paused.")
	carl.post("/exports/1/resume", nil).leads(t, "/exports/1")

	carl.get("/exports/1/detach").wants(t, http.StatusOK).has(t, "Detach the connection of Newsletter?", "Tea shop")
	carl.post("/exports/1/detach", nil).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "No connection", "It was on the connection Tea shop.")
	carl.get("/exports").has(t, "No connection")
	carl.get("/exports/1/detach").wants(t, http.StatusConflict)
	carl.post("/exports/1", typed("Newsletter", url.Values{"version": {carl.get("/exports/1/edit").field(t, "version")}})).leads(t, "/exports/1")
	carl.get("/exports/1").lacks(t, "does not run at the moment")

	carl.get("/exports/1/remove").wants(t, http.StatusOK).has(t, "Remove Newsletter?", "The history of its runs stays")
	carl.post("/exports/1/remove", nil).leads(t, "/exports")
	carl.get("/exports").has(t, "The export Newsletter is removed.", "No exports yet")
	carl.get("/exports/1").wants(t, http.StatusNotFound)
}

func TestTheListOfExportsIsSearchedSortedAndPagedByItsAddress(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	for i := range 29 {
		draft := export.Draft{Name: fmt.Sprintf("Export %02d", i), ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping, Schedule: export.Schedule{When: export.Off}}
		if _, err := s.Exports.Create(t.Context(), s.Contributor, draft); err != nil {
			t.Fatal(err)
		}
	}
	vera := s.as(t, "vera@example.com")
	vera.get("/exports").has(t, "Export 00", "1–25 of 30", `href="/exports?page=2"`, `href="/exports?direction=descending"`).lacks(t, "Newsletter<")
	vera.get("/exports?page=2").has(t, "Newsletter", "26–30 of 30").lacks(t, "Export 00")
	vera.get("/exports?sort=schedule&direction=descending").has(t, "Newsletter", `aria-sort="descending"`)
	vera.get("/exports?q=port+07").has(t, "Export 07", "1–1 of 1").lacks(t, "Export 08")
	vera.get("/exports?q=omnisend&page=-1&sort=nonsense").wants(t, http.StatusOK).has(t, "1–25 of 30")
	vera.get("/exports?q=nobody").has(t, "No export found")
}

func TestAnOpenListIsToldHowItsRowsStandAndNothingMoves(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	s.ended(t, e, run.Failed)
	vera := s.as(t, "vera@example.com")
	vera.header.Set("HX-Request", "true")
	vera.get("/exports?ids=1").wants(t, http.StatusOK).has(t, `<td id="export-1-status"`, `hx-swap-oob="true"`, "Failed").lacks(t, "<html", "<th", "The list has changed")
	vera.get("/exports?ids=7").has(t, "The list has changed.").lacks(t, "export-1-status")
}

func TestTheListSaysWhenAnAttributeWentAway(t *testing.T) {
	s := newSite(t)
	s.exporting(t)
	vera := s.as(t, "vera@example.com")
	vera.get("/exports").lacks(t, "Attribute missing")
	importCustomers(t, s, "id,name\n1,Ann\n")
	vera.get("/exports").has(t, "Attribute missing")
	vera.get("/").has(t, "names an attribute that the profiles no longer have")
}

func TestEveryObstacleAndReasonHasItsWordsInEveryLanguage(t *testing.T) {
	var keys []string
	for _, code := range []string{
		string(export.NoConnection), string(export.IsPaused), string(export.NoProfiles), string(export.AttributeMissing), string(export.NoSegments), string(export.SegmentInactive), "export_removed",
		string(connection.NotVerified), string(connection.NoConsent), string(connection.NoExportUser), string(connection.ExportUserUnable), string(connection.KeyFailed),
		string(connection.KeyRefused), string(connection.ScopeMissing), string(connection.BrandUnable), string(connection.BrandChanged), string(connection.PaymentRequired), string(connection.SecretMissing), string(connection.StoreUnavailable),
	} {
		keys = append(keys, "obstacle."+code, "exports.state."+code)
	}
	for _, code := range []string{"too_many_profiles", "destination_unavailable", "batches_stalled", "api_retired", "does_not_add_up", "internal", "segment_unusable", "exclusion_unusable"} {
		keys = append(keys, "runs.error."+code)
	}
	for _, code := range []string{"queued", "started", "resumed", "cancel_asked", "succeeded", "warnings", "failed", "cancelled", "withdrawals_held", "tags_refused", "erased"} {
		keys = append(keys, "runs.event."+code)
	}
	for _, state := range []run.State{run.Queued, run.Running, run.Succeeded, run.Warnings, run.Failed, run.Cancelled} {
		keys = append(keys, "runs.state."+string(state), "runs.summary."+string(state))
	}
	for _, outcome := range []run.Outcome{run.Invalid, run.Refused, run.Duplicate, run.Excluded} {
		keys = append(keys, "runs.outcome."+string(outcome))
	}
	for _, code := range []string{
		"required", "invalid_email", "invalid_phone", "invalid_date", "invalid_gender", "too_long", "invalid_tag", "too_many_tags", // internal/omnisend's encoder
		"no_answer", "refused", "rejected", "no_reason", "duplicate", "excluded_email", "excluded_domain", "excluded_segment", "other",
	} {
		keys = append(keys, "runs.reason."+code)
	}
	s := newSite(t)
	driver, err := s.Exports.Driver("omnisend")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range driver.Info().Fields {
		keys = append(keys, "exports.field."+string(field))
	}
	for _, suggestion := range []string{"name", "values"} {
		keys = append(keys, "exports.suggestion."+suggestion)
	}
	for _, language := range i18n.Languages() {
		for _, key := range keys {
			if i18n.For(language, nil).T(key) == key {
				t.Errorf("%s has no text for %q", language, key)
			}
		}
	}
}
