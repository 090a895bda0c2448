package web

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
)

// grant sets who may use the connection; exports that somebody loses pause, or go on.
func (s *site) grant(t *testing.T, connectionID int64, grant access.Grant, withdrawal connection.Withdrawal) {
	t.Helper()
	now, err := s.Connections.Get(t.Context(), s.Administrator, connectionID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Connections.Edit(t.Context(), s.Administrator, connectionID, connection.Change{Version: now.Version, Name: now.Name, Grant: grant, Withdrawal: withdrawal})
	if err != nil {
		t.Fatal(err)
	}
}

// of makes an export like another, by somebody else.
func (s *site) like(t *testing.T, by access.Actor, e export.Export, name string) export.Export {
	t.Helper()
	made, err := s.Exports.Create(t.Context(), by, export.Draft{Name: name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAConnectionIsGrantedToContributorsByName(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	id := strconv.FormatInt(s.Contributor.UserID, 10)
	page := ada.get("/connections/1").wants(t, http.StatusOK).has(t, "Administrators only", "All contributors", "These contributors", "Carl Lund", "carl@example.com").lacks(t, "vera@example.com")
	edit := url.Values{"version": {page.field(t, "version")}, "name": {"Tea shop"}, "access": {"named"}}
	ada.post("/connections/1", edit).wants(t, http.StatusUnprocessableEntity).has(t, "Choose at least one contributor", `value="named" checked`)
	edit.Set("people", strconv.FormatInt(s.Viewer.UserID, 10))
	ada.post("/connections/1", edit).wants(t, http.StatusUnprocessableEntity).has(t, "is no contributor any more")
	edit.Set("people", id)
	ada.post("/connections/1", edit).leads(t, "/connections/1")
	ada.get("/connections").has(t, "These contributors: Carl Lund")
	carl.get(exportPath(e.ID)+"/edit").wants(t, http.StatusOK)

	edit.Set("version", ada.get("/connections/1").has(t, `value="named" checked`).field(t, "version"))
	edit.Set("access", "administrators") // the tick is still there, and counts for nothing
	ada.post("/connections/1", edit).leads(t, "/connections/1")
	carl.get(exportPath(e.ID)+"/edit").wants(t, http.StatusForbidden)
}

func TestPausingWhatAContributorMadeWhenSheLosesTheConnectionSaysWhyAndHowToGoOn(t *testing.T) {
	s := newSite(t)
	first := s.exporting(t)
	hers := s.like(t, s.Contributor, first, "Carl’s own")
	ada, carl := s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	edit := url.Values{"version": {ada.get("/connections/1").field(t, "version")}, "name": {"Tea shop"}, "access": {"administrators"}}
	ada.post("/connections/1", edit).wants(t, http.StatusOK).has(t, "What happens to the exports?", "Carl Lund", "Carl’s own", `value="go_on" checked`).lacks(t, ">Newsletter<")
	edit.Set("withdrawal", "pause")
	ada.post("/connections/1", edit).leads(t, "/connections/1")
	carl.get(exportPath(hers.ID)).has(t, "Contributors who had a hand in it may not use its connection any more", "Paused by Ada Holm,").lacks(t, "Resume")
	ada.get(exportPath(first.ID)).lacks(t, "This export does not run at the moment")
	carl.post(exportPath(hers.ID)+"/resume", nil).wants(t, http.StatusForbidden).has(t, "is not granted to you")
	versions, err := s.Exports.Versions(t.Context(), s.Viewer, hers.ID, 0, 1)
	if err != nil || len(versions) != 1 || versions[0].Act != "withdrawn" {
		t.Errorf("%+v, %v", versions, err)
	}
	ada.post(exportPath(hers.ID)+"/resume", nil).leads(t, exportPath(hers.ID))
	carl.get(exportPath(hers.ID)).lacks(t, "had a hand in it")
}

func TestAFormOfSomebodyWhoLostTheConnectionMeanwhileIsRefusedAndNothingOfItIsLost(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	carl := s.as(t, "carl@example.com")
	page := carl.get(exportPath(e.ID)+"/edit").wants(t, http.StatusOK)
	s.grant(t, e.ConnectionID, access.Named(), connection.GoOn)
	form := typed("Words that took an hour", url.Values{"version": {page.field(t, "version")}, "do": {"save"}})
	carl.post(exportPath(e.ID), form).wants(t, http.StatusForbidden).
		has(t, "The connection of this export is not granted to you", "Nothing was saved", `value="Words that took an hour"`)
	carl.get(exportPath(e.ID)).has(t, "Newsletter").lacks(t, "Words that took an hour")
}

func TestAScheduleOfSomebodyWhoLostTheConnectionMeanwhileIsRefusedAndShownAsSheChoseIt(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	carl := s.as(t, "carl@example.com")
	carl.get(exportPath(e.ID)+"/schedule").wants(t, http.StatusOK).has(t, "Save")
	s.grant(t, e.ConnectionID, access.Named(), connection.GoOn)
	form := url.Values{export.WhenField: {"monthly"}, export.DayField: {"17"}, export.TimeField: {"04:50"}}
	carl.post(exportPath(e.ID)+"/schedule", form).wants(t, http.StatusForbidden).
		has(t, "The connection of this export is not granted to you", "Nothing was saved", `value="monthly" checked`, `value="17" selected`, `value="04:50"`).lacks(t, ">Save<")
	if kept, err := s.Exports.Get(t.Context(), s.Administrator, e.ID); err != nil || kept.Schedule.When == "monthly" {
		t.Errorf("%+v, %v", kept.Schedule, err)
	}
	carl.get(exportPath(e.ID)+"/schedule").wants(t, http.StatusForbidden)
}

func TestThePageOfARunThatHasEndedHearsThatItsReaderMayDoLess(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	r := s.ended(t, e, run.Failed)
	carl := s.as(t, "carl@example.com")
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE runs SET profiles = 1, refused = 1, plan = '{"destination_type":"omnisend"}'`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Writer().ExecContext(t.Context(), `INSERT INTO rejections (run_id, profile_id, outcome, field, code) VALUES (?, 'C1', 'refused', 'email', 'refused')`, r.ID); err != nil {
		t.Fatal(err)
	}
	carl.get(runPath(r.ID)).wants(t, http.StatusOK).has(t, `sse-connect="/events?topic=run/1"`, `id="run-retry"`)
	events := carl.listen("/events?topic=run/1")
	if got := next(t, events); got != "run/1" {
		t.Fatalf("heard %q", got)
	}
	s.grant(t, e.ConnectionID, access.Named(), connection.GoOn)
	if got := next(t, events); got != "run/1" {
		t.Errorf("heard %q", got)
	}
	carl.header.Set("HX-Request", "true")
	carl.get(runPath(r.ID)).wants(t, http.StatusOK).lacks(t, `id="run-retry"`)
}

func TestTheGrantsThatEndWithARoleOrAnAccountAreInTheAuditLog(t *testing.T) {
	for name, leave := range map[string]func(s *site) error{
		"she becomes a viewer": func(s *site) error {
			return s.Accounts.SetRole(s.ctx, s.Administrator, s.Contributor.UserID, access.Viewer)
		},
		"she is disabled": func(s *site) error { return s.Accounts.Disable(s.ctx, s.Administrator, s.Contributor.UserID) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			e := s.exporting(t)
			s.grant(t, e.ConnectionID, access.Named(s.Contributor.UserID), connection.GoOn)
			const granted = `SELECT count(*) FROM audit_entries WHERE action = 'connection.grant_changed'`
			before := s.number(t, granted)
			if err := leave(s); err != nil {
				t.Fatal(err)
			}
			told := s.number(t, granted+` AND user_id = ? AND subject_id = ? AND changes = ?`, s.Administrator.UserID, strconv.FormatInt(e.ConnectionID, 10),
				`[{"field":"access","before":"`+s.Contributor.Name+`","after":"administrators"}]`)
			if n := s.number(t, granted) - before; n != 1 || told != 1 {
				t.Errorf("%d entries more, %d say whose grant ended", n, told)
			}
			if err := leave(s); err != nil { // nothing is granted to her any more
				t.Fatal(err)
			}
			if n := s.number(t, granted) - before; n != 1 {
				t.Errorf("%d entries more after the second time", n)
			}
		})
	}
}

func TestLivePagesReadAnewWhenWhatTheirReaderMayDoChanges(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	for _, test := range []struct { // one after the other
		name   string
		change func(t *testing.T)
		want   string
	}{
		{"a grant is withdrawn", func(t *testing.T) { s.grant(t, e.ConnectionID, access.OnlyAdministrators, connection.GoOn) }, "exports"},
		{"a grant is given", func(t *testing.T) { s.grant(t, e.ConnectionID, access.Named(s.Contributor.UserID), "") }, "exports"},
		{"she becomes a viewer", func(t *testing.T) {
			if err := s.Accounts.SetRole(t.Context(), s.Administrator, s.Contributor.UserID, access.Viewer); err != nil {
				t.Fatal(err)
			}
		}, "exports"},
		{"she is disabled", func(t *testing.T) {
			if err := s.Accounts.Disable(t.Context(), s.Administrator, s.Contributor.UserID); err != nil {
				t.Fatal(err)
			}
		}, "closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events := s.as(t, "carl@example.com").listen("/events?topic=exports")
			if got := next(t, events); got != "exports" {
				t.Fatalf("heard %q", got)
			}
			test.change(t)
			if got := next(t, events); got != test.want {
				t.Errorf("heard %q, want %q", got, test.want)
			}
		})
	}
}

func TestAConnectionWhoseExportUserLeftOffersOnePressToTakeHerPlace(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	if err := s.Accounts.SetRole(t.Context(), s.Administrator, s.Contributor.UserID, access.Administrator); err != nil {
		t.Fatal(err)
	}
	carl := s.as(t, "carl@example.com")
	carl.get("/connections/1").lacks(t, "Exports on this connection do not run")
	if err := s.Accounts.Disable(t.Context(), access.System, s.Administrator.UserID); err != nil {
		t.Fatal(err)
	}
	page := carl.get("/connections/1").has(t, "Exports on this connection do not run", "Ada Holm is disabled or no longer an administrator")
	carl.get(exportPath(e.ID)).has(t, "This export does not run at the moment", "Another administrator can take their place")
	carl.postConfirmed("/connections/1/export-user", url.Values{"version": {page.field(t, "version")}}).leads(t, "/connections/1")
	carl.get("/connections/1").lacks(t, "Exports on this connection do not run")
	carl.get(exportPath(e.ID)).lacks(t, "This export does not run at the moment")
}
