package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/segue-app/segue/internal/testkit"
)

func TestTheFirstAdministratorIsSetUpInTheBrowser(t *testing.T) {
	s := newEmptySite(t)
	token, err := s.Accounts.EnsureSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.get("/").leads(t, "/sign-in")
	b.get("/sign-in").has(t, "Segue is not set up yet")
	b.get("/setup?token=guess").wants(t, http.StatusNotFound)
	page := b.get("/setup?token="+token).wants(t, http.StatusOK)
	form := url.Values{"token": {page.field(t, "token")}, "email": {"first@example.com"}, "name": {"First"}, "password": {"aaaaaaaaaaaaa"}}
	b.post("/setup", form).wants(t, http.StatusUnprocessableEntity).has(t, "This is easy to guess", `value="first@example.com"`)
	form.Set("password", testkit.Password)
	b.post("/setup", form).leads(t, "/")
	b.get("/users").wants(t, http.StatusOK).has(t, "first@example.com")
	s.browser(t).get("/setup?token="+token).wants(t, http.StatusNotFound)
	s.browser(t).get("/sign-in").lacks(t, "not set up")
}
