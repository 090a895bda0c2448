package warehouse

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/reach"
)

// Kind is which database it is.
type Kind string

// The kinds.
const (
	PostgreSQL Kind = "postgresql"
	MySQL      Kind = "mysql" // and MariaDB
	SQLServer  Kind = "sqlserver"
	Trino      Kind = "trino"
)

// Kinds lists the kinds as they are offered.
var Kinds = []Kind{PostgreSQL, MySQL, SQLServer, Trino}

var engines = map[Kind]engine{PostgreSQL: postgres{}, MySQL: maria{}, SQLServer: sqlserver{}, Trino: lake{}}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds, k) }

// Port is where databases of the kind usually listen; Trino's is that of its TLS.
func (k Kind) Port() int {
	return map[Kind]int{PostgreSQL: 5432, MySQL: 3306, SQLServer: 1433, Trino: 443}[k]
}

// TLS is how the connection is protected.
type TLS string

// The ways. A certificate is always verified; without TLS only where the operator allows it.
const (
	TLSVerify TLS = "verify"
	TLSPlain  TLS = "plain"
)

// Address says where a database is and who signs in. The password is kept apart, sealed.
type Address struct {
	Kind      Kind
	Host      string // a name or an IP address
	Port      int    // 0: the kind's own
	Database  string // at Trino the catalog
	Schema    string // of tables that are named without one; "" is the database's choice
	User      string
	TLS       TLS    // "" means verify
	Authority string // PEM certificates to trust instead of the system's, for a database with a CA of its own; no secret
}

// normal fills in what may be left out.
func (a Address) normal() Address {
	a.Host = reach.Name(a.Host)
	if a.Port == 0 {
		a.Port = a.Kind.Port()
	}
	if a.TLS == "" {
		a.TLS = TLSVerify
	}
	return a
}

// maxField is the longest name that is taken, in bytes.
const maxField = 255

// Check names the fields (kind, host, port, database, schema, user, tls, authority) that are not sound.
func (a Address) Check() error {
	a = a.normal()
	var check problem.Check
	check.Require(a.Kind.Valid(), "kind", "warehouse.problem.kind")
	_, notAddress := netip.ParseAddr(a.Host)
	switch {
	case a.Host == "":
		check.Add("host", "problem.required")
	case notAddress != nil && !reach.IsName(a.Host):
		check.Add("host", "warehouse.problem.host")
	}
	check.Require(a.Port > 0 && a.Port < 1<<16, "port", "warehouse.problem.port")
	check.Require(a.TLS == TLSVerify || a.TLS == TLSPlain, "tls", "warehouse.problem.tls")
	if a.Authority != "" {
		check.Require(x509.NewCertPool().AppendCertsFromPEM([]byte(a.Authority)), "authority", "warehouse.problem.authority")
	}
	for _, field := range []struct {
		name, value string
		required    bool
	}{{"database", a.Database, true}, {"schema", a.Schema, false}, {"user", a.User, true}} {
		switch {
		case field.value == "" && field.required:
			check.Add(field.name, "problem.required")
		case len(field.value) > maxField || strings.ContainsFunc(field.value, unicode.IsControl):
			check.Add(field.name, "warehouse.problem.name")
		}
	}
	return check.Err()
}
