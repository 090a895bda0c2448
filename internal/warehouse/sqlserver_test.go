package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
)

// answer is what the fake server says to a statement.
type answer struct {
	columns, types []string
	rows           [][]driver.Value
	err            error
}

// fakeServer stands in for SQL Server behind database/sql: it gives what the real driver would give for its types. What is
// tried is everything above the driver; the driver's own way to a real server is not.
type fakeServer struct {
	answers map[string]answer // by how the statement begins

	mutex     sync.Mutex
	asked     []string
	committed bool
}

func (f *fakeServer) Connect(context.Context) (driver.Conn, error) { return &fakeConn{f}, nil }
func (f *fakeServer) Driver() driver.Driver                        { return nil }

func (f *fakeServer) note(what string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.asked = append(f.asked, what)
}

type fakeConn struct{ *fakeServer }

func (c *fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared here") }
func (c *fakeConn) Close() error                        { return nil }
func (c *fakeConn) Begin() (driver.Tx, error)           { return nil, errors.New("BeginTx is asked") }

func (c *fakeConn) BeginTx(_ context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly {
		return nil, errors.New("read-only transactions are not supported") // as the driver says
	}
	c.note("BEGIN " + sql.IsolationLevel(o.Isolation).String())
	return c, nil
}

func (c *fakeConn) Commit() error   { c.committed = true; return nil }
func (c *fakeConn) Rollback() error { c.note("ROLLBACK"); return nil }

func (c *fakeConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	return driver.ResultNoRows, nil
}

func (c *fakeConn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	for begin, a := range c.answers {
		if strings.HasPrefix(query, begin) {
			return &fakeRows{answer: a}, a.err
		}
	}
	return nil, mssql.Error{Number: 102, Class: 15, Message: "Incorrect syntax near " + query}
}

type fakeRows struct {
	answer
	at int
}

func (r *fakeRows) Columns() []string                       { return r.columns }
func (r *fakeRows) Close() error                            { return nil }
func (r *fakeRows) ColumnTypeDatabaseTypeName(i int) string { return r.types[i] }
func (r *fakeRows) ColumnTypeNullable(i int) (bool, bool)   { return i > 0, true }
func (r *fakeRows) Next(to []driver.Value) error {
	if r.at == len(r.rows) {
		return io.EOF
	}
	copy(to, r.rows[r.at])
	r.at++
	return nil
}

func openFake(t *testing.T, answers map[string]answer) (*Database, *fakeServer) {
	t.Helper()
	answers["SELECT CAST(CASE WHEN snapshot_isolation_state"] = answer{columns: []string{""}, types: []string{"BIT"}, rows: [][]driver.Value{{true}}}
	f := &fakeServer{answers: answers}
	d := &Database{address: Address{Kind: SQLServer, Host: "db.example.com"}, limits: Limits{}.withDefaults(), engine: sqlserver{}, pool: sql.OpenDB(f),
		scrubber: newScrubber("reader", secret.NewText("heron/quay"))}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, f
}

func TestSQLServerIsReadInASnapshotThatIsAlwaysRolledBack(t *testing.T) {
	names := []string{"id", "key", "email", "born", "seen", "score", "active", "shape", "photo"}
	types := []string{"BIGINT", "UNIQUEIDENTIFIER", "NVARCHAR", "DATE", "DATETIMEOFFSET", "DECIMAL", "BIT", "GEOGRAPHY", "VARBINARY"}
	d, f := openFake(t, map[string]answer{
		"SELECT TOP (0) * FROM [crm].[people] q": {columns: names, types: types},
		"SELECT [id] AS [id], CONVERT(nvarchar(max), [key]) AS [key], [email] AS [email], [born] AS [born], [seen] AS [seen], [score] AS [score], [active] AS [active] FROM [crm].[people] q": {
			columns: names[:7], types: types[:7], rows: [][]driver.Value{
				{int64(7), "0E37DF36-F698-11E6-8DD4-CB9CED3DF976", "ada@example.com", time.Date(1990, 2, 3, 0, 0, 0, 0, time.UTC),
					time.Date(2024, 3, 1, 1, 30, 0, 999, time.FixedZone("", 7200)), []byte("12.50"), true},
				{int64(8), nil, nil, nil, nil, nil, nil}}},
	})
	columns, err := d.Columns(t.Context(), What{Schema: "crm", Table: "people"})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []profile.Kind
	for _, c := range columns {
		kinds = append(kinds, c.Kind)
	}
	want := []profile.Kind{profile.Number, profile.Text, profile.Text, profile.Date, profile.DateTime, profile.Number, profile.Boolean, profile.Text, profile.Text}
	if !reflect.DeepEqual(kinds, want) || columns[0].Nullable || columns[7].LeftOut != "warehouse.left_out.shape" || columns[8].LeftOut != "warehouse.left_out.bytes" {
		t.Errorf("got %+v", columns)
	}
	var got [][]any
	_, err = d.Stream(t.Context(), What{Schema: "crm", Table: "people"}, columns[:7], func(row []any) error {
		got = append(got, append([]any(nil), row...))
		return nil
	})
	rows := [][]any{{int64(7), "0E37DF36-F698-11E6-8DD4-CB9CED3DF976", "ada@example.com", "1990-02-03", "2024-02-29T23:30:00Z", 12.5, int64(1)}, {int64(8), nil, nil, nil, nil, nil, nil}}
	if err != nil || !reflect.DeepEqual(got, rows) {
		t.Errorf("got %v, %v", got, err)
	}
	if f.committed || f.asked[1] != "BEGIN Snapshot" || !strings.HasPrefix(f.asked[2], "SET LOCK_TIMEOUT ") || f.asked[len(f.asked)-1] != "ROLLBACK" {
		t.Errorf("asked %q", f.asked)
	}
}

func TestSQLServersResultsAreWrittenAsEverywhere(t *testing.T) {
	d, _ := openFake(t, map[string]answer{"SELECT [key]": {columns: []string{"key", "at"}, types: []string{"UNIQUEIDENTIFIER", "TIME"},
		rows: [][]driver.Value{{[]byte{0x36, 0xdf, 0x37, 0x0e, 0x98, 0xf6, 0xe6, 0x11, 0x8d, 0xd4, 0xcb, 0x9c, 0xed, 0x3d, 0xf9, 0x76}, time.Date(1, 1, 1, 12, 30, 0, 0, time.UTC)}}}})
	var got []any
	_, err := d.Query(t.Context(), "SELECT [key], [at] FROM [people]", nil, func(row []any) error {
		got = append(got, row...)
		return nil
	})
	if err != nil || !reflect.DeepEqual(got, []any{"0e37df36-f698-11e6-8dd4-cb9ced3df976", "12:30:00"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSQLServersFaultsAreNamedWithoutSecretsOrValues(t *testing.T) {
	for number, code := range map[int32]string{18456: "login_refused", 4060: "no_database", 208: "no_table", 207: "no_column", 229: "rights", 1222: "too_long",
		3906: "writes", 40613: "busy", 245: "value", 102: "statement", 823: "database_failed"} {
		d, _ := openFake(t, map[string]answer{"SELECT 1": {err: fmt.Errorf("mssql: %w", mssql.Error{Number: number, Class: 16, Message: "Conversion failed for 'bo@example.com' of heron/quay"})}})
		_, err := d.Count(t.Context(), "SELECT 1", nil)
		p := problem.Of(err)
		if number == 102 {
			_, err = d.Count(t.Context(), "SELECT 2", nil)
			p = problem.Of(err)
		}
		if p == nil || p.Code != "warehouse.problem."+code {
			t.Errorf("%d: got %v, want %s", number, err, code)
			continue
		}
		text := fmt.Sprint(p.Error(), p.Args)
		if strings.Contains(text, "heron/quay") || !shown[fault(code)] && strings.Contains(text, "bo@") {
			t.Errorf("%d: got %s", number, text)
		}
	}
}

func TestATypeThatTheDriverPanicsOnIsAProblem(t *testing.T) {
	d, _ := openFake(t, map[string]answer{"SELECT TOP (0)": {columns: []string{"a"}}}) // ColumnTypeDatabaseTypeName panics
	_, err := d.Columns(t.Context(), What{Table: "people"})
	if p := problem.Of(err); p == nil || p.Code != "warehouse.problem.database_failed" {
		t.Errorf("got %v", err)
	}
}
