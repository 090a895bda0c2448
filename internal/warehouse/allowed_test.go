package warehouse

import (
	"context"
	"errors"
	"net"
	"net/netip"
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

func TestEntriesAreReadAndWrittenAlike(t *testing.T) {
	for entry, want := range map[string]string{"DB.example.com.": "db.example.com", "db.example.com:5432": "db.example.com:5432", "10.1.2.3/8": "10.0.0.0/8",
		"[fd00::1]:5432": "[fd00::1]:5432", "fd00::/8": "fd00::/8", "127.0.0.1:5432=plain": "127.0.0.1:5432=plain", "::ffff:10.0.0.1": "10.0.0.1", "localhost=plain": "localhost=plain"} {
		if got := parse(t, entry)[0].String(); got != want {
			t.Errorf("%s became %s, want %s", entry, got, want)
		}
	}
	for _, entry := range []string{"", "a b", "db.example.com:0", "db.example.com:70000", "10.0.0.0/99", "postgres://db", "/var/run/postgresql", "*.example.com", "a,b"} {
		var h Host
		if err := h.UnmarshalText([]byte(entry)); err == nil {
			t.Errorf("%q was taken as %s", entry, h)
		}
	}
}

func TestWhatANameLeadsToIsJudgedAfterDNS(t *testing.T) {
	for name, c := range map[string]struct {
		entry, host, address string
		port                 int
		want                 bool
	}{
		"the name":                              {"db.example.com", "db.example.com", "203.0.113.5", 5432, true},
		"the name at its port":                  {"db.example.com:5432", "db.example.com", "203.0.113.5", 5432, true},
		"the name at another port":              {"db.example.com:5432", "db.example.com", "203.0.113.5", 22, false},
		"another name":                          {"db.example.com", "db.example.com.evil.test", "203.0.113.5", 5432, false},
		"another name of an allowed address":    {"10.0.0.0/8", "whatever.test", "10.1.2.3", 5432, true},
		"a name that leads out of the network":  {"10.0.0.0/8", "whatever.test", "192.168.0.1", 5432, false},
		"a name that was turned to the machine": {"db.example.com", "db.example.com", "127.0.0.1", 5432, false},
		"a name turned to a cloud's metadata":   {"db.example.com", "db.example.com", "169.254.169.254", 80, false},
		"a name turned to IPv6 loopback":        {"db.example.com", "db.example.com", "::1", 5432, false},
		"a name turned to nowhere":              {"db.example.com", "db.example.com", "0.0.0.0", 5432, false},
		"localhost itself":                      {"localhost", "localhost", "127.0.0.1", 5432, true},
		"the machine, listed as an address":     {"127.0.0.0/8", "db.example.com", "127.0.0.1", 5432, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, c.entry)[0].permits(c.host, netip.MustParseAddr(c.address), c.port); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
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
	if _, err := parse(t, "localhost").dial(context.Background(), "unix", "/var/run/postgresql", false); err == nil || errors.Is(err, context.Canceled) {
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
