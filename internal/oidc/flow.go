package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Begin says where to send the browser of somebody who wants to sign in or to confirm, and what it must bring back. back is our page
// that the provider returns her to.
func (p *Provider) Begin(ctx context.Context, back string, pending Pending) (address string, _ Pending, err error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", Pending{}, err
	}
	pending.State, pending.Nonce, pending.Verifier, pending.Begun = rand.Text(), rand.Text(), oauth2.GenerateVerifier(), p.now()
	options := []oauth2.AuthCodeOption{oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier)}
	if pending.Purpose == Confirm {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.flow(d, back).AuthCodeURL(pending.State, options...), pending, nil
}

func (p *Provider) flow(d *document, back string) *oauth2.Config {
	scopes := []string{oidc.ScopeOpenID}
	for _, scope := range p.config.Scopes {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret.Reveal(), Endpoint: d.provider.Endpoint(), RedirectURL: back, Scopes: scopes,
	}
}

// Finish takes what the provider sent the browser back with, and gives who it says that she is. Every failure is a problem in words
// for her; what was wrong exactly is its cause.
func (p *Provider) Finish(ctx context.Context, back string, pending Pending, returned url.Values) (Proof, error) {
	if err := p.answers(pending, returned); err != nil {
		return Proof{}, err
	}
	d, err := p.discover(ctx)
	if err != nil {
		return Proof{}, err
	}
	if issuer := returned.Get("iss"); issuer != p.config.Issuer && (issuer != "" || d.namesIt) {
		return Proof{}, errAnswer.Because(errors.New("the answer is another provider's"))
	}
	tokens, err := p.flow(d, back).Exchange(p.within(ctx), returned.Get("code"), oauth2.VerifierOption(pending.Verifier))
	if err != nil {
		return Proof{}, exchangeFailed(err)
	}
	written, _ := tokens.Extra("id_token").(string)
	token, err := d.verifier.Verify(p.within(ctx), written)
	if err != nil {
		return Proof{}, errAnswer.Because(err)
	}
	claims, err := p.check(token, tokens, pending)
	if err != nil {
		return Proof{}, err
	}
	if err := p.complete(ctx, d, tokens, token.Subject, claims); err != nil {
		return Proof{}, err
	}
	return p.proof(token, claims), nil
}

// answers reports whether the browser comes back from where we sent it, and the provider did not say no.
func (p *Provider) answers(pending Pending, returned url.Values) error {
	if pending.State == "" || subtle.ConstantTimeCompare([]byte(returned.Get("state")), []byte(pending.State)) != 1 {
		return errBrowser
	}
	if age := p.now().Sub(pending.Begun); age < 0 || age > PendingLife {
		return errExpired
	}
	switch code := returned.Get("error"); code {
	case "":
	case "access_denied":
		return errDenied
	case "temporarily_unavailable", "server_error":
		return errUnreachable.Because(errors.New("the provider says " + code))
	default:
		return errRefused.Because(fmt.Errorf("the provider says %.60q", code))
	}
	if returned.Get("code") == "" {
		return errAnswer.Because(errors.New("the provider sent no code"))
	}
	return nil
}

// exchangeFailed tells a provider that does not answer from one that refuses. What it says may quote what we sent, so only its code is kept.
func exchangeFailed(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return errUnreachable.Because(err)
	}
	cause := fmt.Errorf("exchange of the code: status %d, %.60q", refused.Response.StatusCode, refused.ErrorCode)
	switch {
	case refused.Response.StatusCode >= http.StatusInternalServerError:
		return errUnreachable.Because(cause)
	case refused.ErrorCode == "invalid_grant": // used, or too old
		return errExpired.Because(cause)
	}
	return errRefused.Because(cause)
}

// clockSkew is how far the provider's clock may be from ours.
const clockSkew = 2 * time.Minute

// check is what of a token the library leaves to its caller (OpenID Connect Core 1.0, 3.1.3.7).
func (p *Provider) check(token *oidc.IDToken, tokens *oauth2.Token, pending Pending) (map[string]any, error) {
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return nil, errAnswer.Because(err)
	}
	wrong := func(what string) (map[string]any, error) {
		return nil, errAnswer.Because(errors.New("the ID token's " + what))
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(pending.Nonce)) != 1 {
		return wrong("nonce is not ours")
	}
	if token.Subject == "" || len(token.Subject) > 255 {
		return wrong("subject is empty or too long")
	}
	if azp, there := claims["azp"]; there && azp != p.config.ClientID || !there && len(token.Audience) > 1 {
		return wrong("authorized party is another")
	}
	if token.IssuedAt.After(p.now().Add(clockSkew)) {
		return wrong("time of issue lies ahead")
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return nil, errAnswer.Because(err)
		}
	}
	if pending.Purpose != Confirm {
		return claims, nil
	}
	at, ok := claims["auth_time"].(float64) // JSON's only kind of number
	if !ok || time.Unix(int64(at), 0).Before(pending.Begun.Add(-clockSkew)) {
		return nil, errNotFresh
	}
	return claims, nil
}

// complete asks the provider for claims that it does not put into its tokens. What the token says stands.
func (p *Provider) complete(ctx context.Context, d *document, tokens *oauth2.Token, subject string, claims map[string]any) error {
	if d.provider.UserInfoEndpoint() == "" || claims["email"] != nil && (p.config.Roles.Claim == "" || valuesOf(claims, p.config.Roles.Claim) != nil) {
		return nil
	}
	info, err := d.provider.UserInfo(p.within(ctx), oauth2.StaticTokenSource(tokens))
	if err != nil {
		return errUnreachable.Because(errors.New("the provider does not tell of the person"))
	}
	if info.Subject != subject {
		return errAnswer.Because(errors.New("the provider tells of another person"))
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return errAnswer.Because(err)
	}
	for name, claim := range more {
		if _, there := claims[name]; !there {
			claims[name] = claim
		}
	}
	return nil
}

func (p *Provider) proof(token *oidc.IDToken, claims map[string]any) Proof {
	text := func(name string) string {
		value, _ := claims[name].(string)
		return value
	}
	proof := Proof{Issuer: p.config.Issuer, Subject: token.Subject, Email: text("email"), Name: strings.TrimSpace(text("name")), Role: p.config.Roles.roleOf(claims)}
	if proof.Name == "" {
		proof.Name = strings.TrimSpace(text("given_name") + " " + text("family_name"))
	}
	switch verified := claims["email_verified"].(type) {
	case bool:
		proof.EmailVerified = verified
	case string: // as some providers write it
		proof.EmailVerified = verified == "true"
	case nil:
		proof.EmailVerified = p.config.TrustEmail
	}
	return proof
}
