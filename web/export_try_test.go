package web

import (
	"net/http"
	"net/url"
	"testing"
)

// newsletter gives the shop an export.
func (s *site) newsletter(t *testing.T) {
	t.Helper()
	s.shop(t)
	s.as(t, "carl@example.com").post("/exports", typed("Newsletter", nil)).leads(t, "/exports/1")
}

func TestTheDryRunIsShownToEverybodyAndPersonalDataOnlyToSome(t *testing.T) {
	s := newSite(t)
	s.newsletter(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/1").has(t, `href="/exports/1/dry-run"`, `href="/exports/1/test"`)
	carl.get("/exports/1/dry-run").wants(t, http.StatusOK).has(t, "Dry run of Newsletter", "would be sent for the first time", "1 batch of at most", "At least 3:",
		"There is no email address", "Not an email address that can be reached", "1: new", `"id": "a•••@e•••.com"`, "Values of customers are masked", `href="/exports/1/dry-run?complete=1"`)
	carl.get("/exports/1/dry-run?complete=1").wants(t, http.StatusOK).has(t, "as they were last delivered")
	vera := s.as(t, "vera@example.com")
	vera.get("/exports/1").has(t, `href="/exports/1/dry-run"`).lacks(t, "/exports/1/test")
	vera.get("/exports/1/dry-run").wants(t, http.StatusOK).has(t, "would be sent for the first time", "Your role shows numbers only").lacks(t, "ann@example.com", "1: new")
	if err := s.Exports.Pause(t.Context(), s.Contributor, 1); err != nil {
		t.Fatal(err)
	}
	carl.get("/exports/1/dry-run").wants(t, http.StatusOK).has(t, "The export is paused.", "would be sent for the first time")
	if err := s.Exports.DetachConnection(t.Context(), s.Contributor, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Exports.Resume(t.Context(), s.Contributor, 1); err != nil {
		t.Fatal(err)
	}
	carl.get("/exports/1/dry-run").wants(t, http.StatusOK).has(t, "It has no connection.").lacks(t, "would be sent for the first time")
	carl.get("/exports/1/test").wants(t, http.StatusOK).has(t, "It has no connection.").lacks(t, "Send this profile")
}

func TestTheDryRunSaysThatARunIsUnderWay(t *testing.T) {
	s := newSite(t)
	s.newsletter(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/exports/1/run", nil).leads(t, "/runs/1")
	carl.get("/exports/1/dry-run").wants(t, http.StatusOK).has(t, "A run of this export is queued or under way.", `href="/runs/1"`)
	carl.post("/exports/1/test", url.Values{"profile": {"1"}}).leads(t, "/exports/1/test?profile=1")
	carl.get("/exports/1/test?profile=1").has(t, "A run of this export is queued or under way. Wait until it has ended.").lacks(t, `id="answer"`)
}

func TestOneProfileIsFoundShownAndSentWithoutScripts(t *testing.T) {
	s := newSite(t)
	s.newsletter(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/exports/1/test").wants(t, http.StatusOK).has(t, "Profile 1", "Sends it for the first time", "/batches", `"id": "a•••@e•••.com"`, `"vip"`, `name="profile" value="1"`).
		lacks(t, `id="answer"`)
	carl.get("/exports/1/test?q=ann").wants(t, http.StatusOK).has(t, `href="/exports/1/test?profile=1"`, "ann@example.com").lacks(t, "Send this profile")
	carl.get("/exports/1/test?q=zebra").has(t, "No profile matches “zebra”.")
	carl.get("/exports/1/test?profile=2").wants(t, http.StatusOK).has(t, "This profile cannot be sent", "Not an email address that can be reached").lacks(t, "Send this profile")
	carl.get("/exports/1/test?profile=77").wants(t, http.StatusOK).has(t, "No profile with this id is in the export’s segments.").lacks(t, "Send this profile")

	carl.post("/exports/1/test", url.Values{"profile": {"1"}}).leads(t, "/exports/1/test?profile=1")
	carl.get("/exports/1/test?profile=1").has(t, "Omnisend accepted the contact", "It is new there.")
	if held, ok := s.sandbox.Contact("ann@example.com"); !ok || len(held.Tags) != 1 {
		t.Errorf("Omnisend holds %+v, %v", held, ok)
	}
	s.as(t, "ada@example.com").get("/exports/1/test?profile=1").lacks(t, `id="answer"`) // the answer is the asker's
	carl.post("/exports/1/test", url.Values{"profile": {"2"}}).leads(t, "/exports/1/test?profile=2")
	carl.get("/exports/1/test?profile=2").has(t, "This profile cannot be sent. The page says why.")
	carl.post("/exports/1/test", nil).wants(t, http.StatusNotFound)
	vera := s.as(t, "vera@example.com")
	vera.get("/exports/1/test").wants(t, http.StatusForbidden).lacks(t, "ann@example.com")
	vera.post("/exports/1/test", url.Values{"profile": {"1"}}).wants(t, http.StatusForbidden)
}
