package run

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/exclusion"
)

// changingList is at another version as soon as something waited.
type changingList struct{ version uint64 }

func (l *changingList) Version() uint64 { return l.version }

func (l *changingList) Matcher(context.Context, ...exclusion.Scope) (*exclusion.Matcher, error) {
	return &exclusion.Matcher{Version: l.version}, nil
}

// unchanged are connections that nobody changes.
type unchanged struct{ Connections }

func (unchanged) Changes() uint64 { return 0 }

// slowGate lets the list change while somebody waits.
type slowGate struct {
	list  *changingList
	given bool // back
}

func (g *slowGate) Enter(context.Context) (func(destination.Answer), error) {
	g.list.version++
	return func(destination.Answer) { g.given = true }, nil
}

func TestABatchThatWaitedWhileTheListChangedIsNotSentAsItWasSorted(t *testing.T) {
	list := &changingList{version: 4}
	inner := &slowGate{list: list}
	x := &execution{service: &Service{exclusions: list, connections: unchanged{}}, underWay: &underWay{stopping: t.Context()}}
	sorted := sortedByList(t.Context(), list.Version())
	if _, err := (&gate{inner: inner, x: x}).Enter(sorted); !errors.Is(err, errListChanged) || !inner.given || x.requests.Load() != 0 {
		t.Errorf("error %v, place given back %v, %d requests", err, inner.given, x.requests.Load())
	}
	if _, err := (&gate{inner: inner, x: x}).Enter(t.Context()); err != nil {
		t.Errorf("a request that sends nobody: %v", err)
	}
	if _, err := (&noted{inner: inner, list: list}).Enter(sortedByList(t.Context(), list.Version())); !errors.Is(err, errListChanged) {
		t.Errorf("one profile by itself: %v", err)
	}
}

// closedGate lets nobody in, as while the destination asks for a long pause.
type closedGate struct{}

func (closedGate) Enter(ctx context.Context) (func(destination.Answer), error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestAStoppedRunDoesNotWaitForEverForAPlaceToReadInTheBudget(t *testing.T) {
	for _, why := range []error{cancelled, errShutdown} {
		stopping, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		x := &execution{service: &Service{}, underWay: &underWay{stopping: stopping}, unit: time.Microsecond}
		for _, reads := range []bool{true, false} {
			time.AfterFunc(time.Millisecond, func() { stop(why) }) // while it waits; the second time before
			within, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if _, err := (&gate{inner: closedGate{}, x: x, reads: reads}).Enter(within); !errors.Is(err, why) {
				t.Errorf("stopped by %v, reads %v: %v", why, reads, err)
			}
			cancel()
		}
	}
}

func TestWhoWaitsForTheDatabaseGivesUpWhenTheProgramStopsAlsoForARunThatWasPausedBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segue.db")
	db, err := database.Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := database.Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	hold, err := other.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	locked := db.InTx(t.Context(), func(database.Tx) error { return nil })
	if err := errors.Join(hold.Rollback(), other.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	stopping, stop := context.WithCancelCause(t.Context())
	stop(&halt{state: Paused, code: ByPerson})
	for _, shutting := range []bool{false, true} {
		s := &Service{log: slog.New(slog.DiscardHandler), events: &event.Hub{}, shutting: shutting}
		if again := s.endure(t.Context(), &underWay{stopping: stopping}, locked, 0); again == shutting {
			t.Errorf("the program stops: %v, tries again: %v", shutting, again)
		}
	}
}
