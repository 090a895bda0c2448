package blueprint_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/blueprint"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

const wanted = `
version: 1
connections:
  - {name: Nordlys newsletter, type: omnisend, contributors: false}
segments:
  - name: Norwegians
    rule:
      match: all
      conditions:
        - {attribute: country, operator: equals, values: [NO]}
  - name: Inner north
    description: Named before it is there
    rule:
      match: any
      conditions:
        - {attribute: "", operator: in_segment, values: [Norwegians]}
        - {attribute: city, operator: begins_with, values: [8000]}
exports:
  - name: North
    connection: Nordlys newsletter
    segments:
      - {segment: Inner north, tag: north}
    fields:
      - {field: email, attribute: email, meant: true}
      - {field: firstName, attribute: first_name, clear: true, meant: true}
    schedule: on_demand
    ask_share: -1
    paused: true
`

func decode(t *testing.T, text string) blueprint.File {
	t.Helper()
	f, err := blueprint.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// apply compares and applies, as a person does who looked at the difference.
func apply(t *testing.T, k *apptest.Kit, f blueprint.File, prune bool) blueprint.Applied {
	t.Helper()
	plan, err := k.Blueprints.Compare(t.Context(), access.System, f, prune)
	if err != nil {
		t.Fatal(err)
	}
	applied, err := k.Blueprints.Apply(t.Context(), access.System, f, prune, plan.Fingerprint)
	if err != nil {
		t.Fatal(err, applied.Failed)
	}
	return applied
}

func read(t *testing.T, k *apptest.Kit) blueprint.File {
	t.Helper()
	f, err := k.Blueprints.Read(t.Context(), access.System)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func text(t *testing.T, f blueprint.File) string {
	t.Helper()
	content, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestWhatWasAppliedIsReadBackAndDiffersInNothing(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	f := decode(t, wanted)
	applied := apply(t, k, f, false)
	if len(applied.Done) != 4 || len(applied.LeftOut) != 0 {
		t.Fatalf("done %v, left out %v: want who may use the connection, two segments, an export", applied.Done, applied.LeftOut)
	}
	plan, err := k.Blueprints.Compare(t.Context(), access.System, f, false)
	if err != nil || len(plan.Steps) != 0 {
		t.Errorf("after applying it there are still differences: %v, %v", plan.Steps, err)
	}
	again := decode(t, text(t, read(t, k)))
	plan, err = k.Blueprints.Compare(t.Context(), access.System, again, true)
	if err != nil || len(plan.Steps) != 0 {
		t.Errorf("what was written is not what is here: %v, %v", plan.Steps, err)
	}
	page, err := k.Segments.List(t.Context(), access.System, segment.Query{Search: "Norwegians"})
	if err != nil || len(page.Segments) != 1 || page.Segments[0].Definition.Rule.Conditions[0].Values[0] != "NO" {
		t.Errorf("the country NO did not stay text: %+v, %v", page.Segments, err)
	}
}

// everything has whatever a configuration can say. Nobody can have made it by hand in this order.
const everything = `
version: 1
connections:
  - {name: Nordlys newsletter, type: omnisend, contributors: true}
segments:
  - name: Outermost
    description: "Two\n\nparagraphs: with a colon"
    zone: Europe/Copenhagen
    rule:
      match: any
      conditions:
        - {attribute: "", operator: in_segment, values: [sleeping north]}
      groups:
        - match: none
          conditions:
            - {attribute: first_name, operator: equals, values: [mary], match_case: true}
            - {attribute: "", operator: not_in_segment, values: [Norwegians]}
    state: inactive
  - {name: Sleeping north, state: inactive, rule: {match: all, conditions: [{attribute: city, operator: begins_with, values: [8000]}]}}
  - {name: Norwegians, rule: {match: all, conditions: [{attribute: country, operator: equals, values: [NO]}]}}
  - {name: Half done, state: draft, rule: {match: all, conditions: [{attribute: nothing_like_it, operator: equals}]}}
exports:
  - name: Mondays
    connection: nordlys NEWSLETTER
    segments: [{segment: norwegians, tag: "fjord: 1"}, {segment: Sleeping north}]
    fields:
      - {field: email, attribute: email, meant: true}
      - {field: emailStatusAt, attribute: newsletter_since}
      - {field: "custom:loyalty", attribute: city, clear: true}
    consent: {source: web shop, everyone: [email]}
    schedule: {weekly: [friday, monday, friday], at: "06:00"}
    leavers: keep
    ask_share: 7
  - name: Month's end
    connection: Nordlys newsletter
    segments: [{segment: Norwegians}]
    fields: [{field: email, attribute: email, meant: true}]
    schedule: {monthly: last, at: "23:59"}
    ask_share: -1
    paused: true
  - {name: First, connection: Nordlys newsletter, segments: [{segment: Norwegians}], fields: [{field: email, attribute: email, meant: true}], schedule: {monthly: 1, at: "00:00"}}
  - {name: With the rest, connection: Nordlys newsletter, segments: [{segment: Norwegians}], fields: [{field: email, attribute: email, meant: true}], consent: {source: told to nobody}}
  - {name: When asked, connection: Nordlys newsletter, segments: [{segment: Norwegians}], fields: [{field: email, attribute: email, meant: true}], schedule: on_demand}
`

func TestOneInstallationIsCarriedToAnotherAndIsTheSameThere(t *testing.T) {
	from, to := apptest.Start(t, 20), apptest.Start(t, 20)
	from.Connect()
	apply(t, from, decode(t, everything), false)
	same(t, from, decode(t, everything))
	carried := decode(t, text(t, read(t, from)))
	first := apply(t, to, carried, false)
	for _, step := range first.LeftOut {
		if step.Kind == blueprint.OfConnection && step.Obstacle == blueprint.ObstacleConnection || step.Kind == blueprint.OfExport && step.Obstacle == blueprint.ObstacleNeeds {
			continue
		}
		t.Errorf("left out for an unknown reason: %+v", step)
	}
	if len(first.LeftOut) != 6 {
		t.Errorf("left out %v: want the connection and the exports on it", first.LeftOut)
	}
	to.Connect() // a person proved the key and agreed to the terms
	if second := apply(t, to, carried, true); len(second.LeftOut) != 0 {
		t.Errorf("left out %+v", second.LeftOut)
	}
	same(t, to, carried)
	if got, want := text(t, read(t, to)), text(t, read(t, from)); got != want {
		t.Errorf("there:\n%s\nhere:\n%s", want, got)
	}
}

// same fails the test when applying the file would change anything.
func same(t *testing.T, k *apptest.Kit, f blueprint.File) {
	t.Helper()
	plan, err := k.Blueprints.Compare(t.Context(), access.System, f, false)
	if err != nil || len(plan.Steps) > 0 {
		t.Errorf("still different: %+v, %v", plan.Steps, err)
	}
}

func TestTheExampleOfTheDocumentationIsApplied(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	k := apptest.Start(t, 20)
	k.Connect()
	if applied := apply(t, k, decode(t, example), false); len(applied.Done) != 3 || len(applied.LeftOut) != 0 {
		t.Errorf("%+v", applied)
	}
	same(t, k, decode(t, example))
}

func TestNothingIsRemovedUnlessAskedForAndThenExportsBeforeTheirSegments(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	apply(t, k, decode(t, wanted), false)
	nothing := decode(t, "version: 1")
	if applied := apply(t, k, nothing, false); len(applied.Done) != 0 {
		t.Errorf("an empty file removed %v", applied.Done)
	}
	applied := apply(t, k, nothing, true)
	var removed []string
	for _, step := range applied.Done {
		removed = append(removed, step.Name)
	}
	if i, j, last := slices.Index(removed, "North"), slices.Index(removed, "Inner north"), slices.Index(removed, "Norwegians"); i < 0 || i > j || j > last {
		t.Errorf("removed in the order %q", removed)
	}
	if left := read(t, k); len(left.Segments)+len(left.Exports) != 0 || len(left.Connections) != 1 {
		t.Errorf("left: %+v: want the connection alone", left)
	}
}

func TestStatesAreBroughtInLine(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	apply(t, k, decode(t, wanted), false)
	for _, step := range []struct{ from, to string }{
		{"paused: true", "paused: false"},
		{"description: Named before it is there", "description: ' '\n    state: inactive"},
		{"description: Named before it is there", "state: active"},
		{"contributors: false", "contributors: true"},
		{"tag: north", "tag: south"},
	} {
		f := decode(t, strings.Replace(wanted, step.from, step.to, 1)) // each goes back on the one before
		apply(t, k, f, false)
		same(t, k, f)
	}
}

func TestADifferenceThatNobodyLookedAtIsNotApplied(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	f := decode(t, wanted)
	plan, err := k.Blueprints.Compare(t.Context(), access.System, f, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Segments.Create(t.Context(), k.Actor(access.Contributor), segment.Draft{Name: "Meanwhile", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}}); err != nil {
		t.Fatal(err)
	}
	applied, err := k.Blueprints.Apply(t.Context(), access.System, f, false, plan.Fingerprint)
	if problem.Of(err) == nil || problem.Of(err).Code != blueprint.CodeChanged || len(applied.Done) > 0 {
		t.Errorf("done %v, %v: want nothing, because of the segment that came meanwhile", applied.Done, err)
	}
	if _, err := k.Blueprints.Apply(t.Context(), access.System, f, true, plan.Fingerprint); problem.Of(err) == nil {
		t.Error("what was compared without removing was applied with it")
	}
}

func TestTheDifferenceSaysWhatChangesLineByLine(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Connect()
	apply(t, k, decode(t, wanted), false)
	plan, err := k.Blueprints.Compare(t.Context(), access.System, decode(t, strings.Replace(wanted, "values: [NO]", "values: [SE]", 1)), false)
	if err != nil || len(plan.Steps) != 1 {
		t.Fatal(plan.Steps, err)
	}
	if step := plan.Steps[0]; step.Action != blueprint.Change || !strings.Contains(step.Diff, "\n-      values: [\"NO\"]\n+      values: [SE]\n") {
		t.Errorf("%+v", step)
	}
}

func TestOnlyWhoMayChangeEverythingReadsComparesAndApplies(t *testing.T) {
	k := apptest.Start(t, 5)
	for _, role := range []access.Role{access.Contributor, access.Viewer} {
		actor := k.Actor(role)
		if _, err := k.Blueprints.Read(t.Context(), actor); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s read: %v", role, err)
		}
		if _, err := k.Blueprints.Compare(t.Context(), actor, blueprint.File{Version: 1}, false); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s compared: %v", role, err)
		}
		if _, err := k.Blueprints.Apply(t.Context(), actor, blueprint.File{Version: 1}, false, ""); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s applied: %v", role, err)
		}
	}
	if _, err := k.Blueprints.Read(t.Context(), access.Actor{}); !problem.Is(err, problem.SignedOut) {
		t.Errorf("nobody read: %v", err)
	}
}

func TestATokenToEditDoesOfAnAdministratorWhatIsInAConfiguration(t *testing.T) {
	k := apptest.Start(t, 5)
	k.Connect()
	f := decode(t, "version: 1\nconnections: [{name: Nordlys newsletter, type: omnisend}]")
	for _, scopes := range []access.Scopes{access.ScopesOf(access.Read, access.Run, access.Results), 0} {
		if _, err := k.Blueprints.Compare(t.Context(), k.Actor(access.Administrator).Within(scopes), f, false); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("within %q: %v", scopes, err)
		}
	}
	by := k.Actor(access.Administrator).Within(access.ScopesOf(access.Edit))
	plan, err := k.Blueprints.Compare(t.Context(), by, f, false)
	if err != nil || len(plan.Steps) != 1 {
		t.Fatal(plan.Steps, err)
	}
	if _, err := k.Blueprints.Apply(t.Context(), by, f, false, plan.Fingerprint); err != nil {
		t.Fatal(err)
	}
	if c := read(t, k).Connections[0]; c.Contributors {
		t.Error("the connection is still open to contributors")
	}
}

func TestWhatIsNamedMustBeThereWhenAllIsDone(t *testing.T) {
	k := apptest.Start(t, 5)
	k.Connect()
	apply(t, k, decode(t, wanted), false)
	onlyOuter := decode(t, "version: 1\nsegments: [{name: Inner north, rule: {match: all, conditions: [{operator: in_segment, values: [norwegians]}]}}]")
	plan, err := k.Blueprints.Compare(t.Context(), access.System, onlyOuter, false)
	if err != nil || len(plan.Steps) != 1 || !strings.Contains(plan.Steps[0].Diff, "[Norwegians]") {
		t.Errorf("%+v, %v: want a rule that names the segment as it is spelled here", plan.Steps, err)
	}
	for name, file := range map[string]string{
		"removed with the rest":  "version: 1\nsegments: [{name: Inner north, rule: {match: all, conditions: [{operator: in_segment, values: [Norwegians]}]}}]",
		"of an export":           "version: 1\nexports: [{name: North, connection: Nordlys newsletter, segments: [{segment: Inner north}]}]",
		"never there, of a rule": "version: 1\nsegments: [{name: New, rule: {match: all, conditions: [{operator: in_segment, values: [Nobody]}]}}]",
	} {
		if _, err := k.Blueprints.Compare(t.Context(), access.System, decode(t, file), true); problem.Of(err) == nil || problem.Of(err).Fields[0].Code != blueprint.CodeSegment {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSegmentsThatNameOneAnotherAreEndedAndBegunTogether(t *testing.T) {
	k := apptest.Start(t, 5)
	k.Connect()
	apply(t, k, decode(t, wanted), false)
	ended := strings.NewReplacer("name: Norwegians\n", "name: Norwegians\n    state: inactive\n", "name: Inner north\n", "name: Inner north\n    state: inactive\n").Replace(wanted)
	for _, text := range []string{ended, wanted} {
		apply(t, k, decode(t, text), false)
		same(t, k, decode(t, text))
	}
}

func TestAnApplicationThatIsRefusedSaysWhereAndGoesOnFromThere(t *testing.T) {
	k := apptest.Start(t, 5)
	k.Connect()
	mistaken := strings.Replace(wanted, "attribute: city", "attribute: no_such_thing", 1)
	f := decode(t, mistaken)
	plan, err := k.Blueprints.Compare(t.Context(), access.System, f, false)
	if err != nil {
		t.Fatal(err)
	}
	applied, err := k.Blueprints.Apply(t.Context(), access.System, f, false, plan.Fingerprint)
	if !problem.Is(err, problem.Invalid) || applied.Failed == nil || applied.Failed.Name != "Inner north" || len(applied.Done) != 2 {
		t.Fatalf("%+v, %v: want connection and first segment done, and the second refused", applied, err)
	}
	if rest := apply(t, k, decode(t, wanted), false); len(rest.Done) != 2 {
		t.Errorf("then done: %+v", rest.Done)
	}
	same(t, k, decode(t, wanted))
}

func TestWhereOutcomesAreWrittenIsOfOneInstallationAndStays(t *testing.T) {
	k, folder := apptest.Start(t, 5), t.TempDir()
	k.Stop()
	k.Config.Outcomes.Folders = []string{folder}
	k.Open()
	e, by := k.Export(), k.Actor(access.Administrator)
	wanted := export.Outcomes{Way: export.AsFile, Format: export.CSV, Folder: folder}
	e, err := k.Exports.Update(t.Context(), by, e.ID, export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping, Outcomes: wanted, Version: e.Version})
	if err != nil {
		t.Fatal(err)
	}
	file := text(t, read(t, k))
	if strings.Contains(file, folder) {
		t.Errorf("the folder is in the file: %s", file)
	}
	apply(t, k, decode(t, strings.Replace(file, "leavers: untag", "leavers: keep", 1)), false)
	after, err := k.Exports.Get(t.Context(), by, e.ID)
	if err != nil || after.Leavers != export.KeepTag || after.Outcomes != wanted {
		t.Errorf("%+v, %v", after, err)
	}
}
