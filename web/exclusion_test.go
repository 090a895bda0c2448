package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const notASecret = "Planted.Person@planted.example"

func TestAddressesAreExcludedLookedUpAndTakenOffTheList(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.get("/exclusions").wants(t, http.StatusOK).has(t, "Is this address excluded?", "Add addresses and domains", "No segment is excluded.", "No domain is excluded.")
	ada.post("/exclusions", url.Values{"entries": {notASecret + "\r\nshop.example\r\n"}, "reason": {"asked by letter"}}).leads(t, "/exclusions")
	page := ada.get("/exclusions").has(t, "email addresses 1, domains 1. On it already: 0.", "shop.example", "Ada Holm", "asked by letter", "Take shop.example off the list")
	page.lacks(t, "lanted.")

	page = ada.post("/exclusions/check", url.Values{"address": {strings.ToLower(notASecret)}}).wants(t, http.StatusOK).has(t, "This address is excluded", "The address itself is on the list.", "asked by letter")
	path := regexp.MustCompile(`/exclusions/emails/[0-9a-f]{32}/remove`).FindString(page.body)
	ada.get(path).wants(t, http.StatusOK).has(t, "Take this address off the list?", "is sent again", "asked by letter").lacks(t, "lanted.")
	ada.post("/exclusions/check", url.Values{"address": {"x@mail.shop.example"}}).wants(t, http.StatusOK).has(t, "Its domain is on the list: shop.example.")
	ada.post("/exclusions/check", url.Values{"address": {"x@other.example"}}).wants(t, http.StatusOK).has(t, "Neither the address nor its domain is on the list")
	ada.post("/exclusions/check", url.Values{"address": {"jens"}}).wants(t, http.StatusUnprocessableEntity).has(t, "This is no email address", `href="#address"`)

	ada.post(path, nil).leads(t, "/exclusions")
	ada.get("/exclusions").has(t, "It is off the list.")
	ada.post(path, nil).wants(t, http.StatusNotFound)
	ada.get("/exclusions/domains/1/remove").wants(t, http.StatusOK).has(t, "Take shop.example off the list?", "Everybody with an address there is sent again")
	ada.post("/exclusions/domains/1/remove", nil).leads(t, "/exclusions")
	ada.get("/exclusions").has(t, "No domain is excluded.")
	if strings.Contains(strings.ToLower(s.log.String()), "planted") {
		t.Error("the log has the address")
	}
}

func TestFaultyLinesAreToldByTheirNumbersAndTheOthersAreAdded(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.post("/exclusions", url.Values{"entries": {"a@example.com\nno address\na@example.com\n@\n"}}).wants(t, http.StatusOK).
		has(t, "2 lines are neither addresses nor domains", "Line numbers: 2; 4", "email addresses 1, domains 0. On it already: 1.")
	ada.post("/exclusions", url.Values{"entries": {" "}}).wants(t, http.StatusUnprocessableEntity).has(t, "Give at least one address or domain", `href="#entries"`)
	ada.post("/exclusions", url.Values{"entries": {"b@example.com"}, "reason": {"see c@example.com"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "Leave email addresses out of the reason", `href="#reason"`)

	ada.upload("/exclusions/upload", url.Values{"reason": {"from the old system"}}, "file", "list.csv", []byte("id;email\n1;b@example.com\n2;c@example.com\n")).leads(t, "/exclusions")
	ada.get("/exclusions").has(t, "email addresses 2, domains 0.", "from the old system")
	ada.upload("/exclusions/upload", url.Values{"reason": {strings.Repeat("x", 201)}}, "file", "", nil).wants(t, http.StatusUnprocessableEntity).
		has(t, `href="#file"`, `href="#file-reason"`)
}

func TestAnExcludedSegmentSaysSoAndIsNotDeleted(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	ada := s.as(t, "ada@example.com")
	ada.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	ada.post("/exclusions/segments", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Choose a segment", `href="#segments"`)
	s.Segments.SetUses(s.Exclusions)
	ada.post("/exclusions/segments", url.Values{"segments": {"1"}, "reason": {"competitors"}}).leads(t, "/exclusions")
	ada.get("/exclusions").has(t, "The segment is excluded.", `href="/segments/1"`, "competitors", "There is no segment that is not on the list.")
	carl := s.as(t, "carl@example.com")
	carl.get("/segments/1").has(t, "This segment is excluded", "No export uses this segment.")
	carl.get("/segments/1/delete").wants(t, http.StatusOK).has(t, "Danes cannot be deleted now", "takes it off the list of exclusions first").lacks(t, `action="/segments/1/delete"`)
	carl.post("/segments/1/delete", nil).wants(t, http.StatusConflict)
	ada.get("/exclusions/segments/1/remove").wants(t, http.StatusOK).has(t, "Take Danes off the list?")
	ada.post("/exclusions/segments/1/remove", nil).leads(t, "/exclusions")
	carl.post("/segments/1/delete", nil).leads(t, "/segments")
}

func TestContributorsLookAtTheListAndViewersSeeNumbers(t *testing.T) {
	s := newSite(t)
	s.as(t, "ada@example.com").post("/exclusions", url.Values{"entries": {"a@example.com\nshop.example"}, "reason": {"asked by letter"}}).leads(t, "/exclusions")
	carl := s.as(t, "carl@example.com")
	carl.get("/exclusions").wants(t, http.StatusOK).has(t, "shop.example", "asked by letter", "Is this address excluded?").lacks(t, "off the list", "Upload a file")
	carl.post("/exclusions/check", url.Values{"address": {"a@example.com"}}).wants(t, http.StatusOK).has(t, "This address is excluded").lacks(t, "/remove")
	vera := s.as(t, "vera@example.com")
	vera.get("/exclusions").wants(t, http.StatusOK).has(t, "Your role shows numbers only", "Email addresses").lacks(t, "shop.example", "asked by letter", "Is this address excluded?")
}
