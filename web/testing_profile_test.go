package web

import (
	"context"
	"sync"
	"testing"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/testkit"
)

// testProfiles gives a service of profiles whose confirmed imports run at once, beside the test, until it ends.
func testProfiles(t testing.TB, db *database.DB, events *event.Hub, clock *testkit.Clock) *profile.Service {
	t.Helper()
	service := profile.NewService(db, events, clock.Now, profile.Options{Folder: t.TempDir()})
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
	service *profile.Service
	running sync.WaitGroup
}

// StartImport runs the import as soon as the transaction that starts it is over: the next one that writes comes after it.
func (s *importStarter) StartImport(_ context.Context, _ database.Tx, importID int64) error {
	s.running.Go(func() {
		if err := s.db.InTx(s.t.Context(), func(database.Tx) error { return nil }); err != nil {
			s.t.Errorf("wait for import %d: %v", importID, err)
		}
		if err := s.service.RunImport(s.t.Context(), importID); err != nil {
			s.t.Errorf("import %d: %v", importID, err)
		}
	})
	return nil
}
