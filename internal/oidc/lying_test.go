package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/segue-app/segue/internal/oidc"
)

// liar is a provider that says what the test has it say.
type liar struct {
	issuer string
	key    *rsa.PrivateKey
	token  string         // what it gives for a code
	info   map[string]any // what it tells of a person
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{key: key}
	mux := http.NewServeMux()
	answer := func(path string, say func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(say()); err != nil {
				t.Error(err)
			}
		})
	}
	answer("/.well-known/openid-configuration", func() any {
		return map[string]any{"issuer": l.issuer, "authorization_endpoint": l.issuer + "/authorize", "token_endpoint": l.issuer + "/token", "jwks_uri": l.issuer + "/keys",
			"userinfo_endpoint": l.issuer + "/info", "id_token_signing_alg_values_supported": []string{"none", "HS256", "RS256"}}
	})
	answer("/keys", func() any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &l.key.PublicKey, KeyID: "1", Algorithm: "RS256", Use: "sig"}}}
	})
	answer("/token", func() any {
		return map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": l.token}
	})
	answer("/info", func() any { return l.info })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l.issuer = server.URL
	return l
}

// sign writes a token with a key.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	written, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func unsigned(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

func TestNoTokenIsBelievedThatIsNotExactlyTheOneAskedFor(t *testing.T) {
	l := newLiar(t)
	p := provider(t, config(t, l.issuer))
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	type claims = map[string]any
	for name, c := range map[string]struct {
		change func(c claims)
		write  func(c claims) string // nil: signed as it should be
		info   claims
		code   string // "" = taken
	}{
		"the token as it should be":                 {},
		"a nonce of another sign-in":                {change: func(c claims) { c["nonce"] = "x" }, code: "oidc.problem.answer"},
		"no nonce":                                  {change: func(c claims) { delete(c, "nonce") }, code: "oidc.problem.answer"},
		"another issuer":                            {change: func(c claims) { c["iss"] = "https://evil.example" }, code: "oidc.problem.answer"},
		"another audience":                          {change: func(c claims) { c["aud"] = "somebody" }, code: "oidc.problem.answer"},
		"more audiences and nobody it is for":       {change: func(c claims) { c["aud"] = []string{"segue", "somebody"} }, code: "oidc.problem.answer"},
		"more audiences and it is for us":           {change: func(c claims) { c["aud"], c["azp"] = []string{"segue", "somebody"}, "segue" }},
		"it is for another":                         {change: func(c claims) { c["azp"] = "somebody" }, code: "oidc.problem.answer"},
		"it is for what is no text":                 {change: func(c claims) { c["azp"] = nil }, code: "oidc.problem.answer"},
		"expired":                                   {change: func(c claims) { c["exp"] = time.Now().Add(-time.Minute).Unix() }, code: "oidc.problem.answer"},
		"without an end":                            {change: func(c claims) { delete(c, "exp") }, code: "oidc.problem.answer"},
		"issued in an hour":                         {change: func(c claims) { c["iat"] = time.Now().Add(time.Hour).Unix() }, code: "oidc.problem.answer"},
		"good in an hour":                           {change: func(c claims) { c["nbf"] = time.Now().Add(time.Hour).Unix() }, code: "oidc.problem.answer"},
		"nobody's":                                  {change: func(c claims) { c["sub"] = "" }, code: "oidc.problem.answer"},
		"of a subject without end":                  {change: func(c claims) { c["sub"] = strings.Repeat("x", 256) }, code: "oidc.problem.answer"},
		"of another access token":                   {change: func(c claims) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, code: "oidc.problem.answer"},
		"unsigned":                                  {write: func(c claims) string { return unsigned(t, c) }, code: "oidc.problem.answer"},
		"signed with another key":                   {write: func(c claims) string { return sign(t, jose.RS256, other, c) }, code: "oidc.problem.answer"},
		"signed with what everybody knows":          {write: func(c claims) string { return sign(t, jose.HS256, l.key.PublicKey.N.Bytes(), c) }, code: "oidc.problem.answer"},
		"signed, and changed afterwards":            {write: func(c claims) string { return tampered(sign(t, jose.RS256, l.key, c)) }, code: "oidc.problem.answer"},
		"no token":                                  {write: func(claims) string { return "" }, code: "oidc.problem.answer"},
		"no address, and told of another person":    {change: func(c claims) { delete(c, "email") }, info: claims{"sub": "eve", "email": "ada@example.com"}, code: "oidc.problem.answer"},
		"no address, and told of without a subject": {change: func(c claims) { delete(c, "email") }, info: claims{"email": "ada@example.com"}, code: "oidc.problem.answer"},
	} {
		t.Run(name, func(t *testing.T) {
			address, pending, err := p.Begin(t.Context(), back, oidc.Pending{Purpose: oidc.SignIn})
			if err != nil {
				t.Fatal(err)
			}
			sent, _ := url.Parse(address)
			said := claims{"iss": l.issuer, "aud": "segue", "sub": "ada-1", "nonce": sent.Query().Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
				"email": "ada@example.com", "email_verified": true, "groups": []string{"staff"}}
			maps.DeleteFunc(said, func(_ string, v any) bool { return v == nil })
			if c.change != nil {
				c.change(said)
			}
			if c.write == nil {
				c.write = func(c claims) string { return sign(t, jose.RS256, l.key, c) }
			}
			l.token, l.info = c.write(said), c.info
			proof, err := p.Finish(t.Context(), back, pending, url.Values{"state": {pending.State}, "code": {"c"}})
			if c.code != "" {
				refused(t, err, c.code)
			} else if err != nil || proof.Subject != "ada-1" {
				t.Errorf("%+v, %v", proof, err)
			}
		})
	}
}

// tampered changes a letter of the payload.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), "ada-1", "eve-1", 1)))
	return strings.Join(parts, ".")
}

func TestAConfirmationNeedsATimeOfSignInThatIsNow(t *testing.T) {
	l := newLiar(t)
	p := provider(t, config(t, l.issuer))
	for name, c := range map[string]struct {
		at   any
		code string
	}{
		"just now":               {time.Now().Unix(), ""},
		"ten minutes ago":        {time.Now().Add(-10 * time.Minute).Unix(), "oidc.problem.not_fresh"},
		"not told":               {nil, "oidc.problem.not_fresh"},
		"told as it should not ": {"now", "oidc.problem.not_fresh"},
	} {
		t.Run(name, func(t *testing.T) {
			_, pending, err := p.Begin(t.Context(), back, oidc.Pending{Purpose: oidc.Confirm})
			if err != nil {
				t.Fatal(err)
			}
			claims := map[string]any{"iss": l.issuer, "aud": "segue", "sub": "ada-1", "nonce": pending.Nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
				"email": "ada@example.com", "groups": "staff"}
			if c.at != nil {
				claims["auth_time"] = c.at
			}
			l.token = sign(t, jose.RS256, l.key, claims)
			_, err = p.Finish(t.Context(), back, pending, url.Values{"state": {pending.State}, "code": {"c"}})
			if c.code != "" {
				refused(t, err, c.code)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnAddressIsVerifiedOnlyIfTheProviderOrTheOperatorSaysSo(t *testing.T) {
	l := newLiar(t)
	for name, c := range map[string]struct {
		verified any
		trust    bool
		want     bool
	}{
		"said":                            {true, false, true},
		"said in words":                   {"true", false, true},
		"denied":                          {false, true, false},
		"not said":                        {nil, false, false},
		"not said, the operator trusts":   {nil, true, true},
		"said as what is no answer":       {1, false, false},
		"denied in words, and trusted":    {"false", true, false},
		"said as what is none, and trust": {[]string{"x"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			with := config(t, l.issuer)
			with.TrustEmail = c.trust
			p := provider(t, with)
			_, pending, err := p.Begin(t.Context(), back, oidc.Pending{Purpose: oidc.SignIn})
			if err != nil {
				t.Fatal(err)
			}
			claims := map[string]any{"iss": l.issuer, "aud": "segue", "sub": "ada-1", "nonce": pending.Nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
				"email": "ada@example.com", "groups": "staff"}
			if c.verified != nil {
				claims["email_verified"] = c.verified
			}
			l.token = sign(t, jose.RS256, l.key, claims)
			proof, err := p.Finish(t.Context(), back, pending, url.Values{"state": {pending.State}, "code": {"c"}})
			if err != nil || proof.EmailVerified != c.want {
				t.Errorf("%+v, %v", proof, err)
			}
		})
	}
}
