package segment_test

import (
	"flag"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

var benchProfiles = flag.Int("profiles", 100_000, "how many profiles the benchmark counts")

// BenchmarkCount measures how long a rule takes to count beside the SQL that a person would write by hand, which knows the letters of ASCII
// alone. Both take turns on the same profiles, and the quickest of each counts: whatever else the machine does only slows them.
//
//	go test -bench Count -run '^$' -benchtime 3x ./internal/segment -profiles 1000000
func BenchmarkCount(b *testing.B) {
	db := testkit.Database(b)
	attributes := []profile.Attribute{
		{Key: "email", Column: "c1", Kind: profile.Text, Indexed: true}, {Key: "surname", Column: "c2", Kind: profile.Text},
		{Key: "town", Column: "c3", Kind: profile.Text}, {Key: "spent", Column: "c4", Kind: profile.Number},
		{Key: "born", Column: "c5", Kind: profile.Date}, {Key: "seen", Column: "c6", Kind: profile.DateTime},
		{Key: "member", Column: "c7", Kind: profile.Boolean}, {Key: "interests", Column: "c8", Kind: profile.List},
	}
	snapshot := fill(b, db, 1, attributes, nil)
	fillMany(b, db, *benchProfiles)
	matched := when("surname", segment.Contains, "Sen")
	matched.MatchCase = true
	for _, c := range []struct {
		name string
		def  segment.Definition
		hand string
	}{
		{"indexed text equals", rule(segment.All, when("email", segment.Equals, "P77@example.com")), "c1 COLLATE NOCASE = 'p77@example.com'"},
		{"indexed text begins", rule(segment.All, when("email", segment.BeginsWith, "p12")), "c1 LIKE 'p12%'"},
		{"text equals", rule(segment.All, when("town", segment.Equals, "Aarhus")), "c3 COLLATE NOCASE = 'aarhus'"},
		{"text contains", rule(segment.All, when("surname", segment.Contains, "sen")), "c2 LIKE '%sen%'"},
		{"text contains, case matters", rule(segment.All, matched), "instr(c2, 'Sen') > 0"},
		{"text contains beyond ASCII", rule(segment.All, when("town", segment.Contains, "ø")), "c3 LIKE '%ø%' OR c3 LIKE '%Ø%'"},
		{"text ends", rule(segment.All, when("surname", segment.EndsWith, "sen")), "c2 LIKE '%sen'"},
		{"text in list", rule(segment.All, when("town", segment.InList, "Aarhus", "Odense", "Køge")), "lower(c3) IN ('aarhus', 'odense', 'køge')"},
		{"number between", rule(segment.All, when("spent", segment.Between, "100", "300")), "c4 BETWEEN 100 AND 300"},
		{"date before", rule(segment.All, when("born", segment.Before, "1980-01-01")), "c5 < '1980-01-01'"},
		{"anniversary", rule(segment.All, when("born", segment.AnniversaryIn, "7")), "strftime('%m-%d', c5) BETWEEN '06-01' AND '06-08'"},
		{"list has", rule(segment.All, when("interests", segment.Has, "gardening")), "EXISTS (SELECT 1 FROM json_each(c8) WHERE lower(value) = 'gardening')"},
		{"three together", rule(segment.All, when("town", segment.Equals, "Aarhus"), when("member", segment.IsTrue), when("seen", segment.InLastDays, "90")),
			"c3 COLLATE NOCASE = 'aarhus' AND c7 = 1 AND c6 >= '2026-03-03'"},
	} {
		b.Run(c.name, func(b *testing.B) {
			where, err := segment.Compile(c.def, snapshot, noon)
			if err != nil {
				b.Fatal(err)
			}
			var ours, hand []float64
			for range b.N {
				hand = append(hand, milliseconds(b, db, c.hand, nil))
				ours = append(ours, milliseconds(b, db, where.SQL, where.Args))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(slices.Min(ours), "ms")
			b.ReportMetric(slices.Min(hand), "hand-ms")
			b.ReportMetric(slices.Min(ours)/slices.Min(hand), "ratio")
		})
	}
}

func milliseconds(b *testing.B, db *database.DB, where string, args []any) float64 {
	b.Helper()
	var n int
	begin := time.Now()
	if err := db.Reader().QueryRowContext(b.Context(), "SELECT count(*) FROM snapshot_1 p WHERE "+where, args...).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(begin).Microseconds()) / 1000
}

// fillMany makes profiles of which one in eight has letters beyond ASCII.
func fillMany(b *testing.B, db *database.DB, n int) {
	b.Helper()
	pick := func(column string, of ...string) string {
		return "json_extract('[\"" + strings.Join(of, `","`) + "\"]', '$[' || ((" + column + ") % " + strconv.Itoa(len(of)) + ") || ']')"
	}
	err := db.InTx(b.Context(), func(tx database.Tx) error {
		for _, statement := range []string{
			`WITH RECURSIVE of(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM of WHERE i < ?) INSERT INTO snapshot_1
			SELECT i, 'k' || i, 'p' || i || '@example.com', ` + pick("i / 3", "Hansen", "Jensen", "Madsen", "Holm", "Lind", "Bak", "Møller", "Sennels") + `,
			` + pick("i", "Aarhus", "Odense", "Aalborg", "Esbjerg", "Randers", "Kolding", "Vejle", "Køge") + `,
			(i * 7919) % 1000, date('1950-01-01', '+' || ((i * 31) % 20000) || ' days'),
			strftime('%Y-%m-%dT%H:%M:%SZ', '2026-06-01', '-' || ((i * 13) % 900) || ' days'), i % 2,
			CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '["Gardening","Tea"]' WHEN 2 THEN '["cycling","swimming","Tea","books"]' ELSE '["Køkken","gardening tools"]' END
			FROM of`,
			"CREATE INDEX snapshot_1_c1 ON snapshot_1 (segue_fold(c1))",
		} {
			var args []any
			if strings.Contains(statement, "?") {
				args = append(args, n)
			}
			if _, err := tx.ExecContext(b.Context(), statement, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
