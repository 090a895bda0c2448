package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/erasure"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/token"
)

// weighty are the acts for which a person must have confirmed not long ago that it is she: what is done of each, and by which route.
var weighty = map[string]struct {
	route string
	do    func(s *site, a access.Actor) error
}{
	"give a new connection its key": {"POST /connections/new", func(s *site, a access.Actor) error {
		return second(s.Connections.Fill(s.ctx, a, connection.Entry{Name: "x", Key: secret.NewText("some-key")}))
	}},
	"become export user of a new connection": {"POST /connections/new/export-user", func(s *site, a access.Actor) error {
		return second(s.Connections.ConfirmExportUser(s.ctx, a))
	}},
	"save a new connection": {"POST /connections/new/save", func(s *site, a access.Actor) error {
		return second(s.Connections.Save(s.ctx, a))
	}},
	"withdraw a connection from contributors": {"POST /connections/:id", func(s *site, a access.Actor) error {
		return second(s.Connections.Edit(s.ctx, a, 1, connection.Change{Version: 1, Name: "Tea shop", Withdrawal: connection.GoOn}))
	}},
	"replace a key": {"POST /connections/:id/key", func(s *site, a access.Actor) error {
		return s.Connections.ReplaceKey(s.ctx, a, 1, 1, secret.NewText("some-key"))
	}},
	"try a waiting key": {"POST /connections/:id/key/try", func(s *site, a access.Actor) error { return s.Connections.TryKey(s.ctx, a, 1) }},
	"accept another brand": {"POST /connections/:id/key/accept", func(s *site, a access.Actor) error {
		return s.Connections.AcceptBrand(s.ctx, a, 1, 1, "b", "1", true)
	}},
	"become export user": {"POST /connections/:id/export-user", func(s *site, a access.Actor) error {
		return second(s.Connections.BecomeExportUser(s.ctx, a, 1, 1))
	}},
	"consent": {"POST /connections/:id/consent", func(s *site, a access.Actor) error {
		return second(s.Connections.Agree(s.ctx, a, 1, 1, "1", true))
	}},
	"withdraw consent": {"POST /connections/:id/consent/withdraw", func(s *site, a access.Actor) error {
		return second(s.Connections.WithdrawConsent(s.ctx, a, 1, 1))
	}},
	"say for how long older consent holds": {"POST /privacy/terms", func(s *site, a access.Actor) error { return s.Connections.SetGrace(s.ctx, a, 10) }},
	"approve an export": {"POST /exports/:id/approval", func(s *site, a access.Actor) error {
		return s.Approvals.Approve(s.ctx, a, 1, "mark")
	}},
	"say which exports need approval": {"POST /system/approvals", func(s *site, a access.Actor) error {
		return s.Approvals.Save(s.ctx, a, approval.Settings{})
	}},
	"remove a connection": {"POST /connections/:id/remove", func(s *site, a access.Actor) error {
		return s.Connections.Remove(s.ctx, a, 1, 1, nil)
	}},
	"invite": {"POST /users", func(s *site, a access.Actor) error {
		return third(s.Accounts.Invite(s.ctx, a, account.NewUser{Email: "eve@example.com", Role: access.Viewer}))
	}},
	"change a role":  {"POST /users/:id/role", func(s *site, a access.Actor) error { return s.Accounts.SetRole(s.ctx, a, 3, access.Viewer) }},
	"make a link":    {"POST /users/:id/link", func(s *site, a access.Actor) error { return second(s.Accounts.Reissue(s.ctx, a, 3)) }},
	"disable a user": {"POST /users/:id/disable", func(s *site, a access.Actor) error { return s.Accounts.Disable(s.ctx, a, 3) }},
	"enable a user":  {"POST /users/:id/enable", func(s *site, a access.Actor) error { return s.Accounts.Enable(s.ctx, a, 3) }},
	"erase a person": {"POST /privacy/erase", func(s *site, a access.Actor) error {
		return second(s.Erasures.Erase(s.ctx, a, erasure.Order{}))
	}},
	"make a token": {"POST /account/tokens", func(s *site, a access.Actor) error {
		return third(s.Tokens.Create(s.ctx, a, token.Draft{}))
	}},
	"make a hook": {"POST /system/hooks", func(s *site, a access.Actor) error { return third(s.Notices.Add(s.ctx, a, notice.Draft{})) }},
	"send notices elsewhere": {"POST /system/hooks/:id", func(s *site, a access.Actor) error {
		return s.Notices.Save(s.ctx, a, 1, notice.Draft{Address: "https://hooks.example.com/"}, 1)
	}},
	"give a hook another secret": {"POST /system/hooks/:id/secret", func(s *site, a access.Actor) error {
		return second(s.Notices.Rotate(s.ctx, a, 1, 1))
	}},
	"read a database": {"POST /sources/new/sql", func(s *site, a access.Actor) error {
		return third(s.Sources.AddSQL(s.ctx, a, source.Entry{}, source.Copied, secret.NewText("pw")))
	}},
	"change the password of a database": {"POST /sources/:id", func(s *site, a access.Actor) error {
		return second(s.Sources.EditSQL(s.ctx, a, 1, 1, source.Entry{}, secret.NewText("pw")))
	}},
	"set up codes": {"POST /account/codes", func(s *site, a access.Actor) error { return s.Factors.BeginCodes(s.ctx, a) }},
	"see the secret of codes": {"GET /account/codes", func(s *site, a access.Actor) error {
		return second(s.Factors.ShowCodes(s.ctx, a, "Segue"))
	}},
	"confirm codes": {"POST /account/codes/confirm", func(s *site, a access.Actor) error {
		return second(s.Factors.ConfirmCodes(s.ctx, a, "123456"))
	}},
	"remove codes":        {"POST /account/codes/remove", func(s *site, a access.Actor) error { return s.Factors.RemoveCodes(s.ctx, a) }},
	"make recovery codes": {"POST /account/recovery", func(s *site, a access.Actor) error { return second(s.Factors.RenewRecovery(s.ctx, a)) }},
	"be asked for a new passkey": {"GET /account/passkeys/new", func(s *site, a access.Actor) error {
		return second(s.Factors.AskNew(s.ctx, a, factor.Site{Origin: "http://localhost"}))
	}},
	"add a passkey": {"POST /account/passkeys", func(s *site, a access.Actor) error {
		return second(s.Factors.AddPasskey(s.ctx, a, factor.Site{Origin: "http://localhost"}, factor.Reply{}, "x"))
	}},
	"remove a passkey":             {"POST /account/passkeys/:id/remove", func(s *site, a access.Actor) error { return s.Factors.RemovePasskey(s.ctx, a, 1) }},
	"take somebody's factors away": {"POST /users/:id/factors", func(s *site, a access.Actor) error { return s.Factors.Reset(s.ctx, a, 3) }},
	"say who must have a factor": {"POST /users/factors", func(s *site, a access.Actor) error {
		return s.Factors.Require(s.ctx, a, factor.Nobody)
	}},
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

func TestTheDomainAsksByItselfForAConfirmationBeforeEveryActOfWeight(t *testing.T) {
	s := newSite(t)
	b := s.connected(t)
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}}).leads(t, "/connections/new")
	b.post("/connections/new", details("Coffee shop", "administrators", testkit.CoffeeKey)).leads(t, "/connections/new")
	stale := s.Administrator.Confirmed(s.clock.Now().Add(-access.FreshFor))
	for name, act := range weighty {
		if err := act.do(s, stale); !problem.Is(err, problem.ConfirmFirst) {
			t.Errorf("%s, confirmed long ago: %v", name, err)
		}
		if err := act.do(s, s.Viewer.Within(access.ScopesOf(access.AllScopes...)).Confirmed(s.clock.Now()).Asked()); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s, by a token: %v", name, err)
		}
	}
	for name, act := range weighty { // last: what is done undoes what others need
		if err := act.do(s, s.Administrator.Confirmed(s.clock.Now()).Asked()); problem.Is(err, problem.ConfirmFirst) {
			t.Errorf("%s, confirmed just now: %v", name, err)
		}
	}
}

// TestOnlyActsOfWeightAreHeldUp walks every form as somebody whose confirmation is old: stopping and cancelling least of all may ask.
func TestOnlyActsOfWeightAreHeldUp(t *testing.T) {
	s := newSite(t)
	s.exporting(t)
	b := s.as(t, "ada@example.com")
	s.clock.Advance(access.FreshFor)
	form := url.Values{csrfField: {b.token()}, "name": {"x"}, "version": {"1"}, "key": {"some-key"}, "password": {"pw"}, "address": {"https://hooks.example.com/"}, "grace": {"10"}}
	var routes []string
	for _, act := range weighty {
		routes = append(routes, act.route)
	}
	unseen := []string{ // asked for only when there is something of the kind; the domain's own test has them
		"POST /connections/:id", "POST /connections/new/export-user", "POST /exports/:id/approval", "POST /system/approvals", "POST /system/hooks/:id", "POST /sources/new/sql", "POST /sources/:id",
	}
	for _, route := range s.Routes() {
		name := route.Method + " " + route.Path
		if route.Method != http.MethodPost || route.Action == public || route.Action == byToken || slices.Contains(endsWalk, route.Path) {
			continue
		}
		a := b.visit(route, form)
		asks := strings.HasPrefix(a.Header.Get("Location"), confirmPath)
		if want := slices.Contains(routes, name); asks != want && !slices.Contains(unseen, name) {
			t.Errorf("%s: asks for a confirmation: %v, want %v (status %d)", name, asks, want, a.StatusCode)
		}
	}
}

// waits sends a form that must wait for a confirmation, and returns what names it.
func (b *browser) waits(path string, form url.Values) (token string) {
	b.t.Helper()
	a := b.post(path, form).wants(b.t, http.StatusSeeOther)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Path != confirmPath || to.Query().Get("form") == "" {
		b.t.Fatalf("%s leads to %q", path, to)
	}
	return to.Query().Get("form")
}

func TestAFormWaitsForTheConfirmationAndIsCarriedOutWithNothingLost(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	s.clock.Advance(access.FreshFor)
	b.header = http.Header{"Referer": {s.url + "/users/new"}}
	waiting := b.waits("/users", url.Values{"email": {"zoe+1@example.com"}, "name": {"Zoë Ærø & søn = 100 %"}, "role": {"contributor"}})
	b.get("/confirm?form="+waiting).wants(t, http.StatusOK).has(t, "Confirm that it is you", "What you sent is kept", `href="/users/new"`).lacks(t, "zoe+1@example.com")
	b.post("/confirm", url.Values{"form": {waiting}, "password": {"not the password"}}).wants(t, http.StatusUnprocessableEntity).has(t, "This is not your password", waiting)
	if n := s.number(t, `SELECT count(*) FROM users`); n != 3 {
		t.Fatalf("%d users: the form was carried out without a confirmation", n)
	}
	b.post("/confirm", url.Values{"form": {waiting}, "password": {testkit.Password}}).leads(t, "/users/4")
	b.get("/users/4").wants(t, http.StatusOK).has(t, "Zoë Ærø & søn = 100 %", "zoe+1@example.com is invited", "/invitation?token=")

	b.post("/confirm", url.Values{"form": {waiting}, "password": {testkit.Password}}).leads(t, "/") // once
	b.get("/").has(t, "or was done already")
	if n := s.number(t, `SELECT count(*) FROM users`); n != 4 {
		t.Errorf("%d users", n)
	}
	b.post("/users/4/disable", nil).leads(t, "/users/4") // within ten minutes nothing is asked
}

func TestAFormThatIsNotAcceptedAfterTheConfirmationIsShownAsTyped(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	s.clock.Advance(access.FreshFor)
	waiting := b.waits("/users", url.Values{"email": {"no address"}, "name": {"Zoë"}, "role": {"viewer"}})
	page := b.post("/confirm", url.Values{"form": {waiting}, "password": {testkit.Password}}).wants(t, http.StatusUnprocessableEntity)
	page.has(t, "Enter an email address", `value="no address"`, `value="Zoë"`, `action="/users"`)
}

func TestAFormThatWaitsBelongsToItsSessionAndToTenMinutes(t *testing.T) {
	s := newSite(t)
	form := url.Values{"email": {"zoe@example.com"}, "role": {"viewer"}}
	ada, elsewhere, carl := s.as(t, "ada@example.com"), s.as(t, "ada@example.com"), s.as(t, "carl@example.com")
	s.clock.Advance(access.FreshFor)
	waiting := ada.waits("/users", form)
	for name, b := range map[string]*browser{"her other session": elsewhere, "somebody else": carl} {
		b.get("/confirm?form="+waiting).leads(t, "/")
		b.post("/confirm", url.Values{"form": {waiting}, "password": {testkit.Password}}).leads(t, "/")
		if n := s.number(t, `SELECT count(*) FROM users`); n != 3 {
			t.Fatalf("%s: %d users", name, n)
		}
	}
	s.clock.Advance(kept.Life)
	ada.get("/confirm?form="+waiting).leads(t, "/")
	ada.post("/confirm", url.Values{"form": {waiting}, "password": {testkit.Password}}).leads(t, "/")
	s.clock.Advance(access.FreshFor)
	ada.waits("/users", form)
	if n := s.number(t, `SELECT count(*) FROM kept_forms WHERE instr(sealed, 'zoe') > 0`); n != 0 {
		t.Error("a form is kept in clear")
	}
	ada.post("/sign-out", nil)
	if n := s.number(t, `SELECT count(*) FROM kept_forms WHERE expires_at > ?`, s.clock.Now().UnixMilli()); n != 0 {
		t.Errorf("%d forms outlive their session", n)
	}
}

func TestAConfirmationGivesTheSessionAnotherToken(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	before := b.cookie("segue-session")
	b.post("/confirm", url.Values{"next": {"/users"}, "password": {testkit.Password}}).leads(t, "/users")
	if before == "" || b.cookie("segue-session") == before {
		t.Fatal("the token was not replaced")
	}
	old := s.browser(t)
	old.header = http.Header{"Cookie": {"segue-session=" + before}}
	old.get("/users").wants(t, http.StatusOK) // a request that was under way
	old.get("/account/passkeys/new").leads(t, "/confirm?next=%2Faccount%2Fpasskeys%2Fnew")
	s.clock.Advance(31 * time.Second)
	old.get("/users").leads(t, "/sign-in?next=%2Fusers")
	b.get("/users").wants(t, http.StatusOK)
	b.post("/confirm", url.Values{"next": {"https://evil.example"}, "password": {testkit.Password}}).leads(t, "/")
}

func TestPasswordsAreNotGuessedAtTheConfirmation(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	for range 5 {
		b.post("/confirm", url.Values{"password": {"some wrong password"}}).wants(t, http.StatusUnprocessableEntity)
	}
	b.post("/confirm", url.Values{"password": {testkit.Password}}).wants(t, http.StatusUnprocessableEntity).has(t, "Too many attempts")
}

func TestWherePeopleSignInElsewhereAPasswordConfirmsNothing(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	s.clock.Advance(access.FreshFor)
	s.Accounts = account.New(s.db, account.Options{Clock: s.clock.Now, NoPasswords: true})
	for path, form := range map[string]url.Values{
		"/confirm":          {"password": {testkit.Password}},
		"/account/password": {"current_password": {testkit.Password}, "new_password": {"eleven lazy otters drifting"}},
	} {
		b.post(path, form).wants(t, http.StatusUnprocessableEntity).has(t, "Nobody signs in with a password here")
		if n := s.number(t, `SELECT count(*) FROM sessions WHERE confirmed_at = ?`, s.clock.Now().UnixMilli()); n != 0 {
			t.Errorf("%s confirmed that it is she", path)
		}
	}
}

func TestWhatIsTooLargeToWaitIsToBeSentAgain(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	s.clock.Advance(access.FreshFor)
	b.header = http.Header{"Referer": {s.url + "/users/new"}}
	b.post("/users", url.Values{"email": {strings.Repeat("x", kept.MostBytes)}}).leads(t, "/confirm?next=%2Fusers%2Fnew")
	b.get("/confirm?next=%2Fusers%2Fnew").has(t, "too large to be kept")
	b.post("/confirm", url.Values{"next": {"/users/new"}, "password": {testkit.Password}}).leads(t, "/users/new")
}

func TestHtmxIsLedToTheConfirmationAsAWholePage(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	s.clock.Advance(access.FreshFor)
	csrf := b.token()
	b.header = http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {s.url + "/users/2"}}
	a := b.send("/users/2/disable", url.Values{csrfField: {csrf}}).wants(t, http.StatusForbidden)
	if to := a.Header.Get("HX-Redirect"); !strings.HasPrefix(to, "/confirm?form=") {
		t.Errorf("leads to %q", to)
	}
}
