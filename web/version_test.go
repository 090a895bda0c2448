package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/segment"
	versions "github.com/segue-app/segue/internal/version"
)

func TestTheHistoryOfAnExportSaysWhoChangedWhatAndGoesBack(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	ada, carl, vera := s.as(t, "ada@example.com"), s.as(t, "carl@example.com"), s.as(t, "vera@example.com")
	ada.post("/exports", typed("Spring", nil)).leads(t, "/exports/1")
	carl.post("/exports/1", typed("Summer", url.Values{"version": {"1"}, "tag.1": {"summer"}, "line.0.field": {"firstName"}, "line.0.attribute": {"first_name"}})).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, `href="/exports/1/history"`)
	vera.get("/exports/1").has(t, `href="/exports/1/history"`)
	vera.get("/exports/1/history").wants(t, http.StatusOK).has(t, "History of Summer", "Changed: Name, Segments, Data matching", "Made", "Carl", "Ada", "/exports/1/history/compare?from=1&to=2")
	page := carl.get("/exports/1/history/compare?from=1&to=2").wants(t, http.StatusOK)
	page.has(t, "Spring", "Summer", "First name", "Go back to version 1", `action="/exports/1/history/1"`)
	vera.get("/exports/1/history/compare?from=1&to=2").wants(t, http.StatusOK).has(t, "Spring").lacks(t, "Go back to version 1")
	carl.get("/exports/1/history/compare?from=1&to=99").wants(t, http.StatusNotFound)
	carl.get("/exports/1/history/compare").wants(t, http.StatusOK).has(t, "Version 1 compared with 2")
	carl.post("/exports/1/history/1", url.Values{"version": {"1"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Version 1 cannot hold again as it was", "Nothing was changed.")
	carl.post("/exports/1/history/1", url.Values{"version": {"2"}}).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "Spring", "Version 1 holds again")
	carl.get("/exports/1/history").has(t, "Went back to version 1. Changed: Name, Segments, Data matching")
	vera.post("/exports/1/history/2", url.Values{"version": {"3"}}).wants(t, http.StatusForbidden)
	ada.get("/exports/1/history?before=3").wants(t, http.StatusOK).has(t, "Changed: Name").lacks(t, "Went back")
}

func TestWhatIsInTheWayOfGoingBackIsSaidByThePartsOfThePage(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	ada := s.as(t, "ada@example.com")
	second, err := s.Segments.Create(t.Context(), access.System, segment.Draft{Name: "Second", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}})
	if err != nil {
		t.Fatal(err)
	}
	ada.post("/exports", typed("Spring", url.Values{"segments": {"1", "2"}, "tag.2": {""}})).leads(t, "/exports/1")
	ada.post("/exports/1", typed("Spring", url.Values{"version": {"1"}})).leads(t, "/exports/1")
	if err := s.Segments.Delete(t.Context(), access.System, second.ID); err != nil {
		t.Fatal(err)
	}
	ada.post("/exports/1/history/1", url.Values{"version": {"2"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Segments: ", "Edit instead", `href="/exports/1/edit"`)
}

func TestGoingBackToWhatSentPersonalDataIsForThoseWhoTickIt(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	carl := s.as(t, "carl@example.com")
	with := typed("Spring", url.Values{"line.0.field": {"firstName"}, "line.0.attribute": {"first_name"}, "meant.first_name": {"1"}})
	carl.post("/exports", with).leads(t, "/exports/1")
	carl.post("/exports/1", typed("Spring", url.Values{"version": {"1"}})).leads(t, "/exports/1")
	s.as(t, "ada@example.com").post("/exports/1/history/1", url.Values{"version": {"2"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "First name is personal data. Tick that it is meant to be sent", "Nothing was changed.", `href="/exports/1/edit"`)
}

func TestARuleInAHistoryIsReadByThoseWhoMaySeePersonalData(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	ada, vera := s.as(t, "ada@example.com"), s.as(t, "vera@example.com")
	rule := func(email string) segment.Definition {
		return segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: "email", Operator: segment.Equals, Values: []string{email}}}}}
	}
	made, err := s.Segments.Create(t.Context(), access.System, segment.Draft{Name: "One", Definition: rule("ann@example.com")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Segments.Update(t.Context(), access.System, made.ID, segment.Draft{Name: "One", Definition: rule("cy@example.com"), Version: 1}); err != nil {
		t.Fatal(err)
	}
	path := segmentPath(made.ID)
	ada.get(path).has(t, path+"/history")
	vera.get(path).has(t, path+"/history")
	ada.get(path+"/history").wants(t, http.StatusOK).has(t, "Changed: Who belongs")
	ada.get(path+"/history/compare?from=1&to=2").wants(t, http.StatusOK).has(t, "ann@example.com", "cy@example.com")
	vera.get(path+"/history").wants(t, http.StatusOK).has(t, "Changed: Who belongs").lacks(t, "ann@example.com", "cy@example.com")
	vera.get(path+"/history/compare?from=1&to=2").wants(t, http.StatusOK).has(t, "Only those who may see personal data see how.").lacks(t, "ann@example.com", "cy@example.com")
	vera.post(path+"/history/1", url.Values{"version": {"2"}}).wants(t, http.StatusForbidden)
	ada.post(path+"/history/1", url.Values{"version": {"2"}}).leads(t, path)
	ada.get(path+"/history").has(t, "Went back to version 1. Changed: Who belongs")
}

func TestTheScheduleHasAHistoryToo(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.get("/system/schedule").has(t, `href="/system/schedule/history"`)
	ada.get("/system/schedule/history").wants(t, http.StatusOK).has(t, "Nothing was changed yet")
	form := url.Values{"do": {"save"}, "version": {"1"}, "on": {"1"}, "recurrence": {"weekly"}, "weekday": {"1", "3"}, "month_day": {"1"}, "time": {"05:30"}, "time_zone": {"Europe/Copenhagen"}, "on_failure": {"go_on"}}
	ada.post("/system/schedule", form).leads(t, "/system/schedule")
	ada.get("/system/schedule/history").wants(t, http.StatusOK).has(t, "Made", "Changed: Refresh on a schedule, Recurrence, Times of day, Time zone")
	ada.get("/system/schedule/history/compare?from=1&to=2").has(t, "Monday, Wednesday", "05:30", "Europe/Copenhagen", "Go back to version 1")
	ada.post("/system/schedule/history/1", url.Values{"version": {"2"}}).leads(t, "/system/schedule")
	if kept, err := s.Schedule.Get(t.Context(), access.System); err != nil || kept.On || kept.Version != 3 {
		t.Errorf("%+v, %v", kept, err)
	}
	s.as(t, "vera@example.com").get("/system/schedule/history").wants(t, http.StatusForbidden)
}

func TestASecondPersonApprovesOnThePageOfWhatWaits(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	ada, carl, vera := s.as(t, "ada@example.com"), s.as(t, "carl@example.com"), s.as(t, "vera@example.com")
	carl.get("/system/approvals").wants(t, http.StatusForbidden)
	ada.get("/system/approvals").wants(t, http.StatusOK).has(t, "Only one person could approve", "Tea shop")
	ada.post("/system/approvals", url.Values{"where": {"some"}, "version": {"1"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Choose at least one connection.")
	ada.post("/system/approvals", url.Values{"where": {"some"}, "connection": {"1"}, "version": {"1"}}).leads(t, "/system/approvals")
	ada.get("/system/approvals").has(t, `value="some" checked`, "Last changed by")
	ada.post("/system/approvals", url.Values{"where": {"none"}, "version": {"1"}}).wants(t, http.StatusConflict).has(t, "Save mine over theirs")

	carl.post("/exports", typed("Spring", nil)).leads(t, "/exports/1")
	carl.get("/exports/1").has(t, "It waits for approval", `href="/exports/1/approval"`)
	carl.get("/exports").has(t, "Awaits approval")
	carl.post("/exports/1/run", nil).leads(t, "/exports/1")
	carl.get("/exports/1/approval").wants(t, http.StatusOK).has(t, "You made some of it", "Nothing was approved").lacks(t, "Approve this export")
	vera.get("/exports/1/approval").wants(t, http.StatusOK).has(t, "made or changed by Carl").lacks(t, "Approve this export")
	page := ada.get("/exports/1/approval").wants(t, http.StatusOK)
	page.has(t, "You can approve or refuse it.", "Approve this export", "Personal data that was not approved before", "Spring")
	mark := between(page.body, `name="mark" value="`, `"`)
	vera.post("/exports/1/approval", url.Values{"do": {"approve"}, "mark": {mark}}).wants(t, http.StatusForbidden)
	carl.post("/exports/1/approval", url.Values{"do": {"approve"}, "mark": {mark}}).wants(t, http.StatusForbidden)
	ada.post("/exports/1/approval", url.Values{"do": {"refuse"}, "mark": {mark}, "reason": {" "}}).wants(t, http.StatusUnprocessableEntity).has(t, `aria-describedby="reason-hint reason-error"`)
	ada.post("/exports/1/approval", url.Values{"do": {"refuse"}, "mark": {mark}, "reason": {"The tag is wrong."}}).leads(t, "/exports/1")
	carl.get("/exports/1/approval").has(t, "refused to approve it", "The tag is wrong.")
	carl.post("/exports/1", typed("Spring", url.Values{"version": {"1"}, "tag.1": {"spring"}})).leads(t, "/exports/1")
	ada.post("/exports/1/approval", url.Values{"do": {"approve"}, "mark": {mark}}).wants(t, http.StatusUnprocessableEntity).has(t, "was changed since you looked at it")
	mark = between(ada.get("/exports/1/approval").lacks(t, "refused to approve it").body, `name="mark" value="`, `"`)
	ada.post("/exports/1/approval", url.Values{"do": {"approve"}, "mark": {mark}}).leads(t, "/exports/1")
	carl.get("/exports/1").lacks(t, "It waits for approval")
	carl.get("/exports/1/approval").has(t, "This export is approved as it is", "Version 2 was approved by")

	carl.post("/exports/1", typed("Spring", url.Values{"version": {"2"}, "tag.1": {"spring"}, "line.0.field": {"firstName"}, "line.0.attribute": {"first_name"}})).leads(t, "/exports/1")
	ada.get("/exports/1/approval").has(t, "Approved: version 2", "Now: version 3", "First name").lacks(t, "summer")
}

// overtaken has the export changed once, just before how it stands is read.
type overtaken struct {
	*export.Service
	change func()
}

func (o *overtaken) Find(ctx context.Context, q database.Querier, id int64) (export.Export, error) {
	if change := o.change; change != nil {
		o.change = nil
		change()
	}
	return o.Service.Find(ctx, q, id)
}

func TestWhatIsApprovedIsWhatThePageShowsAlsoWhenItIsChangedMeanwhile(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	ada.post("/system/approvals", url.Values{"where": {"all"}, "version": {"1"}}).leads(t, "/system/approvals")
	carl.post("/exports", typed("Spring", url.Values{"tag.1": {"harmless"}})).leads(t, "/exports/1")
	exports := &overtaken{Service: s.Exports}
	s.Approvals = approval.NewService(approval.Dependencies{DB: s.db, Exports: exports, People: s.Accounts, Events: s.Events, Clock: s.clock.Now})
	exports.change = func() {
		carl.post("/exports/1", typed("Spring", url.Values{"version": {"1"}, "tag.1": {"dreadful"}})).leads(t, "/exports/1")
	}
	page := ada.get("/exports/1/approval").wants(t, http.StatusOK).has(t, "dreadful").lacks(t, "harmless")
	ada.post("/exports/1/approval", url.Values{"do": {"approve"}, "mark": {between(page.body, `name="mark" value="`, `"`)}}).leads(t, "/exports/1")
}

func TestTheChangedSegmentsOfAnExportAreShownWhereTheyCount(t *testing.T) {
	s := newSite(t)
	s.shop(t)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	ada.post("/system/approvals", url.Values{"where": {"all"}, "of_rules": {"1"}, "version": {"1"}}).leads(t, "/system/approvals")
	carl.post("/exports", typed("Spring", nil)).leads(t, "/exports/1")
	ada.get("/exports/1/approval").wants(t, http.StatusOK).has(t, "Segment: Everybody", "Everybody", "You made some of it").lacks(t, "Approve this export") // the segment is hers
	ada.post("/system/approvals", url.Values{"where": {"all"}, "version": {"2"}}).leads(t, "/system/approvals")
	ada.get("/exports/1/approval").has(t, "Approve this export").lacks(t, "Segment: Everybody")
}

// between is what stands between two texts.
func between(page, before, after string) string {
	_, rest, _ := strings.Cut(page, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

func TestEveryActOfAHistoryAndEveryCodeOfApprovalsHasAText(t *testing.T) {
	keys := []string{"obstacle." + string(export.AwaitsApproval), "exports.state." + string(export.AwaitsApproval), approval.CodeNothing, approval.CodeOwn, approval.CodeChanged, approval.CodeRedacted, approval.CodeRedactedSegment, approval.CodeNoConnection}
	for _, act := range versions.Acts {
		keys = append(keys, "version.act."+string(act))
		switch act {
		case versions.Changed, versions.WentBack, versions.Scheduled:
			keys = append(keys, "version.act."+string(act)+".parts", "version.act."+string(act)+".same")
		}
	}
	for _, place := range []string{"none", "some", "all"} {
		keys = append(keys, "approval.where."+place, "approval.where."+place+".text")
	}
	for _, language := range i18n.Languages() {
		l := i18n.For(language, nil)
		for _, key := range keys {
			if said := l.T(key); said == "" || said == key {
				t.Errorf("%s has no %s", language, key)
			}
		}
	}
}
