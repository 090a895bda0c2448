package component

import (
	"context"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// elements renders the gallery and gives its elements in order.
func elements(t *testing.T) []html.Token {
	t.Helper()
	var page strings.Builder
	if err := Gallery().Render(context.Background(), &page); err != nil {
		t.Fatal(err)
	}
	var found []html.Token
	tokens := html.NewTokenizer(strings.NewReader(page.String()))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			found = append(found, tokens.Token())
		}
	}
}

func attribute(element html.Token, name string) string {
	for _, a := range element.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestNoPieceNeedsInlineScriptOrStyle(t *testing.T) {
	for _, element := range elements(t) {
		if element.Data == "script" || element.Data == "style" {
			t.Errorf("there is a <%s> element", element.Data)
		}
		for _, a := range element.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				t.Errorf("%s: the content security policy refuses the attribute %s", element, a.Key)
			}
		}
	}
}

func TestEveryIconIsInTheSprite(t *testing.T) {
	sprite, err := os.ReadFile("../../static/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	uses := 0
	for _, element := range elements(t) {
		if element.Data != "use" {
			continue
		}
		uses++
		_, name, _ := strings.Cut(attribute(element, "href"), "#")
		if !strings.Contains(string(sprite), `<symbol id="`+name+`"`) {
			t.Errorf("there is no icon %q", name)
		}
	}
	if uses == 0 {
		t.Error("the gallery shows no icon")
	}
}

func TestLabelsAndExplanationsAreTiedToTheirFields(t *testing.T) {
	ids := map[string]int{}
	all := elements(t)
	for _, element := range all {
		if id := attribute(element, "id"); id != "" {
			ids[id]++
		}
	}
	for id, times := range ids {
		if times > 1 {
			t.Errorf("the id %q is there %d times", id, times)
		}
	}
	for _, element := range all {
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "data-copy"} {
			for _, id := range strings.Fields(attribute(element, name)) {
				if ids[id] == 0 {
					t.Errorf("%s: %s names %q, which is not there", element, name, id)
				}
			}
		}
	}
	for _, problem := range gallerySummary.Errors {
		if ids[problem.FieldID] == 0 {
			t.Errorf("the summary leads to %q, which is not there", problem.FieldID)
		}
	}
}

func TestAFieldInErrorSaysSoToAssistiveTechnology(t *testing.T) {
	for _, element := range elements(t) {
		if attribute(element, "id") != "key" {
			continue
		}
		if attribute(element, "aria-invalid") != "true" || attribute(element, "aria-describedby") != "key-hint key-error" || attribute(element, "aria-required") != "true" {
			t.Errorf("%s", element)
		}
		return
	}
	t.Error("the field is not there")
}

func TestTheSharesOfABarFillItAndNothingIsDividedByNothing(t *testing.T) {
	bar := StackedBar{Parts: []Part{{Count: 3}, {Count: 0}, {Count: 1}}}.segments()
	if len(bar) != 2 || bar[0].x != "0.000%" || bar[0].width != "75.000%" || bar[1].x != "75.000%" || bar[1].width != "25.000%" {
		t.Errorf("%+v", bar)
	}
	if empty := (StackedBar{Parts: []Part{{Count: 0}}}).segments(); len(empty) != 0 {
		t.Errorf("nothing counted, yet %+v", empty)
	}
}

func TestWhatPeopleTypedIsEscaped(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	var page strings.Builder
	field := Field{Name: "name", Label: evil, Hint: evil, Error: evil, Value: evil, Placeholder: evil}
	if err := field.Render(context.Background(), &page); err != nil {
		t.Fatal(err)
	}
	if err := (Button{Label: evil, Href: "javascript:alert(1)"}).Render(context.Background(), &page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<script") || strings.Contains(page.String(), "javascript:") {
		t.Error(page.String())
	}
}
