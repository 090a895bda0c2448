package web

import (
	"errors"
	"fmt"
	"github.com/segue-app/segue/internal/segment"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/source"
)

const customersFile = "id;email;name;points;member\n" +
	"C1;anne@example.com;Anne Ågård;12,5;ja\n" +
	"C2;bo@example.com;<b>Bo</b>;;nej\n" +
	"a/b ?;carl@example.com;Carl;3;ja\n"

// importCustomers puts a file in without the pages.
func importCustomers(t *testing.T, s *site, file string) source.Import {
	t.Helper()
	i, err := s.Sources.ImportFile(t.Context(), access.System, "customers.csv", strings.NewReader(file), source.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// settled waits for an import's report.
func settled(t *testing.T, b *browser, path string) answer {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if page := b.get(path).wants(t, http.StatusOK); !strings.Contains(page.body, "sse-connect") {
			return page
		}
	}
	t.Fatalf("%s does not end", path)
	return answer{}
}

// previewForm reads the fields of a page of settings as a browser would send them.
func previewForm(t *testing.T, page answer) url.Values {
	t.Helper()
	form := url.Values{"mode": {"keep_good"}, "id": {"0"}, "decimal": {"true"}, "dates": {"day"}}
	for _, field := range regexp.MustCompile(`<input class="input" type="text" value="([^"]*)"[^>]* name="(label-[^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		form.Set(field[2], field[1])
	}
	for _, field := range regexp.MustCompile(`name="(include-[^"]*)" value="1" checked`).FindAllStringSubmatch(page.body, -1) {
		form.Set(field[1], "1")
	}
	for _, list := range regexp.MustCompile(`(?s)<select[^>]* name="((?:kind|mark)-[^"]*)"[^>]*>.*?<option value="([a-z]*)" selected`).FindAllStringSubmatch(page.body, -1) {
		form.Set(list[1], list[2])
	}
	return form
}

func TestAnAdministratorUploadsChecksCorrectsAndImportsProfiles(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.get("/profiles").wants(t, http.StatusOK).has(t, "No profiles yet", "/profiles/upload")
	b.get("/profiles/upload").leads(t, "/sources/new/upload")
	b.get("/sources/new/upload").wants(t, http.StatusOK).has(t, `enctype="multipart/form-data"`, "CSV, NDJSON or Parquet file")

	a := b.upload("/sources/new/upload", nil, "file", "customers.csv", []byte(customersFile)).wants(t, http.StatusSeeOther)
	path := a.Header.Get("Location")
	preview := b.get(path).wants(t, http.StatusOK).has(t, "customers.csv", "anne@example.com", "Check the columns")
	form := previewForm(t, preview)
	for name, want := range map[string]string{"include-email": "1", "include-id": "", "mark-email": "personal", "mark-points": "none", "kind-points": "number", "kind-member": "boolean"} {
		if form.Get(name) != want {
			t.Errorf("guessed %s=%q, want %q", name, form.Get(name), want)
		}
	}
	bad := form
	bad.Set("label-name", "")
	b.post(path, bad).wants(t, http.StatusUnprocessableEntity).has(t, "Fill in this field", `href="#label-name"`)
	form.Set("label-name", "Full name")
	form.Set("kind-member", "text")
	b.post(path, form).leads(t, path)
	settled(t, b, path).has(t, "The profiles are imported and in use.")

	list := b.get("/profiles").has(t, "Full name", "Anne Ågård", "12.5", "customers.csv", `href="/sources/1"`)
	if strings.Contains(list.body, "<b>Bo") {
		t.Error("a value is taken for HTML")
	}
	b.get("/profiles?q=ågård").has(t, "Anne Ågård").lacks(t, "carl@example.com")
	b.get("/profiles?q=nobody").has(t, "No profile found")
	b.get("/profiles/id/C1").wants(t, http.StatusOK).has(t, "anne@example.com", "Full name")
	b.get("/profiles/id/"+url.PathEscape("a/b ?")).wants(t, http.StatusOK).has(t, "carl@example.com")
	b.get("/profiles/id/unknown").wants(t, http.StatusNotFound)
	b.post(path, form).wants(t, http.StatusConflict)
}

func TestTheReportListsRefusedLinesAndTheDownloadHoldsNoFormula(t *testing.T) {
	s := newSite(t)
	i := importCustomers(t, s, "id,=1+1\n1,5\n2,6\n,7\n2,8\n")
	b := s.as(t, "ada@example.com")
	path := importPath(i.ID)
	b.get(path).wants(t, http.StatusOK).has(t, "The id is missing", "An earlier line has the same id", "2 ", "Download as CSV")
	a := b.get(path+"/refused.csv").wants(t, http.StatusOK)
	if want := "Line,Column,Reason\n4,id,The id is missing\n5,id,An earlier line has the same id\n"; a.body != want {
		t.Errorf("the download is %q", a.body)
	}
	b.header.Set("HX-Request", "true")
	b.get(path).wants(t, http.StatusOK).has(t, "The id is missing").lacks(t, "<html")
}

func TestAFileThatCannotBeReadIsRefusedBesideTheField(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	tests := []struct {
		name, file, text string
	}{
		{"no file", "", "Choose a file"},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00", "text file"},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "This is a workbook"},
		{"half a ZIP file", "PK\x03\x04\x00\x00", "its end is missing"},
		{"only a header", "id,email\n", "no lines below it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := "x.csv"
			if test.file == "" {
				name = ""
			}
			b.upload("/sources/new/upload", nil, "file", name, []byte(test.file)).wants(t, http.StatusUnprocessableEntity).has(t, test.text, "file-error")
		})
	}
}

func TestAFileOnItsWayShowsHowFarItIs(t *testing.T) {
	s := newSite(t)
	file, sender := io.Pipe()
	received := make(chan error, 1)
	go func() {
		_, err := s.Sources.Receive(t.Context(), s.Administrator, 0, "slow.csv", int64(len(customersFile)), file)
		received <- err
	}()
	_, err := io.WriteString(sender, customersFile[:40]) // returns when it has been read
	b := s.as(t, "ada@example.com")
	b.get("/sources/upload/progress").wants(t, http.StatusOK).has(t, "slow.csv", "<progress").lacks(t, "<html")
	_, rest := io.WriteString(sender, customersFile[40:])
	if err := errors.Join(err, rest, sender.Close(), <-received); err != nil {
		t.Fatal(err)
	}
	b.get("/sources/upload/progress").lacks(t, "slow.csv")
}

func TestAnotherDelimiterReadsTheFileAnewAndADiscardedFileChangesNothing(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	path := b.upload("/sources/new/upload", nil, "file", "x.csv", []byte("id;a,b\n1;2,3\n")).Header.Get("Location")
	b.post(path+"/delimiter", url.Values{"delimiter": {"semicolon"}}).leads(t, path)
	b.get(path).has(t, `name="label-a_b"`)
	b.post(path+"/delimiter", url.Values{"delimiter": {"pipe"}}).wants(t, http.StatusUnprocessableEntity)
	b.post(path+"/cancel", nil).leads(t, "/sources")
	b.get("/profiles").has(t, "No profiles yet")
	b.get("/sources").has(t, "No sources yet")
	b.get(path).wants(t, http.StatusOK).lacks(t, "label-a_b")
}

func TestAViewerSeesNumbersAndNoPersonalData(t *testing.T) {
	s := newSite(t)
	importCustomers(t, s, customersFile)
	b := s.as(t, "vera@example.com")
	b.get("/profiles?q=anne").wants(t, http.StatusOK).has(t, "Single profiles are not shown to viewers").lacks(t, "anne@", "Anne", "/profiles/upload")
	b.get("/profiles/attributes").wants(t, http.StatusOK).has(t, "Email").lacks(t, "12.5", "anne@", "Anne", "<button class=\"button button-primary\"")
	b.get("/profiles/id/C1").wants(t, http.StatusForbidden)
}

func TestCorrectedAttributesAreSeenAtOnceAndSurviveTheNextUpload(t *testing.T) {
	s := newSite(t)
	importCustomers(t, s, customersFile)
	b := s.as(t, "ada@example.com")
	form := url.Values{"label-email": {"Mailadresse"}, "label-name": {"name"}, "label-points": {"points"}, "mark-points": {"sensitive"}, "mark-email": {"personal"}, "mark-name": {"personal"}, "mark-member": {"none"}, "label-member": {"member"},
		"was-points": {"none"}, "was-email": {"personal"}, "was-name": {"personal"}, "was-member": {"none"}}
	b.post("/profiles/attributes", form).leads(t, "/profiles/attributes")
	importCustomers(t, s, customersFile)
	b.get("/profiles").has(t, "Mailadresse")
	s.as(t, "vera@example.com").get("/profiles/attributes").has(t, "Mailadresse", "Sensitive").lacks(t, "12.5")
	form.Set("label-email", "Mail")
	b.post("/profiles/attributes", form).wants(t, http.StatusUnprocessableEntity).has(t, "Somebody else changed this meanwhile", `name="was-points" value="sensitive"`)
	b.get("/profiles/attributes").lacks(t, `value="Mail"`)
	form.Set("was-points", "sensitive")
	form.Set("label-email", strings.Repeat("x", 101))
	b.post("/profiles/attributes", form).wants(t, http.StatusUnprocessableEntity).has(t, "Use at most 100 characters", "label-email-error")
}

func TestTheListPagesThroughEveryProfileOnce(t *testing.T) {
	s := newSite(t)
	var file strings.Builder
	file.WriteString("id,name\n")
	const n = 2*profilesOnPage + 3
	for i := range n {
		fmt.Fprintf(&file, "N%03d,Person\n", i)
	}
	importCustomers(t, s, file.String())
	b := s.as(t, "carl@example.com")
	for _, start := range []string{"/profiles", "/profiles?q=pers", "/profiles?q=n"} {
		seen := map[string]bool{}
		for path := start; path != ""; {
			page := b.get(path).wants(t, http.StatusOK)
			for _, id := range regexp.MustCompile(`/profiles/id/(N\d+)`).FindAllStringSubmatch(page.body, -1) {
				if seen[id[1]] {
					t.Errorf("%s: %s is there twice", start, id[1])
				}
				seen[id[1]] = true
			}
			path = ""
			if next := regexp.MustCompile(`href="(/profiles\?[^"]*after=[^"]*)"`).FindStringSubmatch(page.body); next != nil {
				path = strings.ReplaceAll(next[1], "&amp;", "&")
			}
		}
		if len(seen) != n {
			t.Errorf("%s: %d of %d", start, len(seen), n)
		}
	}
}

func TestThePageOfAttributesNamesTheSegmentsThatNeedEach(t *testing.T) {
	s := newSite(t)
	s.twoSources(t)
	b := s.as(t, "ada@example.com")
	b.get("/profiles/attributes").wants(t, http.StatusOK).lacks(t, "Used by")
	rule := segment.Group{Match: segment.All, Groups: []segment.Group{{Match: segment.Any, Conditions: []segment.Condition{{Attribute: "city", Operator: segment.Equals, Values: []string{"Ribe"}}}}}}
	if _, err := s.Segments.Create(t.Context(), s.Administrator, segment.Draft{Name: "Of Ribe", Definition: segment.Definition{Kind: segment.ByRule, Rule: rule}}); err != nil {
		t.Fatal(err)
	}
	b.get("/profiles/attributes").has(t, "Used by", "Of Ribe")
}
