package source

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/secret"
)

func TestAFileOfAFolderThatAKillKeptFromBeingReadIsReadAfterTheNextStart(t *testing.T) {
	for _, left := range []State{Receiving, Waiting} {
		s, folder, add := watching(t)
		drop(t, folder, "customers-1.csv", people(1, 5, "Aarhus"), 1)
		of := add()
		confirmed(t, s, of)
		drop(t, folder, "customers-2.csv", people(1, 6, "Aarhus"), 2)
		for range 2 {
			if err := s.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		i := newestOf(t, s, of.ID)
		if i.Cause != ByChange {
			t.Fatalf("not read: %+v", i)
		}
		if _, err := s.store.db.Writer().Exec(`UPDATE imports SET state = ? WHERE id = ?`, left, i.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		lookTwice(t, s)
		if got := newestOf(t, s, of.ID); got.ID == i.ID || got.State != Done || current(t, s).Rows != 6 {
			t.Errorf("%s when it was killed: the newest is %d after %d, %s", left, got.ID, i.ID, got.State)
		}
	}
}

func TestAScheduledRefreshReadsAgainWhatAKillBrokeOff(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 5, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	began := s.now()
	i, err := s.fetch(t.Context(), of, Import{Cause: BySchedule})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.db.Writer().Exec(`UPDATE imports SET state = 'waiting' WHERE id = ?`, i.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.StartWith(atOnce{t, s})
	if _, err := s.store.db.Writer().Exec(`UPDATE sources SET with_schedule = 1`); err != nil {
		t.Fatal(err)
	}
	again, err := s.ReadAgain(t.Context(), of.ID, began)
	if err != nil || again.ID == i.ID {
		t.Fatalf("import %d after %d, %v: want another", again.ID, i.ID, err)
	}
	if got := settled(t, s, again.ID); got.State != Done {
		t.Errorf("ended as %s", got.State)
	}
}

// stopping is a file whose reader's process is asked to stop.
type stopping struct{ stop context.CancelFunc }

func (r stopping) Read([]byte) (int, error) {
	r.stop()
	return 0, errors.New("stopped")
}

func TestAFileThatAStopKeptFromArrivingIsNotTakenForRead(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 5, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	ctx, stop := context.WithCancel(t.Context())
	if _, err := s.take(ctx, Import{SourceID: of.ID, Cause: ByChange, FileName: "customers-2.csv", Mark: "two"}, stopping{stop}); err == nil {
		t.Fatal("it arrived")
	}
	if got, err := s.Get(t.Context(), admin, of.ID); err != nil || got.Mark != "" {
		t.Errorf("mark %q, %v", got.Mark, err)
	}
	if _, err := s.take(t.Context(), Import{SourceID: of.ID, Cause: ByChange, FileName: "customers-3.csv", Mark: "three"}, strings.NewReader("\x00")); err == nil {
		t.Fatal("it was read")
	}
	if got, err := s.Get(t.Context(), admin, of.ID); err != nil || got.Mark != "three" {
		t.Errorf("what cannot be read is tried again and again: mark %q, %v", got.Mark, err)
	}
}

func TestAnOlderFileThatTookLongerToArriveDoesNotOvertakeANewerOne(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 5, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	of, err := s.Get(t.Context(), admin, of.ID)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := s.take(t.Context(), Import{SourceID: of.ID, Cause: ByChange, FileName: "customers-2.csv", Mark: "two"}, strings.NewReader(people(1, 6, "Aarhus")))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := s.take(t.Context(), Import{SourceID: of.ID, Cause: ByChange, FileName: "customers-3.csv", Mark: "three"}, strings.NewReader(people(1, 7, "Aarhus")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.goAhead(t.Context(), of, newer); err != nil {
		t.Fatal(err)
	}
	runQueued(t, s)
	if err := s.goAhead(t.Context(), of, slow); err != nil {
		t.Fatal(err)
	}
	runQueued(t, s)
	if got := read(t, s, slow.ID); got.State != Cancelled || current(t, s).Rows != 7 {
		t.Errorf("the older is %s, %d profiles", got.State, current(t, s).Rows)
	}
}

func TestAFileThatCameWhileAnOlderOneBeganIsReadWhenItsTurnComes(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 5, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	of, err := s.Get(t.Context(), admin, of.ID)
	if err != nil {
		t.Fatal(err)
	}
	older, err := s.take(t.Context(), Import{SourceID: of.ID, Cause: ByChange, FileName: "customers-2.csv", Mark: "two"}, strings.NewReader(people(1, 6, "Aarhus")))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := s.take(t.Context(), Import{SourceID: of.ID, Cause: ByChange, FileName: "customers-3.csv", Mark: "three"}, strings.NewReader(people(1, 7, "Aarhus")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.goAhead(t.Context(), of, older); err != nil {
		t.Fatal(err)
	}
	if err := s.goAhead(t.Context(), of, newer); !problem.Is(err, problem.Conflict) {
		t.Errorf("two at once: %v", err)
	}
	after, err := s.Get(t.Context(), admin, of.ID)
	if err != nil || after.Mark != "" {
		t.Errorf("taken for read: mark %q, %v", after.Mark, err)
	}
	if got := read(t, s, newer.ID); got.State != Cancelled {
		t.Errorf("somebody is asked about it: %s", got.State)
	}
}

func TestProfilesAreMadeOfAllSourcesWhenAskedForAfterAReading(t *testing.T) {
	s, folder, add := watching(t)
	drop(t, folder, "customers-1.csv", people(1, 10, "Aarhus"), 1)
	of := add()
	confirmed(t, s, of)
	bring(t, s, 0, people(100, 5, "Odense"))
	drop(t, folder, "customers-1.csv", people(1, 12, "Aarhus"), 2)
	s.StartWith(settler{t, s})
	begun, err := s.ReadAgain(t.Context(), of.ID, s.now())
	if err != nil {
		t.Fatal(err)
	}
	settled(t, s, begun.ID)
	if err := s.Unify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stale, err := s.profiles.Stale(t.Context()); err != nil || stale || current(t, s).Rows != 17 {
		t.Errorf("stale: %v, %d profiles, %v", stale, current(t, s).Rows, err)
	}
}

// settler is a starter whose process is slow after an import is done: it does not come to making the profiles.
type settler struct {
	t *testing.T
	s *Service
}

func (a settler) StartImport(_ context.Context, _ database.Tx, id int64) error {
	go func() {
		i, err := a.s.store.importByID(a.t.Context(), id)
		for err == nil && i.State != Queued {
			i, err = a.s.store.importByID(a.t.Context(), id)
		}
		if err == nil {
			err = a.s.load(a.t.Context(), &i)
		}
		if err != nil {
			a.t.Errorf("import %d: %v", id, err)
		}
	}()
	return nil
}

func (a settler) StartUnify(context.Context, database.Tx) error { return nil }

func TestAnImportThatWasDoneWithoutMakingTheProfilesMakesThemWhenItIsRunAgain(t *testing.T) {
	s := newService(t)
	bring(t, s, 0, people(1, 10, "Aarhus"))
	i := queued(t, s, customers(t, 5))
	begun := read(t, s, i.ID)
	if err := s.load(t.Context(), &begun); err != nil {
		t.Fatal(err)
	}
	if err := s.RunImport(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	if stale, err := s.profiles.Stale(t.Context()); err != nil || stale {
		t.Errorf("stale: %v, %v", stale, err)
	}
}

func TestAnAnswerThatComesWhileANewerImportIsComparedIsNotForgotten(t *testing.T) {
	for range 20 { // until the answer comes first
		s := newService(t)
		first := bring(t, s, 0, people(1, 100, "Aarhus"))
		few := bring(t, s, first.SourceID, people(1, 10, "Aarhus"))
		i, err := s.Receive(t.Context(), admin, first.SourceID, "shop.csv", 0, strings.NewReader(people(1, 11, "Aarhus")))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
			t.Fatal(err)
		}
		newest := read(t, s, i.ID)
		l := loader{service: s, i: &newest, next: 1}
		l.plan()
		if err := l.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.snapshot.Rows = 11
		writer := s.store.db.Writer()
		held, err := writer.Begin()
		if err != nil {
			t.Fatal(err)
		}
		before := writer.Stats().WaitCount
		waiting := func(n int64) {
			for writer.Stats().WaitCount < before+n {
				time.Sleep(time.Millisecond)
			}
		}
		answered, settled := make(chan error, 1), make(chan error, 1)
		go func() { answered <- s.Answer(t.Context(), admin, few.ID, true) }()
		waiting(1)
		go func() { settled <- s.settle(t.Context(), &newest, l.snapshot) }()
		waiting(2)
		if err := held.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := <-settled; err != nil {
			t.Fatal(err)
		}
		if <-answered != nil {
			continue
		}
		if after, err := s.Get(t.Context(), admin, first.SourceID); err != nil || after.PreviousID != few.SnapshotID {
			t.Errorf("before the newest it had %d, should be %d: %v", after.PreviousID, few.SnapshotID, err)
		}
		return
	}
	t.Fatal("the answer never came first")
}

func TestADatabaseIsNotLedElsewhereWithoutItsPassword(t *testing.T) {
	s := newService(t)
	var id int64
	err := s.store.db.InTx(t.Context(), func(tx database.Tx) (err error) {
		id, err = s.store.insertSource(t.Context(), tx, Source{Name: "Warehouse", Kind: SQL, Place: Copied}, s.now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	e := Entry{Name: "Warehouse", Remote: Remote{}}
	e.Remote.Address.Host = "elsewhere.example.com"
	if _, err := s.Edit(t.Context(), admin, id, 1, e); err == nil {
		t.Error("edited as if it were a folder")
	}
	if _, err := s.EditSQL(t.Context(), admin, id, 1, e, secret.Text{}); !problem.Is(err, problem.Invalid) {
		t.Errorf("without a password: %v", err)
	}
}
