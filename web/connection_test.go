package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/testkit"
)

// twoExports use every connection, and remember what was done to them.
type twoExports struct{ by, detached, removed, paused []int64 }

func (e *twoExports) OnConnection(context.Context, database.Querier, int64) ([]connection.Dependent, error) {
	return []connection.Dependent{{ID: 7, Name: "Weekly tea"}, {ID: 8, Name: "Monthly tea", Paused: true}}, nil
}

func (e *twoExports) Makers(context.Context, database.Querier, int64) ([]int64, error) {
	return e.by, nil
}

func (e *twoExports) Detach(_ context.Context, _ database.Tx, _ access.Actor, ids []int64) error {
	e.detached = append(e.detached, ids...)
	return nil
}

func (e *twoExports) Remove(_ context.Context, _ database.Tx, _ access.Actor, ids []int64) error {
	e.removed = append(e.removed, ids...)
	return nil
}

func (e *twoExports) Pause(_ context.Context, _ database.Tx, _ access.Actor, ids []int64) error {
	e.paused = append(e.paused, ids...)
	return nil
}

func details(name, access, key string) url.Values {
	return url.Values{
		"name": {name}, "access": {access}, "key": {key}, "terms_version": {connection.CurrentTerms}, "agree": {"1"},
	}
}

// connected signs the administrator in and makes one connection by the pages.
func (s *site) connected(t *testing.T) *browser {
	t.Helper()
	b := s.as(t, "ada@example.com")
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}}).leads(t, "/connections/new")
	b.post("/connections/new", details("Tea shop", "contributors", testkit.TeaKey)).leads(t, "/connections/new")
	b.postConfirmed("/connections/new/export-user", nil).leads(t, "/connections/new")
	b.post("/connections/new/save", nil).leads(t, "/connections")
	return b
}

func TestAnAdministratorSetsAConnectionUpPageByPage(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	b.get("/connections").wants(t, http.StatusOK).has(t, "There is no connection yet", "Add connection")
	b.get("/connections/new").wants(t, http.StatusOK).has(t, "Omnisend", "1,000,000")
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}}).leads(t, "/connections/new")
	b.get("/connections/new").has(t, "Display name", "Choose who can use this connection", "Omnisend API key",
		"Data privacy and compliance", "I agree", "Connect", "An export can raise the bill at Omnisend")

	wrong := b.post("/connections/new", details("omnisend", "contributors", "")).wants(t, http.StatusUnprocessableEntity)
	wrong.has(t, "Say more than Omnisend", "API key: Fill in this field", `value="omnisend"`)
	wrong = b.post("/connections/new", details("Tea shop", "contributors", "not-the-key")).wants(t, http.StatusUnprocessableEntity)
	wrong.has(t, "Omnisend refuses this key", `value="Tea shop"`, "A key is stored", `aria-describedby="key-hint key-error"`).lacks(t, "not-the-key")
	closed := b.post("/connections/new", details("Tea shop", "contributors", testkit.ClosedKey)).wants(t, http.StatusUnprocessableEntity)
	closed.has(t, "is not connected at Omnisend")

	s.sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1})
	failed := b.post("/connections/new", details("Tea shop", "contributors", testkit.TeaKey)).wants(t, http.StatusUnprocessableEntity)
	failed.has(t, "Omnisend has a fault of its own just now", "A key is stored").lacks(t, testkit.TeaKey)
	s.sandbox.SetFaults(sandbox.Faults{})
	b.post("/connections/new", details("Tea shop", "contributors", "")).leads(t, "/connections/new") // the key was kept
	b.get("/connections/new").has(t, "Connected to Nordic Tea", "https://tea.example", "Add yourself as export user", "Tea shop", "You agreed to version 2")
	b.get("/connections/new?step=details").has(t, "A key is stored", `value="Tea shop"`, "Connect")

	b.post("/connections/new/save", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Add yourself as export user first")
	b.postConfirmed("/connections/new/export-user", nil).leads(t, "/connections/new")
	b.get("/connections/new").has(t, "Everything is in place", "You, Ada Holm")
	b.post("/connections/new/save", nil).leads(t, "/connections")
	b.get("/connections").has(t, "The connection Tea shop is saved.", "Tea shop", "Omnisend", "Nordic Tea", "All contributors", "Ready", "1 connection")
	b.get("/connections/1").has(t, "Ada Holm agreed to version 2", "Ada Holm, since").lacks(t, testkit.TeaKey)
	if log := s.log.String(); strings.Contains(log, testkit.TeaKey) || strings.Contains(log, "not-the-key") {
		t.Error("a key is in the log")
	}
}

func TestSettingUpIsSkippedNowhereByFormsOutOfOrder(t *testing.T) {
	s := newSite(t)
	b := s.as(t, "ada@example.com")
	for _, path := range []string{"/connections/new", "/connections/new/export-user", "/connections/new/save"} {
		b.post(path, details("Tea shop", "administrators", testkit.TeaKey)).wants(t, http.StatusUnprocessableEntity).has(t, "Choose where the connection leads first")
	}
	b.post("/connections/new/type", url.Values{"type": {"pigeon"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Choose one of the values offered")
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}})
	typed := details("Tea shop", "administrators", testkit.TeaKey)
	typed.Del("agree")
	b.post("/connections/new", typed).wants(t, http.StatusUnprocessableEntity).has(t, "Read the terms and tick I agree")
	b.post("/connections/new/save", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Agree to the terms first")
	b.post("/connections/new/discard", nil).leads(t, "/connections")
	b.get("/connections").has(t, "is erased")
}

func TestContributorsAreTurnedAwayFromConnections(t *testing.T) {
	s := newSite(t)
	s.connected(t)
	for _, person := range []string{"carl@example.com", "vera@example.com"} {
		b := s.as(t, person)
		b.get("/connections").wants(t, http.StatusForbidden).has(t, "Your role does not allow this").lacks(t, "Tea shop", "Nordic Tea")
		b.get("/connections/1").wants(t, http.StatusForbidden).lacks(t, "Tea shop", "Nordic Tea")
	}
}

func TestThePagesSpeakDanish(t *testing.T) {
	s := newSite(t)
	b := s.connected(t)
	b.post("/language", url.Values{"language": {"da"}, "next": {"/"}})
	b.get("/connections").has(t, "Forbindelser", "Tilføj forbindelse", "Vist navn", "Alle bidragydere", "Klar", "1 forbindelse")
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}})
	b.get("/connections/new").has(t, "Omnisend-API-nøgle", "Vælg, hvem der kan bruge denne forbindelse", "Jeg accepterer", "Opret forbindelse",
		"Beskyttelse af personlige oplysninger og overholdelse af angivne standarder", "Når en eksport køres på denne forbindelse")
	b.get("/connections/1").has(t, "Tilføj dig selv som eksportbruger", "Gem", "Fjern forbindelse")
}

func TestTheListSortsByEveryColumn(t *testing.T) {
	s := newSite(t)
	b := s.connected(t)
	b.post("/connections/new/type", url.Values{"type": {"omnisend"}})
	b.post("/connections/new", details("Coffee shop", "administrators", testkit.CoffeeKey)).leads(t, "/connections/new")
	b.postConfirmed("/connections/new/export-user", nil)
	b.post("/connections/new/save", nil)
	for _, test := range []struct {
		query  string
		coffee bool // stands first
	}{
		{"", true}, {"?sort=name&order=descending", false}, {"?sort=brand", true}, {"?sort=brand&order=descending", false},
		{"?sort=access", true}, {"?sort=access&order=descending", false}, {"?sort=nothing", true},
	} {
		page := b.get("/connections"+test.query).wants(t, http.StatusOK).body
		if got := strings.Index(page, ">Coffee shop<") < strings.Index(page, ">Tea shop<"); got != test.coffee {
			t.Errorf("%q: coffee first is %v", test.query, got)
		}
	}
}

func TestAConnectionIsChangedOnItsPage(t *testing.T) {
	s := newSite(t)
	exports := &twoExports{by: []int64{s.Contributor.UserID}}
	b := s.connected(t)
	s.Connections.SetDependents(exports)
	page := b.get("/connections/1").has(t, "Weekly tea", "Monthly tea (paused)")
	edit := url.Values{"version": {page.field(t, "version")}, "name": {"Tea house"}, "access": {"administrators"}}
	b.post("/connections/1", edit).wants(t, http.StatusOK).has(t, "What happens to the exports?", "Carl", "Weekly tea", "Monthly tea (paused)", `value="Tea house"`, `value="go_on" checked`)
	if now, err := s.Connections.Get(t.Context(), s.Administrator, 1); err != nil || now.Name != "Tea shop" || now.Grant != access.AllContributors {
		t.Errorf("changed before the question is answered: %+v, %v", now.Connection, err)
	}
	edit.Set("withdrawal", "burn")
	b.post("/connections/1", edit).wants(t, http.StatusUnprocessableEntity).has(t, "Choose what happens to the exports", `value="Tea house"`)
	edit.Set("withdrawal", "pause")
	b.post("/connections/1", edit).leads(t, "/connections/1")
	if len(exports.paused) != 1 || exports.paused[0] != 7 {
		t.Errorf("paused %v", exports.paused)
	}
	b.post("/connections/1", edit).wants(t, http.StatusConflict).has(t, "Somebody else changed this while you had it open")
	version := func() string { return b.get("/connections/1").field(t, "version") }

	b.post("/connections/1/verify", nil).leads(t, "/connections/1")
	b.get("/connections/1").has(t, "The key works and belongs to Nordic Tea.")
	s.sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
	b.post("/connections/1/verify", nil).wants(t, http.StatusUnprocessableEntity).has(t, "Omnisend refuses this key", "Key refused", "Exports on this connection do not run")
	s.sandbox.SetFaults(sandbox.Faults{})

	b.post("/connections/1/key", url.Values{"version": {version()}, "key": {"two words"}}).wants(t, http.StatusUnprocessableEntity).has(t, "A key is one word")
	other := b.post("/connections/1/key", url.Values{"version": {version()}, "key": {testkit.CoffeeKey}}).wants(t, http.StatusUnprocessableEntity)
	other.has(t, "The key belongs to another brand: Nordic Coffee", "Use the key of Nordic Coffee").lacks(t, testkit.CoffeeKey)
	accept := url.Values{"version": {version()}, "brand": {"coffee"}, "terms_version": {connection.CurrentTerms}}
	b.post("/connections/1/key/accept", accept).wants(t, http.StatusUnprocessableEntity).has(t, "Read the terms and tick I agree")
	b.post("/connections/1/key/discard", nil).leads(t, "/connections/1")
	b.post("/connections/1/key", url.Values{"version": {version()}, "key": {testkit.CoffeeKey}})
	accept.Set("agree", "1")
	b.post("/connections/1/key/accept", accept).leads(t, "/connections/1")
	b.get("/connections/1").has(t, "The connection now leads to Nordic Coffee.")
	b.post("/connections/1/key/try", nil).wants(t, http.StatusUnprocessableEntity).has(t, "No new key is waiting")

	b.postConfirmed("/connections/1/export-user", url.Values{"version": {version()}}).leads(t, "/connections/1")

	b.get("/connections/1/consent").has(t, "Data privacy and compliance", "Withdraw consent")
	b.post("/connections/1/consent/withdraw", url.Values{"version": {version()}}).leads(t, "/connections/1")
	b.get("/connections/1").has(t, "No consent", "Nobody has agreed")
	agree := url.Values{"version": {version()}, "terms_version": {connection.CurrentTerms}}
	b.post("/connections/1/consent", agree).wants(t, http.StatusUnprocessableEntity).has(t, "Read the terms and tick I agree")
	agree.Set("agree", "1")
	b.post("/connections/1/consent", agree).leads(t, "/connections/1")
	b.get("/connections/1").has(t, "Ready")
	b.get("/connections/99").wants(t, http.StatusNotFound)
	b.get("/connections/x").wants(t, http.StatusNotFound)
}

func TestNewTermsAskForConsentAgainAndKeepTheOldWords(t *testing.T) {
	s := newSite(t)
	b := s.connected(t)
	if err := s.Connections.BeginTerms(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.write(t, `UPDATE connection_consents SET terms_version = '1'`)
	b.get("/").has(t, "New terms: agree until 1 July 2026.", `href="/connections/1/consent"`)
	b.get("/connections/1").has(t, "Ready", "New terms: agree until 1 July 2026", "Exports on this connection go on until")
	b.get("/privacy/terms").has(t, "agreed to version 1", "1 July 2026", `value="30"`, "You now confirm that you have obtained the consent")
	b.post("/privacy/terms", url.Values{"grace": {"91"}}).wants(t, http.StatusUnprocessableEntity).has(t, "Enter whole days from 0 to 90", `value="91"`)
	b.post("/privacy/terms", url.Values{"grace": {"soon"}}).wants(t, http.StatusUnprocessableEntity)
	b.post("/privacy/terms", url.Values{"grace": {"0"}}).leads(t, "/privacy/terms")
	b.get("/privacy/terms").has(t, "Paused since 1 June 2026", "Set by")
	b.get("/").has(t, "are paused since 1 June 2026")
	b.get("/connections/1").has(t, "No consent", "New terms: nobody has agreed by 1 June 2026")

	page := b.get("/connections/1/consent").has(t, "What changed since the version before", "You now confirm that you have obtained the consent", "I agree", "Withdraw consent")
	agree := url.Values{"version": {page.field(t, "version")}, "terms_version": {connection.CurrentTerms}, "agree": {"1"}}
	b.post("/connections/1/consent", agree).leads(t, "/connections/1")
	b.get("/connections/1").has(t, "Ready").lacks(t, "New terms")
	b.get("/connections/1/consents").has(t, "Version 1", "Version 2", "In force", "The words of version 1", "with the consent of the people it is about where that is needed",
		"You must have obtained consent to use the data")
	b.post("/language", url.Values{"language": {"da"}, "next": {"/"}})
	b.get("/connections/1/consents").has(t, "Afgivne samtykker", "Du skal have indhentet samtykke til at bruge dataene")
	b.get("/privacy/terms").has(t, "Versioner af vilkårene", "Frist i dage")
}

func TestRemovingListsWhatUsesAConnectionAndAsksTwice(t *testing.T) {
	s := newSite(t)
	exports := &twoExports{}
	b := s.connected(t)
	s.Connections.SetDependents(exports)
	b.get("/connections/1/remove").has(t, "2 exports use this connection", "Export Weekly tea", "Detach connection", "Remove export")
	b.get("/connections/1/remove?review=1&export-7=detach").has(t, "The export Monthly tea uses this connection.")
	review := b.get("/connections/1/remove?review=1&export-7=detach&export-8=remove").has(t, "1 export is detached:", "1 export is removed:", "This cannot be undone")
	sure := url.Values{"version": {review.field(t, "version")}, "export-7": {"detach"}}
	b.post("/connections/1/remove", sure).wants(t, http.StatusUnprocessableEntity).has(t, "The export Monthly tea uses this connection.")
	sure.Set("export-8", "remove")
	b.post("/connections/1/remove", sure).leads(t, "/connections")
	b.get("/connections").has(t, "The connection Tea shop is removed.", "There is no connection yet")
	if len(exports.detached) != 1 || len(exports.removed) != 1 {
		t.Errorf("detached %v, removed %v", exports.detached, exports.removed)
	}
	b.get("/connections/1/remove").wants(t, http.StatusNotFound)
}

// crowd is a connection that many exports use.
type crowd struct{ twoExports }

func (*crowd) OnConnection(context.Context, database.Querier, int64) (found []connection.Dependent, err error) {
	for i := range mostUses + 7 {
		found = append(found, connection.Dependent{ID: int64(i + 1), Name: fmt.Sprintf("Tea number %d", i+1)})
	}
	return found, nil
}

func TestAConnectionOfManyExportsNamesAFewAndLeadsToTheOthers(t *testing.T) {
	s := newSite(t)
	b := s.connected(t)
	s.Connections.SetDependents(&crowd{})
	for _, path := range []string{"/connections", "/connections/1"} {
		b.get(path).has(t, "Tea number 5", "and 7 more", `href="/exports?q=Tea+shop"`).lacks(t, "Tea number 6")
	}
}
