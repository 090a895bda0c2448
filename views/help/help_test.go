package help

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/views/layout"
)

func page(t *testing.T, language string, role access.Role) string {
	t.Helper()
	var written strings.Builder
	reader := access.Actor{UserID: 1, Role: role}
	frame := layout.Page{Title: "Help", Section: "help", Person: &layout.Person{Name: "Ada Holm", Role: role}}
	if err := Page(frame, reader).Render(i18n.With(context.Background(), i18n.For(language, nil)), &written); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

func TestTheHelpLacksNoTextAndUsesEachThatItHas(t *testing.T) {
	for _, language := range i18n.Languages() {
		written := page(t, language, access.Administrator)
		if missing := regexp.MustCompile(`help\.[a-z_.0-9]+`).FindString(written); missing != "" {
			t.Errorf("%s: %s has no text", language, missing)
		}
		keys, err := i18n.Keys(language)
		if err != nil {
			t.Fatal(err)
		}
		ctx := i18n.With(context.Background(), i18n.For(language, nil))
		for _, key := range keys {
			if !strings.HasPrefix(key, "help.") || key == "help.go" {
				continue
			}
			text := strings.NewReplacer("&", "&amp;", "'", "&#39;").Replace(i18n.T(ctx, key))
			if !strings.Contains(written, text) {
				t.Errorf("%s: the text of %s is nowhere on the page", language, key)
			}
		}
	}
}

func TestEveryLinkWithinTheHelpLeadsToAPartOfIt(t *testing.T) {
	written := page(t, "en", access.Viewer)
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(written, -1)
	if len(links) < 10 {
		t.Fatalf("%d links", len(links))
	}
	for _, link := range links {
		if n := strings.Count(written, ` id="`+link[1]+`"`); n != 1 {
			t.Errorf("#%s is there %d times", link[1], n)
		}
	}
}

func TestTheHelpLeadsNobodyToAPageThatTheyMayNotOpen(t *testing.T) {
	for role, want := range map[access.Role]bool{access.Administrator: true, access.Contributor: false, access.Viewer: false} {
		written := page(t, "en", role)
		_, content, _ := strings.Cut(written, "<main")
		for _, address := range []string{`href="/connections"`, `href="/users"`, `href="/system/schedule"`} {
			if strings.Contains(content, address) != want {
				t.Errorf("%s: %s offered is %v", role, address, !want)
			}
		}
	}
}

func TestWhatPagesExplainIsInTheHelp(t *testing.T) {
	parts, terms := layout.HelpParts()
	for _, part := range parts {
		if !slices.ContainsFunc(Guide, func(s Section) bool { return s.ID == part }) {
			t.Errorf("pages lead to %q, which is no part of the guide", part)
		}
	}
	for _, term := range terms {
		if !slices.Contains(Terms, term) {
			t.Errorf("pages explain %q, which the glossary does not have", term)
		}
	}
}
