package e2e

import (
	"bytes"
	"encoding/csv"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/profile/sample"
	"github.com/segue-app/segue/web"
)

// site is a whole Segue over HTTP, with a stand-in to export to.
type site struct {
	*apptest.Kit
	url    string
	server *httptest.Server
	routes []web.Route
}

// start serves a Segue with the demonstration's people and segments, and n sample customers.
func start(t *testing.T, n int) *site {
	t.Helper()
	return serve(t, apptest.Start(t, n))
}

// startWith is start with a domain that is told something else.
func startWith(t *testing.T, n int, change func(*app.Config)) *site {
	t.Helper()
	kit := apptest.Start(t, n)
	kit.Stop()
	change(&kit.Config)
	kit.Open()
	return serve(t, kit)
}

// startSlow is start with a destination that takes its time, so that a run can be watched.
func startSlow(t *testing.T, n int) *site {
	t.Helper()
	return serve(t, apptest.StartAt(t, n, 60))
}

// startEmpty serves a Segue that nobody has an account on.
func startEmpty(t *testing.T) *site {
	t.Helper()
	return serve(t, apptest.Empty(t))
}

func serve(t *testing.T, kit *apptest.Kit) *site {
	t.Helper()
	pages := web.New(web.Of(kit.App), web.Options{Sealer: kit.Sealer, Logger: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(pages.Handler())
	t.Cleanup(func() {
		pages.Close() // ends the streams, which the server would wait for
		server.CloseClientConnections()
		server.Close()
	})
	return &site{Kit: kit, url: server.URL, server: server, routes: pages.Routes()}
}

// confirm is the button of the page that asks once more who is there.
var confirm = words{"Confirm", "Bekræft"}

// stale makes the last confirmation of everybody one of long ago.
func (s *site) stale(t *testing.T) {
	t.Helper()
	s.write(t, `UPDATE sessions SET confirmed_at = 0`)
}

// person is the demonstration's person of a role.
func person(t *testing.T, role access.Role) demo.Person {
	t.Helper()
	for _, p := range demo.People {
		if p.Role == role {
			return p
		}
	}
	t.Fatalf("nobody is %s", role)
	return demo.Person{}
}

// customer is one of the sample customers: values by column.
type customer map[string]string

// customersOf are the first n sample customers.
func customersOf(t *testing.T, n int) (customers []customer) {
	t.Helper()
	var file bytes.Buffer
	if err := sample.Write(&file, n, 1); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		c := customer{}
		for i, name := range rows[0] {
			c[name] = row[i]
		}
		customers = append(customers, c)
	}
	return customers
}

// contacts is how many the stand-in holds.
func (s *site) contacts() (n int) {
	for range s.Sandbox.Contacts() {
		n++
	}
	return n
}
