// Package mail sends one letter at a time to an SMTP server. It owns how the server is spoken to, what counts as taken, and that
// nothing in a letter becomes a header; what letters say, and when they are tried again, is the outbox's.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/secret"
)

// Config is how the server is reached. Without a URL there is no mail.
type Config struct {
	URL      string // smtp://user@host:587, smtps://host:465, smtp+plain://host:25
	From     string // "Segue <segue@example.com>"
	Password secret.Text
	Roots    *x509.CertPool // that certificates are checked against; nil: the system's
	Timeout  time.Duration  // of each step of the conversation; 0: 20 seconds
}

// Sender sends letters.
type Sender struct {
	host    string
	from    *netmail.Address
	timeout time.Duration
	secure  *tls.Config // of TLS from the first byte; nil for the other ways
	options []mail.Option
}

// New reads the configuration; nil without an error when there is no URL. STARTTLS is required, unless the server is this very
// machine or the scheme is smtp+plain.
func New(c Config) (*Sender, error) {
	if c.URL == "" {
		return nil, nil
	}
	to, err := url.Parse(c.URL)
	if err != nil || to.Hostname() == "" || to.Opaque != "" || (to.Path != "" && to.Path != "/") || to.RawQuery != "" || to.Fragment != "" {
		return nil, errors.New("the address of the SMTP server must be like smtp://user@mail.example.com:587")
	}
	if _, has := to.User.Password(); has {
		return nil, errors.New("the password of the SMTP server must not be in its address: give it in a file")
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, errors.New("the address that mail comes from must be like segue@example.com or Segue <segue@example.com>")
	}
	s := &Sender{host: to.Hostname(), from: from, timeout: c.Timeout}
	if s.timeout == 0 {
		s.timeout = 20 * time.Second
	}
	port := map[string]int{"smtp": 587, "smtps": 465, "smtp+plain": 25}[to.Scheme]
	if port == 0 {
		return nil, fmt.Errorf("%q is no way to reach an SMTP server: it is smtp, smtps or smtp+plain", to.Scheme)
	}
	if given := to.Port(); given != "" {
		if port, err = strconv.Atoi(given); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("the SMTP server has no port from 1 to 65535")
		}
	}
	s.options = []mail.Option{mail.WithPort(port), mail.WithTimeout(s.timeout), mail.WithoutRset(), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots})}
	switch {
	case to.Scheme == "smtps":
		s.secure = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
		s.options = append(s.options, mail.WithTLSPolicy(mail.NoTLS)) // no STARTTLS: dial has begun TLS already
	case to.Scheme == "smtp+plain":
		s.options = append(s.options, mail.WithTLSPolicy(mail.NoTLS))
	case reach.Here(s.host):
		s.options = append(s.options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		s.options = append(s.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if user := to.User.Username(); user != "" {
		if c.Password.Empty() {
			return nil, errors.New("the SMTP server's user has no password: give it in a file")
		}
		if to.Scheme == "smtp+plain" && !reach.Here(s.host) {
			return nil, errors.New("a password is not sent without TLS: leave the user out, or use smtp or smtps")
		}
		s.options = append(s.options, mail.WithOpportunisticSMTPAuth(methods...), mail.WithUsername(user), mail.WithPassword(c.Password.Reveal()))
	} else if !c.Password.Empty() {
		return nil, errors.New("there is a password for the SMTP server, and no user in its address")
	}
	if _, err := mail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("prepare for the SMTP server: %w", err)
	}
	return s, nil
}

// methods are the ways to sign in, best first. Those that give the password away are refused by the library where the
// connection is not encrypted, but for this machine.
var methods = []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5}

// Host is the server's name, for pages.
func (s *Sender) Host() string { return s.host }

// From is the address that letters come from, for pages.
func (s *Sender) From() string { return s.from.Address }

// Letter is one mail to one person.
type Letter struct {
	To      string
	ID      string // the part of the Message-ID before the @: the same each time the letter is tried
	Subject string
	Text    string
	HTML    string
	Date    time.Time
}

// Send hands the letter over. It fails with a Failure.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	message, err := s.message(l)
	if err != nil {
		return &Failure{Code: "address", Permanent: true}
	}
	ctx, cancel := context.WithTimeout(ctx, 3*s.timeout)
	defer cancel()
	client, err := mail.NewClient(s.host, slices.Concat(s.options, []mail.Option{mail.WithDialContextFunc(s.dial(ctx))})...)
	if err != nil {
		return &Failure{Code: "unreachable", cause: err}
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return beforeTheLetter(err)
	}
	// Once the server has taken the letter, how the conversation ends does not matter.
	defer func() { _ = client.CloseWithSMTPClient(connection) }()
	if err := client.SendWithSMTPClient(connection, message); err != nil && !message.IsDelivered() {
		return aboutTheLetter(err)
	}
	return nil
}

func (s *Sender) message(l Letter) (*mail.Msg, error) {
	to, err := netmail.ParseAddress(l.To)
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(&netmail.Address{Address: to.Address})
	_, domain, _ := strings.Cut(s.from.Address, "@")
	m.SetMessageIDWithValue(oneLine(l.ID) + "@" + domain)
	m.SetDateWithValue(l.Date)
	m.Subject(oneLine(l.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answer of a machine is wanted
	m.SetGenHeader("X-Auto-Response-Suppress", "All")  // Exchange's own word for it
	m.SetGenHeader("List-ID", "<segue."+domain+">")    // RFC 2919: what filters go by
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	}
	return m, nil
}

// oneLine leaves nothing that could begin a header of its own.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(clean), " ")
}

// dial connects so that the end of the context ends the conversation, which the library by itself does not.
func (s *Sender) dial(ctx context.Context) mail.DialContextFunc {
	return func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialling, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		if s.secure == nil {
			return conn, nil
		}
		secure := tls.Client(conn, s.secure)
		if err := secure.HandshakeContext(dialling); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
}
