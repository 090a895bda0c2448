package warehouse_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/testkit/mariadb"
	"github.com/segue-app/segue/internal/warehouse"
)

// mariaReader is a login that may only read, with the planted password.
func mariaReader(t testing.TB, database string) warehouse.Address {
	t.Helper()
	s := mariadb.Open(t)
	s.Exec(t, database, "CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY '"+planted+"'", "GRANT SELECT ON `"+database+"`.* TO 'reader'@'%'")
	return warehouse.Address{Kind: warehouse.MySQL, Host: s.Host, Port: s.Port, Database: database, User: "reader", Authority: s.Authority}
}

// mariaTypes are columns of a table, a value, and what becomes of it.
var mariaTypes = []struct {
	native, value, json string
	kind                profile.Kind
	emptied             bool
}{
	{"varchar(20)", "'Ærø 🦢'", `"Ærø 🦢"`, profile.Text, false},
	{"text", "''", `null`, profile.Text, false},
	{"char(5)", "'ab'", `"ab"`, profile.Text, false},
	{"text", "'a\\0b'", `"a�b"`, profile.Text, false},
	{"enum('blue','red')", "'red'", `"red"`, profile.Text, false},
	{"time", "'12:30'", `"12:30:00"`, profile.Text, false},
	{"json", `'{"a": 1}'`, `"{\"a\": 1}"`, profile.Text, false},
	{"tinyint(1)", "1", `1`, profile.Boolean, false},
	{"tinyint(1)", "2", `1`, profile.Boolean, false},
	{"bit(1)", "b'0'", `0`, profile.Boolean, false},
	{"bit(12)", "b'100000001'", `257`, profile.Number, false},
	{"tinyint", "2", `2`, profile.Number, false},
	{"bigint", "-9223372036854775808", `-9223372036854775808`, profile.Number, false},
	{"bigint unsigned", "18446744073709551615", `18446744073709552000`, profile.Number, false},
	{"decimal(10,2)", "12.50", `12.5`, profile.Number, false},
	{"double", "0.1", `0.1`, profile.Number, false},
	{"year", "2024", `2024`, profile.Number, false},
	{"date", "'2024-02-29'", `"2024-02-29"`, profile.Date, false},
	{"date", "'0000-00-00'", `null`, profile.Date, true},
	{"datetime(3)", "'2024-02-29 23:59:59.999'", `"2024-02-29T23:59:59Z"`, profile.DateTime, false},
	{"timestamp", "'2024-02-29 10:00:00'", `"2024-02-29T08:00:00Z"`, profile.DateTime, false},
	{"text", "NULL", `null`, profile.Text, false},
}

func TestMariaDBIsTestedListedDescribedAndStreamed(t *testing.T) {
	s := mariadb.Open(t)
	var columns, values []string
	for i, c := range mariaTypes {
		null := " NULL"
		columns, values = append(columns, fmt.Sprintf("c%d %s%s", i, c.native, null)), append(values, c.value)
	}
	database := s.Database(t, "CREATE TABLE people ("+strings.Join(columns, ", ")+", photo blob, id int NOT NULL) CHARACTER SET utf8mb4",
		"SET STATEMENT sql_mode='', time_zone='+02:00' FOR INSERT INTO people VALUES ("+strings.Join(values, ", ")+", 'x', 1)")
	d := open(t, mariaReader(t, database), planted, warehouse.Limits{})
	ctx := t.Context()
	tested, err := d.Test(ctx)
	if err != nil || !tested.ReadOnly || !strings.HasPrefix(tested.Version, "MariaDB 1") {
		t.Errorf("got %+v, %v", tested, err)
	}
	tables, more, err := d.Tables(ctx)
	if err != nil || more || !reflect.DeepEqual(tables, []warehouse.Table{{database, "people"}}) {
		t.Errorf("got %v, %v, %v", tables, more, err)
	}
	what := warehouse.What{Table: "people"}
	described, err := d.Columns(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	n := len(mariaTypes)
	if described[n].LeftOut != "warehouse.left_out.bytes" || described[n+1].Nullable || !described[0].Nullable {
		t.Errorf("got %+v", described)
	}
	var row []any
	reading, err := d.Stream(ctx, what, described[:n], func(r []any) error {
		row = append(row, r...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range mariaTypes {
		got, err := json.Marshal(row[i])
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != c.json || described[i].Kind != c.kind || (reading.Emptied[described[i].Name] == 1) != c.emptied {
			t.Errorf("%s of a %s became %s %s, want %s %s", c.value, c.native, described[i].Kind, got, c.kind, c.json)
		}
	}
	if n, err := d.Count(ctx, "SELECT count(*) FROM people WHERE c0 = ?", []any{"Ærø 🦢"}); err != nil || n != 1 {
		t.Errorf("counted %d, %v", n, err)
	}
}

func TestMariaDBRefusesWhatWouldWrite(t *testing.T) {
	s := mariadb.Open(t)
	database := s.Database(t, "CREATE TABLE people (id int)", "CREATE SEQUENCE numbers",
		"CREATE FUNCTION sly() RETURNS int BEGIN INSERT INTO people VALUES (1); RETURN 1; END")
	a := mariaReader(t, database)
	a.User = s.User // even for who may do everything
	d := open(t, a, s.Password, warehouse.Limits{})
	for query, code := range map[string]string{
		"SELECT sly() AS s":                             "writes",
		"SELECT NEXTVAL(numbers) AS n":                  "writes",
		"SELECT 1 /*! ; DELETE FROM people */":          "query_unfinished",
		"SELECT 1 INTO OUTFILE '/tmp/segue-outfile'":    "statement",
		`SELECT 'it\'s' AS a; DELETE FROM people; -- '`: "query_several",
		"SELECT 1 # one\n; DELETE FROM people":          "query_several",
	} {
		_, err := d.Preview(t.Context(), warehouse.What{Query: query}, 10)
		if p := problem.Of(err); p == nil || p.Code != "warehouse.problem."+code {
			t.Errorf("%s: got %v, want %s", query, err, code)
		}
	}
	if n, err := d.Count(t.Context(), "SELECT count(*) FROM people", nil); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestMariaDBNamesWhatIsWrongWithoutSecrets(t *testing.T) {
	s := mariadb.Open(t)
	database := s.Database(t, "CREATE TABLE people (id int, name text)", "INSERT INTO people VALUES (1, 'bo@example.com')")
	a := mariaReader(t, database)
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
		"no such database":      {with(func(a *warehouse.Address) { a.Database, a.User = "elsewhere", s.User }), s.Password, warehouse.What{Table: "people"}, "no_database"},
		"no such table":         {a, planted, warehouse.What{Table: "persons"}, "no_table"},
		"no such column":        {a, planted, warehouse.What{Query: "SELECT age FROM people"}, "no_column"},
		"not allowed to read":   {a, planted, warehouse.What{Schema: "mysql", Table: "global_priv"}, "rights"},
		"no SQL":                {a, planted, warehouse.What{Query: "SELECT FROM WHERE"}, "statement"},
		"a certificate of none": {with(func(a *warehouse.Address) { a.Authority = "" }), planted, warehouse.What{Table: "people"}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.address, c.password, warehouse.Limits{})
			_, err := d.Preview(t.Context(), c.what, 5)
			wantProblem(t, err, c.code)
		})
	}
	short := open(t, a, planted, warehouse.Limits{Statement: 100 * time.Millisecond})
	_, err := short.Count(t.Context(), "SELECT count(*) FROM seq_1_to_1000000000 a, seq_1_to_1000000000 b WHERE a.seq + b.seq = 3", nil)
	wantProblem(t, err, "too_long")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = open(t, a, planted, warehouse.Limits{}).Count(ctx, "SELECT count(*) FROM seq_1_to_1000000000 a, seq_1_to_1000000000 b WHERE a.seq + b.seq = 3", nil)
	wantProblem(t, err, "too_long")
}
