package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/web/api"
)

func TestAConfigurationIsReadComparedAndAppliedAsYAML(t *testing.T) {
	s := start(t, 10)
	e := s.Export()
	key := s.key(s.Actor(access.Administrator), access.Edit)
	got := s.get(key, "/config").wants(200)
	if kind := got.Header.Get("Content-Type"); kind != api.MIMEYAML {
		t.Errorf("Content-Type %q", kind)
	}
	here := string(got.body)
	if same := as[api.ConfigPlan](s.post(key, "/config/diff?prune=true", here, "Content-Type", api.MIMEYAML).wants(200)); len(same.Steps) != 0 {
		t.Errorf("what was read differs from what is here: %+v", same.Steps)
	}

	changed := strings.Replace(here, "schedule: with_system", "schedule: {weekly: [friday], at: \"05:30\"}", 1)
	plan := as[api.ConfigPlan](s.post(key, "/config/diff", changed, "Content-Type", api.MIMEYAML).wants(200))
	if len(plan.Steps) != 1 || plan.Steps[0].Kind != blueprint.OfExport || plan.Steps[0].Action != blueprint.Change || plan.Steps[0].Obstacle != nil || !strings.Contains(plan.Steps[0].Diff, "+  weekly: [friday]") {
		t.Fatalf("%+v", plan)
	}
	apply := "/config/apply?fingerprint=" + url.QueryEscape(plan.Fingerprint)
	s.post(key, apply+"&prune=true", changed, "Content-Type", api.MIMEYAML).problem(409, blueprint.CodeChanged)
	s.post(key, "/config/apply", changed, "Content-Type", api.MIMEYAML).problem(409, blueprint.CodeChanged)
	applied := as[api.ConfigApplied](s.post(key, apply, changed, "Content-Type", api.MIMEYAML).wants(200))
	if len(applied.Done) != 1 || len(applied.LeftOut) != 0 {
		t.Errorf("%+v", applied)
	}
	s.post(key, apply, changed, "Content-Type", api.MIMEYAML).problem(409, blueprint.CodeChanged)
	after, err := s.Exports.Get(t.Context(), s.Actor(access.Viewer), e.ID)
	if err != nil || after.Schedule.Time.String() != "05:30" {
		t.Errorf("%+v, %v", after.Schedule, err)
	}
}

func TestAConfigurationThatCannotBeOneIsRefusedWithTheReason(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Administrator), access.Edit)
	p := s.post(key, "/config/diff", "version: 1\nexports:\n  - {name: A, colour: red}\n", "Content-Type", api.MIMEYAML).problem(422, "problem.invalid")
	if len(p.Fields) != 1 || p.Fields[0].Code != blueprint.CodeUnknown || !strings.Contains(p.Fields[0].Detail, "Line 3: exports[0].colour") {
		t.Errorf("%+v", p.Fields)
	}
	s.post(key, "/config/diff", "version: 1", "Content-Type", "text/plain").problem(415, "api.problem.media_type_yaml")
	s.post(key, "/config/diff?prune=perhaps", "version: 1", "Content-Type", api.MIMEYAML).problem(400, "api.problem.prune")
	large := "version: 1 #" + strings.Repeat("x", 1<<20)
	s.post(key, "/config/diff", large, "Content-Type", api.MIMEYAML).wants(http.StatusOK)
	s.post(key, "/config/diff", strings.Repeat(large, 4), "Content-Type", api.MIMEYAML).problem(413, "api.problem.too_large")
}

func TestHowFarAConfigurationWasAppliedIsSaidWithWhatEndedIt(t *testing.T) {
	s := start(t, 1)
	key := s.key(s.Actor(access.Administrator), access.Edit)
	file := "version: 1\nconnections: [{name: New, type: omnisend}]\nsegments:\n- {name: First, rule: {match: all}}\n" +
		"- {name: Second, rule: {match: all, conditions: [{attribute: no_such_thing, operator: is_not_empty}]}}\n"
	plan := as[api.ConfigPlan](s.post(key, "/config/diff", file, "Content-Type", api.MIMEYAML).wants(200))
	if len(plan.Steps) != 3 || plan.Steps[0].Obstacle == nil || plan.Steps[0].Obstacle.Text == "" {
		t.Fatalf("%+v", plan.Steps)
	}
	p := s.post(key, "/config/apply?fingerprint="+plan.Fingerprint, file, "Content-Type", api.MIMEYAML, "Accept-Language", "da").problem(422, "problem.invalid")
	if p.Applied == nil || len(p.Applied.Done) != 1 || p.Applied.Done[0].Name != "First" || len(p.Applied.LeftOut) != 1 || p.Applied.Failed == nil || p.Applied.Failed.Name != "Second" || len(p.Fields) == 0 {
		t.Errorf("%+v", p)
	}
}
