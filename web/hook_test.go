package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
)

// hookHosts are the hosts that the tests allow hooks to be at.
func hookHosts(t testing.TB) reach.Allowed {
	t.Helper()
	allowed := make(reach.Allowed, 2)
	for i, entry := range []string{"hooks.example.com", "localhost=plain"} {
		if err := allowed[i].UnmarshalText([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	return allowed
}

// mailSender sends mail nowhere: the tests have no job done by themselves.
func mailSender(t testing.TB) *mail.Sender {
	t.Helper()
	sender, err := mail.New(mail.Config{URL: "smtp://segue@mail.example.com", From: "Segue <segue@example.com>", Password: secret.NewText("hunter2")})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func hookFields(change ...string) url.Values {
	form := url.Values{"name": {"Chat"}, "address": {"https://hooks.example.com/services/T0/B0/very-secret-part"}, "format": {"slack"}, "language": {"en"}, "kinds": {"run_failed", "nonsense"}}
	for i := 0; i+1 < len(change); i += 2 {
		form[change[i]] = []string{change[i+1]}
	}
	return form
}

func TestAHookIsAddedShownEditedAndRemoved(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.get("/system/hooks").has(t, "There is no hook", "Hosts that the operator allows: hooks.example.com, localhost=plain.", "Messages have no links")
	ada.get("/system/hooks/new").has(t, "Add a hook", "Run failed", "Microsoft Teams")
	ada.post("/system/hooks", hookFields()).leads(t, "/system/hooks/1")
	page := ada.get("/system/hooks/1").has(t, "The hook was added.", "Copy the secret now", "hooks.example.com:443/••••••••", "Run failed", "Nothing was sent yet.")
	key := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{44}`).FindString(page.body)
	if key == "" {
		t.Fatal("the secret is not shown")
	}
	for _, path := range []string{"/system/hooks/1", "/system/hooks", "/system/hooks/1/edit"} {
		ada.get(path).wants(t, http.StatusOK).lacks(t, "very-secret-part", key, "nonsense")
	}
	edit := ada.get("/system/hooks/1/edit").has(t, "Leave empty to keep the present one: hooks.example.com:443/••••••••")
	ada.post("/system/hooks/1", hookFields("name", "Pager", "address", "", "version", edit.field(t, "version"))).leads(t, "/system/hooks/1")
	ada.get("/system/hooks/1").has(t, "The hook was saved.", "Pager", "hooks.example.com:443")
	ada.post("/system/hooks/1", hookFields("name", "Late", "address", "", "version", edit.field(t, "version"))).wants(t, http.StatusConflict).has(t, "Late")

	version := ada.get("/system/hooks/1/edit").field(t, "version")
	ada.post("/system/hooks/1/secret", url.Values{"version": {version}}).leads(t, "/system/hooks/1")
	rotated := ada.get("/system/hooks/1").has(t, "Copy the secret now", "The secret before it signs as well until").lacks(t, key)
	if !regexp.MustCompile(`whsec_`).MatchString(rotated.body) {
		t.Error("the new secret is not shown")
	}
	version = ada.get("/system/hooks/1/edit").field(t, "version")
	ada.post("/system/hooks/1/off", url.Values{"version": {version}}).leads(t, "/system/hooks/1")
	ada.get("/system/hooks/1").has(t, "The hook is switched off", "Switch on").lacks(t, "Send a test")
	ada.post("/system/hooks/1/test", nil).wants(t, http.StatusConflict)
	version = ada.get("/system/hooks/1/edit").field(t, "version")
	ada.post("/system/hooks/1/on", url.Values{"version": {version}}).leads(t, "/system/hooks/1")
	ada.post("/system/hooks/1/test", nil).leads(t, "/system/hooks/1")
	ada.get("/system/hooks/1").has(t, "A test is on its way", "Test from Segue", "Waiting")
	ada.get("/system/hooks").has(t, "Pager", "Slack", "Waiting")
	ada.get("/system/hooks/1/remove").has(t, "Remove Pager?")
	ada.post("/system/hooks/1/remove", nil).leads(t, "/system/hooks")
	ada.get("/system/hooks").has(t, "The hook was removed.", "There is no hook")
	ada.get("/system/hooks/1").wants(t, http.StatusNotFound)
	if strings.Contains(s.log.String(), "very-secret-part") || strings.Contains(s.log.String(), "whsec_") {
		t.Error("a secret is in the log")
	}
}

func TestTheFormOfAHookSaysWhatIsWrong(t *testing.T) {
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	for name, c := range map[string]struct {
		field, value, says string
	}{
		"no name":              {"name", " ", "Name"},
		"no address":           {"address", "", "Address"},
		"no web address":       {"address", "ftp://hooks.example.com/x", "Enter a whole address that begins with https://"},
		"with a password":      {"address", "https://me:pw@hooks.example.com/x", "Enter a whole address that begins with https://"},
		"a host not allowed":   {"address", "https://evil.example.com/x", "evil.example.com is not allowed. Whoever operates Segue must allow it with --hook-hosts."},
		"not encrypted":        {"address", "http://hooks.example.com/x", "is allowed with encryption only"},
		"a cloud's metadata":   {"address", "https://169.254.169.254/latest", "169.254.169.254 is not allowed"},
		"an unknown format":    {"format", "xml", "Choose a format."},
		"an unknown language":  {"language", "tlh", "Choose a language."},
		"a template, no JSON":  {"template", "{{.data.subject}}", "The template does not work: the template gives no JSON"},
		"a template, no sense": {"template", "{{.data", "The template does not work"},
		"an empty template":    {"template", " ", "Template"},
	} {
		t.Run(name, func(t *testing.T) {
			form := hookFields(c.field, c.value)
			if c.field == "template" {
				form.Set("format", "own")
			}
			a := ada.post("/system/hooks", form).wants(t, http.StatusUnprocessableEntity).has(t, c.says, `id="`+c.field)
			if c.field != "name" {
				a.has(t, `value="Chat"`)
			}
		})
	}
	ada.post("/system/hooks", hookFields()).leads(t, "/system/hooks/1")
	ada.post("/system/hooks", hookFields("name", "CHAT")).wants(t, http.StatusUnprocessableEntity).has(t, "Another hook has this name.")
}

func TestWhatBecameOfAMessageIsOnTheHooksPage(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(refuses.Close)
	s := newSite(t)
	ada := s.as(t, "ada@example.com")
	ada.post("/system/hooks", hookFields("address", strings.Replace(refuses.URL, "127.0.0.1", "localhost", 1)+"/x")).leads(t, "/system/hooks/1")
	ada.post("/system/hooks/1/test", nil).leads(t, "/system/hooks/1")
	if _, err := s.Notices.Deliver(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	ada.get("/system/hooks/1").has(t, "Given up", "The receiver refused it. (403)")
	ada.header.Set("HX-Request", "true")
	ada.get("/system/hooks/1").has(t, "The receiver refused it. (403)").lacks(t, "<html")
}

func TestPagesSayHowMailIsSentOrHowToMendIt(t *testing.T) {
	notices := func(d notice.Dependencies) func(*Services, *Options) {
		return func(services *Services, options *Options) {
			d.DB, d.Sealer, d.Events, d.People, d.Clock, d.Log = testkit.Database(t), options.Sealer, services.Events, services.Accounts, services.Clock, options.Logger
			services.Notices = notice.NewService(d)
		}
	}
	off := newSite(t, notices(notice.Dependencies{}))
	ada := off.as(t, "ada@example.com")
	ada.get("/system/alerts").has(t, "No email is sent", "--smtp-url", `href="/system/hooks"`).lacks(t, "Send me a test")
	ada.get("/account").has(t, "No email is sent")
	ada.post("/system/alerts/test", nil).leads(t, "/system/alerts")
	ada.get("/system/alerts").lacks(t, "A test is on its way")
	vera := off.as(t, "vera@example.com")
	vera.get("/system/alerts").lacks(t, `href="/system/hooks"`)

	on := newSite(t, notices(notice.Dependencies{Mail: mailSender(t), PublicURL: "https://segue.example.com"}))
	bo := on.as(t, "ada@example.com")
	bo.get("/system/hooks").has(t, "Email is sent from segue@example.com through mail.example.com.", "No hook can be called yet", "--hook-hosts hooks.slack.com").lacks(t, "Messages have no links", "hunter2")
	bo.get("/system/alerts").has(t, "Send me a test").lacks(t, "No email is sent")
}
