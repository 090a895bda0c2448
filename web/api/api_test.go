package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/web/api"
)

func TestEveryRouteIsDescribedAndEverythingDescribedIsARoute(t *testing.T) {
	s := start(t, 1)
	described := map[string]bool{}
	for path, item := range s.description().paths {
		for method := range item {
			if method != "parameters" {
				described[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	for _, route := range api.New(api.Services{Clock: time.Now}, api.Options{}).Routes() {
		name := route.Method + " " + strings.ReplaceAll(route.Path, ":id", "{id}")
		if !described[name] {
			t.Errorf("%s is not described", name)
		}
		delete(described, name)
	}
	for name := range described {
		t.Errorf("%s is described, and no route", name)
	}
}

// asked says of every route in which scope it is, which roles have it, and what it answers them. {e}, {r}, {s} and {src} are ids of an
// export, of a run that has ended, of a segment and of a source.
var asked = []struct {
	method, path, body string
	scope              access.Scope
	roles              []access.Role
	status             int
}{
	{"GET", "/status", "", access.Read, access.Roles, 200},
	{"GET", "/exports", "", access.Read, access.Roles, 200},
	{"GET", "/exports/{e}", "", access.Read, access.Roles, 200},
	{"GET", "/exports/{e}/readiness", "", access.Read, access.Roles, 200},
	{"GET", "/exports/{e}/runs", "", access.Read, access.Roles, 200},
	{"POST", "/exports/{e}/runs", `{"complete": true}`, access.Run, runners, 201},
	{"POST", "/exports/{e}/pause", "", access.Edit, runners, 204},
	{"POST", "/exports/{e}/resume", "", access.Edit, runners, 204},
	{"GET", "/runs", "", access.Read, access.Roles, 200},
	{"GET", "/runs/{r}", "", access.Read, access.Roles, 200},
	{"POST", "/runs/{r}/cancel", "", access.Run, runners, 409},
	{"POST", "/runs/{r}/pause", "", access.Run, runners, 409},
	{"POST", "/runs/{r}/resume", `{"reply": "go_on"}`, access.Run, runners, 409},
	{"POST", "/runs/{r}/retry", "", access.Run, runners, 201},
	{"GET", "/runs/{r}/outcomes", "", access.Results, runners, 200},
	{"GET", "/runs/{r}/watch", "", access.Read, access.Roles, 200},
	{"GET", "/segments", "", access.Read, access.Roles, 200},
	{"GET", "/segments/{s}", "", access.Read, access.Roles, 200},
	{"GET", "/segments/{s}/sizes", "", access.Read, access.Roles, 200},
	{"POST", "/segments/{s}/calculate", "", access.Edit, runners, 200},
	{"GET", "/chains", "", access.Read, access.Roles, 200},
	{"GET", "/chains/{c}", "", access.Read, access.Roles, 200},
	{"POST", "/chains", "", access.Run, []access.Role{access.Administrator}, 202},
	{"GET", "/connections", "", access.Read, runners, 200},
	{"GET", "/sources", "", access.Read, access.Roles, 200},
	{"POST", "/sources/{src}/refresh", "", access.Run, []access.Role{access.Administrator}, 409}, // an uploaded file is not read again
	{"GET", "/config", "", access.Edit, administrators, 200},
	{"POST", "/config/diff", `{"version": 1}`, access.Edit, administrators, 200},
	{"POST", "/config/apply?fingerprint=old", `{"version": 1}`, access.Edit, administrators, 409},
}

var administrators = []access.Role{access.Administrator}

var runners = []access.Role{access.Administrator, access.Contributor}

func TestEveryRouteIsOpenToTheScopeAndTheRolesThatItIsForAndToNoOther(t *testing.T) {
	s := start(t, 300)
	e := s.Export()
	ended := s.Run(e, run.Options{})
	if ended.Counts.Rejected() == 0 {
		t.Fatal("nobody was rejected, so nothing can be retried")
	}
	sources, err := s.Sources.Names(t.Context(), s.Actor(access.Viewer))
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.NewReplacer("{e}", id(e.ID), "{r}", id(ended.ID), "{s}", id(e.Segments[0].SegmentID), "{src}", id(sources[0].ID), "{c}", id(s.chain()))
	routes := map[string]bool{}
	for _, route := range api.New(api.Services{Clock: time.Now}, api.Options{}).Routes() {
		if !route.Open {
			routes[route.Method+" "+route.Path] = true
		}
	}
	keys := map[access.Role]map[access.Scope]string{}
	for _, role := range access.Roles {
		keys[role] = map[access.Scope]string{}
		for _, scope := range access.AllScopes {
			keys[role][scope] = s.key(s.Actor(role), scope)
		}
	}
	for _, q := range asked {
		delete(routes, q.method+" "+strings.NewReplacer("{e}", ":id", "{r}", ":id", "{src}", ":id", "{s}", ":id", "{c}", ":id", "?fingerprint=old", "").Replace(q.path))
		path := paths.Replace(q.path)
		s.ask("", q.method, path, q.body).problem(401, "api.problem.no_token")
		for _, role := range access.Roles {
			allowed := false
			for _, one := range q.roles {
				allowed = allowed || one == role
			}
			for _, scope := range access.AllScopes {
				a := s.ask(keys[role][scope], q.method, path, q.body)
				switch {
				case allowed && scope == q.scope:
					a.wants(q.status)
					s.settle(a)
				case allowed:
					if p := a.problem(403, "api.problem.scope"); p.Scope != q.scope {
						t.Errorf("%s %s within %s: %+v", q.method, q.path, scope, p)
					}
					if got := a.Header.Get("WWW-Authenticate"); !strings.Contains(got, `error="insufficient_scope", scope="`+string(q.scope)+`"`) {
						t.Errorf("%s %s within %s: WWW-Authenticate %q", q.method, q.path, scope, got)
					}
				default:
					if p := a.problem(403, "problem.not_permitted"); p.Scope != "" {
						t.Errorf("%s %s as %s: %+v", q.method, q.path, role, p)
					}
				}
			}
		}
	}
	for route := range routes {
		t.Errorf("%s is in no row of the table", route)
	}
}

// chain makes a chain that has ended, with a step that failed and one that was skipped for it.
func (s *site) chain() int64 {
	s.t.Helper()
	now := time.Now().UnixMilli() // what ended long ago is forgotten
	for _, statement := range []string{
		`INSERT INTO chains (id, cause, due_at, queued_at, started_at, ended_at, state) VALUES (1001, 'schedule', ?1, ?1, ?1, ?1, 'failed')`,
		`INSERT INTO chain_tasks (id, chain_id, kind, target_id, name, state, queued_at, started_at, ended_at, reason_code) VALUES (1, 1001, 'source', 1, 'Shop', 'failed', ?1, ?1, ?1, 'sources.failed')`,
		`INSERT INTO chain_tasks (id, chain_id, kind, target_id, name, state, queued_at, because_of) VALUES (2, 1001, 'export', 1, 'Newsletter', 'skipped', ?1, 1)`,
	} {
		if _, err := s.DB.Writer().ExecContext(s.t.Context(), statement, now); err != nil {
			s.t.Fatal(err)
		}
	}
	return 1001
}

// settle waits for the end of a run that the answer says was started, so that the next one may start.
func (s *site) settle(a answer) {
	s.t.Helper()
	if a.StatusCode == http.StatusCreated {
		s.Wait(as[api.Run](a).ID)
	}
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func TestATokenThatDoesNotCountIsToldWhyOnlyToWhoHasIt(t *testing.T) {
	s := start(t, 1)
	vera := s.Actor(access.Viewer)
	s.get(s.key(vera, access.Read), "/exports").wants(200)
	good := s.key(vera, access.Read)
	other := byte('x')
	if good[20] == other {
		other = 'y'
	}
	for name, key := range map[string]string{
		"none":             "",
		"not ours":         "ghp_0123456789abcdef0123456789abcdef0123",
		"a slip":           good[:len(good)-1] + "!",
		"another checksum": good[:20] + string(other) + good[21:],
	} {
		code := "token.problem.unknown"
		if key == "" {
			code = "api.problem.no_token"
		}
		a := s.get(key, "/exports")
		a.problem(401, code)
		if !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), `Bearer realm="segue"`) {
			t.Errorf("%s: WWW-Authenticate %q", name, a.Header.Get("WWW-Authenticate"))
		}
	}
	revoked := s.key(vera, access.Read)
	list, err := s.Tokens.List(t.Context(), vera)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tokens.Revoke(t.Context(), vera, list[0].ID); err != nil {
		t.Fatal(err)
	}
	s.get(revoked, "/exports").problem(401, "token.problem.ended")
	s.get(good, "/exports").wants(200)
	ada := s.Actor(access.Administrator)
	if err := s.Accounts.Disable(t.Context(), ada, vera.UserID); err != nil {
		t.Fatal(err)
	}
	s.get(good, "/exports").problem(401, "token.problem.ended")
	if err := s.Accounts.Enable(t.Context(), ada, vera.UserID); err != nil {
		t.Fatal(err)
	}
	s.get(good, "/exports").problem(401, "token.problem.ended")
}

func TestARoleThatIsTakenAwayIsTakenFromItsTokensToo(t *testing.T) {
	s := start(t, 1)
	e := s.Export()
	carl := s.Actor(access.Contributor)
	key := s.key(carl, access.Read, access.Run, access.Results, access.Edit)
	s.get(key, "/connections").wants(200)
	if err := s.Accounts.SetRole(t.Context(), s.Actor(access.Administrator), carl.UserID, access.Viewer); err != nil {
		t.Fatal(err)
	}
	s.get(key, "/connections").problem(403, "problem.not_permitted")
	s.post(key, "/exports/"+id(e.ID)+"/runs", "").problem(403, "problem.not_permitted")
	s.get(key, "/exports").wants(200)
}

func TestASessionIsNothingToTheAPI(t *testing.T) {
	s := start(t, 1)
	session, err := s.Accounts.StartSession(t.Context(), account.Begun{UserID: s.Actor(access.Administrator).UserID, Proof: account.ByPassword, Browser: "test", Address: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	s.ask("", "GET", "/exports", "", "Cookie", "segue-session="+session).problem(401, "api.problem.no_token")
}

func TestWhatIsNoRouteIsAProblemAndNoPage(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Viewer), access.Read)
	s.get(key, "/nothing").problem(404, "problem.not_found")
	s.get("", "").problem(404, "problem.not_found")
	for method, path := range map[string]string{"DELETE": "/exports", "POST": "/runs", "PUT": "/exports/1/runs", "PATCH": "/segments/1"} {
		if a := s.ask(key, method, path, ""); a.problem(405, "api.problem.method").Status != 405 || !strings.Contains(a.Header.Get("Allow"), "GET") {
			t.Errorf("%s %s: Allow %q", method, path, a.Header.Get("Allow"))
		}
	}
	s.get(key, "/exports/12345").wants(404)
	s.get(key, "/exports/x").problem(404, "problem.not_found")
	s.get(key, "/runs/99999999999999999999").problem(404, "problem.not_found")
}

func TestProblemsAreWrittenInEnglishUnlessDanishIsAskedFor(t *testing.T) {
	s := start(t, 1)
	for language, title := range map[string]string{"": "Not known", "da, en;q=0.5": "Ikke kendt", "en-GB": "Not known", "fr": "Not known"} {
		a := s.ask("", "GET", "/exports", "", "Accept-Language", language)
		if p := a.problem(401, "api.problem.no_token"); p.Title != title || p.Type != "urn:segue:api.problem.no_token" || p.RequestID != a.Header.Get("X-Request-Id") {
			t.Errorf("%q: %+v", language, p)
		}
	}
}

func TestListsComeInPartsInWhichNothingIsMissedOrTwice(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Viewer), access.Read)
	whole := as[api.Page[api.Segment]](s.get(key, "/segments").wants(200))
	if len(whole.Items) < 2 || whole.Next != "" {
		t.Fatalf("%d segments, next %q", len(whole.Items), whole.Next)
	}
	var parts []api.Segment
	for cursor := ""; ; {
		part := as[api.Page[api.Segment]](s.get(key, "/segments?limit=1&cursor="+cursor).wants(200))
		parts = append(parts, part.Items...)
		if cursor = part.Next; cursor == "" {
			break
		}
	}
	if len(parts) != len(whole.Items) {
		t.Fatalf("%d in parts, %d in all", len(parts), len(whole.Items))
	}
	for i := range parts {
		if parts[i].ID != whole.Items[i].ID {
			t.Errorf("%d is %d in parts, and %d in all", i, parts[i].ID, whole.Items[i].ID)
		}
	}
	first := as[api.Page[api.Segment]](s.get(key, "/segments?limit=1").wants(200))
	s.get(key, "/runs?cursor="+first.Next).problem(400, "api.problem.cursor") // of another list
	for _, bad := range []string{"limit=0", "limit=201", "limit=x", "limit=-1"} {
		s.get(key, "/segments?"+bad).problem(400, "api.problem.limit")
	}
	found := as[api.Page[api.Segment]](s.get(key, "/segments?search="+strings.ReplaceAll(whole.Items[0].Name, " ", "%20")).wants(200))
	if len(found.Items) == 0 || found.Items[0].ID != whole.Items[0].ID {
		t.Errorf("a search for %q found %+v", whole.Items[0].Name, found.Items)
	}
	s.get(key, "/segments?state=gone").problem(400, "api.problem.state")
	if drafts := as[api.Page[api.Segment]](s.get(key, "/segments?state=draft").wants(200)); len(drafts.Items) != 0 {
		t.Errorf("drafts: %+v", drafts.Items)
	}
}

func TestRunsAreListedTheNewestFirstAndByTheirStates(t *testing.T) {
	s := start(t, 20)
	e := s.Export()
	for range 3 {
		s.Run(e, run.Options{})
	}
	key := s.key(s.Actor(access.Viewer), access.Read)
	part := as[api.Page[api.Run]](s.get(key, "/runs?limit=2").wants(200))
	rest := as[api.Page[api.Run]](s.get(key, "/runs?limit=2&cursor="+part.Next).wants(200))
	if len(part.Items) != 2 || len(rest.Items) != 1 || part.Items[0].ID < part.Items[1].ID || part.Items[1].ID < rest.Items[0].ID || rest.Next != "" {
		t.Errorf("%+v, then %+v", part, rest)
	}
	if failed := as[api.Page[api.Run]](s.get(key, "/runs?state=failed&state=cancelled").wants(200)); len(failed.Items) != 0 {
		t.Errorf("failed or cancelled: %+v", failed.Items)
	}
	s.get(key, "/runs?state=gone").problem(400, "api.problem.state")
	if of := as[api.Page[api.Run]](s.get(key, "/exports/"+id(e.ID)+"/runs?limit=1").wants(200)); len(of.Items) != 1 || of.Items[0].Export.ID != e.ID || of.Next == "" {
		t.Errorf("of the export: %+v", of)
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	s := start(t, 1)
	e := s.Export()
	key := s.key(s.Actor(access.Administrator), access.Run)
	path := "/exports/" + id(e.ID) + "/runs"
	for _, body := range []string{`{"complete": 1}`, `{"everything": true}`, `[]`, `{} {}`, `{"complete": true`, `"x"`} {
		s.post(key, path, body).problem(400, "api.problem.body")
	}
	s.post(key, path, `{}`, "Content-Type", "text/plain").problem(415, "api.problem.media_type")
	s.post(key, path, strings.Repeat(" ", 64<<10)+"{}").problem(413, "api.problem.too_large")
	s.post(key, "/runs/1/resume", `{"reply": "perhaps"}`).problem(400, "api.problem.reply")
	s.settle(s.post(key, path, "").wants(201))
}

func TestTooManyRequestsOfOneTokenAreAskedToWait(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Viewer), access.Read)
	refused := 0
	for range 100 {
		a := s.get(key, "/connections") // refused to viewers, and quick
		if a.StatusCode == http.StatusTooManyRequests {
			a.problem(429, "api.problem.too_many")
			if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 10 {
				t.Fatalf("Retry-After %q", a.Header.Get("Retry-After"))
			}
			refused++
		}
	}
	if refused == 0 {
		t.Error("a hundred requests at once were answered")
	}
	s.get(s.key(s.Actor(access.Viewer), access.Read), "/exports").wants(200) // another token has its own
}

func TestGuessingIsSlowedDownAndKeepsNobodyWithATokenOut(t *testing.T) {
	s := start(t, 1)
	slowed := false
	for range 60 {
		a := s.get("segue_x", "/exports")
		slowed = slowed || a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") != ""
	}
	if !slowed {
		t.Error("sixty wrong tokens were answered at once")
	}
	s.get(s.key(s.Actor(access.Viewer), access.Read), "/exports").wants(200)
}

func TestTheStatusSaysWhatNeedsSomebody(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Viewer), access.Read)
	if well := as[api.Status](s.get(key, "/status").wants(200)); !well.Well || well.Stopped != nil || len(well.Needs) != 0 {
		t.Errorf("before: %+v", well)
	}
	if _, err := s.Stops.Impose(t.Context(), s.Actor(access.Administrator), "wrong file"); err != nil {
		t.Fatal(err)
	}
	if stopped := as[api.Status](s.get(key, "/status").wants(200)); stopped.Well || stopped.Stopped == nil || stopped.Stopped.Reason != "wrong file" {
		t.Errorf("stopped: %+v", stopped)
	}
}

func TestNothingOfTokensOrPeopleIsLogged(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Contributor), access.Read)
	s.get(key, "/exports").wants(200)
	s.get(key[:len(key)-1], "/exports").wants(401)
	log := s.log.String()
	if !strings.Contains(log, "/api/v1/exports") {
		t.Error("the request is not in the log")
	}
	for _, secret := range []string{key[10:40], "contributor@example.com"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
