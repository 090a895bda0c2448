package factor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

// Site is where, and in which browser, a person is asked for a passkey.
type Site struct {
	Origin  string // "https://segue.example.com", as the browser sees it
	Browser string // what only this browser has; a challenge of another does not count here
}

// Possible reports whether browsers have passkeys for the site: it must be reached by HTTPS, or as localhost, and by a name.
func (s Site) Possible() bool {
	origin, err := url.Parse(s.Origin)
	if err != nil || origin.Hostname() == "" || net.ParseIP(origin.Hostname()) != nil {
		return false
	}
	return origin.Scheme == "https" || origin.Hostname() == "localhost" || strings.HasSuffix(origin.Hostname(), ".localhost")
}

func (s Site) party() (*webauthn.WebAuthn, error) {
	if !s.Possible() {
		return nil, problem.New(problem.Conflict, "factor.problem.no_passkeys")
	}
	origin, err := url.Parse(s.Origin)
	if err != nil {
		return nil, err
	}
	return webauthn.New(&webauthn.Config{RPID: origin.Hostname(), RPDisplayName: "Segue", RPOrigins: []string{s.Origin}})
}

// Ceremony is a question to a browser.
type Ceremony struct {
	Options string // JSON, for the browser's interface
	Asked   string // what was asked, sealed: it comes back with the answer
}

// question is what was asked, and until when it may be answered.
type question struct {
	Data  webauthn.SessionData
	Until time.Time
}

// Reply is a browser's answer.
type Reply struct{ Asked, Answer string }

// A challenge lives as long as somebody needs for a passkey; maxReply is far above what authenticators answer, in bytes.
const (
	challengeLife = 10 * time.Minute
	maxReply      = 32 << 10
)

// What a challenge is for: the answer to one counts for nothing else.
const (
	toAdd    = "add"
	toSignIn = "sign_in"
	toProve  = "prove"
)

func ceremonyBinding(site Site, purpose string, userID int64) string {
	return fmt.Sprintf("challenge/%s/%d/%s/%s", purpose, userID, site.Origin, site.Browser)
}

// ceremony seals what was asked, bound to purpose, person, site and browser, so that nothing is kept for questions that nobody answers.
func (s *Service) ceremony(options any, asked *webauthn.SessionData, site Site, purpose string, userID int64) (Ceremony, error) {
	written, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("write the question for a passkey: %w", err)
	}
	kept, err := json.Marshal(question{*asked, s.now().Add(challengeLife)})
	if err != nil {
		return Ceremony{}, fmt.Errorf("write the challenge of a passkey: %w", err)
	}
	sealed := s.sealer.Seal(secret.NewText(string(kept)), ceremonyBinding(site, purpose, userID))
	return Ceremony{Options: string(written), Asked: base32Of(sealed)}, nil
}

// asked opens what was asked. It fails like a wrong passkey when it was asked elsewhere, for something else, or too long ago.
func (s *Service) asked(reply Reply, site Site, purpose string, userID int64) (asked question, err error) {
	if len(reply.Asked) > maxReply || len(reply.Answer) > maxReply {
		return asked, errPasskey(fmt.Errorf("answer of %d bytes", len(reply.Answer)))
	}
	sealed, err := base32Plain.DecodeString(reply.Asked)
	if err != nil {
		return asked, errPasskey(err)
	}
	kept, err := s.sealer.Open(sealed, ceremonyBinding(site, purpose, userID))
	if err != nil {
		return asked, errPasskey(err)
	}
	if err := json.Unmarshal([]byte(kept.Reveal()), &asked); err != nil {
		return asked, fmt.Errorf("read the challenge of a passkey: %w", err)
	}
	if !asked.Until.After(s.now()) {
		return asked, problem.New(problem.Conflict, "factor.problem.challenge_old")
	}
	return asked, nil
}

// answered takes a challenge: it is answered once. That it was, is forgotten if what it was for fails.
func (s *Service) answered(ctx context.Context, tx database.Tx, asked question) error {
	sum := sha256.Sum256([]byte(asked.Data.Challenge))
	fresh, err := addAnswered(ctx, tx, sum[:], asked.Until)
	if err == nil && !fresh {
		return errPasskey(fmt.Errorf("challenge was answered already"))
	}
	return err
}

// tidy removes the space around what was typed, and makes it one Unicode form.
func tidy(text string) string { return norm.NFC.String(strings.Join(strings.Fields(text), " ")) }
