// Package certificate owns the certificate that the program speaks TLS with: read from files of the operator, and read again
// when they change, so that whoever renews it need not start the program anew. Where it is spoken is others' matter.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are where certificate and key are, in PEM. The certificate's file holds the chain up to, and without, the root.
type Files struct{ Certificate, Key string }

// lookEvery is how often the files are looked at, at most: when somebody connects.
const lookEvery = 10 * time.Second

// endsSoon is how long before its end a certificate is warned of, once a day.
const endsSoon = 14 * 24 * time.Hour

// Keeper holds the certificate that is valid now. It is safe for use by many goroutines.
type Keeper struct {
	files Files
	clock func() time.Time
	log   *slog.Logger

	mutex  sync.Mutex
	held   *tls.Certificate
	state  state // of the files, when they were read last
	looked time.Time
	warned time.Time
}

// state is by what a file that was exchanged is told: a link that leads elsewhere now shows another file.
type state struct{ certificate, key mark }

type mark struct {
	size int64
	at   time.Time
}

// Load reads the files. It fails when they are no certificate and its key.
func Load(files Files, clock func() time.Time, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{files: files, clock: clock, log: log}
	now, err := files.look()
	if err != nil {
		return nil, err
	}
	if k.held, err = files.read(); err != nil {
		return nil, err
	}
	k.state, k.looked = now, clock()
	k.warn()
	return k, nil
}

func (f Files) look() (s state, err error) {
	for _, one := range []struct {
		path string
		mark *mark
	}{{f.Certificate, &s.certificate}, {f.Key, &s.key}} {
		info, err := os.Stat(one.path)
		if err != nil {
			return s, fmt.Errorf("look at the certificate: %w", err)
		}
		*one.mark = mark{info.Size(), info.ModTime()}
	}
	return s, nil
}

func (f Files) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return &pair, nil
}

// suites are those of TLS 1.2 that encrypt and authenticate in one, with a key that is forgotten afterwards. Those of TLS 1.3 all do.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// Config is how the program speaks TLS as a server: versions 1.2 and 1.3. Go puts the suites into their order.
func (k *Keeper) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		CipherSuites:   suites,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.current(), nil },
	}
}

// current looks at the files now and then. What cannot be read, perhaps since it is being written, leaves the one before in use.
func (k *Keeper) current() *tls.Certificate {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.clock().Sub(k.looked) < lookEvery {
		return k.held
	}
	k.looked = k.clock()
	now, err := k.files.look()
	if err == nil && now != k.state {
		var fresh *tls.Certificate
		if fresh, err = k.files.read(); err == nil {
			k.held, k.state, k.warned = fresh, now, time.Time{}
			k.log.Info("the certificate was replaced", "until", fresh.Leaf.NotAfter)
		}
	}
	if err != nil {
		k.log.Warn("the certificate cannot be read; the one before stays in use", "error", err)
	}
	k.warn()
	return k.held
}

func (k *Keeper) warn() {
	now := k.clock()
	if k.held.Leaf.NotAfter.Sub(now) < endsSoon && now.Sub(k.warned) >= 24*time.Hour {
		k.warned = now
		k.log.Warn("the certificate ends soon", "until", k.held.Leaf.NotAfter)
	}
}

// Self is how one speaks TLS with this very program, whatever name it goes by on the way: it shows the certificate of the
// files, or nobody is spoken with.
func Self(files Files) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // not by name and root, but by the certificate itself: see below
		VerifyConnection: func(c tls.ConnectionState) error {
			text, err := os.ReadFile(files.Certificate)
			if err != nil {
				return fmt.Errorf("read the certificate: %w", err)
			}
			ours, err := parse(text)
			if err != nil {
				return fmt.Errorf("read the certificate: %w", err)
			}
			if len(ours) == 0 || !ours[0].Equal(c.PeerCertificates[0]) {
				return errors.New("another certificate than that of the file")
			}
			return nil
		},
	}
}

// parse reads the certificates of a file in PEM.
func parse(text []byte) (list []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}
