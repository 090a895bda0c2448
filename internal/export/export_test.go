package export_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
)

// draft is an export that could be saved.
func draft(t *testing.T, k *apptest.Kit, c connection.Connection) export.Draft {
	t.Helper()
	return export.Draft{Name: "Spring VIP", ConnectionID: c.ID, Parts: []export.Part{{SegmentID: 1, Tag: "segue VIP"}}, Mapping: demo.Mapping}
}

func fields(err error) []string {
	p := problem.Of(err)
	if p == nil {
		return nil
	}
	var names []string
	for _, f := range p.Fields {
		names = append(names, f.Name+": "+f.Code)
	}
	slices.Sort(names)
	return names
}

func TestADraftIsSavedOnlyWhenEveryPartOfItCanBeCarriedOut(t *testing.T) {
	k := apptest.Start(t, 50)
	c := k.Connect()
	ada := k.Actor(access.Administrator)
	if _, err := k.Exports.Create(t.Context(), ada, draft(t, k, c)); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*export.Draft)
		want   []string
	}{
		"no name":             {func(d *export.Draft) { d.Name = "  " }, []string{"name: problem.required"}},
		"a name that is long": {func(d *export.Draft) { d.Name = string(make([]rune, 101)) + "x" }, []string{"name: problem.too_long"}},
		"a name that is taken, in other letters": {func(d *export.Draft) { d.Name = "spring  vip" },
			[]string{"name: problem.export.name_taken"}},
		"no connection":         {func(d *export.Draft) { d.ConnectionID = 0 }, []string{"connection: problem.export.connection_required"}},
		"an unknown connection": {func(d *export.Draft) { d.ConnectionID = 99 }, []string{"connection: problem.export.connection_not_usable"}},
		"no segment":            {func(d *export.Draft) { d.Parts = nil }, []string{"segments: problem.export.segments_required"}},
		"a segment twice": {func(d *export.Draft) { d.Parts = append(d.Parts, d.Parts[0]) },
			[]string{"segments: problem.export.segment_twice"}},
		"a segment that is gone": {func(d *export.Draft) { d.Parts[0].SegmentID = 99 }, []string{"segments: problem.export.segment_gone"}},
		"a tag with a comma":     {func(d *export.Draft) { d.Parts[0].Tag = "a, b" }, []string{"tag.1: problem.export.tag"}},
		"no email":               {func(d *export.Draft) { d.Mapping = d.Mapping[1:] }, []string{"field.email: problem.export.email_required"}},
		"a field twice": {func(d *export.Draft) {
			d.Mapping = append(d.Mapping, export.Pair{Field: destination.Email, Attribute: "email", Meant: true})
		},
			[]string{"field.email: problem.export.field_twice"}},
		"an unknown field": {func(d *export.Draft) {
			d.Mapping = append(d.Mapping, export.Pair{Field: "shoeSize", Attribute: "email", Meant: true})
		},
			[]string{"field.shoeSize: problem.export.field_unknown"}},
		"an unknown attribute": {func(d *export.Draft) { d.Mapping = export.Mapping{{Field: destination.Email, Attribute: "nothing"}} },
			[]string{"field.email: problem.choose"}},
		"a custom property with a blank in its name": {func(d *export.Draft) {
			d.Mapping = append(d.Mapping, export.Pair{Field: "custom:shoe size", Attribute: "city"})
		}, []string{"field.custom:shoe size: problem.export.field_unknown"}},
		"an address emptied": {func(d *export.Draft) { d.Mapping[0].Clear = true }, []string{"field.email: problem.export.field_not_cleared"}},
		"a status without its date": {consent(destination.Consent{}, destination.EmailStatus),
			[]string{"field.emailStatusAt: problem.export.consent_date"}},
		"a date without its status": {consent(destination.Consent{}, destination.EmailStatusAt),
			[]string{"field.emailStatus: problem.export.consent_status"}},
		"everybody without a date": {consent(destination.Consent{Everyone: []string{"email"}}),
			[]string{"field.emailStatusAt: problem.export.consent_date"}},
		"everybody, and a status": {consent(destination.Consent{Everyone: []string{"email"}}, destination.EmailStatus, destination.EmailStatusAt),
			[]string{"field.emailStatus: problem.export.consent_both"}},
		"sms without a phone": {func(d *export.Draft) {
			d.Mapping = slices.DeleteFunc(d.Mapping, func(p export.Pair) bool { return p.Field == destination.Phone })
			consent(destination.Consent{}, destination.SMSStatus, destination.SMSStatusAt)(d)
		}, []string{"consent.sms: problem.export.consent_address"}},
		"a channel that is not": {consent(destination.Consent{Everyone: []string{"fax"}}), []string{"consent.fax: problem.choose"}},
		"a source of consents that is long": {consent(destination.Consent{Source: strings.Repeat("x", 101)}, destination.EmailStatus, destination.EmailStatusAt),
			[]string{"consent_source: problem.too_long"}},
		"an unknown schedule": {func(d *export.Draft) { d.Schedule.When = "hourly" }, []string{"schedule: problem.choose"}},
		"several things at once": {func(d *export.Draft) { d.Name, d.Parts = "", nil },
			[]string{"name: problem.required", "segments: problem.export.segments_required"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := draft(t, k, c)
			d.Name = "Another"
			d.Parts, d.Mapping = slices.Clone(d.Parts), slices.Clone(d.Mapping)
			test.change(&d)
			_, err := k.Exports.Create(t.Context(), ada, d)
			if got := fields(err); !problem.Is(err, problem.Invalid) || !slices.Equal(got, test.want) {
				t.Fatalf("got %v (%v), want %v", got, err, test.want)
			}
		})
	}
}

func TestWhatIsSaidOfAnAttributeInItsFirstLineCountsForAllItsLines(t *testing.T) {
	k := apptest.Start(t, 20)
	ada := k.Actor(access.Administrator)
	d := draft(t, k, k.Connect())
	d.Mapping = export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true, Reason: "They  asked for it"},
		{Field: destination.CustomPrefix + "copy", Attribute: "email", Reason: strings.Repeat("x", 301)}}
	e, err := k.Exports.Create(t.Context(), ada, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range e.Mapping {
		if !line.Meant || line.Reason != "They asked for it" || line.Tick != e.Mapping[0].Tick {
			t.Errorf("%+v", line)
		}
	}
	if left, err := k.Exports.Unconfirmed(t.Context(), ada, e); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
	d.Name = "Another"
	d.Mapping[0].Meant, d.Mapping[1].Meant = false, true
	_, err = k.Exports.Create(t.Context(), ada, d)
	if got := fields(err); !slices.Equal(got, []string{"meant.email: problem.export.meant.personal"}) {
		t.Errorf("%v, %v", got, err)
	}
}

// consent maps fields of consents, each to an attribute that is there.
func consent(said destination.Consent, fields ...destination.Field) func(*export.Draft) {
	return func(d *export.Draft) {
		d.Consent = said
		for _, field := range fields {
			d.Mapping = append(d.Mapping, export.Pair{Field: field, Attribute: "city"})
		}
	}
}

// said is a mapping without who ticked its lines.
func said(m export.Mapping) export.Mapping {
	m = slices.Clone(m)
	for i := range m {
		m[i].Tick = export.Tick{}
	}
	return m
}

func TestAnExportKeepsWhatItSaysOfConsentsAndOfEmptyValues(t *testing.T) {
	k := apptest.Start(t, 50)
	ada, d := k.Actor(access.Administrator), draft(t, k, k.Connect())
	d.Mapping = export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.City, Attribute: "city", Clear: true},
		{Field: destination.FirstName, Attribute: "first_name", Meant: true}, {Field: destination.EmailStatusAt, Attribute: "city"}}
	d.Consent = destination.Consent{Source: " The  fair ", Everyone: []string{"email"}}
	made, err := k.Exports.Create(t.Context(), ada, d)
	if err != nil {
		t.Fatal(err)
	}
	e, err := k.Exports.Get(t.Context(), ada, made.ID)
	if want := (destination.Consent{Source: "The fair", Everyone: []string{"email"}}); err != nil || !reflect.DeepEqual(e.Consent, want) || !reflect.DeepEqual(said(e.Mapping), d.Mapping) {
		t.Errorf("%v: %+v, %+v", err, e.Consent, e.Mapping)
	}
	d.Consent.Source, d.Version = "", e.Version
	if e, err = k.Exports.Update(t.Context(), ada, e.ID, d); err != nil || e.Consent.Source != export.DefaultConsentSource {
		t.Errorf("%v: an export that sends consents has the source %q", err, e.Consent.Source)
	}
	d.Consent, d.Mapping, d.Version = destination.Consent{Source: "Fair"}, d.Mapping[:3], e.Version
	if e, err = k.Exports.Update(t.Context(), ada, e.ID, d); err != nil || e.Consent.Source != "" || e.Consent.Everyone != nil {
		t.Errorf("%v: an export that sends none has %+v", err, e.Consent)
	}
}

func TestAnotherReasonWhySomethingSensitiveIsSentIsInTheLogWithoutItsWords(t *testing.T) {
	k := apptest.Start(t, 5)
	ada, d := k.Actor(access.Administrator), draft(t, k, k.Connect())
	d.Mapping = export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true},
		{Field: destination.CustomPrefix + "town", Attribute: "city", Meant: true, Reason: "They asked for it"}}
	e, err := k.Exports.Create(t.Context(), ada, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Version, d.Mapping[len(d.Mapping)-1].Reason = e.Version, "We agreed with them"
	if _, err = k.Exports.Update(t.Context(), ada, e.ID, d); err != nil {
		t.Fatal(err)
	}
	page, err := k.Audit.List(t.Context(), ada, audit.Filter{Action: audit.ExportEdited}, 0, false, 5)
	if err != nil || len(page.Records) != 1 || !slices.Equal(page.Records[0].Changes, []audit.Change{{Field: "reason." + destination.CustomPrefix + "town"}}) {
		t.Errorf("%+v, %v", page.Records, err)
	}
}

func TestWhoMayChangeAnExportFollowsTheConnection(t *testing.T) {
	k := apptest.Start(t, 50)
	c := k.Connect() // open to contributors
	ada, carl, vera := k.Actor(access.Administrator), k.Actor(access.Contributor), k.Actor(access.Viewer)
	ctx := t.Context()
	if _, err := k.Exports.Create(ctx, vera, draft(t, k, c)); !problem.Is(err, problem.NotPermitted) {
		t.Fatalf("a viewer makes an export: %v", err)
	}
	e, err := k.Exports.Create(ctx, carl, draft(t, k, c))
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(access.Actor) error{
		"update": func(a access.Actor) error {
			now, err := k.Exports.Get(ctx, a, e.ID)
			if err != nil {
				return err
			}
			d := draft(t, k, c)
			d.Version = now.Version
			_, err = k.Exports.Update(ctx, a, e.ID, d)
			return err
		},
		"pause":  func(a access.Actor) error { return k.Exports.Pause(ctx, a, e.ID) },
		"resume": func(a access.Actor) error { return k.Exports.Resume(ctx, a, e.ID) },
		"schedule": func(a access.Actor) error {
			return k.Exports.SetSchedule(ctx, a, e.ID, export.Schedule{When: export.Off}, 0)
		},
	}
	for name, change := range changes {
		if err := change(vera); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("a viewer may %s: %v", name, err)
		}
		if err := change(carl); err != nil {
			t.Errorf("a contributor may not %s: %v", name, err)
		}
	}
	now, err := k.Connections.Find(ctx, k.DB.Reader(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Connections.Edit(ctx, ada, c.ID, connection.Change{Name: now.Name, Withdrawal: connection.GoOn, Version: now.Version}); err != nil {
		t.Fatal(err)
	}
	for name, change := range changes {
		if err := change(carl); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("after the access was withdrawn a contributor may %s: %v", name, err)
		}
		if err := change(ada); err != nil {
			t.Errorf("an administrator may not %s: %v", name, err)
		}
	}
	if err := k.Exports.RemoveExport(ctx, carl, e.ID); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a contributor removes it: %v", err)
	}
	if got, err := k.Exports.Get(ctx, carl, e.ID); err != nil || got.MayEdit(carl) {
		t.Errorf("a contributor should still see it, view-only: %v", err)
	}
}

func TestASecondPersonsChangeIsNotOverwritten(t *testing.T) {
	k := apptest.Start(t, 50)
	c := k.Connect()
	ada := k.Actor(access.Administrator)
	e, err := k.Exports.Create(t.Context(), ada, draft(t, k, c))
	if err != nil {
		t.Fatal(err)
	}
	first, second := draft(t, k, c), draft(t, k, c)
	first.Version, second.Version = e.Version, e.Version
	first.Name = "First"
	if _, err := k.Exports.Update(t.Context(), ada, e.ID, first); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Exports.Update(t.Context(), ada, e.ID, second); !problem.Is(err, problem.Conflict) {
		t.Fatalf("got %v", err)
	}
}

func TestDetachingKeepsTheExportAndChoosingAConnectionRevivesIt(t *testing.T) {
	k := apptest.Start(t, 50)
	e := k.Export()
	ctx, ada := t.Context(), k.Actor(access.Administrator)
	if err := k.Exports.DetachConnection(ctx, ada, e.ID); err != nil {
		t.Fatal(err)
	}
	detached, err := k.Exports.Get(ctx, ada, e.ID)
	if err != nil || detached.ConnectionID != 0 || detached.DetachedFrom != e.ConnectionName || len(detached.Mapping) != len(e.Mapping) {
		t.Fatalf("%+v, %v", detached, err)
	}
	if code, err := k.Exports.Readiness(ctx, detached); code != "no_connection" || err != nil {
		t.Fatalf("ready: %q, %v", code, err)
	}
	d := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Mapping: e.Mapping, Version: detached.Version}
	revived, err := k.Exports.Update(ctx, ada, e.ID, d)
	if err != nil || revived.DetachedFrom != "" {
		t.Fatalf("%+v, %v", revived, err)
	}
	if code, err := k.Exports.Readiness(ctx, revived); code != "" || err != nil {
		t.Fatalf("not ready: %q, %v", code, err)
	}
}

func TestAnExportThatWasRemovedIsGoneFromListsAndFreesItsSegments(t *testing.T) {
	k := apptest.Start(t, 50)
	e := k.Export()
	ctx, ada := t.Context(), k.Actor(access.Administrator)
	if err := k.Segments.Delete(ctx, ada, e.Segments[0].SegmentID); !problem.Is(err, problem.Conflict) {
		t.Fatalf("a segment in use was deleted: %v", err)
	}
	if err := k.Exports.RemoveExport(ctx, ada, e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Exports.Get(ctx, ada, e.ID); !problem.Is(err, problem.NotFound) {
		t.Fatalf("still there: %v", err)
	}
	if rows, total, err := k.Exports.List(ctx, ada, export.Query{}); err != nil || total != 0 || len(rows) != 0 {
		t.Fatalf("%d in the list, %v", total, err)
	}
	if err := k.Segments.Delete(ctx, ada, e.Segments[0].SegmentID); err != nil {
		t.Fatal(err)
	}
}

func TestTheListIsSearchedSortedAndPagedInTheDatabase(t *testing.T) {
	k := apptest.Start(t, 50)
	c := k.Connect()
	ctx, ada := t.Context(), k.Actor(access.Administrator)
	for _, name := range []string{"Beta 100%", "alpha", "Gamma_x"} {
		d := draft(t, k, c)
		d.Name = name
		if _, err := k.Exports.Create(ctx, ada, d); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		query export.Query
		want  []string
		total int
	}{
		"by name":                         {export.Query{}, []string{"alpha", "Beta 100%", "Gamma_x"}, 3},
		"the other way round":             {export.Query{Sort: "name", Descending: true}, []string{"Gamma_x", "Beta 100%", "alpha"}, 3},
		"a page":                          {export.Query{Limit: 1, Offset: 1}, []string{"Beta 100%"}, 3},
		"a search":                        {export.Query{Search: "ALPH"}, []string{"alpha"}, 1},
		"a search for a sign of patterns": {export.Query{Search: "%"}, []string{"Beta 100%"}, 1},
		"a search for the connection":     {export.Query{Search: "nordlys", Limit: 1}, []string{"alpha"}, 3},
		"an unknown order":                {export.Query{Sort: "1; DROP TABLE exports"}, []string{"alpha", "Beta 100%", "Gamma_x"}, 3},
	} {
		rows, total, err := k.Exports.List(ctx, ada, test.query)
		var got []string
		for _, row := range rows {
			got = append(got, row.Name)
		}
		if err != nil || total != test.total || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v of %d, %v", name, got, total, err)
		}
	}
}

func TestSuggestionsFindFieldsByNameInBothLanguagesAndTheEmailByItsValues(t *testing.T) {
	k := apptest.Start(t, 50)
	ada := k.Actor(access.Administrator)
	driver, err := k.Exports.Driver("omnisend")
	if err != nil {
		t.Fatal(err)
	}
	suggest := func() map[destination.Field]string {
		found, err := k.Exports.Suggest(t.Context(), ada, driver.Info(), 0)
		if err != nil {
			t.Fatal(err)
		}
		by := map[destination.Field]string{}
		for _, s := range found {
			by[s.Field] = s.Attribute.Key + " by " + s.Reason
		}
		return by
	}
	if got := suggest(); got[destination.Email] != "email by name" || got[destination.PostalCode] != "postal_code by name" || got[destination.State] != "" {
		t.Errorf("English: %v", got)
	}
	k.Upload("kunde_id;kontakt;Fornavn;By;Postnr\n1;anna@example.com;Anna;Aarhus;8000\n2;bo@example.com;Bo;Odense;5000\n")
	got := suggest()
	if got[destination.Email] != "kontakt by values" || got[destination.FirstName] != "fornavn by name" || got[destination.City] != "by by name" ||
		got[destination.PostalCode] != "postnr by name" {
		t.Errorf("Danish: %v", got)
	}
}

func TestAnAssayCountsWhatWouldBeRejectedAndSendsNothing(t *testing.T) {
	k := apptest.Start(t, 1000)
	c := k.Connect()
	before := k.Sandbox.Stats().Requests
	driver, err := k.Exports.Driver(c.Type)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Exports.Assay(t.Context(), k.Actor(access.Contributor), driver.Info(), []int64{1, 2}, demo.Mapping, destination.Consent{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Profiles != 1000 || got.Rejected != 2 || got.Fields["email"].Rejected != 2 || got.Fields["email"].Empty != 1 || got.Fields["phone"].Empty == 0 || got.Too {
		t.Errorf("%+v", got)
	}
	if after := k.Sandbox.Stats().Requests; after != before {
		t.Errorf("%d requests were made", after-before)
	}
	if _, err := k.Exports.Assay(t.Context(), k.Actor(access.Viewer), driver.Info(), []int64{1}, demo.Mapping, destination.Consent{}); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer tries a mapping: %v", err)
	}
}

func TestAnExportWhoseAttributeWentAwayDoesNotRun(t *testing.T) {
	k := apptest.Start(t, 50)
	e := k.Export()
	k.Upload("id,email\n1,anna@example.com\n")
	if code, err := k.Exports.Readiness(t.Context(), e); code != string(export.AttributeMissing) || err != nil {
		t.Fatalf("%q, %v", code, err)
	}
}

func TestDefaultTagsHoldOnlyWhatATagMayHold(t *testing.T) {
	for name, want := range map[string]string{
		"Spring VIP":          "segue Spring VIP",
		"Æblegrød, 50% rabat": "segue Æblegrød 50 rabat",
		" , ":                 "segue",
	} {
		if got := export.DefaultTag(name); got != want {
			t.Errorf("DefaultTag(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestAnExportWithASegmentThatIsNotActiveDoesNotRun(t *testing.T) {
	k := apptest.Start(t, 5)
	e, ada := k.Export(), k.Actor(access.Administrator)
	if err := k.Segments.Deactivate(t.Context(), ada, e.Segments[0].SegmentID, false); !problem.Is(err, problem.Conflict) {
		t.Fatalf("nobody was asked: %v", err)
	}
	if err := k.Segments.Deactivate(t.Context(), ada, e.Segments[0].SegmentID, true); err != nil {
		t.Fatal(err)
	}
	e, err := k.Exports.Get(t.Context(), ada, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := k.Exports.Readiness(t.Context(), e); err != nil || code != string(export.SegmentInactive) {
		t.Errorf("readiness is %q, %v", code, err)
	}
	_, err = k.Exports.Create(t.Context(), ada, export.Draft{Name: "Another", ConnectionID: e.ConnectionID, Mapping: e.Mapping, Parts: e.Segments})
	if p := problem.Of(err); p == nil || len(p.Fields) != 1 || p.Fields[0].Code != "problem.export.segment_inactive" {
		t.Errorf("a new one is refused with %v", err)
	}
	if _, err := k.Segments.Activate(t.Context(), ada, e.Segments[0].SegmentID); err != nil {
		t.Fatal(err)
	}
	if e, err = k.Exports.Get(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	if code, err := k.Exports.Readiness(t.Context(), e); err != nil || code != "" {
		t.Errorf("readiness is %q, %v", code, err)
	}
}
