package source

import (
	"context"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

// undoWithin is how long the snapshot before the last import of a source is kept.
const undoWithin = 7 * 24 * time.Hour

// settle puts a filled snapshot in the place of the source's, or has a person asked when it is too much smaller. Until then
// nothing has changed for anybody.
func (s *Service) settle(ctx context.Context, i *Import, snapshot profile.Snapshot) error {
	of, err := s.store.source(ctx, s.store.db.Reader(), i.SourceID)
	if problem.Is(err, problem.NotFound) {
		return errStopped // removed meanwhile
	}
	if err != nil {
		return err
	}
	if err := s.compare(ctx, i, of, snapshot); err != nil {
		return err
	}
	return s.store.db.InTx(ctx, func(tx database.Tx) error {
		// An earlier import may have been answered while this one was compared.
		if of, err = s.store.source(ctx, tx, i.SourceID); problem.Is(err, problem.NotFound) {
			return errStopped
		}
		if err != nil {
			return err
		}
		if err := s.supersede(ctx, tx, of.ID, i.ID); err != nil {
			return err
		}
		if !i.unasked && of.shrinks(snapshot.Rows) {
			if err := s.profiles.Keep(ctx, tx, snapshot, askingHolder(i.ID)); err != nil {
				return err
			}
			return s.store.settled(ctx, tx, i, Asking, s.now())
		}
		if err := s.store.settled(ctx, tx, i, Done, s.now()); err != nil {
			return err
		}
		if err := s.noteImport(ctx, tx, access.System, audit.ImportUsed, *i, toldCounts(*i)...); err != nil {
			return err
		}
		if err := s.makeRoom(ctx, tx, of); err != nil {
			return err
		}
		if err := s.profiles.Keep(ctx, tx, snapshot, holder(of.ID)); err != nil {
			return err
		}
		return s.use(ctx, tx, of, snapshot.ID, of.SnapshotID)
	})
}

// makeRoom keeps what a source has now as what it had before.
func (s *Service) makeRoom(ctx context.Context, tx database.Tx, of Source) error {
	if err := s.profiles.LetGo(ctx, tx, previousHolder(of.ID)); err != nil {
		return err
	}
	if of.SnapshotID == 0 {
		return nil
	}
	if err := s.profiles.Hold(ctx, tx, of.SnapshotID, previousHolder(of.ID)); err != nil {
		return err
	}
	return s.profiles.LetGo(ctx, tx, holder(of.ID))
}

// use makes a snapshot, which the source holds, the one that it has. When no other source has profiles, it is in use at once;
// otherwise the profiles of all sources must be unified.
func (s *Service) use(ctx context.Context, tx database.Tx, of Source, snapshotID, previousID int64) error {
	if err := s.store.replace(ctx, tx, of.ID, snapshotID, previousID, s.now()); err != nil {
		return err
	}
	if alone, err := s.store.alone(ctx, tx, of.ID); err != nil || !alone || of.OwnKeys {
		return err
	}
	return s.profiles.MakeCurrent(ctx, tx, snapshotID)
}

// supersede ends the earlier imports of a source that still ask: a newer one has come to its end.
func (s *Service) supersede(ctx context.Context, tx database.Tx, sourceID, importID int64) error {
	asking, err := s.store.endAsking(ctx, tx, sourceID, importID, s.now())
	if err != nil {
		return err
	}
	for _, id := range asking {
		if err := s.profiles.LetGo(ctx, tx, askingHolder(id)); err != nil {
			return err
		}
	}
	return nil
}

// Answer says what becomes of an import that asks: its profiles are used, or they are discarded and nothing changes.
func (s *Service) Answer(ctx context.Context, actor access.Actor, importID int64, use bool) error {
	i, err := s.Import(ctx, actor, importID)
	if err != nil {
		return err
	}
	err = s.store.db.InTx(ctx, func(tx database.Tx) error {
		of, err := s.store.source(ctx, tx, i.SourceID)
		if err != nil {
			return err
		}
		if !use {
			if err := s.store.answered(ctx, tx, importID, Cancelled, "sources.discarded", s.now()); err != nil {
				return err
			}
			if err := s.noteImport(ctx, tx, actor, audit.ImportDiscarded, i); err != nil {
				return err
			}
			return s.profiles.LetGo(ctx, tx, askingHolder(importID))
		}
		if err := s.store.answered(ctx, tx, importID, Done, "", s.now()); err != nil {
			return err
		}
		if err := s.noteImport(ctx, tx, actor, audit.ImportUsed, i, toldCounts(i)...); err != nil {
			return err
		}
		if err := s.makeRoom(ctx, tx, of); err != nil {
			return err
		}
		if err := s.profiles.Hold(ctx, tx, i.SnapshotID, holder(of.ID)); err != nil {
			return err
		}
		if err := s.profiles.LetGo(ctx, tx, askingHolder(importID)); err != nil {
			return err
		}
		if err := s.use(ctx, tx, of, i.SnapshotID, of.SnapshotID); err != nil {
			return err
		}
		return s.UnifySoon(ctx, tx)
	})
	if err != nil {
		return err
	}
	s.events.Publish(topic(importID), ImportsTopic, SourcesTopic)
	return s.profiles.Replaced(ctx)
}

// Undo puts the snapshot that a source had before its last good import in its place again. That import's profiles are gone then.
func (s *Service) Undo(ctx context.Context, actor access.Actor, sourceID int64) error {
	if err := actor.Require(access.ManageProfiles); err != nil {
		return err
	}
	err := s.store.db.InTx(ctx, func(tx database.Tx) error {
		of, err := s.store.source(ctx, tx, sourceID)
		if err != nil {
			return err
		}
		if of.PreviousID == 0 {
			return problem.New(problem.Conflict, "sources.undo.none")
		}
		if busy, err := s.store.underWay(ctx, tx, sourceID); err != nil {
			return err
		} else if busy {
			return errUnderWay()
		}
		if err := s.note(ctx, tx, actor, audit.ImportUndone, of); err != nil {
			return err
		}
		if err := s.profiles.LetGo(ctx, tx, holder(of.ID)); err != nil {
			return err
		}
		if err := s.profiles.Hold(ctx, tx, of.PreviousID, holder(of.ID)); err != nil {
			return err
		}
		if err := s.profiles.LetGo(ctx, tx, previousHolder(of.ID)); err != nil {
			return err
		}
		if err := s.store.undone(ctx, tx, of.SnapshotID, s.now()); err != nil {
			return err
		}
		if err := s.use(ctx, tx, of, of.PreviousID, 0); err != nil {
			return err
		}
		return s.UnifySoon(ctx, tx)
	})
	if err != nil {
		return err
	}
	s.events.Publish(SourcesTopic, ImportsTopic)
	return s.profiles.Replaced(ctx)
}

// forgetPrevious gives up the snapshots that nobody undid an import to within a week.
func (s *Service) forgetPrevious(ctx context.Context) error {
	old, err := s.store.outdated(ctx, s.now().Add(-undoWithin))
	for _, id := range old {
		err = errors.Join(err, s.store.db.InTx(ctx, func(tx database.Tx) error {
			of, err := s.store.source(ctx, tx, id)
			if err != nil || of.ReplacedAt.After(s.now().Add(-undoWithin)) {
				return err // replaced meanwhile
			}
			if err := s.profiles.LetGo(ctx, tx, previousHolder(id)); err != nil {
				return err
			}
			return s.store.replace(ctx, tx, id, of.SnapshotID, 0, of.ReplacedAt)
		}))
	}
	if len(old) == 0 {
		return err
	}
	return errors.Join(err, s.profiles.Replaced(ctx))
}
