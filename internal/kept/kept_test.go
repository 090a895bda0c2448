package kept_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/kept"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit"
)

func TestAFormWaitsForItsSessionOnceAndTenMinutes(t *testing.T) {
	db, clock := testkit.Database(t), testkit.NewClock()
	accounts := testkit.Accounts(t, db, clock)
	people := testkit.NewPeople(t, accounts)
	session := func() int64 {
		token, err := accounts.StartSession(t.Context(), account.Begun{UserID: people.Viewer.UserID, Proof: account.ByPassword})
		if err != nil {
			t.Fatal(err)
		}
		user, err := accounts.Identify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return user.SessionID()
	}
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{3}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	s := kept.NewService(db, sealer, clock.Now)
	hers, another := session(), session()
	form := kept.Form{Path: "/users?x=1", From: "/users/new", Values: url.Values{"name": {"Zoë & søn", "=%"}, "empty": {""}}}
	keep := func(sessionID int64) string {
		t.Helper()
		token, err := s.Keep(t.Context(), sessionID, form)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	gone := func(what string, err error) {
		t.Helper()
		if !problem.Is(err, problem.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	token := keep(hers)
	for _, read := range []func() (kept.Form, error){
		func() (kept.Form, error) { return s.Look(t.Context(), hers, token) },
		func() (kept.Form, error) { return s.Take(t.Context(), hers, token) },
	} {
		if got, err := read(); err != nil || got.Path != form.Path || got.From != form.From || got.Values.Encode() != form.Values.Encode() {
			t.Errorf("%+v, %v", got, err)
		}
	}
	_, err = s.Take(t.Context(), hers, token)
	gone("taken twice", err)
	_, err = s.Take(t.Context(), another, keep(hers))
	gone("of another session", err)
	_, err = s.Look(t.Context(), hers, "")
	gone("without a name", err)

	first := keep(hers)
	for range 10 {
		token = keep(hers)
	}
	_, err = s.Look(t.Context(), hers, first)
	gone("the eleventh of a session", err)
	clock.Advance(kept.Life)
	_, err = s.Look(t.Context(), hers, token)
	gone("after ten minutes", err)
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.Reader().QueryRow(`SELECT count(*) FROM kept_forms`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d forms are left, %v", left, err)
	}
	form.Values = url.Values{"x": {strings.Repeat("x", kept.MostBytes)}}
	if _, err := s.Keep(t.Context(), hers, form); !errors.Is(err, kept.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}
