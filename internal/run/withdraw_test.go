package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
)

const tagA, tagB = "segue A", "segue B"

// townKit exports two segments by town: A is Aarhus, B is everybody with points.
func townKit(t *testing.T, leavers export.Leavers) (*apptest.Kit, export.Export) {
	t.Helper()
	k := apptest.Start(t, 1)
	return k, townExport(t, k, leavers)
}

func townExport(t *testing.T, k *apptest.Kit, leavers export.Leavers) export.Export {
	t.Helper()
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1"))
	ada := k.Actor(access.Administrator)
	var parts []export.Part
	for _, draft := range []segment.Draft{
		{Name: "A", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{
			{Attribute: "city", Operator: segment.Equals, Values: []string{"Aarhus"}}}}}},
		{Name: "B", Definition: segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{
			{Attribute: "points", Operator: segment.IsNotEmpty}}}}},
	} {
		made, err := k.Segments.Create(t.Context(), ada, draft)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, export.Part{SegmentID: made.ID, Tag: "segue " + draft.Name})
	}
	e, err := k.Exports.Create(t.Context(), ada, export.Draft{Name: "Towns", ConnectionID: k.Connect().ID, Parts: parts, Leavers: leavers,
		Mapping: export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}, {Field: destination.City, Attribute: "city"}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func towns(rows ...string) string { return "id,email,city,points\n" + strings.Join(rows, "\n") + "\n" }

func wantTags(t *testing.T, k *apptest.Kit, want map[string][]string) {
	t.Helper()
	k.Sandbox.Settle()
	for email, tags := range want {
		held, ok := k.Sandbox.Contact(email)
		got := slices.Sorted(slices.Values(held.Tags))
		if !ok || !slices.Equal(got, tags) {
			t.Errorf("%s (there: %v) carries %q, should carry %q", email, ok, got, tags)
		}
	}
}

func TestWhoLeftASegmentLosesItsTagAndNoOther(t *testing.T) {
	k, e := townKit(t, export.Untag)
	first := k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}, "b@example.com": {tagA}, "c@example.com": {tagB}})
	if first.Counts.Withdrawn != 0 || first.Counts.Accepted != 3 {
		t.Errorf("first run %+v", first.Counts)
	}
	// 1 leaves A, 2 leaves both, 3 goes away and 4 comes.
	k.Upload(towns("1,a@example.com,Odense,1", "2,b@example.com,Odense,", "4,d@example.com,Aarhus,"))
	second := k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": {tagB}, "b@example.com": nil, "c@example.com": nil, "d@example.com": {tagA}})
	if c := second.Counts; c.Withdrawn != 3 || c.Profiles != 2 || c.Accepted != 2 {
		t.Errorf("second run %+v", c)
	}
	if third := k.Run(e, run.Options{}); third.Counts.Withdrawn != 0 || third.Counts.Unchanged != 2 {
		t.Errorf("third run %+v", third.Counts)
	}
	// 2 comes back.
	k.Upload(towns("1,a@example.com,Odense,1", "2,b@example.com,Aarhus,", "4,d@example.com,Aarhus,"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"b@example.com": {tagA}})
}

func TestAnAddressThatChangedLosesTheTagsUnlessAnotherProfileHasItNow(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	// 1 has a new address; 2 and 3 are gone, and 9 has 3's address.
	k.Upload(towns("1,new@example.com,Aarhus,1", "9,c@example.com,Aarhus,1"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": nil, "new@example.com": {tagA, tagB}, "b@example.com": nil, "c@example.com": {tagA, tagB}})
}

func TestAnExportThatKeepsTagsTakesNoneAway(t *testing.T) {
	k, e := townKit(t, export.KeepTag)
	k.Run(e, run.Options{})
	k.Upload(towns("4,d@example.com,Aarhus,"))
	r := k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}, "b@example.com": {tagA}, "d@example.com": {tagA}})
	if r.Counts.Withdrawn != 0 {
		t.Errorf("counts %+v", r.Counts)
	}
}

func TestASegmentThatSuddenlyIsEmptyTakesNoTagsAwayBeforeAPersonSaysSo(t *testing.T) {
	k, e := townKit(t, export.Untag)
	rows := make([]string, 400)
	for i := range rows {
		rows[i] = fmt.Sprintf("%d,p%d@example.com,Aarhus,1", i, i)
	}
	k.Upload(towns(rows...))
	k.Run(e, run.Options{})
	k.Upload(towns(rows[:10]...)) // a truncated file
	asks := k.Run(e, run.Options{})
	if asks.State != run.Paused || asks.PauseCode != run.ManyLeave {
		t.Fatalf("came to %s (%s) %+v", asks.State, asks.PauseCode, asks.Counts)
	}
	held := k.Resume(asks.ID, run.LeaveTags)
	if held.Counts.Held != 390 || held.Counts.Withdrawn != 0 || held.State != run.Warnings {
		t.Fatalf("ended as %s %+v", held.State, held.Counts)
	}
	wantTags(t, k, map[string][]string{"p300@example.com": {tagA, tagB}})
	confirmed := k.Run(e, run.Options{WithdrawAny: true})
	if confirmed.Counts.Withdrawn != 390 || confirmed.Counts.Held != 0 || confirmed.State != run.Succeeded {
		t.Fatalf("ended as %s %+v", confirmed.State, confirmed.Counts)
	}
	wantTags(t, k, map[string][]string{"p300@example.com": nil, "p3@example.com": {tagA, tagB}})
}

func TestAnHeirWhoIsRefusedAndLeavesLosesTheTagThatTheContactHad(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	k.Upload(towns("1,a@example.com,Aarhus,1", "9,c@example.com,Odense,1")) // 9 has 3's address now
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "c@"})
	if r := k.Run(e, run.Options{}); r.Counts.Refused != 1 {
		t.Fatalf("%+v", r.Counts)
	}
	wantTags(t, k, map[string][]string{"c@example.com": {tagB}})
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Upload(towns("1,a@example.com,Aarhus,1"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"c@example.com": nil, "a@example.com": {tagA, tagB}})
}

func TestAContactThatWasTriedUnderANewAddressLosesItsTagWhenTheProfileLeaves(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	k.Upload(towns("1,new@example.com,Aarhus,1", "2,b@example.com,Aarhus,"))
	if err := k.Runs.SendOne(t.Context(), k.Actor(access.Administrator), e.ID, "1"); err != nil {
		t.Fatal(err)
	}
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}, "new@example.com": {tagA, tagB}})
	k.Upload(towns("2,b@example.com,Aarhus,"))
	k.Run(e, run.Options{WithdrawAny: true})
	wantTags(t, k, map[string][]string{"a@example.com": nil, "new@example.com": nil, "b@example.com": {tagA}})
}

func TestWhoTakesTheAddressOfAMemberThatCannotBeSentHasNoTagsOfItsSegments(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	k.Upload(towns("1,nonsense,Aarhus,1", "2,b@example.com,Aarhus,", "9,a@example.com,Aarhus,"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": {tagA}})
	k.Upload(towns("1,nonsense,Aarhus,1", "2,nothing either,Aarhus,"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": nil, "b@example.com": {tagA}})
}

func TestAContactThatMayHaveBeenDeliveredBeforeItWasRefusedLosesItsTagWhenTheProfileLeaves(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("2,b@example.com,Aarhus,"))
	k.Run(e, run.Options{})
	// The first try is taken and its answer lost; the second one is refused.
	k.Upload(towns("2,b@example.com,Aarhus,", "7,late@example.com,Aarhus,1"))
	k.Sandbox.SetFaults(sandbox.Faults{DropAfterShare: 1, Path: "/batches"})
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		time.Sleep(time.Millisecond)
		if _, there := k.Sandbox.Contact("late@example.com"); there {
			break
		}
	}
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "late@"})
	if r := k.Wait(started.ID); r.Counts.Refused != 1 {
		t.Fatalf("ended as %s %+v", r.State, r.Counts)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Upload(towns("2,b@example.com,Aarhus,"))
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"late@example.com": nil, "b@example.com": {tagA}})
}

func TestARefusedRemovalOfTagsIsHalvedAndOneToBlameIsLeftForTheNextRun(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 100, export.Untag, 30)
	long := strings.Repeat("l", 60) + "@example.com"
	k.Upload(towns(append(crowd(0, 100), "x,"+long+",Aarhus,1")...))
	k.Run(e, run.Options{})
	// Of those who left, one has an address that is too much by itself.
	k.Upload(towns(crowd(60, 40)...))
	tooMuch := len(`{"emails":["` + long + `"],"tags":["segue A","segue B"]}`)
	k.Sandbox.SetFaults(sandbox.Faults{Path: "/contacts/tags", LargestBody: tooMuch - 1})
	r := k.Run(e, run.Options{})
	if r.State != run.Warnings || r.Counts.Withdrawn != 60 || r.Counts.Held != 1 || !slices.Contains(events(t, k, r.ID), "tags_refused") {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	wantTags(t, k, map[string][]string{"p0@example.com": nil, "p59@example.com": nil, "p60@example.com": {tagA, tagB}, long: {tagA, tagB}})
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Run(e, run.Options{}); r.State != run.Succeeded || r.Counts.Withdrawn != 1 || r.Counts.Held != 0 {
		t.Fatalf("the next run came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	wantTags(t, k, map[string][]string{long: nil})
}

func TestARunWhoseTagRequestsAreAllRefusedSaysSo(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 100, export.Untag, 30)
	k.Upload(towns(crowd(60, 40)...))
	k.Sandbox.SetFaults(sandbox.Faults{Path: "/contacts/tags", LargestBody: 10})
	r := k.Run(e, run.Options{})
	if r.State != run.Paused || r.PauseCode != "destination_unavailable" || r.PauseDetail != "" || r.Counts.Withdrawn != 0 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	if r = k.Resume(r.ID, run.NoReply); r.State != run.Warnings || r.Counts.Withdrawn+r.Counts.Held != 60 {
		t.Fatalf("went on to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	if r = k.Run(e, run.Options{}); r.State != run.Succeeded || r.Counts.Withdrawn == 0 {
		t.Fatalf("the next run came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	wantTags(t, k, map[string][]string{"p0@example.com": nil, "p59@example.com": nil})
}
