package approval_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/approval"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/version"
)

// office is an installation with two administrators and a contributor.
type office struct {
	*apptest.Kit
	t               *testing.T
	ada, bob, carla access.Actor
}

func newOffice(t *testing.T, settings approval.Settings) office {
	t.Helper()
	o := office{Kit: apptest.Start(t, 20), t: t}
	o.ada, o.carla = o.Actor(access.Administrator), o.Actor(access.Contributor)
	bob, err := o.Accounts.Create(t.Context(), access.System, account.NewUser{Email: "bob@example.com", Name: "Bob", Role: access.Administrator, Password: "three-lamps-by-the-pier"})
	if err != nil {
		t.Fatal(err)
	}
	o.bob = bob.Actor().Confirmed(time.Now())
	o.set(settings)
	return o
}

func (o office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o office) set(settings approval.Settings) {
	o.t.Helper()
	now, err := o.Approvals.Settings(o.t.Context(), o.ada)
	o.must(err)
	settings.Version = now.Version
	o.must(o.Approvals.Save(o.t.Context(), o.ada, settings))
}

func (o office) standing(actor access.Actor, id int64) approval.Standing {
	o.t.Helper()
	s, err := o.Approvals.Of(o.t.Context(), actor, id)
	o.must(err)
	return s
}

func (o office) approve(actor access.Actor, id int64) error {
	return o.Approvals.Approve(o.t.Context(), actor, id, o.standing(actor, id).Mark)
}

// obstacle is what keeps an export from running, as the page, the watch over all exports and a start say.
func (o office) obstacle(id int64) string {
	o.t.Helper()
	e, err := o.Exports.Get(o.t.Context(), o.ada, id)
	o.must(err)
	code, err := o.Exports.Readiness(o.t.Context(), e)
	o.must(err)
	all, err := o.Exports.Health(o.t.Context(), o.DB.Reader())
	o.must(err)
	for _, h := range all {
		if h.ID == id && h.Obstacle != code {
			o.t.Errorf("the export says %q, and among all exports %q", code, h.Obstacle)
		}
	}
	return code
}

func (o office) edit(actor access.Actor, id int64, change func(*export.Draft)) {
	o.t.Helper()
	e, err := o.Exports.Get(o.t.Context(), o.ada, id)
	o.must(err)
	d := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: slices.Clone(e.Segments), Mapping: slices.Clone(e.Mapping), Consent: e.Consent, Schedule: e.Schedule, Leavers: e.Leavers,
		AskShare: e.AskShare, Outcomes: e.Outcomes, Version: e.Version}
	change(&d)
	_, err = o.Exports.Update(o.t.Context(), actor, id, d)
	o.must(err)
}

const awaits = string(export.AwaitsApproval)

func TestAnExportWaitsUntilSomebodyElseThanItsMakersApprovedIt(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export() // by the administrator of the demonstration
	if code := o.obstacle(e.ID); code != awaits {
		t.Fatalf("a new export: %q", code)
	}
	if _, err := o.Runs.Start(t.Context(), o.ada, e.ID, run.Options{}); !problem.Is(err, problem.Conflict) {
		t.Errorf("it was started: %v", err)
	}
	if err := o.Runs.SendOne(t.Context(), o.ada, e.ID, "C000001"); !problem.Is(err, problem.Conflict) {
		t.Errorf("one of it was sent: %v", err)
	}
	if s := o.standing(o.ada, e.ID); !s.Own || s.MayApprove || s.Approvers != 1 || s.Approved != nil || len(s.Makers) != 1 {
		t.Errorf("to its maker: %+v", s)
	}
	if err := o.approve(o.ada, e.ID); !problem.Is(err, problem.NotPermitted) || problem.Of(err).Code != approval.CodeOwn {
		t.Errorf("its maker: %v", err)
	}
	for name, actor := range map[string]access.Actor{"a contributor": o.carla, "a viewer": o.Actor(access.Viewer), "the program": access.System,
		"a token": o.bob.Within(access.ScopesOf(access.AllScopes...))} {
		if err := o.approve(actor, e.ID); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	leftOpen := o.bob.Confirmed(time.Now().Add(-access.FreshFor))
	if err := o.approve(leftOpen, e.ID); !problem.Is(err, problem.ConfirmFirst) {
		t.Errorf("in a session that was left open: %v", err)
	}
	o.must(o.Approvals.Refuse(t.Context(), leftOpen, e.ID, o.standing(leftOpen, e.ID).Mark, "Not yet."))
	o.must(o.approve(o.bob, e.ID))
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("approved: %q", code)
	}
	if s := o.standing(o.ada, e.ID); s.Waits || s.Approved == nil || s.Approved.UserID != o.bob.UserID || s.Approved.Number != e.Version {
		t.Errorf("%+v", s)
	}
	if r := o.Run(e, run.Options{}); r.State != run.Succeeded && r.State != run.Warnings {
		t.Errorf("ran as %+v", r)
	}
	if err := o.approve(o.bob, e.ID); !problem.Is(err, problem.Conflict) || problem.Of(err).Code != approval.CodeNothing {
		t.Errorf("twice: %v", err)
	}
}

func TestWhatIsSentAsksAnewAndNameAndScheduleDoNot(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	o.must(o.approve(o.bob, e.ID))
	second, err := o.Segments.Create(t.Context(), o.ada, segment.Draft{Name: "Second", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}})
	o.must(err)
	for name, of := range map[string]struct {
		change func(*export.Draft)
		waits  bool
	}{
		"nothing":            {func(*export.Draft) {}, false},
		"the name":           {func(d *export.Draft) { d.Name = "Renamed" }, false},
		"the schedule":       {func(d *export.Draft) { d.Schedule = export.Schedule{When: export.Off} }, false},
		"the order of lines": {func(d *export.Draft) { slices.Reverse(d.Mapping) }, false},
		"a field": {func(d *export.Draft) {
			d.Mapping = append(d.Mapping, export.Pair{Field: destination.CustomPrefix + "n", Attribute: "last_name", Meant: true})
		}, true},
		"other attributes": {func(d *export.Draft) {
			d.Mapping[1].Attribute, d.Mapping[2].Attribute = d.Mapping[2].Attribute, d.Mapping[1].Attribute
		}, true},
		"emptying a field": {func(d *export.Draft) { d.Mapping[1].Clear = !d.Mapping[1].Clear }, true},
		"a segment":        {func(d *export.Draft) { d.Parts = append(d.Parts, export.Part{SegmentID: second.ID}) }, true},
		"a tag":            {func(d *export.Draft) { d.Parts[0].Tag = "segue other" }, true},
		"the leavers":      {func(d *export.Draft) { d.Leavers = export.KeepTag }, true},
		"the question":     {func(d *export.Draft) { d.AskShare = export.NeverAsk }, true},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := o.Exports.Get(t.Context(), o.ada, e.ID)
			o.must(err)
			o.edit(o.bob, e.ID, of.change)
			if waits := o.obstacle(e.ID) == awaits; waits != of.waits {
				t.Errorf("waits: %v", waits)
			}
			now, err := o.Exports.Get(t.Context(), o.ada, e.ID)
			o.must(err)
			// What was approved last needs no approval again, whoever brings it back.
			if _, err := o.Exports.GoBack(t.Context(), o.bob, e.ID, before.Version, now.Version); err != nil {
				t.Fatal(err)
			}
			if code := o.obstacle(e.ID); code != "" {
				t.Errorf("brought back: %q", code)
			}
		})
	}
}

func TestEverybodyWhoChangedItSinceTheLastApprovalIsAMaker(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true, Contributors: true})
	e := o.Export()
	o.must(o.approve(o.bob, e.ID))
	o.edit(o.carla, e.ID, func(d *export.Draft) { d.Leavers = export.KeepTag })
	o.edit(o.bob, e.ID, func(d *export.Draft) { d.AskShare = 10 })
	for name, actor := range map[string]access.Actor{"the first": o.carla, "the second": o.bob} {
		if err := o.approve(actor, e.ID); !problem.Is(err, problem.NotPermitted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Name = "Named by Ada" }) // no part of what waits
	if s := o.standing(o.ada, e.ID); s.Own || !s.MayApprove || len(s.Makers) != 2 {
		t.Errorf("%+v", s)
	}
	o.must(o.approve(o.ada, e.ID))
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.AskShare = 20 })
	o.must(o.approve(o.carla, e.ID)) // a contributor may, as the settings say
}

func TestWhatTheProgramChangedWaitsForOnePerson(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	o.must(o.approve(o.bob, e.ID))
	o.edit(access.System, e.ID, func(d *export.Draft) { d.Leavers = export.KeepTag })
	if code := o.obstacle(e.ID); code != awaits {
		t.Fatalf("%q", code)
	}
	o.must(o.approve(o.ada, e.ID))
}

func TestNobodyApprovesWhatTheyDidNotSee(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	seen := o.standing(o.bob, e.ID).Mark
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Leavers = export.KeepTag })
	err := o.Approvals.Approve(t.Context(), o.bob, e.ID, seen)
	if problem.Of(err) == nil || problem.Of(err).Code != approval.CodeChanged {
		t.Errorf("another version: %v", err)
	}
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Leavers = export.Untag })
	if err := o.Approvals.Approve(t.Context(), o.bob, e.ID, seen); problem.Of(err) == nil || problem.Of(err).Code != approval.CodeChanged {
		t.Errorf("the same that was another meanwhile: %v", err)
	}
	o.must(o.approve(o.bob, e.ID))
}

func TestARefusalIsSeenUntilTheExportChangesAndIsNotTheLastWord(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	mark := o.standing(o.bob, e.ID).Mark
	if err := o.Approvals.Refuse(t.Context(), o.bob, e.ID, mark, "  "); !problem.Is(err, problem.Invalid) {
		t.Errorf("without a reason: %v", err)
	}
	if err := o.Approvals.Refuse(t.Context(), o.ada, e.ID, mark, "my own"); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("by its maker: %v", err)
	}
	o.must(o.Approvals.Refuse(t.Context(), o.bob, e.ID, mark, "Ask kim@example.com first."))
	if s := o.standing(o.ada, e.ID); s.Refused == nil || s.Refused.Name != "Bob" || s.Refused.Reason == "" || !s.Waits {
		t.Fatalf("%+v", s)
	}
	erase := func(address string, reasons int) {
		t.Helper()
		o.must(o.DB.InTx(t.Context(), func(tx database.Tx) error {
			n, err := approval.Erase(t.Context(), tx, []string{address})
			if n != reasons {
				t.Errorf("%s was erased from %d reasons", address, n)
			}
			return err
		}))
	}
	erase("im@example.com", 0)
	if s := o.standing(o.ada, e.ID); s.Refused == nil || s.Refused.Reason == "" {
		t.Errorf("after somebody else was erased: %+v", s.Refused)
	}
	erase("Kim@example.com", 1)
	if s := o.standing(o.ada, e.ID); s.Refused == nil || s.Refused.Reason != "" {
		t.Errorf("after the person was erased: %+v", s.Refused)
	}
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Leavers = export.KeepTag })
	if s := o.standing(o.ada, e.ID); s.Refused != nil {
		t.Errorf("of what it is no more: %+v", s.Refused)
	}
	o.must(o.Approvals.Refuse(t.Context(), o.bob, e.ID, o.standing(o.bob, e.ID).Mark, "No."))
	o.must(o.approve(o.bob, e.ID))
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("%q", code)
	}
}

func TestOnlyExportsOnTheConnectionsThatWereNamedNeedASecondPerson(t *testing.T) {
	o := newOffice(t, approval.Settings{})
	e := o.Export()
	if code := o.obstacle(e.ID); code != "" {
		t.Fatalf("as it comes: %q", code)
	}
	another, err := demo.Connect(t.Context(), o.App, "Another", demo.APIKey)
	o.must(err)
	o.set(approval.Settings{Connections: []int64{another.ID}})
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("another connection: %q", code)
	}
	o.set(approval.Settings{Connections: []int64{e.ConnectionID}})
	if code := o.obstacle(e.ID); code != awaits {
		t.Errorf("its connection: %q", code)
	}
	if s := o.standing(o.ada, e.ID); !s.Own { // also what was made before
		t.Errorf("%+v", s)
	}
	if err := o.Approvals.Save(t.Context(), o.carla, approval.Settings{}); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a contributor changed the settings: %v", err)
	}
	if err := o.Approvals.Save(t.Context(), o.ada.Confirmed(time.Time{}), approval.Settings{}); !problem.Is(err, problem.ConfirmFirst) {
		t.Errorf("from a session that was left open: %v", err)
	}
	if err := o.Approvals.Save(t.Context(), o.ada, approval.Settings{Version: 1}); !problem.Is(err, problem.Conflict) {
		t.Errorf("over another's change: %v", err)
	}
}

func TestTheLogTellsWhichSettingsWereKeptAndNotWhatWasTyped(t *testing.T) {
	o := newOffice(t, approval.Settings{})
	c, gone := o.Connect(), int64(99)
	err := o.Approvals.Save(t.Context(), o.ada, approval.Settings{Connections: []int64{gone}, Version: 2})
	if p := problem.Of(err); p == nil || p.Kind != problem.Invalid {
		t.Errorf("none of the connections is there: %v", err)
	}
	o.set(approval.Settings{Connections: []int64{c.ID, gone}})
	o.set(approval.Settings{Connections: []int64{c.ID}}) // as it was
	page, err := o.Audit.List(t.Context(), o.ada, audit.Filter{Action: audit.ApprovalSettingsSet}, 0, false, 10)
	o.must(err)
	if len(page.Records) != 1 || !slices.Equal(page.Records[0].Changes, []audit.Change{{Field: "connections", After: strconv.FormatInt(c.ID, 10)}}) {
		t.Errorf("%+v", page.Records)
	}
}

func TestASegmentThatChangesAsksAnewWhereTheSettingsSaySo(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	byCountry := func(value string) segment.Definition {
		return segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: "country", Operator: segment.Equals, Values: []string{value}}}}}
	}
	inner, err := o.Segments.Create(t.Context(), o.carla, segment.Draft{Name: "Inner", Definition: byCountry("Denmark")})
	o.must(err)
	outer, err := o.Segments.Create(t.Context(), o.ada, segment.Draft{Name: "Outer", Definition: segment.Definition{Kind: segment.ByRule,
		Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Operator: segment.InSegment, Values: []string{strconv.FormatInt(inner.ID, 10)}}}}}})
	o.must(err)
	e := o.Export()
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Parts = []export.Part{{SegmentID: outer.ID}} })
	o.must(o.approve(o.bob, e.ID))
	change := func(actor access.Actor, value string) {
		t.Helper()
		now, err := o.Segments.Get(t.Context(), o.ada, inner.ID)
		o.must(err)
		_, err = o.Segments.Update(t.Context(), actor, inner.ID, segment.Draft{Name: now.Name, Definition: byCountry(value), Version: now.Version})
		o.must(err)
	}
	change(o.bob, "Sweden")
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("where segments do not count: %q", code)
	}
	o.set(approval.Settings{Everywhere: true, OfRules: true})
	if code := o.obstacle(e.ID); code != awaits {
		t.Errorf("a segment in a rule of the export's segment: %q", code)
	}
	if err := o.approve(o.bob, e.ID); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("who changed the segment: %v", err)
	}
	o.must(o.approve(o.ada, e.ID))
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("approved: %q", code)
	}
	now, err := o.Segments.Get(t.Context(), o.ada, inner.ID)
	o.must(err)
	_, err = o.Segments.Update(t.Context(), o.bob, inner.ID, segment.Draft{Name: "Renamed", Definition: now.Definition, Version: now.Version})
	o.must(err)
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("a segment was renamed: %q", code)
	}
}

func TestAnExportWhoseValuesWereErasedIsSavedOnceMoreBeforeItIsApproved(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true})
	e := o.Export()
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Name = "For kim@example.com" })
	o.must(o.approve(o.bob, e.ID))
	o.must(o.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := version.Erase(t.Context(), tx, []string{"kim@example.com"})
		return err
	}))
	if code := o.obstacle(e.ID); code != awaits {
		t.Errorf("nobody can say what it is: %q", code)
	}
	var p *problem.Problem
	if err := o.approve(o.bob, e.ID); !errors.As(err, &p) {
		t.Errorf("approved: %v", err)
	}
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Name = "For nobody" })
	if code := o.obstacle(e.ID); code != "" { // it is again what was approved
		t.Errorf("saved once more: %q", code)
	}
}

func TestAnExportWithASegmentWhoseValuesWereErasedIsNotApprovedBeforeTheSegmentIsSavedOnceMore(t *testing.T) {
	o := newOffice(t, approval.Settings{Everywhere: true, OfRules: true})
	e := o.Export()
	named, err := o.Segments.Create(t.Context(), o.ada, segment.Draft{Name: "For kim@example.com", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All}}})
	o.must(err)
	o.edit(o.ada, e.ID, func(d *export.Draft) { d.Parts = []export.Part{{SegmentID: named.ID}} })
	o.must(o.approve(o.bob, e.ID))
	o.must(o.DB.InTx(t.Context(), func(tx database.Tx) error { // of the rule alone, the export's own versions stay
		_, err := tx.ExecContext(t.Context(), `UPDATE versions SET substance = '', redacted = 1 WHERE kind = 'segment' AND thing_id = ?`, named.ID)
		return err
	}))
	if code := o.obstacle(e.ID); code != awaits {
		t.Errorf("nobody can say what it is: %q", code)
	}
	if p := problem.Of(o.approve(o.bob, e.ID)); p == nil || p.Code != approval.CodeRedactedSegment {
		t.Errorf("approved: %+v", p)
	}
	_, err = o.Segments.Update(t.Context(), o.ada, named.ID, segment.Draft{Name: "For nobody", Definition: named.Definition, Version: named.Version})
	o.must(err)
	if code := o.obstacle(e.ID); code != "" {
		t.Errorf("saved once more: %q", code)
	}
}
