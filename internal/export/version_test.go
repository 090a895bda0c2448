package export_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/version"
)

// acts are what made the versions of an export, the first first.
func acts(t *testing.T, k *apptest.Kit, id int64) (list []version.Act) {
	t.Helper()
	found, err := k.Exports.Versions(t.Context(), k.Actor(access.Viewer), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range slices.Backward(found) {
		list = append(list, v.Act)
		if v.Number != len(found)-i {
			t.Errorf("version %d is the %dth", v.Number, len(found)-i)
		}
	}
	return list
}

func TestEveryChangeOfAnExportIsAVersionUnderTheNumberOfItsLock(t *testing.T) {
	k := apptest.Start(t, 20)
	admin, contributor := k.Actor(access.Administrator), k.Actor(access.Contributor)
	d := draft(t, k, k.Connect())
	d.Schedule = export.Schedule{When: export.Weekly, Weekdays: export.UsualSchedule.Weekdays, Time: 420}
	e, err := k.Exports.Create(t.Context(), admin, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Version, d.Schedule.Time = e.Version, 480
	if e, err = k.Exports.Update(t.Context(), contributor, e.ID, d); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		func() error { return k.Exports.Pause(t.Context(), admin, e.ID) },
		func() error { return k.Exports.Resume(t.Context(), admin, e.ID) },
		func() error {
			return k.Exports.SetSchedule(t.Context(), admin, e.ID, export.Schedule{When: export.Off}, 0)
		},
		func() error {
			return k.Exports.SetSchedule(t.Context(), admin, e.ID, export.Schedule{When: export.Off}, 0)
		}, // the same: no version
		func() error { return k.Exports.DetachConnection(t.Context(), admin, e.ID) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	want := []version.Act{version.Made, version.Changed, version.Paused, version.Resumed, version.Scheduled, version.Detached}
	if got := acts(t, k, e.ID); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	second, err := k.Exports.Version(t.Context(), admin, e.ID, 2)
	if err != nil || second.UserName != contributor.Name || second.UserID != contributor.UserID {
		t.Errorf("%+v, %v", second, err)
	}
	if now, err := k.Exports.Get(t.Context(), admin, e.ID); err != nil || now.Version != len(want) {
		t.Errorf("%+v, %v", now, err)
	}
}

func TestGoingBackMakesANewVersionThatIsTheOldOneAndNothingIsLost(t *testing.T) {
	k := apptest.Start(t, 20)
	admin := k.Actor(access.Administrator)
	d := draft(t, k, k.Connect())
	first, err := k.Exports.Create(t.Context(), admin, d)
	if err != nil {
		t.Fatal(err)
	}
	changed := d
	changed.Name, changed.Version, changed.Leavers = "Another name", first.Version, export.KeepTag
	changed.Mapping = slices.Clone(changed.Mapping)
	slices.Reverse(changed.Mapping)
	second, err := k.Exports.Update(t.Context(), admin, first.ID, changed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Exports.GoBack(t.Context(), k.Actor(access.Viewer), first.ID, 1, second.Version); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer: %v", err)
	}
	if _, err := k.Exports.GoBack(t.Context(), admin, first.ID, 1, first.Version); !problem.Is(err, problem.Conflict) {
		t.Errorf("on a version that somebody changed: %v", err)
	}
	back, err := k.Exports.GoBack(t.Context(), admin, first.ID, 1, second.Version)
	if err != nil {
		t.Fatal(err)
	}
	was, is := first.Defined(), back.Defined()
	if a, b := written(t, was), written(t, is); a != b || back.Version != 3 {
		t.Errorf("version %d\n%s\n%s", back.Version, a, b)
	}
	if got := acts(t, k, first.ID); !slices.Equal(got, []version.Act{version.Made, version.Changed, version.WentBack}) {
		t.Errorf("%v", got)
	}
	middle, err := k.Exports.Version(t.Context(), admin, first.ID, 2)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := export.DefinitionOf(middle); err != nil || kept.Name != "Another name" || kept.Leavers != export.KeepTag {
		t.Errorf("%+v, %v", kept, err)
	}
	if last, err := k.Exports.Version(t.Context(), admin, first.ID, 3); err != nil || last.BackTo != 1 {
		t.Errorf("%+v, %v", last, err)
	}
}

func TestGoingBackSaysWhatIsInTheWayAndChangesNothing(t *testing.T) {
	k := apptest.Start(t, 20)
	admin := k.Actor(access.Administrator)
	d := draft(t, k, k.Connect())
	extra, err := k.Segments.Create(t.Context(), admin, segment.Draft{Name: "Soon gone", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}})
	if err != nil {
		t.Fatal(err)
	}
	with := d
	with.Parts = append(slices.Clone(d.Parts), export.Part{SegmentID: extra.ID})
	e, err := k.Exports.Create(t.Context(), admin, with)
	if err != nil {
		t.Fatal(err)
	}
	d.Version = e.Version
	if e, err = k.Exports.Update(t.Context(), admin, e.ID, d); err != nil {
		t.Fatal(err)
	}
	if err := k.Segments.Delete(t.Context(), admin, extra.ID); err != nil {
		t.Fatal(err)
	}
	_, err = k.Exports.GoBack(t.Context(), admin, e.ID, 1, e.Version)
	if p := problem.Of(err); p == nil || len(p.Fields) != 1 || p.Fields[0].Code != "problem.export.segment_gone" {
		t.Errorf("%v", err)
	}
	if now, err := k.Exports.Get(t.Context(), admin, e.ID); err != nil || now.Version != e.Version || len(now.Segments) != len(d.Parts) {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := k.Exports.GoBack(t.Context(), admin, e.ID, 77, e.Version); !problem.Is(err, problem.NotFound) {
		t.Errorf("to a version that never was: %v", err)
	}
}

func TestGoingBackTicksNothingInThePlaceOfAPerson(t *testing.T) {
	k := apptest.Start(t, 20)
	admin, contributor := k.Actor(access.Administrator), k.Actor(access.Contributor)
	mark := func(mark, was profile.Mark) {
		t.Helper()
		if err := k.Profiles.CorrectAttributes(t.Context(), admin, []profile.Correction{{Key: "city", Label: "City", Mark: mark, Was: was}}); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := k.Profiles.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	city, _ := snapshot.Attribute("city")
	mark(profile.Sensitive, city.Mark)
	d := draft(t, k, k.Connect())
	d.Mapping = export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.City, Attribute: "city", Meant: true, Reason: "Shop opens there"}}
	save := func(actor access.Actor, e export.Export) export.Export {
		t.Helper()
		d.Version = e.Version
		e, err := k.Exports.Update(t.Context(), actor, e.ID, d)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	refused := func(e export.Export, want string) {
		t.Helper()
		_, err := k.Exports.GoBack(t.Context(), contributor, e.ID, 1, e.Version)
		if got := fields(err); !slices.Equal(got, []string{want}) {
			t.Errorf("%v (%v), want %s", got, err, want)
		}
	}
	e, err := k.Exports.Create(t.Context(), admin, d)
	if err != nil {
		t.Fatal(err)
	}
	both := d.Mapping

	d.Name = "Renamed"
	e = save(admin, e)
	if e, err = k.Exports.GoBack(t.Context(), contributor, e.ID, 1, e.Version); err != nil || e.Mapping[1].Tick.By != admin.Name || e.Mapping[1].Reason != "Shop opens there" {
		t.Fatalf("a tick that stands: %+v, %v", e.Mapping, err)
	}
	d.Mapping = both[:1]
	e = save(admin, e)
	refused(e, "meant.city: problem.export.meant.sensitive")
	d.Mapping = slices.Clone(both)
	d.Mapping[1].Reason = "Another reason"
	e = save(admin, e)
	refused(e, "meant.city: problem.export.meant.sensitive")
	mark(profile.Personal, profile.Sensitive)
	d.Mapping = both
	e = save(admin, e)
	mark(profile.Sensitive, profile.Personal)
	refused(e, "meant.city: problem.export.meant.sensitive")
	if now, err := k.Exports.Get(t.Context(), admin, e.ID); err != nil || now.Version != e.Version {
		t.Errorf("it was changed: %+v, %v", now, err)
	}
}

func written(t *testing.T, of any) string {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
