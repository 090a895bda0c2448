package segment_test

import (
	"testing"

	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

func TestASegmentWithinASegmentHoldsAsItWasFrozen(t *testing.T) {
	db := testkit.Database(t)
	snapshot := fill(t, db, 1, people, [][]any{
		{"k1", "Denmark", 10, 1, nil, "2026-05-31T22:30:00Z"}, {"k2", "Sweden", 20, 0, nil, nil}, {"k3", "Denmark", nil, nil, nil, "2026-06-01T22:30:00Z"},
	})
	danish := rule(segment.None, when("country", segment.NotEquals, "denmark"))
	today := rule(segment.All, when("seen", segment.InLastDays, "0"))
	today.Zone = "Europe/Copenhagen"
	deep := rule(segment.All, when("", segment.InSegment, "7"))
	deep.Nested = map[int64]segment.Definition{7: danish}
	for _, c := range []struct {
		name string
		def  segment.Definition
		want string
	}{
		{"in", rule(segment.All, when("", segment.InSegment, "7")), "k1 k3"},
		{"not in is the others", rule(segment.All, when("", segment.NotInSegment, "7")), "k2"},
		{"with conditions of one's own", rule(segment.All, when("", segment.InSegment, "7"), when("member", segment.IsTrue)), "k1"},
		{"its days are those of its own zone", rule(segment.All, when("", segment.InSegment, "8")), "k1"},
		{"a segment within it", rule(segment.All, when("", segment.InSegment, "9")), "k1 k3"},
		{"everybody", rule(segment.None, when("", segment.NotInSegment, "10")), "k1 k2 k3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.def.Nested = map[int64]segment.Definition{7: danish, 8: today, 9: deep, 10: {Kind: segment.ByRule}}
			if got := members(t, db, c.def, snapshot, noon); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestAFaultOfASegmentThatIsNamedIsSaidOfItsCondition(t *testing.T) {
	snapshot := profile.Snapshot{ID: 1, Attributes: people}
	elsewhere := rule(segment.All, when("member", segment.IsTrue))
	elsewhere.SourceID = 3
	tall := rule(segment.All, when("member", segment.IsTrue))
	for range segment.MaxNesting + 1 {
		outer := rule(segment.All, when("", segment.InSegment, "1"))
		outer.Nested = map[int64]segment.Definition{1: tall}
		tall = outer
	}
	half := make([]segment.Condition, segment.MaxConditions/2)
	for i := range half {
		half[i] = when("member", segment.IsTrue)
	}
	for _, c := range []struct {
		name   string
		nested segment.Definition
		value  string
		field  string
		code   string
	}{
		{"none chosen", elsewhere, "", "rule.0.value", segment.CodeSegmentChoose},
		{"no id", elsewhere, "1 OR 1", "rule.0.value", segment.CodeSegmentMissing},
		{"not among the frozen ones", elsewhere, "2", "rule.0.value", segment.CodeSegmentMissing},
		{"made from something else", elsewhere, "1", "rule.0.value", segment.CodeSegmentBase},
		{"an attribute that is gone", rule(segment.All, when("gone", segment.IsEmpty)), "1", "rule.0.value", segment.CodeAttributeMissing},
		{"a list that is gone", segment.Definition{Kind: segment.ByList}, "1", "rule.0.value", segment.CodeListMissing},
		{"too deep", tall, "1", "rule.0.value", segment.CodeNestedDeep},
		{"too many conditions together", rule(segment.Any, half...), "1", "rule", segment.CodeTooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := rule(segment.All, append([]segment.Condition{when("", segment.InSegment, c.value)}, half...)...)
			def.Nested = map[int64]segment.Definition{1: c.nested}
			_, err := segment.Compile(def, snapshot, noon)
			wantField(t, err, c.field, c.code)
		})
	}
	def := rule(segment.All, when("", segment.InSegment, "1"))
	def.Nested = map[int64]segment.Definition{1: {Kind: "none"}}
	if _, err := segment.Compile(def, snapshot, noon); err == nil {
		t.Error("a kind that there is not compiled within another definition")
	}
}
