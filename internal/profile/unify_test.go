package profile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

func TestProfilesComeTogetherAsTheRulesSay(t *testing.T) {
	shop := sourceOf{name: "shop", attributes: "mail*:text city:text", lines: []string{"1|anne@example.dk|Aarhus", "2|bo@example.dk|-", "3|-|Odense"}}
	club := sourceOf{name: "club", attributes: "mail*:text points:number", lines: []string{"3|carl@example.dk|30", "9|  ANNE@Example.dk |90", "2|-|20"}}
	with := func(s sourceOf, change func(*sourceOf)) sourceOf { change(&s); return s }
	own := func(s *sourceOf) { s.own = true }
	email := func(s *sourceOf) { s.email = true }
	for _, c := range []struct {
		name    string
		sources []sourceOf
		trust   profile.Trust
		want    []string
		counts  string // of the last part: by key, by email, new, apart
	}{
		{name: "the same key is the same person, and no value never beats one", sources: []sourceOf{shop, club}, want: []string{
			"1 1|anne@example.dk|Aarhus|-", "2 2|bo@example.dk|-|20", "3 3|carl@example.dk|Odense|30", "4 9|ANNE@Example.dk|-|90"}, counts: "2 0 1 0"},
		{name: "the other way round the other source is believed first", sources: []sourceOf{club, shop}, want: []string{
			"1 1|anne@example.dk|-|Aarhus", "2 2|bo@example.dk|20|-", "3 3|carl@example.dk|30|Odense", "4 9|ANNE@Example.dk|90|-"}, counts: "2 0 1 0"},
		{name: "the same address is the same person, whatever the case and the space around it", sources: []sourceOf{shop, with(club, email)}, want: []string{
			"1 1|anne@example.dk|Aarhus|90", "2 2|bo@example.dk|-|20", "3 3|carl@example.dk|Odense|30"}, counts: "2 1 0 0"},
		{name: "keys of its own make ids of its own", sources: []sourceOf{shop, with(club, own)}, want: []string{
			"1 1|anne@example.dk|Aarhus|-", "2 2|bo@example.dk|-|-", "3 3|-|Odense|-", "4 club:2|-|-|20", "5 club:3|carl@example.dk|-|30", "6 club:9|ANNE@Example.dk|-|90"},
			counts: "0 0 3 0"},
		{name: "keys of its own and the same address", sources: []sourceOf{shop, with(with(club, own), email)}, want: []string{
			"1 1|anne@example.dk|Aarhus|90", "2 2|bo@example.dk|-|-", "3 3|-|Odense|-", "4 club:2|-|-|20", "5 club:3|carl@example.dk|-|30"}, counts: "0 1 2 0"},
		{name: "one attribute may be believed from another source", sources: []sourceOf{shop, with(club, email)}, trust: profile.Trust{"mail": 2}, want: []string{
			"1 1|ANNE@Example.dk|Aarhus|90", "2 2|bo@example.dk|-|20", "3 3|carl@example.dk|Odense|30"}, counts: "2 1 0 0"},
		{name: "two rows of one source stay two, the first one joins", sources: []sourceOf{shop, {name: "web", own: true, email: true, attributes: "mail*:text",
			lines: []string{"a|bo@example.dk", "b|BO@example.dk", "c|anne@example.dk"}}}, want: []string{
			"1 1|anne@example.dk|Aarhus", "2 2|bo@example.dk|-", "3 3|-|Odense", "4 web:b|BO@example.dk|-"}, counts: "0 2 1 1"},
		{name: "a key comes before an address that stands earlier in the file", sources: []sourceOf{shop, {name: "web", email: true, attributes: "mail*:text",
			lines: []string{"8|bo@example.dk", "2|bodil@example.dk"}}}, want: []string{
			"1 1|anne@example.dk|Aarhus", "2 2|bo@example.dk|-", "3 3|-|Odense", "4 8|bo@example.dk|-"}, counts: "1 0 1 1"},
		{name: "two profiles with one address: the first one is joined", sources: []sourceOf{{name: "shop", attributes: "mail*:text",
			lines: []string{"5|x@example.dk", "4|x@example.dk"}}, {name: "web", own: true, email: true, attributes: "mail*:text points:number", lines: []string{"a|x@example.dk|1"}}},
			want: []string{"1 4|x@example.dk|-", "2 5|x@example.dk|1"}, counts: "0 1 0 0"},
		{name: "a chain: a third source finds a person by what the second one brought", sources: []sourceOf{
			{name: "shop", attributes: "mail*:text", lines: []string{"1|anne@example.dk"}},
			{name: "club", email: true, attributes: "mail*:text work*:text", lines: []string{"9|anne@example.dk|anne@work.dk"}},
			{name: "web", own: true, email: true, attributes: "work*:text seen:date", lines: []string{"a|Anne@WORK.dk|2026-01-02"}},
			{name: "till", attributes: "spent:number", lines: []string{"9|12"}}},
			want: []string{"1 1|anne@example.dk|anne@work.dk|2026-01-02|12"}, counts: "1 0 0 0"},
		{name: "whom a key names comes before whom it only belongs to", sources: []sourceOf{
			{name: "shop", attributes: "mail*:text", lines: []string{"1|anne@example.dk"}},
			{name: "club", email: true, attributes: "mail*:text", lines: []string{"9|anne@example.dk"}},
			{name: "till", attributes: "spent:number", lines: []string{"9|90", "1|10"}}},
			want: []string{"1 1|anne@example.dk|10", "2 9|-|90"}, counts: "1 0 1 1"},
		{name: "what is no address joins nobody", sources: []sourceOf{
			{name: "shop", attributes: "mail*:text", lines: []string{"1|unknown", "2|-"}},
			{name: "web", own: true, email: true, attributes: "mail*:text", lines: []string{"a|unknown", "b|-"}}},
			want: []string{"1 1|unknown", "2 2|-", "3 web:a|unknown", "4 web:b|-"}, counts: "0 0 2 0"},
		{name: "a list is taken whole from the source that is believed", sources: []sourceOf{
			{name: "shop", attributes: "tags:list", lines: []string{`1|["a","b"]`, `2|-`}},
			{name: "club", attributes: "tags:list", lines: []string{`1|["c"]`, `2|["d"]`}}},
			want: []string{`1 1|["a","b"]`, `2 2|["d"]`}, counts: "2 0 0 0"},
		{name: "ids stay different when a shared key looks like one of a source's own", sources: []sourceOf{
			{name: "shop", attributes: "city:text", lines: []string{"web:1|Aarhus", "x|Odense"}},
			{name: "web", own: true, attributes: "city:text", lines: []string{"1|Ribe"}}},
			want: []string{"1 web:1|Aarhus", "2 web::1|Ribe", "3 x|Odense"}, counts: "0 0 1 0"},
		{name: "one source with keys of its own", sources: []sourceOf{with(club, own)},
			want: []string{"1 club:2|-|20", "2 club:3|carl@example.dk|30", "3 club:9|ANNE@Example.dk|90"}, counts: "0 0 3 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newService(t)
			parts := k.parts(t, c.sources)
			for _, rows := range []int{0, 1, 2} {
				k.WriteInChunksOf(rows)
				snapshot, report, err := k.Unify(t.Context(), parts, c.trust)
				if err != nil {
					t.Fatal(err)
				}
				if got := k.lines(t, snapshot); !slices.Equal(got, c.want) {
					t.Errorf("in chunks of %d:\n%s\nwant\n%s", rows, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
				last := report.Parts[len(report.Parts)-1]
				if got := fmt.Sprint(last.ByKey, last.ByEmail, last.New, last.Apart); got != c.counts || report.Total != len(c.want) {
					t.Errorf("counts: %s of %d, want %s of %d", got, report.Total, c.counts, len(c.want))
				}
				current := k.current(t)
				if current.ID != snapshot.ID || current.Rows != len(c.want) {
					t.Errorf("current is %d with %d", current.ID, current.Rows)
				}
				for i, a := range current.Attributes {
					filled := 0
					for _, line := range c.want {
						if strings.Split(line, "|")[i+1] != "-" {
							filled++
						}
					}
					if a.Filled != filled {
						t.Errorf("%s has %d values, want %d", a.Key, a.Filled, filled)
					}
				}
			}
			if got, want := len(k.tables(t)), len(parts)+1; got != want {
				t.Errorf("%d snapshots are left, want %d", got, want)
			}
		})
	}
}

func TestASingleSourceBecomesTheProfilesWithoutACopy(t *testing.T) {
	k := newService(t)
	parts := k.parts(t, []sourceOf{{name: "shop", attributes: "city:text", lines: []string{"1|Aarhus"}}, {name: "club", attributes: "city:text", lines: []string{"2|Ribe"}}})
	for _, c := range []struct {
		parts []profile.Part
		copy  bool
	}{{parts[:1], false}, {parts, true}, {parts[1:], false}, {parts[:1], false}} {
		snapshot, report, err := k.Unify(t.Context(), c.parts, nil)
		if err != nil {
			t.Fatal(err)
		}
		if copied := snapshot.ID != c.parts[0].Snapshot.ID; copied != c.copy {
			t.Errorf("of %d sources: copied: %v", len(c.parts), copied)
		}
		if current := k.current(t); current.ID != snapshot.ID || current.Rows != report.Total || report.Total != len(c.parts) {
			t.Errorf("current is %d with %d, not %d with %d", current.ID, current.Rows, snapshot.ID, report.Total)
		}
	}
	if got := k.tables(t); len(got) != 2 {
		t.Errorf("left are %v", got)
	}
}

func TestSourcesThatDisagreeAboutAKindAreNamed(t *testing.T) {
	k := newService(t)
	parts := k.parts(t, []sourceOf{{name: "shop", attributes: "points:number", lines: []string{"1|5"}}, {name: "club", attributes: "points:text", lines: []string{"1|many"}}})
	_, _, err := k.Unify(t.Context(), parts, nil)
	p := problem.Of(err)
	if p == nil || p.Kind != problem.Conflict || fmt.Sprint(p.Args) != "[Attribute points First shop Second club]" {
		t.Errorf("got %v", err)
	}
}

func TestARunGoesOnWithTheProfilesItBeganWith(t *testing.T) {
	k := newService(t)
	parts := k.parts(t, []sourceOf{{name: "shop", attributes: "city:text", lines: []string{"1|Aarhus"}}, {name: "club", attributes: "city:text", lines: []string{"2|Ribe"}}})
	before, _, err := k.Unify(t.Context(), parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.db.InTx(t.Context(), func(tx database.Tx) error { return k.Hold(t.Context(), tx, before.ID, "run/1") }); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(parts)
	if _, _, err := k.Unify(t.Context(), parts, nil); err != nil {
		t.Fatal(err)
	}
	if got := k.lines(t, before); len(got) != 2 {
		t.Errorf("the run reads %v", got)
	}
	if err := k.Release(t.Context(), "run/1"); err != nil {
		t.Fatal(err)
	}
	if got := k.peopleTables(t); len(got) != 1 {
		t.Errorf("tables of people after the release: %v", got)
	}
}

func (k kit) peopleTables(t testing.TB) []string {
	t.Helper()
	names, err := database.Column[string](k.db.Reader().Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'people_[0-9]*'`))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestAnInterruptedUnificationChangesNothing cancels it before it begins and after each of its chunks, as a stop of the program does.
func TestAnInterruptedUnificationChangesNothing(t *testing.T) {
	k := newService(t)
	var shop, club []string
	for i := range 300 {
		shop = append(shop, fmt.Sprintf("%d|a%d@example.dk", i, i))
		club = append(club, fmt.Sprintf("%d|a%d@example.dk", i+1000, i))
	}
	parts := k.parts(t, []sourceOf{{name: "shop", attributes: "mail*:text", lines: shop}, {name: "club", email: true, attributes: "mail*:text", lines: club}})
	before, _, err := k.Unify(t.Context(), parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	k.WriteInChunksOf(10)
	interrupted := 0
	for step := range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		if step == 0 {
			cancel()
		}
		err := k.UnifyTelling(ctx, parts, func(done, _ int) {
			if done == step*10 {
				cancel()
			}
		})
		cancel()
		if err == nil {
			before = k.current(t) // it was through already
			continue
		}
		interrupted++
		if now := k.current(t); now.ID != before.ID || len(k.lines(t, now)) != 300 {
			t.Fatalf("step %d: current is %d", step, now.ID)
		}
		if got := k.tables(t); len(got) != 3 || len(k.peopleTables(t)) != 1 {
			t.Fatalf("step %d: left are %v, %v", step, got, k.peopleTables(t))
		}
	}
	if interrupted < 30 {
		t.Errorf("only %d were interrupted", interrupted)
	}
}
