package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/segue-app/segue/internal/certificate"
)

// certificates are the flags of whoever speaks TLS as Segue, or with the Segue of this machine.
type certificates struct {
	TLSCertificate string `name:"tls-certificate" help:"File of a certificate, in PEM with its chain: people then come by HTTPS without a proxy. A file that is replaced is taken up." type:"path" env:"SEGUE_TLS_CERTIFICATE"`
	TLSKey         string `name:"tls-key" help:"File of the certificate's key, in PEM." type:"path" env:"SEGUE_TLS_KEY"`
}

// Validate refuses one without the other.
func (c *certificates) Validate() error {
	if (c.TLSCertificate == "") != (c.TLSKey == "") {
		return errors.New("--tls-certificate and --tls-key go together")
	}
	return nil
}

func (c *certificates) files() certificate.Files {
	return certificate.Files{Certificate: c.TLSCertificate, Key: c.TLSKey}
}

// load reads the certificate; nil when there is to be none.
func (c *certificates) load() (*certificate.Keeper, error) {
	if c.TLSCertificate == "" {
		return nil, nil
	}
	return certificate.Load(c.files(), time.Now, slog.Default())
}

func (c *certificates) scheme() string {
	if c.TLSCertificate == "" {
		return "http"
	}
	return "https"
}

// withSelf is how to speak with the Segue that shows the certificate of the files; nil for no TLS, or as with everybody.
func withSelf(files certificate.Files) *tls.Config {
	if files.Certificate == "" {
		return nil
	}
	return certificate.Self(files)
}
