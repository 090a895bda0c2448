package factor_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/factor"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
)

// office is factors with one person of each role.
type office struct {
	*factor.Service
	testkit.People
	t        testing.TB
	db       *database.DB
	accounts *account.Service
	clock    *testkit.Clock
	log      *bytes.Buffer
	letters  *letters
}

// letters are those that were written to people.
type letters struct{ to []string }

func (l *letters) DeliversLinks() bool { return true }

func (l *letters) Tell(_ context.Context, _ database.Tx, to account.User, letter account.Letter) error {
	l.to = append(l.to, fmt.Sprintf("%s: %s %s", to.Email, letter.About, fmt.Sprint(letter.With...)))
	return nil
}

var site = factor.Site{Origin: "https://segue.example.com", Browser: "this one"}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{t: t, db: testkit.Database(t), clock: testkit.NewClock(), log: &bytes.Buffer{}, letters: &letters{}}
	o.accounts = testkit.Accounts(t, o.db, o.clock)
	o.accounts.SetPost(o.letters)
	o.People = testkit.NewPeople(t, o.accounts)
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{5}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	o.Service = factor.NewService(factor.Dependencies{DB: o.db, Sealer: sealer, Accounts: o.accounts, Clock: o.clock.Now,
		Log: slog.New(slog.NewTextHandler(o.log, nil))})
	return o
}

// must fails the test unless err is nil.
func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// refused fails the test unless err is the problem, or one with a field of the code.
func (o *office) refused(err error, code string) {
	o.t.Helper()
	p := problem.Of(err)
	if p == nil || p.Code != code && (len(p.Fields) != 1 || p.Fields[0].Code != code) {
		o.t.Errorf("got %v, want %s", err, code)
	}
}

// app is a person's app for codes.
type app struct {
	o      *office
	secret string
}

// code is what the app shows at a moment from now.
func (a app) code(later time.Duration) string {
	a.o.t.Helper()
	code, err := totp.GenerateCode(a.secret, a.o.clock.Now().Add(later))
	a.o.must(err)
	return code
}

// codes sets codes up for a person. Half a minute later the next one counts.
func (o *office) codes(person access.Actor) (a app, recovery []string) {
	o.t.Helper()
	o.must(o.BeginCodes(o.t.Context(), person))
	setup, err := o.ShowCodes(o.t.Context(), person, "Segue")
	o.must(err)
	a = app{o, strings.ReplaceAll(setup.Secret.Reveal(), " ", "")}
	recovery, err = o.ConfirmCodes(o.t.Context(), person, a.code(0))
	o.must(err)
	o.clock.Advance(30 * time.Second)
	return a, recovery
}

// prove tries a code as the second step of signing in.
func (o *office) prove(person access.Actor, typed string) (account.Proof, error) {
	return o.ProveCode(o.t.Context(), account.Guess{Kind: "second", UserID: person.UserID, Address: "192.0.2.1"}, typed, true)
}

// passkey makes one for a person.
func (o *office) passkey(person access.Actor, name string) *testkit.Authenticator {
	o.t.Helper()
	a := testkit.NewAuthenticator(o.t, site.Origin)
	asked, err := o.AskNew(o.t.Context(), person, site)
	o.must(err)
	_, err = o.AddPasskey(o.t.Context(), person, site, factor.Reply{Asked: asked.Asked, Answer: a.Make(asked.Options)}, name)
	o.must(err)
	return a
}

// audited counts the entries of an action.
func (o *office) audited(action string) (n int) {
	o.t.Helper()
	o.must(o.db.Reader().QueryRow(`SELECT count(*) FROM audit_entries WHERE action = ?`, action).Scan(&n))
	return n
}
