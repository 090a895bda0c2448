package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/views/layout"
)

// onTop are pages that the menu, the top bar or tabs lead to, and that so have none above them.
var onTop = append(layout.Addresses(access.Administrator), "/search", "/account", "/system/status/work", "/system/status/chains", "/confirm")

// TestEveryPageBelowAnotherLeadsBackUp opens every page that there is for an administrator and wants breadcrumbs on those that are not on top,
// with links that lead somewhere.
func TestEveryPageBelowAnotherLeadsBackUp(t *testing.T) {
	s := newSite(t)
	s.ended(t, s.exporting(t), run.Failed)
	ada := s.as(t, "ada@example.com")
	looked := 0
	for _, route := range s.Routes() {
		if route.Method != http.MethodGet || route.Action == public || route.Action == byToken || route.Path == "/events" || route.Path == "/session" {
			continue
		}
		path := strings.NewReplacer(":id", "1", ":number", "1", ":profile", "1").Replace(route.Path)
		a := ada.get(path)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, `class="main"`) {
			continue // a download, a fragment, or of something that is not there
		}
		looked++
		_, rest, has := strings.Cut(a.body, `<nav class="breadcrumbs"`)
		if has == slices.Contains(onTop, route.Path) {
			t.Errorf("%s has breadcrumbs: %v", route.Path, has)
		}
		crumbs, _, _ := strings.Cut(rest, "</nav>")
		for _, link := range strings.Split(crumbs, `href="`)[1:] {
			href, _, _ := strings.Cut(link, `"`)
			if up := ada.get(href); up.StatusCode != http.StatusOK {
				t.Errorf("%s leads up to %s: status %d", route.Path, href, up.StatusCode)
			}
		}
	}
	if looked < 40 {
		t.Errorf("only %d pages were looked at", looked)
	}
}
