package profile

import (
	"context"

	"github.com/segue-app/segue/internal/database"
)

// Whoever brings profiles in fills a snapshot: New, Insert again and again, then Keep, or Drop when nothing comes of it.

// New makes the table of a snapshot with the attributes and gives the snapshot its id.
func (s *Service) New(ctx context.Context, tx database.Tx, snapshot *Snapshot) error {
	return s.store.insertSnapshot(ctx, tx, snapshot, s.now())
}

// Insert adds rows, numbered from first on. values are row after row: the id, then the attributes as they are stored. It
// returns the indexes of the rows that were left out because an earlier row has their id.
func (s *Service) Insert(ctx context.Context, tx database.Tx, snapshot Snapshot, first int, values []any) (duplicates []int, err error) {
	return s.store.insertRows(ctx, tx, snapshot, first, values)
}

// Keep completes a filled snapshot, whose Rows and Filled are counted. The holder keeps it from being dropped; see Hold.
func (s *Service) Keep(ctx context.Context, tx database.Tx, snapshot Snapshot, holder string) error {
	if err := s.store.complete(ctx, tx, snapshot, s.now()); err != nil {
		return err
	}
	return s.store.hold(ctx, tx, snapshot.ID, holder)
}

// MakeCurrent puts the complete snapshot of the only source in the place of the current one.
func (s *Service) MakeCurrent(ctx context.Context, tx database.Tx, snapshotID int64) error {
	if err := s.store.swap(ctx, tx, snapshotID); err != nil {
		return err
	}
	return s.store.holdParts(ctx, tx, snapshotID, nil)
}

// Replaced tells everybody that MakeCurrent was committed, and removes snapshots that nobody needs any more.
func (s *Service) Replaced(ctx context.Context) error {
	s.events.Publish(CurrentTopic)
	return s.dropUnheld(ctx)
}

// Drop removes a snapshot, unless it is the current one or held.
func (s *Service) Drop(ctx context.Context, id int64) error { return s.store.drop(ctx, id, s.now()) }

// Recover removes what a killed process left behind: half-filled snapshots, and those that nobody needs any more.
func (s *Service) Recover(ctx context.Context) error {
	loading, err := s.store.loadingSnapshots(ctx)
	if err != nil {
		return err
	}
	for _, id := range loading {
		if err := s.Drop(ctx, id); err != nil {
			return err
		}
	}
	return s.dropUnheld(ctx)
}

// Known are the attributes of all snapshots so far, by key, as people have corrected them.
func (s *Service) Known(ctx context.Context) (map[string]Attribute, error) {
	return knownAttributes(ctx, s.store.db.Reader())
}
