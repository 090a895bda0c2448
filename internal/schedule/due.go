package schedule

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/calendar"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
)

// tolerance is how late a time may be noticed and still begin in a blackout that has just begun.
const tolerance = 5 * time.Minute

// due is the time that came due since the last one that was dealt with; false when none did. However many were missed, it is one.
// A blackout puts off what was missed as well, to its end.
func due(c calendar.Calendar, since, now time.Time) (time.Time, bool) {
	latest, ok := c.Latest(now)
	if !ok || !latest.After(since) {
		return time.Time{}, false
	}
	if _, _, black := c.Blackout(now); black && now.Sub(latest) > tolerance {
		return time.Time{}, false
	}
	return latest, true
}

// systemDue is the time of the system's schedule that is due.
func (s Schedule) systemDue(now time.Time) (time.Time, bool, error) {
	c, err := s.calendar(s.Pattern)
	if err != nil || !s.On {
		return time.Time{}, false, err
	}
	at, ok := due(c, later(s.LastDue, s.ChangedAt), now)
	return at, ok, nil
}

// ownDue is the time of an export's own schedule that is due.
func (s Schedule) ownDue(of export.Own, now time.Time) (time.Time, bool, error) {
	c, err := s.calendar(of.Schedule.Pattern())
	if err != nil {
		return time.Time{}, false, err
	}
	at, ok := due(c, later(later(of.Dealt, of.SetAt), s.ChangedAt), now)
	return at, ok, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Tick is called every minute and at the start. When a time came due since the last one that was dealt with, also while the program
// was off, a chain begins, for the latest.
func (s *Service) Tick(ctx context.Context) error {
	var begun []int64
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		kept, err := get(ctx, tx)
		if err != nil {
			return err
		}
		begun, err = s.beginDue(ctx, tx, kept, s.clock())
		return err
	})
	if err == nil {
		s.tell(begun)
	}
	return err
}

func (s *Service) tell(begun []int64) {
	for _, id := range begun {
		s.events.Publish(Topic, chain.Topic, chain.TopicOf(id))
	}
}

// beginDue begins a chain for each time that came due. That it was dealt with is written in the same transaction: a crash before
// the commit leaves it due, one after it leaves the chain queued.
func (s *Service) beginDue(ctx context.Context, tx database.Tx, kept Schedule, now time.Time) (begun []int64, err error) {
	found, err := s.overdue(ctx, tx, kept, now)
	if err != nil {
		return nil, err
	}
	var orders []chain.Order
	together := map[time.Time]int{} // exports that are due at one moment are one chain: which of the orders
	for _, one := range found {
		i, ok := together[one.Since]
		switch {
		case one.ExportID == 0:
			err = dealtWith(ctx, tx, one.Since, now)
			orders = append(orders, chain.Order{Cause: chain.OnSchedule, DueAt: one.Since})
		case ok:
			err = s.exports.Dealt(ctx, tx, one.ExportID, one.Since)
			orders[i].Exports = append(orders[i].Exports, one.ExportID)
		default:
			err = s.exports.Dealt(ctx, tx, one.ExportID, one.Since)
			together[one.Since] = len(orders)
			orders = append(orders, chain.Order{Cause: chain.OnExportSchedule, DueAt: one.Since, Exports: []int64{one.ExportID}})
		}
		if err != nil {
			return nil, err
		}
	}
	for _, order := range orders {
		id, err := s.chains.Begin(ctx, tx, order)
		if err != nil {
			return nil, err
		}
		if id != 0 { // its exports were removed at this moment
			begun = append(begun, id)
		}
	}
	return begun, nil
}

// Overdue is a time that came due and that nobody has dealt with.
type Overdue struct {
	ExportID int64 // 0: of the system's schedule
	Since    time.Time
}

// Due lists what should have begun and has not: the program was off, or nothing looks at the schedule.
func (s *Service) Due(ctx context.Context, q database.Querier) ([]Overdue, error) {
	kept, err := get(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.overdue(ctx, q, kept, s.clock())
}

// overdue lists what came due and was not dealt with: the system first.
func (s *Service) overdue(ctx context.Context, q database.Querier, kept Schedule, now time.Time) (found []Overdue, err error) {
	if at, ok, err := kept.systemDue(now); err != nil {
		return nil, err
	} else if ok {
		found = append(found, Overdue{Since: at})
	}
	exports, err := s.exports.Own(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, of := range exports {
		if at, ok, err := kept.ownDue(of, now); err != nil {
			return nil, err
		} else if ok {
			found = append(found, Overdue{of.ID, at})
		}
	}
	return found, nil
}
