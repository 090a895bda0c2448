// Package postgres starts a real PostgreSQL for tests: the one that is installed on the machine, with data in a temporary
// folder, on a free port of 127.0.0.1, with and without TLS. It is started once for a test process, by the first test that
// asks for it. A package that uses it ends its tests through Main.
//
//	func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/segue-app/segue/internal/testkit/daemon"
)

// Server is a PostgreSQL that runs.
type Server struct {
	Host      string // 127.0.0.1; the certificate names it, and localhost
	Port      int
	User      string // a superuser
	Password  string
	Authority string // PEM of the CA that the server's certificate is from
}

var errMissing = errors.New("no PostgreSQL is installed: the tests need Debian's package postgresql (make setup)")

// start starts the one server.
var start = sync.OnceValues(launch)

// Open gives the server of the process. Without PostgreSQL on the machine the test fails where CI is set, and is skipped
// elsewhere.
func Open(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if errors.Is(err, errMissing) {
		daemon.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Main runs the tests and stops the server.
func Main(m *testing.M) int { return daemon.Main(m) }

// Database makes a database with a name of its own, which goes when the test ends. Statements are run in it.
func (s *Server) Database(t testing.TB, statements ...string) (name string) {
	t.Helper()
	return s.DatabaseWith(t, "", statements...)
}

// DatabaseWith makes a database with options of CREATE DATABASE.
func (s *Server) DatabaseWith(t testing.TB, options string, statements ...string) (name string) {
	t.Helper()
	name = "test_" + daemon.Random()
	s.Exec(t, "postgres", "CREATE DATABASE "+name+" "+options)
	t.Cleanup(func() { s.Exec(t, "postgres", "DROP DATABASE "+name+" WITH (FORCE)") })
	if len(statements) > 0 {
		s.Exec(t, name, statements...)
	}
	return name
}

// Exec runs statements in a database, as the superuser.
func (s *Server) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	db := s.connect(database)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%v in\n%s", err, statement)
		}
	}
}

// DB opens a database as the superuser, until the test ends.
func (s *Server) DB(t testing.TB, database string) *sql.DB {
	t.Helper()
	db := s.connect(database)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func (s *Server) connect(database string) *sql.DB {
	db, err := sql.Open("pgx", fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=%s sslmode=disable", s.Host, s.Port, s.User, s.Password, database))
	if err != nil {
		panic(err) // the text is ours
	}
	return db
}

// programs finds the newest installed PostgreSQL.
func programs() (folder string, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // 0 for what is no version
		return n
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errMissing
}

func launch() (_ *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	d, err := daemon.New("postgres", "postgres")
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", Port: d.Port, User: "owner", Password: "owner-" + daemon.Random(), Authority: d.Authority}
	err = d.Write("password", s.Password)
	if err == nil {
		err = d.Run(filepath.Join(bin, "initdb"), "-D", d.Path("data"), "-U", s.User, "--pwfile", d.Path("password"), "-A", "scram-sha-256",
			"-E", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions")
	}
	if err != nil {
		return nil, errors.Join(err, d.Remove())
	}
	db := s.connect("postgres")
	defer db.Close()
	ping := func() error { return db.PingContext(context.Background()) }
	return s, d.Start(ping, syscall.SIGQUIT, filepath.Join(bin, "postgres"), "-D", d.Path("data"), "-p", strconv.Itoa(s.Port), "-k", d.Folder, "-h", s.Host,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=50", "-c", "autovacuum=off",
		"-c", "ssl=on", "-c", "ssl_cert_file="+d.Path("server.crt"), "-c", "ssl_key_file="+d.Path("server.key"))
}
