package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/layout"
)

func TestTheSearchFindsThingsPagesAndHelpAndLeadsToThem(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t) // Newsletter, of Everybody
	r := s.ended(t, e, run.Failed)
	ada := s.as(t, "ada@example.com")
	ada.get("/search?q=newsl").wants(t, http.StatusOK).has(t, `value="newsl"`, "Exports", `href="`+exportPath(e.ID)+`"`, "Runs", `href="`+runPath(r.ID)+`"`, "Failed", "2 results")
	ada.get("/search?q=EVERY").has(t, "Segments", `href="/segments/1"`)
	ada.get("/search?q=vera").has(t, "Users", "vera@example.com")
	ada.get("/search?q=add+connection").has(t, "Pages and commands", `href="/connections/new"`)
	ada.get("/search?q=timetable").has(t, `href="/system/schedule"`)
	ada.get("/search?q=rejection").has(t, "Help", `href="/help#term-rejection"`)
	ada.get("/search?q="+url.QueryEscape(`<b>"nobody"`)).has(t, `Nothing that you may see is called “<b>"nobody"”.`).lacks(t, "Pages and commands")
	if page := ada.get("/search?q=" + url.QueryEscape(`<b>"x"`)); strings.Contains(page.body, "<b>") {
		t.Error("what was asked for is written as it is")
	}
	ada.get("/search").has(t, "Pages and commands", `href="/audit"`, "autofocus").lacks(t, " results<")
	ada.get("/search?q="+strings.Repeat("x", 300)).wants(t, http.StatusOK).has(t, `value="`+strings.Repeat("x", 100)+`"`)
	if strings.Contains(s.log.String(), "newsl") {
		t.Error("what was asked for is in the log")
	}
}

func TestTheSearchLeadsNobodyWhereSheMayNotGo(t *testing.T) {
	s := newSite(t)
	s.exporting(t)
	for _, email := range []string{"carl@example.com", "vera@example.com"} {
		b := s.as(t, email)
		b.get("/search").has(t, `href="/exports"`).lacks(t, `href="/audit"`, `href="/connections"`, `href="/users"`)
		b.get("/search?q=vera").has(t, "Nothing that you may see").lacks(t, "vera@example.com</span>")
		b.get("/search?q=customers.csv").lacks(t, `/sources/`)
	}
	for _, person := range []access.Actor{s.Administrator, s.Contributor, s.Viewer} {
		b := s.as(t, person.Email)
		for _, page := range openables {
			if !person.Can(page.action) {
				continue
			}
			if a := b.get(page.href); a.StatusCode != http.StatusOK && a.StatusCode != http.StatusSeeOther {
				t.Errorf("%s as %s: status %d", page.href, person.Role, a.StatusCode)
			}
		}
	}
}

// TestEveryPageOfTheSearchIsARoute holds the list to the routes: each is one, for those whom it is offered to.
func TestEveryPageOfTheSearchIsARoute(t *testing.T) {
	listed := map[string]bool{}
	for _, page := range openables {
		if action, known := expected["GET "+page.href]; !known || action != page.action {
			t.Errorf("%s is for %q, the route for %q", page.href, page.action, action)
		}
		if listed[page.href] {
			t.Errorf("%s is listed twice", page.href)
		}
		listed[page.href] = true
	}
	for _, href := range layout.Addresses(access.Administrator) {
		if !listed[href] {
			t.Errorf("the menu leads to %s, the search does not", href)
		}
	}
}

func TestAConnectionLeadsAContributorToItsExports(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET open_to_contributors = 1, name = 'Tea & biscuits'`); err != nil {
		t.Fatal(err)
	}
	carl := s.as(t, "carl@example.com")
	carl.get("/search?q=biscuits").has(t, "Connections", "its exports", `href="/exports?q=Tea+%26+biscuits"`).lacks(t, `href="/connections`)
	carl.get("/exports?q=Tea+%26+biscuits").has(t, e.Name)
	s.as(t, "vera@example.com").get("/search?q=biscuits").has(t, "Nothing that you may see")
}

func TestBelowTheFieldOfTheHeaderStandsAFragmentWithAFewOfEach(t *testing.T) {
	s := newSite(t)
	s.exporting(t)
	b := s.as(t, "ada@example.com")
	b.get("/exports").has(t, `role="search"`, `hx-target="#found"`, `id="found-said"`)
	b.get("/search").lacks(t, `hx-target="#found"`) // it has a field of its own
	b.header.Set("HX-Request", "true")
	b.header.Set("HX-Target", layout.FoundID)
	a := b.get("/search?q=e").wants(t, http.StatusOK).has(t, `id="found-place-title"`, `href="/search?q=e"`, `hx-swap-oob="innerHTML">The first`).lacks(t, "<html", "<h1")
	if n := strings.Count(a.body, `data-find-result`); n > 4*8+1 {
		t.Errorf("%d results stand below the field", n)
	}
	b.header.Set("HX-Target", "results")
	b.get("/search?q=newsletter").has(t, `id="results-export`, `hx-swap-oob="innerHTML">1 result<`).lacks(t, "<html", `href="/search?q=newsletter"`)
}
