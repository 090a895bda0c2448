package pushdown_test

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

// planted stands in a column that nothing maps, for each row: it must never come here.
const planted = "heron-under-the-quay"

const sourceID = 77

// staying is one source whose profiles stay where they are.
type staying struct {
	mutex  sync.Mutex
	source pushdown.Source
	gone   bool
}

func (s *staying) Staying(_ context.Context, id int64) (pushdown.Source, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.gone || id != s.source.SourceID {
		return pushdown.Source{}, problem.New(problem.NotFound, "problem.not_found")
	}
	return s.source, nil
}

func (s *staying) Bases(context.Context) ([]pushdown.Base, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return []pushdown.Base{s.source.Base}, nil
}

func (s *staying) change(how func(*pushdown.Source)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	version := s.source.Version
	how(&s.source)
	s.source.Version = version + 1
}

// kit is a domain with imported customers, and a PostgreSQL that holds the same ones.
type kit struct {
	*apptest.Kit
	t       testing.TB
	staying *staying
	db      *sql.DB // of the database, as who owns it
	port    int
}

func startKit(t testing.TB, customers int, speed float64) *kit {
	t.Helper()
	server := postgres.Open(t)
	k := &kit{Kit: apptest.StartAt(t, customers, speed), t: t}
	database := server.Database(t)
	k.db = server.DB(t, database)
	snapshot := k.fillTable("customers")
	k.staying = &staying{source: pushdown.Source{Base: pushdown.Base{SourceID: sourceID, Name: "Warehouse"}, Version: 1, Key: "Customer No", KeyLabel: "Customer",
		Address:  warehouse.Address{Kind: warehouse.PostgreSQL, Host: server.Host, Port: server.Port, Database: database, User: server.User, TLS: warehouse.TLSPlain},
		Password: secret.NewText(server.Password), What: warehouse.What{Table: "customers"}}}
	for _, a := range snapshot.Attributes {
		a.Column = a.Key
		k.staying.source.Attributes = append(k.staying.source.Attributes, a)
	}
	k.port = server.Port
	k.Stop()
	k.Config.SQL, k.Config.Staying = warehouse.Limits{Allowed: allowed()}, k.staying
	k.Open()
	return k
}

// allowed lets databases on this machine be reached without TLS.
func allowed() warehouse.Allowed {
	var plain warehouse.Host
	if err := plain.UnmarshalText([]byte("127.0.0.1=plain")); err != nil {
		panic(err) // the text is ours
	}
	return warehouse.Allowed{plain}
}

var nativeTypes = map[profile.Kind]string{profile.Text: "text", profile.Number: "numeric", profile.Boolean: "boolean", profile.Date: "date",
	profile.DateTime: "timestamptz", profile.List: "jsonb"}

// fillTable copies the current snapshot into a table, with a column that nothing maps.
func (k *kit) fillTable(table string) profile.Snapshot {
	k.t.Helper()
	snapshot, err := k.Profiles.Current(context.Background())
	if err != nil {
		k.t.Fatal(err)
	}
	definition, columns := `"Customer No" text PRIMARY KEY, secret_note text DEFAULT '`+planted+`'`, `"Customer No"`
	read := "id"
	for _, a := range snapshot.Attributes {
		definition += `, "` + a.Key + `" ` + nativeTypes[a.Kind]
		columns += `, "` + a.Key + `"`
		read += ", " + a.Column
	}
	k.exec("CREATE TABLE " + table + " (" + definition + ")")
	rows, err := k.DB.Reader().Query("SELECT " + read + " FROM " + snapshot.Table() + " ORDER BY n")
	if err != nil {
		k.t.Fatal(err)
	}
	defer rows.Close()
	tx, err := k.db.Begin()
	if err != nil {
		k.t.Fatal(err)
	}
	holders := make([]string, len(snapshot.Attributes)+1)
	for i := range holders {
		holders[i] = fmt.Sprintf("$%d", i+1)
	}
	insert, err := tx.Prepare("INSERT INTO " + table + " (" + columns + ") VALUES (" + strings.Join(holders, ", ") + ")")
	if err != nil {
		k.t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(holders))
		into := make([]any, len(holders))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			k.t.Fatal(err)
		}
		for i, a := range snapshot.Attributes {
			if n, ok := values[i+1].(int64); ok && a.Kind == profile.Boolean {
				values[i+1] = n == 1
			} else if values[i+1] != nil {
				values[i+1] = fmt.Sprint(values[i+1])
			}
		}
		if _, err := insert.Exec(values...); err != nil {
			k.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		k.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		k.t.Fatal(err)
	}
	return snapshot
}

func (k *kit) exec(statement string, args ...any) {
	k.t.Helper()
	if _, err := k.db.Exec(statement, args...); err != nil {
		k.t.Fatalf("%v in %s", err, statement)
	}
}

func (k *kit) admin() access.Actor { return k.Actor(access.Administrator) }

// everybody is a rule that holds for all.
var everybody = segment.Group{Match: segment.All}

func where(attribute string, operator segment.Operator, values ...string) segment.Group {
	return segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: attribute, Operator: operator, Values: values}}}
}

// segment makes a segment on a base, and wants it calculated.
func (k *kit) segment(name string, base int64, rule segment.Group) segment.Segment {
	k.t.Helper()
	made, err := k.Segments.Create(context.Background(), k.admin(), segment.Draft{Name: name, State: segment.Active,
		Definition: segment.Definition{Kind: segment.ByRule, SourceID: base, Rule: rule}})
	if err != nil {
		k.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); made.CalculatedAt.IsZero() && made.Failure == "" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if made, err = k.Segments.Get(context.Background(), k.admin(), made.ID); err != nil {
			k.t.Fatal(err)
		}
	}
	return made
}

// export makes an export of some segments over a connection of its own.
func (k *kit) export(name string, connectionID int64, segments ...segment.Segment) export.Export {
	k.t.Helper()
	draft := export.Draft{Name: name, ConnectionID: connectionID, Mapping: demo.Mapping, AskShare: export.NeverAsk}
	for _, s := range segments {
		draft.Parts = append(draft.Parts, export.Part{SegmentID: s.ID, Tag: export.DefaultTag(s.Name)})
	}
	made, err := k.Exports.Create(context.Background(), k.admin(), draft)
	if err != nil {
		k.t.Fatal(err)
	}
	return made
}

// matches wants the stand-in to hold exactly what a segment of everybody, imported, should have become.
func (k *kit) matches(tag string) demo.Comparison {
	k.t.Helper()
	k.Sandbox.Settle()
	c, err := demo.Compare(context.Background(), k.App, segment.Definition{Kind: segment.ByRule, Rule: everybody}, tag, k.Sandbox.Contact, k.Sandbox.Contacts())
	if err != nil {
		k.t.Fatal(err)
	}
	if !c.Matches() {
		k.t.Fatalf("the stand-in and the segment differ: %+v", c)
	}
	return c
}

// wantTables waits until there are so many tables of snapshots: a run lets go of its spool a moment after it has ended.
func (k *kit) wantTables(n int) {
	k.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); k.tables() != n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			k.t.Fatalf("%d tables of snapshots, should be %d", k.tables(), n)
		}
	}
}

// tables are the tables of snapshots that there are.
func (k *kit) tables() int {
	k.t.Helper()
	var n int
	err := k.DB.Reader().QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name GLOB 'snapshot_[0-9]*'`).Scan(&n)
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
