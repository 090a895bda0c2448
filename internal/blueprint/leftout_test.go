package blueprint_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

func TestASegmentOfAListKeepsItsListAndIsMadeOfNoFile(t *testing.T) {
	k, other := apptest.Start(t, 5), apptest.Start(t, 5)
	by := k.Actor(access.Contributor)
	list, err := k.Segments.UploadList(t.Context(), by, strings.NewReader("id\nC-1\nC-2\n"), segment.IDs)
	if err != nil {
		t.Fatal(err)
	}
	made, err := k.Segments.Create(t.Context(), by, segment.Draft{Name: "Regulars", Definition: segment.Definition{Kind: segment.ByList, ListID: list.ID, ListBy: segment.IDs}})
	if err != nil {
		t.Fatal(err)
	}
	f := decode(t, strings.Replace(text(t, read(t, k)), "name: Regulars\n", "name: Regulars\n    description: Those of the shop\n", 1))
	if applied := apply(t, k, f, true); len(applied.Done) != 1 {
		t.Errorf("%+v", applied)
	}
	same(t, k, f)
	after, err := k.Segments.Get(t.Context(), by, made.ID)
	if err != nil || after.Description != "Those of the shop" || after.Definition.ListID != list.ID || after.ListCount != 2 {
		t.Errorf("%+v, %v", after, err)
	}
	if applied := apply(t, other, f, false); len(applied.LeftOut) != 1 || applied.LeftOut[0].Obstacle != blueprint.ObstacleList {
		t.Errorf("elsewhere: %+v", applied)
	}
}

func TestWhatCannotBeAppliedIsLeftOutWithItsReason(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	apply(t, k, decode(t, wanted), false)
	tests := []struct {
		name, file, step, obstacle string
	}{
		{"a connection that is not here", "connections: [{name: Elsewhere, type: omnisend}]", "Elsewhere", blueprint.ObstacleConnection},
		{"a connection of another type", "connections: [{name: Nordlys newsletter, type: mailer}]", "Nordlys newsletter", blueprint.ObstacleKind},
		{"a segment of a source that is not here", "segments: [{name: New, base: Warehouse, rule: {match: all}}]", "New", blueprint.ObstacleBase},
		{"a segment that is to be of a source that is not here", "segments: [{name: Norwegians, base: Warehouse, rule: {match: all}}]", "Norwegians", blueprint.ObstacleBase},
		{"an uploaded list that is not here", "segments: [{name: A list}]", "A list", blueprint.ObstacleList},
		{"a rule that is to be a list", "segments: [{name: Norwegians}]", "Norwegians", blueprint.ObstacleKind},
		{"an active segment that is to be a draft", "segments: [{name: Norwegians, state: draft, rule: {match: all}}]", "Norwegians", blueprint.ObstacleState},
		{"an export without a connection", "exports: [{name: Lone, segments: [{segment: Norwegians}], fields: []}]", "Lone", blueprint.ObstacleDetached},
		{"an export whose connection is not here", "exports: [{name: Lone, connection: Elsewhere, segments: [{segment: Norwegians}], fields: []}]", "Lone", blueprint.ObstacleNeeds},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plan, err := k.Blueprints.Compare(t.Context(), access.System, decode(t, "version: 1\n"+test.file), false)
			if err != nil || len(plan.Steps) != 1 || plan.Steps[0].Name != test.step || plan.Steps[0].Obstacle != test.obstacle {
				t.Errorf("%+v, %v", plan.Steps, err)
			}
		})
	}
}

func TestWhatIsPersonalIsRefusedInAFileThatDoesNotSayThatItIsMeant(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	for said, want := range map[string]string{
		"":                                "meant.birth_date: problem.export.meant.sensitive",
		", meant: true":                   "reason.birth_date: problem.export.meant.reason",
		`, meant: true, reason: "Cards "`: "",
	} {
		mark(t, k, "birth_date", profile.Sensitive)
		f := decode(t, `
version: 1
segments: [{name: All, rule: {match: all, conditions: [{attribute: email, operator: is_not_empty}]}}]
exports: [{name: Birthdays, connection: Nordlys newsletter, segments: [{segment: All}], fields: [{field: email, attribute: email, meant: true}, {field: birthdate, attribute: birth_date`+said+`}]}]
`)
		plan, err := k.Blueprints.Compare(t.Context(), access.System, f, false)
		if err != nil {
			t.Fatal(err)
		}
		if said != "" && !strings.Contains(plan.Steps[len(plan.Steps)-1].Diff, "meant: true") {
			t.Errorf("the plan does not show the tick: %s", plan.Steps[len(plan.Steps)-1].Diff)
		}
		_, err = k.Blueprints.Apply(t.Context(), access.System, f, false, plan.Fingerprint)
		got := ""
		if p := problem.Of(err); p != nil && len(p.Fields) > 0 {
			got = p.Fields[0].Name + ": " + p.Fields[0].Code
		}
		if got != want {
			t.Errorf("%q: %q (%v), want %q", said, got, err, want)
		}
		if want == "" {
			same(t, k, f)
		}
	}
}

// mark marks an attribute as an administrator does.
func mark(t *testing.T, k *apptest.Kit, key string, as profile.Mark) {
	t.Helper()
	snapshot, err := k.Profiles.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := snapshot.Attribute(key)
	if err := k.Profiles.CorrectAttributes(t.Context(), access.System, []profile.Correction{{Key: key, Label: a.Label, Mark: as, Was: a.Mark, Address: a.Address, Indexed: a.Indexed}}); err != nil {
		t.Fatal(err)
	}
}
