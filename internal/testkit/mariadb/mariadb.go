// Package mariadb starts a real MariaDB for tests: the one that is installed on the machine, with data in a temporary
// folder, on a free port of 127.0.0.1, with and without TLS. It is started once for a test process, by the first test that
// asks for it, and stopped by daemon.Main.
package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/segue-app/segue/internal/testkit/daemon"
)

// Server is a MariaDB that runs.
type Server struct {
	Host      string // 127.0.0.1; the certificate names it, and localhost
	Port      int
	User      string // who may do everything
	Password  string
	Authority string // PEM of the CA that the server's certificate is from
}

// start starts the one server.
var start = sync.OnceValues(launch)

var errMissing = errors.New("no MariaDB is installed: the tests need Debian's package mariadb-server (make setup)")

// Open gives the server of the process. Without MariaDB on the machine the test fails where CI is set, and is skipped
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

// Database makes a database with a name of its own, which goes when the test ends. Statements are run in it.
func (s *Server) Database(t testing.TB, statements ...string) (name string) {
	t.Helper()
	name = "test_" + daemon.Random()
	s.Exec(t, "", "CREATE DATABASE "+name)
	t.Cleanup(func() { s.Exec(t, "", "DROP DATABASE "+name) })
	s.Exec(t, name, statements...)
	return name
}

// Exec runs statements in a database, as the one who may do everything.
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

// DB opens a database as the one who may do everything, until the test ends.
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
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = s.User, s.Password, database
	config.Net, config.Addr = "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		panic(err) // what is in it is ours
	}
	return sql.OpenDB(connector)
}

func launch() (*Server, error) {
	install, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return nil, errMissing
	}
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		program = "/usr/sbin/mariadbd" // not in the path of everybody
	}
	d, err := daemon.New("mariadb", "mysql")
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", Port: d.Port, User: "owner", Password: "owner-" + daemon.Random(), Authority: d.Authority}
	err = d.Run(install, "--no-defaults", "--datadir="+d.Path("data"), "--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve")
	if err == nil {
		err = d.Write("first.sql", "CREATE USER '"+s.User+"'@'%' IDENTIFIED BY '"+s.Password+"';\nGRANT ALL ON *.* TO '"+s.User+"'@'%' WITH GRANT OPTION;\n")
	}
	if err != nil {
		return nil, errors.Join(err, d.Remove())
	}
	db := s.connect("")
	defer db.Close()
	ping := func() error { return db.PingContext(context.Background()) }
	return s, d.Start(ping, syscall.SIGKILL, program, "--no-defaults", "--datadir="+d.Path("data"), "--port="+strconv.Itoa(s.Port), "--bind-address="+s.Host,
		"--socket="+d.Path("socket"), "--pid-file="+d.Path("pid"), "--init-file="+d.Path("first.sql"), "--skip-name-resolve", "--character-set-server=utf8mb4",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--ssl-cert="+d.Path("server.crt"), "--ssl-key="+d.Path("server.key"))
}
