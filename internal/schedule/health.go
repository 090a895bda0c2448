package schedule

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/database"
)

// Health is how the schedule of the system stands, for the package that watches over what Segue does by itself.
type Health struct {
	On      bool
	Overdue time.Time // a time that came due and that nobody has dealt with; zero: none
}

// Health reads how the schedule stands.
func (s *Service) Health(ctx context.Context, q database.Querier) (Health, error) {
	kept, err := get(ctx, q)
	if err != nil || !kept.On {
		return Health{}, err
	}
	calendar, err := kept.calendar()
	if err != nil {
		return Health{}, err
	}
	h := Health{On: true}
	if due, ok := calendar.latest(s.clock()); ok && due.After(kept.LastDue) && due.After(kept.ChangedAt) {
		h.Overdue = due
	}
	return h, nil
}
