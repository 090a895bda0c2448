package connection

import (
	"context"
	"errors"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
)

// Account opens a connection in use for the program itself: for runs, which ask Obstacle before they use it. The
// connection comes with it, as it was when the key was read; MarkFailure wants it back. A key that cannot be read
// from its store is marked here; FailureOf the error says so.
func (s *Service) Account(ctx context.Context, id int64, gate destination.Gate) (destination.Account, Connection, error) {
	c, key, driver, err := s.keyOf(ctx, id, false)
	if failure := storeFailure(err); failure != "" {
		return nil, c, errors.Join(err, s.MarkFailure(ctx, c, failure))
	}
	if err != nil {
		return nil, Connection{}, err
	}
	return driver.Open(key, gate), c, nil
}

// MarkFailure writes down that the key does not work, unless the key was replaced since c was read.
func (s *Service) MarkFailure(ctx context.Context, c Connection, failure Failure) error {
	var marked bool
	err := s.db.InTx(ctx, func(tx database.Tx) (err error) {
		marked, err = mark(ctx, tx, c, failure, s.clock())
		return err
	})
	if marked && err == nil {
		s.publish(c.ID)
	}
	return err
}

// ClearFailure writes down that the key works.
func (s *Service) ClearFailure(ctx context.Context, c Connection) error {
	return s.MarkFailure(ctx, c, "")
}
