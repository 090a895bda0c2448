package web

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/find"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/logline"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/token"
	"github.com/segue-app/segue/internal/warehouse"
)

// site is a whole server over HTTP.
type site struct {
	*Server
	testkit.People
	db      *database.DB
	sandbox *sandbox.Server
	clock   *testkit.Clock
	url     string
	ctx     context.Context // of the test
	log     *logBook
}

// newSite starts a server with one person of each role. change may alter its services and options.
func newSite(t testing.TB, change ...func(*Services, *Options)) *site {
	t.Helper()
	s := newEmptySite(t, change...)
	s.People = testkit.NewPeople(t, s.Accounts)
	return s
}

// newEmptySite starts a server that nobody has an account on.
func newEmptySite(t testing.TB, change ...func(*Services, *Options)) *site {
	t.Helper()
	return newSiteOn(t, nil, change...)
}

// newSiteOn is newEmptySite with stores that keys of connections may come from.
func newSiteOn(t testing.TB, stores secretstore.Stores, change ...func(*Services, *Options)) *site {
	t.Helper()
	s := &site{db: testkit.Database(t), clock: testkit.NewClock(), ctx: t.Context(), log: &logBook{}}
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{7}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	services := Services{Accounts: testkit.Accounts(t, s.db, s.clock), Events: &event.Hub{}, Clock: s.clock.Now}
	services.Factors = factor.NewService(factor.Dependencies{DB: s.db, Sealer: sealer, Accounts: services.Accounts, Clock: s.clock.Now,
		Log: logline.New(s.log, slog.LevelInfo, false)})
	services.Audit = audit.NewService(audit.Dependencies{DB: s.db, Sealer: sealer, Clock: s.clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err := services.Audit.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	services.Finder = find.NewService(s.db)
	services.Kept = kept.NewService(s.db, sealer, s.clock.Now)
	services.Tokens = token.NewService(s.db, services.Accounts, s.clock.Now)
	services.Accounts.OnDisable(services.Tokens.EndAll)
	services.Profiles = profile.NewService(s.db, services.Events, s.clock.Now)
	services.Sources = testSources(t, s.db, services.Profiles, services.Events, s.clock)
	services.Segments = segment.NewService(s.db, services.Profiles, services.Events, s.clock.Now)
	services.Pushdown = pushdown.NewService(noneStays{}, warehouse.Limits{})
	services.Segments.SetBases(services.Pushdown)
	services.Connections, s.sandbox = testkit.Connections(t, s.db, services.Accounts, services.Events, s.clock, stores)
	services.Accounts.OnLeave(services.Connections.Forget)
	services.Accounts.OnChange(func(userID int64) { services.Events.Publish(event.OfPerson(userID)) })
	services = withEngine(t, services, s.db, s.clock)
	services.Connections.SetDependents(services.Exports.Dependents())
	options := Options{Sealer: sealer, Logger: logline.New(s.log, slog.LevelInfo, false)}
	for _, c := range change {
		c(&services, &options)
	}
	s.Server = New(services, options)
	server := httptest.NewUnstartedServer(s.Handler())
	server.Config.RegisterOnShutdown(s.Close)
	server.Start()
	t.Cleanup(func() { s.Close(); server.Close() })
	s.url = server.URL
	return s
}

// logBook keeps what the server logs.
type logBook struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// browser is one person's browser: it keeps cookies, carries the form token, and follows no redirect by itself.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
	header http.Header // sent with every request
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body string
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: t, site: s, client: &http.Client{Jar: jar, CheckRedirect: stay}, header: http.Header{}}
}

// as opens a browser in which the person with that address is signed in.
func (s *site) as(t *testing.T, email string) *browser {
	t.Helper()
	b := s.browser(t)
	a := b.post("/sign-in", url.Values{"email": {email}, "password": {testkit.Password}})
	a.wants(t, http.StatusSeeOther)
	return b
}

// cookie is the value of a cookie that the browser has; "" for none.
func (b *browser) cookie(name string) string {
	b.t.Helper()
	at, err := url.Parse(b.site.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cookie := range b.client.Jar.Cookies(at) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// put gives the browser a cookie.
func (b *browser) put(cookie http.Cookie) {
	b.t.Helper()
	at, err := url.Parse(b.site.url)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{&cookie})
}

// number reads a number from the database.
func (s *site) number(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := s.db.Reader().QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (b *browser) do(method, path, contentType string, body io.Reader) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.site.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range b.header {
		request.Header[name] = values
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		b.t.Fatal(err)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response, string(text)}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, "", nil) }

// token reads the form token from a page that everybody may see.
func (b *browser) token() string {
	b.t.Helper()
	return b.get("/no-such-page").field(b.t, csrfField)
}

// post sends a form as our own page would.
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	sent := url.Values{csrfField: {b.token()}}
	for name, values := range form {
		sent[name] = values
	}
	return b.send(path, sent)
}

// send sends a form as it is.
func (b *browser) send(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// postConfirmed is post by somebody who is asked whether it is she, and shows it by her password.
func (b *browser) postConfirmed(path string, form url.Values) answer {
	b.t.Helper()
	waiting := b.waits(path, form)
	b.get(confirmPath+"?form="+waiting).wants(b.t, http.StatusOK)
	return b.post(confirmPath, url.Values{"form": {waiting}, "password": {testkit.Password}})
}

// upload sends a form with a file as our own page would.
func (b *browser) upload(path string, form url.Values, field, name string, content []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	write := func(err error) {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	write(parts.WriteField(csrfField, b.token()))
	for name, values := range form {
		for _, value := range values {
			write(parts.WriteField(name, value))
		}
	}
	file, err := parts.CreateFormFile(field, name)
	write(err)
	_, err = file.Write(content)
	write(err)
	write(parts.Close())
	return b.do(http.MethodPost, path, parts.FormDataContentType(), &body)
}

// wants fails the test unless the answer has the status.
func (a answer) wants(t *testing.T, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%.2000s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

// leads fails the test unless the answer is a redirect to the path.
func (a answer) leads(t *testing.T, path string) answer {
	t.Helper()
	a.wants(t, http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != path {
		t.Fatalf("%s %s leads to %q, want %q", a.Request.Method, a.Request.URL.Path, got, path)
	}
	return a
}

// has fails the test unless each text is on the page.
func (a answer) has(t *testing.T, texts ...string) answer {
	t.Helper()
	page := html.UnescapeString(a.body)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("%s %s lacks %q\n%.3000s", a.Request.Method, a.Request.URL.Path, text, page)
		}
	}
	return a
}

// tokens are those of the forms of a page.
var tokens = regexp.MustCompile(`name="` + csrfField + `" value="([^"]+)"`)

// lacks fails the test if one of the texts is on the page.
func (a answer) lacks(t *testing.T, texts ...string) answer {
	t.Helper()
	page := html.UnescapeString(a.body)
	for _, token := range tokens.FindAllStringSubmatch(a.body, -1) {
		page = strings.ReplaceAll(page, token[1], "") // it is by chance what it is
	}
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("%s %s shows %q", a.Request.Method, a.Request.URL.Path, text)
		}
	}
	return a
}

// field reads the value of the first field with that name.
func (a answer) field(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("%s %s has no field %q\n%.3000s", a.Request.Method, a.Request.URL.Path, name, a.body)
	}
	return html.UnescapeString(found[1])
}
