package connection

import (
	"context"
	"errors"

	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
)

// Account reads the key of a connection in use for the program itself: for runs, which ask Obstacle before they use it. It gives
// what opens an account with that key behind a gate, as often as there are gates, so that an account that proved the key and one that
// sends never have two. The connection comes with it, as it was when the key was read; MarkFailure wants it back. A key that cannot
// be read from its store is marked here; FailureOf the error says so.
func (s *Service) Account(ctx context.Context, id int64) (open func(destination.Gate) destination.Account, c Connection, err error) {
	c, key, driver, err := s.keyOf(ctx, id, false)
	if failure := storeFailure(err); failure != "" {
		return nil, c, errors.Join(err, s.MarkFailure(ctx, c, failure))
	}
	if err != nil {
		return nil, Connection{}, err
	}
	return func(gate destination.Gate) destination.Account { return driver.Open(key, gate) }, c, nil
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
