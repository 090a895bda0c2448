package web

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	views "github.com/segue-app/segue/views/segment"
)

// ruleForm writes a rule as its form would send it.
func ruleForm(form url.Values, g segment.Group, path segment.Path) url.Values {
	form.Set(path.Match(), string(g.Match))
	for i, c := range g.Conditions {
		at := path.Condition(i)
		form.Set(at.Attribute(), c.Attribute)
		if c.Operator.Takes() == segment.OneSegment {
			form.Set(at.Attribute(), views.SegmentChoice)
		}
		if c.MatchCase {
			form.Set(at.Case(), "1")
		}
		form.Set(at.Operator(), string(c.Operator))
		switch {
		case c.Operator.Takes() == segment.ManyValues:
			form.Set(at.Value(0), strings.Join(c.Values, "\r\n"))
		default:
			for j, value := range c.Values {
				form.Set(at.Value(j), value)
			}
		}
	}
	for i, inner := range g.Groups {
		ruleForm(form, inner, path.Group(i))
	}
	return form
}

func TestARuleComesBackFromItsFormAsItWent(t *testing.T) {
	rule := segment.Group{Match: segment.All, Conditions: []segment.Condition{
		{Attribute: "country", Operator: segment.InList, Values: []string{"Denmark", "Norway"}},
		{Attribute: "spent", Operator: segment.Between, Values: []string{"1", "2.5"}},
		{Attribute: "member", Operator: segment.IsTrue},
		{Attribute: "country", Operator: segment.BeginsWith, Values: []string{"D"}, MatchCase: true},
		{Operator: segment.NotInSegment, Values: []string{"12"}},
	}, Groups: []segment.Group{
		{Match: segment.Any, Conditions: []segment.Condition{{Attribute: "seen", Operator: segment.InLastDays, Values: []string{"30"}}},
			Groups: []segment.Group{{Match: segment.None, Conditions: []segment.Condition{{Attribute: "country", Operator: segment.Equals, Values: []string{"x"}}}}}},
	}}
	if got := parseRule(ruleForm(url.Values{}, rule, segment.RootPath)); !reflect.DeepEqual(got, rule) {
		t.Errorf("got %+v, want %+v", got, rule)
	}
}

func TestButtonsOfTheBuilderChangeTheRuleWhereTheyStand(t *testing.T) {
	c := func(attribute string) segment.Condition { return segment.Condition{Attribute: attribute} }
	rule := segment.Group{Match: segment.All, Conditions: []segment.Condition{c("a"), c("b")}, Groups: []segment.Group{
		{Match: segment.Any, Conditions: []segment.Condition{c("c"), c("d")}}, {Match: segment.None, Conditions: []segment.Condition{c("e")}},
	}}
	say := func(g segment.Group) string {
		var text func(segment.Group) string
		text = func(g segment.Group) string {
			var parts []string
			for _, c := range g.Conditions {
				parts = append(parts, c.Attribute)
			}
			for _, inner := range g.Groups {
				parts = append(parts, text(inner))
			}
			return string(g.Match) + "(" + strings.Join(parts, " ") + ")"
		}
		return text(g)
	}
	for _, test := range []struct{ name, do, want, focus string }{
		{"a condition at the end", "add-condition:rule", "all(a b  any(c d) none(e))", "rule.2.attribute"},
		{"a condition in a group", "add-condition:rule.g1", "all(a b any(c d) none(e ))", "rule.g1.1.attribute"},
		{"a group with a first condition", "add-group:rule.g0", "all(a b any(c d any()) none(e))", "rule.g0.g0.0.attribute"},
		{"a condition removed", "remove:rule.0", "all(b any(c d) none(e))", "do-add-condition:rule"},
		{"a condition of a group removed", "remove:rule.g0.1", "all(a b any(c) none(e))", "do-add-condition:rule.g0"},
		{"a group removed", "remove:rule.g0", "all(a b none(e))", "do-add-condition:rule"},
		{"the rule itself stays", "remove:rule", "all(a b any(c d) none(e))", ""},
		{"a place that is not there", "remove:rule.g7.1", "all(a b any(c d) none(e))", ""},
		{"a verb that is not there", "explode:rule", "all(a b any(c d) none(e))", ""},
		{"nothing", "", "all(a b any(c d) none(e))", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed, focus := changeRule(rule, test.do)
			if got := say(changed); got != test.want || focus != test.focus {
				t.Errorf("got %s and focus on %q, want %s and %q", got, focus, test.want, test.focus)
			}
			if got := say(rule); got != "all(a b any(c d) none(e))" {
				t.Errorf("the rule before became %s", got)
			}
		})
	}
}

func TestAnotherAttributeBringsItsOwnOperatorsAndOnlyTextItsCase(t *testing.T) {
	snapshot := profile.Snapshot{Attributes: []profile.Attribute{{Key: "n", Kind: profile.Number}, {Key: "t", Kind: profile.Text}, {Key: "l", Kind: profile.List}}}
	fitted := fitRule(segment.Group{Conditions: []segment.Condition{
		{Attribute: "n", Operator: segment.BeginsWith, Values: []string{"x"}},
		{Attribute: "t", Operator: segment.BeginsWith, Values: []string{"x"}},
		{Attribute: "gone", Operator: segment.BeginsWith, Values: []string{"x"}},
		{Attribute: "n", Operator: segment.Equals, Values: []string{"1"}, MatchCase: true},
		{Attribute: "t", Operator: segment.Equals, Values: []string{"x"}, MatchCase: true},
		{Attribute: "t", Operator: segment.IsEmpty, MatchCase: true},
		{Attribute: "l", Operator: segment.Has, Values: []string{"x"}, MatchCase: true},
		{Operator: segment.InSegment, Values: []string{"1"}, MatchCase: true},
	}}, snapshot)
	want := []segment.Condition{
		{Attribute: "n", Operator: segment.Equals},
		{Attribute: "t", Operator: segment.BeginsWith, Values: []string{"x"}},
		{Attribute: "gone", Operator: segment.BeginsWith, Values: []string{"x"}},
		{Attribute: "n", Operator: segment.Equals, Values: []string{"1"}},
		{Attribute: "t", Operator: segment.Equals, Values: []string{"x"}, MatchCase: true},
		{Attribute: "t", Operator: segment.IsEmpty},
		{Attribute: "l", Operator: segment.Has, Values: []string{"x"}, MatchCase: true},
		{Operator: segment.InSegment, Values: []string{"1"}},
	}
	if fitted.Match != segment.All || !reflect.DeepEqual(fitted.Conditions, want) {
		t.Errorf("got %+v", fitted)
	}
}

// FuzzParseRule: whatever a form holds, reading it ends, stays within the bounds, and what was read reads the same again.
func FuzzParseRule(f *testing.F) {
	f.Add("rule.match=all&rule.0.attribute=country&rule.0.operator=equals&rule.0.value=Denmark", "add-condition:rule")
	f.Add("rule.match=any&rule.g0.match=none&rule.g0.0.attribute=a&rule.g0.0.operator=in_list&rule.g0.0.value=x%0Ay", "remove:rule.g0.0")
	f.Add("rule.0.attribute=a&rule.0.operator=between&rule.0.value=1&rule.0.value2=2", "add-group:rule")
	f.Fuzz(func(t *testing.T, query, do string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		rule := parseRule(form)
		if depth(rule) > segment.MaxDepth+1 || len(rule.Conditions) > segment.MaxConditions+1 || len(rule.Groups) > maxFormGroups {
			t.Fatalf("out of bounds: %+v", rule)
		}
		if again := parseRule(ruleForm(url.Values{}, rule, segment.RootPath)); !reflect.DeepEqual(again, rule) {
			t.Fatalf("read %+v, then %+v", rule, again)
		}
		changeRule(rule, do)
	})
}

func depth(g segment.Group) int {
	deepest := 0
	for _, inner := range g.Groups {
		deepest = max(deepest, depth(inner))
	}
	return deepest + 1
}
