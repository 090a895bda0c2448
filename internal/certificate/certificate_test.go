package certificate_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/certificate"
	"github.com/segue-app/segue/internal/testkit"
)

// world is a server that shows the certificate of two files.
type world struct {
	files   certificate.Files
	clock   *testkit.Clock
	log     *bytes.Buffer
	address string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	folder := t.TempDir()
	w := &world{clock: testkit.NewClock(), log: &bytes.Buffer{},
		files: certificate.Files{Certificate: filepath.Join(folder, "chain.pem"), Key: filepath.Join(folder, "key.pem")}}
	w.renew(t, "first", 90*24*time.Hour)
	keeper, err := certificate.Load(w.files, w.clock.Now, slog.New(slog.NewTextHandler(w.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", keeper.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w.address = listener.Addr().String()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake() // what it fails with, the other side sees
			_ = c.Close()
		}
	}()
	return w
}

func (w *world) renew(t *testing.T, name string, valid time.Duration) {
	t.Helper()
	chain, key := testkit.Certificate(t, name, w.clock.Now().Add(-time.Hour), w.clock.Now().Add(valid))
	w.write(t, w.files.Certificate, chain)
	w.write(t, w.files.Key, key)
}

func (w *world) write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown is the name in the certificate that the server shows now.
func (w *world) shown(t *testing.T, config *tls.Config) (string, error) {
	t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", w.address, config)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

func anybody() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

func TestACertificateThatIsReplacedIsShownWithoutARestart(t *testing.T) {
	w := newWorld(t)
	w.renew(t, "second", 90*24*time.Hour)
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "first"}, {11 * time.Second, "second"}} {
		w.clock.Advance(step.after)
		if got, err := w.shown(t, anybody()); err != nil || got != step.want {
			t.Errorf("after %s: %q, %v", step.after, got, err)
		}
	}
}

func TestFilesThatAreHalfWrittenLeaveTheCertificateBeforeInUse(t *testing.T) {
	w := newWorld(t)
	kept, _ := testkit.Certificate(t, "of another key", w.clock.Now(), w.clock.Now().Add(time.Hour))
	for name, spoil := range map[string]func(){
		"no PEM":         func() { w.write(t, w.files.Certificate, []byte("half of it")) },
		"of another key": func() { w.write(t, w.files.Certificate, kept) },
		"gone": func() {
			if err := os.Remove(w.files.Key); err != nil {
				t.Fatal(err)
			}
		},
	} {
		spoil()
		w.clock.Advance(time.Minute)
		if got, err := w.shown(t, anybody()); err != nil || got != "first" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if !strings.Contains(w.log.String(), "stays in use") {
		t.Errorf("nobody is told: %s", w.log)
	}
	w.renew(t, "second", 90*24*time.Hour)
	w.clock.Advance(time.Minute)
	if got, err := w.shown(t, anybody()); err != nil || got != "second" {
		t.Errorf("mended: %q, %v", got, err)
	}
}

func TestACertificateThatEndsSoonIsWarnedOfOnceADay(t *testing.T) {
	w := newWorld(t)
	w.renew(t, "short", 13*24*time.Hour)
	for range 5 { // two days
		w.clock.Advance(12 * time.Hour)
		if _, err := w.shown(t, anybody()); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(w.log.String(), "ends soon"); got != 3 {
		t.Errorf("warned %d times: %s", got, w.log)
	}
}

func TestOldVersionsOfTLSAreNotSpoken(t *testing.T) {
	w := newWorld(t)
	for version, spoken := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := anybody()
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, version
		if _, err := w.shown(t, config); (err == nil) != spoken {
			t.Errorf("version %x: %v", version, err)
		}
	}
}

func TestOnlySuitesThatForgetTheirKeyAndAuthenticateAreSpoken(t *testing.T) {
	w := newWorld(t)
	spoken := 0
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config := anybody()
		config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{suite.ID}
		_, err := w.shown(t, config)
		if sound := strings.HasPrefix(suite.Name, "TLS_ECDHE_") && (strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "_POLY1305_")); err == nil && !sound {
			t.Errorf("%s is spoken", suite.Name)
		}
		if err == nil {
			spoken++
		}
	}
	if spoken == 0 {
		t.Error("none is spoken")
	}
}

func TestOnlyTheProgramThatShowsTheFilesCertificateIsTakenForItself(t *testing.T) {
	w := newWorld(t)
	if _, err := w.shown(t, certificate.Self(w.files)); err != nil {
		t.Errorf("itself: %v", err)
	}
	w.renew(t, "of somebody else", time.Hour)
	if _, err := w.shown(t, certificate.Self(w.files)); err == nil {
		t.Error("somebody else is taken for itself")
	}
	w.write(t, w.files.Certificate, nil)
	if _, err := w.shown(t, certificate.Self(w.files)); err == nil {
		t.Error("without a certificate anybody is taken for itself")
	}
}

func TestFilesThatAreNoCertificateAreRefusedAtOnce(t *testing.T) {
	w := newWorld(t)
	_, key := testkit.Certificate(t, "other", w.clock.Now(), w.clock.Now().Add(time.Hour))
	w.write(t, w.files.Key, key)
	if _, err := certificate.Load(w.files, w.clock.Now, slog.Default()); err == nil {
		t.Error("a key of another certificate was taken")
	}
	if _, err := certificate.Load(certificate.Files{Certificate: "none", Key: "none"}, w.clock.Now, slog.Default()); err == nil {
		t.Error("no file was taken")
	}
}
