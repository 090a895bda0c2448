package segment_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/segment"
)

func in(ids ...int64) (conditions []segment.Condition) {
	for _, id := range ids {
		conditions = append(conditions, segment.Condition{Operator: segment.InSegment, Values: []string{strconv.FormatInt(id, 10)}})
	}
	return conditions
}

func inside(name string, ids ...int64) segment.Draft {
	return segment.Draft{Name: name, Definition: rule(segment.All, in(ids...)...)}
}

func kept(t testing.TB, w world, id int64) segment.Segment {
	t.Helper()
	found, err := w.Get(t.Context(), viewer, id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestADraftIsKeptWithItsFaultsAndCountsForNothing(t *testing.T) {
	w := peopled(t)
	unfinished := segment.Draft{Name: "Later", State: segment.InDraft, Definition: rule(segment.All, segment.Condition{}, when("spent", segment.Less, "x"))}
	draft := create(t, w, unfinished)
	if draft.State != segment.InDraft || !draft.CalculatedAt.IsZero() || len(draft.Definition.Rule.Conditions) != 2 {
		t.Fatalf("kept %+v", draft)
	}
	if err := w.CalculateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, w, draft.ID); got.Failure != "" || !got.CalculatedAt.IsZero() {
		t.Errorf("a refresh calculated it: %+v", got)
	}
	_, err := w.Definitions(t.Context(), []int64{draft.ID})
	wantProblem(t, err, problem.Conflict, segment.CodeNotActive)
	_, err = w.Calculate(t.Context(), contributor, draft.ID)
	wantProblem(t, err, problem.Conflict, segment.CodeNotActive)
	_, err = w.Activate(t.Context(), contributor, draft.ID)
	wantField(t, err, "rule.0.attribute", segment.CodeAttributeChoose)
	wantField(t, err, "rule.1.value", segment.CodeValueNumber)
	mended := danes("Later")
	mended.Version = draft.Version
	again, err := w.Update(t.Context(), contributor, draft.ID, mended)
	if err != nil || again.State != segment.InDraft || !again.CalculatedAt.IsZero() {
		t.Fatalf("saved again %+v, %v", again, err)
	}
	active, err := w.Activate(t.Context(), contributor, draft.ID)
	if err != nil || active.State != segment.Active || active.Size != 2 || active.Version != again.Version+1 {
		t.Errorf("activated %+v, %v", active, err)
	}
}

func TestADraftHasItsBoundsTooAndNeedsAName(t *testing.T) {
	w := peopled(t)
	many := make([]segment.Condition, segment.MaxConditions+1)
	_, err := w.Create(t.Context(), contributor, segment.Draft{State: segment.InDraft, Definition: rule(segment.All, many...)})
	wantField(t, err, "name", "problem.required")
	wantField(t, err, "rule", segment.CodeTooMany)
	list := create(t, w, segment.Draft{Name: "List to come", State: segment.InDraft, Definition: segment.Definition{Kind: segment.ByList}})
	_, err = w.Activate(t.Context(), contributor, list.ID)
	wantField(t, err, "list", segment.CodeListMissing)
}

func TestAnInactiveSegmentKeepsItsSizeAndIsNotCalculated(t *testing.T) {
	w := peopled(t)
	made := create(t, w, danes("Danes"))
	w.SetUses(uses{made.ID: {{ExportID: 4, Name: "Newsletter"}}})
	p := wantProblem(t, w.Deactivate(t.Context(), contributor, made.ID, false), problem.Conflict, segment.CodeInExports)
	if fmt.Sprint(p.Args) != "[Count 1]" {
		t.Errorf("args are %v", p.Args)
	}
	if err := w.Deactivate(t.Context(), contributor, made.ID, true); err != nil {
		t.Fatal(err)
	}
	w.snapshots.set(fill(t, w.db, 2, people, nil))
	if err := w.CalculateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, w, made.ID); got.State != segment.Inactive || got.Size != 2 || got.SnapshotID != 1 {
		t.Errorf("left %+v", got)
	}
	if page, err := w.List(t.Context(), viewer, segment.Query{State: segment.Inactive}); err != nil || page.Total != 1 {
		t.Errorf("listed %+v, %v", page, err)
	}
	if page, err := w.List(t.Context(), viewer, segment.Query{State: segment.Active}); err != nil || page.Total != 0 || len(page.Segments) != 0 {
		t.Errorf("listed %+v, %v", page, err)
	}
	if got, err := w.Activate(t.Context(), contributor, made.ID); err != nil || got.Size != 0 || got.SnapshotID != 2 {
		t.Errorf("back again %+v, %v", got, err)
	}
	w.SetUses(uses{made.ID: {{Path: "/exclusions"}}})
	wantProblem(t, w.Deactivate(t.Context(), contributor, made.ID, true), problem.Conflict, segment.CodeInUse)
}

func TestSegmentsWithinSegmentsFollowOneAnother(t *testing.T) {
	w := peopled(t)
	inner := create(t, w, danes("Danes"))
	middle := create(t, w, inside("Again", inner.ID))
	outer := create(t, w, segment.Draft{Name: "Others", Definition: rule(segment.None, in(middle.ID)...)})
	if middle.Size != 2 || outer.Size != 1 {
		t.Fatalf("sizes are %d and %d", middle.Size, outer.Size)
	}
	var changed []int64
	w.OnChange(func(id int64) { changed = append(changed, id) })
	swedes := segment.Draft{Name: "Swedes", Version: inner.Version, Definition: rule(segment.All, when("country", segment.Equals, "Sweden"))}
	if _, err := w.Update(t.Context(), contributor, inner.ID, swedes); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, w, middle.ID); got.Size != 1 || got.Definition.Rule.Conditions[0].Label != "Swedes" {
		t.Errorf("the one around it is %+v", got)
	}
	if got := kept(t, w, outer.ID); got.Size != 2 {
		t.Errorf("the one around that is %+v", got)
	}
	if fmt.Sprint(changed) != fmt.Sprint([]int64{inner.ID, middle.ID, outer.ID}) {
		t.Errorf("told of %v", changed)
	}
	definitions, err := w.Definitions(t.Context(), []int64{outer.ID})
	if err != nil || len(definitions[0].Nested[middle.ID].Nested) != 1 {
		t.Fatalf("frozen %+v, %v", definitions, err)
	}
	snapshot, _ := w.snapshots.Current(t.Context())
	if got := members(t, w.db, definitions[0], snapshot, w.clock.Now()); got != "k1 k3" {
		t.Errorf("frozen members are %s", got)
	}
	if got, err := w.Count(t.Context(), contributor, inside("", outer.ID).Definition); err != nil || got != 2 {
		t.Errorf("live count is %d, %v", got, err)
	}
}

func TestSegmentsMakeNoCircle(t *testing.T) {
	w := peopled(t)
	a := create(t, w, danes("A"))
	b := create(t, w, inside("B", a.ID))
	c := create(t, w, inside("C", b.ID))
	for _, state := range []segment.State{segment.Active, ""} {
		back := inside("A", c.ID)
		back.Version, back.State = a.Version, state
		_, err := w.Update(t.Context(), contributor, a.ID, back)
		wantField(t, err, "rule.0.value", segment.CodeCycle)
		if got := fmt.Sprint(problem.Of(err).Fields[0].Args); got != "[Chain A → C → B → A]" {
			t.Errorf("the circle is %s", got)
		}
	}
	itself := inside("A", a.ID)
	itself.Version = a.Version
	_, err := w.Update(t.Context(), contributor, a.ID, itself)
	wantField(t, err, "rule.0.value", segment.CodeCycle)
	drafted := inside("D", c.ID)
	drafted.State = segment.InDraft
	d := create(t, w, drafted)
	back := inside("D", d.ID)
	back.Version = d.Version
	_, err = w.Update(t.Context(), contributor, d.ID, back)
	wantField(t, err, "rule.0.value", segment.CodeCycle)
}

func TestASegmentInsideAnotherStaysWhereItIs(t *testing.T) {
	w := peopled(t)
	inner := create(t, w, danes("Danes"))
	outer := create(t, w, inside("Outer", inner.ID))
	wantProblem(t, w.Delete(t.Context(), contributor, inner.ID), problem.Conflict, segment.CodeInUse)
	wantProblem(t, w.Deactivate(t.Context(), contributor, inner.ID, true), problem.Conflict, segment.CodeInUse)
	if listed, err := w.UsedBy(t.Context(), viewer, inner.ID); err != nil || len(listed) != 1 || listed[0].SegmentID != outer.ID || listed[0].Name != "Outer" {
		t.Errorf("uses are %+v, %v", listed, err)
	}
	if err := w.Deactivate(t.Context(), contributor, outer.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Deactivate(t.Context(), contributor, inner.ID, false); err != nil {
		t.Errorf("an inactive one holds it: %v", err)
	}
	wantProblem(t, w.Delete(t.Context(), contributor, inner.ID), problem.Conflict, segment.CodeInUse)
	_, err := w.Activate(t.Context(), contributor, outer.ID)
	wantField(t, err, "rule.0.value", segment.CodeSegmentMissing)
	if err := w.Delete(t.Context(), contributor, outer.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), contributor, inner.ID); err != nil {
		t.Error(err)
	}
	_, err = w.Create(t.Context(), contributor, inside("Late", inner.ID))
	wantField(t, err, "rule.0.value", segment.CodeSegmentMissing)
}

func TestNamingEachOtherManyTimesHasAnEnd(t *testing.T) {
	w := peopled(t)
	ids := make([]int64, 12)
	for i := range ids {
		ids[i] = create(t, w, segment.Draft{Name: fmt.Sprint("Inner ", i), Definition: rule(segment.All)}).ID
	}
	var middle []int64
	for i := range 12 {
		middle = append(middle, create(t, w, inside(fmt.Sprint("Middle ", i), ids...)).ID)
	}
	_, err := w.Create(t.Context(), contributor, inside("Too much", middle...))
	wantField(t, err, "rule", segment.CodeTooMany)
}

// queue notes that work was queued.
type queue struct{ queued int }

func (q *queue) EnqueueCalculation(context.Context, database.Tx) error { q.queued++; return nil }

func TestWhoWaitsWithAChangedSegmentIsCalculatedInTheBackground(t *testing.T) {
	w := peopled(t)
	background := &queue{}
	w.SetQueue(background)
	inner := create(t, w, danes("Danes"))
	if inner.Size != 2 || !inner.WaitingSince.IsZero() || background.queued != 0 {
		t.Fatalf("what is quick is done at once: %+v, %d queued", inner, background.queued)
	}
	outer := create(t, w, inside("Outer", inner.ID))
	heard := w.events.Listen(segment.TopicOf(outer.ID))
	defer heard.Close()
	changed := segment.Draft{Name: "Danes", Version: inner.Version, Definition: rule(segment.All)}
	if got, err := w.Update(t.Context(), contributor, inner.ID, changed); err != nil || got.Size != 3 {
		t.Fatalf("changed %+v, %v", got, err)
	}
	if got := kept(t, w, outer.ID); got.WaitingSince.IsZero() || got.Size != 2 || background.queued != 1 {
		t.Fatalf("the one around it is %+v, %d queued", got, background.queued)
	}
	if err := w.Recover(t.Context()); err != nil || background.queued != 2 {
		t.Errorf("after a restart %d queued, %v", background.queued, err)
	}
	if err := w.CalculateWaiting(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, w, outer.ID); !got.WaitingSince.IsZero() || got.Size != 3 {
		t.Errorf("calculated %+v", got)
	}
	if len(heard.Take()) == 0 {
		t.Error("nobody heard of it")
	}
	if err := w.Recover(t.Context()); err != nil || background.queued != 2 {
		t.Errorf("queued for nothing: %d, %v", background.queued, err)
	}
}

func TestWhatAPersonLeftWaitingGoesOnInTheBackground(t *testing.T) {
	w := peopled(t)
	background := &queue{}
	w.SetQueue(background)
	w.snapshots.set(fill(t, w.db, 2, people, [][]any{{"k1", "Denmark", nil, nil, nil, nil}}))
	// Somebody else counts for as long as it takes, so this one does not get its turn within a second.
	var leave []func()
	for range 100 {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		done, err := w.db.Long(short)
		cancel()
		if err != nil {
			break
		}
		leave = append(leave, done)
	}
	waiting := create(t, w, danes("Danes"))
	if waiting.WaitingSince.IsZero() || !waiting.CalculatedAt.IsZero() || background.queued != 1 {
		t.Errorf("made %+v, %d queued", waiting, background.queued)
	}
	for _, done := range leave {
		done()
	}
	if err := w.CalculateWaiting(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, w, waiting.ID); got.Size != 1 || !got.WaitingSince.IsZero() {
		t.Errorf("calculated %+v", got)
	}
}

func TestSizesOverTimeAreThinnedOutWhenTheyAreOld(t *testing.T) {
	w := peopled(t)
	made := create(t, w, danes("Danes"))
	for range 5 {
		w.clock.Advance(5 * time.Hour)
		if _, err := w.Calculate(t.Context(), contributor, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	old := w.clock.Now()
	w.clock.Advance(91 * 24 * time.Hour)
	for range 3 {
		w.clock.Advance(time.Minute)
		if _, err := w.Calculate(t.Context(), contributor, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	before, err := w.Sizes(t.Context(), viewer, made.ID, time.Time{})
	if err != nil || len(before) != 9 {
		t.Fatalf("sizes are %v, %v", before, err)
	}
	if err := w.ThinSizes(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := w.Sizes(t.Context(), viewer, made.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	days := map[string]int{}
	for _, point := range after {
		days[point.At.Format(time.DateOnly)]++
	}
	if days[w.clock.Now().Format(time.DateOnly)] != 3 || days[old.Format(time.DateOnly)] != 1 {
		t.Errorf("a day has %v", days)
	}
	if last := after[len(after)-4]; !last.At.Equal(old) {
		t.Errorf("the day's last is %v, not %v", last.At, old)
	}
	if recent, err := w.Sizes(t.Context(), viewer, made.ID, w.clock.Now().Add(-time.Hour)); err != nil || len(recent) != 3 {
		t.Errorf("of the last hour %v, %v", recent, err)
	}
}

func TestTheOverlapOfTwoSegmentsAddsUp(t *testing.T) {
	w := peopled(t)
	a := create(t, w, danes("Danes"))
	b := create(t, w, segment.Draft{Name: "Known", Definition: rule(segment.Any, when("spent", segment.IsNotEmpty), in(a.ID)[0])})
	got, err := w.Overlap(t.Context(), viewer, a.ID, b.ID)
	if err != nil || got != (segment.Overlap{Both: 2, OnlySecond: 1, Profiles: 3}) {
		t.Errorf("overlap is %+v, %v", got, err)
	}
	if err := w.Deactivate(t.Context(), contributor, b.ID, false); err != nil {
		t.Fatal(err)
	}
	_, err = w.Overlap(t.Context(), viewer, a.ID, b.ID)
	wantProblem(t, err, problem.Conflict, segment.CodeNotActive)
	w.snapshots.set(fill(t, w.db, 2, people, nil))
	if got, err := w.Overlap(t.Context(), viewer, a.ID, a.ID); err != nil || got != (segment.Overlap{}) {
		t.Errorf("of nobody it is %+v, %v", got, err)
	}
}

func TestADefinitionKnowsEveryListItReads(t *testing.T) {
	w := peopled(t)
	uploaded := listOf(t, w, "k1\n")
	list := create(t, w, segment.Draft{Name: "List", Definition: segment.Definition{Kind: segment.ByList, ListID: uploaded.ID}})
	outer := create(t, w, inside("Outer", create(t, w, inside("Middle", list.ID)).ID))
	definitions, err := w.Definitions(t.Context(), []int64{outer.ID})
	if err != nil || fmt.Sprint(definitions[0].Lists()) != fmt.Sprint([]int64{uploaded.ID}) {
		t.Errorf("lists are %v, %v", definitions, err)
	}
}
