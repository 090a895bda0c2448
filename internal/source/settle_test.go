package source

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// atOnce carries imports out beside the test, as soon as the transaction that starts them is over.
type atOnce struct {
	t *testing.T
	s *Service
}

func (a atOnce) StartImport(_ context.Context, _ database.Tx, id int64) error {
	ctx, done := context.WithoutCancel(a.t.Context()), make(chan struct{})
	a.t.Cleanup(func() { <-done }) // the test may see the import settle before it has returned
	go func() {
		defer close(done)
		err := a.s.store.db.InTx(ctx, func(database.Tx) error { return nil })
		if err == nil {
			err = a.s.RunImport(ctx, id)
		}
		if err != nil {
			a.t.Errorf("import %d: %v", id, err)
		}
	}()
	return nil
}

func (a atOnce) StartUnify(context.Context, database.Tx) error { return nil }

// people is a file of n persons, numbered from first on, all in one city.
func people(first, n int, city string) string {
	var file strings.Builder
	file.WriteString("id,email,city\n")
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&file, "%d,p%d@example.com,%s\n", i, i, city)
	}
	return file.String()
}

// bring imports a file of a source as its pages do, and returns what became of it. sourceID 0 makes one.
func bring(t testing.TB, s *Service, sourceID int64, file string) Import {
	t.Helper()
	i, err := s.Receive(t.Context(), admin, sourceID, "shop.csv", 0, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	return read(t, s, i.ID)
}

func read(t testing.TB, s *Service, importID int64) Import {
	t.Helper()
	i, err := s.Import(t.Context(), admin, importID)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAnImportCountsWhatItAddsChangesAndRemoves(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	if first.Added != 10 || first.Changed != 0 || first.Removed != 0 || !first.Compared {
		t.Errorf("the first: %+v", first)
	}
	// 3 to 10 stay, of whom 3 and 4 moved; 1 and 2 go, 11 to 13 come.
	second := bring(t, s, first.SourceID, strings.Replace(strings.Replace(people(3, 11, "Aarhus"), "p3@example.com,Aarhus", "p3@example.com,Odense", 1),
		"p4@example.com,Aarhus", "p4@example.com,", 1))
	if second.Added != 3 || second.Changed != 2 || second.Removed != 2 || second.Before != 10 {
		t.Errorf("the second: added %d, changed %d, removed %d of %d", second.Added, second.Changed, second.Removed, second.Before)
	}
	third := bring(t, s, first.SourceID, strings.ReplaceAll(people(3, 11, "Aarhus"), ",city\n", ",town\n"))
	if third.Changed != 11 {
		t.Errorf("a column in another's place changes %d of 11", third.Changed)
	}
}

func TestATruncatedFileChangesNothingUntilAPersonSaysSo(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 100, "Aarhus"))
	cut := bring(t, s, first.SourceID, people(1, 69, "Aarhus"))
	if cut.State != Asking || current(t, s).Rows != 100 || cut.Removed != 31 {
		t.Fatalf("%s, %d profiles: %+v", cut.State, current(t, s).Rows, cut)
	}
	if err := s.RunImport(t.Context(), cut.ID); err != nil || read(t, s, cut.ID).State != Asking {
		t.Errorf("run again: %v", err)
	}
	if err := s.Answer(t.Context(), contributor, cut.ID, true); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a contributor answers: %v", err)
	}
	if err := s.Answer(t.Context(), admin, cut.ID, true); err != nil || current(t, s).Rows != 69 {
		t.Errorf("used: %v, %d profiles", err, current(t, s).Rows)
	}
	if err := s.Answer(t.Context(), admin, cut.ID, false); !problem.Is(err, problem.Conflict) {
		t.Errorf("answered twice: %v", err)
	}
	if enough := bring(t, s, first.SourceID, people(1, 49, "Aarhus")); enough.State != Done {
		t.Errorf("49 of 69 are %s", enough.State)
	}
}

func TestADiscardedImportLeavesNothing(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	few := bring(t, s, first.SourceID, people(1, 2, "Aarhus"))
	if err := s.Answer(t.Context(), admin, few.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, s); read(t, s, few.ID).State != Cancelled || len(got) != 1 || current(t, s).Rows != 10 {
		t.Errorf("%s, tables %v", read(t, s, few.ID).State, got)
	}
}

func TestANewerImportTakesThePlaceOfAQuestion(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	few := bring(t, s, first.SourceID, people(1, 2, "Aarhus"))
	bring(t, s, first.SourceID, people(1, 11, "Aarhus"))
	if got := read(t, s, few.ID); got.State != Cancelled || got.Code != "sources.superseded" {
		t.Errorf("%+v", got)
	}
	if got := tables(t, s); len(got) != 2 {
		t.Errorf("tables %v, want what is in use and what was before", got)
	}
	if err := s.Answer(t.Context(), admin, few.ID, true); !problem.Is(err, problem.Conflict) {
		t.Errorf("answered too late: %v", err)
	}
}

func TestASourceThatNeverAsksTakesWhatComes(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	of, err := s.Get(t.Context(), admin, first.SourceID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Edit(t.Context(), admin, of.ID, of.Version, Entry{Name: "Shop", ShrinkShare: 0}); err != nil {
		t.Fatal(err)
	}
	if few := bring(t, s, first.SourceID, people(1, 1, "Aarhus")); few.State != Done {
		t.Errorf("%s", few.State)
	}
	if _, err := s.Edit(t.Context(), admin, of.ID, of.Version, Entry{Name: "Shop"}); !problem.Is(err, problem.Conflict) {
		t.Errorf("an edit of an older version: %v", err)
	}
}

func TestTheLastImportIsUndoneOnceAndWithinAWeek(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	if err := s.Undo(t.Context(), admin, first.SourceID); !problem.Is(err, problem.Conflict) {
		t.Errorf("nothing was before the first: %v", err)
	}
	second := bring(t, s, first.SourceID, people(1, 12, "Odense"))
	if err := s.Undo(t.Context(), admin, first.SourceID); err != nil {
		t.Fatal(err)
	}
	if _, r, err := s.profiles.Profile(t.Context(), admin, 0, "1"); err != nil || current(t, s).Rows != 10 || r.Values[1] != "Aarhus" {
		t.Errorf("after the undo: %v, %v", r, err)
	}
	if read(t, s, second.ID).UndoneAt.IsZero() || len(tables(t, s)) != 1 {
		t.Errorf("tables %v", tables(t, s))
	}
	if err := s.Undo(t.Context(), admin, first.SourceID); !problem.Is(err, problem.Conflict) {
		t.Errorf("undone twice: %v", err)
	}
	bring(t, s, first.SourceID, people(1, 12, "Odense"))
	began := s.now()
	s.now = func() time.Time { return began.Add(undoWithin + time.Hour) }
	if err := s.EndForgotten(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Undo(t.Context(), admin, first.SourceID); !problem.Is(err, problem.Conflict) || len(tables(t, s)) != 1 {
		t.Errorf("after a week: %v, tables %v", err, tables(t, s))
	}
}

func TestARunKeepsItsSnapshotWhateverItsSourceDoes(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	held := current(t, s)
	err := s.store.db.InTx(t.Context(), func(tx database.Tx) error { return s.profiles.Hold(t.Context(), tx, held.ID, "run/1") })
	if err != nil {
		t.Fatal(err)
	}
	bring(t, s, first.SourceID, people(1, 11, "Odense"))
	bring(t, s, first.SourceID, people(1, 12, "Odense"))
	if err := s.Undo(t.Context(), admin, first.SourceID); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), admin, first.SourceID); err != nil {
		t.Fatal(err)
	}
	if _, r, err := s.profiles.Profile(t.Context(), admin, held.ID, "1"); err != nil || r.Values[1] != "Aarhus" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestARemovedSourceTakesItsProfilesAlongAndFreesItsName(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 10, "Aarhus"))
	waiting, err := s.Receive(t.Context(), admin, first.SourceID, "shop.csv", 0, strings.NewReader(people(1, 3, "Odense")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), admin, first.SourceID); err != nil {
		t.Fatal(err)
	}
	if err := s.Unify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.profiles.Current(t.Context()); !problem.Is(err, problem.NotFound) || len(tables(t, s)) != 0 {
		t.Errorf("current: %v, tables %v", err, tables(t, s))
	}
	if got := read(t, s, waiting.ID); got.State != Cancelled {
		t.Errorf("the file that waited is %s", got.State)
	}
	again := bring(t, s, 0, people(1, 3, "Odense"))
	if again.SourceName != "shop" || again.SourceID == first.SourceID {
		t.Errorf("%+v", again)
	}
}

func TestANewFileBeginsWithTheSettingsOfItsSource(t *testing.T) {
	s := newService(t)
	i, err := s.Receive(t.Context(), admin, 0, "shop.csv", 0, strings.NewReader("id,email,postcode,note\n1,a@example.com,0800,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	i.Settings.Mode, i.Settings.Columns[2].Kind, i.Settings.Columns[3].Include = AllOrNothing, "number", false
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	next, err := s.Receive(t.Context(), admin, i.SourceID, "other.csv", 0, strings.NewReader("city;note;postcode;id\nAarhus;y;8000;1\n"))
	if err != nil {
		t.Fatal(err)
	}
	of, err := s.Get(t.Context(), admin, i.SourceID)
	if err != nil {
		t.Fatal(err)
	}
	got := next.Settings
	if got.Mode != AllOrNothing || got.Columns[2].Kind != "number" || got.Columns[1].Include || got.ID != 3 || got.Delimiter != ";" {
		t.Errorf("%+v", got)
	}
	missing, added := got.Missing(of.Reading), got.New(of.Reading)
	if len(missing) != 1 || missing[0].Key != "email" || len(added) != 1 || added[0].Key != "city" {
		t.Errorf("missing %+v, new %+v", missing, added)
	}
}

func TestAnImportByItselfLeavesTheMarkOfARenamedColumnWhereAnAdministratorPutIt(t *testing.T) {
	s := newService(t)
	const file = "id,email\n1,a@example.com\n"
	i, err := s.Receive(t.Context(), admin, 0, "shop.csv", 0, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	i.Settings.Columns[1].Attribute = "email_shop"
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	taken := profile.Correction{Key: "email_shop", Label: "Of the shop", Mark: profile.NotPersonal, Was: profile.Personal}
	if err := s.profiles.CorrectAttributes(t.Context(), admin, []profile.Correction{taken}); err != nil {
		t.Fatal(err)
	}
	next, err := s.Receive(t.Context(), admin, i.SourceID, "shop.csv", 0, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Confirm(t.Context(), admin, next.ID, next.Settings); err != nil {
		t.Fatal(err)
	}
	if err := s.RunImport(t.Context(), next.ID); err != nil {
		t.Fatal(err)
	}
	if a, ok := current(t, s).Attribute("email_shop"); !ok || a.Mark != profile.NotPersonal || a.Label != "Of the shop" {
		t.Errorf("%v: %+v", ok, a)
	}
}

func TestProfilesOfSeveralSourcesComeTogetherInTheOrderOfTrust(t *testing.T) {
	s := newService(t)
	shop := bring(t, s, 0, people(1, 10, "Aarhus"))
	club := bring(t, s, 0, people(6, 10, "Odense"))
	if club.SourceName != "shop 2" || current(t, s).Rows != 15 {
		t.Fatalf("%s: %d profiles", club.SourceName, current(t, s).Rows)
	}
	city := func() any {
		snapshot, r, err := s.profiles.Profile(t.Context(), admin, 0, "6")
		if err != nil {
			t.Fatal(err)
		}
		for n, a := range snapshot.Attributes {
			if a.Key == "city" {
				return r.Values[n]
			}
		}
		return nil
	}
	if got := city(); got != "Aarhus" {
		t.Errorf("the first is believed: %v", got)
	}
	if err := s.Move(t.Context(), admin, club.SourceID, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Unify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := city(); got != "Odense" {
		t.Errorf("moved up: %v", got)
	}
	if err := s.Remove(t.Context(), admin, shop.SourceID); err != nil {
		t.Fatal(err)
	}
	if err := s.Unify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := current(t, s); got.Rows != 10 {
		t.Errorf("%d profiles after a source was removed", got.Rows)
	}
}

func TestAQuestionThatNobodyAnswersIsNotKeptForEver(t *testing.T) {
	s := newService(t)
	first := bring(t, s, 0, people(1, 100, "Aarhus"))
	asked := bring(t, s, first.SourceID, people(1, 10, "Aarhus"))
	if asked.State != Asking {
		t.Fatalf("%+v", asked)
	}
	for _, step := range []struct {
		age    time.Duration
		want   State
		tables int
	}{{asksAtMost - time.Hour, Asking, 2}, {asksAtMost + time.Hour, Cancelled, 1}} {
		s.now = func() time.Time { return asked.CreatedAt.Add(step.age) }
		if err := s.EndForgotten(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i := read(t, s, asked.ID); i.State != step.want || len(tables(t, s)) != step.tables || current(t, s).Rows != 100 {
			t.Errorf("after %s: %s, tables %v", step.age, i.State, tables(t, s))
		}
	}
}
