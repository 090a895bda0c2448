package run

import (
	"context"
	"math"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/budget"
)

// Get reads a run.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Run, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Run{}, err
	}
	return getRun(ctx, s.db.Reader(), id)
}

// Started reads a run for who may run its export: what a start told, told again.
func (s *Service) Started(ctx context.Context, actor access.Actor, id int64) (Run, error) {
	r, _, err := s.mayAct(ctx, actor, id)
	return r, err
}

// Outlined reads a run for who may be told the outcomes of its profiles.
func (s *Service) Outlined(ctx context.Context, actor access.Actor, id int64) (Run, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Run{}, err
	}
	return getRun(ctx, s.db.Reader(), id)
}

// FailedLast reads the runs that failed and were the last ones of exports that are there still.
func (s *Service) FailedLast(ctx context.Context, actor access.Actor) ([]Run, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return failedLast(ctx, s.db.Reader())
}

// List reads runs, the newest first: of one export, or of all when exportID is 0.
func (s *Service) List(ctx context.Context, actor access.Actor, exportID int64, limit, offset int) ([]Run, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return listRuns(ctx, s.db.Reader(), exportID, false, limit, offset)
}

// EndedLast reads the runs that ended last, the latest first. Single profiles that were tried do not count: who tries one waits for it.
func (s *Service) EndedLast(ctx context.Context, actor access.Actor, limit int) ([]Run, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return endedLast(ctx, s.db.Reader(), limit)
}

// Page reads the first runs of a query, the newest first.
func (s *Service) Page(ctx context.Context, actor access.Actor, query Query, limit int) ([]Run, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return pageOfRuns(ctx, s.db.Reader(), query, limit)
}

// Active reads the runs that wait or are under way.
func (s *Service) Active(ctx context.Context, actor access.Actor) ([]Run, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return listRuns(ctx, s.db.Reader(), 0, true, 100, 0)
}

// Timeline reads a run's events, the first one first.
func (s *Service) Timeline(ctx context.Context, actor access.Actor, id int64) ([]Event, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return listEvents(ctx, s.db.Reader(), id)
}

// Reasons counts why profiles were not accepted, the most frequent first. It holds no personal data.
func (s *Service) Reasons(ctx context.Context, actor access.Actor, id int64) ([]Reason, error) {
	if err := actor.Require(access.LookAround); err != nil {
		return nil, err
	}
	return countReasons(ctx, s.db.Reader(), id)
}

// Rejections reads the profiles that were not accepted, in the order in which it happened; after is the last one's ID of
// the page before, outcome "" means all. Only for those who may see personal data. The destination's words are not told where they may
// quote what the actor sees masked.
func (s *Service) Rejections(ctx context.Context, actor access.Actor, id int64, outcome Outcome, after int64, limit int) ([]Rejection, error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return nil, err
	}
	found, err := listRejections(ctx, s.db.Reader(), id, outcome, after, limit)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	veiled, err := s.runVeiled(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if veiled {
			found[i].Message = ""
		}
	}
	return found, evidenceOf(ctx, s.db.Reader(), found)
}

// ListsInUse lists the uploaded lists that runs under way read.
func (s *Service) ListsInUse(ctx context.Context) ([]int64, error) {
	active, err := listRuns(ctx, s.db.Reader(), 0, true, math.MaxInt32, 0)
	if err != nil {
		return nil, err
	}
	var lists []int64
	for _, r := range active {
		if r.Plan == nil {
			continue
		}
		for _, part := range r.Plan.Segments {
			lists = append(lists, part.Definition.Lists()...)
		}
	}
	return lists, nil
}

// Pace tells about a run that is under way: what the brand's budget allows, and how long it may still take.
type Pace struct {
	Usage  budget.Usage
	Window time.Duration
	Left   time.Duration // an estimate; 0 when there is nothing to go by
	By     Basis         // what it goes by
	Rate   float64       // profiles a second that got their outcome
	Lately bool          // in the last minute, and not since the run started
	Waits  string        // what it waits for, see WaitsFor; "" when it is at work
}

// Basis is what an estimate goes by.
type Basis string

// The bases of the time left.
const (
	ByLimit Basis = "limit" // the requests that the destination allows
	ByRate  Basis = "rate"  // the rate of the last minute
)

// Pace reads the pace of a run. That as large a part of the remaining profiles will be sent as of those before is assumed.
func (s *Service) Pace(ctx context.Context, r Run) (Pace, error) {
	if r.State == Queued { // it may be reading its profiles
		waits, err := s.WaitsFor(ctx, r)
		return Pace{Waits: waits}, err
	}
	if r.Plan == nil || r.State != Running {
		return Pace{}, nil
	}
	b, err := s.budgets.For(ctx, r.Plan.BrandID)
	if err != nil {
		return Pace{}, err
	}
	p := Pace{Usage: b.Usage(), Window: s.budgets.Window()}
	if p.Waits, err = s.WaitsFor(ctx, r); err != nil {
		return Pace{}, err
	}
	if elapsed := s.clock().Sub(r.StartedAt); elapsed > 0 {
		p.Rate = float64(r.Counts.Settled()) / elapsed.Seconds()
	}
	if x := s.executionOf(r.ID); x != nil {
		if lately, known := x.recent.perSecond(time.Now()); known {
			p.Rate, p.Lately = lately, true
		}
	}
	driver, ok := s.drivers[r.Plan.DestinationType]
	if !ok {
		return p, nil
	}
	batches := math.Ceil(float64(r.Counts.Open())/float64(driver.Info().MaxBatch)) - float64(r.BatchesSent-r.BatchesSettled)
	p.Left, p.By = timeLeft(batches, p.Usage, p.Window, r.Counts.Open(), p.Rate, p.Lately)
	return p, nil
}

// muchLonger: an estimate by the rate of the last minute takes the place of the limit's only when it says so many times as long. A run
// that the limit holds up has a rate of its own that says about the same.
const muchLonger = 1.2

// timeLeft estimates how long a run still takes that has so many batches to send, and so many profiles without an outcome.
func timeLeft(batches float64, usage budget.Usage, window time.Duration, open int, rate float64, known bool) (time.Duration, Basis) {
	if known && rate <= 0 {
		return 0, ""
	}
	byLimit, byRate := time.Duration(0), time.Duration(0)
	if free := float64(usage.Limit - usage.Used); usage.Limit > 0 && batches > max(free, 0) {
		byLimit = max(time.Duration((batches-free)/float64(usage.Limit)*float64(window)), usage.Blocked)
	}
	if known {
		byRate = time.Duration(float64(open) / rate * float64(time.Second))
	}
	switch {
	case byLimit > 0 && float64(byRate) <= muchLonger*float64(byLimit):
		return byLimit, ByLimit
	case byRate > 0:
		return byRate, ByRate
	}
	return 0, ""
}
