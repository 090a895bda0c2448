package secretstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/segue-app/segue/internal/secret"
)

// VaultConfig says where a Vault or OpenBao is, where in it secrets are, and how one signs in.
type VaultConfig struct {
	URL       string
	Mount     string // of the key/value engine: "secret"
	Version   int    // of that engine, 1 or 2
	Prefix    string // path that all names are under; "" for none
	Namespace string
	CAFile    string // certificates that are trusted, instead of the system's; ""
	Login     Login
	Patience  time.Duration // for one request; 0 means 5 seconds
	Clock     func() time.Time
}

// Login is one way to sign in. Exactly one of TokenFile, RoleID and KubernetesRole is set.
type Login struct {
	TokenFile      string // a token, kept fresh by somebody else or renewable
	RoleID         string // AppRole
	SecretIDFile   string // its secret id
	KubernetesRole string
	ServiceToken   string // file of the service account's token
	Mount          string // of the method; "" means its usual name
}

// Validate says what does not go together.
func (c VaultConfig) Validate() error {
	at, err := url.Parse(c.URL)
	if err != nil || at.Host == "" || at.User != nil || at.Scheme != "https" && at.Scheme != "http" {
		return errors.New("the Vault must be an address such as https://vault.example.com:8200")
	}
	ways := 0
	for _, way := range []string{c.Login.TokenFile, c.Login.RoleID, c.Login.KubernetesRole} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("signing in to the Vault takes one of a token file, an AppRole and a Kubernetes role")
	case c.Login.RoleID != "" && c.Login.SecretIDFile == "":
		return errors.New("an AppRole needs the file of its secret id")
	case c.Version != 1 && c.Version != 2:
		return errors.New("the version of the Vault's key/value engine is 1 or 2")
	case !IsName(c.Mount) || strings.Contains(c.Mount, "#"), c.Prefix != "" && (!IsName(c.Prefix) || strings.Contains(c.Prefix, "#")):
		return errors.New("mount and prefix in the Vault are paths such as secret or segue/production")
	}
	return nil
}

const (
	vaultPatience = 5 * time.Second
	cachedFor     = 30 * time.Second // how long a secret that was read is not asked for again
	longestAnswer = 256 << 10        // bytes
)

// Vault reads secrets of a key/value engine. What it knows of the token is only of use to itself.
type Vault struct {
	config VaultConfig
	client *api.Client

	mutex  sync.Mutex // of what follows; held while a request is made, so that a sign-in is made once
	token  token
	cached map[string]cachedSecret
}

// token is the one in use. The zero token is none.
type token struct {
	text      secret.Text
	renewable bool
	renewAt   time.Time // half of its life
	endsAt    time.Time // zero: never
}

type cachedSecret struct {
	text  secret.Text
	until time.Time
}

// NewVault prepares the client. Nothing is asked yet. Neither the environment nor a redirect is followed: the operator's flags say
// all, and lead to one host.
func NewVault(c VaultConfig) (*Vault, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Patience == 0 {
		c.Patience = vaultPatience
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		certificates, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates for the Vault: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(certificates) {
			return nil, fmt.Errorf("there is no certificate in %s", c.CAFile)
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy, transport.TLSClientConfig = nil, trust
	client, err := api.NewClient(&api.Config{Address: c.URL, DisableEnvironment: true, DisableRedirects: true, MaxRetries: 0, Timeout: c.Patience,
		HttpClient: &http.Client{Transport: bounded{transport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}})
	if err != nil {
		return nil, fmt.Errorf("the client of the Vault: %w", err)
	}
	client.SetMaxRetries(0)
	if c.Namespace != "" {
		client.SetNamespace(c.Namespace)
	}
	return &Vault{config: c, client: client, cached: map[string]cachedSecret{}}, nil
}

// bounded lets no answer be longer than what is expected of any.
type bounded struct{ inner http.RoundTripper }

// RoundTrip makes the request.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.inner.RoundTrip(request)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, longestAnswer), response.Body}
	}
	return response, err
}

// Read gives a field of a secret: the one behind #, or the only one that there is.
func (v *Vault) Read(ctx context.Context, name string, fresh bool) (secret.Text, error) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	now := v.config.Clock()
	if had, ok := v.cached[name]; ok && !fresh && now.Before(had.until) {
		return had.text, nil
	}
	delete(v.cached, name)
	of, field, _ := strings.Cut(name, "#")
	text, err := v.read(ctx, of, field)
	if err == nil {
		v.cached[name] = cachedSecret{text, now.Add(cachedFor)}
	}
	return text, err
}

func (v *Vault) read(ctx context.Context, of, field string) (secret.Text, error) {
	at := path.Join(v.config.Mount, v.config.Prefix, of)
	if v.config.Version == 2 {
		at = path.Join(v.config.Mount, "data", v.config.Prefix, of)
	}
	answer, err := v.asking(ctx, func(ctx context.Context) (*api.Secret, error) { return v.client.Logical().ReadWithContext(ctx, at) })
	if err != nil {
		return secret.Text{}, err
	}
	if answer == nil {
		return secret.Text{}, errMissing
	}
	values := answer.Data
	if v.config.Version == 2 {
		values, _ = answer.Data["data"].(map[string]any) // nil of one whose last version was deleted
	}
	if field == "" {
		if len(values) != 1 {
			return secret.Text{}, fmt.Errorf("%w: it has %d fields, and the name must say which: name#field", errMissing, len(values))
		}
		for field = range values {
			break
		}
	}
	text, ok := values[field].(string)
	if !ok {
		return secret.Text{}, fmt.Errorf("%w: it has no text in that field", errMissing)
	}
	return secret.NewText(text), nil
}

// Probe looks whether one is let in.
func (v *Vault) Probe(ctx context.Context) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	_, err := v.asking(ctx, func(ctx context.Context) (*api.Secret, error) {
		return v.client.Auth().Token().LookupSelfWithContext(ctx)
	})
	return err
}
