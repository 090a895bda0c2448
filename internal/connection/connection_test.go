package connection_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
	"github.com/segue-app/segue/internal/testkit"
)

const (
	plantedKey = "planted-brand1-key"
	freshKey   = "fresh-brand1-key"
	otherKey   = "other-brand2-key"
)

var (
	ada        = access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}.Confirmed(testkit.Confirmed).Asked()
	bo         = access.Actor{UserID: 2, Name: "Bo Kjær", Role: access.Administrator}.Confirmed(testkit.Confirmed).Asked()
	clara      = access.Actor{UserID: 3, Name: "Clara Ito", Role: access.Contributor}.Confirmed(testkit.Confirmed).Asked()
	unaskedAda = access.Actor{UserID: 1, Name: "Ada Lund", Role: access.Administrator}.Confirmed(testkit.Confirmed)
	unasked    = access.Actor{UserID: 2, Name: "Bo Kjær", Role: access.Administrator}.Confirmed(testkit.Confirmed)
	viggo      = access.Actor{UserID: 4, Name: "Viggo Roth", Role: access.Viewer}.Confirmed(testkit.Confirmed).Asked()
	dora       = access.Actor{UserID: 5, Name: "Dora Berg", Role: access.Contributor}.Confirmed(testkit.Confirmed).Asked()
)

// world is a service on a database of its own, the stand-in Omnisend over HTTP behind it.
type world struct {
	*connection.Service
	t       *testing.T
	db      *database.DB
	clock   *testkit.Clock
	events  *event.Hub
	sandbox *sandbox.Server
	people  *people
	exports *exports
	secrets string // folder of the store "files"
}

func newWorld(t *testing.T) *world {
	t.Helper()
	stand, err := sandbox.New(sandbox.Options{Brands: []sandbox.Brand{
		{ID: "brand1", Name: "Nordic Tea", Website: "https://tea.example", Key: plantedKey},
		{ID: "brand2", Name: "Nordic Coffee", Website: "https://coffee.example", Key: otherKey},
		{ID: "brand3", Name: "Closed Shop", Key: "closed-key", Disconnected: true},
		{ID: "brand4", Name: "Nameless", Key: "nameless-key", Nameless: true},
		{ID: "brand5", Name: "Bound Hands", Key: "scopeless-key", Scopes: []string{"contacts.write"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stand)
	t.Cleanup(func() {
		server.Close()
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	})
	return newWorldAt(t, server.URL+"/api", stand)
}

func newWorldAt(t *testing.T, base string, stand *sandbox.Server) *world {
	t.Helper()
	w := &world{
		t: t, db: testkit.Database(t), clock: testkit.NewClock(), events: &event.Hub{}, sandbox: stand,
		people: &people{actors: map[int64]access.Actor{}}, exports: &exports{}, secrets: t.TempDir(),
	}
	for _, actor := range []access.Actor{ada, bo, clara, dora, viggo} {
		w.people.actors[actor.UserID] = actor
		w.write(`INSERT INTO users (id, email, email_key, name, role, created_at) VALUES (?, ?, ?, ?, ?, 0)`,
			actor.UserID, actor.Name, actor.Name, actor.Name, actor.Role)
	}
	sealer, err := secret.NewSealer(make([]byte, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	driver := omnisend.NewDriver(omnisend.Options{BaseURL: base})
	w.Service = connection.NewService(connection.Dependencies{
		DB: w.db, Sealer: sealer, Stores: secretstore.Stores{"files": secretstore.Files{Folder: w.secrets}}, Drivers: connection.Drivers{"omnisend": driver}, Accounts: w.people, Gates: openGates{},
		Clock: w.clock.Now, Events: w.events, Patience: 400 * time.Millisecond,
	})
	w.SetDependents(w.exports)
	return w
}

func (w *world) write(query string, args ...any) {
	w.t.Helper()
	err := w.db.InTx(context.Background(), func(tx database.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// people are who they say they are.
type people struct{ actors map[int64]access.Actor }

func (p *people) Contributors(context.Context, database.Querier) (found []access.Actor, err error) {
	for _, id := range slices.Sorted(maps.Keys(p.actors)) {
		if p.actors[id].Role == access.Contributor {
			found = append(found, p.actors[id])
		}
	}
	return found, nil
}

func (p *people) Actor(_ context.Context, id int64) (access.Actor, error) {
	if actor, ok := p.actors[id]; ok {
		return actor, nil
	}
	return access.Actor{}, problem.New(problem.SignedOut, "problem.signed_out")
}

type openGates struct{}

func (openGates) Gate(string, string) destination.Gate { return openGate{} }

func (openGates) Spent(context.Context, string, int) error { return nil }

type openGate struct{}

func (openGate) Enter(ctx context.Context) (func(destination.Answer), error) {
	return func(destination.Answer) {}, ctx.Err()
}

// exports are those that use connection 1, and what was done to them.
type exports struct {
	using                     []connection.Dependent
	by                        map[int64][]int64
	detached, removed, paused []int64
	fail                      error
}

func (e *exports) OnConnection(_ context.Context, _ database.Querier, id int64) ([]connection.Dependent, error) {
	if id != 1 {
		return nil, nil
	}
	return e.using, nil
}

func (e *exports) Makers(_ context.Context, _ database.Querier, id int64) ([]int64, error) {
	return e.by[id], nil
}

func (e *exports) Detach(_ context.Context, _ database.Tx, _ access.Actor, ids []int64) error {
	e.detached = append(e.detached, ids...)
	return e.fail
}

func (e *exports) Remove(_ context.Context, _ database.Tx, _ access.Actor, ids []int64) error {
	e.removed = append(e.removed, ids...)
	return e.fail
}

func (e *exports) Pause(_ context.Context, _ database.Tx, _ access.Actor, ids []int64) error {
	e.paused = append(e.paused, ids...)
	return e.fail
}

func entry(name, key string) connection.Entry {
	return connection.Entry{Name: name, Key: secret.NewText(key), TermsVersion: connection.CurrentTerms, Agree: true}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// connect walks a draft as far as it takes, and saves it.
func (w *world) connect(name string, open bool) connection.Connection {
	w.t.Helper()
	ctx := w.t.Context()
	step := must[connection.Draft](w.t)
	step(w.Begin(ctx, ada, "omnisend"))
	typed := entry(name, plantedKey)
	if open {
		typed.Grant = access.AllContributors
	}
	step(w.Fill(ctx, ada, typed))
	step(w.Connect(ctx, ada))
	step(w.ConfirmExportUser(ctx, ada))
	return must[connection.Connection](w.t)(w.Save(ctx, ada))
}

func codes(err error) []string {
	p := problem.Of(err)
	if p == nil {
		if err != nil {
			return []string{"internal: " + err.Error()}
		}
		return nil
	}
	found := []string{}
	for _, field := range p.Fields {
		found = append(found, field.Name+": "+field.Code)
	}
	if len(found) == 0 {
		return []string{p.Code}
	}
	return found
}

func wantCodes(t *testing.T, err error, want ...string) {
	t.Helper()
	if got := codes(err); !slices.Equal(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}
