package run_test

import (
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/exclusion"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

// exclude puts addresses and domains on the list.
func exclude(t *testing.T, k *apptest.Kit, entries ...string) {
	t.Helper()
	report, err := k.Exclusions.Add(t.Context(), k.Actor(access.Administrator), strings.NewReader(strings.Join(entries, "\n")), "")
	if err != nil || report.Emails+report.Domains != len(entries) {
		t.Fatalf("%+v, %v", report, err)
	}
}

// townSegment makes a segment of those who live in a town.
func townSegment(t *testing.T, k *apptest.Kit, town string) segment.Segment {
	t.Helper()
	made, err := k.Segments.Create(t.Context(), k.Actor(access.Administrator), townDraft(town))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func townDraft(town string) segment.Draft {
	return segment.Draft{Name: "Of " + town, Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All,
		Conditions: []segment.Condition{{Attribute: "city", Operator: segment.Equals, Values: []string{town}}}}}}
}

func excludeSegment(t *testing.T, k *apptest.Kit, id int64) {
	t.Helper()
	if added, err := k.Exclusions.AddSegments(t.Context(), k.Actor(access.Administrator), []int64{id}, ""); err != nil || added != 1 {
		t.Fatalf("added %d, %v", added, err)
	}
}

func wantNobody(t *testing.T, k *apptest.Kit, emails ...string) {
	t.Helper()
	k.Sandbox.Settle()
	for _, email := range emails {
		if held, ok := k.Sandbox.Contact(email); ok {
			t.Errorf("%s was sent: %+v", email, held)
		}
	}
}

// codes counts why profiles of a run were excluded.
func codes(t *testing.T, k *apptest.Kit, r run.Run) map[string]int {
	t.Helper()
	found := map[string]int{}
	list, err := k.Runs.Rejections(t.Context(), k.Actor(access.Contributor), r.ID, run.Excluded, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		found[r.Code]++
	}
	if len(list) != r.Counts.Excluded {
		t.Errorf("%d have a reason, %d are counted", len(list), r.Counts.Excluded)
	}
	return found
}

func TestWhoIsExcludedIsNeverSentAndIsCounted(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,A@Example.com,Aarhus,1", "2,b@mail.shop.example,Aarhus,", "3,c@example.com,Odense,1", "4,d@example.com,Aarhus,1", "5,not an address,Aarhus,"))
	exclude(t, k, "a@example.COM", "Shop.example")
	excludeSegment(t, k, townSegment(t, k, "Odense").ID)
	f, r := foretold(t, k, e, run.Options{})
	if f.Excluded != 3 || f.New != 1 || r.Counts.Excluded != 3 || r.Counts.Accepted != 1 || r.Counts.Invalid != 1 || r.Counts.Open() != 0 {
		t.Errorf("told %+v, counts %+v", f, r.Counts)
	}
	got := codes(t, k, r)
	for _, code := range []exclusion.Code{exclusion.ByEmail, exclusion.ByDomain, exclusion.BySegment} {
		if got[string(code)] != 1 {
			t.Errorf("%s: %d", code, got[string(code)])
		}
	}
	wantNobody(t, k, "a@example.com", "b@mail.shop.example", "c@example.com")
	wantTags(t, k, map[string][]string{"d@example.com": {tagA, tagB}})
}

func TestWhoIsExcludedAfterwardsLosesTheTagsAndStaysAwayWhateverAnUploadSays(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	exclude(t, k, "a@example.com")
	_, second := foretold(t, k, e, run.Options{})
	if second.Counts.Excluded != 1 || second.Counts.Withdrawn != 1 || second.Counts.Unchanged != 2 {
		t.Errorf("second run %+v", second.Counts)
	}
	wantTags(t, k, map[string][]string{"a@example.com": nil, "b@example.com": {tagA}})
	// Once more under another id, in capitals, and with other values.
	k.Upload(towns("7,A@EXAMPLE.COM,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1"))
	_, third := foretold(t, k, e, run.Options{Complete: true})
	if third.Counts.Excluded != 1 || third.Counts.Accepted != 2 {
		t.Errorf("third run %+v", third.Counts)
	}
	wantTags(t, k, map[string][]string{"a@example.com": nil})
	answer, err := k.Exclusions.Check(t.Context(), k.Actor(access.Contributor), "a@example.com")
	if err != nil || answer.Code != exclusion.ByEmail {
		t.Fatalf("%+v, %v", answer, err)
	}
	if err := k.Exclusions.RemoveEmail(t.Context(), k.Actor(access.Administrator), answer.ID); err != nil {
		t.Fatal(err)
	}
	if _, last := foretold(t, k, e, run.Options{}); last.Counts.Accepted != 1 || last.Counts.Excluded != 0 {
		t.Errorf("taken off the list: %+v", last.Counts)
	}
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}})
}

func TestAnExcludedAddressLosesTheTagsAlsoWhenItsProfileCannotBeSentAnyMore(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	// 1 and 2 lost their addresses, 1's is excluded, and 9 is a member with it.
	exclude(t, k, "a@example.com")
	k.Upload(towns("1,,Aarhus,1", "2,,Aarhus,", "3,c@example.com,Odense,1", "9,A@example.com,Aarhus,1"))
	f, r := foretold(t, k, e, run.Options{})
	if f.Withdrawn != 1 || r.Counts.Withdrawn != 1 || r.Counts.Invalid != 2 || r.Counts.Excluded != 1 || r.Counts.Unchanged != 1 {
		t.Errorf("told %+v, counts %+v", f, r.Counts)
	}
	wantTags(t, k, map[string][]string{"a@example.com": nil, "b@example.com": {tagA}, "c@example.com": {tagB}})
	if r = k.Run(e, run.Options{}); r.Counts.Withdrawn != 0 {
		t.Errorf("with nothing new: %+v", r.Counts)
	}
	// Off the list, and its profile has it again.
	answer, err := k.Exclusions.Check(t.Context(), k.Actor(access.Contributor), "a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Exclusions.RemoveEmail(t.Context(), k.Actor(access.Administrator), answer.ID); err != nil {
		t.Fatal(err)
	}
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,,Aarhus,", "3,c@example.com,Odense,1"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}, "b@example.com": {tagA}})
}

func TestTheAddressOfAMemberOfAnExcludedSegmentIsNotSentForAnotherProfileEither(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,same@example.com,Aarhus,", "2,b@example.com,Aarhus,", "9,Same@example.com,Vejle,"))
	excludeSegment(t, k, townSegment(t, k, "Vejle").ID) // 9 is in no segment of the export
	if _, r := foretold(t, k, e, run.Options{}); r.Counts.Profiles != 2 || r.Counts.Excluded != 1 || r.Counts.Accepted != 1 {
		t.Errorf("%+v", r.Counts)
	}
	wantNobody(t, k, "same@example.com")
}

func TestWhoIsExcludedWhileARunIsUnderWayIsTakenOutOfItsBatches(t *testing.T) {
	for name, put := range map[string]func(t *testing.T, k *apptest.Kit, vejle segment.Segment){
		"an address": func(t *testing.T, k *apptest.Kit, _ segment.Segment) { exclude(t, k, "b@example.com") },
		"a domain of all": func(t *testing.T, k *apptest.Kit, _ segment.Segment) {
			exclude(t, k, "example.com")
		},
		"a segment": func(t *testing.T, k *apptest.Kit, _ segment.Segment) {
			excludeSegment(t, k, townSegment(t, k, "Ribe").ID)
		},
		"a rule that changed": func(t *testing.T, k *apptest.Kit, vejle segment.Segment) {
			draft := townDraft("Ribe")
			draft.Version = vejle.Version
			if _, err := k.Segments.Update(t.Context(), k.Actor(access.Administrator), vejle.ID, draft); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, killed := range []bool{false, true} {
			if killed {
				name += ", before a restart"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				k := apptest.StartAt(t, 1, 60) // its patience is 15 seconds
				e := townExport(t, k, export.Untag)
				k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Ribe,1", "3,c@example.com,Aarhus,1"))
				vejle := townSegment(t, k, "Vejle")
				excludeSegment(t, k, vejle.ID)
				k.Sandbox.SetFaults(sandbox.Faults{ServerErrorShare: 1})
				started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
				if err != nil {
					t.Fatal(err)
				}
				k.Until(started.ID, func(r run.Run) bool { return r.Planned })
				put(t, k, vejle)
				excluded := 1
				if strings.HasPrefix(name, "a domain") {
					excluded = 3
				}
				if killed {
					k.Stop()
				} else { // a request that is under way at this moment cannot be called back: let it meet its fault
					k.Until(started.ID, func(r run.Run) bool { return r.Counts.Excluded == excluded })
				}
				k.Sandbox.SetFaults(sandbox.Faults{})
				if killed {
					k.Open()
				}
				r := k.Wait(started.ID)
				if r.State != run.Succeeded || r.Counts.Excluded != excluded || r.Counts.Accepted != 3-excluded || len(codes(t, k, r)) != 1 {
					t.Errorf("ended as %s %+v", r.State, r.Counts)
				}
				wantNobody(t, k, "b@example.com")
				if _, next := foretold(t, k, e, run.Options{Complete: true}); next.Counts.Excluded != excluded {
					t.Errorf("the next run %+v", next.Counts)
				}
			})
		}
	}
}

func TestOneProfileThatIsExcludedIsNotSentByItselfEither(t *testing.T) {
	k, e := townKit(t, export.Untag)
	exclude(t, k, "a@example.com")
	carl := k.Actor(access.Administrator)
	shown, err := k.Runs.Specimen(t.Context(), carl, e.ID, "1")
	if err != nil || shown.Excluded != string(exclusion.ByEmail) || shown.Body != "" {
		t.Errorf("%+v, %v", shown, err)
	}
	err = k.Runs.SendOne(t.Context(), carl, e.ID, "1")
	if p := problem.Of(err); p == nil || p.Code != "problem.specimen.excluded" {
		t.Errorf("sent: %v", err)
	}
	wantNobody(t, k, "a@example.com")
}

func TestASegmentOnTheListThatCannotBeJudgedLetsNobodyBeSent(t *testing.T) {
	k, e := townKit(t, export.Untag)
	points, err := k.Segments.Create(t.Context(), k.Actor(access.Administrator), segment.Draft{Name: "Zip", Definition: segment.Definition{Kind: segment.ByRule,
		Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: "points", Operator: segment.IsEmpty}}}}})
	if err != nil {
		t.Fatal(err)
	}
	excludeSegment(t, k, points.ID)
	parts := e.Segments[:1] // of the town alone
	if e, err = k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Leavers: e.Leavers,
		Mapping: e.Mapping, Version: e.Version, Parts: []export.Part{{SegmentID: parts[0].SegmentID, Tag: parts[0].Tag}}}); err != nil {
		t.Fatal(err)
	}
	k.Upload("id,email,city\n1,a@example.com,Aarhus\n")
	f, err := k.Runs.DryRun(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil || f.Obstacle != "exclusion_unusable" {
		t.Errorf("dry run %+v, %v", f, err)
	}
	if r := k.Run(e, run.Options{}); r.State != run.Failed || r.ErrorCode != "exclusion_unusable" {
		t.Errorf("ended as %s %s", r.State, r.ErrorCode)
	}
	wantNobody(t, k, "a@example.com")
}

func TestWhoIsExcludedAfterARequestWithoutAnswerLosesTheTagsThatItMayHaveBrought(t *testing.T) {
	k := apptest.StartAt(t, 1, 60)
	e := townExport(t, k, export.Untag)
	k.Sandbox.SetFaults(sandbox.Faults{DropAfterShare: 1}) // the batch arrives, and its answer does not
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(run.Run) bool { _, there := k.Sandbox.Contact("b@example.com"); return there })
	exclude(t, k, "b@example.com")
	k.Until(started.ID, func(r run.Run) bool { return r.Counts.Excluded == 1 })
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r := k.Wait(started.ID); r.Counts.Accepted != 2 || r.Counts.Open() != 0 {
		t.Errorf("ended as %s %+v", r.State, r.Counts)
	}
	wantTags(t, k, map[string][]string{"b@example.com": {tagA}})
	if _, next := foretold(t, k, e, run.Options{}); next.Counts.Excluded != 1 || next.Counts.Withdrawn != 1 {
		t.Errorf("the next run %+v", next.Counts)
	}
	wantTags(t, k, map[string][]string{"b@example.com": nil})
}

func TestWhoComesIntoAnExcludedSegmentWhileARunIsPausedIsNotSentWhenItGoesOn(t *testing.T) {
	t.Parallel()
	k, e := townKit(t, export.Untag)
	excludeSegment(t, k, townSegment(t, k, "Ribe").ID)
	rows := crowd(0, 6000)
	k.Upload(towns(rows...))
	k.Sandbox.SetFaults(slow)
	ada := k.Actor(access.Administrator)
	r, err := k.Runs.Start(t.Context(), ada, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(r.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	if err := k.Runs.Pause(t.Context(), ada, r.ID); err != nil {
		t.Fatal(err)
	}
	paused(t, k.Wait(r.ID), run.ByPerson)
	k.Sandbox.SetFaults(sandbox.Faults{})
	rows[5999] = "05999,P5999@example.com,Ribe,1"
	k.Upload(towns(rows...))
	if r = k.Resume(r.ID, run.NoReply); r.State != run.Succeeded || r.Counts.Excluded != 1 || r.Counts.Accepted != 5999 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	wantNobody(t, k, "p5999@example.com")
}
