package dialect_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/dialect"
)

func TestANameIsAnIdentifierWhateverIsInIt(t *testing.T) {
	for _, c := range []struct {
		dialect    dialect.Dialect
		name, want string
	}{
		{dialect.SQLite, `a"b`, `"a""b"`}, {dialect.PostgreSQL, `a"; DROP TABLE x; --`, `"a""; DROP TABLE x; --"`},
		{dialect.MySQL, "a`b\\", "`a``b\\`"}, {dialect.SQLServer, "a]b[c", "[a]]b[c]"}, {dialect.Trino, `"`, `""""`},
		{dialect.PostgreSQL, "a\x00b", "\"a\uFFFDb\""}, {dialect.MySQL, "a\xff`", "`a\uFFFD```"},
	} {
		if got := c.dialect.Quote(c.name); got != c.want {
			t.Errorf("%s quotes %q as %s, want %s", c.dialect.Name(), c.name, got, c.want)
		}
	}
}

func TestOnlyPlacesOfValuesAreRebound(t *testing.T) {
	const sql = `"a?""?" = ? AND 'it''s ?' <> ?::text AND x = ?`
	for _, c := range []struct {
		dialect   dialect.Dialect
		sql, want string
	}{
		{dialect.PostgreSQL, sql, `"a?""?" = $1 AND 'it''s ?' <> $2::text AND x = $3`},
		{dialect.SQLServer, `[a?]]?] = ? AND [b] = ?`, `[a?]]?] = @p1 AND [b] = @p2`},
		{dialect.SQLite, sql, sql}, {dialect.Trino, sql, sql}, {dialect.MySQL, "`a?` = ?", "`a?` = ?"},
	} {
		if got := c.dialect.Rebind(c.sql); got != c.want {
			t.Errorf("%s rebinds %s as %s, want %s", c.dialect.Name(), c.sql, got, c.want)
		}
	}
}

func TestEveryDialectIsFoundByItsName(t *testing.T) {
	for _, d := range dialect.All {
		if found, ok := dialect.Of(d.Name()); !ok || found != d {
			t.Errorf("%s is not found", d.Name())
		}
	}
	if _, ok := dialect.Of(strings.ToUpper(dialect.SQLite.Name())); ok {
		t.Error("a name that there is not is found")
	}
}
