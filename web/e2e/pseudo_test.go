package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
)

// mainPages are those that are walked through in the made-up language.
var mainPages = []string{"/", "/profiles", "/segments", "/segments/1", "/segments/new?kind=rule", "/sources", "/sources/1", "/exports", "/exports/1", "/exports/1/edit",
	"/exports/1/dry-run", "/runs", "/runs/1", "/exclusions", "/connections", "/connections/1", "/users", "/privacy", "/system/schedule", "/system/status",
	"/system/alerts", "/system/approvals", "/system/hooks", "/audit", "/account", "/account/tokens"}

// cutOff lists texts that are cut off, or that stick out of the box that is drawn around them. What scrolls, what is there for screen
// readers alone, and what is shortened on purpose with its whole text as a title are none.
const cutOff = `[...document.querySelectorAll("body *")].filter(e => {
	const style = getComputedStyle(e), hides = style.overflowX === "hidden" || style.overflowX === "clip"
	const boxed = e.matches("button, summary, .button, .badge")
	return (hides || boxed) && e.checkVisibility({visibilityProperty: true}) && e.clientWidth > 1 && !e.closest(".visually-hidden") && e.innerText && e.innerText.trim() &&
		e.scrollWidth > e.clientWidth + 1 && !(style.textOverflow === "ellipsis" && e.title)
}).map(e => e.tagName + "." + e.className + ": " + e.innerText.slice(0, 80))`

// spoken lists what is shown or read out on the page: texts and the attributes that are texts. Code is not prose, and long lists of
// choices are data: time zones, attributes.
const spoken = `(() => {
	const said = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	while (walker.nextNode()) {
		const on = walker.currentNode.parentElement
		if (!on.closest("script, style, template, code, pre, kbd, textarea, option") && on.checkVisibility({visibilityProperty: true})) said.push(walker.currentNode.data)
	}
	for (const e of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
		if (e.checkVisibility()) for (const name of ["aria-label", "title", "placeholder", "alt"]) if (e.getAttribute(name)) said.push(e.getAttribute(name))
	}
	return said.filter(text => text.trim())
})()`

var (
	word   = regexp.MustCompile(`\p{L}{2,}`)
	enum   = regexp.MustCompile(`^[a-z][a-z0-9_.]*$`)
	inner  = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	always = []string{"UTC", "HeadlessChrome", "Chrome", "Chromium", "Linux", "Omnisend", "AL"} // names, and the initials of Ada Lund
)

// data are the words that stand in the database. Words that programs use are left out: on a page they would be in no language.
func (s *site) data(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, w := range always {
		known[w] = true
	}
	for _, row := range s.column(t, `SELECT m.name || '.' || '"' || p.name || '"' FROM sqlite_schema m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'river%' AND upper(p.type) IN ('TEXT', 'ANY', '')`) {
		table, column, _ := strings.Cut(row, ".")
		for _, value := range s.column(t, `SELECT DISTINCT CAST(`+column+` AS TEXT) FROM "`+table+`" WHERE typeof(`+column+`) = 'text' LIMIT 2000`) {
			if !enum.MatchString(value) {
				for _, w := range word.FindAllString(value, -1) {
					known[w] = true
				}
			}
		}
	}
	return known
}

func (s *site) column(t *testing.T, query string) (values []string) {
	t.Helper()
	rows, err := s.DB.Reader().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// unbracketed are the words of a text that stand outside of all brackets.
func unbracketed(text string) []string {
	for before := ""; before != text; {
		before, text = text, inner.ReplaceAllString(text, " ")
	}
	return word.FindAllString(text, -1)
}

// TestInALongerLanguageNothingIsCutOffAndNoTextIsForgotten walks in the made-up language. It is not parallel, and so alone in
// having that language: parallel tests begin when it has ended.
func TestInALongerLanguageNothingIsCutOffAndNoTextIsForgotten(t *testing.T) {
	t.Cleanup(i18n.Pretend())
	l := startLived(t)
	p := l.open(t, "en").signIn(access.Administrator)
	if err := l.Accounts.SetLanguage(t.Context(), l.ada, i18n.Pseudo); err != nil {
		t.Fatal(err)
	}
	known := l.data(t)
	for _, path := range mainPages {
		p.visit(path)
		var texts []string
		p.evaluate(spoken, &texts)
		if all := strings.Join(texts, ""); strings.Count(all, "⟦") < 20 {
			t.Fatalf("%s is not in the made-up language: %.300s", path, all)
		}
		for _, text := range texts {
			for _, w := range unbracketed(text) {
				if !known[w] {
					t.Errorf("%s shows %q, of which %q is in no language and no data", path, strings.TrimSpace(text), w)
				}
			}
		}
		for _, width := range []int64{1280, 360} {
			p.window(width, 800)
			p.fits(path)
			var cut []string
			p.evaluate(cutOff, &cut)
			for _, one := range cut {
				t.Errorf("%s at %d px cuts off %s", path, width, one)
			}
		}
		p.keep("pseudo" + strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path))
	}
}
