package connection_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

func from(name string) secretstore.Reference {
	return secretstore.Reference{Store: "files", Name: name}
}

// put puts a secret into the store; "" takes it away.
func (w *world) put(name, value string) {
	w.t.Helper()
	path := filepath.Join(w.secrets, name)
	err := os.WriteFile(path, []byte(value+"\n"), 0o600)
	if value == "" {
		err = os.Remove(path)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// connectOutside makes a connection whose key comes from the store.
func (w *world) connectOutside(name string) connection.Connection {
	w.t.Helper()
	ctx := w.t.Context()
	step := must[connection.Draft](w.t)
	step(w.Begin(ctx, ada, "omnisend"))
	typed := entry("Tea shop", "")
	typed.From = from(name)
	step(w.Fill(ctx, ada, typed))
	step(w.Connect(ctx, ada))
	step(w.ConfirmExportUser(ctx, ada))
	return must[connection.Connection](w.t)(w.Save(ctx, ada))
}

func (w *world) now(id int64) connection.Overview {
	w.t.Helper()
	return must[connection.Overview](w.t)(w.Get(w.t.Context(), ada, id))
}

func TestAKeyOutsideIsProvedLikeATypedOneAndNeverKeptHere(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("omnisend", plantedKey)
	c := w.connectOutside("omnisend")
	if c.KeyFrom != from("omnisend") || c.BrandID != "brand1" {
		t.Errorf("saved %+v", c)
	}
	open, _, err := w.Account(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if brand, err := open(openGate{}).Verify(ctx); err != nil || brand.ID != "brand1" {
		t.Errorf("%+v, %v", brand, err)
	}
	var sealed int
	err = w.db.Reader().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM connections WHERE sealed_key IS NOT NULL) + (SELECT count(*) FROM connection_drafts)`).Scan(&sealed)
	if err != nil || sealed != 0 {
		t.Errorf("%d keys are kept, %v", sealed, err)
	}
	told := must[[]string](t)(database.Column[string](w.db.Reader().QueryContext(ctx, `SELECT changes FROM audit_entries`)))
	if strings.Contains(strings.Join(told, "\n"), plantedKey) {
		t.Errorf("the audit log holds the key: %v", told)
	}
}

func TestAnEntryThatNamesNoSecretIsRefusedBesideItsField(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("wrong", "not-a-key")
	must[connection.Draft](t)(w.Begin(ctx, ada, "omnisend"))
	for name, test := range map[string]struct {
		from     secretstore.Reference
		fill     []string
		connects []string
	}{
		"no such store":   {secretstore.Reference{Store: "vault", Name: "a"}, []string{"key_from: connections.problem.store_unknown"}, nil},
		"no name":         {from(""), []string{"key_name: problem.required"}, nil},
		"out of the box":  {from("../segue.key"), []string{"key_name: connections.problem.secret_name"}, nil},
		"not there":       {from("absent"), nil, []string{"key_name: connections.problem.secret_missing"}},
		"there, no key":   {from("wrong"), nil, []string{"key_name: connections.problem.key_refused"}},
		"without a store": {secretstore.Reference{}, []string{"key: problem.required"}, nil},
	} {
		typed := entry("Tea shop", "")
		typed.From = test.from
		_, err := w.Fill(ctx, ada, typed)
		if !slices.Equal(codes(err), test.fill) {
			t.Errorf("%s: %v", name, err)
		}
		if test.fill == nil {
			_, err := w.Connect(ctx, ada)
			wantCodes(t, err, test.connects...)
		}
	}
}

func TestASecretThatIsLostBreaksItsConnectionUntilItIsBack(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("omnisend", plantedKey)
	c := w.connectOutside("omnisend")
	look := func() connection.Overview {
		t.Helper()
		if err := w.LookAtSecrets(ctx); err != nil {
			t.Fatal(err)
		}
		return w.now(c.ID)
	}
	if o := look(); o.Obstacle != connection.NoObstacle {
		t.Errorf("%+v", o)
	}
	w.put("omnisend", "")
	if o := look(); o.Failure != connection.SecretMissing || o.Obstacle != connection.KeyFailed {
		t.Errorf("lost: %s %s", o.Failure, o.Obstacle)
	}
	wantCodes(t, w.Verify(ctx, ada, c.ID), "key_name: connections.problem.secret_missing")
	w.put("omnisend", plantedKey)
	if o := look(); o.Failure != "" || o.Obstacle != connection.NoObstacle {
		t.Errorf("back: %s %s", o.Failure, o.Obstacle)
	}
	// A run comes upon it before anybody looked.
	if err := os.Rename(w.secrets, w.secrets+"-away"); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Account(ctx, c.ID)
	if connection.FailureOf(err) != connection.StoreUnavailable || w.now(c.ID).Failure != connection.StoreUnavailable {
		t.Errorf("%v, %s", err, w.now(c.ID).Failure)
	}
	if err := os.Rename(w.secrets+"-away", w.secrets); err != nil {
		t.Fatal(err)
	}
	if o := look(); o.Failure != "" {
		t.Errorf("the store is back: %s", o.Failure)
	}
}

func TestASecretThatWasRotatedIsTakenUpAndHeldAgainstItsBrand(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("omnisend", plantedKey)
	c := w.connectOutside("omnisend")
	look := func() connection.Failure {
		t.Helper()
		if err := w.LookAtSecrets(ctx); err != nil {
			t.Fatal(err)
		}
		return w.now(c.ID).Failure
	}
	if got := look(); got != "" {
		t.Fatal(got)
	}
	w.put("omnisend", otherKey)
	open, _, err := w.Account(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if brand, err := open(openGate{}).Verify(ctx); err != nil || brand.ID != "brand2" {
		t.Errorf("the next use has the old key: %+v, %v", brand, err)
	}
	if got := look(); got != connection.BrandChanged {
		t.Errorf("another brand: %q", got)
	}
	// To go on with the other brand takes consent, and a look at the brand.
	wantCodes(t, w.Verify(ctx, ada, c.ID), "connections.problem.brand_changed")
	o := w.now(c.ID)
	if o.KeyChange.From != from("omnisend") || o.KeyChange.Brand.ID != "brand2" {
		t.Errorf("waiting: %+v", o.KeyChange)
	}
	wantCodes(t, w.AcceptBrand(ctx, ada, c.ID, o.Version, "brand2", connection.CurrentTerms, true))
	if o = w.now(c.ID); o.BrandID != "brand2" || o.Obstacle != connection.NoObstacle || o.KeyFrom != from("omnisend") {
		t.Errorf("accepted: %+v", o)
	}
	w.put("omnisend", "withdrawn")
	if got := look(); got != connection.KeyRefused {
		t.Errorf("a key that does not work: %q", got)
	}
	w.put("omnisend", otherKey)
	if got := look(); got != "" {
		t.Errorf("one that works: %q", got)
	}
}

func TestASecretThatWasRotatedIsProvedUntilThatWasDoneHere(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("omnisend", plantedKey)
	c := w.connectOutside("omnisend")
	look := func() connection.Failure {
		t.Helper()
		if err := w.LookAtSecrets(ctx); err != nil {
			t.Fatal(err)
		}
		return w.now(c.ID).Failure
	}
	w.put("omnisend", otherKey) // while this process was not there to look
	if got := look(); got != connection.BrandChanged {
		t.Errorf("rotated across a restart: %q", got)
	}
	w.put("omnisend", plantedKey)
	if got := look(); got != "" {
		t.Fatalf("the one before: %q", got)
	}
	for name, lost := range map[string]bool{"in place": false, "after it was lost": true} {
		if lost {
			w.put("omnisend", "")
			if got := look(); got != connection.SecretMissing {
				t.Fatalf("lost: %q", got)
			}
		}
		w.put("omnisend", otherKey)
		w.sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1})
		if got := look(); got != "" {
			t.Errorf("%s, a fault that passes: %q", name, got)
		}
		w.sandbox.SetFaults(sandbox.Faults{})
		if got := look(); got != connection.BrandChanged {
			t.Errorf("%s, when it has passed: %q", name, got)
		}
		w.put("omnisend", plantedKey)
		if got := look(); got != "" {
			t.Fatalf("%s, the one before: %q", name, got)
		}
	}
	// What was proved is not asked for once a minute.
	w.sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
	if got := look(); got != "" {
		t.Errorf("proved, and asked again: %q", got)
	}
}

func TestAllAccountsOfOneReadingHaveTheSameKey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("omnisend", plantedKey)
	c := w.connectOutside("omnisend")
	open, _, err := w.Account(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the one that proves, and after a rotation the one that sends
		if brand, err := open(openGate{}).Verify(ctx); err != nil || brand.ID != c.BrandID {
			t.Errorf("%+v, %v", brand, err)
		}
		w.put("omnisend", otherKey)
		if err := w.LookAtSecrets(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAConnectionThatTakesItsKeyFromAStoreStaysThere(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.put("omnisend", plantedKey)
	w.put("another", plantedKey)
	typed := w.connect("Typed", false)
	wantCodes(t, w.TakeFrom(ctx, ada, typed.ID, typed.Version, from("omnisend"))) // there is a way in
	o := w.now(typed.ID)
	if o.KeyFrom != from("omnisend") {
		t.Errorf("%+v", o.KeyFrom)
	}
	sealed := must[[]int](t)(database.Column[int](w.db.Reader().QueryContext(ctx, `SELECT id FROM connections WHERE sealed_key IS NOT NULL`)))
	if len(sealed) != 0 {
		t.Error("the typed key is still there")
	}
	told := must[[]string](t)(database.Column[string](w.db.Reader().QueryContext(ctx, `SELECT changes FROM audit_entries ORDER BY id DESC LIMIT 1`)))
	if len(told) != 1 || !strings.Contains(told[0], `"field":"key_from","after":"files: omnisend"`) {
		t.Errorf("the audit log tells %v", told)
	}
	wantCodes(t, w.ReplaceKey(ctx, ada, o.ID, o.Version, secret.NewText(plantedKey)), "connections.problem.stays_in_store") // and none out
	wantCodes(t, w.TakeFrom(ctx, ada, o.ID, o.Version, from("another")))
	wantCodes(t, w.TakeFrom(ctx, clara, o.ID, o.Version, from("another")), "problem.not_permitted")
	if err := w.TakeFrom(ctx, access.Actor{UserID: 1, Role: access.Administrator}, o.ID, o.Version, from("another")); err == nil {
		t.Error("nobody was asked who is there")
	}
}
