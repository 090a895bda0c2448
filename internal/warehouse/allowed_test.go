package warehouse

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

func parse(t testing.TB, entries ...string) Allowed {
	t.Helper()
	allowed := make(Allowed, len(entries))
	for i, entry := range entries {
		if err := allowed[i].UnmarshalText([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	return allowed
}

// wantCode holds an error to a code.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if p := problem.Of(err); p == nil || p.Code != "warehouse.problem."+code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestEveryKindDialsOnlyWhatTheOperatorAllows(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Error("somebody was reached")
			_ = conn.Close()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	for _, kind := range Kinds {
		a := Address{Kind: kind, Host: "localhost", Port: port, Database: "crm", User: "reader"}
		open := func(allowed Allowed) error {
			d, err := Open(t.Context(), a, secret.NewText("x"), Limits{Allowed: allowed})
			if err != nil {
				return err
			}
			defer d.Close()
			_, err = d.Test(t.Context())
			return err
		}
		wantCode(t, open(nil), "no_hosts")
		wantCode(t, open(parse(t, "db.example.com")), "host_not_allowed")
		wantCode(t, open(parse(t, "10.0.0.0/8")), "host_not_allowed") // known only after DNS
		a.TLS = TLSPlain
		wantCode(t, open(parse(t, "127.0.0.0/8", "::1")), "plain_not_allowed")
	}
}

func TestADialGoesToTCPOnly(t *testing.T) {
	if _, err := (Limits{Allowed: parse(t, "localhost")}).dial(context.Background(), "unix", "/var/run/postgresql", false); err == nil || errors.Is(err, context.Canceled) {
		t.Error("a socket was dialled")
	}
}

func TestAnAddressNamesEachFieldThatIsNotSound(t *testing.T) {
	sound := Address{Kind: PostgreSQL, Host: "db.example.com", Database: "crm", User: "reader"}
	if err := sound.Check(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*Address){
		"kind": func(a *Address) { a.Kind = "oracle" }, "host": func(a *Address) { a.Host = "/var/run/postgresql" }, "port": func(a *Address) { a.Port = 70000 },
		"database": func(a *Address) { a.Database = "" }, "schema": func(a *Address) { a.Schema = "a\nb" }, "user": func(a *Address) { a.User = "" },
		"tls": func(a *Address) { a.TLS = "prefer" }, "authority": func(a *Address) { a.Authority = "no certificate" },
	} {
		a := sound
		change(&a)
		p := problem.Of(a.Check())
		found := false
		for _, f := range p.Fields {
			found = found || f.Name == field
		}
		if !found {
			t.Errorf("%s: got %v", field, p)
		}
	}
	for _, host := range []string{"a,b", "db@evil", "host name", "db:5432", "http://db", "(local)", `db\instance`, ""} {
		a := sound
		a.Host = host
		if a.Check() == nil {
			t.Errorf("the host %q was taken", host)
		}
	}
}
