package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/profile"
)

func TestTheRecordOfProcessingSaysWhoMaySendWhatOfWhomToWhom(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.get("/privacy/record").wants(t, http.StatusOK).has(t, "Nothing is sent to anybody", "For all exports")
	s.newsletter(t)
	page := ada.get("/privacy/record").wants(t, http.StatusOK)
	page.has(t, "Newsletter", "Not stated. State it below.", "Everybody", "Email ← Email · Personal ·", "Ticked by Carl", "Omnisend", "Nordic Tea", "agreed to version 2", "All contributors",
		"Never", "Refused lines of imports", "0 addresses", "AES-256-GCM", `href="/privacy/record.csv"`).lacks(t, "ann@example.com")

	path := "/privacy/record/exports/1"
	ada.post(path, url.Values{"purpose": {strings.Repeat("x", 1001)}}).wants(t, http.StatusUnprocessableEntity).has(t, "Use at most 1,000 characters", `href="#purpose"`)
	ada.post(path, url.Values{"purpose": {" The weekly newsletter "}, "basis": {"=Consent"}}).leads(t, "/privacy/record#export-1")
	ada.get(path).has(t, "The weekly newsletter", "Stated by")
	ada.get("/privacy/record").has(t, "The weekly newsletter", "=Consent").lacks(t, "Not stated")

	a := ada.get("/privacy/record.csv").wants(t, http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != "Newsletter" || rows[1][4] != "Email" || !strings.HasPrefix(rows[1][2], "'=") {
		t.Errorf("%v: %q", err, rows)
	}
	printed := ada.get("/privacy/record.html").wants(t, http.StatusOK).has(t, "<!doctype html>", "The weekly newsletter", "Nordic Tea").lacks(t, "<script", "<link", "<img", "ann@example.com")
	if !strings.Contains(printed.Header.Get("Content-Disposition"), "attachment") {
		t.Error("the printable record is shown as a page")
	}

	s.mark(t, "email", profile.Sensitive)
	ada.get("/privacy/record").has(t, "Sensitive · nobody has ticked it since it was marked")
	ada.post("/language", url.Values{"language": {"da"}, "next": {"/"}})
	ada.get("/privacy/record").has(t, "Fortegnelse over behandling", "Hvem der må sende")
	for _, person := range []string{"carl@example.com", "vera@example.com"} {
		for _, path := range []string{"/privacy/record", "/privacy/record.csv", "/privacy/record.html", path} {
			s.as(t, person).get(path).wants(t, http.StatusForbidden)
		}
	}
}
