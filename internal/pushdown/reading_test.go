package pushdown_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/warehouse"
)

// hold keeps everybody from reading the table until the func that it returns is called.
func (k *kit) hold() (release func()) {
	k.t.Helper()
	tx, err := k.db.BeginTx(context.Background(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := tx.Exec(`LOCK TABLE customers IN ACCESS EXCLUSIVE MODE`); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = tx.Rollback() }) // has no effect after the release
	return func() {
		if err := tx.Commit(); err != nil {
			k.t.Error(err)
		}
	}
}

// startReading starts a run and waits until it is reading.
func (k *kit) startReading(e export.Export) run.Run {
	k.t.Helper()
	started, err := k.Runs.Start(context.Background(), k.admin(), e.ID, run.Options{})
	if err != nil {
		k.t.Fatal(err)
	}
	return k.Until(started.ID, func(r run.Run) bool {
		waits, err := k.Runs.WaitsFor(context.Background(), r)
		return err == nil && waits == run.ForSource
	})
}

func TestARunThatReadsItsProfilesCanBeStoppedInEveryWay(t *testing.T) {
	k := startKit(t, 300, 600)
	kept := k.tables()
	s := k.segment("Everybody there", sourceID, everybody)
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s)

	release := k.hold()
	r := k.startReading(e)
	if err := k.Runs.Cancel(t.Context(), k.admin(), r.ID); err != nil {
		t.Fatal(err)
	}
	if r = k.Wait(r.ID); r.State != run.Cancelled {
		t.Fatalf("cancelled: %+v", r)
	}
	r = k.startReading(e)
	if err := k.Runs.Pause(t.Context(), k.admin(), r.ID); err != nil {
		t.Fatal(err)
	}
	if r = k.Wait(r.ID); r.State != run.Paused || r.PauseCode != run.ByPerson {
		t.Fatalf("paused: %+v", r)
	}
	if err := k.Runs.Resume(t.Context(), k.admin(), r.ID, run.NoReply); err != nil {
		t.Fatal(err)
	}
	reading := func(r run.Run) bool {
		waits, err := k.Runs.WaitsFor(t.Context(), r)
		return err == nil && waits == run.ForSource
	}
	k.Until(r.ID, reading)
	if _, err := k.Stops.Impose(t.Context(), k.admin(), "a test"); err != nil {
		t.Fatal(err)
	}
	k.Until(r.ID, func(r run.Run) bool { return r.State == run.Paused && r.PauseCode == run.ByStop })
	if err := k.Stops.Lift(t.Context(), k.admin()); err != nil {
		t.Fatal(err)
	}
	k.Until(r.ID, reading)
	k.Stop() // the program is asked to end
	k.Open()
	k.Until(r.ID, reading)
	release()
	if r = k.Wait(r.ID); r.State != run.Warnings && r.State != run.Succeeded {
		t.Fatalf("%+v", r)
	}
	k.matches(export.DefaultTag(s.Name))
	k.wantTables(kept)
}

func TestWhatIsWrongWithASourcePausesTheRunUntilItIsMended(t *testing.T) {
	k := startKit(t, 200, 600)
	s := k.segment("Everybody there", sourceID, everybody)
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s)
	good := k.staying.source
	for _, test := range []struct {
		name, pause, why string
		spoil            func(*pushdown.Source)
	}{
		{"nobody answers", "source_unavailable", "unreachable", func(s *pushdown.Source) { s.Address.Port = 1 }},
		{"the password is refused", "source_refused", "login_refused", func(s *pushdown.Source) { s.Password = secret.NewText("other") }},
		{"the table is gone", "source_refused", "no_table", func(s *pushdown.Source) { s.What = warehouse.What{Table: "people"} }},
		{"a column is gone", "source_refused", "column_gone", func(s *pushdown.Source) {
			s.Attributes = slices.Clone(s.Attributes)
			s.Attributes[0].Column = "mail"
		}},
		{"the host is not allowed any more", "source_refused", "host_not_allowed", func(s *pushdown.Source) { s.Address.Host = "192.0.2.1" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			k.staying.change(test.spoil)
			r := k.Run(e, run.Options{Complete: true})
			if r.State != run.Paused || r.PauseCode != test.pause || !strings.HasSuffix(r.Unreadable().Code, "."+test.why) || r.Unreadable().Source != "Warehouse" {
				t.Errorf("%s %s %+v", r.State, r.PauseCode, r.Unreadable())
			}
			f, err := k.Runs.DryRun(t.Context(), k.admin(), e.ID, run.Options{})
			if err != nil || f.Obstacle != test.pause {
				t.Errorf("a dry run says %q, %v", f.Obstacle, err)
			}
			k.staying.change(func(s *pushdown.Source) { *s = good })
			if r = k.Resume(r.ID, run.NoReply); r.State != run.Warnings && r.State != run.Succeeded {
				t.Errorf("mended: %+v", r)
			}
		})
	}
	k.matches(export.DefaultTag(s.Name))
	k.staying.gone = true
	_, err := k.Runs.Start(t.Context(), k.admin(), e.ID, run.Options{})
	if p := problem.Of(err); p == nil || p.Code != "obstacle.source_gone" {
		t.Errorf("without its source: %v", err)
	}
}

func TestARunKeepsWhatItReadWhateverHappensOverThere(t *testing.T) {
	k := startKit(t, 1500, 600)
	s := k.segment("Everybody there", sourceID, everybody)
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s)
	started, err := k.Runs.Start(t.Context(), k.admin(), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.Plan != nil })
	k.exec(`DELETE FROM customers`)
	k.staying.change(func(s *pushdown.Source) { s.Address.Port = 1 })
	k.Stop()
	k.Open()
	if r := k.Wait(started.ID); r.State != run.Warnings && r.State != run.Succeeded {
		t.Fatalf("%+v", r)
	}
	k.matches(export.DefaultTag(s.Name))
}

func TestADryRunForetellsAndKeepsNothing(t *testing.T) {
	k := startKit(t, 700, 600)
	kept := k.tables()
	s := k.segment("Everybody there", sourceID, everybody)
	e := k.export("Warehouse to Nordlys", k.Connect().ID, s)
	f, err := k.Runs.DryRun(t.Context(), k.admin(), e.ID, run.Options{})
	if err != nil || f.Obstacle != "" || f.Profiles != 700 || f.Looked() != 700 || len(f.Samples) == 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	one, err := k.Runs.Specimen(t.Context(), k.admin(), e.ID, f.Samples[0].ProfileID)
	if err != nil || one.ProfileID != f.Samples[0].ProfileID || one.Body == "" {
		t.Errorf("%+v, %v", one, err)
	}
	if first, err := k.Runs.Specimen(t.Context(), k.admin(), e.ID, ""); err != nil || first.ProfileID == "" {
		t.Errorf("the first: %+v, %v", first, err)
	}
	if _, err := k.Runs.Specimen(t.Context(), k.admin(), e.ID, "nobody"); !problem.Is(err, problem.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	k.wantTables(kept)
	r := k.Run(e, run.Options{})
	if r.Counts.Accepted+r.Counts.Refused != f.Sent() || r.Counts.Invalid != f.Invalid || r.Counts.Duplicates != f.Duplicates {
		t.Errorf("foretold %+v, came %+v", f, r.Counts)
	}
	story, err := k.Runs.Story(t.Context(), k.admin(), one.ProfileID)
	if err != nil || len(story.Chapters) == 0 {
		t.Errorf("the story: %+v, %v", story, err)
	}
}

func TestRowsWithoutAnIDAndThoseWithOneThatCameBeforeAreLeftOutAndTold(t *testing.T) {
	k := startKit(t, 100, 600)
	k.exec(`CREATE VIEW twice AS SELECT * FROM customers UNION ALL (SELECT * FROM customers ORDER BY 1 LIMIT 3)`)
	k.exec(`CREATE VIEW nameless AS SELECT * FROM twice`)
	k.staying.change(func(s *pushdown.Source) {
		s.What = warehouse.What{Query: `SELECT * FROM twice UNION ALL SELECT NULL, '` + planted + `', ` + strings.TrimSuffix(strings.Repeat("NULL, ", len(s.Attributes)), ", ")}
	})
	s := k.segment("Everybody there", sourceID, everybody)
	if s.Size != 103 {
		t.Errorf("size %d %s", s.Size, s.Failure)
	}
	r := k.Run(k.export("Warehouse to Nordlys", k.Connect().ID, s), run.Options{})
	if r.Counts.Profiles != 100 {
		t.Errorf("%+v", r)
	}
	events, err := k.Runs.Timeline(t.Context(), k.admin(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, event := range events {
		told[event.Code] = event.Detail
	}
	if told["source_read"] != "100" || told["source_twice"] != "3" || told["source_without_id"] != "1" {
		t.Errorf("told %v", told)
	}
}

func TestTheListOfExclusionsHoldsAcrossBases(t *testing.T) {
	k := startKit(t, 400, 600)
	here, there := k.segment("Everybody here", 0, everybody), k.segment("Everybody there", sourceID, everybody)
	swedesHere, danesThere := k.segment("Swedes here", 0, where("country", segment.Equals, "sweden")), k.segment("Danes there", sourceID, where("country", segment.Equals, "denmark"))
	connection := k.Connect().ID
	exclude := func(ids ...int64) {
		t.Helper()
		if _, err := k.Exclusions.AddSegments(t.Context(), k.admin(), ids, ""); err != nil {
			t.Fatal(err)
		}
	}
	exclude(swedesHere.ID, danesThere.ID)
	for _, s := range []segment.Segment{here, there} {
		r := k.Run(k.export(s.Name+" to Nordlys", connection, s), run.Options{})
		if r.State != run.Warnings || r.Counts.Excluded < (swedesHere.Size+danesThere.Size)*9/10 || r.Counts.Accepted == 0 {
			t.Errorf("%s: %s %s %+v, %d and %d members", s.Name, r.State, r.ErrorCode, r.Counts, swedesHere.Size, danesThere.Size)
		}
	}
	for c := range k.Sandbox.Contacts() {
		if c.Country == "Sweden" || c.Country == "Denmark" {
			t.Fatalf("somebody of %s was sent", c.Country)
		}
	}
	// Nobody is sent while it is not known who must not be.
	k.staying.change(func(s *pushdown.Source) { s.Password = secret.NewText("other") })
	e := k.export("Again to Nordlys", connection, here)
	r := k.Run(e, run.Options{})
	if r.State != run.Paused || r.PauseCode != "source_refused" || r.Counts.Accepted != 0 {
		t.Errorf("%s %s %+v", r.State, r.PauseCode, r.Counts)
	}
}

func TestASourceIsNotRemovedWhileSegmentsAreMadeFromItsProfiles(t *testing.T) {
	k := startKit(t, 20, 600)
	list, err := k.Sources.List(t.Context(), k.admin())
	if err != nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	k.staying.change(func(s *pushdown.Source) { s.SourceID = list[0].ID })
	made := k.segment("Everybody there", list[0].ID, everybody)
	if err := k.Sources.Remove(t.Context(), k.admin(), list[0].ID); problem.Of(err) == nil || problem.Of(err).Code != "sources.in_use" {
		t.Errorf("in use: %v", err)
	}
	if err := k.Segments.Delete(t.Context(), k.admin(), made.ID); err != nil {
		t.Fatal(err)
	}
	if err := k.Sources.Remove(t.Context(), k.admin(), list[0].ID); err != nil {
		t.Errorf("not in use: %v", err)
	}
}

func TestSegmentsOfSeveralBasesDoNotMix(t *testing.T) {
	k := startKit(t, 50, 600)
	here, there := k.segment("Everybody here", 0, everybody), k.segment("Everybody there", sourceID, everybody)
	_, err := k.Exports.Create(t.Context(), k.admin(), export.Draft{Name: "Both", ConnectionID: k.Connect().ID, Parts: []export.Part{{SegmentID: here.ID}, {SegmentID: there.ID}},
		Mapping: export.Mapping{{Field: "email", Attribute: "email", Meant: true}}})
	if p := problem.Of(err); p == nil || len(p.Fields) != 1 || p.Fields[0].Code != "problem.export.segments_base" {
		t.Errorf("one export: %v", err)
	}
	nested := segment.Draft{Name: "In", State: segment.Active, Definition: segment.Definition{Kind: segment.ByRule, SourceID: sourceID,
		Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Operator: segment.InSegment, Values: []string{"1"}}}}}}
	nested.Definition.Rule.Conditions[0].Values[0] = itoa(here.ID)
	if _, err := k.Segments.Create(t.Context(), k.admin(), nested); problem.Of(err) == nil {
		t.Errorf("nested in another base: %v", err)
	}
	nested.Definition.Rule.Conditions[0].Values[0] = itoa(there.ID)
	if made, err := k.Segments.Create(t.Context(), k.admin(), nested); err != nil {
		t.Errorf("nested in the same base: %+v, %v", made, err)
	}
	if _, err := k.Segments.Overlap(t.Context(), k.admin(), here.ID, there.ID); !problem.Is(err, problem.Conflict) {
		t.Errorf("overlap of two bases: %v", err)
	}
	danes := k.segment("Danes there", sourceID, where("country", segment.Equals, "denmark"))
	o, err := k.Segments.Overlap(t.Context(), k.admin(), danes.ID, there.ID)
	if err != nil || o.Both != danes.Size || o.OnlyFirst != 0 || o.OnlySecond != 50-danes.Size || o.Profiles != 50 {
		t.Errorf("overlap: %+v, %v", o, err)
	}
	moved := segment.Draft{Name: danes.Name, State: segment.Active, Version: danes.Version, Definition: danes.Definition}
	moved.Definition.SourceID = 0
	if _, err := k.Segments.Update(t.Context(), k.admin(), danes.ID, moved); problem.Of(err) == nil || problem.Of(err).Code != segment.CodeBaseFixed {
		t.Errorf("another base: %v", err)
	}
	sample, err := k.Segments.Sample(t.Context(), k.Actor(access.Contributor), danes.Definition, 5)
	if err != nil || len(sample.Rows) != 5 || len(sample.Rows[0].Values) != len(sample.Attributes) || sample.Attributes[0].Key != "country" || sample.Rows[0].Values[0] != "Denmark" {
		t.Errorf("sample: %+v, %v", sample, err)
	}
	k.t.Helper()
	release := k.hold()
	defer release()
	within, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := k.Segments.Count(within, k.admin(), danes.Definition); !problem.Is(err, problem.Unavailable) {
		t.Errorf("slow: %v", err)
	}
}
