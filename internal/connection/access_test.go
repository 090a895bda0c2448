package connection_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

func TestOnlyAdministratorsManageConnections(t *testing.T) {
	w := newWorld(t)
	c := w.connect("Tea shop", true)
	second := func(_ any, err error) error { return err }
	methods := map[string]func(context.Context, access.Actor) error{
		"Draft": func(ctx context.Context, a access.Actor) error { return second(w.Draft(ctx, a)) },
		"Begin": func(ctx context.Context, a access.Actor) error { return second(w.Begin(ctx, a, "omnisend")) },
		"Fill": func(ctx context.Context, a access.Actor) error {
			return second(w.Fill(ctx, a, entry("New", plantedKey)))
		},
		"Connect": func(ctx context.Context, a access.Actor) error { return second(w.Connect(ctx, a)) },
		"Confirm": func(ctx context.Context, a access.Actor) error { return second(w.ConfirmExportUser(ctx, a)) },
		"Save":    func(ctx context.Context, a access.Actor) error { return second(w.Save(ctx, a)) },
		"Discard": func(ctx context.Context, a access.Actor) error { return w.Discard(ctx, a) },
		"List":    func(ctx context.Context, a access.Actor) error { return second(w.List(ctx, a)) },
		"Get":     func(ctx context.Context, a access.Actor) error { return second(w.Get(ctx, a, c.ID)) },
		"Edit": func(ctx context.Context, a access.Actor) error {
			return second(w.Edit(ctx, a, c.ID, connection.Change{}))
		},
		"Agree":    func(ctx context.Context, a access.Actor) error { return second(w.Agree(ctx, a, c.ID, 1, "1", true)) },
		"Withdraw": func(ctx context.Context, a access.Actor) error { return second(w.WithdrawConsent(ctx, a, c.ID, 99)) },
		"BecomeExportUser": func(ctx context.Context, a access.Actor) error {
			return second(w.BecomeExportUser(ctx, a, c.ID, 99))
		},
		"ReplaceKey": func(ctx context.Context, a access.Actor) error {
			return w.ReplaceKey(ctx, a, c.ID, 99, secret.NewText(freshKey))
		},
		"TryKey": func(ctx context.Context, a access.Actor) error { return w.TryKey(ctx, a, c.ID) },
		"AcceptBrand": func(ctx context.Context, a access.Actor) error {
			return w.AcceptBrand(ctx, a, c.ID, 99, "b", "1", true)
		},
		"DiscardKey": func(ctx context.Context, a access.Actor) error { return w.DiscardKey(ctx, a, c.ID) },
		"Verify":     func(ctx context.Context, a access.Actor) error { return w.Verify(ctx, a, c.ID) },
		"Remove":     func(ctx context.Context, a access.Actor) error { return w.Remove(ctx, a, c.ID, 99, nil) },
	}
	for name, call := range methods {
		for who, actor := range map[string]access.Actor{"contributor": clara, "viewer": viggo} {
			if err := call(t.Context(), actor); !problem.Is(err, problem.NotPermitted) {
				t.Errorf("%s as %s: %v", name, who, err)
			}
		}
		if err := call(t.Context(), access.Actor{}); !problem.Is(err, problem.SignedOut) {
			t.Errorf("%s as nobody: %v", name, err)
		}
		if err := call(t.Context(), ada); problem.Is(err, problem.NotPermitted) || problem.Is(err, problem.SignedOut) {
			t.Errorf("%s as administrator: %v", name, err)
		}
	}
}

func TestTheProgramItselfEditsWhoMayUseAConnectionAndGivesNobodysConsent(t *testing.T) {
	w := newWorld(t)
	c := w.connect("Tea shop", true)
	changed, err := w.Edit(t.Context(), access.System, c.ID, connection.Change{Version: c.Version, Name: c.Name})
	if err != nil || changed.Grant != access.OnlyAdministrators {
		t.Errorf("%+v, %v", changed, err)
	}
	if _, err := w.Agree(t.Context(), access.System, c.ID, changed.Version, "1", true); !problem.Is(err, problem.SignedOut) {
		t.Errorf("agreed: %v", err)
	}
	if _, err := w.Edit(t.Context(), ada.Within(access.ScopesOf(access.AllScopes...)), c.ID, connection.Change{Version: changed.Version, Name: c.Name}); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("edited by a token: %v", err)
	}
}

func TestWhoMayUseAConnectionSeesItsNameAndTypeAndNoOther(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	closed := w.connect("Closed", false)
	open := w.connect("Open", true)
	want := connection.Choice{ID: open.ID, Type: "omnisend", Name: "Open"}
	if got := must[[]connection.Choice](t)(w.Usable(ctx, clara)); len(got) != 1 || got[0] != want {
		t.Errorf("a contributor is offered %+v", got)
	}
	if got := must[[]connection.Choice](t)(w.Usable(ctx, ada)); len(got) != 2 {
		t.Errorf("an administrator is offered %+v", got)
	}
	if got := must[connection.Choice](t)(w.Choose(ctx, clara, open.ID)); got != want {
		t.Errorf("a contributor gets %+v", got)
	}
	if _, err := w.Choose(ctx, clara, closed.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("a connection that is not hers: %v", err)
	}
	must[connection.Connection](t)(w.Edit(ctx, ada, open.ID, connection.Change{Version: open.Version, Name: "Open"}))
	if got := must[[]connection.Choice](t)(w.Usable(ctx, clara)); len(got) != 0 {
		t.Errorf("after the withdrawal she is offered %+v", got)
	}
	for _, actor := range []access.Actor{viggo, {}} {
		_, listed := w.Usable(ctx, actor)
		_, chosen := w.Choose(ctx, actor, closed.ID)
		if listed == nil || chosen == nil {
			t.Errorf("%+v may use connections", actor)
		}
	}
}

func TestNoKeyIsFoundInTheDatabaseOrInWhatIsPrinted(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.connect("Tea shop", false)
	wantCodes(t, w.ReplaceKey(ctx, ada, c.ID, c.Version, secret.NewText(otherKey)), "connections.problem.brand_changed")
	must[connection.Draft](t)(w.Begin(ctx, ada, "omnisend"))
	typed := entry("Second", freshKey)
	d := must[connection.Draft](t)(w.Fill(ctx, ada, typed))
	overview := must[connection.Overview](t)(w.Get(ctx, ada, c.ID))
	var printed strings.Builder
	for _, value := range []any{c, overview, d, typed} {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&printed, "%v %+v %#v %s\n", value, value, value, encoded)
	}
	var file string
	if err := w.db.Reader().QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(file + "*")
	if err != nil || len(parts) < 2 {
		t.Fatalf("files %v, %v", parts, err)
	}
	for _, key := range []string{plantedKey, otherKey, freshKey} {
		if strings.Contains(printed.String(), key) {
			t.Errorf("printed: %s", key)
		}
		for _, part := range parts {
			content, err := os.ReadFile(part)
			if err != nil || bytes.Contains(content, []byte(key)) {
				t.Errorf("%s holds a key, or %v", filepath.Base(part), err)
			}
		}
	}
}

func TestASealedKeyOpensOnlyInItsOwnRow(t *testing.T) {
	w := newWorld(t)
	first, second := w.connect("First", false), w.connect("Second", false)
	w.write(`UPDATE connections SET sealed_key = (SELECT sealed_key FROM connections WHERE id = ?) WHERE id = ?`, first.ID, second.ID)
	_, _, err := w.Account(t.Context(), second.ID)
	wantCodes(t, err, "connections.problem.cannot_open")
	wantCodes(t, w.Verify(t.Context(), ada, second.ID), "connections.problem.cannot_open")
}

func TestTheTermsAreThereInEveryLanguageAndNameTheDestination(t *testing.T) {
	english, err := connection.ReadTerms(connection.CurrentTerms, "en", "Omnisend")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range i18n.Languages() {
		terms, err := connection.ReadTerms(connection.CurrentTerms, language, "Omnisend")
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(terms); !strings.Contains(text, "Omnisend") || strings.Contains(text, "{destination}") {
			t.Errorf("%s: %s", language, text)
		}
		if len(terms.Points) != len(english.Points) || terms.Opening == "" || terms.Agree == "" {
			t.Errorf("%s says less than English", language)
		}
		if language != "en" && terms.Opening == english.Opening {
			t.Errorf("%s is English", language)
		}
	}
	if _, err := connection.ReadTerms("none", "en", "Omnisend"); err == nil {
		t.Error("read terms that are not there")
	}
}

// published are the SHA-256 sums of the terms' files. A sum that changes means that people agreed to other words than the
// file now holds: make a new version instead.
var published = map[string]string{
	"1.en": "9a8a7fe16a0fb5ec9bc8c3f0f7af99154798be6659e556e8b9456ac46c097bdc",
	"2.en": "7d4279d0a823d6e83d8f242d03c665774609389a5d4327e19fa046b375cb0b8d",
	"2.da": "6b707b1c509a4face94e9ad04761dba3b70b117de292596d9ad1a69659a44961",
	"1.da": "e67d2238e8b35b4bb0d6f6a0ddfac507d026e676eba552a27c57f73320b01c18",
}

func TestPublishedTermsNeverChange(t *testing.T) {
	files, err := filepath.Glob("terms/*.toml")
	if err != nil || len(files) != len(published) {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".toml")
		if got := fmt.Sprintf("%x", sha256.Sum256(content)); got != published[name] {
			t.Errorf("%s is %s, published was %q", name, got, published[name])
		}
	}
}
