package segment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
)

func danes(name string) segment.Draft {
	return segment.Draft{Name: name, Definition: rule(segment.All, when("country", segment.Equals, "denmark"))}
}

func create(t testing.TB, w world, draft segment.Draft) segment.Segment {
	t.Helper()
	created, err := w.Create(t.Context(), contributor, draft)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func TestANewSegmentKnowsItsSize(t *testing.T) {
	w := peopled(t)
	heard := w.events.Listen(segment.Topic)
	defer heard.Close()
	created := create(t, w, segment.Draft{Name: "  Danish \t customers ", Description: " All of them ", Definition: danes("").Definition})
	if created.Name != "Danish customers" || created.Description != "All of them" || created.Size != 2 || created.SnapshotID != 1 || created.CreatedBy != contributor.UserID {
		t.Errorf("created %+v", created)
	}
	if !created.CalculatedAt.Equal(w.clock.Now()) {
		t.Errorf("calculated at %v", created.CalculatedAt)
	}
	if created.Definition.Rule.Conditions[0].Label != "Country" {
		t.Errorf("the attribute's label is not kept: %+v", created.Definition)
	}
	if len(heard.Take()) == 0 {
		t.Error("nobody heard of it")
	}
}

func TestWhatIsWrongWithASegmentIsSaidAllAtOnce(t *testing.T) {
	w := peopled(t)
	create(t, w, danes("Danes"))
	_, err := w.Create(t.Context(), contributor, segment.Draft{Description: strings.Repeat("x", 501), Definition: rule(segment.All, when("spent", segment.Less, "x"))})
	wantProblem(t, err, problem.Invalid, "problem.invalid")
	wantField(t, err, "name", "problem.required")
	wantField(t, err, "description", "problem.too_long")
	wantField(t, err, "rule.0.value", segment.CodeValueNumber)
	_, err = w.Create(t.Context(), contributor, danes("DANES"))
	wantField(t, err, "name", segment.CodeNameTaken)
	_, err = w.Create(t.Context(), contributor, segment.Draft{Name: "List", Definition: segment.Definition{Kind: segment.ByList, ListID: 77}})
	wantField(t, err, "list", segment.CodeListMissing)
	_, err = w.Create(t.Context(), contributor, segment.Draft{Name: "List", Definition: segment.Definition{Kind: segment.ByList}})
	wantField(t, err, "list", segment.CodeListMissing)
}

func TestWithoutProfilesThereIsNothingToChooseFrom(t *testing.T) {
	w := newWorld(t)
	_, err := w.Create(t.Context(), contributor, danes("Danes"))
	wantProblem(t, err, problem.Conflict, segment.CodeNoProfiles)
	_, err = w.Count(t.Context(), contributor, danes("").Definition)
	wantProblem(t, err, problem.Conflict, segment.CodeNoProfiles)
}

func TestViewersLookAndChangeNothing(t *testing.T) {
	w := peopled(t)
	created := create(t, w, danes("Danes"))
	if got, err := w.Get(t.Context(), viewer, created.ID); err != nil || got.Size != 2 {
		t.Errorf("a viewer sees %+v, %v", got, err)
	}
	for name, try := range map[string]func(context.Context, access.Actor) error{
		"create": func(ctx context.Context, a access.Actor) error { _, err := w.Create(ctx, a, danes("x")); return err },
		"update": func(ctx context.Context, a access.Actor) error {
			_, err := w.Update(ctx, a, created.ID, danes("x"))
			return err
		},
		"delete":    func(ctx context.Context, a access.Actor) error { return w.Delete(ctx, a, created.ID) },
		"calculate": func(ctx context.Context, a access.Actor) error { _, err := w.Calculate(ctx, a, created.ID); return err },
		"count": func(ctx context.Context, a access.Actor) error {
			_, err := w.Count(ctx, a, created.Definition)
			return err
		},
		"sample": func(ctx context.Context, a access.Actor) error {
			_, err := w.Sample(ctx, a, created.Definition, 5)
			return err
		},
		"upload": func(ctx context.Context, a access.Actor) error {
			_, err := w.UploadList(ctx, a, strings.NewReader("k1"), "")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, try(t.Context(), viewer), problem.NotPermitted, "problem.not_permitted")
			wantProblem(t, try(t.Context(), access.Actor{}), problem.SignedOut, "problem.signed_out")
		})
	}
	for name, try := range map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { _, err := w.Get(ctx, access.Actor{}, created.ID); return err },
		"list":   func(ctx context.Context) error { _, err := w.List(ctx, access.Actor{}, segment.Query{}); return err },
		"uses":   func(ctx context.Context) error { _, err := w.UsedBy(ctx, access.Actor{}, created.ID); return err },
		"report": func(ctx context.Context) error { _, err := w.ListReport(ctx, access.Actor{}, 1); return err },
	} {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, try(t.Context()), problem.SignedOut, "problem.signed_out")
		})
	}
}

func TestOfTwoWhoEditTheSecondIsTold(t *testing.T) {
	w := peopled(t)
	created := create(t, w, danes("Danes"))
	first, second := danes("Danes and more"), danes("Other")
	first.Version, second.Version = created.Version, created.Version
	first.Definition = rule(segment.Any, when("country", segment.Equals, "sweden"))
	updated, err := w.Update(t.Context(), contributor, created.ID, first)
	if err != nil || updated.Size != 1 || updated.Version != created.Version+1 {
		t.Fatalf("updated %+v, %v", updated, err)
	}
	_, err = w.Update(t.Context(), contributor, created.ID, second)
	wantProblem(t, err, problem.Conflict, "problem.changed")
	if got, _ := w.Get(t.Context(), contributor, created.ID); got.Name != "Danes and more" {
		t.Errorf("the second overwrote the first: %+v", got)
	}
	_, err = w.Update(t.Context(), contributor, 999, second)
	wantProblem(t, err, problem.NotFound, "problem.not_found")
}

type uses map[int64][]segment.Use

func (u uses) OfSegment(_ context.Context, _ database.Querier, id int64) ([]segment.Use, error) {
	return u[id], nil
}

func TestASegmentInUseStays(t *testing.T) {
	w := peopled(t)
	used, free := create(t, w, danes("Used")), create(t, w, danes("Free"))
	w.SetUses(uses{used.ID: {{ExportID: 1, Name: "Newsletter", Path: "/exports/1"}, {ExportID: 2, Name: "Offers", Path: "/exports/2"}}})
	p := wantProblem(t, w.Delete(t.Context(), contributor, used.ID), problem.Conflict, segment.CodeInUse)
	if fmt.Sprint(p.Args) != "[Count 2]" {
		t.Errorf("args are %v", p.Args)
	}
	if listed, err := w.UsedBy(t.Context(), viewer, used.ID); err != nil || len(listed) != 2 {
		t.Errorf("users are %v, %v", listed, err)
	}
	if _, err := w.Get(t.Context(), contributor, used.ID); err != nil {
		t.Errorf("it went anyway: %v", err)
	}
	if err := w.Delete(t.Context(), contributor, free.ID); err != nil {
		t.Error(err)
	}
	_, err := w.Get(t.Context(), contributor, free.ID)
	wantProblem(t, err, problem.NotFound, "problem.not_found")
	wantProblem(t, w.Delete(t.Context(), contributor, free.ID), problem.NotFound, "problem.not_found")
}

func TestAfterARefreshSizesFollowAndAMissingAttributeIsNoted(t *testing.T) {
	w := peopled(t)
	byCountry := create(t, w, danes("Danes"))
	byAmount := create(t, w, segment.Draft{Name: "Spenders", Definition: rule(segment.All, when("spent", segment.AtLeast, "10"))})
	w.clock.Advance(time.Hour)
	w.snapshots.set(fill(t, w.db, 2, people[:1], [][]any{{"k1", "Sweden"}, {"k9", "Denmark"}, {"k10", "denmark"}, {"k11", "DENMARK"}}))
	if err := w.CalculateAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, _ := w.Get(t.Context(), viewer, byCountry.ID)
	if got.Size != 3 || got.SnapshotID != 2 || !got.CalculatedAt.Equal(w.clock.Now()) || got.Failure != "" {
		t.Errorf("recalculated %+v", got)
	}
	got, _ = w.Get(t.Context(), viewer, byAmount.ID)
	if got.Failure != segment.CodeAttributeMissing || got.FailureAbout != "Amount spent" || got.Size != byAmount.Size || got.SnapshotID != 1 {
		t.Errorf("without its attribute %+v", got)
	}
	w.clock.Advance(time.Hour)
	w.snapshots.set(fill(t, w.db, 3, people, nil))
	got, err := w.Calculate(t.Context(), contributor, byAmount.ID)
	if err != nil || got.Failure != "" || got.Size != 0 || got.SnapshotID != 3 {
		t.Errorf("with the attribute back %+v, %v", got, err)
	}
	var sizes string
	if err := w.db.Reader().QueryRowContext(t.Context(), "SELECT group_concat(size) FROM (SELECT size FROM segment_sizes WHERE segment_id = ? ORDER BY at)",
		byCountry.ID).Scan(&sizes); err != nil || sizes != "2,3" {
		t.Errorf("sizes over time are %q, %v", sizes, err)
	}
}

func TestACalculationThatIsCutShortSaysNothingAboutTheSegment(t *testing.T) {
	w := peopled(t)
	created := create(t, w, danes("Danes"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.CalculateAll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if got, _ := w.Get(t.Context(), viewer, created.ID); got.Failure != "" || got.Size != 2 {
		t.Errorf("left %+v", got)
	}
}

func TestAProgramFaultIsNotedOnTheSegmentAndHiddenFromPeople(t *testing.T) {
	w := peopled(t)
	created := create(t, w, danes("Danes"))
	w.snapshots.set(profile.Snapshot{ID: 99, Attributes: people}) // its table is not there
	got, err := w.Calculate(t.Context(), contributor, created.ID)
	if err != nil || got.Failure != segment.CodeCalculation || got.Size != 2 {
		t.Errorf("left %+v, %v", got, err)
	}
}

func TestTheListIsSearchedSortedAndPagedInTheDatabase(t *testing.T) {
	w := peopled(t)
	create(t, w, danes("Østjylland"))
	create(t, w, segment.Draft{Name: "everybody", Definition: rule(segment.All)})
	create(t, w, segment.Draft{Name: "Swedes", Definition: rule(segment.All, when("country", segment.Equals, "Sweden"))})
	names := func(query segment.Query) string {
		t.Helper()
		page, err := w.List(t.Context(), viewer, query)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range page.Segments {
			names = append(names, s.Name)
		}
		return fmt.Sprint(page.Total, " ", strings.Join(names, ", "))
	}
	for _, c := range []struct {
		name  string
		query segment.Query
		want  string
	}{
		{"by name without regard to case", segment.Query{}, "3 everybody, Swedes, Østjylland"},
		{"by size, largest first", segment.Query{Order: segment.BySize, Descending: true}, "3 everybody, Østjylland, Swedes"},
		{"search in any case", segment.Query{Search: "øST"}, "1 Østjylland"},
		{"a wildcard is only a character", segment.Query{Search: "%"}, "0 "},
		{"a page", segment.Query{Limit: 1, Offset: 1}, "3 Swedes"},
		{"an order that there is not", segment.Query{Order: "id; DROP TABLE segments"}, "3 everybody, Swedes, Østjylland"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := names(c.query); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheSampleShowsWhatTheRuleNamesFirst(t *testing.T) {
	w := peopled(t)
	sample, err := w.Sample(t.Context(), contributor, rule(segment.All, when("spent", segment.AtLeast, "10")), 1)
	if err != nil {
		t.Fatal(err)
	}
	if sample.Attributes[0].Key != "spent" || len(sample.Attributes) != len(people) || len(sample.Rows) != 1 {
		t.Errorf("sample is %+v", sample)
	}
	if got := fmt.Sprintf("%q", sample.Rows); got != `[{"k1" ["10" "Denmark" "1" "•••" "2026-05-30T10:00:00Z"]}]` {
		t.Errorf("rows are %s", got)
	}
}

func TestUnionsCountNobodyTwiceAndDefinitionsKeepTheirOrder(t *testing.T) {
	w := peopled(t)
	first := create(t, w, segment.Draft{Name: "Members", Definition: rule(segment.All, when("member", segment.IsTrue))})
	second := create(t, w, danes("Danes"))
	definitions, err := w.Definitions(t.Context(), []int64{second.ID, first.ID})
	if err != nil || definitions[0].Rule.Conditions[0].Attribute != "country" || definitions[1].Rule.Conditions[0].Attribute != "member" {
		t.Fatalf("definitions are %+v, %v", definitions, err)
	}
	snapshot, _ := w.snapshots.Current(t.Context())
	if count, err := w.UnionCount(t.Context(), definitions, snapshot, w.clock.Now()); err != nil || count != 2 {
		t.Errorf("union is %d, %v", count, err)
	}
	_, err = w.Definitions(t.Context(), []int64{first.ID, 999})
	wantProblem(t, err, problem.NotFound, "problem.not_found")
}

func TestACountThatTakesTooLongIsSaidSo(t *testing.T) {
	w := peopled(t)
	snapshot, _ := w.snapshots.Current(t.Context())
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := w.UnionCount(ctx, []segment.Definition{rule(segment.All)}, snapshot, w.clock.Now())
	wantProblem(t, err, problem.Unavailable, segment.CodeTooSlow)
}
