package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/token"
)

func TestEverybodyManagesTheirOwnTokensAndAdministratorsEndThoseOfOthers(t *testing.T) {
	o := newOffice(t)
	of := map[string]token.Token{}
	for name, person := range map[string]access.Actor{"ada": o.Administrator, "carl": o.Contributor, "vera": o.Viewer} {
		of[name], _ = o.create(person, 1)
	}
	for _, c := range []struct {
		name string
		who  access.Actor
		sees map[string]bool
	}{
		{"viewer", o.Viewer, map[string]bool{"vera": true}},
		{"contributor", o.Contributor, map[string]bool{"carl": true}},
		{"administrator", o.Administrator, map[string]bool{"ada": true, "carl": true, "vera": true}},
		{"nobody", access.Actor{}, nil},
		{"administrator by a token", o.Administrator.Within(access.ScopesOf(access.AllScopes...)), nil},
	} {
		for name, one := range of {
			if _, err := o.Get(t.Context(), c.who, one.ID); (err == nil) != c.sees[name] {
				t.Errorf("%s looks at that of %s: %v", c.name, name, err)
			}
			if !c.sees[name] {
				if err := o.Revoke(t.Context(), c.who, one.ID); err == nil {
					t.Errorf("%s revokes that of %s", c.name, name)
				}
			}
		}
		if _, err := o.ListOf(t.Context(), c.who, o.Viewer.UserID); (err == nil) != (c.name == "administrator") {
			t.Errorf("%s lists those of others: %v", c.name, err)
		}
	}
	if err := o.Revoke(t.Context(), o.Administrator, of["vera"].ID); err != nil {
		t.Fatal(err)
	}
	if list, err := o.List(t.Context(), o.Viewer); err != nil || len(list) != 1 || list[0].EndedBy != o.Administrator.Name || list[0].StateAt(o.clock.Now()) != token.Ended {
		t.Errorf("%+v, %v", list, err)
	}
	if _, _, err := o.Create(t.Context(), o.Administrator.Within(access.ScopesOf(access.AllScopes...)), token.Draft{Name: "x", Scopes: reading, Days: 1}); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a token makes tokens: %v", err)
	}
	if _, _, err := o.Create(t.Context(), access.System, token.Draft{Name: "x", Scopes: reading, Days: 1}); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("the program has a token: %v", err)
	}
}

func TestATokenIsMadeOnlyByWhoConfirmedJustNowThatItIsShe(t *testing.T) {
	o := newOffice(t)
	d := token.Draft{Name: "nightly", Scopes: reading, Days: 1}
	for name, c := range map[string]struct {
		actor access.Actor
		kind  problem.Kind
	}{
		"confirmed long ago": {o.Viewer.Confirmed(o.clock.Now().Add(-access.FreshFor)), problem.ConfirmFirst},
		"by another token":   {o.Viewer.Within(access.ScopesOf(access.AllScopes...)), problem.NotPermitted},
		"nobody":             {access.Actor{}, problem.SignedOut},
	} {
		if _, _, err := o.Create(t.Context(), c.actor, d); !problem.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	made, key, err := o.Create(t.Context(), o.Viewer.Confirmed(o.clock.Now().Add(-access.FreshFor+1)), d)
	if err != nil || made.Name != d.Name {
		t.Fatal(made, err)
	}
	if _, err := o.Identify(t.Context(), key.Reveal()); err != nil {
		t.Error(err)
	}
}

func TestWhatATokenNeedsIsAskedForAllAtOnce(t *testing.T) {
	o := newOffice(t)
	for name, c := range map[string]struct {
		draft  token.Draft
		fields []string
	}{
		"nothing":          {token.Draft{}, []string{"name", "scopes", "days"}},
		"white space":      {token.Draft{Name: " \t", Scopes: reading, Days: 90}, []string{"name"}},
		"too long a name":  {token.Draft{Name: strings.Repeat("n", 101), Scopes: reading, Days: 90}, []string{"name"}},
		"more than a year": {token.Draft{Name: "x", Scopes: reading, Days: 366}, []string{"days"}},
		"ended already":    {token.Draft{Name: "x", Scopes: reading, Days: -1}, []string{"days"}},
	} {
		_, _, err := o.Create(t.Context(), o.Viewer, c.draft)
		var got []string
		for _, field := range problem.Of(err).Fields {
			got = append(got, field.Name)
		}
		if strings.Join(got, " ") != strings.Join(c.fields, " ") {
			t.Errorf("%s: %v, want %v", name, got, c.fields)
		}
	}
}

func TestNobodyHasMoreTokensThanAnybodyCouldLookAfter(t *testing.T) {
	o := newOffice(t)
	var first token.Token
	for i := range 50 {
		made, _ := o.create(o.Viewer, 1)
		if i == 0 {
			first = made
		}
	}
	_, _, err := o.Create(t.Context(), o.Viewer, token.Draft{Name: "one more", Scopes: reading, Days: 1})
	if !problem.Is(err, problem.Conflict) {
		t.Errorf("a 51st: %v", err)
	}
	if err := o.Revoke(t.Context(), o.Viewer, first.ID); err != nil {
		t.Fatal(err)
	}
	o.create(o.Viewer, 1)
	o.create(o.Contributor, 1)
}

func TestTokensThatEndedLongAgoAreForgotten(t *testing.T) {
	o := newOffice(t)
	o.create(o.Viewer, 1)
	o.clock.Advance(90 * 24 * time.Hour)
	o.create(o.Viewer, 1)
	if list, err := o.List(t.Context(), o.Viewer); err != nil || len(list) != 2 {
		t.Fatalf("too early: %d, %v", len(list), err)
	}
	o.clock.Advance(2 * 24 * time.Hour)
	o.create(o.Viewer, 1)
	if list, err := o.List(t.Context(), o.Viewer); err != nil || len(list) != 2 {
		t.Errorf("%d are shown, %v", len(list), err)
	}
}
