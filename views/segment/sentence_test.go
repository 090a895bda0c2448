package segment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

var known = []profile.Attribute{
	{Key: "country", Label: "Country", Kind: profile.Text}, {Key: "spent", Label: "Spent", Kind: profile.Number},
	{Key: "member", Label: "Member", Kind: profile.Boolean}, {Key: "born", Label: "Born", Kind: profile.Date},
	{Key: "seen", Label: "Last seen", Kind: profile.DateTime}, {Key: "tags", Label: "Tags", Kind: profile.List},
}

func when(attribute string, operator segment.Operator, values ...string) segment.Condition {
	return segment.Condition{Attribute: attribute, Operator: operator, Values: values}
}

func ruled(match segment.Match, groups []segment.Group, conditions ...segment.Condition) segment.Segment {
	return segment.Segment{Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: match, Conditions: conditions, Groups: groups}}}
}

func TestARuleReadsAsASentence(t *testing.T) {
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprint("v", i)
	}
	inner := []segment.Group{{Match: segment.Any, Conditions: []segment.Condition{when("spent", segment.Less, "5"), when("member", segment.IsTrue)}}}
	for _, c := range []struct {
		name   string
		of     segment.Segment
		en, da string
	}{
		{"nobody left out", ruled(segment.All, nil), "Every profile", "Alle profiler"},
		{"a list", segment.Segment{ListCount: 1200, Definition: segment.Definition{Kind: segment.ByList}}, "1,200 ids from an uploaded list", "1.200 id’er fra en overført liste"},
		{"two that both hold", ruled(segment.All, nil, when("country", segment.Equals, "Denmark"), when("seen", segment.InLastDays, "30")),
			"Country is Denmark and Last seen is in the last 30 days", "Country er Denmark og Last seen er inden for de seneste 30 dage"},
		{"one day", ruled(segment.All, nil, when("seen", segment.InLastDays, "1")), "Last seen is in the last 1 day", "Last seen er inden for den seneste 1 dag"},
		{"a group is set apart", ruled(segment.All, inner, when("country", segment.IsEmpty)),
			"Country has no value and (Spent is less than 5 or Member is yes)", "Country har ingen værdi og (Spent er mindre end 5 eller Member er ja)"},
		{"none", ruled(segment.None, nil, when("country", segment.Equals, "x"), when("member", segment.IsFalse)), "Not (Country is x or Member is no)", "Ikke (Country er x eller Member er nej)"},
		{"numbers and dates as the reader writes them", ruled(segment.Any, nil, when("spent", segment.Between, "1000", "2500.50"), when("born", segment.Before, "1990-05-01")),
			"Spent is between 1,000 and 2,500.50 or Born is before 1 May 1990", "Spent er mellem 1.000 og 2.500,50 eller Born er før den 1. maj 1990"},
		{"a long list is cut", ruled(segment.All, nil, when("country", segment.InList, many...)),
			"Country is one of (v0, v1, v2, v3, v4, v5, v6, v7, v8, v9 and 2 more)", "Country er en af (v0, v1, v2, v3, v4, v5, v6, v7, v8, v9 og 2 flere)"},
		{"a list of addresses", segment.Segment{ListCount: 1, Definition: segment.Definition{Kind: segment.ByList, ListBy: segment.Addresses}}, "1 email address from an uploaded list", "1 mailadresse fra en overført liste"},
		{"case that matters", ruled(segment.All, nil, segment.Condition{Attribute: "country", Operator: segment.BeginsWith, Values: []string{"D"}, MatchCase: true}),
			"Country begins with “D” (upper and lower case matter)", "Country begynder med »D« (store og små bogstaver tæller)"},
		{"lists of texts", ruled(segment.Any, nil, when("tags", segment.Has, "vip"), when("tags", segment.HasNot, "new"), when("tags", segment.IsEmpty)),
			"Tags has vip or Tags does not have new or Tags has no value", "Tags har vip eller Tags har ikke new eller Tags har ingen værdi"},
		{"other segments", ruled(segment.All, []segment.Group{{Match: segment.None, Conditions: []segment.Condition{{Operator: segment.InSegment, Label: "Staff", Values: []string{"7"}}}}},
			segment.Condition{Operator: segment.InSegment, Label: "Danes", Values: []string{"1"}}, segment.Condition{Operator: segment.NotInSegment, Values: []string{"9"}}),
			"In the segment Danes and not in the segment 9 and not (in the segment Staff)", "I segmentet Danes og ikke i segmentet 9 og ikke (i segmentet Staff)"},
		{"groups in groups", ruled(segment.Any, []segment.Group{{Match: segment.All, Conditions: []segment.Condition{when("member", segment.IsTrue)}, Groups: inner}}, when("country", segment.IsEmpty)),
			"Country has no value or (Member is yes and (Spent is less than 5 or Member is yes))", "Country har ingen værdi eller (Member er ja og (Spent er mindre end 5 eller Member er ja))"},
		{"what a draft lacks", ruled(segment.All, nil, segment.Condition{}), "(Unfinished condition)", "(Ufærdig betingelse)"},
		{"a name in small letters begins with a capital one all the same", ruled(segment.Any, nil, when("åre", segment.IsEmpty), when("åre", segment.Has, "x")), "Åre has no value or åre has x", "Åre har ingen værdi eller åre har x"},
		{"a number has no case", ruled(segment.All, nil, segment.Condition{Attribute: "spent", Operator: segment.Equals, Values: []string{"5"}, MatchCase: true}), "Spent is 5", "Spent er 5"},
		{"an attribute that is gone", ruled(segment.All, nil, segment.Condition{Attribute: "g", Label: "Gone", Operator: segment.IsNotEmpty}), "Gone has a value", "Gone har en værdi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// West of Greenwich a day that were midnight in UTC would be the day before.
			west := time.FixedZone("west", -10*60*60)
			for language, want := range map[string]string{"en": c.en, "da": c.da} {
				if got := Sentence(i18n.With(t.Context(), i18n.For(language, west)), c.of, known, true); got != want {
					t.Errorf("%s: got %q, want %q", language, got, want)
				}
			}
		})
	}
}

func TestARuleTellsNobodysDataToThoseWhoMayNotSeeIt(t *testing.T) {
	attributes := append([]profile.Attribute{{Key: "email", Label: "Email", Kind: profile.Text, Mark: profile.Personal}, {Key: "birth", Label: "Birth date", Kind: profile.Date, Mark: profile.Personal}}, known...)
	rule := ruled(segment.All, []segment.Group{{Match: segment.Any, Conditions: []segment.Condition{
		when("email", segment.InList, "ann@example.com", "bo@example.com"), when("birth", segment.Before, "1990-05-01"),
		when("birth", segment.AnniversaryIn, "7"), {Attribute: "nickname", Label: "Nickname", Operator: segment.Contains, Values: []string{"Annie"}},
	}}}, when("email", segment.Equals, "cy@example.com"), when("country", segment.Equals, "Denmark"))
	for language, want := range map[string]string{
		"en": "Email is (hidden value) and Country is Denmark and (Email is one of (2 hidden values) or Birth date is before (hidden value)" +
			" or Birth date has its anniversary within 7 days or Nickname contains “(hidden value)”)",
		"da": "Email er (skjult værdi) og Country er Denmark og (Email er en af (2 skjulte værdier) eller Birth date er før den (skjult værdi)" +
			" eller Birth date har årsdag inden for 7 dage eller Nickname indeholder »(skjult værdi)«)",
	} {
		if got := Sentence(i18n.With(t.Context(), i18n.For(language, nil)), rule, attributes, false); got != want {
			t.Errorf("%s: got %q, want %q", language, got, want)
		}
	}
}

func TestEveryOperatorHasItsWordsInEveryLanguage(t *testing.T) {
	for _, language := range i18n.Languages() {
		for _, attribute := range known {
			for _, operator := range segment.Operators(attribute.Kind) {
				for _, key := range []string{"segments.operator." + string(operator), "segments.sentence." + string(operator)} {
					if !i18n.Has(language, key) {
						t.Errorf("%s lacks %s", language, key)
					}
				}
			}
		}
		for _, operator := range segment.OfSegments {
			for _, key := range []string{"segments.operator." + string(operator), "segments.sentence." + string(operator)} {
				if !i18n.Has(language, key) {
					t.Errorf("%s lacks %s", language, key)
				}
			}
		}
		for _, state := range segment.States {
			if !i18n.Has(language, "segments.state."+string(state)) {
				t.Errorf("%s lacks %s", language, state)
			}
		}
		for _, match := range segment.Matches {
			if !i18n.Has(language, "segments.match."+string(match)) {
				t.Errorf("%s lacks %s", language, match)
			}
		}
	}
}

func TestTheListShowsTheBeginningOfALongSentence(t *testing.T) {
	ctx := i18n.With(t.Context(), i18n.For("en", nil))
	var conditions []segment.Condition
	for range 10 {
		conditions = append(conditions, when("country", segment.Equals, "Denmark"))
	}
	short := Short(ctx, ruled(segment.All, nil, conditions...), known, true)
	if len([]rune(short)) > shortSentence+2 || !strings.HasSuffix(short, " …") || !strings.HasPrefix(short, "Country is Denmark and ") {
		t.Errorf("it begins %q", short)
	}
	if got := Short(ctx, ruled(segment.All, nil, conditions[0]), known, true); got != "Country is Denmark" {
		t.Errorf("a short one is %q", got)
	}
}
