package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/notice"
)

// oneOfEachKind gives addresses of accounts of every kind, and one that has none.
func (s *site) oneOfEachKind(t *testing.T) []string {
	t.Helper()
	if _, _, err := s.Accounts.Invite(t.Context(), access.System, account.NewUser{Email: "nina@example.com", Role: access.Viewer}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Accounts.SignInByProvider(t.Context(), account.Identity{Issuer: "https://login.example.com", Subject: "o", Email: "olea@example.com", EmailVerified: true, Role: access.Viewer}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Accounts.Disable(t.Context(), access.System, s.Viewer.UserID); err != nil {
		t.Fatal(err)
	}
	return []string{"carl@example.com", "vera@example.com", "nina@example.com", "olea@example.com", "nobo@example.com"}
}

// changing is what differs from one answer to the next, whoever it is about.
var changing = regexp.MustCompile(`name="csrf" value="[^"]*"|X-CSRF-Token[^}]*|[a-z]{4}@example\.com|\?v=[^"]*`)

func (a answer) essence() string {
	var h []string
	for name, values := range a.Header {
		if name != "Date" && name != "X-Request-Id" && name != "Set-Cookie" && name != "Content-Length" {
			h = append(h, name+": "+strings.Join(values, ","))
		}
		if name == "Set-Cookie" {
			for _, cookie := range a.Cookies() {
				h = append(h, "cookie "+cookie.Name)
			}
		}
	}
	slices.Sort(h)
	return http.StatusText(a.StatusCode) + "\n" + strings.Join(h, "\n") + "\n" + changing.ReplaceAllString(a.body, "…")
}

func TestNoAnswerTellsWhetherAnAddressHasAnAccount(t *testing.T) {
	s := newSite(t, func(services *Services, _ *Options) { services.Accounts.SetPost(mailed{services.Notices}) })
	addresses := s.oneOfEachKind(t)
	for name, send := range map[string]func(b *browser, email string) answer{
		"sign-in": func(b *browser, email string) answer {
			return b.post("/sign-in", url.Values{"email": {email}, "password": {"not the right one"}})
		},
		"a new password": func(b *browser, email string) answer { return b.post("/forgotten", url.Values{"email": {email}}) },
	} {
		for try := range 6 { // the last ones are made to wait
			var first string
			for _, email := range addresses {
				got := send(s.browser(t), email).essence()
				if first == "" {
					first = got
				}
				if got != first {
					t.Errorf("%s, try %d, %s: another answer, %d bytes instead of %d", name, try, email, len(got), len(first))
				}
			}
			s.clock.Advance(1)
		}
	}
	if text := s.log.String(); strings.Contains(text, "example.com") {
		t.Error("the log names who was tried")
	}
}

// mailed is a post that could send letters with links.
type mailed struct{ *notice.Service }

func (mailed) DeliversLinks() bool { return true }

func TestTheWayToANewPasswordIsToldAsItIs(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	b.told(t, "/forgotten", "Ask an administrator")
	b.post("/forgotten", url.Values{"email": {"ada@example.com"}}).wants(t, http.StatusUnprocessableEntity)
	s = newSite(t, func(services *Services, _ *Options) { services.Accounts.SetPost(mailed{services.Notices}) })
	b = s.browser(t)
	b.told(t, "/sign-in", "/forgotten")
	b.told(t, "/forgotten", "Send the link")
	b.post("/forgotten", url.Values{"email": {"x"}}).wants(t, http.StatusUnprocessableEntity)
	if page := b.post("/forgotten", url.Values{"email": {"ada@example.com"}}); !strings.Contains(page.body, "a letter is on its way") {
		t.Error("no answer")
	}
	token, err := s.Accounts.NewReset(t.Context(), s.Administrator.UserID)
	if err != nil {
		t.Fatal(err)
	}
	b.told(t, "/reset?token="+token, "ada@example.com")
	b.post("/reset", url.Values{"token": {token}, "password": {"qwertyuiop12"}}).wants(t, http.StatusUnprocessableEntity)
	b.post("/reset", url.Values{"token": {token}, "password": {"lantern under the quay"}}).leads(t, "/sign-in")
	b.get("/reset?token="+token).wants(t, http.StatusNotFound)
	b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"lantern under the quay"}}).wants(t, http.StatusSeeOther)
}

func FuzzNoPathLeadsToAnotherSite(f *testing.F) {
	for _, seed := range []string{"/runs", "//evil.example", "/\\evil.example", "https://evil.example", "/%2f/evil", "/\t/evil.example", "javascript:alert(1)", "/a?next=//b", "/\x00", "\\\\evil"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := internalPath(path)
		base, _ := url.Parse("https://segue.example.com/sign-in")
		to, err := base.Parse(got)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("%q leads to %q", path, got)
		}
		if link, err := url.Parse(companyHref(path)); err != nil || link.Host != "" || internalPath(link.Query().Get("next")) == "" {
			t.Errorf("%q: %q", path, companyHref(path))
		}
	})
}
