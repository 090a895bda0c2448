package schedule

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Health is how the schedules stand, for the package that watches over what Segue does by itself.
type Health struct {
	On      bool                // of the system
	Overdue time.Time           // a time of the system's schedule that came due and that nobody has dealt with; zero: none
	Exports map[int64]time.Time // likewise of exports with a schedule of their own, by id
}

// Health reads how the schedules stand.
func (s *Service) Health(ctx context.Context, q database.Querier) (Health, error) {
	kept, err := get(ctx, q)
	if err != nil {
		return Health{}, err
	}
	overdue, err := s.Due(ctx, q)
	h := Health{On: kept.On, Exports: map[int64]time.Time{}}
	for _, one := range overdue {
		if one.ExportID == 0 {
			h.Overdue = one.Since
		} else {
			h.Exports[one.ExportID] = one.Since
		}
	}
	return h, err
}
