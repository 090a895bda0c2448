package connection_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/secret"
)

func TestAConnectionIsMadeStepByStep(t *testing.T) {
	w := newWorld(t)
	heard := w.events.Listen("connections", "connection/1")
	defer heard.Close()
	c := w.connect("  Tea   shop ", true)
	if c.Name != "Tea shop" || c.Grant != access.AllContributors || c.BrandID != "brand1" || c.BrandName != "Nordic Tea" || c.ExportUserID != ada.UserID {
		t.Errorf("saved %+v", c)
	}
	if c.Consent.TermsVersion != connection.CurrentTerms || c.Consent.UserName != ada.Name || !c.Consent.At.Equal(w.clock.Now()) {
		t.Errorf("consent %+v", c.Consent)
	}
	if got := heard.Take(); len(got) != 2 {
		t.Errorf("heard %v", got)
	}
	if d := must[connection.Draft](t)(w.Draft(t.Context(), ada)); d.Next() != connection.StepType {
		t.Errorf("the draft outlived its saving: %+v", d)
	}
	overview := must[connection.Overview](t)(w.Get(t.Context(), ada, c.ID))
	if overview.Obstacle != connection.NoObstacle || overview.DestinationName != "Omnisend" {
		t.Errorf("overview %+v", overview)
	}
}

func TestTheAuditLogNamesThoseToWhomANewConnectionIsGranted(t *testing.T) {
	for want, grant := range map[string]access.Grant{
		"administrators": access.OnlyAdministrators, "contributors": access.AllContributors, "Clara Ito, Dora Berg": access.Named(clara.UserID, dora.UserID),
	} {
		w := newWorld(t)
		ctx := t.Context()
		step := must[connection.Draft](t)
		step(w.Begin(ctx, ada, "omnisend"))
		typed := entry("Tea shop", plantedKey)
		typed.Grant = grant
		step(w.Fill(ctx, ada, typed))
		step(w.Connect(ctx, ada))
		step(w.ConfirmExportUser(ctx, ada))
		must[connection.Connection](t)(w.Save(ctx, ada))
		told := must[[]string](t)(database.Column[string](w.db.Reader().QueryContext(ctx, `SELECT changes FROM audit_entries WHERE action = 'connection.added'`)))
		if len(told) != 1 || !strings.Contains(told[0], `{"field":"access","after":"`+want+`"}`) {
			t.Errorf("%s: %v", want, told)
		}
	}
}

// Each case leaves one step out, or undoes it, and calls a later one, as a crafted request would.
func TestNoStepCanBeSkippedByACraftedRequest(t *testing.T) {
	begin := func(w *world) error { _, err := w.Begin(w.t.Context(), ada, "omnisend"); return err }
	fill := func(typed connection.Entry) func(*world) error {
		return func(w *world) error { _, err := w.Fill(w.t.Context(), ada, typed); return err }
	}
	whole := fill(entry("Tea shop", plantedKey))
	connect := func(w *world) error { _, err := w.Connect(w.t.Context(), ada); return err }
	confirm := func(w *world) error { _, err := w.ConfirmExportUser(w.t.Context(), ada); return err }
	save := func(w *world) error { _, err := w.Save(w.t.Context(), ada); return err }
	without := func(change func(*connection.Entry)) func(*world) error {
		typed := entry("Tea shop", plantedKey)
		change(&typed)
		return fill(typed)
	}
	noName := without(func(e *connection.Entry) { e.Name = "" })
	noKey := without(func(e *connection.Entry) { e.Key = secret.Text{} })
	noConsent := without(func(e *connection.Entry) { e.Agree = false })
	oldTerms := without(func(e *connection.Entry) { e.TermsVersion = "0" })
	otherKeyLater := fill(entry("Tea shop", otherKey))
	type act = func(*world) error
	for name, test := range map[string]struct {
		before []act // their failures are part of the case
		last   act
		want   string
	}{
		"filling in before a type is chosen":               {nil, whole, "connections.problem.step.type"},
		"connecting before anything":                       {nil, connect, "connections.problem.step.type"},
		"becoming export user before anything":             {nil, confirm, "connections.problem.step.type"},
		"saving before anything":                           {nil, save, "connections.problem.step.type"},
		"connecting without a name":                        {[]act{begin, noName}, connect, "connections.problem.step.name"},
		"connecting without a key":                         {[]act{begin, noKey}, connect, "connections.problem.step.key"},
		"connecting without consent":                       {[]act{begin, noConsent}, connect, "connections.problem.step.terms"},
		"connecting on consent to other terms":             {[]act{begin, oldTerms}, connect, "connections.problem.step.terms"},
		"becoming export user before connecting":           {[]act{begin, whole}, confirm, "connections.problem.step.connect"},
		"saving before connecting":                         {[]act{begin, whole}, save, "connections.problem.step.connect"},
		"saving before there is an export user":            {[]act{begin, whole, connect}, save, "connections.problem.step.export_user"},
		"saving with a key that was changed after proof":   {[]act{begin, whole, connect, confirm, otherKeyLater}, save, "connections.problem.step.connect"},
		"confirming with a key that was changed":           {[]act{begin, whole, connect, otherKeyLater}, confirm, "connections.problem.step.connect"},
		"saving after agreement was taken back":            {[]act{begin, whole, connect, confirm, noConsent}, save, "connections.problem.step.terms"},
		"saving after agreement was taken back and given":  {[]act{begin, whole, connect, confirm, noConsent, whole}, save, "connections.problem.step.connect"},
		"saving after starting over":                       {[]act{begin, whole, connect, confirm, func(w *world) error { return w.Discard(w.t.Context(), ada) }}, save, "connections.problem.step.type"},
		"saving twice":                                     {[]act{begin, whole, connect, confirm, save}, save, "connections.problem.step.type"},
		"saving what was left for more than a day":         {[]act{begin, whole, connect, confirm, func(w *world) error { w.clock.Advance(25 * time.Hour); return nil }}, save, "connections.problem.step.type"},
		"saving what another administrator has set up":     {[]act{begin, whole, connect, confirm}, func(w *world) error { _, err := w.Save(w.t.Context(), bo); return err }, "connections.problem.step.type"},
		"saving after the proved key was refused":          {[]act{begin, whole, connect, confirm, revoke, connect}, save, "connections.problem.step.connect"},
		"saving a name that was taken in the meantime":     {[]act{begin, whole, connect, confirm, takeName}, save, "name: connections.problem.name_taken"},
		"becoming export user without being asked":         {[]act{begin, whole, connect}, func(w *world) error { _, err := w.ConfirmExportUser(w.t.Context(), unaskedAda); return err }, "problem.confirm_first"},
		"choosing a kind of destination that there is not": {nil, func(w *world) error { _, err := w.Begin(w.t.Context(), ada, "carrier pigeon"); return err }, "type: problem.choose"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, step := range test.before {
				_ = step(w)
			}
			wantCodes(t, test.last(w), test.want)
			if test.want != "connections.problem.step.type" || name != "saving twice" {
				for _, c := range must[[]connection.Overview](t)(w.List(t.Context(), ada)) {
					if c.Name != "tea SHOP" {
						t.Errorf("made %+v", c.Connection)
					}
				}
			}
		})
	}
}

func revoke(w *world) error {
	w.sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
	return nil
}

func takeName(w *world) error {
	w.write(`INSERT INTO connections (type, name, name_key, brand_id, brand_name, brand_website, verified_at, created_by, created_at, updated_at)
		VALUES ('omnisend', 'tea SHOP', 'tea shop', 'b', 'b', '', 0, 2, 0, 0)`)
	return nil
}

func TestWhatWasTypedWellIsKeptBesideWhatWasNot(t *testing.T) {
	for name, test := range map[string]struct {
		typed connection.Entry
		want  []string
		kept  string // name in the draft
		key   bool
	}{
		"everything right":            {entry("Tea shop", plantedKey), nil, "Tea shop", true},
		"no name":                     {entry("", plantedKey), []string{"name: problem.required"}, "", true},
		"a name of blanks":            {entry(" \t ", plantedKey), []string{"name: problem.required"}, "", true},
		"a name of two letters":       {entry("AB", plantedKey), []string{"name: connections.problem.name_short"}, "", true},
		"a name of signs":             {entry("?!?!", plantedKey), []string{"name: connections.problem.name_short"}, "", true},
		"a name that only says what":  {entry(" OmniSend! ", plantedKey), []string{"name: connections.problem.name_type"}, "", true},
		"a name that is far too long": {entry(strings.Repeat("å", 101), plantedKey), []string{"name: problem.too_long"}, "", true},
		"a name with a hidden sign":   {entry("Tea\u202eshop", plantedKey), []string{"name: connections.problem.name_signs"}, "", true},
		"no key":                      {entry("Tea shop", ""), []string{"key: problem.required"}, "Tea shop", false},
		"a key in two words":          {entry("Tea shop", "two words"), []string{"key: connections.problem.key_signs"}, "Tea shop", false},
		"a key with a hidden sign":    {entry("Tea shop", "key\u200b1"), []string{"key: connections.problem.key_signs"}, "Tea shop", false},
		"a key of any other form":     {entry("Tea shop", "no-rule_for:keys/æ=="), nil, "Tea shop", true},
		"all wrong at once": {
			connection.Entry{}, []string{"name: problem.required", "key: problem.required", "agree: connections.problem.agree"}, "", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			must[connection.Draft](t)(w.Begin(t.Context(), ada, "omnisend"))
			_, err := w.Fill(t.Context(), ada, test.typed)
			wantCodes(t, err, test.want...)
			d := must[connection.Draft](t)(w.Draft(t.Context(), ada))
			if d.Name != test.kept || d.HasKey != test.key {
				t.Errorf("kept %q, key %v", d.Name, d.HasKey)
			}
		})
	}
}

func TestANameIsTakenWhateverItsCaseAndUntilItsConnectionIsRemoved(t *testing.T) {
	w := newWorld(t)
	c := w.connect("Måned Straße", false)
	must[connection.Draft](t)(w.Begin(t.Context(), ada, "omnisend"))
	_, err := w.Fill(t.Context(), ada, entry("MA\u030aNED  STRASSE", plantedKey))
	wantCodes(t, err, "name: connections.problem.name_taken")
	if err := w.Remove(t.Context(), ada, c.ID, c.Version, nil); err != nil {
		t.Fatal(err)
	}
	_, err = w.Fill(t.Context(), ada, entry("Måned Straße", plantedKey))
	wantCodes(t, err)
}

func TestEachWayOfNotConnectingHasItsOwnMessageAndKeepsTheKey(t *testing.T) {
	for name, test := range map[string]struct {
		key    string
		faults sandbox.Faults
		want   string
	}{
		"a key that is wrong":                {"wrong-key", sandbox.Faults{}, "key: connections.problem.key_refused"},
		"a key that was withdrawn":           {plantedKey, sandbox.Faults{KeysRevoked: true}, "key: connections.problem.key_refused"},
		"a key without a permission":         {"scopeless-key", sandbox.Faults{}, "key: connections.problem.scope_missing"},
		"a brand that is not connected":      {"closed-key", sandbox.Faults{}, "key: connections.problem.brand_unable"},
		"a key that names no brand":          {"nameless-key", sandbox.Faults{}, "key: connections.problem.brand_unable"},
		"a version of the API that is gone":  {plantedKey, sandbox.Faults{VersionRetired: true}, "connections.problem.version_retired"},
		"too many requests":                  {plantedKey, sandbox.Faults{ThrottleShare: 1}, "connections.problem.throttled"},
		"a fault on their side":              {plantedKey, sandbox.Faults{ServerErrorShare: 1}, "connections.problem.unavailable"},
		"a connection that is cut":           {plantedKey, sandbox.Faults{DropBeforeShare: 1}, "connections.problem.unreachable"},
		"half an answer":                     {plantedKey, sandbox.Faults{HalfAnswerShare: 1}, "connections.problem.unreachable"},
		"an answer that comes much too late": {plantedKey, sandbox.Faults{LatencyMillis: 5000}, "connections.problem.unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			must[connection.Draft](t)(w.Begin(t.Context(), ada, "omnisend"))
			must[connection.Draft](t)(w.Fill(t.Context(), ada, entry("Tea shop", test.key)))
			w.sandbox.SetFaults(test.faults)
			_, err := w.Connect(t.Context(), ada)
			wantCodes(t, err, test.want)
			if strings.Contains(err.Error(), test.key) {
				t.Errorf("the error shows the key: %v", err)
			}
			d := must[connection.Draft](t)(w.Draft(t.Context(), ada))
			if d.Next() != connection.StepConnect || d.Name != "Tea shop" {
				t.Errorf("the draft is %+v", d)
			}
			if test.key != plantedKey {
				return
			}
			w.sandbox.SetFaults(sandbox.Faults{})
			_, err = w.Connect(t.Context(), ada)
			wantCodes(t, err)
		})
	}
}

func TestAProofCountsOnlyForTheKeyThatWasTried(t *testing.T) {
	stand := newWorld(t).sandbox
	arrived, goOn := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-goOn
		stand.ServeHTTP(w, r)
	}))
	defer server.Close()
	w := newWorldAt(t, server.URL+"/api", stand)
	must[connection.Draft](t)(w.Begin(t.Context(), ada, "omnisend"))
	must[connection.Draft](t)(w.Fill(t.Context(), ada, entry("Tea shop", plantedKey)))
	ended := make(chan error)
	go func() {
		_, err := w.Connect(t.Context(), ada)
		ended <- err
	}()
	<-arrived // the proof is under way
	must[connection.Draft](t)(w.Fill(t.Context(), ada, entry("Tea shop", "wrong-key")))
	close(goOn)
	wantCodes(t, <-ended, "problem.changed")
	if d := must[connection.Draft](t)(w.Draft(t.Context(), ada)); d.Next() != connection.StepConnect {
		t.Errorf("another key's proof was kept: %+v", d)
	}
}

func TestWhatWasLeftForADayIsErased(t *testing.T) {
	w := newWorld(t)
	must[connection.Draft](t)(w.Begin(t.Context(), ada, "omnisend"))
	must[connection.Draft](t)(w.Fill(t.Context(), ada, entry("Tea shop", plantedKey)))
	w.clock.Advance(23 * time.Hour)
	if n := must[int64](t)(w.DropOld(t.Context())); n != 0 {
		t.Errorf("dropped %d too early", n)
	}
	w.clock.Advance(2 * time.Hour)
	if n := must[int64](t)(w.DropOld(t.Context())); n != 1 {
		t.Errorf("dropped %d", n)
	}
}
