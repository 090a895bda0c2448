// Package source owns where profiles come from, and how they come in: the sources, and their imports, each into a snapshot of
// its source. What a snapshot is, and how several become one, belongs to package profile.
package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/warehouse"
)

// ImportsTopic is the topic of events about any import; see Import.Topic for those of one.
const ImportsTopic = "imports"

func topic(importID int64) string { return fmt.Sprintf("import/%d", importID) }

// Starter puts work in the queue of background jobs, within the transaction that makes it necessary. An import's job calls
// RunImport.
type Starter interface {
	StartImport(ctx context.Context, tx database.Tx, importID int64) error
	// StartUnify has Unify called, and what was made of the profiles before made anew.
	StartUnify(ctx context.Context, tx database.Tx) error
}

// Options are what a Service needs of its surroundings.
type Options struct {
	Folder string           // for files, until they are imported
	Watch  []string         // folders that sources may watch
	Quiet  time.Duration    // that a file must be unchanged before it is read by itself: 5 s when it is 0
	Sealer *secret.Sealer   // for passwords of databases
	SQL    warehouse.Limits // which databases may be reached, and for how long
	Log    *slog.Logger
}

// Service is all that people and other packages can do with sources.
type Service struct {
	store    store
	profiles *profile.Service
	events   *event.Hub
	now      func() time.Time
	folder   string
	log      *slog.Logger
	starter  Starter
	erasures Erasures // nil: everybody may come in
	uses     Uses     // nil: nothing is made from a source
	folders  []string
	sealer   *secret.Sealer
	limits   warehouse.Limits
	quiet    time.Duration

	mutex   sync.Mutex
	running map[int64]bool   // imports under way in this process
	looked  map[int64]glance // by source
}

// NewService makes the service, which fills snapshots of the profiles. Nothing starts by itself; call Recover before anything
// else runs.
func NewService(db *database.DB, profiles *profile.Service, events *event.Hub, now func() time.Time, options Options) *Service {
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if options.Quiet == 0 {
		options.Quiet = quiet
	}
	s := &Service{
		store: store{db: db}, profiles: profiles, events: events, now: now, folder: options.Folder, log: log,
		folders: options.Watch, sealer: options.Sealer, limits: options.SQL, quiet: options.Quiet, running: map[int64]bool{}, looked: map[int64]glance{},
	}
	profiles.SetSources(s)
	return s
}

// StartWith says who starts confirmed imports. Without one they stay queued until RunImport is called.
func (s *Service) StartWith(starter Starter) { s.starter = starter }

// Recover puts right what a killed process left behind: half-received files are removed, imports that were under way are
// queued again from their stored file, and profiles that are not yet what the sources have are made anew. The profiles are
// recovered before it.
func (s *Service) Recover(ctx context.Context) error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return fmt.Errorf("folder for uploads: %w", err)
	}
	stale, err := s.profiles.Stale(ctx)
	if err != nil {
		return err
	}
	err = s.store.db.InTx(ctx, func(tx database.Tx) error {
		ids, err := s.store.requeue(ctx, tx, s.now())
		if err != nil || s.starter == nil {
			return err
		}
		if stale {
			if err := s.UnifySoon(ctx, tx); err != nil {
				return fmt.Errorf("unify again: %w", err)
			}
		}
		for _, id := range ids {
			if err := s.starter.StartImport(ctx, tx, id); err != nil {
				return fmt.Errorf("start import %d again: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.EndForgotten(ctx); err != nil {
		return err
	}
	return s.removeStrayFiles(ctx)
}

// EndForgotten discards uploads that nobody confirmed within a week, and their files, imports whose question nobody answered
// within a month, and snapshots that nobody undid an import to. Whoever cares for tidiness calls it from time to time.
func (s *Service) EndForgotten(ctx context.Context) error {
	var ended []int64
	err := s.store.db.InTx(ctx, func(tx database.Tx) (err error) {
		if ended, err = s.store.endForgotten(ctx, tx, s.now()); err != nil {
			return err
		}
		for _, id := range ended {
			if err := s.forgetEmpty(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range ended {
		s.events.Publish(topic(id))
		err = errors.Join(err, s.removeFile(id))
	}
	return errors.Join(err, s.forgetQuestions(ctx), s.forgetPrevious(ctx))
}

// forgetQuestions discards imports that have asked for long: their snapshots are full of personal data, and of no use.
func (s *Service) forgetQuestions(ctx context.Context) error {
	ids, err := s.store.askingSince(ctx, s.now().Add(-asksAtMost))
	for _, id := range ids {
		discarded := s.Answer(ctx, access.System, id, false)
		if !problem.Is(discarded, problem.Conflict) { // somebody answered just now
			err = errors.Join(err, discarded)
		}
	}
	return err
}

func (s *Service) removeStrayFiles(ctx context.Context) error {
	files, err := os.ReadDir(s.folder) // not a pattern: the folder's own name may look like one
	if err != nil {
		return fmt.Errorf("look through uploads: %w", err)
	}
	for _, file := range files {
		var id int64
		if n, err := fmt.Sscanf(file.Name(), "import-%d.csv", &id); n == 0 || err != nil || file.Name() != fileName(id) {
			continue
		}
		i, err := s.store.importByID(ctx, id)
		if err == nil && !i.State.Ended() && i.State != Asking {
			continue
		}
		if err := os.Remove(s.path(id)); err != nil {
			return fmt.Errorf("remove an old upload: %w", err)
		}
	}
	return nil
}

func (s *Service) path(importID int64) string {
	return filepath.Join(s.folder, fileName(importID))
}

func fileName(importID int64) string { return fmt.Sprintf("import-%d.csv", importID) }
