package api_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/testkit"
)

// TestATokenReachesOfExportsAndRunsWhatItsPersonIsGranted walks the routes that name an export or a run, for a contributor whose
// tokens have every scope. Whatever is not only looked at takes the grant.
func TestATokenReachesOfExportsAndRunsWhatItsPersonIsGranted(t *testing.T) {
	s := start(t, 300)
	e := s.Export()
	ended := s.Run(e, run.Options{})
	carl, ada := s.Actor(access.Contributor), s.Actor(access.Administrator)
	dora, err := s.Accounts.Create(t.Context(), access.System, account.NewUser{Email: "dora@example.com", Name: "Dora Berg", Role: access.Contributor, Password: testkit.Password})
	if err != nil {
		t.Fatal(err)
	}
	key := s.key(carl, access.AllScopes...)
	paths := strings.NewReplacer("{e}", id(e.ID), "{r}", id(ended.ID))
	grant := func(to access.Grant) {
		t.Helper()
		c, err := s.Connections.Get(t.Context(), ada, e.ConnectionID)
		if err == nil {
			_, err = s.Connections.Edit(t.Context(), ada, c.ID, connection.Change{Version: c.Version, Name: c.Name, Grant: to, Withdrawal: connection.GoOn})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	walked := 0
	for to, granted := range map[access.Grant]bool{access.Named(carl.UserID): true, access.AllContributors: true, access.OnlyAdministrators: false, access.Named(dora.ID): false} {
		grant(to)
		for _, q := range asked {
			if !strings.Contains(q.path, "{e}") && !strings.Contains(q.path, "{r}") {
				continue
			}
			walked++
			a := s.ask(key, q.method, paths.Replace(q.path), q.body)
			if granted || q.method == "GET" {
				a.wants(q.status)
				s.settle(a)
				continue
			}
			a.problem(403, access.NotGranted)
		}
		listed := s.ask(key, "GET", "/connections", "").wants(200)
		if got := strings.Contains(string(listed.body), `"name"`); got != granted {
			t.Errorf("granted to %q, she is told of connections: %v", to, got)
		}
	}
	if walked < 40 {
		t.Errorf("only %d requests were made", walked)
	}
}
