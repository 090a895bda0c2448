package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// post is an SMTP server that keeps what it takes.
type post struct {
	mutex  sync.Mutex
	took   []taken
	signed []string // users that signed in

	mayFrom, mayTo, mayData error
	needsUser               bool
	hold                    chan struct{} // DATA is answered when it is closed
	drop                    bool          // the connection is closed in the middle of DATA
	address                 string
}

type taken struct {
	to   []string
	text string
}

// NewSession begins a conversation.
func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{post: p, conn: c}, nil }

type session struct {
	post   *post
	conn   *smtp.Conn
	signed bool
	to     []string
}

// AuthMechanisms lists the ways to sign in.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth lets the one user in.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "segue" || password != "hunter2" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		s.signed = true
		s.post.mutex.Lock()
		defer s.post.mutex.Unlock()
		s.post.signed = append(s.post.signed, user)
		return nil
	}), nil
}

// Mail begins a letter.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.post.needsUser && !s.signed {
		return smtp.ErrAuthRequired
	}
	return s.post.mayFrom
}

// Rcpt names a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.post.mayTo
}

// Data takes the letter.
func (s *session) Data(r io.Reader) error {
	if s.post.drop {
		return s.conn.Conn().Close()
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.post.hold != nil {
		<-s.post.hold
	}
	if s.post.mayData == nil {
		s.post.mutex.Lock()
		defer s.post.mutex.Unlock()
		s.post.took = append(s.post.took, taken{s.to, string(text)})
	}
	return s.post.mayData
}

// Reset forgets the letter.
func (s *session) Reset() { s.to = nil }

// Logout ends the conversation.
func (s *session) Logout() error { return nil }

func (p *post) letters() []taken {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append([]taken(nil), p.took...)
}

// start serves on a port of this machine. TLS is offered when there is a certificate, from the beginning when it is implicit.
func (p *post) start(t *testing.T, certificate *tls.Certificate, implicit bool) {
	t.Helper()
	server := smtp.NewServer(p)
	server.Domain, server.AllowInsecureAuth = "mail.test", true
	server.ErrorLog = quiet{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		if implicit {
			listener = tls.NewListener(listener, server.TLSConfig)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
}

type quiet struct{}

// Printf says nothing.
func (quiet) Printf(string, ...any) {}

// Println says nothing.
func (quiet) Println(...any) {}

// certificateFor makes a certificate for a host, and the pool that trusts it.
func certificateFor(t *testing.T, host string, until time.Time) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	if ip := net.ParseIP(host); ip != nil {
		form.IPAddresses = []net.IP{ip}
	} else {
		form.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	read, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(read)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
