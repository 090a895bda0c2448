package app_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

// TestEveryActIsInTheLogWithWhatItChangedAndWithoutWhatIsSecret does one thing of each area, and reads what the log tells of it.
func TestEveryActIsInTheLogWithWhatItChangedAndWithoutWhatIsSecret(t *testing.T) {
	k := apptest.Start(t, 30)
	ctx := audit.From(t.Context(), audit.Origin{Via: audit.Browser, Address: "192.0.2.7"})
	ada := k.Actor(access.Administrator)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e := k.Export()
	k.Run(e, run.Options{Complete: true})
	draft := segment.Draft{Name: "Only one", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All,
		Conditions: []segment.Condition{{Attribute: "email", Operator: "equals", Values: []string{"somebody@example.org"}}}}}}
	made, err := k.Segments.Create(ctx, ada, draft)
	check(err)
	draft.Version, draft.Name = made.Version, "Only two"
	draft.Definition.Rule.Conditions[0].Values[0] = "another@example.org"
	_, err = k.Segments.Update(ctx, ada, made.ID, draft)
	check(err)
	check(k.Segments.Deactivate(ctx, ada, made.ID, true))
	check(k.Segments.Delete(ctx, ada, made.ID))
	_, err = k.Exclusions.Add(ctx, ada, strings.NewReader("gone@example.org\nexample.net\n"), "asked")
	check(err)
	check(k.Exports.Pause(ctx, ada, e.ID))
	check(k.Exports.Pause(ctx, ada, e.ID)) // nothing to do, nothing to tell
	check(k.Exports.Resume(ctx, ada, e.ID))
	_, err = k.Stops.Impose(ctx, ada, "a fire")
	check(err)
	check(k.Stops.Lift(ctx, ada))
	_, err = k.Chains.StartNow(ctx, ada)
	check(err)
	check(k.Audit.Seal(ctx))

	page, err := k.Audit.List(ctx, ada, audit.Filter{}, 0, false, 500)
	check(err)
	told := map[audit.Action][]audit.Record{}
	for _, r := range page.Records {
		told[r.Action] = append(told[r.Action], r)
		text, err := json.Marshal(r)
		check(err)
		for _, secret := range []string{"somebody@example.org", "another@example.org", "gone@example.org", demo.APIKey} {
			if strings.Contains(string(text), secret) {
				t.Errorf("the log tells %q: %s", secret, text)
			}
		}
	}
	for action, changes := range map[audit.Action][]audit.Change{
		audit.SegmentEdited:      {{Field: "name", Before: "Only one", After: "Only two"}, {Field: "rule"}},
		audit.SegmentDeactivated: {{Field: "state", Before: "active", After: "inactive"}},
		audit.SegmentDeleted:     nil,
		audit.ExclusionsAdded:    {{Field: "addresses", After: "1"}, {Field: "domains", After: "example.net"}},
		audit.ExportPaused:       nil,
		audit.ExportResumed:      nil,
		audit.StopImposed:        {{Field: "reason", After: "a fire"}},
		audit.StopLifted:         nil,
		audit.ChainStarted:       {{Field: "cause", After: "demand"}},
	} {
		got := told[action]
		if len(got) != 1 || !slices.Equal(got[0].Changes, changes) {
			t.Errorf("%s: %+v, want %+v", action, got, changes)
			continue
		}
		if r := got[0]; r.UserID != ada.UserID || r.Role != access.Administrator || r.Via != audit.Browser || r.Address != "192.0.2.7" {
			t.Errorf("%s: %+v", action, r)
		}
	}
	ended := told[audit.RunEnded]
	if len(ended) != 1 || ended[0].Via != audit.Program || !slices.Contains(ended[0].Changes, audit.Change{Field: "profiles", After: "30"}) {
		t.Errorf("the export of a run: %+v", ended)
	}
	for _, action := range []audit.Action{audit.UserAdded, audit.SourceAdded, audit.ImportUsed, audit.ConnectionAdded, audit.ExportCreated, audit.RunStarted, audit.SegmentCreated} {
		if len(told[action]) == 0 {
			t.Errorf("%s is not in the log", action)
		}
	}
	report, err := k.Audit.Verify(ctx, audit.Head{})
	if err != nil || report.Code != "" || report.Unsealed > 5 { // what works in the background may add some
		t.Errorf("%+v, %v", report, err)
	}
}
