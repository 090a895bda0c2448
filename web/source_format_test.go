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
