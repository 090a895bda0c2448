package segment_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

// cell is a value as another database has it, written as its text, and as an import keeps it; both may be nil.
type cell struct{ remote, kept any }

// field is an attribute of random profiles: its type in PostgreSQL and the values that occur.
type field struct {
	profile.Attribute
	remoteType string
	cells      []cell
	wanted     []string // what rules compare it with, ascending where that is needed
}

func same(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i] = cell{text, text}
	}
	return cells
}

// lost are values that an import takes for none.
func lost(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i].remote = text
	}
	return cells
}

var (
	words = []string{"Denmark", "DENMARK", " Denmark", "Østerbro", "øst", "A\u030Arhus", "Århus", "\u212Brhus", "å", "%", "_", "100%_x", "'", `"`, `\`, `a\b`, "?",
		"ΣΑΣ", "σας", "\u0390", "\u03B9\u0308\u0301", "\u0399\u0308\u0301", "\u212Aelvin", "kelvin", "Kelvin", "K;`", "\u212A\u037E\u1FEF", "日本", "東京", "e", "é", "e\u0301", "E\u0301",
		"straße", "STRASSE", "ẞ", "\u0130", "i", "I", "ı", "i\u0307", "I\u0307", "J\u030C", "\u01F0", "q\u0323\u0307", "q\u0307\u0323", "🎉 Party", "𐐀", "𐐨", "\u13A0", "\u1C90",
		"МОСКВА", "москва", "Ω\u0345", "Ǆ", "ǅ", "a b", "a\u00A0b", "x "}
	dates     = []string{"0001-01-01", "1999-02-28", "2000-02-29", "2001-03-01", "2025-12-31", "2026-01-01", "2026-03-29", "2026-05-02", "2026-05-31", "2026-06-01", "2026-06-02", "2026-09-06", "2026-10-25", "2026-11-01", "9998-12-31"}
	instants  = []string{"2026-05-31T21:59:59Z", "2026-05-31T22:00:00Z", "2026-06-01T00:00:00Z", "2026-06-01T21:59:59Z", "2026-06-01T22:00:00Z", "2026-03-28T22:59:59Z", "2026-03-29T00:59:59Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z", "2025-10-26T01:00:00Z", "2026-10-25T22:59:59Z", "2026-11-01T03:59:59Z", "2026-11-01T04:00:00Z", "2026-11-01T04:30:00Z", "2026-11-01T05:00:00Z", "2026-09-06T03:59:59Z", "2026-09-06T04:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}
	numerals  = []string{"-9223372036854775808", "-5", "0", "0.1", "0.5", "9", "10", "10.0", "19.95", "100", "12345.67", "16777217", "9007199254740992", "9007199254740993", "10000000000000000", "9223372036854775807", "100000000000000000000000000000"}
	dayCounts = []string{"0", "1", "2", "30", "200", "364", "365"}
	blanks    = lost("", " ", "\u00A0\t\n", "\u3000\u2003", "\u0085\u1680")
	infinite  = lost("NaN", "Infinity", "-Infinity")
	noDays    = lost("infinity", "-infinity", "0044-03-15 BC", "10000-01-01")
)

// fields have, for each kind, the types that PostgreSQL has for it. The names of their columns there need quoting.
var fields = numbered([]field{
	{remoteType: "text", Attribute: profile.Attribute{Kind: profile.Text}, wanted: append(slices.Clone(words), " ", "\u00A0"), cells: append(same(words...), blanks...)},
	{remoteType: "varchar(40)", Attribute: profile.Attribute{Kind: profile.Text, Indexed: true}, wanted: words, cells: append(same(words...), blanks...)},
	{remoteType: "bigint", Attribute: profile.Attribute{Kind: profile.Number}, wanted: numerals, cells: []cell{
		{"-9223372036854775808", int64(-1 << 63)}, {"-5", int64(-5)}, {"0", int64(0)}, {"10", int64(10)}, {"16777217", int64(16777217)}, {"9007199254740993", int64(1<<53 + 1)}, {"9223372036854775807", int64(1<<63 - 1)}}},
	{remoteType: "numeric", Attribute: profile.Attribute{Kind: profile.Number}, wanted: numerals, cells: append([]cell{
		{"0.1", 0.1}, {"10.00", int64(10)}, {"12345.67", 12345.67}, {"-5.5", -5.5}, {"9007199254740993", int64(1<<53 + 1)}, {"100000000000000000000000000000", 1e29}}, infinite...)},
	{remoteType: "double precision", Attribute: profile.Attribute{Kind: profile.Number}, wanted: numerals, cells: append([]cell{
		{"0.1", 0.1}, {"10", int64(10)}, {"-0.0", int64(0)}, {"19.95", 19.95}, {"1e16", int64(1e16)}, {"1e29", 1e29}, {"9007199254740992", int64(1 << 53)}}, infinite...)},
	{remoteType: "real", Attribute: profile.Attribute{Kind: profile.Number}, wanted: numerals, cells: []cell{{"0.1", 0.1}, {"19.95", 19.95}, {"9", int64(9)}, {"NaN", nil}}},
	{remoteType: "boolean", Attribute: profile.Attribute{Kind: profile.Boolean}, cells: []cell{{"true", int64(1)}, {"false", int64(0)}}},
	{remoteType: "smallint", Attribute: profile.Attribute{Kind: profile.Boolean}, cells: []cell{{"1", int64(1)}, {"0", int64(0)}}},
	{remoteType: "date", Attribute: profile.Attribute{Kind: profile.Date}, wanted: dates, cells: append(same(append([]string{"9999-12-31"}, dates...)...), noDays...)},
	{remoteType: "timestamptz", Attribute: profile.Attribute{Kind: profile.DateTime}, wanted: dates, cells: append(append(same(instants...), noDays...),
		cell{"2026-05-31T23:59:59.999+02:00", "2026-05-31T21:59:59Z"})},
	{remoteType: "timestamp", Attribute: profile.Attribute{Kind: profile.DateTime}, wanted: dates, cells: append(same(instants...), noDays...)},
	{remoteType: "text[]", Attribute: profile.Attribute{Kind: profile.List}, wanted: append([]string{" "}, words...), cells: []cell{
		{`{}`, nil}, {`{NULL,"",  " "}`, nil}, {`{Denmark,øst,NULL}`, `["Denmark","øst"]`}, {`{"a\\b","\"","ÅRHUS"}`, `["a\\b","\"","ÅRHUS"]`}, {`{İ,kelvin," "}`, `["İ","kelvin"]`}}},
	{remoteType: "jsonb", Attribute: profile.Attribute{Kind: profile.List}, wanted: words, cells: []cell{
		{`[]`, nil}, {`"Denmark"`, nil}, {`{"a":"Denmark"}`, nil}, {`null`, nil}, {`[""," ",null]`, nil}, {`["DENMARK","🎉 Party"]`, `["DENMARK","🎉 Party"]`}, {`["?","'","%"]`, `["?","'","%"]`}}},
})

func numbered(fields []field) []field {
	for i := range fields {
		fields[i].Key, fields[i].Column = fmt.Sprint("a", i), fmt.Sprint("c", i+1)
		fields[i].Label = fields[i].remoteType
	}
	return fields
}

// attributes are those of the fields, with the columns of a snapshot, or with names that a database of others may have.
func attributes(remote bool) []profile.Attribute {
	var all []profile.Attribute
	for i, f := range fields {
		if remote {
			f.Column = fmt.Sprintf(`Col?umn "%d'`, i)
		}
		all = append(all, f.Attribute)
	}
	return all
}

// mixed are rows that mix all values with each other, and with none: as PostgreSQL has them and as an import keeps them.
func mixed(count int) (remote, kept [][]any) {
	for i := range count {
		there, here := []any{fmt.Sprint("k", i)}, []any{fmt.Sprint("k", i)}
		for j, f := range fields {
			var c cell
			if at := (i*(j+3)/3 + j) % (len(f.cells) + 1); at < len(f.cells) {
				c = f.cells[at]
			}
			there, here = append(there, c.remote), append(here, c.kept)
		}
		remote, kept = append(remote, there), append(kept, here)
	}
	return remote, kept
}

func drawCondition(t *rapid.T, nested map[int64]segment.Definition) segment.Condition {
	if len(nested) > 0 && rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
		return segment.Condition{Operator: rapid.SampledFrom(segment.OfSegments).Draw(t, "operator"), Values: []string{rapid.SampledFrom([]string{"1", "2"}).Draw(t, "segment")}}
	}
	f := rapid.SampledFrom(fields).Draw(t, "attribute")
	operator := rapid.SampledFrom(segment.Operators(f.Kind)).Draw(t, "operator")
	c := segment.Condition{Attribute: f.Key, Operator: operator, MatchCase: operator.MindsCase(f.Kind) && rapid.Bool().Draw(t, "match case")}
	switch operator.Takes() {
	case segment.OneValue:
		c.Values = []string{rapid.SampledFrom(f.wanted).Draw(t, "value")}
		// Parts of words are contained more often than whole ones.
		if letters := []rune(c.Values[0]); f.Kind == profile.Text && len(letters) > 1 && rapid.Bool().Draw(t, "part") {
			c.Values[0] = string(letters[rapid.IntRange(0, len(letters)-1).Draw(t, "from"):])
		}
	case segment.ManyValues:
		c.Values = rapid.SliceOfN(rapid.SampledFrom(f.wanted), 1, 4).Draw(t, "values")
	case segment.Days:
		c.Values = []string{rapid.SampledFrom(dayCounts).Draw(t, "days")}
	case segment.TwoValues:
		first := rapid.IntRange(0, len(f.wanted)-1).Draw(t, "first")
		c.Values = []string{f.wanted[first], f.wanted[rapid.IntRange(first, len(f.wanted)-1).Draw(t, "last")]}
	}
	return c
}

func drawGroup(t *rapid.T, nested map[int64]segment.Definition, depth int) segment.Group {
	g := segment.Group{Match: rapid.SampledFrom(segment.Matches).Draw(t, "match")}
	for range rapid.IntRange(1, 2).Draw(t, "conditions") {
		g.Conditions = append(g.Conditions, drawCondition(t, nested))
	}
	if depth < segment.MaxDepth {
		for range rapid.IntRange(0, 4-depth).Draw(t, "groups") / 2 {
			g.Groups = append(g.Groups, drawGroup(t, nested, depth+1))
		}
	}
	return g
}

// zones are some whose days begin at odd times: Havana has a midnight twice, Santiago one that is left out.
var zones = []string{"", "Europe/Copenhagen", "America/Havana", "America/Santiago", "Pacific/Kiritimati", "Asia/Kathmandu"}

func drawDefinition(t *rapid.T, nesting int) segment.Definition {
	def := segment.Definition{Kind: segment.ByRule, Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
	if nesting > 0 && rapid.Bool().Draw(t, "nested") {
		def.Nested = map[int64]segment.Definition{1: drawDefinition(t, nesting-1), 2: {Kind: segment.ByRule}}
	}
	if rapid.Bool().Draw(t, "alone") { // what one condition finds is seen best
		def.Rule = segment.Group{Match: segment.All, Conditions: []segment.Condition{drawCondition(t, def.Nested)}}
		return def
	}
	def.Rule = drawGroup(t, def.Nested, 1)
	return def
}

var moments = []time.Time{
	noon, time.Date(2027, 2, 28, 23, 59, 0, 0, time.UTC), time.Date(2028, 2, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 4, 30, 0, 0, time.UTC),
	time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC),
}

// said writes a definition for the message of a test that failed.
func said(def segment.Definition) string {
	text, err := json.Marshal(def)
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(text), "")
}
