package notice

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/notice/mail"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reach"
)

func TestARequestIsSignedAndCarriesTheMessage(t *testing.T) {
	r := newReceiver(t, nil)
	k := newKit(t)
	h, key := k.hook(r.URL + "/services/part?token=1")
	k.put(h.ID, message("a"))
	k.work()
	got := r.all()[0]
	if !verify(key, got.header, got.body, k.clock.Now()) {
		t.Error("the signature is wrong")
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get(headerID) != k.last().Mark {
		t.Errorf("headers %v", got.header)
	}
	var read body
	if err := json.Unmarshal(got.body, &read); err != nil || read.Type != bodyType || read.Data.ID != k.last().Mark || read.Data.Lines[0].Link != "https://segue.example.com/runs/12" {
		t.Errorf("%s, %v", got.body, err)
	}
	if n := k.last(); n.Status != http.StatusNoContent || n.Tries != 1 || n.Ended.IsZero() {
		t.Errorf("%+v", n)
	}
}

func TestTwoSecretsSignForADayAfterANewOne(t *testing.T) {
	r := newReceiver(t, nil)
	k := newKit(t)
	h, first := k.hook(r.URL)
	rotated, err := k.Rotate(t.Context(), admin, h.ID, h.Version)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, want ...bool) {
		t.Helper()
		k.put(h.ID, message(name))
		k.jobs = k.jobs[len(k.jobs)-1:]
		k.work()
		got := r.all()
		last := got[len(got)-1]
		for i, key := range []string{first, rotated.Reveal()} {
			if verify(key, last.header, last.body, k.clock.Now()) != want[i] {
				t.Errorf("%s: secret %d", name, i)
			}
		}
	}
	check("at once", true, true)
	k.clock.Advance(23 * time.Hour)
	check("the same day", true, true)
	k.clock.Advance(2 * time.Hour)
	check("the day after", false, true)
	if err := k.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after tidying", false, true)
	if again, err := k.Hook(t.Context(), admin, h.ID); err != nil || !again.Earlier.IsZero() {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := k.Rotate(t.Context(), admin, h.ID, h.Version); !problem.Is(err, problem.Conflict) {
		t.Errorf("by an old version: %v", err)
	}
}

func TestEachAnswerHasItsConsequence(t *testing.T) {
	for code, want := range map[int]struct {
		state  State
		reason string
	}{
		200: {Sent, ""}, 202: {Sent, ""}, 204: {Sent, ""},
		301: {GivenUp, "redirected"}, 302: {GivenUp, "redirected"}, 304: {GivenUp, "redirected"}, 308: {GivenUp, "redirected"},
		400: {GivenUp, "refused"}, 401: {GivenUp, "refused"}, 404: {GivenUp, "refused"}, 410: {GivenUp, "gone"},
		408: {Waiting, "busy"}, 425: {Waiting, "busy"}, 429: {Waiting, "busy"}, 500: {Waiting, "busy"}, 503: {Waiting, "busy"},
	} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			elsewhere := newReceiver(t, nil)
			r := newReceiver(t, func(w http.ResponseWriter, _ int) {
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(code)
			})
			k := newKit(t)
			h, _ := k.hook(r.URL)
			k.put(h.ID, message("a"))
			k.work()
			reason := want.reason
			if reason != "" {
				reason = "notice.reason." + reason
			}
			k.wants(want.state, reason)
			if k.last().Status != code {
				t.Errorf("status %d", k.last().Status)
			}
			if len(elsewhere.all()) != 0 {
				t.Error("a redirect was followed")
			}
			k.lacks(r.URL, elsewhere.URL, "127.0.0.1")
		})
	}
}

func TestOnlyAllowedHostsAreCalled(t *testing.T) {
	r := newReceiver(t, nil)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(r.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		first, then []string // what the operator allows while the hook is made, and afterwards
		address     string
		reason      string
	}{
		"a host that was taken off the list":    {[]string{"localhost=plain"}, []string{"hooks.example.com"}, "http://localhost:" + port, "host_not_allowed"},
		"a list that is empty now":              {[]string{"localhost=plain"}, nil, "http://localhost:" + port, "no_hosts"},
		"a name that leads to this machine":     {[]string{"10.0.0.0/8=plain"}, []string{"10.0.0.0/8=plain"}, "http://localhost:" + port, "host_not_allowed"},
		"a host without TLS, only with allowed": {[]string{"localhost=plain"}, []string{"localhost"}, "http://localhost:" + port, "plain_not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			allowed := c.first
			k := newKit(t, func(d *Dependencies) { d.Hosts = allow(t, allowed...) })
			h, _ := k.hook(c.address)
			k.put(h.ID, message("a"))
			allowed = c.then
			k.restart()
			k.work()
			k.wants(GivenUp, "notice.reason."+c.reason)
			if len(r.all()) != 0 {
				t.Error("it was called")
			}
		})
	}
}

func TestAReceiverThatIsOutOfReachOrOutOfOrderIsTriedAgain(t *testing.T) {
	closing := newReceiver(t, func(w http.ResponseWriter, _ int) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = nil
	t.Cleanup(untrusted.Close)
	hanging := newReceiver(t, nil)
	release := make(chan struct{})
	hanging.arriving = func() { <-release }
	t.Cleanup(func() { close(release) })
	for name, c := range map[string]struct{ address, reason string }{
		"nobody listens":           {"http://127.0.0.1:1", "unreachable"},
		"closed in the middle":     {closing.URL, "unreachable"},
		"an untrusted certificate": {untrusted.URL, "certificate"},
		"no answer":                {hanging.URL, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			if c.reason == "timeout" {
				k.client.Timeout = 300 * time.Millisecond
			}
			h, _ := k.hook(c.address)
			k.put(h.ID, message("a"))
			if k.work() == 0 {
				t.Error("it is not tried again")
			}
			k.wants(Waiting, "notice.reason."+c.reason)
		})
	}
}

func TestAnAnswerIsReadToABound(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusOK)
		for range 1 << 12 { // 256 MB, if somebody reads it
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	k := newKit(t)
	h, _ := k.hook(r.URL)
	k.put(h.ID, message("a"))
	k.work()
	k.wants(Sent, "")
}

func TestAddressesOfHooksAreJudgedBeforeTheyAreKept(t *testing.T) {
	s := &Service{allowed: allow(t, "hooks.example.com", "127.0.0.1:8080=plain")}
	for address, want := range map[string]string{
		"https://hooks.example.com/a?b=c": "hooks.example.com:443", "https://HOOKS.example.com.:8443": "hooks.example.com:8443", "http://127.0.0.1:8080/x": "127.0.0.1:8080",
		"https://127.0.0.1/": "", "https://[::1]/": "", "https://169.254.169.254/": "", "https://evil.example.com": "", "https://hooks.example.com.evil.example": "",
		"http://hooks.example.com": "", "https://user@hooks.example.com": "", "https://hooks.example.com#x": "", "ftp://hooks.example.com": "", "https:hooks.example.com": "", "https://hooks.example.com:99999": "",
		"": "", "https://": "", "https://hooks_example\ncom": "", "https://hooks.example.com/" + strings.Repeat("x", longestAddress): "",
	} {
		if host, err := s.checkAddress(address); host != want || (err == nil) != (want != "") {
			t.Errorf("%.60s: %q, %v", address, host, err)
		}
	}
}

func TestThePersonsAddressIsReadWhenItIsSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	post, err := mail.New(mail.Config{URL: "smtp://" + address, From: "segue@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	k := newKit(t, withMail(post))
	k.put(0, message("a"))
	k.put(0, message("a"))
	if len(k.jobs) != 1 {
		t.Errorf("%d jobs", len(k.jobs))
	}
	k.work()
	k.wants(Waiting, "notice.reason.mail_unreachable")
	k.lacks("ada@")
	var held int
	if err := k.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM notices WHERE message LIKE '%ada@%'`).Scan(&held); err != nil || held != 0 {
		t.Errorf("%d notices with an address, %v", held, err)
	}
	if mails, err := k.Mails(t.Context(), admin, 10); err != nil || len(mails) != 1 || mails[0].UserID != k.people.Administrator.UserID {
		t.Errorf("%v, %v", mails, err)
	}
	k.clock.Advance(time.Minute)
	if err := k.db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE users SET disabled_at = 1`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	k.work()
	k.wants(GivenUp, "notice.reason.person_gone")
}

func TestWhatIsForAdministratorsIsNotSentToWhoIsNoneAnyMore(t *testing.T) {
	post, err := mail.New(mail.Config{URL: "smtp://127.0.0.1:1", From: "segue@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	k := newKit(t, func(d *Dependencies) { d.Mail = post })
	confined := message("a")
	confined.Confined = true
	k.put(0, confined)
	k.put(0, message("b"))
	k.work() // the server is away for a while
	k.wants(Waiting, "notice.reason.mail_unreachable")
	if err := k.db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE users SET role = 'viewer'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	k.clock.Advance(time.Minute)
	k.work()
	mails, err := k.Mails(t.Context(), admin, 10)
	if err != nil || len(mails) != 2 || mails[1].State != GivenUp || mails[1].Reason != "notice.reason.not_for_them" || mails[0].State != Waiting {
		t.Errorf("%+v, %v", mails, err)
	}
}

func TestWithoutMailNothingIsPutForPeopleAndWhatWaitedIsGivenUp(t *testing.T) {
	post, err := mail.New(mail.Config{URL: "smtp://127.0.0.1:1", From: "segue@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	on := true
	k := newKit(t, func(d *Dependencies) {
		if on {
			d.Mail = post
		}
	})
	k.put(0, message("a"))
	on = false
	k.restart()
	k.work()
	k.wants(GivenUp, "notice.reason.mail_off")
	k.put(0, message("b"))
	if k.last().Key != "a" {
		t.Error("a notice was put in that nobody can send")
	}
}

func TestWhoMayBeReachedIsToldAsTheOperatorWroteIt(t *testing.T) {
	hosts, err := (&Service{allowed: reach.Allowed(allow(t, "Hooks.Example.com:443", "10.1.2.3/8=plain"))}).Hosts(admin)
	if err != nil || strings.Join(hosts, " ") != "hooks.example.com:443 10.0.0.0/8=plain" {
		t.Error(hosts, err)
	}
}
