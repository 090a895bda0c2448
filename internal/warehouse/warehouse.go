// Package warehouse reads the SQL databases of others: PostgreSQL, MySQL and MariaDB, SQL Server, and Trino. It owns the
// drivers, which hosts the operator allows, sessions that only read, the limits in time, and how the values of each database
// become those of profiles. It knows no sources, segments or snapshots, keeps nothing, and writes nothing there but what Rewrite
// does, in a database that the operator named for it.
//
// What keeps it from writing differs, and none of it replaces a login that may only SELECT:
//   - PostgreSQL: every reading is a READ ONLY, REPEATABLE READ transaction, rolled back at the end.
//   - MySQL, MariaDB: every reading is a READ ONLY transaction; temporary tables and files are left to the login's rights.
//   - SQL Server has no such transaction: ApplicationIntent=ReadOnly only chooses a replica where there is one, and every
//     reading is rolled back. What a function does outside of the transaction is not.
//   - Trino: one statement that is a SELECT, nothing else.
package warehouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"net"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
)

// Limits are what a reading may take. A zero stands for the default.
type Limits struct {
	Allowed   Allowed       // the hosts that may be reached; none when it is empty
	Connect   time.Duration // to be connected and signed in: 10 s
	Statement time.Duration // for what somebody waits for (Test, Tables, Columns, Preview, Count): 30 s
	Stream    time.Duration // for a whole reading (Stream, Query): 6 h
	Silence   time.Duration // that a reading waits for the next row: 5 min
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		of       *time.Duration
		standard time.Duration
	}{{&l.Connect, 10 * time.Second}, {&l.Statement, 30 * time.Second}, {&l.Stream, 6 * time.Hour}, {&l.Silence, 5 * time.Minute}} {
		if *d.of <= 0 {
			*d.of = d.standard
		}
	}
	return l
}

// Column is a column that can be read.
type Column struct {
	Name     string
	Kind     profile.Kind // what its values become
	Nullable bool         // true as well when the database does not say
	Native   string       // the database's own name of its type
	LeftOut  string       // why it cannot be read, as a translation key; "" when it can
}

// Database is a database of others, opened for reading. It is safe for several goroutines.
type Database struct {
	address  Address
	limits   Limits
	engine   engine
	pool     *sql.DB
	scrubber scrubber

	mutex   sync.Mutex
	reached map[string]bool // addresses (IP:port) that were judged and dialled
}

// maxConnections is how many sessions one source has at once: a stranger's database is not ours to fill.
const maxConnections = 4

// engine is what differs between the kinds.
type engine interface {
	// connector makes the driver's connector. Every connection is dialled by dial.
	connector(a Address, password secret.Text, dial dialFunc, trust *tls.Config, l Limits) (driver.Connector, error)
	// begin starts a reading that writes nothing, whose statements the database itself ends after limit.
	begin(ctx context.Context, conn *sql.Conn, limit time.Duration) (session, error)
	// test asks for the version, and whether the session is held to reading by the database.
	test(ctx context.Context, q querier) (version string, readOnly bool, err error)
	// describe names the columns of a FROM item without reading rows.
	describe(ctx context.Context, q querier, from string, what What) ([]Column, error)
	// expression reads a quoted column so that its values are of the kind wanted.
	expression(quoted string, c Column, wanted profile.Kind) string
	// limited is a query for the first n rows of a FROM item.
	limited(list, from string, n int) string
	// tables is a query for schema and name of what can be chosen from, with its arguments.
	tables(a Address, limit int) (query string, args []any)
	// kind is what the values of a column of a result become, and its native name.
	kind(t *sql.ColumnType) (kind profile.Kind, native, leftOut string)
	// value prepares what the driver gave for convert.
	value(v any, c Column) any
	// failure recognises what the database said; false when it said nothing.
	failure(err error) (fault, said, bool)
}

// querier runs statements in a session.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// session is a reading under way.
type session struct {
	querier
	end func() error
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Open prepares for reading; nothing is dialled before the first use. It fails when the address is not sound or not allowed.
// Close it in the end.
func Open(_ context.Context, a Address, password secret.Text, l Limits) (*Database, error) {
	a = a.normal()
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := l.check(a); err != nil {
		return nil, err
	}
	d := &Database{address: a, limits: l.withDefaults(), engine: engines[a.Kind], scrubber: newScrubber(a.User, password), reached: map[string]bool{}}
	connector, err := d.engine.connector(a, password, d.dial, a.trust(), d.limits)
	if err != nil {
		return nil, d.failed(context.Background(), err)
	}
	d.pool = sql.OpenDB(timedConnector{connector, d.limits.Connect})
	d.pool.SetMaxOpenConns(maxConnections)
	d.pool.SetMaxIdleConns(1)
	d.pool.SetConnMaxIdleTime(time.Minute)
	return d, nil
}

// Close ends all sessions.
func (d *Database) Close() error { return d.pool.Close() }

// Kind is the kind of the database, which decides how SQL for it is written.
func (d *Database) Kind() Kind { return d.address.Kind }

// dial reaches what the operator allows, whatever the driver asks for. An address that a name led to before stays allowed:
// drivers dial it again to cancel a statement.
func (d *Database) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	d.mutex.Lock()
	again := d.reached[address]
	d.mutex.Unlock()
	if again {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = d.limits.dial(ctx, network, address, d.address.TLS == TLSPlain)
	}
	if err != nil {
		return nil, err
	}
	d.mutex.Lock()
	d.reached[conn.RemoteAddr().String()] = true
	d.mutex.Unlock()
	if connecting, ok := ctx.Value(dialledKey{}).(*dialled); ok {
		connecting.add(conn)
	}
	return conn, nil
}

// trust is how certificates are judged; nil for a connection without TLS.
func (a Address) trust() *tls.Config {
	if a.TLS == TLSPlain {
		return nil
	}
	config := &tls.Config{ServerName: a.Host, MinVersion: tls.VersionTLS12}
	if a.Authority != "" {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM([]byte(a.Authority)) // Check has read it
	}
	return config
}

// timedConnector bounds the whole of connecting: a server that takes the connection and then says nothing holds nobody up.
// Not every driver looks at the context while it signs in, so the network connection is closed under it.
type timedConnector struct {
	driver.Connector
	limit time.Duration
}

// Connect connects within the limit.
func (c timedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	open := &dialled{}
	ctx, cancel := context.WithTimeoutCause(context.WithValue(ctx, dialledKey{}, open), c.limit, errNoAnswer)
	defer cancel()
	hangUp := context.AfterFunc(ctx, open.close)
	conn, err := c.Connector.Connect(ctx)
	if !hangUp() { // it was too late
		if err == nil {
			err = conn.Close()
		}
		if cause := context.Cause(ctx); problem.Of(err) == nil {
			err = cause
		}
		return nil, err
	}
	return conn, err
}

// dialled are the network connections of one connecting.
type dialled struct {
	mutex sync.Mutex
	conns []net.Conn
	ended bool
}

type dialledKey struct{}

func (d *dialled) add(conn net.Conn) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.ended {
		_ = conn.Close() // whoever reads from it is told
		return
	}
	d.conns = append(d.conns, conn)
}

func (d *dialled) close() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.ended = true
	for _, conn := range d.conns {
		_ = conn.Close() // whoever reads from it is told
	}
}
