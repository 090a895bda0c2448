package segment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/dialect"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func oneColumn(kind profile.Kind) []profile.Attribute {
	return []profile.Attribute{{Key: "a", Label: "A", Column: "c1", Kind: kind}}
}

// expectation is an operator, its values, and who must be found.
type expectation struct {
	name     string
	operator segment.Operator
	values   []string
	want     string
}

func check(t *testing.T, kind profile.Kind, now time.Time, rows [][]any, expectations []expectation) {
	t.Helper()
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, oneColumn(kind), rows)
	for _, e := range expectations {
		t.Run(e.name, func(t *testing.T) {
			def := rule(segment.All, when("a", e.operator, e.values...))
			def.Zone = now.Location().String()
			if got := members(t, db, def, snapshot, now); got != e.want {
				t.Errorf("found %q, want %q", got, e.want)
			}
			// None must find exactly the others: a condition that were NULL for a row would lose it in both.
			def.Rule.Match = segment.None
			rest := members(t, db, def, snapshot, now)
			if got := len(strings.Fields(rest)) + len(strings.Fields(e.want)); got != len(rows) {
				t.Errorf("with its opposite %q it finds %d of %d", rest, got, len(rows))
			}
		})
	}
}

func TestTextIsComparedInAnyCaseAndEmptyFulfilsOnlyDenials(t *testing.T) {
	check(t, profile.Text, noon, [][]any{
		{"dk", "Denmark"}, {"upper", "DENMARK"}, {"se", "Sweden"}, {"ø", "Østerbro"}, {"ring", "A\u030Arhus"}, {"pct", "100%_x"}, {"none", nil},
	}, []expectation{
		{"equals ignores case", segment.Equals, []string{"denmark"}, "dk upper"},
		{"equals ignores case beyond ASCII", segment.Equals, []string{"øSTERBRO"}, "ø"},
		{"equals ignores how an accent is written", segment.Equals, []string{"ÅRHUS"}, "ring"},
		{"not equals includes those without a value", segment.NotEquals, []string{"Denmark"}, "se ø ring pct none"},
		{"contains", segment.Contains, []string{"EN"}, "dk upper se"},
		{"contains takes wildcards as they are", segment.Contains, []string{"%_"}, "pct"},
		{"not contains includes those without a value", segment.NotContains, []string{"en"}, "ø ring pct none"},
		{"begins with", segment.BeginsWith, []string{"øs"}, "ø"},
		{"begins with a letter that is written as two", segment.BeginsWith, []string{"å"}, "ring"},
		{"ends with", segment.EndsWith, []string{"MARK"}, "dk upper"},
		{"ends with something longer than the value", segment.EndsWith, []string{"in all of Denmark"}, ""},
		{"in list", segment.InList, []string{"sweden", "ÅRHUS", "nowhere"}, "se ring"},
		{"not in list includes those without a value", segment.NotInList, []string{"sweden", "denmark"}, "ø ring pct none"},
		{"is empty", segment.IsEmpty, nil, "none"},
		{"is not empty", segment.IsNotEmpty, nil, "dk upper se ø ring pct"},
		{"a quote is only a quote", segment.Equals, []string{"' OR 1=1 --"}, ""},
		{"a list of quotes is only a list", segment.InList, []string{`"]') OR 1=1 --`, `x"`}, ""},
	})
}

func TestWhoMatchesCaseIsComparedToTheLetter(t *testing.T) {
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, oneColumn(profile.Text), [][]any{{"small", "århus c"}, {"big", "ÅRHUS C"}, {"two", "A\u030Arhus C"}, {"none", nil}})
	for _, c := range []struct {
		operator segment.Operator
		value    string
		want     string
	}{
		{segment.Equals, "Århus C", "two"}, {segment.NotEquals, "Århus C", "small big none"}, {segment.Contains, "rhus", "small two"},
		{segment.NotContains, "C", "small none"}, {segment.BeginsWith, "A\u030A", "big two"}, {segment.EndsWith, " C", "big two"},
		{segment.InList, "århus c", "small"}, {segment.NotInList, "århus c", "big two none"},
	} {
		condition := when("a", c.operator, c.value)
		condition.MatchCase = true
		if got := members(t, db, rule(segment.All, condition), snapshot, noon); got != c.want {
			t.Errorf("%s %q finds %q, want %q", c.operator, c.value, got, c.want)
		}
	}
}

func TestAListHasWhatOneOfItsTextsEquals(t *testing.T) {
	check(t, profile.List, noon, [][]any{
		{"both", `["Østerbro","News"]`}, {"news", `["NEWS"]`}, {"newsletter", `["newsletter"]`}, {"quote", `["a\"],[\"b"]`}, {"none", nil},
	}, []expectation{
		{"has, in any case", segment.Has, []string{"news"}, "both news"},
		{"has, beyond ASCII", segment.Has, []string{"ØSTERBRO"}, "both"},
		{"has a quote", segment.Has, []string{`A"],["B`}, "quote"},
		{"has not includes those without a value", segment.HasNot, []string{"news"}, "newsletter quote none"},
		{"is empty", segment.IsEmpty, nil, "none"},
		{"is not empty", segment.IsNotEmpty, nil, "both news newsletter quote"},
	})
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, oneColumn(profile.List), [][]any{{"small", `["news"]`}, {"big", `["NEWS"]`}})
	exact := segment.Condition{Attribute: "a", Operator: segment.Has, Values: []string{"NEWS"}, MatchCase: true}
	if got := members(t, db, rule(segment.All, exact), snapshot, noon); got != "big" {
		t.Errorf("to the letter %q has it", got)
	}
}

func TestNumbersAreComparedAsNumbers(t *testing.T) {
	check(t, profile.Number, noon, [][]any{
		{"minus", -5}, {"zero", 0}, {"half", 0.5}, {"nine", 9}, {"ten", 10}, {"big", int64(9007199254740993)}, {"none", nil},
	}, []expectation{
		{"equals", segment.Equals, []string{"10.0"}, "ten"},
		{"equals a decimal", segment.Equals, []string{"0.5"}, "half"},
		{"equals beyond what a float can hold", segment.Equals, []string{"9007199254740993"}, "big"},
		{"not equals includes those without a value", segment.NotEquals, []string{"10"}, "minus zero half nine big none"},
		{"less is not by letters", segment.Less, []string{"10"}, "minus zero half nine"},
		{"at most", segment.AtMost, []string{"0"}, "minus zero"},
		{"greater", segment.Greater, []string{"9"}, "ten big"},
		{"at least", segment.AtLeast, []string{"9"}, "nine ten big"},
		{"between has both ends", segment.Between, []string{"0", "9"}, "zero half nine"},
		{"is empty", segment.IsEmpty, nil, "none"},
		{"is not empty", segment.IsNotEmpty, nil, "minus zero half nine ten big"},
	})
}

func TestYesAndNoAndUnknownAreThree(t *testing.T) {
	check(t, profile.Boolean, noon, [][]any{{"yes", 1}, {"no", 0}, {"none", nil}}, []expectation{
		{"is true", segment.IsTrue, nil, "yes"},
		{"is false leaves the unknown out", segment.IsFalse, nil, "no"},
		{"is empty", segment.IsEmpty, nil, "none"},
		{"is not empty", segment.IsNotEmpty, nil, "yes no"},
	})
}

func TestDatesAreComparedByDay(t *testing.T) {
	check(t, profile.Date, noon, [][]any{
		{"old", "1980-06-03"}, {"may1", "2026-05-01"}, {"may2", "2026-05-02"}, {"yesterday", "2026-05-31"}, {"today", "2026-06-01"},
		{"tomorrow", "2026-06-02"}, {"later", "2026-07-01"}, {"none", nil},
	}, []expectation{
		{"on", segment.On, []string{"2026-06-01"}, "today"},
		{"before", segment.Before, []string{"2026-05-02"}, "old may1"},
		{"after", segment.After, []string{"2026-06-01"}, "tomorrow later"},
		{"between has both ends", segment.Between, []string{"2026-05-02", "2026-06-01"}, "may2 yesterday today"},
		{"in the last 30 days is today and thirty before", segment.InLastDays, []string{"30"}, "may2 yesterday today"},
		{"in the last 0 days is today", segment.InLastDays, []string{"0"}, "today"},
		{"more than 30 days ago is the rest of the past", segment.MoreThanDaysAgo, []string{"30"}, "old may1"},
		{"in the next 30 days", segment.InNextDays, []string{"30"}, "today tomorrow later"},
		{"an anniversary is in any year", segment.AnniversaryIn, []string{"2"}, "old today tomorrow"},
		{"an anniversary within a year is everybody's", segment.AnniversaryIn, []string{"365"}, "old may1 may2 yesterday today tomorrow later"},
		{"is empty", segment.IsEmpty, nil, "none"},
		{"is not empty", segment.IsNotEmpty, nil, "old may1 may2 yesterday today tomorrow later"},
	})
}

func TestAnniversariesPassTheTurnOfTheYearAndTheLeapDay(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 8, 0, 0, 0, time.UTC) }
	rows := [][]any{{"dec30", "1980-12-30"}, {"jan2", "1981-01-02"}, {"feb28", "1999-02-28"}, {"feb29", "2000-02-29"}, {"mar1", "2001-03-01"}}
	for _, c := range []struct {
		name string
		now  time.Time
		days string
		want string
	}{
		{"over the new year", day(2026, 12, 29), "5", "dec30 jan2"},
		{"28 February stands in for the 29th", day(2026, 2, 28), "0", "feb28 feb29"},
		{"a window that ends on 28 February", day(2026, 2, 20), "8", "feb28 feb29"},
		{"a leap year has its own 29th", day(2028, 2, 28), "0", "feb28"},
		{"the 29th itself", day(2028, 2, 29), "0", "feb29"},
		{"after it", day(2026, 3, 1), "0", "mar1"},
		{"through it", day(2026, 2, 28), "1", "feb28 feb29 mar1"},
		{"almost a year, over the new year", day(2026, 3, 2), "363", "dec30 jan2 feb28 feb29"},
	} {
		check(t, profile.Date, c.now, rows, []expectation{{c.name, segment.AnniversaryIn, []string{c.days}, c.want}})
	}
}

func TestTheDayOfAnInstantIsThatOfTheZone(t *testing.T) {
	copenhagen := inCopenhagen(t)
	// In Copenhagen (UTC+2 in summer) 1 June begins at 22:00 UTC on 31 May.
	check(t, profile.DateTime, noon.In(copenhagen), [][]any{
		{"may31", "2026-05-31T21:59:59Z"}, {"begin", "2026-05-31T22:00:00Z"}, {"end", "2026-06-01T21:59:59Z"}, {"june2", "2026-06-01T22:00:00Z"},
		{"winter", "2026-01-01T22:59:59Z"}, {"none", nil},
	}, []expectation{
		{"on", segment.On, []string{"2026-06-01"}, "begin end"},
		{"before", segment.Before, []string{"2026-06-01"}, "may31 winter"},
		{"after", segment.After, []string{"2026-06-01"}, "june2"},
		{"between", segment.Between, []string{"2026-05-31", "2026-06-01"}, "may31 begin end"},
		{"winter has another distance to UTC", segment.On, []string{"2026-01-01"}, "winter"},
		{"in the last 0 days", segment.InLastDays, []string{"0"}, "begin end"},
		{"in the next 1 days", segment.InNextDays, []string{"1"}, "begin end june2"},
		{"more than 0 days ago", segment.MoreThanDaysAgo, []string{"0"}, "may31 winter"},
		{"is empty", segment.IsEmpty, nil, "none"},
	})
}

func TestGroupsCombineAllAnyNoneWithinEachOther(t *testing.T) {
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, people, [][]any{
		{"k1", "Denmark", 10, 1, nil, nil}, {"k2", "Sweden", 20, 0, nil, nil}, {"k3", "Denmark", nil, nil, nil, nil}, {"k4", nil, 30, 1, nil, nil},
	})
	danish, rich, member := when("country", segment.Equals, "Denmark"), when("spent", segment.Greater, "15"), when("member", segment.IsTrue)
	group := func(match segment.Match, groups []segment.Group, conditions ...segment.Condition) segment.Group {
		return segment.Group{Match: match, Conditions: conditions, Groups: groups}
	}
	for _, c := range []struct {
		name string
		rule segment.Group
		want string
	}{
		{"no parts is everybody", group(segment.All, nil), "k1 k2 k3 k4"},
		{"all", group(segment.All, nil, danish, member), "k1"},
		{"any", group(segment.Any, nil, danish, rich), "k1 k2 k3 k4"},
		{"none", group(segment.None, nil, rich, member), "k3"},
		{"any within all", group(segment.All, []segment.Group{group(segment.Any, nil, rich, danish)}, member), "k1 k4"},
		{"none within any", group(segment.Any, []segment.Group{group(segment.None, nil, danish, rich)}, member), "k1 k4"},
		{"only groups", group(segment.Any, []segment.Group{group(segment.All, nil, danish, member), group(segment.All, nil, rich, member)}), "k1 k4"},
		{"none of a none", group(segment.None, []segment.Group{group(segment.None, nil, danish)}), "k1 k3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := members(t, db, segment.Definition{Kind: segment.ByRule, Rule: c.rule}, snapshot, noon); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestAFaultyRuleIsRefusedAndNeverMatchesByAccident(t *testing.T) {
	snapshot := profile.Snapshot{ID: 1, Attributes: people}
	deep := segment.Group{Match: segment.All, Conditions: []segment.Condition{when("member", segment.IsTrue)}}
	for range segment.MaxDepth {
		deep = segment.Group{Match: segment.All, Groups: []segment.Group{deep}}
	}
	many := make([]segment.Condition, segment.MaxConditions+1)
	for i := range many {
		many[i] = when("member", segment.IsTrue)
	}
	for _, c := range []struct {
		name  string
		def   segment.Definition
		field string
		code  string
	}{
		{"an attribute that is gone", rule(segment.All, segment.Condition{Attribute: "gone", Label: "Gone", Operator: segment.IsEmpty}), "rule.0.attribute", segment.CodeAttributeMissing},
		{"a column's name is no attribute", rule(segment.All, when("c1", segment.IsEmpty)), "rule.0.attribute", segment.CodeAttributeMissing},
		{"no attribute", rule(segment.All, when("", segment.IsEmpty)), "rule.0.attribute", segment.CodeAttributeChoose},
		{"an operator of another kind", rule(segment.All, when("country", segment.Greater, "1")), "rule.0.operator", segment.CodeOperatorMismatch},
		{"SQL as an operator", rule(segment.All, when("country", "= 1 OR 1", "1")), "rule.0.operator", segment.CodeOperatorMismatch},
		{"no value", rule(segment.All, when("country", segment.Equals)), "rule.0.value", segment.CodeValueMissing},
		{"an empty value", rule(segment.All, when("country", segment.Contains, "")), "rule.0.value", segment.CodeValueMissing},
		{"an empty value in a list", rule(segment.All, when("country", segment.InList, "x", "")), "rule.0.value", segment.CodeValueMissing},
		{"a control character", rule(segment.All, when("country", segment.Equals, "a\x00b")), "rule.0.value", segment.CodeValueText},
		{"broken UTF-8", rule(segment.All, when("country", segment.Equals, "\xff")), "rule.0.value", segment.CodeValueText},
		{"a text without end", rule(segment.All, when("country", segment.Equals, strings.Repeat("å", segment.MaxTextLength+1))), "rule.0.value", segment.CodeValueTooLong},
		{"too many values", rule(segment.All, when("country", segment.InList, make([]string, segment.MaxListValues+1)...)), "rule.0.value", segment.CodeValuesTooMany},
		{"a word for a number", rule(segment.All, when("spent", segment.Less, "ten")), "rule.0.value", segment.CodeValueNumber},
		{"a thousands separator", rule(segment.All, when("spent", segment.Less, "1,000")), "rule.0.value", segment.CodeValueNumber},
		{"not a number", rule(segment.All, when("spent", segment.Less, "NaN")), "rule.0.value", segment.CodeValueNumber},
		{"the second of two is missing", rule(segment.All, when("spent", segment.Between, "1")), "rule.0.value2", segment.CodeValueMissing},
		{"numbers the wrong way round", rule(segment.All, when("spent", segment.Between, "2", "1.5")), "rule.0.value2", segment.CodeValueOrder},
		{"dates the wrong way round", rule(segment.All, when("born", segment.Between, "2026-02-02", "2026-02-01")), "rule.0.value2", segment.CodeValueOrder},
		{"a day that does not exist", rule(segment.All, when("born", segment.On, "2026-02-30")), "rule.0.value", segment.CodeValueDate},
		{"a year beyond four digits", rule(segment.All, when("born", segment.After, "9999-12-31")), "rule.0.value", segment.CodeValueDate},
		{"negative days", rule(segment.All, when("seen", segment.InLastDays, "-1")), "rule.0.value", segment.CodeValueDays},
		{"too many days", rule(segment.All, when("born", segment.AnniversaryIn, "366")), "rule.0.value", segment.CodeValueDays},
		{"no anniversary of an instant", rule(segment.All, when("seen", segment.AnniversaryIn, "3")), "rule.0.operator", segment.CodeOperatorMismatch},
		{"the second condition is named", rule(segment.All, when("member", segment.IsTrue), when("spent", segment.Less)), "rule.1.value", segment.CodeValueMissing},
		{"an unknown match", rule("most", when("member", segment.IsTrue)), "rule.match", segment.CodeMatchUnknown},
		{"an empty group inside", segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.Any, Groups: []segment.Group{{Match: segment.All}}}}, "rule.g0.match", segment.CodeGroupEmpty},
		{"a group too deep", segment.Definition{Kind: segment.ByRule, Rule: deep}, "rule.g0.g0.g0.g0", segment.CodeTooDeep},
		{"too many conditions", rule(segment.Any, many...), "rule", segment.CodeTooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			where, err := segment.Compile(c.def, snapshot, noon)
			wantField(t, err, c.field, c.code)
			if where.SQL != "" {
				t.Errorf("a condition came along: %s", where.SQL)
			}
		})
	}
}

func TestWithoutAZoneDaysBeginInUTCWhereverTheProgramRuns(t *testing.T) {
	rows := [][]any{{"may31", "2026-05-31T23:00:00Z"}, {"june1", "2026-06-01T01:00:00Z"}}
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, oneColumn(profile.DateTime), rows)
	def := rule(segment.All, when("a", segment.InLastDays, "0"))
	if got := members(t, db, def, snapshot, noon.In(inCopenhagen(t))); got != "june1" {
		t.Errorf("found %q", got)
	}
	def.Zone = "Nowhere/Else"
	if _, err := segment.Compile(def, snapshot, noon); err == nil {
		t.Error("a zone that there is not compiled")
	}
}

func TestAMissingAttributeIsNamedAsItWasCalled(t *testing.T) {
	def := rule(segment.All, segment.Condition{Attribute: "gone", Label: "Favourite colour", Operator: segment.IsEmpty})
	_, err := segment.Compile(def, profile.Snapshot{Attributes: people}, noon)
	p := wantProblem(t, err, problem.Invalid, segment.CodeAttributeMissing)
	if len(p.Args) != 2 || p.Args[1] != "Favourite colour" {
		t.Errorf("args are %v", p.Args)
	}
}

func TestNothingTypedBecomesPartOfSQL(t *testing.T) {
	const evil = `x'); DROP TABLE segments; --`
	for _, operator := range segment.Operators(profile.Text) {
		where, err := segment.Compile(rule(segment.Any, when("country", operator, evil)), profile.Snapshot{Attributes: people}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(where.SQL, "DROP") || strings.Contains(where.SQL, "'") {
			t.Errorf("%s: %s", operator, where.SQL)
		}
	}
}

func TestTheUnionOfNothingIsNobody(t *testing.T) {
	where, err := segment.Union(nil, profile.Snapshot{Attributes: people}, noon)
	if err != nil || where.SQL != dialect.Nobody().SQL {
		t.Errorf("%q, %v", where.SQL, err)
	}
}

func TestADefinitionWithoutItsListIsRefused(t *testing.T) {
	_, err := segment.Compile(segment.Definition{Kind: segment.ByList}, profile.Snapshot{Attributes: people}, noon)
	wantProblem(t, err, problem.Invalid, segment.CodeListMissing)
	if _, err := segment.Compile(segment.Definition{}, profile.Snapshot{Attributes: people}, noon); err == nil {
		t.Error("a definition without a kind compiled")
	}
}

func TestEveryKindOffersOperatorsThatCompile(t *testing.T) {
	samples := map[profile.Kind][]string{
		profile.Text: {"a", "b"}, profile.Number: {"1", "2"}, profile.Boolean: nil,
		profile.Date: {"2026-01-01", "2026-01-02"}, profile.DateTime: {"2026-01-01", "2026-01-02"}, profile.List: {"a"},
	}
	db := testkit.Database(t)
	for i, kind := range profile.Kinds {
		snapshot := fill(t, db, int64(i+1), oneColumn(kind), nil)
		if len(segment.Operators(kind)) == 0 {
			t.Errorf("%s offers nothing", kind)
		}
		for _, operator := range segment.Operators(kind) {
			values := samples[kind]
			if operator.Takes() == segment.Days {
				values = []string{"7"}
			}
			members(t, db, rule(segment.All, when("a", operator, values...)), snapshot, noon)
		}
	}
}
