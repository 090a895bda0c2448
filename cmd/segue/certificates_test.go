package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/process"
	"github.com/segue-app/segue/internal/testkit"
)

// shownBy has the program of the test speak TLS, with a certificate that vouches for itself.
func shownBy(t *testing.T) (trusted *x509.CertPool, flags []string) {
	t.Helper()
	folder := t.TempDir()
	chain, key := testkit.Certificate(t, "segue", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	flags = []string{"--tls-certificate", filepath.Join(folder, "chain.pem"), "--tls-key", filepath.Join(folder, "key.pem")}
	for path, content := range map[string][]byte{flags[1]: chain, flags[3]: key} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SEGUE_TLS_CERTIFICATE", flags[1])
	t.Setenv("SEGUE_TLS_KEY", flags[3])
	trusted = x509.NewCertPool()
	trusted.AppendCertsFromPEM(chain)
	return trusted, flags
}

func TestPeopleComeByHTTPSWithoutAProxyAndTheirBrowserIsHeldToIt(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asSegue, "1")
	trusted, flags := shownBy(t)
	p, err := process.Start(program, filepath.Join(t.TempDir(), "data"), "http://127.0.0.1:9/api", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() }) // killed in the middle of its work
	if err := p.Await(); err != nil {
		t.Fatalf("%v\n%s", err, p.Output())
	}
	_, port, err := net.SplitHostPort(p.Address())
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get("https://localhost:" + port + "/sign-in")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Header.Get("Strict-Transport-Security") == "" || response.ProtoMajor != 2 {
		t.Errorf("by %s: %v", response.Proto, response.Header)
	}
	for _, cookie := range response.Cookies() {
		if !cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-") {
			t.Errorf("%v", cookie)
		}
	}
	health := append([]string{"health", "--listen", p.Address()}, flags...)
	if out := ok(t, "", health...); out != "ok\n" {
		t.Errorf("health says %q", out)
	}
	if o := segue(t, "", "health", "--listen", p.Address()); o.status == 0 {
		t.Errorf("without TLS: %+v", o)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if out := p.Output(); !strings.Contains(out, "https://127.0.0.1:"+port+"/setup?token=") {
		t.Errorf("the link to set up is not by HTTPS:\n%s", out)
	}
}

func TestACertificateWithoutItsKeyIsRefused(t *testing.T) {
	if o := segue(t, "", "serve", "--tls-certificate", "chain.pem"); o.status == 0 || !strings.Contains(o.errors, "--tls-key") {
		t.Errorf("%+v", o)
	}
}
