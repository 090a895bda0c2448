package segment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
)

const (
	calculationLimit = 2 * time.Minute // a job waits
	patience         = time.Second     // a person waits for a page; what takes longer goes on in the background
)

// Queue has waiting segments calculated in the background.
type Queue interface {
	EnqueueCalculation(ctx context.Context, tx database.Tx) error
}

// SetQueue says who works in the background. Without one everything is calculated at once, however long it takes. Call it
// before the service is used.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// Calculate counts an active segment on the current snapshot and keeps the size: at once when that is quick, otherwise in the
// background. What keeps a size from being found is noted on the segment, with the old size left standing; that is no error here.
func (s *Service) Calculate(ctx context.Context, actor access.Actor, id int64) (Segment, error) {
	if err := actor.Require(access.EditSegments); err != nil {
		return Segment{}, err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if found.State != Active {
			return problem.New(problem.Conflict, CodeNotActive, "Name", found.Name)
		}
		return markWaiting(ctx, tx, []int64{id}, s.now())
	})
	if err != nil {
		return Segment{}, err
	}
	return s.soon(ctx, id)
}

// soon calculates a segment that waits, if it does, and leaves to the background what takes long and who waits with it. It
// gives the segment as it is then.
func (s *Service) soon(ctx context.Context, id int64) (Segment, error) {
	s.publish(id)
	found, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return found, err
	}
	if s.queue == nil {
		return s.calculateNow(ctx, found)
	}
	if !found.WaitingSince.IsZero() {
		quickly, cancel := context.WithTimeout(ctx, patience)
		_, err = s.calculated(quickly, id)
		late := quickly.Err() != nil
		cancel()
		if err != nil && !late {
			return found, err
		}
	}
	// What waits now must be done also when the person went away.
	if err := s.enqueueWaiting(context.WithoutCancel(ctx)); err != nil {
		return found, err
	}
	return get(ctx, s.db.Reader(), id)
}

func (s *Service) calculateNow(ctx context.Context, of Segment) (Segment, error) {
	if !of.WaitingSince.IsZero() {
		var err error
		if of, err = s.calculated(ctx, of.ID); err != nil {
			return of, err
		}
	}
	return of, s.CalculateWaiting(ctx)
}

func (s *Service) enqueueWaiting(ctx context.Context) error {
	waiting, err := nextWaiting(ctx, s.db.Reader())
	if err != nil || waiting == 0 {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error { return s.queue.EnqueueCalculation(ctx, tx) })
}

// Recover has those calculated that an earlier process left waiting.
func (s *Service) Recover(ctx context.Context) error { return s.enqueueWaiting(ctx) }

// CalculateWaiting calculates those that wait, one after the other, until none does. The job calls it.
func (s *Service) CalculateWaiting(ctx context.Context) error {
	for {
		id, err := nextWaiting(ctx, s.db.Reader())
		if err != nil || id == 0 {
			return err
		}
		if _, err := s.calculated(ctx, id); err != nil && !problem.Is(err, problem.NotFound) { // removed meanwhile
			return err
		}
	}
}

// CalculateAll calculates every active segment, one after the other: after a refresh, for the program itself. An error of
// one does not keep the others from their turn.
func (s *Service) CalculateAll(ctx context.Context) error {
	ids, err := activeIDs(ctx, s.db.Reader())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		_, failed := s.calculated(ctx, id)
		if !problem.Is(failed, problem.NotFound) { // removed meanwhile
			err = errors.Join(err, failed)
		}
	}
	return err
}

// Name is what a segment is called.
type Name struct {
	ID   int64
	Name string
}

// ActiveNames lists the segments that a refresh calculates.
func (s *Service) ActiveNames(ctx context.Context, q database.Querier) ([]Name, error) {
	return activeNames(ctx, q)
}

// CalculateAgain calculates an active segment after a refresh, for the program itself, unless that was done since the moment: the
// import that brought new profiles does so as well. What keeps a size from being found is noted on the segment.
func (s *Service) CalculateAgain(ctx context.Context, id int64, since time.Time) (Segment, error) {
	found, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return found, err
	}
	if found.CalculatedAt.After(since) && found.WaitingSince.IsZero() && found.Failure == "" {
		return found, nil
	}
	return s.calculated(ctx, id)
}

func (s *Service) calculated(ctx context.Context, id int64) (Segment, error) {
	segment, err := get(ctx, s.db.Reader(), id)
	if err != nil {
		return segment, err
	}
	size, snapshotID, failure := s.size(ctx, segment)
	if ctx.Err() != nil {
		return segment, ctx.Err() // whoever asked went away: that says nothing about the segment
	}
	if failure != nil && problem.Of(failure) == nil {
		slog.ErrorContext(ctx, "segment not calculated", "segment", id, "error", failure)
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if failure == nil {
			return keepSize(ctx, tx, segment, size, snapshotID, s.now())
		}
		code, about := explain(failure)
		return keepFailure(ctx, tx, segment, code, about)
	})
	if err != nil {
		return segment, err
	}
	s.publish(id)
	return get(ctx, s.db.Reader(), id)
}

func (s *Service) size(ctx context.Context, of Segment) (size int, snapshotID int64, err error) {
	whole, err := s.freeze(ctx, s.db.Reader(), of.Definition)
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, calculationLimit)
	defer cancel()
	err = s.onBase(ctx, whole.SourceID, func(snapshot profile.Snapshot) (err error) {
		snapshotID = snapshot.ID
		size, err = s.count(ctx, []Definition{whole}, snapshot)
		return err
	})
	return size, snapshotID, err
}

func explain(failure error) (code, about string) {
	known := problem.Of(failure)
	if known == nil {
		return CodeCalculation, ""
	}
	if len(known.Fields) > 0 {
		known = problem.New(known.Kind, known.Fields[0].Code, known.Fields[0].Args...)
	}
	if strings.HasPrefix(known.Code, "warehouse.") {
		return CodeSource, "" // its own words are shown to who asks it now
	}
	if len(known.Args) == 2 && known.Args[0] == "Attribute" {
		about = fmt.Sprint(known.Args[1])
	}
	return known.Code, about
}
