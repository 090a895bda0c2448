package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/segue-app/segue/internal/secret"
)

func sender(t *testing.T, c Config) *Sender {
	t.Helper()
	if c.From == "" {
		c.From = "Segue <segue@example.com>"
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func letter() Letter {
	return Letter{To: "ada@example.com", ID: "MARK", Subject: "Kørsel mislykket: Nyhedsbrev", Text: "Noget er galt.\n.\nEnde\n", HTML: "<p>Noget er galt.</p>", Date: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
}

// wants holds an error to a code.
func wants(t *testing.T, err error, code string, permanent bool, status int) {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) || f.Code != code || f.Permanent != permanent || f.Status != status {
		t.Errorf("got %#v, want %s, permanent %v, status %d", err, code, permanent, status)
	}
	if err != nil && strings.Contains(err.Error(), "ada@") {
		t.Errorf("%v names the recipient", err)
	}
}

var tomorrow = time.Now().Add(24 * time.Hour)

func TestALetterArrivesAsItWasWritten(t *testing.T) {
	p := &post{}
	p.start(t, nil, false)
	if err := sender(t, Config{URL: "smtp://" + p.address}).Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	got := p.letters()
	if len(got) != 1 || len(got[0].to) != 1 || got[0].to[0] != "ada@example.com" {
		t.Fatalf("got %v", got)
	}
	read, err := netmail.ReadMessage(strings.NewReader(got[0].text))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"From": `"Segue" <segue@example.com>`, "To": "<ada@example.com>", "Message-Id": "<MARK@example.com>", "Date": "Mon, 01 Jun 2026 12:00:00 +0000",
		"Auto-Submitted": "auto-generated", "List-Id": "<segue.example.com>", "X-Auto-Response-Suppress": "All", "Mime-Version": "1.0", "X-Mailer": "", "User-Agent": ""} {
		if got := read.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil || subject != letter().Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	kind, parameters, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(read.Body, parameters["boundary"])
	for _, want := range []struct{ kind, text string }{{"text/plain; charset=UTF-8", letter().Text}, {"text/html; charset=UTF-8", letter().HTML}} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		var reader io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			reader = quotedprintable.NewReader(part)
		}
		text, err := io.ReadAll(reader)
		if err != nil || part.Header.Get("Content-Type") != want.kind || strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") != strings.TrimRight(want.text, "\n") {
			t.Errorf("%s: %q, %v", part.Header.Get("Content-Type"), text, err)
		}
	}
}

func TestTheServerIsReachedByTLSAndTheUserSignsIn(t *testing.T) {
	certificate, pool := certificateFor(t, "127.0.0.1", tomorrow)
	for name, c := range map[string]struct {
		scheme      string
		certificate *tls.Certificate
		implicit    bool
	}{"STARTTLS": {"smtp", certificate, false}, "TLS from the beginning": {"smtps", certificate, true}, "this machine without TLS": {"smtp", nil, false}} {
		t.Run(name, func(t *testing.T) {
			p := &post{needsUser: true}
			p.start(t, c.certificate, c.implicit)
			s := sender(t, Config{URL: c.scheme + "://segue@" + p.address, Password: secret.NewText("hunter2"), Roots: pool})
			if err := s.Send(t.Context(), letter()); err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			if len(p.letters()) != 1 || len(p.signed) != 1 {
				t.Errorf("%d letters, signed in %v", len(p.letters()), p.signed)
			}
			wants(t, sender(t, Config{URL: c.scheme + "://segue@" + p.address, Password: secret.NewText("guess"), Roots: pool}).Send(t.Context(), letter()), "sign_in", false, 535)
		})
	}
}

func TestACertificateThatIsNotInOrderIsRefused(t *testing.T) {
	good, pool := certificateFor(t, "127.0.0.1", tomorrow)
	other, otherPool := certificateFor(t, "mail.example.com", tomorrow)
	old, oldPool := certificateFor(t, "127.0.0.1", time.Now().Add(-time.Hour))
	for name, c := range map[string]struct {
		certificate *tls.Certificate
		pool        *x509.CertPool
	}{"of nobody": {good, otherPool}, "of another host": {other, otherPool}, "of yesterday": {old, oldPool}} {
		for _, implicit := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := &post{}
				p.start(t, c.certificate, implicit)
				scheme := map[bool]string{false: "smtp", true: "smtps"}[implicit]
				wants(t, sender(t, Config{URL: scheme + "://" + p.address, Roots: c.pool}).Send(t.Context(), letter()), "certificate", false, 0)
				if len(p.letters()) != 0 {
					t.Error("it was sent")
				}
			})
		}
	}
	p := &post{}
	p.start(t, good, false)
	if err := sender(t, Config{URL: "smtp://" + p.address, Roots: pool}).Send(t.Context(), letter()); err != nil {
		t.Error(err)
	}
}

// TestElsewhereNothingIsSaidWithoutTLS takes a server of this machine for one elsewhere, by another name that only the test knows.
func TestElsewhereNothingIsSaidWithoutTLS(t *testing.T) {
	p := &post{}
	p.start(t, nil, false)
	s := sender(t, Config{URL: "smtp://mail.example.com"})
	elsewhere := sender(t, Config{URL: "smtp://" + p.address})
	elsewhere.options = append(s.options, elsewhere.options[0]) // with the port of the server
	wants(t, elsewhere.Send(t.Context(), letter()), "no_tls", false, 0)
	if len(p.letters()) != 0 {
		t.Error("it was sent")
	}
}

func TestWhatTheServerSaysOfALetterDecidesWhetherItIsTriedAgain(t *testing.T) {
	busy := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later, ada@example.com"}
	never := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no ada@example.com here"}
	for name, c := range map[string]struct {
		post      *post
		code      string
		permanent bool
		status    int
	}{
		"greylisted":           {&post{mayTo: busy}, "busy", false, 451},
		"nobody there":         {&post{mayTo: never}, "refused", true, 550},
		"sender refused":       {&post{mayFrom: never}, "refused", true, 550},
		"sender, later":        {&post{mayFrom: busy}, "busy", false, 451},
		"content refused":      {&post{mayData: never}, "refused", true, 550},
		"content, later":       {&post{mayData: busy}, "busy", false, 451},
		"closed in the middle": {&post{drop: true}, "unreachable", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.post.start(t, nil, false)
			wants(t, sender(t, Config{URL: "smtp://" + c.post.address}).Send(t.Context(), letter()), c.code, c.permanent, c.status)
		})
	}
}

func TestAServerThatHangsIsLeft(t *testing.T) {
	t.Run("before it greets", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		wants(t, sender(t, Config{URL: "smtp://" + listener.Addr().String(), Timeout: 100 * time.Millisecond}).Send(t.Context(), letter()), "timeout", false, 0)
	})
	t.Run("after the letter", func(t *testing.T) {
		p := &post{hold: make(chan struct{})}
		p.start(t, nil, false)
		err := sender(t, Config{URL: "smtp://" + p.address, Timeout: 200 * time.Millisecond}).Send(t.Context(), letter())
		close(p.hold)
		wants(t, err, "timeout", false, 0)
	})
	t.Run("when the process stops", func(t *testing.T) {
		p := &post{hold: make(chan struct{})}
		p.start(t, nil, false)
		ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer stop()
		err := sender(t, Config{URL: "smtp://" + p.address, Timeout: time.Minute}).Send(ctx, letter())
		close(p.hold)
		var f *Failure
		if !errors.As(err, &f) || f.Permanent {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		_ = listener.Close()
		wants(t, sender(t, Config{URL: "smtp://" + address}).Send(t.Context(), letter()), "unreachable", false, 0)
	})
}

func TestNothingInALetterBecomesAHeader(t *testing.T) {
	for _, evil := range []string{"x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\rBcc: eve@example.com", "x\r\n\r\nBcc: eve@example.com", "x\u2028Bcc: eve@example.com", "x\x00\r\n Bcc: eve@example.com", strings.Repeat("ø ", 400) + "\r\nBcc: eve@example.com"} {
		p := &post{}
		p.start(t, nil, false)
		l := letter()
		l.Subject, l.ID, l.Text = evil, evil, evil
		if err := sender(t, Config{URL: "smtp://" + p.address}).Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		read, err := netmail.ReadMessage(strings.NewReader(p.letters()[0].text))
		if err != nil {
			t.Fatal(err)
		}
		if read.Header.Get("Bcc") != "" || len(p.letters()[0].to) != 1 || read.Header.Get("Content-Type") == "" {
			t.Errorf("%q became a header: %v", evil, read.Header)
		}
		l = letter()
		l.To = "ada@example.com" + strings.TrimPrefix(evil, "x")
		wants(t, sender(t, Config{URL: "smtp://" + p.address}).Send(t.Context(), l), "address", true, 0)
	}
}

func FuzzSubjects(f *testing.F) {
	for _, seed := range []string{"plain", "Kørsel", "a\r\nBcc: x@y", "=?utf-8?q?a=0D=0AB?=", strings.Repeat("x", 2000), "\xff\xfe", "\u0085Bcc: a"} {
		f.Add(seed)
	}
	s, err := New(Config{URL: "smtp://localhost", From: "segue@example.com"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		l := letter()
		l.Subject = subject
		m, err := s.message(l)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := m.WriteTo(&text); err != nil {
			t.Fatal(err)
		}
		read, err := netmail.ReadMessage(&text)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{"From": true, "To": true, "Message-Id": true, "Date": true, "Subject": true, "Auto-Submitted": true, "X-Auto-Response-Suppress": true, "List-Id": true, "Mime-Version": true, "Content-Type": true}
		for name := range read.Header {
			if !known[name] {
				t.Errorf("%q made the header %s", subject, name)
			}
		}
	})
}

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	const from = "segue@example.com"
	password := secret.NewText("hunter2")
	for name, c := range map[string]Config{
		"no scheme":                   {URL: "mail.example.com:587", From: from},
		"another scheme":              {URL: "https://mail.example.com", From: from},
		"no host":                     {URL: "smtp://", From: from},
		"a path":                      {URL: "smtp://mail.example.com/x", From: from},
		"a query":                     {URL: "smtp://mail.example.com?tls=no", From: from},
		"port out of range":           {URL: "smtp://mail.example.com:70000", From: from},
		"a password that is seen":     {URL: "smtp://segue:hunter2@mail.example.com", From: from},
		"a user without a password":   {URL: "smtp://segue@mail.example.com", From: from},
		"a password without a user":   {URL: "smtp://mail.example.com", From: from, Password: password},
		"a password without TLS":      {URL: "smtp+plain://segue@mail.example.com", From: from, Password: password},
		"no sender":                   {URL: "smtp://mail.example.com"},
		"a sender that is no address": {URL: "smtp://mail.example.com", From: "Segue"},
		"a sender that makes headers": {URL: "smtp://mail.example.com", From: "segue@example.com\r\nBcc: eve@example.com"},
		"several senders":             {URL: "smtp://mail.example.com", From: "a@example.com, b@example.com"},
	} {
		if s, err := New(c); err == nil || s != nil {
			t.Errorf("%s was taken", name)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
	if s, err := New(Config{}); s != nil || err != nil {
		t.Errorf("no address: %v, %v", s, err)
	}
	for _, address := range []string{"smtp://mail.example.com", "smtps://mail.example.com:4650", "smtp+plain://mail.example.com", "smtp://[::1]:25"} {
		if s, err := New(Config{URL: address, From: "Segue <segue@example.com>"}); err != nil || s.From() != from {
			t.Errorf("%s: %v", address, err)
		}
	}
}
