package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
	carl.get("/segments").has(t, "Danes", "just now", `data-label="Exports">0</td>`)
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
	page := carl.post("/segments/1", danes("Carl's", url.Values{"version": {version}})).wants(t, http.StatusConflict).
		has(t, "Somebody else changed this while you had it open", "Ada Holm", "Changed by both", `value="Carl's"`).lacks(t, "Changed by them")
	carl.get("/segments/1").has(t, "Ada's").lacks(t, "Carl's")
	carl.post("/segments/1", danes("Carl's", url.Values{"version": {version}, "do": {}, "over": {page.field(t, "over")}})).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "Carl's").lacks(t, "Ada's")
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
	vera.get("/segments/1").wants(t, http.StatusOK).has(t, "Your role shows numbers only", "66.7% of 3 profiles").lacks(t, ">k1<", "Edit", "Delete", "/calculate")
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
	if _, err := s.Sources.ImportFile(t.Context(), access.System, "customers.csv", strings.NewReader("id,city\nk1,Aarhus\n"), source.Settings{}); err != nil {
		t.Fatal(err)
	}
	carl.post("/segments/1/calculate", nil).leads(t, "/segments/1")
	carl.get("/segments/1").wants(t, http.StatusOK).has(t, "The segment could not be refreshed", "no longer have the attribute Country").lacks(t, "The size is up to date")
	carl.get("/segments").has(t, "Not refreshed")
	carl.get("/segments/1/edit").wants(t, http.StatusOK).has(t, "country")
}

func TestADraftIsKeptMendedActivatedAndDeactivated(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	unfinished := danes("Danes", url.Values{"do": {"draft"}, "rule.0.value": {""}})
	carl.post("/segments", unfinished).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "The draft Danes is saved.", "This segment is a draft", "The rule is not complete", `action="/segments/1/activate"`).lacks(t, "/calculate")
	carl.get("/segments").has(t, "Draft")
	carl.post("/segments/1/activate", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Fill in the value", `href="#rule.0.value"`, "Save and activate")
	page := carl.get("/segments/1/edit").has(t, "Save and activate", "Save as draft")
	carl.get("/segments/1/edit?check=1").has(t, "Fill in the value")
	carl.post("/segments/1", danes("Danes", url.Values{"do": {"activate"}, "version": {page.field(t, "version")}})).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "66.7% of 3 profiles", "Active", `href="/segments/1/deactivate"`)
	s.Segments.SetUses(someUses{{ExportID: 4, Name: "Newsletter", Path: "/exports/4"}})
	carl.post("/segments/1/deactivate", nil).wants(t, http.StatusConflict).has(t, "1 export does not run while the segment is inactive", "Newsletter", `name="knowing"`)
	carl.post("/segments/1/deactivate", url.Values{"knowing": {"1"}}).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "This segment is inactive", "1 export does not run until you activate it", "66.7% of 3 profiles")
	carl.get("/segments?state=inactive").has(t, "Danes", "Inactive")
	carl.get("/segments?state=active").has(t, "No segment is in this state.").lacks(t, ">Danes<")
	carl.post("/segments/1/activate", nil).leads(t, "/segments/1")
	s.Segments.SetUses(someUses{{Path: "/exclusions"}})
	carl.get("/segments/1/deactivate").has(t, "Danes cannot be deactivated now", "list of exclusions").lacks(t, `action="/segments/1/deactivate"`)
}

func TestARuleNamesOtherSegmentsAndIsDuplicated(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes", url.Values{"rule.0.case": {"1"}})).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "Country is Denmark (upper and lower case matter)", "33.3% of 3 profiles")
	carl.get("/segments/1/edit").has(t, `name="rule.0.case"`)
	number := url.Values{"do": {"preview"}, "rule.match": {"all"}, "rule.0.attribute": {"spent"}, "rule.0.operator": {"equals"}, "rule.0.value": {"1"}, "rule.0.case": {"1"}}
	carl.post("/segments", number).has(t, "Condition 1: operator").lacks(t, `name="rule.0.case"`)
	form := url.Values{"do": {"preview"}, "rule.match": {"all"}, "rule.0.attribute": {"*segment"}}
	carl.post("/segments", form).has(t, "Another segment", "is not in the segment", "Choose a segment", "Complete every condition")
	form = url.Values{"do": {"save"}, "name": {"Others"}, "rule.match": {"all"}, "rule.0.attribute": {"*segment"}, "rule.0.operator": {"not_in_segment"}, "rule.0.value": {"1"}}
	carl.post("/segments", form).leads(t, "/segments/2")
	carl.get("/segments/2").has(t, "Not in the segment Danes", `href="/segments/1"`, "66.7% of 3 profiles")
	carl.get("/segments/1").has(t, "Segments with this one in their rule", "Others")
	carl.get("/segments/1/delete").has(t, "1 segment has this one in its rule", `href="/segments/2"`)
	page := carl.get("/segments/1/edit").lacks(t, `<option value="1"`)
	circle := url.Values{"do": {"save"}, "name": {"Danes"}, "version": {page.field(t, "version")}, "rule.match": {"all"}, "rule.0.attribute": {"*segment"}, "rule.0.value": {"2"}}
	carl.post("/segments/1", circle).wants(t, http.StatusUnprocessableEntity).has(t, "That would be a circle: Danes → Others → Danes")
	carl.get("/segments/new?kind=rule&from=2").has(t, `value="Copy of Others"`, `<option value="not_in_segment" selected`).lacks(t, `name="version"`)
}

func TestTheOverlapOfTwoSegmentsLeadsToNewOnes(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	carl.post("/segments", url.Values{"do": {"save"}, "name": {"Spenders"}, "rule.match": {"all"}, "rule.0.attribute": {"spent"}, "rule.0.operator": {"is_not_empty"}}).leads(t, "/segments/2")
	page := carl.get("/segments/overlap?first=1&second=2").wants(t, http.StatusOK)
	page.has(t, "In both: 1. That is 50.0% of Danes and 50.0% of Spenders.", "Only Danes", "Neither", `href="/segments/new?kind=rule&in=1&not=2"`)
	carl.get("/segments/new?kind=rule&in=1&not=2").has(t, `<option value="1" selected>Danes`, `<option value="2" selected>Spenders`, "1 profile")
	vera := s.as(t, "vera@example.com")
	vera.get("/segments/overlap?first=1&second=2").has(t, "In both: 1.").lacks(t, "/segments/new")
	carl.get("/segments/overlap").wants(t, http.StatusOK).has(t, "Choose two active segments").lacks(t, "In both")
	carl.get("/segments/overlap?first=77&second=2").wants(t, http.StatusNotFound)
}

func TestTheSizeOfASegmentOverTimeIsDrawnAndSaid(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes", nil)).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "There are not two sizes in this time yet").lacks(t, "chart-line")
	s.clock.Advance(40 * 24 * time.Hour)
	importCustomers(t, s, "id,country,spent,last_seen\nk1,Denmark,100,2026-05-30\nk2,Denmark,,\nk3,Denmark,,\n")
	carl = s.as(t, "carl@example.com") // the session ended meanwhile
	carl.post("/segments/1/calculate", nil).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "chart-line", "1 more. Least 2, most 3.", `href="/segments/1?range=30#segment-sizes"`, "Sizes as a table").lacks(t, "style=")
	carl.get("/segments/1?range=30").lacks(t, "chart-line")
}

func TestAListOfAddressesSaysWhatDidNotMatch(t *testing.T) {
	s := newSite(t)
	importCustomers(t, s, "id,email\nk1,ann@example.com\nk2,bo@example.com\n")
	carl := s.as(t, "carl@example.com")
	file := []byte("email\nANN@example.com\nann@example.com\n=cmd@example.com\nbroken@\nlater@example.com\n")
	carl.upload("/segments/list", url.Values{"name": {"Guests"}}, "list", "guests.csv", file).leads(t, "/segments/1")
	carl.get("/segments/1").has(t, "3 email addresses from an uploaded list", "2 addresses belong to no current profile.", "1 line repeats another.", "1 line cannot be read.", `href="/segments/1/unmatched"`, "k1")
	carl.get("/segments/1/unmatched").wants(t, http.StatusOK).has(t, "later@example.com", "The first 2 that no profile has", "Stood before", "Cannot be read").lacks(t, "ann@example.com")
	if got := carl.get("/segments/1/unmatched.csv").wants(t, http.StatusOK).body; got != "Email address\n'=cmd@example.com\nlater@example.com\n" {
		t.Errorf("downloaded %q", got)
	}
	vera := s.as(t, "vera@example.com")
	vera.get("/segments/1").has(t, "2 addresses belong to no current profile.").lacks(t, "/unmatched", "later@")
	carl.upload("/segments/list", url.Values{"name": {"As ids"}, "entries": {"id"}}, "list", "guests.csv", file).leads(t, "/segments/2")
	carl.get("/segments/2").has(t, "5 ids from an uploaded list")
	carl.upload("/segments/list?do=draft", url.Values{"name": {"To come"}}, "list", "", nil).leads(t, "/segments/3")
	carl.get("/segments/3").has(t, "This segment is a draft")
	carl.get("/segments/3/edit").has(t, `formaction="/segments/3/list?do=activate"`)
}

func TestARuleGoesOutAsJSONAndComesInAsADraft(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	carl.post("/segments", danes("Danes / all", nil)).leads(t, "/segments/1")
	page := carl.get("/segments/1/rule.json").wants(t, http.StatusOK).has(t, `"format": "segue-segment"`, `"label": "Country"`)
	if got := page.Header.Get("Content-Disposition"); !strings.Contains(got, "Danes - all.json") {
		t.Errorf("it is called %s", got)
	}
	other := strings.ReplaceAll(page.body, `"country"`, `"county"`)
	carl.get("/segments/import").wants(t, http.StatusOK).has(t, "Rule as JSON")
	carl.upload("/segments/import", nil, "file", "rule.json", []byte(other)).leads(t, "/segments/2/edit?check=1")
	carl.get("/segments/2/edit?check=1").has(t, "The rule is here as the draft Danes / all (2)", "no longer have the attribute Country", `<option value="county" selected>Country`)
	carl.upload("/segments/import", url.Values{"text": {page.body}}, "file", "", nil).leads(t, "/segments/3/edit?check=1")
	carl.post("/segments/3/activate", nil).leads(t, "/segments/3")
	carl.get("/segments/3").has(t, "66.7% of 3 profiles")
	carl.upload("/segments/import", url.Values{"text": {"{}"}}, "file", "", nil).wants(t, http.StatusUnprocessableEntity).has(t, "This is JSON, but not the rule of a segment", ">{}</textarea>")
}

func TestTheZoneOfARuleFromElsewhereSurvivesItsForm(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	const rule = `{"format":"segue-segment","version":1,"name":"Recent","zone":"Europe/Copenhagen","rule":{"match":"all","conditions":[{"attribute":"last_seen","operator":"in_last_days","values":["30"]}]}}`
	carl.upload("/segments/import", url.Values{"text": {rule}}, "file", "", nil).leads(t, "/segments/1/edit?check=1")
	page := carl.get("/segments/1/edit").wants(t, http.StatusOK)
	form := url.Values{"do": {"activate"}, "name": {"Recent"}, "version": {page.field(t, "version")}, "zone": {page.field(t, "zone")}, "rule.match": {"all"},
		"rule.0.attribute": {"last_seen"}, "rule.0.operator": {"in_last_days"}, "rule.0.value": {"10"}}
	carl.post("/segments/1", form).leads(t, "/segments/1")
	carl.get("/segments/1/rule.json").has(t, `"zone": "Europe/Copenhagen"`, `"10"`)
}

func TestPagesFilterSearchAndOrderOfTheListKeepEachOther(t *testing.T) {
	s := newSite(t)
	s.customers(t)
	carl := s.as(t, "carl@example.com")
	for i := range 60 {
		draft := segment.Draft{Name: fmt.Sprintf("Danes %02d", i), State: segment.InDraft, Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}}
		if i%10 == 0 {
			draft.Name, draft.State = fmt.Sprintf("Swedes %02d", i), segment.Active
		}
		if _, err := s.Segments.Create(t.Context(), s.Contributor, draft); err != nil {
			t.Fatal(err)
		}
	}
	first := carl.get("/segments?q=danes&state=draft&sort=name&direction=descending")
	first.has(t, "Danes 59", "Danes 33", `href="/segments?direction=descending&page=2&q=danes&state=draft"`,
		`href="/segments?q=danes&sort=size&state=draft"`, `name="direction" value="descending"`, `value="danes"`, `<option value="draft" selected`).lacks(t, "Danes 31<", "Swedes")
	carl.get("/segments?q=danes&state=draft&direction=descending&page=3").has(t, "Danes 01", `page=2&q=danes&state=draft`).lacks(t, "page=4")
	carl.get("/segments?q=danes&state=draft&page=9").has(t, "Danes 59", "page=2&q=danes")
	carl.get("/segments?q=swedes&page=2").has(t, "Swedes 00", "Swedes 50")
	carl.get("/segments?q=norwegians&page=2").has(t, "norwegians").lacks(t, "<tbody")
}
