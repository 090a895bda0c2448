package reach

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzEntries holds that an entry which is read is written and read again alike, and is for no more than it says.
func FuzzEntries(f *testing.F) {
	for _, seed := range []string{"db.example.com", "db.example.com:5432", "10.0.0.0/8", "[fd00::1]:5432", "127.0.0.1:5432=plain", "::ffff:127.0.0.1", "localhost", "0.0.0.0/0", "1", "0x7f.1", "fe80::1%eth0", "a..b", "=plain", ":1", "[::1"} {
		f.Add(seed, "127.0.0.1", 5432)
	}
	f.Fuzz(func(t *testing.T, entry, address string, port int) {
		var h, again Host
		if h.UnmarshalText([]byte(entry)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(h.String())); err != nil || again != h {
			t.Fatalf("%q is written %q and read %+v, %v", entry, h, again, err)
		}
		to, err := netip.ParseAddr(address)
		if err != nil || h.name == "" || h.name == "localhost" {
			return
		}
		if to = to.Unmap().WithZone(""); h.permits(h.name, to, port, Way{}) && (to.IsLoopback() || to.IsLinkLocalUnicast() || to.IsUnspecified() || behind(to).IsLoopback()) {
			t.Fatalf("the name %q reaches %v", entry, to)
		}
	})
}

// FuzzNames holds that a host has one form, and that what counts as a name is none to a driver but a name.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"DB.example.com.", "[::1]", " a ", "/var/run", "a,b", "a\\b", "tcp:a", "İ.example", "a\x00b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name := Name(host)
		if IsName(name) && strings.ContainsAny(name, "/\\,:@;=? %[]()'\"\x00\n") {
			t.Fatalf("%q is taken for a name", name)
		}
	})
}
