// Package oidc lets people sign in with the OpenID Connect provider of their company. It owns the protocol: discovery, the code flow
// with PKCE, the checks of what the provider answers, and which role its claims stand for. Who a person is here, what becomes of their
// sessions, and how state travels in a browser are others'.
package oidc

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reach"
	"github.com/segue-app/segue/internal/secret"
)

// Config is what the operator says of the provider. Without an issuer there is none.
type Config struct {
	Issuer       string
	ClientID     string
	ClientSecret secret.Text // empty for a public client, which PKCE alone protects
	Name         string      // as people know the provider; "" = the host of the issuer
	Scopes       []string    // beside openid
	Roles        Roles
	TrustEmail   bool // an address counts as verified when the provider says nothing of it
	MakePeople   bool // who signs in for the first time and has a role gets an account
}

// Check says what is wrong with the configuration.
func (c Config) Check() error {
	if c.Issuer == "" {
		return nil
	}
	issuer, err := url.Parse(c.Issuer)
	if err != nil || issuer.Host == "" || issuer.User != nil || issuer.RawQuery != "" || issuer.Fragment != "" {
		return errors.New("the issuer must be an address such as https://login.example.com")
	}
	if issuer.Scheme != "https" && !(issuer.Scheme == "http" && reach.Here(issuer.Hostname())) {
		return errors.New("the issuer must be reached by https")
	}
	if c.ClientID == "" {
		return errors.New("the provider knows Segue by a client ID: give it")
	}
	if c.Roles.Default == "" && len(c.Roles.Of) == 0 {
		return errors.New("nobody could sign in: say which values of the claim stand for which role")
	}
	if len(c.Roles.Of) > 0 && c.Roles.Claim == "" {
		return errors.New("say which claim holds the roles")
	}
	return nil
}

// DisplayName is the provider as people know it.
func (c Config) DisplayName() string {
	if c.Name != "" {
		return c.Name
	}
	if issuer, err := url.Parse(c.Issuer); err == nil {
		return issuer.Hostname()
	}
	return c.Issuer
}

// Purpose is what somebody goes to the provider for.
type Purpose string

// The purposes.
const (
	SignIn  Purpose = "sign_in"
	Confirm Purpose = "confirm" // that it is still she: the provider has her sign in anew
)

// Pending is somebody who has gone to the provider and has not come back. It stays in her browser, where she cannot read it.
type Pending struct {
	Purpose  Purpose
	UserID   int64  // who is to confirm; 0 for a sign-in
	Next     string // where to go afterwards
	Form     string // names the form that waits for a confirmation; "" for none
	State    string
	Nonce    string
	Verifier string // of PKCE
	Begun    time.Time
}

// PendingLife is how long somebody may take at the provider.
const PendingLife = 10 * time.Minute

// Proof is who the provider says that somebody is.
type Proof struct {
	Issuer, Subject string
	Email           string
	EmailVerified   bool
	Name            string
	Role            access.Role // "" for none
}

// What may go wrong on the way back, in words for the person.
var (
	errBrowser     = problem.New(problem.Conflict, "oidc.problem.browser")
	errExpired     = problem.New(problem.Conflict, "oidc.problem.expired")
	errDenied      = problem.New(problem.Conflict, "oidc.problem.denied")
	errRefused     = problem.New(problem.Conflict, "oidc.problem.refused")
	errAnswer      = problem.New(problem.Conflict, "oidc.problem.answer")
	errNotFresh    = problem.New(problem.Conflict, "oidc.problem.not_fresh")
	errUnreachable = problem.New(problem.Unavailable, "oidc.problem.unreachable")
)

// Roles is how the claims of a person become a role.
type Roles struct {
	Claim   string // "groups", or the way to it: "realm_access.roles"
	Of      Mapping
	Default access.Role // of those whom no value gives one; "" = they may not come in
}

// Mapping is which value of the claim stands for which role.
type Mapping map[string]access.Role

// UnmarshalText reads "value=role;value=role". A value may hold commas and equals signs, as the names of a directory do.
func (m *Mapping) UnmarshalText(text []byte) error {
	read := Mapping{}
	for _, entry := range strings.Split(string(text), ";") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		at := strings.LastIndex(entry, "=")
		if at < 1 {
			return fmt.Errorf("%q must be like segue-admins=administrator", entry)
		}
		value, role := strings.TrimSpace(entry[:at]), access.Role(strings.TrimSpace(entry[at+1:]))
		if value == "" || !role.Valid() {
			return fmt.Errorf("%q must name a value and a role: administrator, contributor or viewer", entry)
		}
		if _, twice := read[value]; twice {
			return fmt.Errorf("%q is there twice", value)
		}
		read[value] = role
	}
	*m = read
	return nil
}

// mostValues is how many values of a claim are looked at.
const mostValues = 1000

// roleOf gives the highest role that the values of the claim stand for.
func (r Roles) roleOf(claims map[string]any) access.Role {
	found := map[access.Role]bool{r.Default: true}
	for _, value := range valuesOf(claims, r.Claim) {
		found[r.Of[value]] = true
	}
	for _, role := range access.Roles {
		if found[role] {
			return role
		}
	}
	return ""
}

// valuesOf finds a claim by its name, or else by the way to it, and gives its texts. What is no text stands for nothing.
func valuesOf(claims map[string]any, name string) (values []string) {
	var claim any
	if whole, ok := claims[name]; ok { // some are called by an address, which has dots
		claim = whole
	} else {
		claim = claims
		for _, step := range strings.Split(name, ".") {
			within, _ := claim.(map[string]any)
			claim = within[step]
		}
	}
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, entry := range c[:min(len(c), mostValues)] {
			if value, ok := entry.(string); ok {
				values = append(values, value)
			}
		}
	}
	return values
}
