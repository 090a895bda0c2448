package warehouse_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

const planted = "heron+quay/42%Lantern"

// reader is a login that may only read, with the planted password.
func reader(t testing.TB, database string) warehouse.Address {
	t.Helper()
	s := postgres.Open(t)
	s.Exec(t, database, `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN CREATE ROLE reader LOGIN PASSWORD '`+planted+`'; END IF; END $$`,
		`GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`)
	return warehouse.Address{Kind: warehouse.PostgreSQL, Host: s.Host, Port: s.Port, Database: database, User: "reader", Authority: s.Authority}
}

func allow(t testing.TB, entries ...string) warehouse.Allowed {
	t.Helper()
	allowed := make(warehouse.Allowed, len(entries))
	for i, entry := range entries {
		if err := allowed[i].UnmarshalText([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	return allowed
}

func open(t testing.TB, a warehouse.Address, password string, l warehouse.Limits) *warehouse.Database {
	t.Helper()
	if l.Allowed == nil {
		l.Allowed = allow(t, "127.0.0.1=plain")
	}
	d, err := warehouse.Open(t.Context(), a, secret.NewText(password), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// wantProblem holds an error to a code, and to saying nothing of the password, however it is printed.
func wantProblem(t testing.TB, err error, code string) *problem.Problem {
	t.Helper()
	p := problem.Of(err)
	if p == nil || p.Code != "warehouse.problem."+code {
		t.Fatalf("got %v, want warehouse.problem.%s", err, code)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, text := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), fmt.Sprint(p.Args...)} {
			if strings.Contains(text, planted) {
				t.Fatalf("the password is in %q", text)
			}
		}
	}
	return p
}

func TestATableIsTestedListedDescribedPreviewedAndStreamed(t *testing.T) {
	s := postgres.Open(t)
	database := s.Database(t, `CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL, born date, photo bytea)`,
		`INSERT INTO people VALUES (1, 'ada@example.com', '1990-02-03', 'x'), (2, 'bo@example.com', NULL, NULL)`,
		`CREATE VIEW adults AS SELECT id FROM people WHERE born < '2000-01-01'`)
	d := open(t, reader(t, database), planted, warehouse.Limits{})
	ctx := t.Context()

	tested, err := d.Test(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !tested.ReadOnly || !strings.HasPrefix(tested.Version, "PostgreSQL 1") || tested.Latency <= 0 {
		t.Errorf("got %+v", tested)
	}
	tables, more, err := d.Tables(ctx)
	if err != nil || more || !reflect.DeepEqual(tables, []warehouse.Table{{"public", "adults"}, {"public", "people"}}) {
		t.Errorf("got %v, %v, %v", tables, more, err)
	}
	what := warehouse.What{Schema: "public", Table: "people"}
	columns, err := d.Columns(ctx, what)
	want := []warehouse.Column{
		{Name: "id", Kind: profile.Number, Native: "int8"},
		{Name: "email", Kind: profile.Text, Native: "text"},
		{Name: "born", Kind: profile.Date, Native: "date", Nullable: true},
		{Name: "photo", Kind: profile.Text, Native: "bytea", Nullable: true, LeftOut: "warehouse.left_out.bytes"},
	}
	if err != nil || !reflect.DeepEqual(columns, want) {
		t.Errorf("got %+v, %v", columns, err)
	}
	sample, err := d.Preview(ctx, what, 1)
	if err != nil || !reflect.DeepEqual(sample.Rows, [][]any{{int64(1), "ada@example.com", "1990-02-03", nil}}) {
		t.Errorf("got %v, %v", sample, err)
	}
	var got [][]any
	reading, err := d.Stream(ctx, what, []warehouse.Column{want[1], {Name: "id", Kind: profile.Text}}, func(row []any) error {
		got = append(got, append([]any(nil), row...))
		return nil
	})
	if err != nil || reading.Rows != 2 || !reflect.DeepEqual(got, [][]any{{"ada@example.com", "1"}, {"bo@example.com", "2"}}) {
		t.Errorf("got %v, %+v, %v", got, reading, err)
	}
	n, err := d.Count(ctx, `SELECT count(*) FROM "people" WHERE id > $1 AND email LIKE $2`, []any{int64(1), "bo%"})
	if err != nil || n != 1 {
		t.Errorf("counted %d, %v", n, err)
	}
	query := warehouse.What{Query: "SELECT id, email FROM people ORDER BY id DESC; -- newest first"}
	sample, err = d.Preview(ctx, query, 1)
	if err != nil || !reflect.DeepEqual(sample.Rows, [][]any{{int64(2), "bo@example.com"}}) {
		t.Errorf("got %v, %v", sample, err)
	}
}

// everyType are values of PostgreSQL and what becomes of them. json is the value in a preview.
var everyType = []struct {
	sql, json string
	kind      profile.Kind
	emptied   bool
}{
	{`'plain'::text`, `"plain"`, profile.Text, false},
	{`''::text`, `null`, profile.Text, false},
	{`NULL::text`, `null`, profile.Text, false},
	{`'Ærø 🦢'::varchar(20)`, `"Ærø 🦢"`, profile.Text, false},
	{`'ab'::char(5)`, `"ab"`, profile.Text, false},
	{`'ab'::name`, `"ab"`, profile.Text, false},
	{`'blue'::colour`, `"blue"`, profile.Text, false},
	{`'0e37df36-f698-11e6-8dd4-cb9ced3df976'::uuid`, `"0e37df36-f698-11e6-8dd4-cb9ced3df976"`, profile.Text, false},
	{`'{"a": [1]}'::jsonb`, `"{\"a\": [1]}"`, profile.Text, false},
	{`'[1, 2]'::json`, `"[1, 2]"`, profile.Text, false},
	{`'10.0.0.1/8'::inet`, `"10.0.0.1/8"`, profile.Text, false},
	{`'1 day 02:00'::interval`, `"1 day 02:00:00"`, profile.Text, false},
	{`'12:30'::time`, `"12:30:00"`, profile.Text, false},
	{`'(1,2)'::point`, `"(1,2)"`, profile.Text, false},
	{`'[1,5)'::int4range`, `"[1,5)"`, profile.Text, false},
	{`ROW(1, 'x')::pair`, `"(1,x)"`, profile.Text, false},
	{`7::smallint`, `7`, profile.Number, false},
	{`'-9223372036854775808'::bigint`, `-9223372036854775808`, profile.Number, false},
	{`12.50::numeric`, `12.5`, profile.Number, false},
	{`12.00::numeric(10,2)`, `12`, profile.Number, false},
	{`9007199254740993::numeric`, `9007199254740993`, profile.Number, false},
	{`123456789012345678901234567890::numeric`, `1.2345678901234568e+29`, profile.Number, false},
	{`'NaN'::numeric`, `null`, profile.Number, true},
	{`0.1::real`, `0.10000000149011612`, profile.Number, false},
	{`0.1::float8`, `0.1`, profile.Number, false},
	{`'NaN'::float8`, `null`, profile.Number, true},
	{`'-Infinity'::float8`, `null`, profile.Number, true},
	{`'$1,234.50'::money`, `1234.5`, profile.Number, false},
	{`true`, `1`, profile.Boolean, false},
	{`false`, `0`, profile.Boolean, false},
	{`'2024-02-29'::date`, `"2024-02-29"`, profile.Date, false},
	{`'0001-01-01'::date`, `"0001-01-01"`, profile.Date, false},
	{`'infinity'::date`, `null`, profile.Date, true},
	{`'0044-03-15 BC'::date`, `null`, profile.Date, true},
	{`'10000-01-01'::date`, `null`, profile.Date, true},
	{`'2024-02-29 23:59:59.999'::timestamp`, `"2024-02-29T23:59:59Z"`, profile.DateTime, false},
	{`'2024-03-01 01:30:00+02'::timestamptz`, `"2024-02-29T23:30:00Z"`, profile.DateTime, false},
	{`'-infinity'::timestamptz`, `null`, profile.DateTime, true},
	{`'294276-12-31'::timestamp`, `null`, profile.DateTime, true},
	{`'{red,"a \"b\",c",NULL,""}'::text[]`, `"[\"red\",\"a \\\"b\\\",c\"]"`, "list", false},
	{`'{1,2}'::int[]`, `"[\"1\",\"2\"]"`, "list", false},
	{`'{{a,b},{c,d}}'::text[]`, `"[\"a\",\"b\",\"c\",\"d\"]"`, "list", false},
	{`'{}'::text[]`, `null`, "list", false},
	{`'{blue}'::colour[]`, `"[\"blue\"]"`, "list", false},
}

func TestValuesOfEveryTypeComeInTheStoredFormOfTheirKind(t *testing.T) {
	s := postgres.Open(t)
	database := s.Database(t, `CREATE TYPE colour AS ENUM ('blue', 'red')`, `CREATE TYPE pair AS (a int, b text)`)
	d := open(t, reader(t, database), planted, warehouse.Limits{})
	var parts []string
	for i, v := range everyType {
		parts = append(parts, fmt.Sprintf("%s AS v%d", v.sql, i))
	}
	what := warehouse.What{Query: "SELECT " + strings.Join(parts, ", ")}
	columns, err := d.Columns(t.Context(), what)
	if err != nil {
		t.Fatal(err)
	}
	var row []any
	reading, err := d.Stream(t.Context(), what, columns, func(r []any) error {
		row = append(row, r...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range everyType {
		got, err := json.Marshal(row[i])
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != v.json || columns[i].Kind != v.kind {
			t.Errorf("%s became %s %s, want %s %s", v.sql, columns[i].Kind, got, v.kind, v.json)
		}
		if emptied := reading.Emptied[columns[i].Name] == 1; emptied != v.emptied {
			t.Errorf("%s was counted as emptied: %v", v.sql, emptied)
		}
	}
}

func TestResultsOfCompiledQueriesComeInStoredFormToo(t *testing.T) {
	s := postgres.Open(t)
	d := open(t, reader(t, s.Database(t)), planted, warehouse.Limits{})
	var got []any
	_, err := d.Query(t.Context(), `SELECT 1::int, true, 'a'::text, 2.5::numeric, '{a,b}'::text[], '2024-02-29 10:00+02'::timestamptz, $1::text, '{{a},{b}}'::text[]`,
		[]any{"bo"}, func(row []any) error {
			got = append(got, row...)
			return nil
		})
	want := []any{int64(1), int64(1), "a", 2.5, `["a","b"]`, "2024-02-29T08:00:00Z", "bo"}
	if err != nil || !reflect.DeepEqual(got[:7], want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTextThatIsNoUTF8ComesMendedAndCounted(t *testing.T) {
	s := postgres.Open(t)
	database := s.DatabaseWith(t, "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'", `CREATE TABLE people (id int, name text, tags text[])`,
		`INSERT INTO people VALUES (1, E'caf\xe9', ARRAY[E'caf\xe9'])`)
	d := open(t, reader(t, database), planted, warehouse.Limits{})
	what := warehouse.What{Table: "people"}
	columns, err := d.Columns(t.Context(), what)
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	reading, err := d.Stream(t.Context(), what, columns, func(row []any) error {
		got = append(got, row...)
		return nil
	})
	if err != nil || !reflect.DeepEqual(got, []any{int64(1), "caf\uFFFD", "[\"caf\uFFFD\"]"}) || reading.Mended["name"] != 1 || reading.Mended["tags"] != 1 {
		t.Errorf("got %q, %+v, %v", got, reading, err)
	}
}

func TestWhatWouldWriteIsRefused(t *testing.T) {
	s := postgres.Open(t)
	database := s.Database(t, `CREATE TABLE people (id int)`, `CREATE SEQUENCE numbers`,
		`CREATE FUNCTION sly() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO people VALUES (1); RETURN 1; END $$`)
	a := reader(t, database)
	a.User = s.User // even for a superuser
	d := open(t, a, s.Password, warehouse.Limits{})
	for query, code := range map[string]string{
		`DELETE FROM people`:                                                "query_reads",
		`SELECT 1; DELETE FROM people`:                                      "query_several",
		`SELECT 1) q; DELETE FROM people; --`:                               "query_parentheses",
		`WITH gone AS (DELETE FROM people RETURNING id) SELECT * FROM gone`: "statement",
		`SELECT sly() AS s`:                                                 "writes",
		`SELECT nextval('numbers') AS n`:                                    "writes",
		`SELECT id FROM people FOR UPDATE`:                                  "writes",
		`SELECT set_config('transaction_read_only', 'off', true) AS c`:      "writes",
	} {
		_, err := d.Preview(t.Context(), warehouse.What{Query: query}, 10)
		if p := problem.Of(err); p == nil || p.Code != "warehouse.problem."+code {
			t.Errorf("%s: got %v, want %s", query, err, code)
		}
	}
	_, err := d.Query(t.Context(), `INSERT INTO people VALUES (1)`, nil, func([]any) error { return nil })
	wantProblem(t, err, "query_reads")
	n, err := d.Count(t.Context(), `SELECT count(*) FROM people`, nil)
	if err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestWhatIsWrongIsNamedWithoutSecrets(t *testing.T) {
	s := postgres.Open(t)
	database := s.Database(t, `CREATE TABLE people (id int, name text)`, `CREATE TABLE hidden (id int)`, `INSERT INTO people VALUES (1, 'bo@example.com')`)
	a := reader(t, database)
	s.Exec(t, database, `REVOKE ALL ON hidden FROM reader`)
	with := func(change func(*warehouse.Address)) warehouse.Address {
		changed := a
		change(&changed)
		return changed
	}
	for name, c := range map[string]struct {
		address  warehouse.Address
		password string
		what     warehouse.What
		code     string
	}{
		"another password":      {a, planted + "x", warehouse.What{Table: "people"}, "login_refused"},
		"nobody of that name":   {with(func(a *warehouse.Address) { a.User = "nobody" }), planted, warehouse.What{Table: "people"}, "login_refused"},
		"no such database":      {with(func(a *warehouse.Address) { a.Database = "elsewhere" }), planted, warehouse.What{Table: "people"}, "no_database"},
		"no such table":         {a, planted, warehouse.What{Table: "persons"}, "no_table"},
		"no such schema":        {a, planted, warehouse.What{Schema: "crm", Table: "people"}, "no_table"},
		"no such column":        {a, planted, warehouse.What{Query: "SELECT age FROM people"}, "no_column"},
		"not allowed to read":   {a, planted, warehouse.What{Table: "hidden"}, "rights"},
		"no SQL":                {a, planted, warehouse.What{Query: "SELECT FROM WHERE"}, "statement"},
		"a certificate of none": {with(func(a *warehouse.Address) { a.Authority = "" }), planted, warehouse.What{Table: "people"}, "certificate"},
		"a name not certified":  {with(func(a *warehouse.Address) { a.Host = "127.0.0.2" }), planted, warehouse.What{Table: "people"}, "unreachable"},
		"nobody listens":        {with(func(a *warehouse.Address) { a.Port = 1 }), planted, warehouse.What{Table: "people"}, "unreachable"},
		"a column named twice":  {a, planted, warehouse.What{Query: "SELECT id, id FROM people"}, "column_twice"},
		"neither nor":           {a, planted, warehouse.What{}, "what"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.address, c.password, warehouse.Limits{Allowed: allow(t, "127.0.0.0/8")})
			_, err := d.Preview(t.Context(), c.what, 5)
			wantProblem(t, err, c.code)
		})
	}
	t.Run("a value that breaks the statement is not quoted", func(t *testing.T) {
		d := open(t, a, planted, warehouse.Limits{})
		_, err := d.Preview(t.Context(), warehouse.What{Query: "SELECT name::int AS n FROM people"}, 5)
		p := wantProblem(t, err, "value")
		if strings.Contains(fmt.Sprint(p.Error(), p.Args), "bo@") {
			t.Errorf("the value is in %v", p)
		}
	})
}
