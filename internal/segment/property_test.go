package segment_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

// holds answers a rule for one row in plain Go, from what the package says a rule means and from nothing of its code.
func holds(g segment.Group, row []any, now time.Time) bool {
	met, parts := 0, len(g.Conditions)+len(g.Groups)
	for _, c := range g.Conditions {
		if fulfils(c, row, now) {
			met++
		}
	}
	for _, inner := range g.Groups {
		if holds(inner, row, now) {
			met++
		}
	}
	switch g.Match {
	case segment.All:
		return met == parts
	case segment.Any:
		return met > 0 || parts == 0
	default:
		return met == 0
	}
}

func fulfils(c segment.Condition, row []any, now time.Time) bool {
	index := slices.IndexFunc(people, func(a profile.Attribute) bool { return a.Key == c.Attribute })
	value := row[index+1]
	switch c.Operator {
	case segment.IsEmpty:
		return value == nil
	case segment.NotEquals, segment.NotContains, segment.NotInList:
		opposite := map[segment.Operator]segment.Operator{
			segment.NotEquals: segment.Equals, segment.NotContains: segment.Contains, segment.NotInList: segment.InList}
		c.Operator = opposite[c.Operator]
		return !fulfils(c, row, now)
	}
	if value == nil {
		return false
	}
	switch people[index].Kind {
	case profile.Text:
		return textHolds(c, value.(string))
	case profile.Number:
		return numberHolds(c, value.(float64))
	case profile.Boolean:
		return c.Operator == segment.IsNotEmpty || (c.Operator == segment.IsTrue) == (value.(int64) == 1)
	case profile.Date:
		day, _ := time.Parse("2006-01-02", value.(string))
		return dayHolds(c, day, now)
	default:
		at, _ := time.Parse(time.RFC3339, value.(string))
		at = at.In(now.Location())
		return dayHolds(c, time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC), now)
	}
}

func plain(s string) string {
	return norm.NFC.String(strings.Map(unicode.ToLower, norm.NFC.String(s)))
}

func textHolds(c segment.Condition, value string) bool {
	value = plain(value)
	is := func(compare func(string, string) bool) bool {
		return slices.ContainsFunc(c.Values, func(v string) bool { return compare(value, plain(v)) })
	}
	switch c.Operator {
	case segment.Equals, segment.InList:
		return is(func(a, b string) bool { return a == b })
	case segment.Contains:
		return is(strings.Contains)
	case segment.BeginsWith:
		return is(strings.HasPrefix)
	case segment.EndsWith:
		return is(strings.HasSuffix)
	default:
		return true
	}
}

func numberHolds(c segment.Condition, value float64) bool {
	var given []float64
	for _, v := range c.Values {
		number, _ := strconv.ParseFloat(v, 64)
		given = append(given, number)
	}
	switch c.Operator {
	case segment.Equals:
		return value == given[0]
	case segment.Less:
		return value < given[0]
	case segment.AtMost:
		return value <= given[0]
	case segment.Greater:
		return value > given[0]
	case segment.AtLeast:
		return value >= given[0]
	case segment.Between:
		return given[0] <= value && value <= given[1]
	default:
		return true
	}
}

func dayHolds(c segment.Condition, day, now time.Time) bool {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	distance := int(day.Sub(today) / (24 * time.Hour))
	var days int
	var given []time.Time
	for _, v := range c.Values {
		days, _ = strconv.Atoi(v)
		at, _ := time.Parse("2006-01-02", v)
		given = append(given, at)
	}
	switch c.Operator {
	case segment.On:
		return day.Equal(given[0])
	case segment.Before:
		return day.Before(given[0])
	case segment.After:
		return day.After(given[0])
	case segment.Between:
		return !day.Before(given[0]) && !day.After(given[1])
	case segment.InLastDays:
		return distance <= 0 && distance >= -days
	case segment.InNextDays:
		return distance >= 0 && distance <= days
	case segment.MoreThanDaysAgo:
		return distance < -days
	case segment.AnniversaryIn:
		return celebrates(day, today, days)
	default:
		return true
	}
}

// celebrates walks the days one by one.
func celebrates(born, today time.Time, days int) bool {
	for i := range days + 1 {
		at := today.AddDate(0, 0, i)
		leap := at.AddDate(0, 0, 1).Day() == 29
		if at.Month() == born.Month() && (at.Day() == born.Day() || (born.Month() == time.February && born.Day() == 29 && at.Day() == 28 && !leap)) {
			return true
		}
	}
	return false
}

var (
	words     = []string{"Denmark", "DENMARK", "Østerbro", "øst", "A\u030Arhus", "Århus", "å", "%", "_", "'", `"`, "ΣΑΣ", "\u212Aelvin", "kelvin", "日本", "e", "é", "e\u0301"}
	dates     = []string{"1999-02-28", "2000-02-29", "2001-03-01", "2026-05-31", "2026-06-01", "2026-06-02", "2025-12-31", "2026-01-01", "2026-05-02"}
	instants  = []string{"2026-05-31T21:59:59Z", "2026-05-31T22:00:00Z", "2026-06-01T00:00:00Z", "2026-06-01T21:59:59Z", "2026-06-01T22:00:00Z", "2026-03-29T00:59:59Z", "2025-10-26T01:00:00Z"}
	numerals  = []string{"-5", "0", "0.5", "9", "10", "100"}
	dayCounts = []string{"0", "1", "2", "30", "200", "364", "365"}
)

func drawCondition(t *rapid.T) segment.Condition {
	attribute := rapid.SampledFrom(people).Draw(t, "attribute")
	operator := rapid.SampledFrom(segment.Operators(attribute.Kind)).Draw(t, "operator")
	pool := map[profile.Kind][]string{profile.Text: words, profile.Number: numerals, profile.Date: dates, profile.DateTime: dates}[attribute.Kind]
	var values []string
	switch operator.Takes() {
	case segment.OneValue:
		values = []string{rapid.SampledFrom(pool).Draw(t, "value")}
	case segment.ManyValues:
		values = rapid.SliceOfN(rapid.SampledFrom(pool), 1, 4).Draw(t, "values")
	case segment.Days:
		values = []string{rapid.SampledFrom(dayCounts).Draw(t, "days")}
	case segment.TwoValues:
		if attribute.Kind != profile.Number { // the numerals are sorted already, days sort as text
			pool = slices.Sorted(slices.Values(pool))
		}
		first := rapid.IntRange(0, len(pool)-1).Draw(t, "first")
		values = []string{pool[first], pool[rapid.IntRange(first, len(pool)-1).Draw(t, "last")]}
	}
	return segment.Condition{Attribute: attribute.Key, Operator: operator, Values: values}
}

func drawGroup(t *rapid.T, depth int) segment.Group {
	g := segment.Group{Match: rapid.SampledFrom(segment.Matches).Draw(t, "match")}
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		g.Conditions = append(g.Conditions, drawCondition(t))
	}
	if depth < segment.MaxDepth {
		for range rapid.IntRange(0, 2).Draw(t, "groups") {
			g.Groups = append(g.Groups, drawGroup(t, depth+1))
		}
	}
	return g
}

func TestSQLAnswersARandomRuleAsPlainGoDoes(t *testing.T) {
	copenhagen := inCopenhagen(t)
	rows := randomRows()
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, people, rows)
	rapid.Check(t, func(rt *rapid.T) {
		now := rapid.SampledFrom([]time.Time{noon, noon.In(copenhagen), time.Date(2027, 2, 28, 23, 59, 0, 0, time.UTC), time.Date(2028, 2, 28, 0, 0, 0, 0, copenhagen)}).Draw(rt, "now")
		g := drawGroup(rt, 1)
		var want []string
		for _, row := range rows {
			if holds(g, row, now) {
				want = append(want, row[0].(string))
			}
		}
		if got := members(t, db, segment.Definition{Kind: segment.ByRule, Rule: g, Zone: now.Location().String()}, snapshot, now); got != strings.Join(want, " ") {
			rt.Fatalf("SQL finds %q, plain Go %q", got, want)
		}
	})
}

// randomRows mixes all values with each other, and with no value.
func randomRows() [][]any {
	pick := func(pool []string, i int) any {
		if i %= len(pool) + 1; i < len(pool) {
			return pool[i]
		}
		return nil
	}
	var rows [][]any
	for i := range 150 {
		row := []any{fmt.Sprint("k", i), pick(words, i), nil, nil, pick(dates, i/2), pick(instants, i/3)}
		if i%7 != 0 {
			row[2], _ = strconv.ParseFloat(numerals[i%len(numerals)], 64)
		}
		if i%5 != 0 {
			row[3] = int64(i % 2)
		}
		rows = append(rows, row)
	}
	return rows
}

// BenchmarkCount measures the recount of a million profiles with the comparison that costs most, text that must be folded.
func BenchmarkCount(b *testing.B) {
	db := testkit.Database(b)
	rows := make([][]any, 1_000_000)
	countries := []string{"Denmark", "Sverige", "Norge", "Österreich", "Færøerne"}
	for i := range rows {
		rows[i] = []any{"customer-" + strconv.Itoa(i), countries[i%len(countries)], float64(i % 1000), int64(i % 2), "1980-05-01", "2026-05-30T10:00:00Z"}
	}
	snapshot := fill(b, db, 1, people, rows)
	for _, c := range []segment.Condition{
		when("country", segment.Equals, "denmark"), when("country", segment.Contains, "Ø"), when("country", segment.InList, "danmark", "norge", "færøerne"),
		when("spent", segment.Between, "100", "200"), when("seen", segment.InLastDays, "30"), when("born", segment.AnniversaryIn, "7"),
	} {
		b.Run(string(c.Attribute+" "+string(c.Operator)), func(b *testing.B) {
			for b.Loop() {
				count(b, db, rule(segment.All, c), snapshot)
			}
		})
	}
}

func count(b *testing.B, db *database.DB, def segment.Definition, snapshot profile.Snapshot) {
	b.Helper()
	service := segment.NewService(db, &snapshots{}, nil, func() time.Time { return noon })
	if _, err := service.UnionCount(b.Context(), []segment.Definition{def}, snapshot, noon); err != nil {
		b.Fatal(err)
	}
}
