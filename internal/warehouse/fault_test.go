package warehouse_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit/mariadb"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

// listen serves each connection to a free port until the test ends.
func listen(t testing.TB, serve func(net.Conn)) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// cutter passes bytes on to a server, and hangs up after so many of its answers' bytes.
func cutter(t testing.TB, to string, after int64) (port int) {
	return listen(t, func(client net.Conn) {
		server, err := net.Dial("tcp", to)
		if err != nil {
			t.Error(err)
			return
		}
		defer server.Close()
		go func() { _, _ = io.Copy(server, client) }() // ends with the connections
		_, _ = io.CopyN(client, server, after)
	})
}

func TestServersThatDoNotAnswerAsTheyShouldAreNamed(t *testing.T) {
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	hangsUp := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	chatters := listen(t, func(c net.Conn) {
		_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
		_, _ = io.Copy(io.Discard, c)
	})
	for name, c := range map[string]struct {
		port  int
		codes string // any of them: what it looks like differs between protocols
	}{
		"silent":         {silent, "unreachable"},
		"hangs up":       {hangsUp, "cut unreachable no_tls"},
		"nobody listens": {1, "unreachable"},
		"another server": {chatters, "cut unreachable no_tls database_failed"},
	} {
		for _, kind := range warehouse.Kinds {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				a := warehouse.Address{Kind: kind, Host: "127.0.0.1", Port: c.port, Database: "crm", User: "reader"}
				d := open(t, a, planted, warehouse.Limits{Allowed: allow(t, "127.0.0.1"), Connect: 300 * time.Millisecond, Statement: 5 * time.Second})
				began := time.Now()
				_, err := d.Test(t.Context())
				for _, code := range strings.Fields(c.codes) {
					if err != nil && strings.HasPrefix(err.Error(), "warehouse.problem."+code) {
						wantProblem(t, err, code)
						return
					}
				}
				t.Errorf("got %v after %v, want one of %s", err, time.Since(began), c.codes)
			})
		}
	}
}

func TestAConnectionThatIsCutInTheMiddleIsAProblemAndNoEnd(t *testing.T) {
	const size = 1 << 20
	check := func(t *testing.T, a warehouse.Address, port int, query string) {
		t.Helper()
		a.Port = port
		seen := 0
		d := open(t, a, planted, warehouse.Limits{})
		_, err := d.Query(t.Context(), query, nil, func([]any) error { seen++; return nil })
		wantProblem(t, err, "cut")
		if seen == 0 {
			t.Error("it was cut before the first row")
		}
	}
	t.Run("PostgreSQL", func(t *testing.T) {
		s := postgres.Open(t)
		a := reader(t, s.Database(t))
		check(t, a, cutter(t, fmt.Sprintf("127.0.0.1:%d", a.Port), size), "SELECT n, repeat('x', 100) FROM generate_series(1, 100000) n")
	})
	t.Run("MariaDB", func(t *testing.T) {
		a := mariaReader(t, mariadb.Open(t).Database(t))
		check(t, a, cutter(t, fmt.Sprintf("127.0.0.1:%d", a.Port), size), "SELECT seq, repeat('x', 100) FROM seq_1_to_100000")
	})
}

func TestAServerWithoutTLSGetsNoPassword(t *testing.T) {
	heard := make(chan string, 10)
	port := listen(t, func(c net.Conn) {
		request := make([]byte, 1000)
		n, err := c.Read(request)
		if err != nil {
			return
		}
		if _, err := c.Write([]byte("N")); err != nil { // PostgreSQL's "no TLS here"
			return
		}
		more, _ := io.ReadAll(c) // until it hangs up
		heard <- string(request[:n]) + string(more)
	})
	a := warehouse.Address{Kind: warehouse.PostgreSQL, Host: "127.0.0.1", Port: port, Database: "crm", User: "reader"}
	_, err := open(t, a, planted, warehouse.Limits{Allowed: allow(t, "127.0.0.1")}).Test(t.Context())
	wantProblem(t, err, "no_tls")
	if said := <-heard; strings.Contains(said, planted) || strings.Contains(said, "reader") {
		t.Errorf("it heard %q", said)
	}
}

func TestNothingIsWrittenToTheLog(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil))) // takes what package log writes, too
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetFlags(log.LstdFlags)
	})
	hangsUp := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	for _, kind := range warehouse.Kinds {
		a := warehouse.Address{Kind: kind, Host: "127.0.0.1", Port: hangsUp, Database: "crm", User: "reader", TLS: warehouse.TLSPlain}
		d, err := warehouse.Open(t.Context(), a, secret.NewText(planted), warehouse.Limits{Allowed: allow(t, "127.0.0.1=plain"), Connect: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Test(t.Context()); err == nil {
			t.Errorf("%s: a server that hangs up was taken", kind)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged.String())
	}
}
