package run

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
)

// Brief is a run in a few numbers: what somebody needs who looks at many. Tries of one profile are never among them.
type Brief struct {
	ID        int64
	State     State
	Counts    Counts // Profiles, Accepted, Unchanged, Invalid, Refused, Duplicates, Excluded and Erased alone
	QueuedAt  time.Time
	StartedAt time.Time
	EndedAt   time.Time
}

// Took is how long the run was under way; 0 when it has not ended, or never began.
func (b Brief) Took() time.Duration {
	if b.StartedAt.IsZero() || b.EndedAt.IsZero() {
		return 0
	}
	return b.EndedAt.Sub(b.StartedAt)
}

// LeftOut is how many profiles were deliberately not sent: for another one's address, the list of exclusions, or because they
// were erased.
func (c Counts) LeftOut() int { return c.Duplicates + c.Excluded + c.Erased }

// Recent reads the last runs of some exports, of each the oldest first.
func (s *Service) Recent(ctx context.Context, actor access.Actor, exportIDs []int64, most int) (map[int64][]Brief, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return recentRuns(ctx, s.db.Reader(), exportIDs, most)
}

// Day is how many profiles runs delivered that ended on a day.
type Day struct {
	Begin    time.Time // midnight, or the first moment of a day that has none
	Accepted int
}

// Delivered tells what an export delivered on each of the last days, today included, the first one first. A day begins and ends
// in the zone; a run counts on the day on which it ended, one that is under way today.
func (s *Service) Delivered(ctx context.Context, actor access.Actor, exportID int64, days int, zone *time.Location) ([]Day, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	now := s.clock().In(zone)
	delivered := make([]Day, days)
	for i := range delivered {
		delivered[i].Begin = time.Date(now.Year(), now.Month(), now.Day()-days+1+i, 0, 0, 0, 0, zone)
	}
	ended, err := endings(ctx, s.db.Reader(), exportID, delivered[0].Begin, now)
	if err != nil {
		return nil, err
	}
	place := 0
	for _, e := range ended {
		for place+1 < days && !e.at.Before(delivered[place+1].Begin) {
			place++
		}
		delivered[place].Accepted += e.accepted
	}
	return delivered, nil
}
