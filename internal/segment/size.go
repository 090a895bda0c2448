package segment

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
)

// everySizeAge is how long every size is kept; of each day before that, the last one is.
const everySizeAge = 90 * 24 * time.Hour

// Point is the size of a segment at a moment.
type Point struct {
	At   time.Time
	Size int
}

// Sizes reads the sizes of a segment since a moment, in the order of time.
func (s *Service) Sizes(ctx context.Context, actor access.Actor, id int64, since time.Time) ([]Point, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return readSizes(ctx, s.db.Reader(), id, since)
}

// ThinSizes leaves one size a day of those that are older than 90 days.
func (s *Service) ThinSizes(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return thinSizes(ctx, tx, s.now().Add(-everySizeAge)) })
}
