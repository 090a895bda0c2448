package run

import (
	"context"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// StartScheduled queues, for the program itself, a run of every export with an active schedule. It counts those that were
// started, and those passed over because they cannot run now or already do. An export of which a scheduled run was queued at
// or after since counts as started and is not run again: a refresh that was broken off may ask a second time.
func (s *Service) StartScheduled(ctx context.Context, since time.Time) (started, passedOver int, err error) {
	ids, err := s.exports.Scheduled(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, id := range ids {
		done, err := scheduledSince(ctx, s.db.Reader(), id, since)
		if err != nil {
			return started, passedOver, err
		}
		if done {
			started++
			continue
		}
		e, err := s.exports.Find(ctx, s.db.Reader(), id)
		if err != nil {
			return started, passedOver, err
		}
		_, err = s.start(ctx, access.System, e, Scheduled, Options{})
		switch {
		case problem.Is(err, problem.Conflict):
			s.log.InfoContext(ctx, "export passed over", "export", id, "reason", problem.Of(err).Code)
			passedOver++
		case err != nil:
			return started, passedOver, err
		default:
			started++
		}
	}
	return started, passedOver, nil
}

func scheduledSince(ctx context.Context, q database.Querier, exportID int64, since time.Time) (found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM runs WHERE export_id = ? AND cause = ? AND queued_at >= ?)`,
		exportID, Scheduled, database.Millis(since)).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("look for scheduled runs of export %d: %w", exportID, err)
	}
	return found, nil
}
