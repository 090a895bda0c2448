package segment_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
	"github.com/segue-app/segue/internal/testkit/mariadb"
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
	fillRemote(t, there, dialect.PostgreSQL, schema, remote)
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
		if got := remoteMembers(rt, there, dialect.PostgreSQL, def, schema, now); got != strings.Join(want, " ") {
			rt.Fatalf("%s\nPostgreSQL finds  %q\nothers            %q", said(def), got, strings.Join(want, " "))
		}
	})
}

// TestMariaDBFindsTheSameWhereItKnowsTheLetters is without letters that it does not fold as Unicode has it, those that are kept
// as a letter and its accent, and floating point beyond 15 digits (see package dialect). It has the values that an import
// keeps, and blank text.
func TestMariaDBFindsTheSameWhereItKnowsTheLetters(t *testing.T) {
	remote, kept := mixed(300)
	for i, row := range kept {
		for j, f := range fields {
			text, ok := row[j+1].(string)
			switch {
			case f.Kind == profile.DateTime && ok:
				remote[i][j+1] = strings.TrimSuffix(strings.Replace(text, "T", " ", 1), "Z")
			case f.Kind == profile.Text && ok && strings.ContainsFunc(text, unfamiliar):
				remote[i][j+1], row[j+1] = nil, nil
			case f.Kind == profile.List && ok && strings.ContainsFunc(text, unfamiliar):
				remote[i][j+1], row[j+1] = "[]", nil
			case f.remoteType == "double precision" && large(row[j+1]):
				remote[i][j+1], row[j+1] = nil, nil
			case f.Kind != profile.Text:
				remote[i][j+1] = row[j+1]
			}
		}
	}
	server := mariadb.Open(t)
	there := server.DB(t, server.Database(t))
	there.SetMaxOpenConns(1)
	schema := profile.Snapshot{Attributes: attributes(true)}
	fillRemote(t, there, dialect.MySQL, schema, remote)
	rapid.Check(t, func(rt *rapid.T) {
		def := drawDefinition(rt, 2)
		now := rapid.SampledFrom(moments).Draw(rt, "now")
		var want []string
		for _, row := range kept {
			if belongs(def, row, now) {
				want = append(want, row[0].(string))
			}
		}
		if got := remoteMembers(rt, there, dialect.MySQL, def, schema, now); got != strings.Join(want, " ") {
			rt.Fatalf("%s\nMariaDB finds  %q\nplain Go       %q", said(def), got, strings.Join(want, " "))
		}
	})
}

// large are numbers beyond 15 digits.
func large(number any) bool {
	switch number := number.(type) {
	case int64:
		return number > 1e15
	case float64:
		return number > 1e15
	}
	return false
}

// unfamiliar are signs that MariaDB may fold in another way.
func unfamiliar(sign rune) bool {
	return unicode.Is(unicode.M, sign) || strings.ContainsRune("\u212A\u212B\u037E\u1FEF\u1E9E\u0130\u13A0\u1C90𐐀", sign)
}

// remoteTypes are the types of MariaDB beside those of PostgreSQL.
var remoteTypes = map[string]string{
	"text": "text", "varchar(40)": "varchar(40)", "bigint": "bigint", "numeric": "decimal(65, 10)", "double precision": "double", "real": "double",
	"boolean": "boolean", "smallint": "smallint", "date": "date", "timestamptz": "datetime", "timestamp": "datetime", "text[]": "json", "jsonb": "json",
}

// fillRemote makes the table profiles of rows as that database has them. Its sessions are set to UTC.
func fillRemote(t testing.TB, db *sql.DB, d dialect.Dialect, schema profile.Snapshot, rows [][]any) {
	t.Helper()
	create, insert, zone := "CREATE TABLE profiles (n serial, id varchar(10)", "INSERT INTO profiles VALUES (DEFAULT, ?", "SET TIME ZONE 'UTC'"
	for i, a := range schema.Attributes {
		if d == dialect.PostgreSQL {
			create += ", " + d.Quote(a.Column) + " " + fields[i].remoteType
			insert += ", ?::text::" + fields[i].remoteType
		} else {
			create += ", " + d.Quote(a.Column) + " " + remoteTypes[fields[i].remoteType]
			insert += ", ?"
			zone = "SET time_zone = '+00:00'"
		}
	}
	for _, statement := range []string{zone, create + ")"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	statement, err := db.PrepareContext(t.Context(), d.Rebind(insert+")"))
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

func remoteMembers(t *rapid.T, db *sql.DB, d dialect.Dialect, def segment.Definition, schema profile.Snapshot, now time.Time) string {
	t.Helper()
	where, err := segment.CompileFor(d, def, schema, now)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), "SELECT p.id FROM profiles p WHERE "+d.Rebind(where.SQL)+" ORDER BY p.n", where.Args...)
	if err != nil {
		t.Fatalf("%s: %v", said(def), err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", said(def), err)
	}
	return strings.Join(ids, " ")
}
