package testkit

import (
	"bytes"
	"context"
	"net/http/httptest"
	"testing"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

// The keys that the stand-in Omnisend of Connections takes, one for each of its brands.
const (
	TeaKey    = "planted-tea-key"    // Nordic Tea
	CoffeeKey = "planted-coffee-key" // Nordic Coffee
	ClosedKey = "planted-closed-key" // Closed Shop, which is not connected and cannot export
)

// Connections makes connections to a stand-in Omnisend over HTTP.
func Connections(t testing.TB, db *database.DB, accounts *account.Service, events *event.Hub, clock *Clock, stores secretstore.Stores) (*connection.Service, *sandbox.Server) {
	t.Helper()
	stand, err := sandbox.New(sandbox.Options{Brands: []sandbox.Brand{
		{ID: "tea", Name: "Nordic Tea", Website: "https://tea.example", Key: TeaKey},
		{ID: "coffee", Name: "Nordic Coffee", Website: "https://coffee.example", Key: CoffeeKey},
		{ID: "closed", Name: "Closed Shop", Key: ClosedKey, Disconnected: true},
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
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{9}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	driver := omnisend.NewDriver(omnisend.Options{BaseURL: server.URL + "/api"})
	return connection.NewService(connection.Dependencies{
		DB: db, Sealer: sealer, Stores: stores, Drivers: connection.Drivers{driver.Info().Type: driver}, Accounts: accounts,
		Gates: openGates{}, Clock: clock.Now, Events: events,
	}), stand
}

// openGates admit every request.
type openGates struct{}

func (openGates) Gate(string, string) destination.Gate { return openGates{} }

func (openGates) Spent(context.Context, string, int) error { return nil }

func (openGates) Enter(ctx context.Context) (func(destination.Answer), error) {
	return func(destination.Answer) {}, ctx.Err()
}
