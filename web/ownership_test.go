package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/token"
)

// relation is how an export stands to the contributor who asks.
type relation struct {
	name     string
	hers     bool // she made it, while she might
	grant    func(carl, dora int64) access.Grant
	detached bool
	may      bool // she may change and run it
}

var relations = []relation{
	{"her own, granted to all", true, func(_, _ int64) access.Grant { return access.AllContributors }, false, true},
	{"another's, granted to all", false, func(_, _ int64) access.Grant { return access.AllContributors }, false, true},
	{"another's, granted to her by name", false, func(carl, _ int64) access.Grant { return access.Named(carl) }, false, true},
	{"granted to her and another by name", false, func(carl, dora int64) access.Grant { return access.Named(dora, carl) }, false, true},
	{"granted to another by name", false, func(_, dora int64) access.Grant { return access.Named(dora) }, false, false},
	{"her own, granted to another now", true, func(_, dora int64) access.Grant { return access.Named(dora) }, false, false},
	{"not granted", false, func(_, _ int64) access.Grant { return access.OnlyAdministrators }, false, false},
	{"her own, not granted any more", true, func(_, _ int64) access.Grant { return access.OnlyAdministrators }, false, false},
	{"detached, was granted to her", false, func(carl, _ int64) access.Grant { return access.Named(carl) }, true, true},
	{"detached, was not granted", false, func(_, _ int64) access.Grant { return access.OnlyAdministrators }, true, false},
}

// estate is a site with a connection for each relation.
type estate struct {
	*site
	dora        access.Actor
	connections []int64
	like        export.Export // what the exports send
	made        int
	alerts      int64
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{site: newSite(t)}
	e.like = e.exporting(t)
	dora, err := e.Accounts.Create(t.Context(), access.System, account.NewUser{Email: "dora@example.com", Name: "Dora Berg", Role: access.Contributor, Password: testkit.Password})
	if err != nil {
		t.Fatal(err)
	}
	e.dora = dora.Actor()
	for _, r := range relations {
		e.connections = append(e.connections, e.connect(t, r.name))
	}
	return e
}

// connect makes a connection for all contributors.
func (e *estate) connect(t *testing.T, name string) int64 {
	t.Helper()
	step := func(_ connection.Draft, err error) {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	step(e.Connections.Begin(t.Context(), e.Administrator, "omnisend"))
	step(e.Connections.Fill(t.Context(), e.Administrator, connection.Entry{Name: name, Grant: access.AllContributors, Key: secret.NewText(testkit.TeaKey), TermsVersion: connection.CurrentTerms, Agree: true}))
	step(e.Connections.Connect(t.Context(), e.Administrator))
	step(e.Connections.ConfirmExportUser(t.Context(), e.Administrator.Asked()))
	c, err := e.Connections.Save(t.Context(), e.Administrator)
	if err != nil {
		t.Fatal(name, err)
	}
	return c.ID
}

// settleGrants has every connection granted as its relation says.
func (e *estate) settleGrants(t *testing.T) {
	t.Helper()
	for i, r := range relations {
		e.grant(t, e.connections[i], r.grant(e.Contributor.UserID, e.dora.UserID), connection.GoOn)
	}
}

// thing is an export with a run, and an alert about it.
type thing struct{ exportID, runID, alertID int64 }

func (e *estate) make(t *testing.T, i int) thing {
	t.Helper()
	r, by := relations[i], e.Administrator
	if r.hers && r.may {
		by = e.Contributor
	}
	e.made++
	like := e.like
	like.ConnectionID = e.connections[i]
	made := e.site.like(t, by, like, fmt.Sprintf("Export %d", e.made))
	if r.hers && !r.may { // she made it before
		e.write(t, `UPDATE exports SET created_by = `+strconv.FormatInt(e.Contributor.UserID, 10)+` WHERE id = `+strconv.FormatInt(made.ID, 10))
	}
	started, err := e.Runs.Start(t.Context(), e.Administrator, made.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.detached {
		if err := e.Exports.DetachConnection(t.Context(), e.Administrator, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	e.alerts++
	e.write(t, fmt.Sprintf(`INSERT INTO alerts (id, kind, thing, thing_id, name, code, facts, opened_at, since) VALUES (%d, 'run_failed', 'export', %d, 'x', 'x', '{}', 1, 1)`, e.alerts, made.ID))
	return thing{made.ID, started.ID, e.alerts}
}

// path is the address of a route for a thing.
func (x thing) path(route Route, m meaning) string {
	id := map[meaning]int64{anyExport: x.exportID, grantedExport: x.exportID, approvable: x.exportID, anyRun: x.runID, grantedRun: x.runID, grantedAlert: x.alertID}[m]
	return strings.NewReplacer(":id", strconv.FormatInt(id, 10), ":profile", "1", ":number", "1").Replace(route.Path)
}

func TestEveryRouteThatNamesSomethingIsInTheTableOfOwnership(t *testing.T) {
	s := newSite(t)
	seen := map[string]bool{}
	for _, route := range s.Routes() {
		name := route.Method + " " + route.Path
		if route.Action == byToken || !strings.Contains(route.Path, ":") {
			continue
		}
		seen[name] = true
		if _, known := ownership[name]; !known {
			t.Errorf("%s names something, and is not in the table of what it means", name)
		}
		if ownership[name] == byRole && (route.Action == access.UseSomeConnections || strings.HasPrefix(route.Path, "/exports/") || strings.HasPrefix(route.Path, "/runs/")) {
			t.Errorf("%s is of exports or runs, and is said to be open by role alone", name)
		}
	}
	for name := range ownership {
		if !seen[name] {
			t.Errorf("%s is in the table of ownership and not on the server", name)
		}
	}
}

// TestEveryRouteIsOpenByRoleAndOwnershipAndToNobodyElse walks every route of exports and runs, for everybody, and for exports in every
// relation to her. What is refused changes nothing, and is asked of the same things; what is done is done to fresh ones.
func TestEveryRouteIsOpenByRoleAndOwnershipAndToNobodyElse(t *testing.T) {
	e := newEstate(t)
	e.write(t, `UPDATE approval_settings SET contributors = 1`)
	kept := make([]thing, len(relations))
	for i := range relations {
		kept[i] = e.make(t, i)
	}
	e.settleGrants(t)
	for _, person := range []struct {
		email string
		actor access.Actor
	}{
		{"", access.Actor{}}, {"vera@example.com", e.Viewer}, {"carl@example.com", e.Contributor}, {"ada@example.com", e.Administrator},
	} {
		b := e.browser(t)
		if person.email != "" {
			b = e.as(t, person.email)
		}
		token := url.Values{csrfField: {b.token()}, "profile": {"1"}}
		ask := func(route Route, path string) answer {
			if route.Method == http.MethodGet {
				return b.get(path)
			}
			return b.send(path, token)
		}
		for _, route := range e.Routes() {
			m := ownership[route.Method+" "+route.Path]
			if m == "" || m == byRole || m == ownToken || m == hersAlone || route.Action == byToken {
				continue // the tests by role are in routes_test.go
			}
			for i, r := range relations {
				granted := person.actor.Role == access.Administrator || r.may && person.actor.Role == access.Contributor
				may := person.actor.Can(route.Action) && (granted || m == anyExport || m == anyRun)
				x := kept[i]
				if may && route.Method != http.MethodGet {
					e.grant(t, e.connections[i], access.AllContributors, connection.GoOn)
					x = e.make(t, i)
					e.grant(t, e.connections[i], r.grant(e.Contributor.UserID, e.dora.UserID), connection.GoOn)
				}
				a := ask(route, x.path(route, m))
				about := fmt.Sprintf("%s %s as %q, %s: status %d", route.Method, route.Path, person.actor.Role, r.name, a.StatusCode)
				switch {
				case !may && !a.refused():
					t.Error(about)
				case may && (a.refused() || a.StatusCode >= http.StatusInternalServerError):
					t.Error(about)
				case may && a.StatusCode == http.StatusNotFound && !slices.Contains([]string{"/runs/:id/evidence/:profile", "/exports/:id/history/compare"}, route.Path):
					t.Errorf("%s: it was asked for something that is not there", about) // of evidence there is none, as nothing was refused, and the page compares what its address names
				}
			}
		}
	}
}

func TestAnothersTokenIsUnknownToWhomManagesNobody(t *testing.T) {
	s := newSite(t)
	made, _, err := s.Tokens.Create(t.Context(), s.Contributor, token.Draft{Name: "mine", Scopes: access.ScopesOf(access.Read), Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	path := "/account/tokens/" + strconv.FormatInt(made.ID, 10) + "/revoke"
	vera := s.as(t, "vera@example.com")
	vera.get(path).wants(t, http.StatusNotFound)
	vera.post(path, nil).wants(t, http.StatusNotFound)
	s.as(t, "carl@example.com").get(path).wants(t, http.StatusOK)
	s.as(t, "ada@example.com").get(path).wants(t, http.StatusOK)
}

// TestNobodyButAdministratorsIsShownKeysBrandsOrFailuresOfConnections reads every page as others see it while the key is refused.
func TestNobodyButAdministratorsIsShownKeysBrandsOrFailuresOfConnections(t *testing.T) {
	e := newEstate(t)
	kept := make([]thing, len(relations))
	for i := range relations {
		kept[i] = e.make(t, i)
	}
	e.settleGrants(t)
	e.write(t, `UPDATE connections SET failure = 'key_refused', failed_at = 1, brand_name = 'Brand Name Planted', brand_website = 'https://website-planted.example', brand_id = 'brand-id-planted'`)
	planted := []string{"Brand Name Planted", "website-planted", "brand-id-planted", testkit.TeaKey}
	ada := e.as(t, "ada@example.com")
	ada.get(fmt.Sprintf("/connections/%d", e.connections[0])).has(t, planted[:3]...)
	walked := 0
	for _, email := range []string{"vera@example.com", "carl@example.com"} {
		b := e.as(t, email)
		for _, route := range e.Routes() {
			if route.Method != http.MethodGet || route.Action == public || route.Action == byToken || route.Path == "/events" {
				continue
			}
			m := ownership[route.Method+" "+route.Path]
			if m == "" || m == byRole || m == ownToken {
				m = anyExport
			}
			for _, i := range []int{0, 4, 7} { // granted, granted to another, not granted any more
				page := b.get(kept[i].path(route, m))
				walked++
				page.lacks(t, planted...)
				if !strings.Contains(route.Path, ":") {
					break // the same page for all
				}
			}
		}
	}
	if walked < 120 {
		t.Errorf("only %d pages were read", walked)
	}
}
