package tabular

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/profile"
)

// open opens a text as a file of the name.
func open(t testing.TB, name, text string) *Table {
	t.Helper()
	table, err := Open(strings.NewReader(text), int64(len(text)), name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(table.Close)
	return table
}

// rowsOf reads a table to its end: the fields of each row, and the refused lines.
func rowsOf(t testing.TB, table *Table) (good [][]string, refused []Record) {
	t.Helper()
	for {
		r, err := table.Next()
		if errors.Is(err, io.EOF) {
			return good, refused
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Refused != "" {
			refused = append(refused, r)
		} else {
			good = append(good, slices.Clone(r.Fields))
		}
	}
}

func TestObjectsBecomeRowsAndObjectsInThemColumnsWithADot(t *testing.T) {
	table := open(t, "people.ndjson", "\ufeff"+`{"id": 1, "name": "Åse", "address": {"city": "Århus", "geo": {"lat": 56.1}}, "tags": ["a", "b"], "vip": true}

{"id": "2", "orders": [{"n": 1}], "name": null, "address": {}, "empty": {}}
`)
	want := []string{"id", "name", "address.city", "address.geo.lat", "tags", "vip", "orders"}
	if !slices.Equal(table.Headings, want) {
		t.Fatalf("headings %q", table.Headings)
	}
	good, refused := rowsOf(t, table)
	rows := [][]string{{"1", "Åse", "Århus", "56.1", `["a", "b"]`, "true", ""}, {"2", "", "", "", "", "", `[{"n": 1}]`}}
	if len(refused) != 0 || !slices.EqualFunc(good, rows, slices.Equal) {
		t.Errorf("read %q, refused %+v", good, refused)
	}
}

func TestTypesOfJSONAreKeptAndTextsAreReadAsTheFileWritesThem(t *testing.T) {
	table := open(t, "x.ndjson", `{"n":12.5,"e":1e3,"huge":1e999999,"long":9007199254740993,"text":"12,5","list":["b",2,true,null,"b"," "],"nested":[[1]],"bar":"a|b, c","day":"2023-02-29","zip":"0800","phone":12345678}`)
	r, err := table.Next()
	if err != nil {
		t.Fatal(err)
	}
	how := Reading{DecimalComma: true}
	for _, test := range []struct {
		heading string
		kind    profile.Kind
		want    any // nil: refused
	}{
		{"n", profile.Number, 12.5}, {"e", profile.Number, 1000.0}, {"huge", profile.Number, nil}, {"huge", profile.Text, "1e999999"},
		{"long", profile.Number, int64(9007199254740993)}, {"long", profile.Text, "9007199254740993"}, {"text", profile.Number, 12.5},
		{"list", profile.List, `["b","2","true"]`}, {"nested", profile.List, nil}, {"nested", profile.Text, "[[1]]"}, {"bar", profile.List, `["a","b, c"]`},
		{"day", profile.Date, nil}, {"n", profile.Boolean, nil}, {"phone", profile.Text, "12345678"},
	} {
		got, ok := r.Value(slices.Index(table.Headings, test.heading), test.kind, how)
		if ok != (test.want != nil) || (ok && got != test.want) {
			t.Errorf("%s as %s is %v (%T), %v; want %v", test.heading, test.kind, got, got, ok, test.want)
		}
	}
}

func TestKindsOfJSONFollowItsTypes(t *testing.T) {
	text := `{"n":12.5,"digits":"12","b":false,"word":"true","day":"2026-12-31","list":["a"],"mixed":1}` + "\n" + `{"mixed":"x"}`
	found, err := Inspect(strings.NewReader(text), int64(len(text)), "x.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]profile.Kind{"n": profile.Number, "digits": profile.Text, "b": profile.Boolean, "word": profile.Text, "day": profile.Date, "list": profile.List, "mixed": profile.Text}
	for i, heading := range found.Headings {
		if kind := found.Kind(i, found.Reading()); kind != want[heading] {
			t.Errorf("%s is guessed to be %s", heading, kind)
		}
	}
}

func TestALineThatIsNoObjectIsRefusedAndTheOthersAreRead(t *testing.T) {
	for name, test := range map[string]struct{ line, code, column string }{
		"broken off":                    {`{"id":2,"name":"B`, refusedNotJSON, ""},
		"two objects":                   {`{"id":2} {"id":3}`, refusedNotJSON, ""},
		"a number":                      {`2`, refusedNotObject, ""},
		"the same key twice":            {`{"id":2,"name":"B","name":"C"}`, refusedTwice, "name"},
		"the same key twice, escaped":   {`{"id":2,"name":"B","n\u0061me":"C"}`, refusedTwice, "name"},
		"a key with dots twice":         {`{"id":2,"a":{"b":1},"a.b":2}`, refusedTwice, "a.b"},
		"an object twice":               {`{"id":2,"a":{"b":1},"a":{"c":1}}`, refusedTwice, ""},
		"a value and an object":         {`{"id":2,"name":"B","name":{"c":1}}`, refusedTwice, "name"},
		"an object and a value":         {`{"id":2,"name":{"c":1},"name":"B"}`, refusedTwice, "name"},
		"bytes that are no UTF-8":       {"{\"id\":2,\"name\":\"S\xf8ren\"}", refusedNotUTF8, ""},
		"half of a character":           {`{"id":2,"name":"\ud83d"}`, refusedNotUTF8, "name"},
		"a zero byte":                   {"{\"id\":2,\"name\":\"\x00\"}", refusedNUL, ""},
		"a zero byte, escaped":          {`{"id":2,"name":"a\u0000"}`, refusedNUL, "name"},
		"a line of 10 MB":               {`{"id":2,"name":"` + strings.Repeat("x", 10<<20) + `"}`, refusedTooLong, ""},
		"a key of 600 bytes":            {`{"` + strings.Repeat("k", 600) + `":2}`, refusedLongKey, ""},
		"deeper than can be":            {strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000), refusedNotJSON, ""},
		"half an array, 10,000 deep":    {strings.Repeat(`[`, 10_000), refusedNotJSON, ""},
		"a single quotation mark":       {`"`, refusedNotJSON, ""},
		"what JavaScript would take":    {`{id:2}`, refusedNotJSON, ""},
		"a number that JSON has not":    {`{"id":NaN}`, refusedNotJSON, ""},
		"a comma at the end":            {`{"id":2,}`, refusedNotJSON, ""},
		"an endless number, broken off": {`{"id":` + strings.Repeat("9", 1000), refusedNotJSON, ""},
	} {
		t.Run(name, func(t *testing.T) {
			table := open(t, "x.ndjson", `{"id":1,"name":"A","a":{"b":1}}`+"\n"+test.line+"\n"+`{"id":3,"name":"C"}`)
			good, refused := rowsOf(t, table)
			if len(good) != 2 || len(refused) != 1 || refused[0].Refused != test.code || refused[0].Line != 2 {
				t.Fatalf("read %d rows, refused %+v", len(good), refused)
			}
			if c := refused[0].Column; (c >= 0) != (test.column != "") || (c >= 0 && table.Headings[c] != test.column) {
				t.Errorf("column %d", c)
			}
		})
	}
}

func TestWhatLiesDeeperThanColumnsIsKeptAsJSON(t *testing.T) {
	deep := strings.Repeat(`{"x":`, 5_000) + `"]}"` + strings.Repeat("}", 5_000)
	table := open(t, "x.ndjson", `{"id":1,"a":{"b":{"c":{"d":`+deep+`}}}}`)
	good, _ := rowsOf(t, table)
	if !slices.Equal(table.Headings, []string{"id", "a.b.c.d"}) || good[0][1] != deep {
		t.Errorf("headings %q", table.Headings)
	}
}

func TestAKeyThatTheFirstThousandLinesLackIsToldWithItsFirstLine(t *testing.T) {
	var file strings.Builder
	for n := range 1_200 {
		fmt.Fprintf(&file, `{"id":%d`, n)
		if n >= 1_100 {
			file.WriteString(`,"late":true`)
		}
		file.WriteString("}\n")
	}
	table := open(t, "x.ndjson", file.String())
	good, refused := rowsOf(t, table)
	if len(good) != 1_200 || len(refused) != 0 {
		t.Errorf("read %d rows, refused %+v", len(good), refused)
	}
	if got := table.LeftOut(); !slices.Equal(got, []LeftOut{{Heading: "late", Reason: leftOutLate, Line: 1_101, Lines: 100}}) {
		t.Errorf("left out %+v", got)
	}
}

func FuzzLinesOfJSONAgreeWithEncodingJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":"\u00e6\n","b":[1,{"c":2}]}`, `{"a":null,"b":{"c":true}}`, ` { "a" : -0.5e-3 , "" : "" } `, `{"a":1,"a":2}`, `[1]`, `{"a":"\ud800"}`,
		`{"a.b":1,"a":{"b":2}}`, `{"a":"\\"}`, `{"a":"}"}`, `{"a":{}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") || len(line) > 10_000 {
			return
		}
		reader := &ndjsonReader{content: content{file: &meter{}, open: func() (io.Reader, error) { return strings.NewReader(line), nil }},
			columns: map[string]int{}, learning: true, lateByPath: map[string]int{}, objects: map[string]int{}}
		if err := reader.rewind(); err != nil {
			t.Fatal(err)
		}
		r, err := reader.next()
		if err != nil || (r.Refused != "" && r.Refused != refusedNotJSON) || !utf8.ValidString(line) || strings.HasPrefix(line, "\ufeff") {
			return
		}
		var want map[string]json.RawMessage
		theirs := json.Unmarshal([]byte(strings.TrimRight(line, "\r")), &want)
		if (theirs == nil && want != nil) != (r.Refused == "") {
			t.Fatalf("encoding/json says %v, we %q", theirs, r.Refused)
		}
		if r.Refused != "" {
			return
		}
		for key, raw := range want {
			if raw = bytes.TrimSpace(raw); raw[0] == '{' || strings.Contains(key, ".") {
				continue
			}
			text := string(raw)
			if raw[0] == '"' {
				if err := json.Unmarshal(raw, &text); err != nil {
					t.Fatal(err)
				}
			} else if text == "null" {
				text = ""
			}
			column, ok := reader.columns[key]
			if !ok || r.Fields[column] != text {
				t.Fatalf("%q is %q in column %d of %q", key, text, column, r.Fields)
			}
		}
	})
}
