package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/web/api"
)

// noPages are the GET routes that answer programs, or a page that is open already, and where they are looked at.
var noPages = map[string]string{
	"/healthz": "a line for programs", "/readyz": "a line for programs", "/static/*": "files", "/events": "a stream",
	"/session": "whether somebody is signed in, for scripts", "/news": "a fragment", "/runs/rows": "a fragment", "/runs/newer": "a fragment", "/exports/glance": "a fragment",
	"/profiles/upload": "leads on to the upload of the source", "/runs/:id/outcomes": "leads on to the run",
	"/sources/upload/progress": "a fragment", "/system/status/work/rows": "a fragment",
	"/segments/:id/unmatched.csv": "a file", "/segments/:id/rule.json": "a file", "/sources/imports/:id/refused.csv": "a file", "/runs/:id/rejections.csv": "a file",
	"/audit/entries.csv": "a file", "/audit/entries.ndjson": "a file", "/privacy/record.csv": "a file", "/privacy/record.html": "a file",
	"/sign-in/company": "leads to the provider: company_test.go", "/sign-in/company/return": "leads on: company_test.go", "/confirm/company": "leads to the provider: company_test.go",
	"/sign-out/company": "leads to the provider: company_test.go",
}

// elsewhere are pages that this walk does not come to, and the tests that look at them.
var elsewhere = map[string]string{
	"/setup":                           "signin_test.go: it is gone as soon as there is somebody",
	"/sign-in/second":                  "factor_test.go: it is between password and code",
	"/account/codes":                   "factor_test.go: it is shown while codes are set up",
	"/account/recovery":                "factor_test.go: the codes are shown once",
	"/account/passkeys/new":            "factor_test.go: browsers have passkeys for a name only",
	"/system/schedule/history/compare": "version_test.go: the same page as of exports",
}

// addresses are those of pages for which 1 in the place of each name will not do.
func (l *lived) addresses() map[string]string {
	return map[string]string{
		"/profiles/id/:profile":            "/profiles/id/" + l.rejected,
		"/story/:profile":                  "/story/" + l.rejected,
		"/runs/:id/evidence/:profile":      "/runs/1/evidence/" + l.rejected,
		"/runs/:id/cancel":                 "/runs/2/cancel",
		"/exclusions/emails/:entry/remove": "/exclusions/emails/" + l.excluded + "/remove",
		"/exclusions/segments/:id/remove":  "/exclusions/segments/2/remove",
		"/segments/:id/unmatched":          "/segments/3/unmatched",
		"/exports/:id/history/compare":     "/exports/1/history/compare?from=1&to=2",
		"/segments/:id/history/compare":    "/segments/1/history/compare?from=1&to=1",
		"/exports/schedule":                "/exports/schedule?ids=1",
		"/invitation":                      "/invitation?token=" + l.invitation,
		"/reset":                           "/reset?token=" + l.reset,
	}
}

// stop is a page on the walk.
type stop struct{ route, path string }

// stops are all pages that the server has: those for whoever is signed out, and those for an administrator.
func (l *lived) stops(t *testing.T) (signedOut, signedIn []stop) {
	t.Helper()
	known := l.addresses()
	for _, route := range l.routes {
		if route.Method != http.MethodGet || strings.HasPrefix(route.Path, api.Prefix+"/") || noPages[route.Path] != "" || elsewhere[route.Path] != "" {
			continue
		}
		at, ok := known[route.Path]
		if !ok {
			at = strings.NewReplacer(":id", "1", ":number", "1").Replace(route.Path)
		}
		if l.isPublic(route.Action) {
			signedOut = append(signedOut, stop{route.Path, at})
		} else {
			signedIn = append(signedIn, stop{route.Path, at})
		}
	}
	if len(signedIn) < 60 || len(signedOut) < 3 {
		t.Fatalf("only %d and %d pages were found", len(signedIn), len(signedOut))
	}
	return signedOut, signedIn
}

// isPublic reports whether an action is none of those that a role allows.
func (l *lived) isPublic(action access.Action) bool { return !l.ada.Can(action) }

// at opens a page, and fails the test unless it is one.
func (p *page) at(s stop) bool {
	p.t.Helper()
	p.visit(s.path)
	var headings int
	p.evaluate(`document.querySelectorAll("main h1").length`, &headings)
	if status := p.watch.shown(); status != http.StatusOK || headings != 1 || !strings.HasPrefix(p.path(), strings.SplitN(s.path, "?", 2)[0]) {
		p.t.Errorf("%s: %s answers %d with %d main headings, at %s. Say in addresses() what to open, or in noPages or elsewhere why not.\n%.300s", s.route, s.path, status, headings, p.path(), p.text())
		return false
	}
	return true
}

// TestEveryPageIsAccessibleAndFitsWhenItIsZoomed opens every page that there is, also those that are made tomorrow: by axe, and at
// 320 px, as a window of 1280 px is at 400 %.
func TestEveryPageIsAccessibleAndFitsWhenItIsZoomed(t *testing.T) {
	t.Parallel()
	l := startLived(t)
	signedOut, signedIn := l.stops(t)
	walk := func(p *page, stops []stop) {
		for _, s := range stops {
			if !p.at(s) {
				continue
			}
			p.axe(s.route)
			p.window(320, 256)
			p.fits(s.route + " at 400 %")
			p.keep("zoomed" + strings.NewReplacer("/", "-", ":", "").Replace(s.route))
			p.window(1280, 800)
		}
	}
	walk(l.open(t, "en"), signedOut)
	walk(l.open(t, "en").signIn(access.Administrator), signedIn)
}
