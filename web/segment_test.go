package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// customers gives the site three profiles.
func (s *site) customers(t *testing.T) {
	t.Helper()
	const file = "id,country,spent,last_seen\nk1,Denmark,100,2026-05-30\nk2,Sweden,20,2026-01-01\nk3,denmark,,\n"
	if _, err := s.Sources.ImportFile(t.Context(), access.System, "customers.csv", strings.NewReader(file), source.Settings{}); err != nil {
		t.Fatal(err)
	}
}

// danes is the filled form of a rule.
func danes(name string, more url.Values) url.Values {
	form := url.Values{
		"do": {"save"}, "name": {name}, "rule.match": {"all"},
		"rule.0.attribute": {"country"}, "rule.0.operator": {"equals"}, "rule.0.value": {"Denmark"},
	}
	for key, values := range more {
		form[key] = values
	}
	return form
}

func TestASegmentIsBuiltWithoutScriptsStepByStep(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/segments").wants(t, http.StatusOK).has(t, "No segments yet", "Add segment")
	carl.get("/segments/new").wants(t, http.StatusOK).has(t, "Build your own", "Upload a list")
	page := carl.get("/segments/new?kind=rule").wants(t, http.StatusOK).has(t, "Choose an attribute", "Complete every condition")
	page.lacks(t, `name="rule.0.operator"`)
	form := url.Values{"do": {"preview"}, "name": {"Danes"}, "rule.match": {"all"}, "rule.0.attribute": {"country"}}
	page = carl.post("/segments", form).wants(t, http.StatusOK)
	page.has(t, `name="rule.0.operator"`, `name="rule.0.value"`, `value="Danes"`, "begins with").lacks(t, "is at most")
	form.Set("rule.0.operator", "equals")
	form.Set("rule.0.value", "DENMARK")
	carl.post("/segments", form).wants(t, http.StatusOK).has(t, "2 profiles", "66.7% of 3 profiles", "k1", "k3").lacks(t, "k2")
	form.Set("do", "add-condition:rule")
	carl.post("/segments", form).wants(t, http.StatusOK).has(t, `name="rule.1.attribute"`, `value="DENMARK"`)
	form.Set("do", "add-group:rule")
	carl.post("/segments", form).wants(t, http.StatusOK).has(t, `name="rule.g0.match"`, `name="rule.g0.0.attribute"`)
	form.Set("do", "remove:rule.0")
	carl.post("/segments", form).wants(t, http.StatusOK).has(t, "Without a condition, every profile belongs.", "3 profiles")
	form.Set("do", "save")
	carl.post("/segments", form).leads(t, "/segments/1")
	carl.get("/segments/1").wants(t, http.StatusOK).has(t, "The segment Danes is saved.", "Country is DENMARK", "k1", "66.7% of 3 profiles", "No export uses this segment.")
	carl.get("/segments").has(t, "Danes", "just now", "0 exports")
}

func TestHtmxGetsThePartOfTheFormThatItExchanges(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	token := carl.token()
	ask := func(target string) answer {
		carl.header = http.Header{"Hx-Request": {"true"}, "Hx-Target": {target}}
		defer func() { carl.header = http.Header{} }()
		return carl.send("/segments", danes("x", url.Values{"do": {"preview"}, csrfField: {token}})).wants(t, http.StatusOK)
	}
	ask("segment-preview").has(t, "2 profiles", "k3").lacks(t, "<html", "rule.0.attribute")
	ask("segment-builder").has(t, "2 profiles", `id="segment-builder"`, `name="rule.0.attribute"`).lacks(t, "<html", `name="name"`)
}

func TestAFormThatIsNotAcceptedComesBackAsTyped(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	a := carl.post("/segments", danes("", url.Values{"description": {"Mine"}, "rule.1.attribute": {"spent"}, "rule.1.operator": {"less"}, "rule.1.value": {"ten"}}))
	a.wants(t, http.StatusUnprocessableEntity).has(t, "Fill in this field", "Enter a number", `href="#rule.1.value"`, `id="rule.1.value-error"`, `value="ten"`, `value="Mine"`)
	carl.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	carl.post("/segments", danes("danes", nil)).wants(t, http.StatusUnprocessableEntity).has(t, "Another segment has this name")
}

func TestTwoWhoEditAreToldOfEachOther(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl, ada := s.as(t, "carl@example.com"), s.as(t, "ada@example.com")
	carl.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	version := carl.get("/segments/1/edit").wants(t, http.StatusOK).has(t, "Edit Danes", `value="Denmark"`).field(t, "version")
	ada.post("/segments/1", danes("Ada's", url.Values{"version": {version}})).leads(t, "/segments/1")
	carl.post("/segments/1", danes("Carl's", url.Values{"version": {version}})).wants(t, http.StatusUnprocessableEntity).
		has(t, "Somebody else changed this meanwhile", `value="Carl's"`)
	carl.get("/segments/1").has(t, "Ada's").lacks(t, "Carl's")
}

func TestAListIsUploadedReportedAndReplaced(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/segments/new?kind=list").wants(t, http.StatusOK).has(t, "File of ids or email addresses", `enctype="multipart/form-data"`)
	carl.upload("/segments/list", url.Values{"name": {"By hand"}}, "list", "ids.csv", []byte("id\nk1\nk2\nnobody\n")).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "3 ids from an uploaded list", "1 id belongs to no current profile", "k1")
	// Without a name the upload is kept for the next try.
	a := carl.upload("/segments/list", nil, "list", "ids.csv", []byte("k1\n")).wants(t, http.StatusUnprocessableEntity)
	a.has(t, "Fill in this field", "The list has 1 id")
	listID := a.field(t, "list_id")
	carl.upload("/segments/list", url.Values{"name": {"Second"}, "list_id": {listID}}, "list", "", nil).leads(t, "/segments/2")
	// Another file replaces the list; no file leaves it.
	page := carl.get("/segments/1/edit").wants(t, http.StatusOK).has(t, "The list has 3 ids", "to replace the list")
	form := url.Values{"name": {"By hand"}, "version": {page.field(t, "version")}, "list_id": {page.field(t, "list_id")}}
	carl.upload("/segments/1/list", form, "list", "", nil).leads(t, "/segments/1")
	form.Set("version", "2")
	carl.upload("/segments/1/list", form, "list", "new.txt", []byte("k3\n")).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "1 id from an uploaded list", "The only member.")
	carl.upload("/segments/list", url.Values{"name": {"Broken"}}, "list", "x.bin", []byte("k1\n\x00\n\x00\n")).
		wants(t, http.StatusUnprocessableEntity).has(t, "the first of them is line 2", `value="Broken"`)
	carl.upload("/segments/list", url.Values{"name": {"Nothing"}}, "list", "", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Choose a file with profile ids")
}

type someUses []segment.Use

func (u someUses) OfSegment(context.Context, database.Querier, int64) ([]segment.Use, error) {
	return u, nil
}

func TestASegmentInUseCannotBeDeletedAndSaysWhoUsesIt(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	carl.get("/segments/1/delete").wants(t, http.StatusOK).has(t, "Delete Danes?", `action="/segments/1/delete"`)
	s.Segments.SetUses(someUses{{ExportID: 4, Name: "Newsletter", Path: "/exports/4"}})
	carl.get("/segments/1/delete").wants(t, http.StatusOK).has(t, "Danes cannot be deleted now", "1 export uses this segment", `href="/exports/4"`).lacks(t, `action="/segments/1/delete"`)
	carl.post("/segments/1/delete", nil).wants(t, http.StatusConflict).has(t, "Newsletter")
	carl.get("/segments/1").wants(t, http.StatusOK).has(t, "Newsletter")
	s.Segments.SetUses(someUses{})
	carl.post("/segments/1/delete", nil).leads(t, "/segments")
	carl.get("/segments").has(t, "The segment Danes is deleted.")
	carl.get("/segments/1").wants(t, http.StatusNotFound)
}

func TestViewersSeeNumbersAndNobodysData(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	s.as(t, "carl@example.com").post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	vera := s.as(t, "vera@example.com")
	vera.get("/segments").wants(t, http.StatusOK).has(t, "Danes").lacks(t, "Add segment")
	vera.get("/segments/1").wants(t, http.StatusOK).has(t, "Your role shows numbers only", "66.7% of 3 profiles").lacks(t, "k1", "Edit", "Delete", "/calculate")
}

func TestWithoutProfilesThePagesSayWhatComesFirst(t *testing.T) {
	s := newSite(t)
	carl := s.as(t, "carl@example.com")
	carl.get("/segments").wants(t, http.StatusOK).has(t, "An administrator uploads them first").lacks(t, `href="/segments/new"`)
	carl.get("/segments/new").wants(t, http.StatusOK).has(t, "No profiles yet")
	carl.post("/segments", danes("Danes", nil)).wants(t, http.StatusConflict)
}

func TestTheListOfSegmentsIsSearchedSortedAndPagedByItsAddress(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	for i := range 30 {
		draft := segment.Draft{Name: fmt.Sprintf("Segment %02d", i), Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}}
		if _, err := s.Segments.Create(t.Context(), s.Contributor, draft); err != nil {
			t.Fatal(err)
		}
	}
	vera := s.as(t, "vera@example.com")
	vera.get("/segments").has(t, "Segment 00", "1–25 of 30", `href="/segments?page=2"`, `href="/segments?direction=descending"`).lacks(t, "Segment 29")
	vera.get("/segments?page=2").has(t, "Segment 29", "26–30 of 30").lacks(t, "Segment 00")
	vera.get("/segments?direction=descending").has(t, "Segment 29", `aria-sort="descending"`).lacks(t, "Segment 00")
	vera.get("/segments?q=MENT+07").has(t, "Segment 07", "1–1 of 1").lacks(t, "Segment 08")
	if page := vera.get("/segments?q=%3Cscript%3E").has(t, "No segment found"); strings.Contains(page.body, "<script>") {
		t.Error("what was searched for became part of the page")
	}
	vera.get("/segments?page=-3&sort=nonsense").wants(t, http.StatusOK).has(t, "Segment 00")
}

func TestTheRuleIsASentenceInBothLanguages(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes", url.Values{
		"rule.1.attribute": {"last_seen"}, "rule.1.operator": {"in_last_days"}, "rule.1.value": {"30"},
		"rule.g0.match": {"any"}, "rule.g0.0.attribute": {"spent"}, "rule.g0.0.operator": {"at_least"}, "rule.g0.0.value": {"1000.5"},
		"rule.g0.1.attribute": {"spent"}, "rule.g0.1.operator": {"is_empty"},
	})).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "Country is Denmark and Last seen is in the last 30 days and (Spent is at least 1,000.5 or Spent has no value)")
	carl.post("/language", url.Values{"language": {"da"}})
	carl.get("/segments/1").has(t, "Country er Denmark og Last seen er inden for de seneste 30 dage og (Spent er mindst 1.000,5 eller Spent har ingen værdi)", "Hvem hører til")
}

func TestARefreshThatFailsIsSaidOnTheSegment(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	if _, err := s.Sources.ImportFile(t.Context(), access.System, "other.csv", strings.NewReader("id,city\nk1,Aarhus\n"), source.Settings{}); err != nil {
		t.Fatal(err)
	}
	carl.post("/segments/1/calculate", nil).leads(t, "/segments/1")
	carl.get("/segments/1").wants(t, http.StatusOK).has(t, "The segment could not be refreshed", "no longer have the attribute Country").lacks(t, "The size is up to date")
	carl.get("/segments").has(t, "Not refreshed")
	carl.get("/segments/1/edit").wants(t, http.StatusOK).has(t, "country")
}
