package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/testkit"
)

func TestSignInRefusesWithoutTellingWhy(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	bodies := map[string]string{}
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		a := b.post("/sign-in", url.Values{"email": {email}, "password": {"some wrong password"}}).wants(t, http.StatusUnprocessableEntity)
		a.has(t, "The email address or the password is not right", email).lacks(t, "some wrong password")
		bodies[email] = strings.ReplaceAll(a.body, email, "")
	}
	if bodies["ada@example.com"] != bodies["eve@example.com"] {
		t.Error("the pages differ")
	}
	b.post("/sign-in", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Fill in this field")
	for range 6 {
		b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"some wrong password"}})
	}
	b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {testkit.Password}}).
		wants(t, http.StatusTooManyRequests).has(t, "Wait 15 s")
}

func TestAnAdministratorInvitesAndTheLinkIsShownOnce(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.post("/users", url.Values{"email": {"not an address"}, "name": {"Nora"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "Enter an email address", `value="Nora"`, "Choose one of the values offered")
	invited := ada.post("/users", url.Values{"email": {"nora@example.com"}, "role": {"contributor"}}).wants(t, http.StatusSeeOther)
	page := ada.get(invited.Header.Get("Location")).wants(t, http.StatusOK).has(t, "nora@example.com is invited.", "Invited")
	link := linkOn(t, page)
	ada.get(invited.Header.Get("Location")).lacks(t, link, "/invitation?")

	nora := s.browser(t)
	form := nora.get(link).wants(t, http.StatusOK).has(t, "nora@example.com")
	nora.post("/invitation", url.Values{"token": {form.field(t, "token")}, "name": {"Nora"}, "password": {"short"}}).
		wants(t, http.StatusUnprocessableEntity).has(t, "Use at least 12 characters", `value="Nora"`)
	nora.post("/invitation", url.Values{"token": {form.field(t, "token")}, "name": {"Nora"}, "password": {"eleven lazy otters drifting"}}).leads(t, "/")
	nora.get("/").has(t, "Welcome, Nora. You are signed in.")
	nora.get("/users").wants(t, http.StatusForbidden)
	s.browser(t).get(link).wants(t, http.StatusNotFound).has(t, "This link has been used, replaced, or is too old")
}

// linkOn reads the one-time link on a user's page, as a path.
func linkOn(t *testing.T, page answer) string {
	t.Helper()
	_, after, found := strings.Cut(page.body, "/invitation?token=")
	token, _, ended := strings.Cut(after, `"`)
	if !found || !ended {
		t.Fatalf("no link on the page\n%s", page.body)
	}
	return "/invitation?token=" + token
}

func TestAnAdministratorChangesDisablesAndEnables(t *testing.T) {
	s := newSite(t)
	ada, vera := s.as(t, "ada@example.com"), s.as(t, "vera@example.com")
	path := userPath(s.Viewer.UserID)
	ada.post(path+"/role", url.Values{"role": {"contributor"}}).leads(t, path)
	vera.get("/").wants(t, http.StatusOK)
	ada.post(path+"/disable", nil).leads(t, path)
	ada.get(path).has(t, "The user is disabled.", "Enable this user")
	vera.get("/").leads(t, "/sign-in")
	ada.post(path+"/enable", nil).leads(t, path)
	s.as(t, "vera@example.com").get("/").wants(t, http.StatusOK)
	own := userPath(s.Administrator.UserID)
	ada.post(own+"/role", url.Values{"role": {"viewer"}}).wants(t, http.StatusUnprocessableEntity).has(t, "This is the only administrator")
	ada.post(own+"/disable", nil).wants(t, http.StatusUnprocessableEntity)
	ada.get("/users").has(t, "Carl Lund", "carl@example.com", "Contributor")
	for _, unknown := range []string{"/users/999", "/users/x", "/users/-1"} {
		ada.get(unknown).wants(t, http.StatusNotFound)
	}
}

func TestEverybodyKeepsTheirOwnAccountInTheirLanguage(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	b.header = http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}}
	b.post("/account", url.Values{"name": {"Vera Dam"}, "language": {"da"}, "time_zone": {"Europe/Copenhagen"}, "theme": {"dark"}}).leads(t, "/account")
	b.get("/account").has(t, "Din konto er gemt.", `lang="da"`, `data-theme="dark"`, "Skift adgangskode", "Her er du logget på", "kl. 14.00")
	b.post("/account", url.Values{"name": {""}, "time_zone": {"Mars/Olympus"}}).wants(t, http.StatusUnprocessableEntity).
		has(t, "Navn: Udfyld dette felt", "Tidszone: Vælg en tidszone")
	b.post("/account/password", url.Values{"current_password": {"wrong"}, "new_password": {"eleven lazy otters drifting"}}).
		wants(t, http.StatusUnprocessableEntity).has(t, "Det er ikke din adgangskode")

	other := s.as(t, "vera@example.com")
	b.post("/account/password", url.Values{"current_password": {testkit.Password}, "new_password": {"eleven lazy otters drifting"}}).leads(t, "/account")
	b.get("/account").wants(t, http.StatusOK).has(t, "Firefox på Linux")
	other.get("/").leads(t, "/sign-in")
	b.post("/account/sign-out-others", nil).leads(t, "/account")
	b.get("/").wants(t, http.StatusOK)
}

func TestTheSwitchesWorkBeforeAndAfterSigningIn(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	b.header = http.Header{"Accept-Language": {"da-DK,da;q=0.9"}}
	b.get("/sign-in").has(t, "Log på", `lang="da"`)
	b.post("/language", url.Values{"language": {"en"}, "back": {"/sign-in?next=%2Fusers"}}).leads(t, "/sign-in?next=%2Fusers")
	b.post("/theme", url.Values{"theme": {"dark"}, "back": {"/sign-in"}}).leads(t, "/sign-in")
	b.get("/sign-in").has(t, "Sign in", `data-theme="dark"`)
	b.post("/theme", url.Values{"theme": {"contrast"}, "back": {"/sign-in"}}).leads(t, "/sign-in")
	b.get("/sign-in").has(t, `data-theme="contrast"`)
	b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {testkit.Password}}).leads(t, "/")
	b.post("/language", url.Values{"language": {"da"}, "back": {"/users"}}).leads(t, "/users")
	b.header = http.Header{"Referer": {s.url + "/account?tab=2"}}
	if back := b.post("/account", nil).wants(t, http.StatusUnprocessableEntity).field(t, "back"); back != "/account?tab=2" {
		t.Errorf("from a form that was not accepted, the switch leads to %q", back)
	}
	b.header = http.Header{"Referer": {"https://evil.example/account"}}
	if back := b.post("/account", nil).field(t, "back"); back != "/" {
		t.Errorf("the switch leads to %q", back)
	}
	b.get("/no-such-page").wants(t, http.StatusNotFound).has(t, "Der er ikke noget på denne adresse")
	user, err := s.Accounts.User(t.Context(), s.Administrator.UserID)
	if err != nil || user.Language != "da" {
		t.Errorf("kept %q, %v", user.Language, err)
	}
}

func TestASessionThatRestedTooLongLeadsToSignIn(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	s.clock.Advance(2*time.Hour + time.Minute)
	a := b.do(http.MethodPost, "/account", "application/x-www-form-urlencoded", bytes.NewReader(nil))
	a.wants(t, http.StatusUnauthorized).has(t, "Sign in to go on", "Nothing was changed")
	b.header = http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {"http://elsewhere/account?tab=2"}}
	htmx := b.get("/account").wants(t, http.StatusUnauthorized)
	if got := htmx.Header.Get("HX-Redirect"); got != "/sign-in?next=%2Faccount%3Ftab%3D2" {
		t.Errorf("htmx is sent to %q", got)
	}
}

func TestABrowserThatIsKnownComesInWhileSomebodyGuesses(t *testing.T) {
	s := newSite(t)
	known := s.as(t, "vera@example.com")
	chosen := "eleven lazy otters drifting"
	known.post("/account/password", url.Values{"current_password": {testkit.Password}, "new_password": {chosen}}).leads(t, "/account")
	known.post("/sign-out", nil).leads(t, "/sign-in")
	guesser := s.browser(t)
	for range 8 {
		guesser.post("/sign-in", url.Values{"email": {"vera@example.com"}, "password": {"some wrong password"}})
	}
	right := url.Values{"email": {"vera@example.com"}, "password": {chosen}}
	s.browser(t).post("/sign-in", right).wants(t, http.StatusTooManyRequests)
	known.post("/sign-in", right).leads(t, "/")
}
