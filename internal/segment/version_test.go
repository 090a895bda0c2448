package segment_test

import (
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/version"
)

func byCountry(value string) segment.Definition {
	return segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{
		{Attribute: "country", Operator: segment.Equals, Values: []string{value}}}}}
}

func TestASegmentGoesBackToItsRuleAndKeepsItsState(t *testing.T) {
	k := apptest.Start(t, 20)
	contributor := k.Actor(access.Contributor)
	made, err := k.Segments.Create(t.Context(), contributor, segment.Draft{Name: "Danes", Definition: byCountry("Denmark")})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := k.Segments.Update(t.Context(), contributor, made.ID, segment.Draft{Name: "Swedes", Definition: byCountry("Sweden"), Version: made.Version})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Segments.Deactivate(t.Context(), contributor, made.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Segments.GoBack(t.Context(), k.Actor(access.Viewer), made.ID, 1, changed.Version+1); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer: %v", err)
	}
	back, err := k.Segments.GoBack(t.Context(), contributor, made.ID, 1, changed.Version+1)
	if err != nil || back.Name != "Danes" || back.State != segment.Inactive || back.Definition.Rule.Conditions[0].Values[0] != "Denmark" {
		t.Fatalf("%+v, %v", back, err)
	}
	versions, err := k.Segments.Versions(t.Context(), k.Actor(access.Viewer), made.ID, 0, 10)
	if err != nil || len(versions) != 4 || versions[0].Act != version.WentBack || versions[0].BackTo != 1 || versions[1].Act != version.Deactivated {
		t.Errorf("%+v, %v", versions, err)
	}
	if versions[0].Substance != versions[3].Substance || versions[0].Substance == versions[2].Substance {
		t.Error("what decides who belongs is not told apart from the rest")
	}
	if err := k.Segments.Delete(t.Context(), contributor, made.ID); err != nil {
		t.Fatal(err)
	}
	if left, err := version.List(t.Context(), k.DB.Reader(), versions[0].Of, 0, 10); err != nil || len(left) != 0 {
		t.Errorf("the history of a segment that is gone: %+v, %v", left, err)
	}
}

func TestASegmentDoesNotGoBackToWhatASaveWouldRefuse(t *testing.T) {
	k := apptest.Start(t, 20)
	admin := k.Actor(access.Administrator)
	email := func(value string) segment.Definition {
		d := byCountry(value)
		d.Rule.Conditions[0].Attribute = "email"
		return d
	}
	made, err := k.Segments.Create(t.Context(), admin, segment.Draft{Name: "One person", Definition: email("somebody@example.com")})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := k.Segments.Update(t.Context(), admin, made.ID, segment.Draft{Name: "One person", Definition: byCountry("Denmark"), Version: made.Version})
	if err != nil {
		t.Fatal(err)
	}
	err = k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := version.Erase(t.Context(), tx, []string{"Somebody@example.com"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Segments.GoBack(t.Context(), admin, made.ID, 1, changed.Version); !problem.Is(err, problem.Invalid) {
		t.Errorf("to a rule whose value was erased: %v", err)
	}
}
