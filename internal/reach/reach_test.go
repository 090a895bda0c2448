package reach

import (
	"net/netip"
	"testing"
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
		public               bool
	}{
		"the name":                              {"db.example.com", "db.example.com", "203.0.113.5", 5432, true, false},
		"the name at its port":                  {"db.example.com:5432", "db.example.com", "203.0.113.5", 5432, true, false},
		"the name at another port":              {"db.example.com:5432", "db.example.com", "203.0.113.5", 22, false, false},
		"another name":                          {"db.example.com", "db.example.com.evil.test", "203.0.113.5", 5432, false, false},
		"another name of an allowed address":    {"10.0.0.0/8", "whatever.test", "10.1.2.3", 5432, true, false},
		"a name that leads out of the network":  {"10.0.0.0/8", "whatever.test", "192.168.0.1", 5432, false, false},
		"a name that was turned to the machine": {"db.example.com", "db.example.com", "127.0.0.1", 5432, false, false},
		"a name turned to a cloud's metadata":   {"db.example.com", "db.example.com", "169.254.169.254", 80, false, false},
		"a name turned to IPv6 loopback":        {"db.example.com", "db.example.com", "::1", 5432, false, false},
		"a name turned to nowhere":              {"db.example.com", "db.example.com", "0.0.0.0", 5432, false, false},
		"localhost itself":                      {"localhost", "localhost", "127.0.0.1", 5432, true, false},
		"the machine, listed as an address":     {"127.0.0.0/8", "db.example.com", "127.0.0.1", 5432, true, false},
		"a private address of a name":           {"hooks.example.com", "hooks.example.com", "10.0.0.5", 443, true, false},
		"a private address, to public ones":     {"hooks.example.com", "hooks.example.com", "10.0.0.5", 443, false, true},
		"a provider's network, to public ones":  {"hooks.example.com", "hooks.example.com", "100.64.1.1", 443, false, true},
		"IPv6 private, to public ones":          {"hooks.example.com", "hooks.example.com", "fd00::1", 443, false, true},
		"a public address, to public ones":      {"hooks.example.com", "hooks.example.com", "203.0.113.5", 443, true, true},
		"a name turned to the machine by NAT64": {"hooks.example.com", "hooks.example.com", "64:ff9b::7f00:1", 443, false, false},
		"a private address by NAT64":            {"hooks.example.com", "hooks.example.com", "64:ff9b::a00:5", 443, false, true},
		"a public address by NAT64":             {"hooks.example.com", "hooks.example.com", "64:ff9b::cb00:7105", 443, true, true},
		"a private network that is listed":      {"10.0.0.0/8", "hooks.example.com", "10.0.0.5", 443, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, c.entry)[0].permits(c.host, netip.MustParseAddr(c.address), c.port, Way{Public: c.public}); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestOnlyThisMachineIsHere(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "localhost.example.com": false, "192.168.0.1": false, "mail.example.com": false, "127.0.0.1.example.com": false,
	} {
		if got := Here(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
