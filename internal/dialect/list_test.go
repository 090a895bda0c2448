package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/testkit"
)

// TestAListHasATextOnlyWhereOneOfItsTextsIsThat is about what stands in the JSON of a list beside its texts.
func TestAListHasATextOnlyWhereOneOfItsTextsIsThat(t *testing.T) {
	db := testkit.Database(t)
	for _, c := range []struct {
		name      string
		list      []string
		wanted    string
		matchCase bool
		has       bool
	}{
		{"in any case", []string{"tea", "Gardening"}, "gARDENING", false, true},
		{"case matters", []string{"Gardening"}, "gardening", true, false},
		{"a part of a text", []string{"gardening tools"}, "gardening", false, false},
		{"what stands between two texts", []string{"a", "b"}, ",", false, false},
		{"what stands between two texts and white space", []string{"a", "b"}, ", ", false, false},
		{"a comma", []string{"a", ",", "b"}, ",", false, true},
		{"two texts", []string{"a", "b"}, `a","b`, false, false},
		{"a quote", []string{`a","b`}, `A","b`, false, true},
		{"a backslash", []string{`a\b`}, `A\B`, false, true},
		{"a letter beside one with an escape", []string{`"`, "Øst"}, "øst", false, true},
		{"what an escape looks like", []string{"\n"}, "n", false, false},
		{"a sign that JSON may escape", []string{"a<b&c"}, "A<B&C", false, true},
		{"a line separator", []string{"a\u2028b"}, "A\u2028B", false, true},
		{"a letter in two signs", []string{"x", "A\u030Arhus"}, "århus", false, true},
		{"an accent after the quote", []string{"\u0301a"}, "\u0301A", false, true},
		{"the Kelvin sign", []string{"\u212A"}, "k", false, true},
		{"brackets", []string{"a"}, "[", false, false},
		{"nothing", []string{}, "a", false, false},
	} {
		encoded, err := json.Marshal(c.list)
		if err != nil {
			t.Fatal(err)
		}
		where := dialect.SQLite.List(dialect.Column{Name: "l"}, c.wanted, c.matchCase)
		var has bool
		err = db.Reader().QueryRowContext(t.Context(), "SELECT "+where.SQL+" FROM (SELECT ? AS l)", append(where.Args, string(encoded))...).Scan(&has)
		if err != nil || has != c.has {
			t.Errorf("%s: %s has %q: %v, %v", c.name, encoded, c.wanted, has, err)
		}
	}
}
