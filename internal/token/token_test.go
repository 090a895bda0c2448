package token_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/token"
)

type office struct {
	*token.Service
	testkit.People
	t        *testing.T
	db       *database.DB
	clock    *testkit.Clock
	accounts *account.Service
}

func newOffice(t *testing.T) office {
	t.Helper()
	o := office{t: t, db: testkit.Database(t), clock: testkit.NewClock()}
	o.accounts = testkit.Accounts(t, o.db, o.clock)
	o.Service = token.NewService(o.db, o.accounts, o.clock.Now)
	o.accounts.OnDisable(o.EndAll)
	o.People = testkit.NewPeople(t, o.accounts)
	return o
}

var reading = access.ScopesOf(access.Read)

func (o office) create(of access.Actor, days int) (token.Token, string) {
	o.t.Helper()
	made, key, err := o.Create(o.t.Context(), of, token.Draft{Name: "nightly", Scopes: reading, Days: days})
	if err != nil {
		o.t.Fatal(err)
	}
	return made, key.Reveal()
}

// refused fails the test unless the key is refused with the code.
func (o office) refused(key, code string) {
	o.t.Helper()
	_, err := o.Identify(o.t.Context(), key)
	if !problem.Is(err, problem.SignedOut) || problem.Of(err).Code != code {
		o.t.Errorf("got %v, want %s", err, code)
	}
}

func TestAKeyIsItsPersonWithinItsScopesAsSheIsNow(t *testing.T) {
	o := newOffice(t)
	_, key := o.create(o.Contributor, 1)
	b, err := o.Identify(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.Actor(); a.UserID != o.Contributor.UserID || !a.Can(access.LookAround) || a.Can(access.EditSegments) || a.Can(access.ManageOwnAccount) {
		t.Errorf("acts as %+v", a)
	}
	if err := o.accounts.SetRole(t.Context(), o.Administrator, o.Contributor.UserID, access.Viewer); err != nil {
		t.Fatal(err)
	}
	if b, err = o.Identify(t.Context(), key); err != nil || b.User.Role != access.Viewer {
		t.Errorf("after her role changed: %+v, %v", b, err)
	}
}

func TestAKeyIsKnownByItsFormAndItsChecksum(t *testing.T) {
	o := newOffice(t)
	_, key := o.create(o.Viewer, 1)
	if !regexp.MustCompile("^" + token.Pattern + "$").MatchString(key) {
		t.Errorf("a scanner would not find %q", key)
	}
	for i := range key {
		slip := []byte(key)
		slip[i] ^= 1
		if _, ok := token.ParseKey(string(slip)); ok {
			t.Errorf("a slip at %d is not noticed", i)
		}
	}
	for _, text := range []string{"", "segue_", key + "0", key[1:], strings.ToUpper(key), " " + key[1:]} {
		if _, ok := token.ParseKey(text); ok {
			t.Errorf("%q is taken for a key", text)
		}
	}
	seen := map[string]bool{}
	for range 20 {
		_, another := o.create(o.Viewer, 1)
		if seen[another[:18]] || seen[another[18:]] {
			t.Fatal("two keys are alike")
		}
		seen[another[:18]], seen[another[18:]] = true, true
	}
}

func TestTheDatabaseHoldsNoKey(t *testing.T) {
	o := newOffice(t)
	_, key := o.create(o.Viewer, 1)
	rows, err := database.Column[string](o.db.Reader().QueryContext(t.Context(), `SELECT handle || hex(hash) || name || scopes FROM tokens`))
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if secret := key[18:61]; strings.Contains(rows[0], secret) || strings.Contains(rows[0], fmt.Sprintf("%X", secret)) {
		t.Error("the secret is in the database")
	}
	_, hidden, err := o.Create(t.Context(), o.Viewer, token.Draft{Name: "x", Scopes: reading, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, hidden); strings.Contains(text, hidden.Reveal()[6:20]) {
			t.Errorf("%s prints the key: %s", verb, text)
		}
	}
}

func TestAKeyWithAKnownHandleAndAnotherSecretIsRefused(t *testing.T) {
	o := newOffice(t)
	_, mine := o.create(o.Viewer, 1)
	_, other := o.create(o.Viewer, 1)
	if _, err := o.db.Writer().ExecContext(t.Context(), `UPDATE tokens SET hash = (SELECT hash FROM tokens WHERE handle = ?) WHERE handle = ?`, other[6:18], mine[6:18]); err != nil {
		t.Fatal(err)
	}
	o.refused(mine, "token.problem.unknown")
	if _, err := o.db.Writer().ExecContext(t.Context(), `DELETE FROM tokens`); err != nil {
		t.Fatal(err)
	}
	o.refused(other, "token.problem.unknown")
}

func TestATokenEndsWhenItExpiresIsRevokedOrItsPersonIsDisabled(t *testing.T) {
	o := newOffice(t)
	_, short := o.create(o.Viewer, 1)
	revoked, revokedKey := o.create(o.Viewer, 30)
	_, disabled := o.create(o.Viewer, 30)
	_, stays := o.create(o.Contributor, 30)
	o.clock.Advance(24*time.Hour - time.Second)
	if _, err := o.Identify(t.Context(), short); err != nil {
		t.Errorf("before its end: %v", err)
	}
	o.clock.Advance(time.Second)
	o.refused(short, "token.problem.expired")
	if err := o.Revoke(t.Context(), o.Viewer, revoked.ID); err != nil {
		t.Fatal(err)
	}
	o.refused(revokedKey, "token.problem.ended")
	if err := o.accounts.Disable(t.Context(), o.Administrator, o.Viewer.UserID); err != nil {
		t.Fatal(err)
	}
	o.refused(disabled, "token.problem.ended")
	if err := o.accounts.Enable(t.Context(), o.Administrator, o.Viewer.UserID); err != nil {
		t.Fatal(err)
	}
	o.refused(disabled, "token.problem.ended")
	if _, err := o.Identify(t.Context(), stays); err != nil {
		t.Errorf("another person's: %v", err)
	}
	list, err := o.ListOf(t.Context(), o.Administrator, o.Viewer.UserID)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	for _, one := range list {
		if want := map[bool]string{true: o.Viewer.Name, false: ""}[one.ID == revoked.ID]; one.EndedBy != want {
			t.Errorf("token %d was ended by %q, want %q", one.ID, one.EndedBy, want)
		}
	}
}

func TestARestoredStateKnowsNoTokens(t *testing.T) {
	o := newOffice(t)
	_, first := o.create(o.Viewer, 1)
	_, second := o.create(o.Administrator, 1)
	if err := o.db.InTx(t.Context(), func(tx database.Tx) error { return token.EndEverything(t.Context(), tx, o.clock.Now()) }); err != nil {
		t.Fatal(err)
	}
	o.refused(first, "token.problem.ended")
	o.refused(second, "token.problem.ended")
}

func TestADisabledPersonComesByNoTokenEvenIfItWasNotEnded(t *testing.T) {
	o := newOffice(t)
	_, key := o.create(o.Viewer, 1)
	if _, err := o.db.Writer().ExecContext(t.Context(), `UPDATE users SET disabled_at = 1 WHERE id = ?`, o.Viewer.UserID); err != nil {
		t.Fatal(err)
	}
	o.refused(key, "token.problem.disabled")
}

func TestUseIsNotedAtMostOnceAMinute(t *testing.T) {
	o := newOffice(t)
	made, key := o.create(o.Viewer, 1)
	used := func() time.Time {
		t.Helper()
		if _, err := o.Identify(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		found, err := o.Get(t.Context(), o.Viewer, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		return found.UsedAt
	}
	first := used()
	if !first.Equal(o.clock.Now()) {
		t.Errorf("first used at %v", first)
	}
	o.clock.Advance(59 * time.Second)
	if got := used(); !got.Equal(first) {
		t.Errorf("written again after 59 s: %v", got)
	}
	o.clock.Advance(time.Second)
	if got := used(); !got.Equal(o.clock.Now()) {
		t.Errorf("not written after a minute: %v", got)
	}
	o.clock.Advance(time.Hour)
	if _, err := o.Glance(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if found, err := o.Get(t.Context(), o.Viewer, made.ID); err != nil || found.UsedAt.Equal(o.clock.Now()) {
		t.Errorf("a glance was noted: %v %v", found.UsedAt, err)
	}
}

// TestAKeyCountsAlsoWhileNothingCanBeWritten is for who looks, by a program, how a Segue is whose disk is full, or that is busy writing.
func TestAKeyCountsAlsoWhileNothingCanBeWritten(t *testing.T) {
	o := newOffice(t)
	_, key := o.create(o.Viewer, 1)
	if err := o.db.InTx(t.Context(), func(database.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		bearer, err := o.Identify(ctx, key)
		if err != nil || bearer.User.ID != o.Viewer.UserID || !bearer.Token.UsedAt.IsZero() {
			t.Errorf("got %v, %v", bearer.Token, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if bearer, err := o.Identify(t.Context(), key); err != nil || !bearer.Token.UsedAt.Equal(o.clock.Now()) {
		t.Errorf("not noted afterwards: %v, %v", bearer.Token, err)
	}
}

func TestAPasswordChangeLeavesTokensAlone(t *testing.T) {
	o := newOffice(t)
	_, key := o.create(o.Viewer, 1)
	if err := o.accounts.ChangePassword(t.Context(), o.Viewer, testkit.Password, "green lamp under the stairs", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Identify(t.Context(), key); err != nil {
		t.Errorf("after the password was changed: %v", err)
	}
}

func TestAStartIsRememberedForADayAndOncePerKey(t *testing.T) {
	o := newOffice(t)
	mine, _ := o.create(o.Viewer, 30)
	other, _ := o.create(o.Viewer, 30)
	remember := func(of token.Token, key string, runID int64) error {
		return o.db.InTx(t.Context(), func(tx database.Tx) error { return o.Starting(of, key, "run 1").Remember(t.Context(), tx, runID) })
	}
	if err := remember(mine, "a", 7); err != nil {
		t.Fatal(err)
	}
	if err := remember(mine, "a", 8); err == nil {
		t.Error("one key started two runs")
	}
	if err := remember(other, "a", 9); err != nil {
		t.Errorf("the key of another token: %v", err)
	}
	if id, err := o.Starting(mine, "a", "run 1").Before(t.Context()); err != nil || id != 7 {
		t.Errorf("run %d, %v", id, err)
	}
	if _, err := o.Starting(mine, "a", "run 2").Before(t.Context()); !problem.Is(err, problem.Invalid) {
		t.Errorf("another request with the key: %v", err)
	}
	o.clock.Advance(24 * time.Hour)
	if id, err := o.Starting(mine, "a", "run 1").Before(t.Context()); err != nil || id != 0 {
		t.Errorf("after a day: run %d, %v", id, err)
	}
	if err := remember(mine, "a", 10); err != nil {
		t.Errorf("after a day: %v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("segue_")
	f.Add("segue_" + strings.Repeat("0", 61))
	f.Add(strings.Repeat("é", 40))
	f.Fuzz(func(t *testing.T, text string) {
		if key, ok := token.ParseKey(text); ok && (key.Reveal() != text || !regexp.MustCompile("^"+token.Pattern+"$").MatchString(text)) {
			t.Errorf("%q is taken for a key", text)
		}
	})
}
