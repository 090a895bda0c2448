// Package postgres starts a real PostgreSQL for tests: the one that is installed on the machine, with data in a temporary
// folder, on a free port of 127.0.0.1, with and without TLS. It is started once for a test process, by the first test that
// asks for it. A package that uses it ends its tests through Main.
//
//	func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }
package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Server is a PostgreSQL that runs.
type Server struct {
	Host      string // 127.0.0.1; the certificate names it, and localhost
	Port      int
	User      string // a superuser
	Password  string
	Authority string // PEM of the CA that the server's certificate is from

	folder  string
	process *exec.Cmd
	output  bytes.Buffer
	ended   chan struct{}
}

var errMissing = errors.New("no PostgreSQL is installed: the tests need Debian's package postgresql (make setup)")

// start starts the one server.
var start = sync.OnceValues(launch)

var started *Server // once start made it

// Open gives the server of the process. Without PostgreSQL on the machine the test fails where CI is set, and is skipped
// elsewhere.
func Open(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if errors.Is(err, errMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Main runs the tests and stops the server. When the process dies before, the kernel stops the server (see launch).
func Main(m *testing.M) int {
	code := m.Run()
	if started != nil {
		if err := started.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
			return max(code, 1)
		}
	}
	return code
}

// Database makes a database with a name of its own, which goes when the test ends. Statements are run in it.
func (s *Server) Database(t testing.TB, statements ...string) (name string) {
	t.Helper()
	return s.DatabaseWith(t, "", statements...)
}

// DatabaseWith makes a database with options of CREATE DATABASE.
func (s *Server) DatabaseWith(t testing.TB, options string, statements ...string) (name string) {
	t.Helper()
	name = "test_" + random()
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

func random() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // does not fail
	return hex.EncodeToString(b)
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

// servant is the user that the server runs as: PostgreSQL refuses to run as root. Nil means as ourselves.
func servant() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func launch() (_ *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	as, err := servant()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "segue-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", User: "owner", Password: "owner-" + random(), folder: folder, ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte(s.Password), 0o600); err != nil {
		return nil, err
	}
	if s.Authority, err = writeCertificate(folder); err != nil {
		return nil, err
	}
	if as != nil {
		if err := give(folder, as); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(folder, "data")
	initialise := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", s.User, "--pwfile", password, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions")
	initialise.Dir, initialise.SysProcAttr = folder, &syscall.SysProcAttr{Credential: as}
	if out, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	s.process = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(s.Port), "-k", folder, "-h", s.Host,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=50", "-c", "autovacuum=off",
		"-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(folder, "server.crt"), "-c", "ssl_key_file="+filepath.Join(folder, "server.key"))
	s.process.Dir = folder
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	s.process.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT} // SIGQUIT: shut down at once
	begun := make(chan error)
	go func() {
		// The signal comes when the thread ends that started the process. This one waits, and ends with the tests.
		runtime.LockOSThread()
		err := s.process.Start()
		begun <- err
		if err == nil {
			_ = s.process.Wait() // how it ended is told by what could not be done with it
			close(s.ended)
		}
	}()
	if err := <-begun; err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := s.await(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	started = s
	return s, nil
}

func (s *Server) await() error {
	db := s.connect("postgres")
	defer db.Close()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := db.PingContext(context.Background())
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("PostgreSQL ended: %s", strings.TrimSpace(s.output.String()))
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL does not come up: %w", err)
		}
	}
}

func (s *Server) stop() error {
	err := s.process.Process.Signal(syscall.SIGQUIT)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if err == nil {
		<-s.ended
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// give makes the folder and what is in it the server's.
func give(folder string, to *syscall.Credential) error {
	return filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(to.Uid), int(to.Gid))
	})
}
