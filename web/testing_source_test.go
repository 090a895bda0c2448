package web

import (
	"context"
	"sync"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/pushdown"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/testkit"
)

// testSources gives a service of sources whose confirmed imports run at once, beside the test, until it ends.
func testSources(t testing.TB, db *database.DB, profiles *profile.Service, events *event.Hub, clock *testkit.Clock) *source.Service {
	t.Helper()
	service := source.NewService(db, profiles, events, clock.Now, source.Options{Folder: t.TempDir()})
	starter := &importStarter{t: t, db: db, service: service}
	service.StartWith(starter)
	if err := service.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(starter.running.Wait)
	return service
}

type importStarter struct {
	t       testing.TB
	db      *database.DB
	service *source.Service
	running sync.WaitGroup
}

// StartImport runs the import as soon as the transaction that starts it is over: the next one that writes comes after it.
func (s *importStarter) StartImport(_ context.Context, _ database.Tx, importID int64) error {
	s.soon(func(ctx context.Context) error { return s.service.RunImport(ctx, importID) })
	return nil
}

// StartUnify makes the profiles anew likewise.
func (s *importStarter) StartUnify(context.Context, database.Tx) error {
	s.soon(s.service.Unify)
	return nil
}

func (s *importStarter) soon(work func(context.Context) error) {
	ctx := context.WithoutCancel(s.t.Context()) // the test's own ends before what it waits for at its end
	s.running.Go(func() {
		err := s.db.InTx(ctx, func(database.Tx) error { return nil })
		if err == nil {
			err = work(ctx)
		}
		if err != nil {
			s.t.Errorf("work in the background: %v", err)
		}
	})
}

// noneStays is that every source is copied.
type noneStays struct{}

func (noneStays) Staying(context.Context, int64) (pushdown.Source, error) {
	return pushdown.Source{}, problem.New(problem.NotFound, pushdown.CodeGone)
}

func (noneStays) Bases(context.Context) ([]pushdown.Base, error) { return nil, nil }
