package warehouse

import (
	"testing"

	"github.com/segue-app/segue/internal/problem"
)

func TestOnlyOneStatementThatReadsIsTaken(t *testing.T) {
	for _, c := range []struct {
		kind        Kind
		query, want string // the code, or "" for taken
	}{
		{PostgreSQL, "SELECT 1", ""},
		{PostgreSQL, "select 1 ; ; -- done", ""},
		{PostgreSQL, "/* a /* nested */ comment */ WITH q AS (SELECT 1) SELECT * FROM q", ""},
		{PostgreSQL, "(SELECT 1) UNION (SELECT 2)", ""},
		{PostgreSQL, "TABLE people", ""},
		{PostgreSQL, "SELECT ';', \"a;b\", $$;)$$, $x$ ; $$ $x$, E'\\';'", ""},
		{PostgreSQL, "SELECT a$b FROM c$d", ""},
		{PostgreSQL, "SELECT 1; SELECT 2", "query_several"},
		{PostgreSQL, "SELECT 'it\\'; DROP TABLE people; --'", "query_several"},
		{PostgreSQL, "SELECT $1$ ; DROP TABLE people; $1$", "query_unfinished"},
		{PostgreSQL, "SELECT 1) q; DROP TABLE people; SELECT (2", "query_parentheses"},
		{PostgreSQL, "SELECT (1", "query_parentheses"},
		{PostgreSQL, "INSERT INTO people VALUES (1)", "query_reads"},
		{PostgreSQL, "EXPLAIN ANALYZE DELETE FROM people", "query_reads"},
		{PostgreSQL, "selection", "query_reads"},
		{PostgreSQL, "", "query_empty"},
		{PostgreSQL, " ; ", "query_empty"},
		{PostgreSQL, "-- nothing", "query_empty"},
		{PostgreSQL, "SELECT 'a", "query_unfinished"},
		{PostgreSQL, "SELECT 1 /* a", "query_unfinished"},
		{PostgreSQL, "SELECT /* /* */ 1", "query_unfinished"},
		{PostgreSQL, "SELECT 1 -- a\rDROP TABLE people", "query_unfinished"},
		{PostgreSQL, "SELECT 1\x00", "query_unfinished"},
		{PostgreSQL, "SELECT $1::text, $12", ""},
		{PostgreSQL, "SELECT e'a', aE'\\', $$a$$", ""},
		{PostgreSQL, "SELECT E'a'\n'\\' , ' ) q; DROP TABLE people; -- '", "query_unfinished"},
		{PostgreSQL, "SELECT $$a$$E'\\' , ' ) q; DROP TABLE people; -- '", "query_parentheses"},
		{PostgreSQL, "SELECT 1$$ ' $$ ) q; DROP TABLE people; -- '", "query_unfinished"},
		{PostgreSQL, "SELECT 1E'\\' , ' ) q; DROP TABLE people; -- '", "query_unfinished"},
		{PostgreSQL, "SELECT $1a$$ ' $$ ) q; DROP TABLE people; -- '", "query_unfinished"},
		{PostgreSQL, "SELECT ` ' ` ) q; DROP TABLE people; -- '", "query_unfinished"},
		{PostgreSQL, "SELECT 1 -- a\u2028) q", "query_unfinished"},
		{MySQL, "SELECT 1 --\x7f (", "query_unfinished"},
		{MySQL, "SELECT 'it\\'s; fine', `a;b`, \"c\\\";d\" # e;\n", ""},
		{MySQL, "SELECT 1--1", ""},
		{MySQL, "SELECT 1 /*!50000 ; DROP TABLE people */", "query_unfinished"},
		{MySQL, "SELECT 1 /*M! ; DROP TABLE people */", "query_unfinished"},
		{MySQL, "SELECT 1 /* /* */ ; DROP TABLE people /* */ */", "query_several"},
		{SQLServer, "SELECT [a;]]b] FROM c", ""},
		{SQLServer, "WITH q AS (SELECT 1) SELECT * FROM q", "query_reads"},
		{SQLServer, "EXEC sp_who", "query_reads"},
		{Trino, "SELECT U&'\\0041;' FROM a", ""},
		{Trino, "VALUES (1)", ""},
		{Trino, "CALL system.sync()", "query_reads"},
	} {
		_, err := What{Query: c.query}.From(c.kind)
		if c.query == "" {
			_, err = single(c.kind, c.query)
		}
		code := ""
		if p := problem.Of(err); p != nil {
			code = p.Code[len("warehouse.problem."):]
		}
		if code != c.want {
			t.Errorf("%s: %q: got %q, want %q", c.kind, c.query, code, c.want)
		}
	}
}

func TestNamesAreQuotedWhateverIsInThem(t *testing.T) {
	for kind, want := range map[Kind]string{
		PostgreSQL: "\"s\"\"`]\".\"t\"\"`]\"", MySQL: "`s\"``]`.`t\"``]`", SQLServer: "[s\"`]]].[t\"`]]]", Trino: "\"s\"\"`]\".\"t\"\"`]\"",
	} {
		if got, err := (What{Schema: "s\"`]", Table: "t\"`]"}).From(kind); got != want || err != nil {
			t.Errorf("%s: got %s, %v", kind, got, err)
		}
	}
}

// FuzzSingle holds the scanner to what From needs: whatever is taken is one statement for the scanner also inside of the
// parentheses that it is put in.
func FuzzSingle(f *testing.F) {
	for _, seed := range []string{"SELECT 1", "SELECT 'a' -- b", "SELECT $$a$$", "SELECT E'\\''; ", "SELECT [a]", "WITH a AS (SELECT '(') SELECT 1;;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, kind := range Kinds {
			from, err := What{Query: query}.From(kind)
			if err != nil {
				continue
			}
			if _, err := single(kind, "SELECT * FROM "+from+" q"); err != nil {
				t.Fatalf("%s: %q was taken, but not as %q: %v", kind, query, from, err)
			}
		}
	})
}
