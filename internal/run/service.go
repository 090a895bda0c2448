package run

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/budget"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
)

// Profiles is what runs need of the profile package.
type Profiles interface {
	Spools
	Current(ctx context.Context) (profile.Snapshot, error)
	Snapshot(ctx context.Context, id int64) (profile.Snapshot, error)
	Hold(ctx context.Context, tx database.Tx, snapshotID int64, holder string) error
	Release(ctx context.Context, holder string) error
	Holders(ctx context.Context) ([]string, error)
}

// Segments is what runs need of the segment package.
type Segments interface {
	Definitions(ctx context.Context, ids []int64) ([]segment.Definition, error)
}

// Connections is what runs need of the connection package.
type Connections interface {
	Find(ctx context.Context, q database.Querier, id int64) (connection.Connection, error)
	Account(ctx context.Context, id int64) (open func(destination.Gate) destination.Account, c connection.Connection, err error)
	MarkFailure(ctx context.Context, c connection.Connection, failure connection.Failure) error
	ClearFailure(ctx context.Context, c connection.Connection) error
	// Changes is another number after each change of a connection.
	Changes() uint64
}

// Exports is what runs need of the export package.
type Exports interface {
	Find(ctx context.Context, q database.Querier, id int64) (export.Export, error)
	Scheduled(ctx context.Context) ([]int64, error)
	Permission(ctx context.Context, exportID, connectionID int64, brandID string) (code string, err error)
	Readiness(ctx context.Context, e export.Export) (code string, err error)
	Clearance(ctx context.Context, q database.Querier, id int64) (export.Clearance, error)
}

// Queue has runs carried out in the background.
type Queue interface {
	// EnqueueRun is part of the transaction: a run that is rolled back leaves no job.
	EnqueueRun(ctx context.Context, tx database.Tx, runID int64) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB          *database.DB
	Profiles    Profiles
	Remote      Remote
	Segments    Segments
	Connections Connections
	Exclusions  Exclusions
	Exports     Exports
	Stops       Stops
	Drivers     map[string]destination.Driver
	Sealer      *secret.Sealer
	Retention   Retention
	Budgets     *budget.Registry
	Queue       Queue
	Events      *event.Hub
	Clock       func() time.Time
	Log         *slog.Logger
}

// Service starts, carries out, stops and tells about runs.
type Service struct {
	db          *database.DB
	profiles    Profiles
	remote      Remote
	segments    Segments
	connections Connections
	exclusions  Exclusions
	erasures    Erasures // nil: nobody was ever erased
	exports     Exports
	stops       Stops
	drivers     map[string]destination.Driver
	sealer      *secret.Sealer
	retention   Retention
	budgets     *budget.Registry
	queue       Queue
	onEnd       func(ctx context.Context, tx database.Tx, ended Run) error // nil: nothing
	events      *event.Hub
	clock       func() time.Time
	log         *slog.Logger

	stopped atomic.Bool // whether an emergency stop stood when it was last looked up

	mutex      sync.Mutex
	statements *statements
	active     map[int64]*underWay // in this process
	again      map[int64]bool      // of those, which are to be carried out once more at their end
	shutting   bool
	still      chan struct{} // closed when runs may be under way again; nil: they may
	freed      chan struct{} // closed when a run ends, and made anew
	answers    map[answerKey]Answer
	dryRuns    chan struct{} // has room for one: each holds some 30 bytes a profile, and a core
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, profiles: d.Profiles, remote: d.Remote, segments: d.Segments, connections: d.Connections, exclusions: d.Exclusions, exports: d.Exports, stops: d.Stops, drivers: d.Drivers, sealer: d.Sealer, retention: d.Retention.orDefault(),
		budgets: d.Budgets, queue: d.Queue, events: d.Events, clock: d.Clock, log: d.Log, active: map[int64]*underWay{}, freed: make(chan struct{}), again: map[int64]bool{},
		answers: map[answerKey]Answer{}, dryRuns: make(chan struct{}, 1)}
}

// SetQueue gives the queue, which needs the service itself.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// OnEnd has something done in the transaction that ends a run. When it fails, the run does not end.
func (s *Service) OnEnd(also func(ctx context.Context, tx database.Tx, ended Run) error) {
	s.onEnd = also
}

// end ends a run, and does what was asked for with OnEnd.
func (s *Service) end(ctx context.Context, tx database.Tx, runID int64, state State, code, detail string, now time.Time) error {
	if err := end(ctx, tx, runID, state, code, detail, now); err != nil {
		return err
	}
	ended, err := getRun(ctx, tx, runID)
	if err != nil {
		return err
	}
	if err := s.noteEnded(ctx, tx, ended); err != nil || s.onEnd == nil {
		return err
	}
	return s.onEnd(ctx, tx, ended)
}

// ListTopic is the event topic of all runs: one began, or ended.
const ListTopic = "runs"

// Topic is the event topic of one run.
func Topic(runID int64) string { return fmt.Sprintf("run/%d", runID) }

// Options of a start.
type Options struct {
	Complete    bool // send everybody, also those who did not change
	WithdrawAny bool // take tags away however many lose them

	// Also is done in the transaction that queues the run; nil: nothing. When it fails, nothing is queued.
	Also func(ctx context.Context, tx database.Tx, runID int64) error

	ofRun int64 // only those whom this run rejected, see Retry
}

// Start queues a run of an export on a person's demand.
func (s *Service) Start(ctx context.Context, actor access.Actor, exportID int64, options Options) (Run, error) {
	e, err := s.exports.Find(ctx, s.db.Reader(), exportID)
	if err != nil {
		return Run{}, err
	}
	if !e.MayRun(actor) {
		return Run{}, actor.RequireRun(e.Grant)
	}
	return s.start(ctx, actor, e, OnDemand, options)
}

func (s *Service) start(ctx context.Context, actor access.Actor, e export.Export, cause Cause, options Options) (started Run, err error) {
	if stands, err := s.stops.Stands(ctx); err != nil {
		return Run{}, err
	} else if stands {
		return Run{}, problem.New(problem.Conflict, "problem.stop.stands")
	}
	code, err := s.exports.Readiness(ctx, e)
	if err != nil {
		return Run{}, err
	}
	if code != "" {
		return Run{}, problem.New(problem.Conflict, "obstacle."+code)
	}
	var before Run
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if clearance, err := s.exports.Clearance(ctx, tx, e.ID); err != nil {
			return err
		} else if clearance.Waits {
			return problem.New(problem.Conflict, "obstacle."+string(export.AwaitsApproval))
		}
		if before, err = s.makeWay(ctx, tx, e.ID, options); err != nil {
			return err
		}
		id, err := insertRun(ctx, tx, Run{ExportID: e.ID, Cause: cause, RequestedBy: actor.Name, Complete: options.Complete || before.Complete,
			WithdrawAny: options.WithdrawAny, OfRun: options.ofRun}, actor.UserID, s.clock())
		if err != nil {
			return err
		}
		if options.Also != nil {
			if err := options.Also(ctx, tx, id); err != nil {
				return err
			}
		}
		if err := s.queue.EnqueueRun(ctx, tx, id); err != nil {
			return fmt.Errorf("queue run %d: %w", id, err)
		}
		if started, err = getRun(ctx, tx, id); err != nil {
			return err
		}
		return s.noteStarted(ctx, tx, actor, started)
	})
	if err != nil {
		return Run{}, err
	}
	s.events.Publish(ListTopic, Topic(started.ID))
	if before.ID != 0 {
		err = s.released(ctx, before.ID)
	}
	return started, err
}

// makeWay ends the run of an export that Segue paused, since a new one does what is left of it: what was accepted is
// remembered. It returns that run, the zero Run when there was none. A run that is under way, or that a person paused, is a
// Conflict; one that is paused also for a retry, which would not do what is left.
func (s *Service) makeWay(ctx context.Context, tx database.Tx, exportID int64, options Options) (before Run, err error) {
	id, ok, err := activeRun(ctx, tx, exportID)
	if err != nil || !ok {
		return Run{}, err
	}
	before, err = getRun(ctx, tx, id)
	switch {
	case err != nil:
		return Run{}, err
	case before.State != Paused:
		return Run{}, problem.New(problem.Conflict, "problem.run.active", "Run", id)
	case before.PauseCode == ByPerson:
		return Run{}, problem.New(problem.Conflict, "problem.run.paused_by_person", "Run", id, "Name", before.PausedBy)
	case options.ofRun != 0:
		return Run{}, problem.New(problem.Conflict, "problem.run.paused_first", "Run", id)
	}
	return before, s.end(ctx, tx, id, Cancelled, superseded, "", s.clock())
}

// StartAll queues a run of every export that has an active schedule and that the actor may run. It returns the runs that
// were queued, and how many exports were passed over because they cannot run now or already do.
func (s *Service) StartAll(ctx context.Context, actor access.Actor, cause Cause) (started []Run, passedOver int, err error) {
	if err := actor.Require(access.RunAll); err != nil {
		return nil, 0, err
	}
	ids, err := s.exports.Scheduled(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		e, err := s.exports.Find(ctx, s.db.Reader(), id)
		if err != nil {
			return started, passedOver, err
		}
		if !e.MayRun(actor) {
			continue
		}
		r, err := s.start(ctx, actor, e, cause, Options{})
		switch {
		case problem.Is(err, problem.Conflict):
			s.log.InfoContext(ctx, "export passed over", "export", id, "reason", problem.Of(err).Code)
			passedOver++
		case err != nil:
			return started, passedOver, err
		default:
			started = append(started, r)
		}
	}
	return started, passedOver, nil
}

// Cancel stops a run: nothing more is sent, and what was sent already is followed for a while.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, runID int64) error {
	r, _, err := s.mayAct(ctx, actor, runID)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.clock()
		if r, err = getRun(ctx, tx, runID); err != nil {
			return err
		}
		if !r.State.Active() {
			return problem.New(problem.Conflict, "problem.run.ended")
		}
		if !r.CancelAskedAt.IsZero() {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET cancel_asked_at = ?, cancel_asked_by = ? WHERE id = ?`, database.Millis(now), actor.Name, runID); err != nil {
			return fmt.Errorf("ask run %d to stop: %w", runID, err)
		}
		if err := addEvent(ctx, tx, runID, now, "cancel_asked", actor.Name); err != nil {
			return err
		}
		if err := s.note(ctx, tx, actor, audit.RunCancelled, r); err != nil {
			return err
		}
		if r.State != Running {
			return s.end(ctx, tx, runID, Cancelled, "", "", now)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.interrupt(runID, cancelled)
	if r.State == Paused {
		return s.released(ctx, runID)
	}
	s.events.Publish(ListTopic, Topic(runID))
	return nil
}

var cancelled = &halt{state: Cancelled}

// RequestTimes lists when requests were sent to a brand, so that the budget of a restarted process knows of them.
func RequestTimes(db *database.DB, clock func() time.Time) func(context.Context, string, time.Time) ([]time.Time, error) {
	return func(ctx context.Context, brandID string, since time.Time) ([]time.Time, error) {
		return requestTimes(ctx, db.Reader(), brandID, since, clock())
	}
}

// prepared gives the statements of the journal.
func (s *Service) prepared(ctx context.Context) (*statements, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.statements == nil {
		var err error
		if s.statements, err = prepare(ctx, s.db); err != nil {
			return nil, err
		}
	}
	return s.statements, nil
}
