package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/token"
)

var shownKey = regexp.MustCompile(token.Pattern)

func TestATokenIsShownOnceWhenItIsMade(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "vera@example.com")
	b.get("/account/tokens").wants(t, http.StatusOK).has(t, "You have no tokens").has(t, "Look at what your role").lacks(t, "Change segments", "Fetch what became", "segue_")
	b.post("/account/tokens", url.Values{"name": {"Nightly"}, "scopes": {"read", "edit"}, "days": {"30"}}).leads(t, "/account/tokens")
	page := b.get("/account/tokens").wants(t, http.StatusOK).has(t, "Nightly is made.", "Copy your token now", "Active", "Never")
	key := shownKey.FindString(page.body)
	bearer, err := s.Tokens.Identify(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if bearer.User.ID != s.Viewer.UserID || bearer.Token.Scopes != access.ScopesOf(access.Read) {
		t.Errorf("the key is for %q of person %d: a viewer is not offered to edit", bearer.Token.Scopes, bearer.User.ID)
	}
	if again := b.get("/account/tokens"); shownKey.MatchString(again.body) {
		t.Error("the key is shown a second time")
	}
	if text := s.log.String(); shownKey.MatchString(text) {
		t.Error("the key is in the log")
	}
}

func TestWhatIsWrongWithATokenIsSaidBesideItsField(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "carl@example.com")
	a := b.post("/account/tokens", url.Values{"name": {""}, "days": {"400"}}).wants(t, http.StatusUnprocessableEntity)
	a.has(t, "Fill in this field", "Choose at least one", "Enter 1 to 365 days", `value="400"`)
	b.post("/account/tokens", url.Values{"name": {"x"}, "scopes": {"run"}, "days": {"soon"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Enter 1 to 365 days")
}

func TestATokenIsRevokedByItsPersonOrByAnAdministrator(t *testing.T) {
	s := newSite(t)
	make := func() (token.Token, string) {
		made, key, err := s.Tokens.Create(t.Context(), s.Viewer, token.Draft{Name: "Nightly", Scopes: access.ScopesOf(access.Read), Days: 1})
		if err != nil {
			t.Fatal(err)
		}
		return made, key.Reveal()
	}
	first, firstKey := make()
	second, secondKey := make()
	path := func(of token.Token) string { return "/account/tokens/" + numbered(of.ID) + "/revoke" }

	s.as(t, "carl@example.com").get(path(first)).wants(t, http.StatusNotFound)
	s.as(t, "carl@example.com").post(path(first), nil).wants(t, http.StatusNotFound)
	vera := s.as(t, "vera@example.com")
	vera.get(path(first)).wants(t, http.StatusOK).has(t, "Revoke Nightly?")
	vera.post(path(first), nil).leads(t, "/account/tokens")
	vera.get("/account/tokens").has(t, "Nightly is revoked.", "Revoked", "Vera Dam")
	ada := s.as(t, "ada@example.com")
	user := "/users/" + numbered(s.Viewer.UserID)
	ada.get(user).wants(t, http.StatusOK).has(t, "Nightly", path(second)).lacks(t, path(first))
	ada.post(path(second), nil).leads(t, user)
	for _, key := range []string{firstKey, secondKey} {
		if _, err := s.Tokens.Identify(t.Context(), key); err == nil {
			t.Error("a revoked token counts")
		}
	}
}

func TestChangingThePasswordSaysThatTokensStay(t *testing.T) {
	s := newSite(t)
	s.as(t, "vera@example.com").get("/account").wants(t, http.StatusOK).has(t, "Your tokens stay; revoke those that others may know.", "Manage tokens")
}

func TestTheHelpOfTheAPINamesThisServer(t *testing.T) {
	s := newSite(t, func(_ *Services, o *Options) { o.PublicURL = "https://segue.example.com" })
	s.as(t, "vera@example.com").get("/help/api").wants(t, http.StatusOK).has(t, "https://segue.example.com/api/v1/exports", `segue run "Newsletter" --wait`, "/api/v1/openapi.json")
}

func numbered(id int64) string { return strconv.FormatInt(id, 10) }
