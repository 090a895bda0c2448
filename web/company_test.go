package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/oidc"
	"github.com/segue-app/segue/internal/oidc/oidctest"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
)

// companySite is a site at which people may sign in with a provider that runs.
func companySite(t *testing.T, people []oidctest.Person, change func(*oidc.Config)) (*site, *oidctest.Provider) {
	t.Helper()
	real := oidctest.Start(t, people...)
	s := newSite(t, func(services *Services, _ *Options) {
		c := oidc.Config{Issuer: real.Issuer, ClientID: oidctest.ClientID, ClientSecret: secret.NewText(oidctest.ClientSecret), Name: "Nordic Works", Scopes: []string{"profile", "email"}, Roles: oidc.Roles{Claim: "groups"}}
		if err := c.Roles.Of.UnmarshalText([]byte("bosses=administrator;makers=contributor;staff=viewer")); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(&c)
		}
		var err error
		if services.Provider, err = oidc.New(c, time.Now); err != nil {
			t.Fatal(err)
		}
	})
	real.Returns(s.url+companyReturn, s.url+"/sign-in")
	return s, real
}

// company goes to the provider by the link of ours, signs in there, and comes back.
func (b *browser) company(real *oidctest.Provider, link, email string) answer {
	b.t.Helper()
	away := b.get(link)
	away.wants(b.t, http.StatusSeeOther)
	back := real.Visit(b.t, away.Header.Get("Location"), email)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	defer b.header.Del("Sec-Fetch-Site")
	return b.get(back.RequestURI())
}

// told is what the next page tells.
func (b *browser) told(t *testing.T, path, part string) {
	t.Helper()
	if page := b.get(path); !strings.Contains(page.body, part) {
		t.Errorf("%s does not say %q:\n%.3000s", path, part, page.body)
	}
}

func TestAPersonSignsInWithHerCompanyAndTakesTheRoleThatSheHasThere(t *testing.T) {
	vera := oidctest.Person{Subject: "vera-1", Email: "vera@example.com", Name: "Vera Dam", Groups: []string{"staff"}}
	s, real := companySite(t, []oidctest.Person{vera}, nil)
	b := s.browser(t)
	if page := b.get("/sign-in?next=/runs"); !strings.Contains(page.body, "Sign in with Nordic Works") || !strings.Contains(page.body, companyHref("/runs")) {
		t.Fatalf("no way to the company:\n%s", page.body)
	}
	b.company(real, companyHref("/runs"), "vera@example.com").leads(t, "/runs")
	b.get("/runs").wants(t, http.StatusOK)
	b.get("/users").wants(t, http.StatusForbidden)

	vera.Groups, vera.Email = []string{"bosses"}, "vera.dam@example.com" // another address, the same person
	real.Put(vera)
	b.company(real, companyPath, "vera.dam@example.com").leads(t, "/")
	b.get("/users").wants(t, http.StatusOK)
	if n := s.number(t, `SELECT count(*) FROM users`); n != 3 {
		t.Errorf("%d people", n)
	}

	other := s.as(t, "vera@example.com") // by password
	other.get("/users").wants(t, http.StatusOK)
	vera.Groups = nil
	real.Put(vera)
	b.company(real, companyPath, "vera.dam@example.com").leads(t, "/sign-in")
	b.told(t, "/sign-in", "gives you no role in Segue")
	other.get("/users").leads(t, "/sign-in?next=%2Fusers")
	refused := other.post("/sign-in", url.Values{"email": {"vera@example.com"}, "password": {testkit.Password}})
	refused.wants(t, http.StatusUnprocessableEntity)
	for _, action := range []string{"account.bound_to_provider", "account.role_by_provider", "account.refused_by_provider"} {
		if n := s.number(t, `SELECT count(*) FROM audit_entries WHERE action = ?`, action); n != 1 {
			t.Errorf("%s is in the log %d times", action, n)
		}
	}
	vera.Groups = []string{"makers"}
	real.Put(vera)
	b.company(real, companyPath, "vera.dam@example.com").leads(t, "/")
	b.get("/segments/new").wants(t, http.StatusOK)
}

func TestSomebodyNewIsMadeOnlyWhereTheOperatorWantsItAndOnlyWithARole(t *testing.T) {
	people := []oidctest.Person{
		{Subject: "nina-1", Email: "nina@example.com", Name: "Nina Skov", Groups: []string{"makers"}},
		{Subject: "ole-1", Email: "ole@example.com", Name: "Ole Vang"},
		{Subject: "eve-1", Email: "ada@example.com", Unverified: true, Name: "Eve", Groups: []string{"bosses"}},
	}
	for _, makes := range []bool{false, true} {
		s, real := companySite(t, people, func(c *oidc.Config) { c.MakePeople = makes })
		b := s.browser(t)
		if !makes {
			b.company(real, companyPath, "nina@example.com").leads(t, "/sign-in")
			b.told(t, "/sign-in", "You have no account in Segue")
		} else {
			b.company(real, companyPath, "nina@example.com").leads(t, "/")
			b.told(t, "/", "Nina Skov")
		}
		b = s.browser(t)
		b.company(real, companyPath, "ole@example.com").leads(t, "/sign-in")
		b.told(t, "/sign-in", "You have no account in Segue")
		b.company(real, companyPath, "ada@example.com").leads(t, "/sign-in")
		b.told(t, "/sign-in", "does not vouch for your email address")
	}
}

func TestAnAddressThatWentOnToSomebodyElseDoesNotOpenTheAccount(t *testing.T) {
	s, real := companySite(t, []oidctest.Person{{Subject: "ada-1", Email: "ada@example.com", Name: "Ada", Groups: []string{"bosses"}}}, nil)
	s.browser(t).company(real, companyPath, "ada@example.com").leads(t, "/")
	real.Put(oidctest.Person{Subject: "ada-1", Email: "gone@example.com"})
	real.Put(oidctest.Person{Subject: "ada-2", Email: "ada@example.com", Name: "Another Ada", Groups: []string{"bosses"}})
	b := s.browser(t)
	b.company(real, companyPath, "ada@example.com").leads(t, "/sign-in")
	b.told(t, "/sign-in", "belongs to somebody else")
}

func TestAReturnIsTakenOnceAndOnlyByTheBrowserThatWasSent(t *testing.T) {
	s, real := companySite(t, []oidctest.Person{{Subject: "ada-1", Email: "ada@example.com", Name: "Ada", Groups: []string{"bosses"}}}, nil)
	sent, other := s.browser(t), s.browser(t)
	back := real.Visit(t, sent.get(companyPath).Header.Get("Location"), "ada@example.com").RequestURI()
	other.get(back).leads(t, "/sign-in")
	other.told(t, "/sign-in", "begun in another window")
	sent.get(back).leads(t, "/")
	sent.get(back).leads(t, "/sign-in")
	again := s.browser(t)
	again.get(companyPath)
	again.get(companyReturn+"?error=access_denied&state=forged").leads(t, "/sign-in")
	again.told(t, "/sign-in", "begun in another window")
	s.browser(t).get(companyPath+"?next=https://evil.example").wants(t, http.StatusSeeOther)
	evil := s.browser(t)
	evil.company(real, companyPath+"?next=%2F%2Fevil.example", "ada@example.com").leads(t, "/")
}

func TestSigningOutLeadsOnToTheCompanyForThoseWhoCameFromThere(t *testing.T) {
	s, real := companySite(t, []oidctest.Person{{Subject: "ada-1", Email: "ada@example.com", Name: "Ada", Groups: []string{"bosses"}}}, nil)
	b := s.browser(t)
	b.company(real, companyPath, "ada@example.com").leads(t, "/")
	b.post("/sign-out", nil).leads(t, companyLeave)
	page := b.get(companyLeave)
	page.wants(t, http.StatusOK)
	if to := page.Header.Get("Refresh"); !strings.HasPrefix(to, "0; url="+real.Issuer+"/end_session?") || !strings.Contains(page.body, "Go on to Nordic Works") {
		t.Errorf("leads to %q", to)
	}
	b.get(companyLeave).leads(t, "/sign-in") // once
	s.as(t, "carl@example.com").post("/sign-out", nil).leads(t, "/sign-in")
}

func TestAProviderThatIsAwayLeavesTheOtherWaysIn(t *testing.T) {
	s := newSite(t, func(services *Services, _ *Options) {
		var err error
		services.Provider, err = oidc.New(oidc.Config{Issuer: "http://127.0.0.1:1", ClientID: "x", Roles: oidc.Roles{Default: "viewer"}}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
	})
	b := s.browser(t)
	b.get(companyPath).leads(t, "/sign-in")
	b.told(t, "/sign-in", "does not answer")
	s.as(t, "ada@example.com").get("/").wants(t, http.StatusOK)
	newSite(t).browser(t).get(companyPath).wants(t, http.StatusNotFound)
}

func TestWhoIsKnownAtTheCompanyConfirmsThereThatItIsShe(t *testing.T) {
	s, real := companySite(t, []oidctest.Person{
		{Subject: "ada-1", Email: "ada@example.com", Name: "Ada", Groups: []string{"bosses"}},
		{Subject: "carl-1", Email: "carl@example.com", Name: "Carl", Groups: []string{"makers"}},
	}, nil)
	b := s.browser(t)
	b.company(real, companyPath, "ada@example.com").leads(t, "/")
	s.clock.Advance(11 * time.Minute)
	waiting := b.waits("/users", url.Values{"email": {"nina@example.com"}, "role": {"viewer"}})
	link := companyConfirm + "?" + url.Values{"form": {waiting}, "next": {"/"}}.Encode()
	if page := b.get(confirmPath + "?form=" + waiting); !strings.Contains(page.body, "Confirm with Nordic Works") {
		t.Fatalf("no way to the company:\n%s", page.body)
	}
	b.company(real, link, "carl@example.com").leads(t, confirmPath+"?form="+waiting)
	b.told(t, confirmPath+"?form="+waiting, "Somebody else signed in")
	b.company(real, link, "ada@example.com").leads(t, confirmPath+"?form="+waiting)
	b.told(t, confirmPath+"?form="+waiting, "Go on with what you wanted to do")
	copied := http.Cookie{Name: "segue-proved", Value: b.cookie("segue-proved"), Path: "/"}
	b.post(confirmPath, url.Values{"form": {waiting}}).wants(t, http.StatusSeeOther)
	if n := s.number(t, `SELECT count(*) FROM users WHERE email = 'nina@example.com'`); n != 1 {
		t.Error("what waited was not carried out")
	}
	b.post(confirmPath, url.Values{"form": {waiting}}).wants(t, http.StatusUnprocessableEntity) // no proof is left

	at := s.number(t, `SELECT confirmed_at FROM sessions`)
	s.clock.Advance(time.Minute)
	b.put(copied)
	b.post(confirmPath, url.Values{"form": {waiting}}).leads(t, "/")
	if now := s.number(t, `SELECT confirmed_at FROM sessions`); now != at {
		t.Error("a copy of the cookie counts as another proof")
	}
}
