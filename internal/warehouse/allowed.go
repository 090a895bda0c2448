package warehouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/segue-app/segue/internal/problem"
)

// Flag is how the operator says which hosts may be reached; messages name it.
const Flag = "--sql-hosts"

// Allowed are the hosts that the operator lets Segue reach for SQL. None when it is empty.
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
	entry = Address{Host: entry}.normal().Host
	if address, err := netip.ParseAddr(entry); err == nil {
		address = address.Unmap()
		read.net = netip.PrefixFrom(address, address.BitLen())
	} else if hostName.MatchString(entry) {
		read.name = entry
	} else {
		return fmt.Errorf("%q is no host, host:port or network", text)
	}
	*h = read
	return nil
}

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

// permits judges one address that a name led to. A listed name is trusted with the addresses it has, but not with the
// machine itself or its link: those must be listed as addresses (or as localhost), or whoever keeps the name's DNS could
// turn it to what only this machine reaches.
func (h Host) permits(name string, address netip.Addr, port int) bool {
	if h.port != 0 && h.port != port {
		return false
	}
	if h.name == "" {
		return h.net.Contains(address)
	}
	if h.name != name {
		return false
	}
	if address.IsLoopback() {
		return name == "localhost"
	}
	return !address.IsLinkLocalUnicast() && !address.IsUnspecified() && !address.IsMulticast()
}

// reach finds out what may be dialled for a name and port. The name is looked up once, and what is judged is what is dialled.
func (a Allowed) reach(ctx context.Context, name string, port int, plain bool) ([]netip.Addr, error) {
	if err := a.mayResolve(name, port); err != nil {
		return nil, err
	}
	var found []netip.Addr
	if literal, err := netip.ParseAddr(name); err == nil {
		found = []netip.Addr{literal}
	} else if found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", name); err != nil {
		return nil, err
	}
	refusal := notAllowed(name, port)
	var permitted []netip.Addr
	for _, address := range found {
		address = address.Unmap().WithZone("")
		for _, h := range a {
			if !h.permits(name, address, port) {
				continue
			}
			if plain && !h.plain {
				refusal = problem.New(problem.Invalid, "warehouse.problem.plain_not_allowed", "Host", name, "Flag", Flag)
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

// mayResolve refuses without asking DNS what no answer of it could make allowed.
func (a Allowed) mayResolve(name string, port int) error {
	if len(a) == 0 {
		return problem.New(problem.Invalid, "warehouse.problem.no_hosts", "Host", name, "Flag", Flag)
	}
	for _, h := range a {
		if (h.port == 0 || h.port == port) && (h.name == "" || h.name == name) {
			return nil
		}
	}
	return notAllowed(name, port)
}

func notAllowed(name string, port int) *problem.Problem {
	return problem.New(problem.Invalid, "warehouse.problem.host_not_allowed", "Host", net.JoinHostPort(name, strconv.Itoa(port)), "Flag", Flag)
}

// check judges an address as far as that goes without DNS.
func (a Allowed) check(to Address) error { return a.mayResolve(to.Host, to.Port) }

// dial connects to the first address of the host that is allowed and answers.
func (a Allowed) dial(ctx context.Context, network, address string, plain bool) (net.Conn, error) {
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
	addresses, err := a.reach(ctx, Address{Host: host}.normal().Host, port, plain)
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
