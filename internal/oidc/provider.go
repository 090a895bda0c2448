package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/segue-app/segue/internal/reach"
)

// Limits of talking to the provider.
const (
	patience       = 10 * time.Second
	longestAnswer  = 1 << 20         // bytes
	discoveryFresh = time.Hour       // then it is asked anew, and the old answer serves while it does not come
	afterFailure   = 5 * time.Second // so long nobody asks again, however many want to sign in
)

// Provider speaks to the provider. It is safe for use by many goroutines. What it must know it asks when somebody needs it, so that
// the program starts while the provider is away.
type Provider struct {
	config Config
	now    func() time.Time
	client *http.Client

	asking sync.Mutex // one at a time asks
	mutex  sync.Mutex // of the fields below
	known  *document
	failed time.Time // when it was last asked in vain; zero: not since the last answer
	cause  error
}

// document is what discovery told.
type document struct {
	provider   *oidc.Provider
	verifier   *oidc.IDTokenVerifier
	endSession string // "" when there is none
	namesIt    bool   // the provider says in every answer which one it is
	at         time.Time
}

// New makes the provider; nil when the configuration names none.
func New(c Config, now func() time.Time) (*Provider, error) {
	if err := c.Check(); err != nil || c.Issuer == "" {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.ResponseHeaderTimeout = patience
	return &Provider{config: c, now: now, client: &http.Client{
		Transport: &narrow{transport}, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the provider redirects, and is not followed")
		},
	}}, nil
}

// Name is the provider as people know it.
func (p *Provider) Name() string { return p.config.DisplayName() }

// Issuer is the provider's own name for itself.
func (p *Provider) Issuer() string { return p.config.Issuer }

// MakesPeople reports whether who signs in for the first time gets an account.
func (p *Provider) MakesPeople() bool { return p.config.MakePeople }

// narrow reads no more of an answer than a provider has reason to say.
type narrow struct{ inner http.RoundTripper }

// RoundTrip is as that of the inner one.
func (n *narrow) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := n.inner.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, longestAnswer), response.Body}
	}
	return response, err
}

// within has the library use our client.
func (p *Provider) within(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

// discover gives what the provider says of itself. It fails with Unavailable when it never said anything.
func (p *Provider) discover(ctx context.Context) (*document, error) {
	known, wait, cause := p.look()
	if known != nil && (wait || p.now().Sub(known.at) < discoveryFresh) {
		return known, nil
	}
	if wait {
		return nil, errUnreachable.Because(cause)
	}
	p.asking.Lock()
	defer p.asking.Unlock()
	if newer, wait, cause := p.look(); newer != known || wait { // somebody else asked meanwhile
		if newer == nil {
			return nil, errUnreachable.Because(cause)
		}
		return newer, nil
	}
	asked, err := p.ask(ctx)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch {
	case err == nil:
		p.known, p.failed, p.cause = asked, time.Time{}, nil
		return asked, nil
	case ctx.Err() != nil: // who asked went away, which tells nothing of the provider
		return nil, ctx.Err()
	}
	p.failed, p.cause = p.now(), err
	if known != nil {
		return known, nil
	}
	return nil, errUnreachable.Because(err)
}

// look gives what is known, and whether and why the provider failed a moment ago.
func (p *Provider) look() (known *document, wait bool, cause error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.known, !p.failed.IsZero() && p.now().Sub(p.failed) < afterFailure, p.cause
}

func (p *Provider) ask(ctx context.Context) (*document, error) {
	found, err := oidc.NewProvider(p.within(ctx), p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover the provider: %w", err)
	}
	var more struct {
		AuthURL    string   `json:"authorization_endpoint"`
		TokenURL   string   `json:"token_endpoint"`
		KeysURL    string   `json:"jwks_uri"`
		UserInfo   string   `json:"userinfo_endpoint"`
		EndSession string   `json:"end_session_endpoint"`
		Methods    []string `json:"code_challenge_methods_supported"`
		NamesIt    bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("discover the provider: %w", err)
	}
	for _, address := range []string{more.AuthURL, more.TokenURL, more.KeysURL} {
		if address == "" {
			return nil, errors.New("discover the provider: it names no way to sign in")
		}
	}
	for _, address := range []string{more.AuthURL, more.TokenURL, more.KeysURL, more.UserInfo, more.EndSession} {
		if err := p.mayReach(address); err != nil {
			return nil, err
		}
	}
	return &document{
		provider: found, endSession: more.EndSession, namesIt: more.NamesIt, at: p.now(),
		verifier: found.Verifier(&oidc.Config{ClientID: p.config.ClientID, Now: p.now}),
	}, nil
}

// mayReach holds what the provider names to what the operator trusted: https, and this machine only when the issuer is on it.
func (p *Provider) mayReach(address string) error {
	if address == "" {
		return nil
	}
	to, err := url.Parse(address)
	issuer, _ := url.Parse(p.config.Issuer) // New has looked at it
	switch {
	case err != nil || to.Host == "" || to.User != nil:
		return errors.New("discover the provider: it names what is no address")
	case reach.Here(issuer.Hostname()):
		return nil
	case to.Scheme != "https" || reach.Here(to.Hostname()):
		return errors.New("discover the provider: it names an address that is not reached by https")
	}
	return nil
}

// SignOutAddress is where the browser goes to be signed out at the provider as well; "" when the provider offers none. back is where
// the provider sends it afterwards.
func (p *Provider) SignOutAddress(ctx context.Context, back string) (string, error) {
	d, err := p.discover(ctx)
	if err != nil || d.endSession == "" {
		return "", err
	}
	to, err := url.Parse(d.endSession)
	if err != nil {
		return "", fmt.Errorf("sign out at the provider: %w", err)
	}
	query := to.Query()
	query.Set("client_id", p.config.ClientID)
	query.Set("post_logout_redirect_uri", back)
	to.RawQuery = query.Encode()
	return to.String(), nil
}
