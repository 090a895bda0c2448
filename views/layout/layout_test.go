package layout

import (
	"context"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
)

func render(t *testing.T, language string, c templ.Component) string {
	t.Helper()
	var page strings.Builder
	ctx := i18n.With(context.Background(), i18n.For(language, nil))
	if err := c.Render(templ.WithChildren(ctx, templ.Raw("<p>content</p>")), &page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestOnlyAdministratorsSeeTheAdminEntries(t *testing.T) {
	for role, want := range map[access.Role]bool{access.Administrator: true, access.Contributor: false, access.Viewer: false} {
		page := render(t, "en", Frame(Page{Person: &Person{Name: "Anna", Role: role}}))
		for _, address := range []string{`href="/connections"`, `href="/users"`, `href="/system/schedule"`} {
			if strings.Contains(page, address) != want {
				t.Errorf("%s: %s shown is %v", role, address, !want)
			}
		}
		if !strings.Contains(page, `href="/exports"`) || !strings.Contains(page, "<p>content</p>") {
			t.Errorf("%s: the exports entry or the content is missing", role)
		}
	}
}

func TestAPageWithoutAPersonHasNoNavigation(t *testing.T) {
	page := render(t, "en", Frame(Page{Title: "Sign in"}))
	if strings.Contains(page, `href="/exports"`) || strings.Contains(page, "/sign-out") || !strings.Contains(page, "<p>content</p>") {
		t.Error(page)
	}
}

func TestTheFrameSpeaksTheLanguageOfThePerson(t *testing.T) {
	for language, words := range map[string][]string{
		"en": {`lang="en"`, "Skip to the content", "Connections", "Sign out", "<title>Exports · Segue</title>"},
		"da": {`lang="da"`, "Gå til indholdet", "Forbindelser", "Log af", "<title>Exports · Segue</title>"},
	} {
		page := render(t, language, Frame(Page{Title: "Exports", Person: &Person{Name: "Anna", Role: access.Administrator}}))
		for _, word := range words {
			if !strings.Contains(page, word) {
				t.Errorf("%s: %q is missing", language, word)
			}
		}
		if strings.Contains(page, "layout.") {
			t.Errorf("%s: a text is missing: …%s", language, page[strings.Index(page, "layout."):][:60])
		}
	}
}

func TestARunBelongsUnderExports(t *testing.T) {
	page := render(t, "en", Frame(Page{Section: "runs", Person: &Person{Name: "Anna", Role: access.Viewer}}))
	if !strings.Contains(page, `href="/exports" aria-current="page"`) {
		t.Error("no entry is marked as the present one")
	}
}

func TestAProblemSaysWhatToDoAndLeadsHome(t *testing.T) {
	trouble := Trouble{Status: 404, Title: "Not here", Text: "Look elsewhere", Reference: "abc"}
	inside := render(t, "en", Problem(Page{Person: &Person{Name: "Anna", Role: access.Viewer}}, trouble))
	for _, word := range []string{"Error 404", "Not here", "Look elsewhere", "abc", "Go to Home"} {
		if !strings.Contains(inside, word) {
			t.Errorf("%q is missing", word)
		}
	}
	if outside := render(t, "en", Problem(Page{}, trouble)); !strings.Contains(outside, `href="/sign-in"`) {
		t.Error("someone who is not signed in is not led to sign in")
	}
}

func TestTheThemeOfThePersonOverridesTheDevice(t *testing.T) {
	if page := render(t, "en", Bare(Page{Theme: "dark"})); !strings.Contains(page, `data-theme="dark"`) {
		t.Error("the theme is not set")
	}
	if page := render(t, "en", Bare(Page{})); strings.Contains(page, "data-theme") {
		t.Error("a theme is set though none was chosen")
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"Anna": "A", "Søren Ørsted Ågård": "SÅ", "": "", "  åse  ": "Å"} {
		if got := initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
