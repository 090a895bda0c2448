package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/web/api"
)

// expected says for every route who may use it. A route that is missing here fails the test: decide, then write it down.
var expected = map[string]access.Action{
	"GET /healthz":                          public,
	"GET /readyz":                           public,
	"GET /static/*":                         public,
	"POST /language":                        public,
	"POST /theme":                           public,
	"GET /sign-in":                          public,
	"POST /sign-in":                         public,
	"POST /sign-out":                        public,
	"GET /news":                             access.LookAround,
	"GET /session":                          access.SecureOwnAccount,
	"GET /sign-in/company":                  public,
	"GET /sign-in/company/return":           public,
	"GET /confirm/company":                  access.SecureOwnAccount,
	"GET /sign-out/company":                 public,
	"GET /forgotten":                        public,
	"POST /forgotten":                       public,
	"GET /reset":                            public,
	"POST /reset":                           public,
	"GET /setup":                            public,
	"POST /setup":                           public,
	"GET /invitation":                       public,
	"POST /invitation":                      public,
	"GET /account/factors":                  access.SecureOwnAccount,
	"POST /account/codes":                   access.SecureOwnAccount,
	"GET /account/codes":                    access.SecureOwnAccount,
	"POST /account/codes/confirm":           access.SecureOwnAccount,
	"POST /account/codes/remove":            access.SecureOwnAccount,
	"POST /account/recovery":                access.SecureOwnAccount,
	"GET /account/recovery":                 access.SecureOwnAccount,
	"GET /account/passkeys/new":             access.SecureOwnAccount,
	"POST /account/passkeys":                access.SecureOwnAccount,
	"POST /account/passkeys/:id/remove":     access.SecureOwnAccount,
	"POST /users/factors":                   access.ManageUsers,
	"POST /users/:id/factors":               access.ManageUsers,
	"GET /sign-in/second":                   public,
	"POST /sign-in/second":                  public,
	"POST /sign-in/passkey":                 public,
	"POST /account/sign-out-everywhere":     access.ManageOwnAccount,
	"POST /account/sessions/:id/end":        access.ManageOwnAccount,
	"GET /confirm":                          access.SecureOwnAccount,
	"POST /confirm":                         access.SecureOwnAccount,
	"GET /account":                          access.ManageOwnAccount,
	"POST /account":                         access.ManageOwnAccount,
	"POST /account/password":                access.ManageOwnAccount,
	"POST /account/sign-out-others":         access.ManageOwnAccount,
	"GET /account/tokens":                   access.ManageOwnAccount,
	"POST /account/tokens":                  access.ManageOwnAccount,
	"GET /account/tokens/:id/revoke":        access.ManageOwnAccount,
	"POST /account/tokens/:id/revoke":       access.ManageOwnAccount,
	"GET /users":                            access.ManageUsers,
	"GET /users/new":                        access.ManageUsers,
	"POST /users":                           access.ManageUsers,
	"GET /users/:id":                        access.ManageUsers,
	"POST /users/:id/role":                  access.ManageUsers,
	"POST /users/:id/link":                  access.ManageUsers,
	"POST /users/:id/disable":               access.ManageUsers,
	"POST /users/:id/enable":                access.ManageUsers,
	"GET /segments":                         access.LookAround,
	"GET /segments/new":                     access.EditSegments,
	"POST /segments":                        access.EditSegments,
	"POST /segments/list":                   access.EditSegments,
	"GET /segments/:id":                     access.LookAround,
	"GET /segments/:id/edit":                access.EditSegments,
	"POST /segments/:id":                    access.EditSegments,
	"POST /segments/:id/list":               access.EditSegments,
	"POST /segments/:id/calculate":          access.EditSegments,
	"GET /segments/:id/delete":              access.EditSegments,
	"POST /segments/:id/delete":             access.EditSegments,
	"POST /segments/:id/activate":           access.EditSegments,
	"GET /segments/:id/deactivate":          access.EditSegments,
	"POST /segments/:id/deactivate":         access.EditSegments,
	"GET /segments/:id/unmatched":           access.SeePersonalData,
	"GET /segments/:id/unmatched.csv":       access.SeePersonalData,
	"GET /segments/:id/rule.json":           access.SeePersonalData,
	"GET /segments/import":                  access.EditSegments,
	"POST /segments/import":                 access.EditSegments,
	"GET /segments/overlap":                 access.LookAround,
	"GET /":                                 access.LookAround,
	"GET /help":                             access.LookAround,
	"GET /first-steps":                      access.LookAround,
	"POST /first-steps":                     access.ManageOwnAccount,
	"GET /search":                           access.LookAround,
	"GET /help/api":                         access.LookAround,
	"GET /exclusions":                       access.LookAround,
	"POST /exclusions":                      access.ManageExclusions,
	"POST /exclusions/upload":               access.ManageExclusions,
	"POST /exclusions/segments":             access.ManageExclusions,
	"POST /exclusions/check":                access.SeePersonalData,
	"GET /exclusions/emails/:entry/remove":  access.ManageExclusions,
	"POST /exclusions/emails/:entry/remove": access.ManageExclusions,
	"GET /exclusions/domains/:id/remove":    access.ManageExclusions,
	"POST /exclusions/domains/:id/remove":   access.ManageExclusions,
	"GET /exclusions/segments/:id/remove":   access.ManageExclusions,
	"POST /exclusions/segments/:id/remove":  access.ManageExclusions,
	"GET /system/schedule":                  access.ManageSchedule,
	"POST /system/schedule":                 access.ManageSchedule,
	"GET /system/status":                    access.LookAround,
	"GET /system/alerts":                    access.LookAround,
	"POST /system/alerts/settings":          access.ManageSchedule,
	"POST /system/alerts/test":              access.ManageOwnAccount,
	"POST /system/alerts/:id/look":          access.RunAll,
	"POST /account/alerts":                  access.ManageOwnAccount,
	"GET /system/status/work":               access.LookAround,
	"GET /system/status/work/rows":          access.LookAround,
	"GET /system/status/chains":             access.LookAround,
	"GET /system/status/chains/:id":         access.LookAround,
	"GET /system/status/chains/:id/cancel":  access.RefreshNow,
	"POST /system/status/chains/:id/cancel": access.RefreshNow,
	"POST /system/status/chains/:id/again":  access.RefreshNow,
	"POST /system/status/refresh":           access.RefreshNow,
	"GET /system/stop":                      access.StopAll,
	"POST /system/stop":                     access.StopAll,
	"POST /system/stop/lift":                access.StopAll,
	"GET /system/hooks":                     access.ManageHooks,
	"POST /system/hooks":                    access.ManageHooks,
	"GET /system/hooks/new":                 access.ManageHooks,
	"GET /system/hooks/:id":                 access.ManageHooks,
	"POST /system/hooks/:id":                access.ManageHooks,
	"GET /system/hooks/:id/edit":            access.ManageHooks,
	"POST /system/hooks/:id/test":           access.ManageHooks,
	"POST /system/hooks/:id/secret":         access.ManageHooks,
	"POST /system/hooks/:id/on":             access.ManageHooks,
	"POST /system/hooks/:id/off":            access.ManageHooks,
	"GET /system/hooks/:id/remove":          access.ManageHooks,
	"POST /system/hooks/:id/remove":         access.ManageHooks,
	"GET /events":                           access.LookAround,

	"GET /profiles":                   access.LookAround,
	"GET /profiles/unification":       access.LookAround,
	"POST /profiles/unification":      access.ManageProfiles,
	"POST /profiles/unification/undo": access.ManageProfiles,
	"GET /profiles/attributes":        access.LookAround,
	"POST /profiles/attributes":       access.ManageProfiles,
	"GET /profiles/id/:profile":       access.SeePersonalData,
	"GET /profiles/upload":            access.ManageProfiles,

	"GET /sources":                         access.ManageProfiles,
	"GET /sources/new":                     access.ManageProfiles,
	"GET /sources/:id":                     access.ManageProfiles,
	"GET /sources/:id/edit":                access.ManageProfiles,
	"POST /sources/:id":                    access.ManageProfiles,
	"POST /sources/:id/move":               access.ManageProfiles,
	"GET /sources/:id/undo":                access.ManageProfiles,
	"POST /sources/:id/undo":               access.ManageProfiles,
	"GET /sources/:id/remove":              access.ManageProfiles,
	"POST /sources/:id/remove":             access.ManageProfiles,
	"GET /sources/new/folder":              access.ManageProfiles,
	"POST /sources/new/folder":             access.ManageProfiles,
	"GET /sources/new/sql":                 access.ManageProfiles,
	"POST /sources/new/sql":                access.ManageProfiles,
	"POST /sources/new/sql/tables":         access.ManageProfiles,
	"POST /sources/:id/tables":             access.ManageProfiles,
	"POST /sources/:id/refresh":            access.ManageProfiles,
	"POST /sources/:id/check":              access.ManageProfiles,
	"POST /sources/:id/test":               access.ManageProfiles,
	"GET /sources/new/upload":              access.ManageProfiles,
	"POST /sources/new/upload":             access.ManageProfiles,
	"GET /sources/:id/upload":              access.ManageProfiles,
	"POST /sources/:id/upload":             access.ManageProfiles,
	"GET /sources/upload/progress":         access.ManageProfiles,
	"GET /sources/imports/:id":             access.ManageProfiles,
	"POST /sources/imports/:id":            access.ManageProfiles,
	"POST /sources/imports/:id/delimiter":  access.ManageProfiles,
	"POST /sources/imports/:id/answer":     access.ManageProfiles,
	"POST /sources/imports/:id/cancel":     access.ManageProfiles,
	"GET /sources/imports/:id/refused.csv": access.ManageProfiles,

	"GET /connections":                       access.ManageConnections,
	"GET /connections/new":                   access.ManageConnections,
	"POST /connections/new":                  access.ManageConnections,
	"POST /connections/new/type":             access.ManageConnections,
	"POST /connections/new/export-user":      access.ManageConnections,
	"POST /connections/new/save":             access.ManageConnections,
	"POST /connections/new/discard":          access.ManageConnections,
	"GET /connections/:id":                   access.ManageConnections,
	"POST /connections/:id":                  access.ManageConnections,
	"POST /connections/:id/verify":           access.ManageConnections,
	"POST /connections/:id/key":              access.ManageConnections,
	"POST /connections/:id/key/try":          access.ManageConnections,
	"POST /connections/:id/key/accept":       access.ManageConnections,
	"POST /connections/:id/key/discard":      access.ManageConnections,
	"POST /connections/:id/export-user":      access.ManageConnections,
	"GET /connections/:id/consent":           access.ManageConnections,
	"GET /connections/:id/consents":          access.ManageConnections,
	"POST /connections/:id/consent":          access.ManageConnections,
	"POST /connections/:id/consent/withdraw": access.ManageConnections,
	"GET /connections/:id/remove":            access.ManageConnections,
	"POST /connections/:id/remove":           access.ManageConnections,
	"GET /exports":                           access.LookAround,
	"GET /exports/glance":                    access.LookAround,
	"GET /exports/new":                       access.UseSomeConnections,
	"POST /exports":                          access.UseSomeConnections,
	"POST /exports/run-all":                  access.RunAll,
	"GET /exports/:id":                       access.LookAround,
	"GET /exports/:id/edit":                  access.UseSomeConnections,
	"GET /exports/:id/duplicate":             access.UseSomeConnections,
	"POST /exports/:id":                      access.UseSomeConnections,
	"POST /exports/:id/run":                  access.UseSomeConnections,
	"GET /exports/:id/dry-run":               access.LookAround,
	"GET /exports/:id/test":                  access.UseSomeConnections,
	"POST /exports/:id/test":                 access.UseSomeConnections,
	"GET /exports/schedule":                  access.UseSomeConnections,
	"POST /exports/schedule":                 access.UseSomeConnections,
	"GET /exports/:id/schedule":              access.UseSomeConnections,
	"POST /exports/:id/schedule":             access.UseSomeConnections,
	"POST /exports/:id/pause":                access.UseSomeConnections,
	"POST /exports/:id/resume":               access.UseSomeConnections,
	"GET /exports/:id/detach":                access.UseSomeConnections,
	"POST /exports/:id/detach":               access.UseSomeConnections,
	"GET /exports/:id/remove":                access.UseSomeConnections,
	"POST /exports/:id/remove":               access.UseSomeConnections,
	"GET /exports/:id/history":               access.LookAround,
	"GET /exports/:id/history/compare":       access.LookAround,
	"POST /exports/:id/history/:number":      access.UseSomeConnections,
	"GET /segments/:id/history":              access.LookAround,
	"GET /segments/:id/history/compare":      access.LookAround,
	"POST /segments/:id/history/:number":     access.EditSegments,
	"GET /system/schedule/history":           access.ManageSchedule,
	"GET /system/schedule/history/compare":   access.ManageSchedule,
	"POST /system/schedule/history/:number":  access.ManageSchedule,
	"GET /exports/:id/approval":              access.LookAround,
	"POST /exports/:id/approval":             access.ApproveExports,
	"GET /system/approvals":                  access.ManageApprovals,
	"POST /system/approvals":                 access.ManageApprovals,
	"GET /runs":                              access.LookAround,
	"GET /runs/newer":                        access.LookAround,
	"GET /runs/rows":                         access.LookAround,
	"GET /runs/:id":                          access.LookAround,
	"GET /runs/:id/rejections.csv":           access.SeePersonalData,
	"GET /runs/:id/cancel":                   access.UseSomeConnections,
	"POST /runs/:id/cancel":                  access.UseSomeConnections,
	"POST /runs/:id/pause":                   access.UseSomeConnections,
	"POST /runs/:id/resume":                  access.UseSomeConnections,
	"GET /runs/:id/outcomes":                 access.LookAround,
	"POST /runs/:id/outcomes":                access.UseSomeConnections,
	"POST /runs/:id/retry":                   access.UseSomeConnections,
	"GET /runs/:id/evidence/:profile":        access.SeePersonalData,
	"GET /story":                             access.SeePersonalData,
	"GET /privacy":                           access.ManagePrivacy,
	"POST /privacy/find":                     access.ManagePrivacy,
	"POST /privacy/download":                 access.ManagePrivacy,
	"POST /privacy/erase":                    access.ManagePrivacy,
	"POST /privacy/allow":                    access.ManagePrivacy,
	"GET /privacy/erasures/:id":              access.ManagePrivacy,
	"POST /privacy/erasures/:id/again":       access.ManagePrivacy,
	"GET /privacy/retention":                 access.ManagePrivacy,
	"POST /privacy/retention":                access.ManagePrivacy,
	"GET /privacy/terms":                     access.ManagePrivacy,
	"GET /audit":                             access.ReadAudit,
	"GET /audit/entries.csv":                 access.ReadAudit,
	"GET /audit/entries.ndjson":              access.ReadAudit,
	"POST /audit/customer":                   access.ReadAudit,
	"GET /privacy/record":                    access.ManagePrivacy,
	"GET /privacy/record.csv":                access.ManagePrivacy,
	"GET /privacy/record.html":               access.ManagePrivacy,
	"GET /privacy/record/exports/:id":        access.ManagePrivacy,
	"POST /privacy/record/exports/:id":       access.ManagePrivacy,
	"POST /privacy/terms":                    access.ManagePrivacy,
	"POST /story":                            access.SeePersonalData,
	"GET /story/:profile":                    access.SeePersonalData,
}

func TestEveryRouteIsOpenToWhomItShouldBeAndToNobodyElse(t *testing.T) {
	s := newSite(t)
	people := []struct {
		email string
		actor access.Actor
	}{
		{"", access.Actor{}},
		{"vera@example.com", s.Viewer},
		{"carl@example.com", s.Contributor},
		{"ada@example.com", s.Administrator},
	}
	seen := map[string]bool{}
	for _, route := range s.Routes() {
		if strings.HasPrefix(route.Path, api.Prefix+"/") != (route.Action == byToken) {
			t.Errorf("%s %s asks for %q: the routes for programs, and no others, are by token", route.Method, route.Path, route.Action)
		}
		if route.Action == byToken {
			continue // its description lists them, and web/api holds each to the scope and the roles that it is for
		}
		name := route.Method + " " + route.Path
		action, known := expected[name]
		if !known {
			t.Errorf("%s is not in the table", name)
			continue
		}
		if route.Action != action {
			t.Errorf("%s asks for %q, the table says %q", name, route.Action, action)
		}
		seen[name] = true
	}
	for name := range expected {
		if !seen[name] {
			t.Errorf("%s is in the table and not on the server", name)
		}
	}
	for _, person := range people {
		b := s.browser(t)
		if person.email != "" {
			b = s.as(t, person.email)
		}
		token := url.Values{csrfField: {b.token()}}
		for _, route := range s.Routes() {
			if route.Action == public || route.Action == byToken || route.Path == "/events" || slices.Contains(endsWalk, route.Path) {
				continue // open to all; for programs; a stream, whose tests are in event_test.go; and what ends the walk
			}
			path := strings.NewReplacer(":id", "1", ":number", "1", ":user", "1", "*", "x").Replace(route.Path)
			var a answer
			if route.Method == http.MethodGet {
				a = b.get(path)
			} else {
				a = b.send(path, token)
			}
			switch {
			case person.actor.Can(route.Action):
				if a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden || a.StatusCode >= 500 {
					t.Errorf("%s %s as %s: status %d", route.Method, route.Path, person.actor.Role, a.StatusCode)
				}
			case person.email == "" && route.Method == http.MethodGet:
				if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
					t.Errorf("%s %s, signed out: status %d", route.Method, route.Path, a.StatusCode)
				}
			case person.email == "":
				if a.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s %s, signed out: status %d, want 401", route.Method, route.Path, a.StatusCode)
				}
			case a.StatusCode != http.StatusForbidden:
				t.Errorf("%s %s as %s: status %d, want 403", route.Method, route.Path, person.actor.Role, a.StatusCode)
			}
		}
	}
}

// endsWalk may sign the person out who walks through all routes.
var endsWalk = []string{"/account/sign-out-everywhere", "/account/sessions/:id/end", "/users/:id/factors"}

// onlyAsks are routes whose page explains or asks something, and shows nothing that its action guards: the domain has nothing to refuse.
var onlyAsks = []string{"GET /help", "GET /help/api", "GET /users/new", "GET /confirm", "GET /account/recovery", "GET /segments/new", "GET /segments/:id/delete", "GET /segments/:id/deactivate", "GET /segments/import"}

// visit asks for a route as its own page would, with 1 for whatever it names.
func (b *browser) visit(route Route, token url.Values) answer {
	path := strings.NewReplacer("/rows", "/rows?ids=1", ":id", "1", ":number", "1", ":profile", "1", "*", "x").Replace(route.Path)
	switch {
	case route.Method == http.MethodGet:
		return b.get(path)
	case strings.HasSuffix(path, "/upload") || strings.HasSuffix(path, "/list") || path == "/segments/import":
		return b.upload(path, url.Values{"name": {"x"}}, "file", "x.csv", []byte("id,email\n1,ann@example.com\n"))
	}
	return b.send(path, token)
}

// refused reports whether the answer says that the person may not, or must sign in first.
func (a answer) refused() bool {
	return a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized ||
		a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/sign-in")
}

func TestNobodyComesToTheRoutesForProgramsByASession(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	token := b.token()
	seen := 0
	for _, route := range s.Routes() {
		if route.Action != byToken || route.Path == api.Prefix+"/openapi.json" {
			continue
		}
		seen++
		a := b.do(route.Method, strings.ReplaceAll(route.Path, ":id", "1"), "application/json", nil)
		if route.Method == http.MethodPost {
			a = b.send(strings.ReplaceAll(route.Path, ":id", "1"), url.Values{csrfField: {token}})
		}
		if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusTooManyRequests || len(a.Cookies()) > 0 {
			t.Errorf("%s %s: status %d, cookies %v", route.Method, route.Path, a.StatusCode, a.Cookies())
		}
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s %s is open to pages of %s", route.Method, route.Path, got)
		}
	}
	if seen < 20 {
		t.Errorf("only %d routes for programs were found", seen)
	}
}

func TestTheDomainRefusesByItselfWhatTheRouterWouldHave(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	if _, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{}); err != nil {
		t.Fatal(err)
	}
	people := map[string]access.Actor{"": {}, "vera@example.com": s.Viewer, "carl@example.com": s.Contributor}
	s.require = func(access.Actor, access.Action) error { return nil }
	for email, person := range people {
		b := s.browser(t)
		if email != "" {
			b = s.as(t, email)
		}
		token := url.Values{csrfField: {b.token()}, "profile": {"1"}}
		for _, route := range s.Routes() {
			name := route.Method + " " + route.Path
			if route.Action == public || route.Action == byToken || person.Can(route.Action) || slices.Contains(onlyAsks, name) || route.Path == "/events" {
				continue
			}
			if a := b.visit(route, token); !a.refused() {
				t.Errorf("%s as %q: status %d", name, person.Role, a.StatusCode)
			}
		}
	}
}

func TestContributorsChangeNothingOnAConnectionThatIsNotOpenToThem(t *testing.T) {
	s := newSite(t)
	e := s.exporting(t)
	if _, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Connections.Get(t.Context(), s.Administrator, e.ConnectionID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Connections.Edit(t.Context(), s.Administrator, c.ID, connection.Change{Version: c.Version, Name: c.Name, Withdrawal: connection.GoOn})
	if err != nil {
		t.Fatal(err)
	}
	b := s.as(t, "carl@example.com")
	token := url.Values{csrfField: {b.token()}, "profile": {"1"}}
	for _, route := range s.Routes() {
		if route.Action == access.UseSomeConnections && strings.Contains(route.Path, ":id") {
			if a := b.visit(route, token); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: status %d, want 403", route.Method, route.Path, a.StatusCode)
			}
		}
	}
	b.get(exportPath(e.ID)).wants(t, http.StatusOK).has(t, "Your permissions", "View")
}

func TestSigningInLeadsBackAndSigningOutEndsTheSession(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	b.get("/?x=1").leads(t, "/sign-in?next=%2F%3Fx%3D1")
	page := b.get("/sign-in?next=%2F%3Fx%3D1").wants(t, http.StatusOK)
	b.post("/sign-in", url.Values{"email": {"ADA@example.com"}, "password": {"quiet heron by the mill"}, "next": {page.field(t, "next")}}).leads(t, "/?x=1")
	b.get("/").wants(t, http.StatusOK).has(t, "Ada Holm")
	b.post("/sign-out", nil).leads(t, "/sign-in")
	b.get("/sign-in").has(t, "You are signed out.")
	b.get("/").leads(t, "/sign-in")
}
