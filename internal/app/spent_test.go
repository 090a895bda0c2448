package app_test

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
)

func TestTheRequestsThatProveANewKeyCountInItsBrandsBudget(t *testing.T) {
	stand, err := sandbox.New(sandbox.Options{Brands: []sandbox.Brand{{ID: demo.BrandID, Name: demo.Brand, Key: demo.APIKey}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stand)
	defer server.Close()
	a, err := app.Open(t.Context(), app.Config{Folder: t.TempDir(), OmnisendURL: server.URL + "/api", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(a.Close(), stand.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := demo.Seed(t.Context(), a, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Connect(t.Context(), a, "Nordlys newsletter", demo.APIKey); err != nil {
		t.Fatal(err)
	}
	budget, err := a.Budgets.For(t.Context(), demo.BrandID)
	if err != nil {
		t.Fatal(err)
	}
	if used := budget.Usage().Used; used != 1 {
		t.Errorf("the budget counts %d requests of the minute, and one was made", used)
	}
}
