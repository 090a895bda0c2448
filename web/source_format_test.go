package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTheEncodingOfAFileIsFoundAndCanBeCorrected(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	a := b.upload("/sources/new/upload", nil, "file", "kunder.csv", []byte("id;by\n1;S\xf8nderborg\n")).wants(t, http.StatusSeeOther)
	path := a.Header.Get("Location")
	b.get(path).wants(t, http.StatusOK).has(t, "Sønderborg", `<option value="windows-1252" selected`)
	b.post(path+"/delimiter", url.Values{"delimiter": {"semicolon"}, "encoding": {"utf-8"}}).leads(t, path)
	b.get(path).wants(t, http.StatusOK).has(t, `<option value="utf-8" selected`, "Characters that are not UTF-8").lacks(t, "Sønderborg")
	b.post(path+"/delimiter", url.Values{"delimiter": {"semicolon"}, "encoding": {"latin-9"}}).wants(t, http.StatusUnprocessableEntity)
}

func TestColumnsThatAreLeftOutAreNamedInTheReport(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	var file strings.Builder
	for n := range 1_010 {
		fmt.Fprintf(&file, `{"id":%d,"name":"Anne"`, n)
		if n >= 1_005 {
			file.WriteString(`,"late":true`)
		}
		file.WriteString("}\n")
	}
	a := b.upload("/sources/new/upload", nil, "file", "people.ndjson", []byte(file.String())).wants(t, http.StatusSeeOther)
	path := a.Header.Get("Location")
	b.post(path, previewForm(t, b.get(path).wants(t, http.StatusOK))).leads(t, path)
	settled(t, b, path).has(t, "The profiles are imported and in use.", "Columns that were left out", "late", "first in line 1,006; 5 lines")
}

func TestBeforePeopleOfASecondSourceMixWithOthersSomebodySaysWhoseItsIdsAre(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	bring := func(name, lines string, more url.Values) {
		path := b.upload("/sources/new/upload", nil, "file", name, []byte("id,email\n"+lines)).wants(t, http.StatusSeeOther).Header.Get("Location")
		preview := b.get(path).wants(t, http.StatusOK)
		if asked := strings.Contains(preview.body, "Who gave these ids?"); asked != (more != nil) {
			t.Errorf("whose the ids of %s are is asked: %t", name, asked)
		}
		form := previewForm(t, preview)
		for field, values := range more {
			form[field] = values
		}
		b.post(path, form).leads(t, path)
		settled(t, b, path).has(t, "The profiles are imported and in use.")
	}
	bring("shop.csv", "1,anne@example.dk\n2,bo@example.dk\n", nil)
	bring("club.csv", "1,carl@example.dk\n7,BO@example.dk\n", url.Values{"own_keys": {"own"}, "match_email": {"1"}})
	bring("till.csv", "2,bo@example.com\n", url.Values{"own_keys": {"shared"}})
	s.renewed(t)
	b.get("/profiles/id/club:1").wants(t, http.StatusOK).has(t, "carl@example.dk")
	b.get("/profiles/id/1").wants(t, http.StatusOK).has(t, "anne@example.dk").lacks(t, "carl@example.dk")
	b.get("/profiles/id/2").wants(t, http.StatusOK).has(t, "club (as 7)", "till (as 2)")
}
