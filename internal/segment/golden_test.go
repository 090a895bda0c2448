package segment_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

var update = flag.Bool("update", false, "write the SQL that rules compile to into testdata")

// shown are the attributes of the rules in testdata, with a name that needs quoting.
var shown = profile.Snapshot{Attributes: []profile.Attribute{
	{Key: "town", Column: "town", Kind: profile.Text}, {Key: "odd", Column: "a\"b`c]d?", Kind: profile.Text}, {Key: "spent", Column: "spent", Kind: profile.Number},
	{Key: "member", Column: "member", Kind: profile.Boolean}, {Key: "born", Column: "born", Kind: profile.Date}, {Key: "seen", Column: "seen", Kind: profile.DateTime},
	{Key: "tags", Column: "tags", Kind: profile.List},
}}

// TestRulesCompileToTheSQLThatWasRead compares with testdata, which people have read: only SQLite and PostgreSQL are asked by
// tests. Run it with -update to write them anew, and read what changed.
func TestRulesCompileToTheSQLThatWasRead(t *testing.T) {
	for _, d := range dialect.All {
		t.Run(d.Name(), func(t *testing.T) {
			path := filepath.Join("testdata", d.Name()+".sql")
			got := compiledRules(t, d)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not what rules compile to:\n%s", path, got)
			}
		})
	}
}

// compiledRules are one condition for each operator of each kind, and some rules with several.
func compiledRules(t *testing.T, d dialect.Dialect) string {
	t.Helper()
	var out strings.Builder
	write := func(name string, def segment.Definition) {
		where, err := segment.CompileFor(d, def, shown, noon)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&out, "-- %s\n%s\n", name, d.Rebind(readable(where.SQL)))
		if len(where.Args) > 0 {
			fmt.Fprintf(&out, "-- with %#v\n", where.Args)
		}
		out.WriteString("\n")
	}
	samples := map[profile.Kind][]string{
		profile.Text: {"Øster"}, profile.Number: {"10", "20.5"}, profile.Date: {"2026-05-01", "2026-05-31"}, profile.DateTime: {"2026-05-01", "2026-05-31"}, profile.List: {"News"},
	}
	for _, a := range shown.Attributes {
		if a.Key == "odd" {
			continue
		}
		for _, operator := range segment.Operators(a.Kind) {
			values := samples[a.Kind]
			switch operator.Takes() {
			case segment.Days:
				values = []string{"30"}
			case segment.ManyValues:
				values = []string{"Øster", "Vester"}
			case segment.Nothing:
				values = nil
			case segment.OneValue:
				values = values[:1]
			}
			c := when(a.Key, operator, values...)
			def := rule(segment.All, c)
			def.Zone = "Europe/Copenhagen"
			name := strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Kind, operator, strings.Join(values, ", ")))
			write(name, def)
			if operator.MindsCase(a.Kind) {
				c.MatchCase = true
				write(name+", case matters", rule(segment.All, c))
			}
		}
	}
	write("a fraction", rule(segment.All, when("spent", segment.Equals, "0.1")))
	write("plain letters, case matters", rule(segment.All, segment.Condition{Attribute: "town", Operator: segment.Equals, Values: []string{"a'b?"}, MatchCase: true}))
	write("white space alone", rule(segment.All, when("town", segment.Contains, " ")))
	write("an odd name", rule(segment.All, when("odd", segment.IsEmpty)))
	nested := rule(segment.Any, when("member", segment.IsTrue), when("", segment.NotInSegment, "7"))
	nested.Rule.Groups = []segment.Group{{Match: segment.None, Conditions: []segment.Condition{when("spent", segment.Less, "5"), when("member", segment.IsFalse)}}}
	nested.Nested = map[int64]segment.Definition{7: rule(segment.All, when("spent", segment.IsNotEmpty))}
	write("any of a condition, another segment, none of two", nested)
	write("everybody", segment.Definition{Kind: segment.ByRule})
	return out.String()
}

var literal = regexp.MustCompile(`'[^']*'`)

// readable shortens strings of many letters, or of those that cannot be seen. The tests of the dialects hold them to what they
// must be.
func readable(sql string) string {
	return literal.ReplaceAllStringFunc(sql, func(text string) string {
		if len(text) > 60 || strings.ContainsFunc(text, unicode.IsControl) {
			return "'…'"
		}
		return text
	})
}

func TestAListOfIDsIsRefusedWhereTheProfilesAreElsewhere(t *testing.T) {
	list := segment.Definition{Kind: segment.ByList, ListID: 1}
	_, err := segment.CompileFor(dialect.PostgreSQL, list, shown, noon)
	wantProblem(t, err, problem.Invalid, segment.CodeListElsewhere)
	outer := rule(segment.All, when("", segment.InSegment, "1"))
	outer.Nested = map[int64]segment.Definition{1: list}
	_, err = segment.UnionFor(dialect.PostgreSQL, []segment.Definition{outer}, shown, noon)
	wantField(t, err, "rule.0.value", segment.CodeListElsewhere)
}

// FuzzCompile takes any definition: compiling it never panics, its SQL is made of words of the dialects alone, and there are as
// many values as places for them.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"rule","rule":{"match":"all","conditions":[{"attribute":"town","operator":"in_list","values":["zqx","'zqx\"?"]}]}}`,
		`{"kind":"rule","rule":{"match":"none","groups":[{"match":"any","conditions":[{"attribute":"","operator":"in_segment","values":["1"]},{"attribute":"spent","operator":"between","values":["1","2.5"]}]}]},"nested":{"1":{"kind":"rule","rule":{"conditions":[{"attribute":"tags","operator":"has","values":["zqx"],"match_case":true}],"match":"any"}}}}`,
		`{"kind":"rule","zone":"Europe/Copenhagen","rule":{"match":"all","conditions":[{"attribute":"seen","operator":"before","values":["0001-01-01"]},{"attribute":"born","operator":"anniversary_in_days","values":["300"]}]}}`,
		`{"kind":"list","list_id":4}`, `{"kind":"rule","zone":"zqx"}`, `{"rule":{"match":"zqx"}}`,
	} {
		f.Add([]byte(seed), int64(1_780_000_000))
	}
	f.Fuzz(func(t *testing.T, data []byte, unix int64) {
		var def segment.Definition
		if json.Unmarshal(data, &def) != nil {
			return
		}
		at := time.Unix(unix%200_000_000_000, 0)
		for _, d := range dialect.All {
			where, err := segment.CompileFor(d, def, shown, at)
			if err != nil {
				continue
			}
			if strings.Contains(where.SQL, "zqx") {
				t.Fatalf("%s: what was typed became SQL: %s", d.Name(), where.SQL)
			}
			if places := strings.Count(places(where.SQL), "?"); places != len(where.Args) {
				t.Fatalf("%s: %d places for %d values: %s", d.Name(), places, len(where.Args), where.SQL)
			}
		}
	})
}

// places is SQL without its strings and quoted names.
func places(sql string) string {
	for _, d := range dialect.All {
		sql = strings.ReplaceAll(sql, d.Quote(shown.Attributes[1].Column), "")
	}
	return literal.ReplaceAllString(sql, "")
}
