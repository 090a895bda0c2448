// Package reach decides which hosts may be dialled of those that people of the pages name: only what the operator listed, judged
// by the address that a name led to, which is the one that is dialled. What is said there, and who listed it, is others'.
package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Allowed are the hosts that the operator lets Segue reach. None when it is empty.
type Allowed []Host

// Host is an entry: a name, a name with a port, an address, or a network. With "=plain" it may be reached without TLS.
//
//	db.example.com   db.example.com:5432   10.0.0.0/8   [fd00::1]:5432   127.0.0.1:5432=plain
type Host struct {
	name  string       // "" for a network
	net   netip.Prefix // a single address is a network of one
	port  int          // 0: any
	plain bool
}

// UnmarshalText reads an entry.
func (h *Host) UnmarshalText(text []byte) error {
	read := Host{}
	entry, plain := strings.CutSuffix(strings.TrimSpace(string(text)), "=plain")
	read.plain = plain
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		read.net = prefix.Masked()
		*h = read
		return nil
	}
	if host, port, err := net.SplitHostPort(entry); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%q has no port from 1 to 65535", text)
		}
		entry, read.port = host, int(n)
	}
	entry = Name(entry)
	if address, err := netip.ParseAddr(entry); err == nil {
		address = address.Unmap()
		read.net = netip.PrefixFrom(address, address.BitLen())
	} else if IsName(entry) {
		read.name = entry
	} else {
		return fmt.Errorf("%q is no host, host:port or network", text)
	}
	*h = read
	return nil
}

// hostName is a DNS name. Anything else a driver might take for a socket, a list of hosts or an instance.
var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$`)

// IsName reports whether the host is a DNS name, in the form that Name gives.
func IsName(host string) bool { return hostName.MatchString(host) }

// Name is the one form of all spellings of a host.
func Name(host string) string {
	host = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(host)), ".")
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	return host
}

// Here reports whether the host is this machine, to which nobody listens on the way.
func Here(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// String writes the entry as it is read.
func (h Host) String() string {
	text := h.name
	if text == "" {
		text = h.net.String()
		if h.net.IsSingleIP() {
			text = h.net.Addr().String()
		}
	}
	if h.port != 0 {
		text = net.JoinHostPort(text, strconv.Itoa(h.port))
	}
	if h.plain {
		text += "=plain"
	}
	return text
}

// MarshalText writes the entry as it is read.
func (h Host) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// mayBe reports, as far as that goes without DNS, whether the entry is for the host.
func (h Host) mayBe(name string, port int) bool {
	if h.port != 0 && h.port != port || h.name != "" && h.name != name {
		return false
	}
	literal, err := netip.ParseAddr(name)
	return h.name != "" || err != nil || h.net.Contains(literal.Unmap())
}

// Way is how a host is to be reached.
type Way struct {
	Plain  bool // without TLS
	Public bool // a listed name leads to public addresses only; those of private networks must be listed as such
}

// permits judges one address that a name led to. A listed name is trusted with the addresses it has, but not with the
// machine itself or its link: those must be listed as addresses (or as localhost), or whoever keeps the name's DNS could
// turn it to what only this machine reaches.
func (h Host) permits(name string, address netip.Addr, port int, way Way) bool {
	if h.port != 0 && h.port != port {
		return false
	}
	if h.name == "" {
		return h.net.Contains(address)
	}
	if h.name != name {
		return false
	}
	address = behind(address)
	if address.IsLoopback() {
		return name == "localhost"
	}
	if way.Public && (address.IsPrivate() || shared.Contains(address)) {
		return false
	}
	return !address.IsLinkLocalUnicast() && !address.IsUnspecified() && !address.IsMulticast()
}

// behind is the IPv4 address that a network's NAT64 leads to, of an address of the prefix of RFC 6052; any other is itself.
func behind(address netip.Addr) netip.Addr {
	if !nat64.Contains(address) {
		return address
	}
	bytes := address.As16()
	return netip.AddrFrom4([4]byte(bytes[12:]))
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// shared is the address space of providers' own networks, of RFC 6598: no more public than private ones, though netip does not
// call it so.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Find finds out what may be dialled for a name and port. The name is looked up once, and what is judged is what is dialled. It
// fails with a Refusal for what is not allowed.
func (a Allowed) Find(ctx context.Context, name string, port int, way Way) ([]netip.Addr, error) {
	if err := a.MayResolve(name, port); err != nil {
		return nil, err
	}
	var found []netip.Addr
	if literal, err := netip.ParseAddr(name); err == nil {
		found = []netip.Addr{literal}
	} else if found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", name); err != nil {
		return nil, err
	}
	refusal := &Refusal{Why: NotAllowed, Host: name, Port: port}
	var permitted []netip.Addr
	for _, address := range found {
		address = address.Unmap().WithZone("")
		for _, h := range a {
			if !h.permits(name, address, port, way) {
				continue
			}
			if way.Plain && !h.plain {
				refusal = &Refusal{Why: NotPlain, Host: name, Port: port}
				continue
			}
			permitted = append(permitted, address)
			break
		}
	}
	if len(permitted) == 0 {
		return nil, refusal
	}
	return permitted, nil
}

// MayResolve refuses without asking DNS what no answer of it could make allowed.
func (a Allowed) MayResolve(name string, port int) error {
	if len(a) == 0 {
		return &Refusal{Why: NoHosts, Host: name, Port: port}
	}
	for _, h := range a {
		if h.mayBe(name, port) {
			return nil
		}
	}
	return &Refusal{Why: NotAllowed, Host: name, Port: port}
}

// MayPlain reports, as far as that goes without DNS, whether a host may be reached without TLS.
func (a Allowed) MayPlain(name string, port int) bool {
	return slices.ContainsFunc(a, func(h Host) bool { return h.plain && h.mayBe(name, port) })
}

// Dial connects to the first address of the host that is allowed and answers.
func (a Allowed) Dial(ctx context.Context, network, address string, way Way) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("dial %s: only TCP is used", network)
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	addresses, err := a.Find(ctx, Name(host), port, way)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, to := range addresses {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", netip.AddrPortFrom(to, uint16(port)).String())
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// Why says what a host was refused for.
type Why string

// The reasons.
const (
	NoHosts    Why = "no_hosts"          // the operator listed none
	NotAllowed Why = "host_not_allowed"  // or a listed name led where it is not trusted
	NotPlain   Why = "plain_not_allowed" // allowed with TLS alone
)

// Refusal is the error for a host that is not allowed.
type Refusal struct {
	Why  Why
	Host string
	Port int
}

// Error is for the operator's log.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s: %s", net.JoinHostPort(r.Host, strconv.Itoa(r.Port)), r.Why)
}
