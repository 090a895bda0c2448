package help

import (
	"cmp"
	"context"
	"html"
	"io/fs"
	"os"
	"path/filepath"
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

var tags = regexp.MustCompile(`<[^>]+>`)

// said is the text of a key as the guide writes it, and the labels in it.
func said(ctx context.Context, key string) (text string, labels []string) {
	for _, piece := range i18n.Pieces(ctx, key) {
		text += piece.Text
		if piece.Key != "" {
			labels = append(labels, piece.Key)
		}
	}
	return text, labels
}

// texts lists the keys of the help.
func texts(t *testing.T, language string) (keys []string) {
	t.Helper()
	all, err := i18n.Keys(language)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range all {
		if strings.HasPrefix(key, "help.") && key != "help.go" {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestTheHelpLacksNoTextAndUsesEachThatItHas(t *testing.T) {
	for _, language := range i18n.Languages() {
		written := html.UnescapeString(tags.ReplaceAllString(page(t, language, access.Administrator), ""))
		if missing := regexp.MustCompile(`help\.[a-z_.0-9]+`).FindString(written); missing != "" {
			t.Errorf("%s: %s has no text", language, missing)
		}
		ctx := i18n.With(context.Background(), i18n.For(language, nil))
		for _, key := range texts(t, language) {
			if text, _ := said(ctx, key); !strings.Contains(written, text) {
				t.Errorf("%s: the text of %s is nowhere on the page", language, key)
			}
		}
	}
}

func TestEveryLabelThatTheGuideNamesIsATextOfThePagesInEveryLanguage(t *testing.T) {
	sources := pagesSource(t)
	named := map[string]string{} // the labels of each text in the language before
	for _, language := range i18n.Languages() {
		keys, err := i18n.Keys(language)
		if err != nil {
			t.Fatal(err)
		}
		ctx := i18n.With(context.Background(), i18n.For(language, nil))
		count := 0
		for _, key := range texts(t, language) {
			_, labels := said(ctx, key)
			for _, label := range labels {
				count++
				if !slices.Contains(keys, label) {
					t.Errorf("%s: %s names %s, which is no text", language, key, label)
				}
				if !refers(label) && !usedIn(sources, label) {
					t.Errorf("%s: %s names %s, which no page shows", language, key, label)
				}
			}
			slices.Sort(labels)
			list := strings.Join(labels, " ")
			if before, known := named[key]; known && before != list {
				t.Errorf("%s names %q in one language and %q in %s", key, before, list, language)
			}
			named[key] = list
		}
		if count < 300 {
			t.Errorf("%s: the guide names %d labels only", language, count)
		}
	}
}

// pagesSource is what the pages but the help are made from.
func pagesSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range []string{"../../views", "../../web"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && (entry.Name() == "help" || entry.Name() == "e2e") {
				return cmp.Or(err, fs.SkipDir)
			}
			if !strings.HasSuffix(path, ".templ") && !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_templ.go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// usedIn reports whether a source names the key, or puts it together from a beginning that is more than its area.
func usedIn(source, key string) bool {
	if strings.Contains(source, `"`+key+`"`) {
		return true
	}
	for beginning := key; ; {
		dot := strings.LastIndexByte(beginning, '.')
		if dot < 0 || !strings.Contains(beginning[:dot], ".") {
			return false
		}
		if strings.Contains(source, `"`+beginning[:dot+1]+`"`) {
			return true
		}
		beginning = beginning[:dot]
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
