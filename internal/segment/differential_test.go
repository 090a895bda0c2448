package segment_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/testkit/postgres"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

// TestARandomRuleFindsTheSameEverywhere asks SQLite, PostgreSQL and plain Go the same of the same profiles, which PostgreSQL has
// in its own types and with values that an import would not keep.
func TestARandomRuleFindsTheSameEverywhere(t *testing.T) {
	remote, kept := mixed(300)
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, attributes(false), kept)
	server := postgres.Open(t)
	there := server.DB(t, server.Database(t))
	there.SetMaxOpenConns(1) // the one that is in UTC
	schema := profile.Snapshot{Attributes: attributes(true)}
	fillRemote(t, there, schema, remote)
	rapid.Check(t, func(rt *rapid.T) {
		def := drawDefinition(rt, 2)
		now := rapid.SampledFrom(moments).Draw(rt, "now")
		var want []string
		for _, row := range kept {
			if belongs(def, row, now) {
				want = append(want, row[0].(string))
			}
		}
		if got := members(t, db, def, snapshot, now); got != strings.Join(want, " ") {
			rt.Fatalf("%s\nSQLite finds  %q\nplain Go      %q", said(def), got, want)
		}
		if got := remoteMembers(t, there, def, schema, now); got != strings.Join(want, " ") {
			rt.Fatalf("%s\nPostgreSQL finds  %q\nothers            %q", said(def), got, strings.Join(want, " "))
		}
	})
}

// fillRemote makes the table profiles from the texts of its values.
func fillRemote(t testing.TB, db *sql.DB, schema profile.Snapshot, rows [][]any) {
	t.Helper()
	create := "CREATE TABLE profiles (n serial, id text"
	insert := "INSERT INTO profiles VALUES (DEFAULT, ?"
	for i, a := range schema.Attributes {
		create += ", " + dialect.PostgreSQL.Quote(a.Column) + " " + fields[i].remoteType
		insert += ", ?::text::" + fields[i].remoteType
	}
	for _, statement := range []string{"SET TIME ZONE 'UTC'", create + ")"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	statement, err := db.PrepareContext(t.Context(), dialect.PostgreSQL.Rebind(insert+")"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if _, err := statement.ExecContext(t.Context(), row...); err != nil {
			t.Fatalf("%q: %v", row, err)
		}
	}
	if err := statement.Close(); err != nil {
		t.Fatal(err)
	}
}

func remoteMembers(t testing.TB, db *sql.DB, def segment.Definition, schema profile.Snapshot, now time.Time) string {
	t.Helper()
	where, err := segment.CompileFor(dialect.PostgreSQL, def, schema, now)
	if err != nil {
		t.Fatal(err)
	}
	var ids sql.NullString
	query := "SELECT string_agg(p.id, ' ' ORDER BY p.n) FROM profiles p WHERE " + dialect.PostgreSQL.Rebind(where.SQL)
	if err := db.QueryRowContext(t.Context(), query, where.Args...).Scan(&ids); err != nil {
		t.Fatalf("%s: %v", said(def), err)
	}
	return ids.String
}
