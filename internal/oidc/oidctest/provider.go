// Package oidctest runs a real OpenID Connect provider within a test: the library of ZITADEL with people in memory, over HTTP, with a
// page to sign in on. It knows nothing of Segue.
package oidctest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"html/template"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// What the provider's only client is called, and its secret.
const (
	ClientID     = "segue"
	ClientSecret = "planted-client-secret"
)

// Password is everybody's at the provider.
const Password = "known to the provider alone"

// Person is somebody whom the provider knows, by her address.
type Person struct {
	Subject    string
	Email      string
	Unverified bool // the address
	Name       string
	Groups     []string
}

// Provider is one that runs.
type Provider struct {
	Issuer string

	mutex     sync.Mutex
	people    map[string]Person // by subject
	redirects []string
	signedOut int
	inToken   bool
}

// Start runs a provider until the test ends.
func Start(t testing.TB, people ...Person) *Provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p := &Provider{Issuer: "http://" + server.Listener.Addr().String(), people: map[string]Person{}}
	for _, person := range people {
		p.Put(person)
	}
	kept := &store{Storage: storage.NewStorageWithClients(directory{p}, map[string]*storage.Client{ClientID: storage.WebClient(ClientID, ClientSecret)}), provider: p}
	provider, err := op.NewProvider(&op.Config{
		CryptoKey: sha256.Sum256([]byte(p.Issuer)), CryptoKeyId: "test", CodeMethodS256: true, SupportedUILocales: []language.Tag{language.English},
	}, kept, op.StaticIssuer(p.Issuer), op.WithAllowInsecure())
	if err != nil {
		t.Fatal(err)
	}
	page := &login{store: kept, callback: op.AuthCallbackURL(provider)}
	mux := http.NewServeMux()
	mux.Handle("/", provider)
	mux.HandleFunc("GET /login", page.show)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("POST /login", op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(page.accept))
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// Put makes a person known, or changes what is known of her.
func (p *Provider) Put(person Person) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.people[person.Subject] = person
}

// Returns says under which address the client's page is that people are sent back to, and where they go when they were signed out.
func (p *Provider) Returns(addresses ...string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.redirects = addresses
}

// PutClaimsIntoTokens has ID tokens tell of the person themselves.
func (p *Provider) PutClaimsIntoTokens() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.inToken = true
}

// SignedOut is how often somebody was signed out.
func (p *Provider) SignedOut() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.signedOut
}

// Visit goes to the provider as a browser does, signs in there, and gives where the provider sends it back to.
func (p *Provider) Visit(t testing.TB, address, email string) *url.URL {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if "http://"+r.URL.Host != p.Issuer {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	response, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Request.URL.Path != "/login" {
		t.Fatalf("the provider shows %s, %d", response.Request.URL.Path, response.StatusCode)
	}
	response, err = browser.PostForm(response.Request.URL.String(), url.Values{"email": {email}, "password": {Password}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("the provider sends nobody back: %d, %v", response.StatusCode, err)
	}
	return back
}

// directory is the people for the library's storage.
type directory struct{ provider *Provider }

// GetUserByID finds a person by her subject.
func (d directory) GetUserByID(id string) *storage.User {
	d.provider.mutex.Lock()
	defer d.provider.mutex.Unlock()
	person, ok := d.provider.people[id]
	if !ok {
		return nil
	}
	return &storage.User{ID: person.Subject, Username: person.Email, Password: Password, FirstName: person.Name, Email: person.Email, EmailVerified: !person.Unverified}
}

// GetUserByUsername finds a person by her address.
func (d directory) GetUserByUsername(email string) *storage.User {
	d.provider.mutex.Lock()
	var found string
	for _, person := range d.provider.people {
		if person.Email == email {
			found = person.Subject
		}
	}
	d.provider.mutex.Unlock()
	return d.GetUserByID(found)
}

// ExampleClientID is of no use here.
func (d directory) ExampleClientID() string { return "nobody" }

// store is the library's storage with groups, and with addresses of the client that are known late.
type store struct {
	*storage.Storage
	provider *Provider
}

// GetClientByClientID gives the client.
func (s *store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	s.provider.mutex.Lock()
	defer s.provider.mutex.Unlock()
	return relyingParty{client, slices.Clone(s.provider.redirects), s.provider.inToken}, nil
}

// SetUserinfoFromScopes tells of a person in a token.
func (s *store) SetUserinfoFromScopes(ctx context.Context, info *oidc.UserInfo, userID, clientID string, scopes []string) error {
	err := s.Storage.SetUserinfoFromScopes(ctx, info, userID, clientID, scopes)
	s.addGroups(info, userID)
	return err
}

// SetUserinfoFromRequest tells of a person in a token.
func (s *store) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	err := s.Storage.SetUserinfoFromRequest(ctx, info, token, scopes)
	if slices.Contains(scopes, oidc.ScopeEmail) {
		s.addGroups(info, token.GetSubject())
	}
	return err
}

// SetUserinfoFromToken tells of a person to who has an access token.
func (s *store) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	err := s.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin)
	s.addGroups(info, subject)
	return err
}

// TerminateSession signs somebody out.
func (s *store) TerminateSession(ctx context.Context, userID, clientID string) error {
	s.provider.mutex.Lock()
	s.provider.signedOut++
	s.provider.mutex.Unlock()
	return s.Storage.TerminateSession(ctx, userID, clientID)
}

func (s *store) addGroups(info *oidc.UserInfo, userID string) {
	s.provider.mutex.Lock()
	defer s.provider.mutex.Unlock()
	info.AppendClaims("groups", slices.Clone(s.provider.people[userID].Groups))
}

// relyingParty is the client with its addresses.
type relyingParty struct {
	op.Client
	redirects []string
	inToken   bool
}

// RedirectURIs are where the provider sends people back to.
func (r relyingParty) RedirectURIs() []string { return r.redirects }

// PostLogoutRedirectURIs are where the provider sends people to whom it signed out.
func (r relyingParty) PostLogoutRedirectURIs() []string { return r.redirects }

// LoginURL is where people sign in.
func (r relyingParty) LoginURL(id string) string { return "/login?id=" + url.QueryEscape(id) }

// IDTokenUserinfoClaimsAssertion reports whether tokens tell of the person.
func (r relyingParty) IDTokenUserinfoClaimsAssertion() bool { return r.inToken }

// login is the page on which people sign in.
type login struct {
	store    *store
	callback func(context.Context, string) string
}

var loginPage = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<html lang="en"><head><title>Provider</title></head><body><h1>Sign in at the provider</h1>{{with .Error}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login?id={{.ID}}"><label>Address <input name="email"></label> <label>Password <input name="password" type="password"></label>
<button>Continue</button> <button name="cancel" value="1">Cancel</button></form></body></html>`))

func (l *login) show(w http.ResponseWriter, r *http.Request) { l.write(w, r, "") }

func (l *login) write(w http.ResponseWriter, r *http.Request, trouble string) {
	if err := loginPage.Execute(w, map[string]string{"ID": r.URL.Query().Get("id"), "Error": trouble}); err != nil {
		panic(fmt.Sprintf("show the login page: %v", err))
	}
}

func (l *login) accept(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	if r.FormValue("cancel") != "" {
		request, err := l.store.AuthRequestByID(r.Context(), id)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, request.GetRedirectURI()+"?"+url.Values{"error": {"access_denied"}, "state": {request.GetState()}}.Encode(), http.StatusFound)
		return
	}
	if err := l.store.CheckUsernamePassword(r.FormValue("email"), r.FormValue("password"), id); err != nil {
		l.write(w, r, err.Error())
		return
	}
	http.Redirect(w, r, l.callback(r.Context(), id), http.StatusFound)
}
