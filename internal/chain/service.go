package chain

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// Sources is what chains need of the source package.
type Sources interface {
	// OnSchedule lists the sources that are read again with the system's schedule.
	OnSchedule(ctx context.Context, q database.Querier) ([]source.Name, error)
	// ReadAgain begins to read a source. Since a moment it is read once, however often that is asked.
	ReadAgain(ctx context.Context, sourceID int64, since time.Time) (source.Import, error)
	Import(ctx context.Context, actor access.Actor, id int64) (source.Import, error)
	Cancel(ctx context.Context, actor access.Actor, importID int64) error
	Unify(ctx context.Context) error
}

// Snapshots is what chains need of the profile package.
type Snapshots interface {
	Current(ctx context.Context) (profile.Snapshot, error)
}

// Segments is what chains need of the segment package.
type Segments interface {
	ActiveNames(ctx context.Context, q database.Querier) ([]segment.Name, error)
	Get(ctx context.Context, actor access.Actor, id int64) (segment.Segment, error)
	// CalculateAgain calculates a segment, unless that was done since the moment on the profiles of now.
	CalculateAgain(ctx context.Context, id int64, since time.Time) (segment.Segment, error)
}

// Exports is what chains need of the export package.
type Exports interface {
	// WithSystem lists the exports that run with the system's schedule; Names some of them.
	WithSystem(ctx context.Context, q database.Querier) ([]export.Name, error)
	Names(ctx context.Context, q database.Querier, ids []int64) ([]export.Name, error)
	Find(ctx context.Context, q database.Querier, id int64) (export.Export, error)
}

// Runs is what chains need of the run package.
type Runs interface {
	// StartScheduled queues a run, and notes it in the same transaction.
	StartScheduled(ctx context.Context, exportID int64, note func(tx database.Tx, runID int64) error) (run.Run, error)
	Get(ctx context.Context, actor access.Actor, id int64) (run.Run, error)
	WaitsFor(ctx context.Context, r run.Run) (string, error)
	Cancel(ctx context.Context, actor access.Actor, runID int64) error
}

// Queue has chains carried out in the background.
type Queue interface {
	// EnqueueChain has Work called, if the transaction is committed.
	EnqueueChain(ctx context.Context, tx database.Tx, chainID int64) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB       *database.DB
	Sources  Sources
	Profiles Snapshots
	Segments Segments
	Exports  Exports
	Runs     Runs
	// SkipsOnFailure says whether what depends on a source that fails is skipped.
	SkipsOnFailure func(ctx context.Context, q database.Querier) (bool, error)
	Events         *event.Hub
	Clock          func() time.Time
	Log            *slog.Logger
}

// Service makes chains and carries them out.
type Service struct {
	Dependencies
	queue Queue

	mutex    sync.Mutex
	working  map[int64]*work // in this process
	shutting bool
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{Dependencies: d, working: map[int64]*work{}}
}

// SetQueue gives the queue, which needs the service itself.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// Why a chain does not begin, or nothing is done with it: translation keys.
const (
	CodeUnderWay     = "schedule.problem.under_way"
	CodeOver         = "schedule.problem.chain_over"
	CodeNothingAgain = "schedule.problem.nothing_again"
)

// Codes of why a chain as a whole was skipped or failed, and of why a task ended otherwise than well; or those of the
// packages whose work it was.
const (
	StillGoing = "still_going" // the chain before was under way
	Internal   = "internal"
	Gone       = "gone" // the source, segment or export was removed meanwhile
	Inactive   = "inactive"
	Asks       = "asks"       // the source waits for a person
	RunPaused  = "run_paused" // the detail says why, as the run does
	RunActive  = "run_active" // the export has a run under way, or one that a person paused
	Superseded = "superseded" // another import of the source took its place
)

// Codes of what a task waits for, besides those of runs.
const (
	ForImports = "imports" // others are read before it
	ForTurn    = "turn"    // other runs are before it
)

// Order says which chain is to begin.
type Order struct {
	Cause   Cause // OnSchedule or OnExportSchedule
	DueAt   time.Time
	Exports []int64 // of OnExportSchedule
}

// Begin makes a chain within the transaction that found it due. When one is under way that it would have to wait for, it is
// noted as skipped. Whoever began it publishes Topic once the transaction is committed.
func (s *Service) Begin(ctx context.Context, tx database.Tx, order Order) (id int64, err error) {
	made := newChain{cause: order.Cause, dueAt: order.DueAt}
	if order.Cause == OnExportSchedule {
		made.tasks, err = s.exportTasks(ctx, tx, order.Exports)
		if err != nil || len(made.tasks) == 0 { // all were removed at this moment
			return 0, err
		}
		return s.make(ctx, tx, made)
	}
	made.alone = true
	active, err := aloneUnderWay(ctx, tx)
	if err != nil {
		return 0, err
	}
	if active {
		return insertSkipped(ctx, tx, made, StillGoing, s.Clock())
	}
	if made.tasks, err = s.systemTasks(ctx, tx); err != nil {
		return 0, err
	}
	return s.make(ctx, tx, made)
}

// make writes a chain with its tasks, and has it carried out.
func (s *Service) make(ctx context.Context, tx database.Tx, made newChain) (id int64, err error) {
	if made.skips, err = s.SkipsOnFailure(ctx, tx); err != nil {
		return 0, err
	}
	if id, err = insertChain(ctx, tx, made, s.Clock()); err != nil {
		return 0, err
	}
	if err := s.queue.EnqueueChain(ctx, tx, id); err != nil {
		return 0, fmt.Errorf("queue chain %d: %w", id, err)
	}
	if made.cause != OnSchedule && made.cause != OnExportSchedule {
		return id, nil // a person asked for it: demand writes that down
	}
	return id, audit.Write(ctx, tx, s.Clock(), access.System, audit.Entry{Action: audit.ChainStarted, Subject: audit.Of("chain", id, ""), Changes: []audit.Change{
		{Field: "cause", After: string(made.cause)}, {Field: "due", After: made.dueAt.UTC().Format(time.RFC3339)}}})
}

// StartNow begins a chain of the system at once, whether its schedule is on or off. It is a Conflict problem when one is under way.
func (s *Service) StartNow(ctx context.Context, actor access.Actor) (Chain, error) {
	if err := actor.Require(access.RefreshNow); err != nil {
		return Chain{}, err
	}
	return s.demand(ctx, func(tx database.Tx) (made newChain, err error) {
		made = newChain{cause: OnDemand, dueAt: s.Clock(), by: actor, alone: true}
		made.tasks, err = s.systemTasks(ctx, tx)
		return made, err
	})
}

// Again begins a chain of those tasks of another that failed, were cancelled or were skipped. When a source is among them or the
// profiles are, so is all that depends on them, for it would not change by itself.
func (s *Service) Again(ctx context.Context, actor access.Actor, id int64) (Chain, error) {
	if err := actor.Require(access.RefreshNow); err != nil {
		return Chain{}, err
	}
	return s.demand(ctx, func(tx database.Tx) (newChain, error) {
		of, err := read(ctx, tx, id)
		if err != nil {
			return newChain{}, err
		}
		tasks := repeated(of.tasks)
		switch {
		case of.State.Active():
			return newChain{}, problem.New(problem.Conflict, CodeUnderWay)
		case len(tasks) == 0:
			return newChain{}, problem.New(problem.Conflict, CodeNothingAgain)
		}
		return newChain{cause: Again, dueAt: s.Clock(), by: actor, ofChain: id, alone: of.alone, tasks: tasks}, nil
	})
}

// demand makes a chain that a person asks for.
func (s *Service) demand(ctx context.Context, order func(tx database.Tx) (newChain, error)) (begun Chain, err error) {
	err = s.DB.InTx(ctx, func(tx database.Tx) error {
		made, err := order(tx)
		if err != nil {
			return err
		}
		if active, err := aloneUnderWay(ctx, tx); err != nil {
			return err
		} else if active && made.alone {
			return problem.New(problem.Conflict, CodeUnderWay)
		}
		id, err := s.make(ctx, tx, made)
		if err != nil {
			return err
		}
		if begun, err = getChain(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.Clock(), made.by, audit.Entry{Action: audit.ChainStarted, Subject: audit.Of("chain", id, ""), Changes: []audit.Change{{Field: "cause", After: string(made.cause)}}})
	})
	if err == nil {
		s.Events.Publish(Topic, TopicOf(begun.ID))
	}
	return begun, err
}

// Cancel has no more tasks begin. Imports and runs of the chain that are under way are asked to stop. It is a Conflict problem when
// the chain is over.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.RefreshNow); err != nil {
		return err
	}
	err := s.DB.InTx(ctx, func(tx database.Tx) error {
		of, err := read(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case !of.State.Active():
			return problem.New(problem.Conflict, CodeOver)
		case of.cancelAsked:
			return nil
		}
		if err := askCancel(ctx, tx, of, actor.Name, s.Clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.Clock(), actor, audit.Entry{Action: audit.ChainCancelled, Subject: audit.Of("chain", id, "")})
	})
	if err != nil {
		return err
	}
	s.mutex.Lock()
	if w := s.working[id]; w != nil {
		w.stop()
	}
	s.mutex.Unlock()
	s.Events.Publish(Topic, TopicOf(id))
	return nil
}

// Recover queues every chain again that an earlier process left unfinished. Call it once, before jobs are worked on.
func (s *Service) Recover(ctx context.Context) error {
	return s.DB.InTx(ctx, func(tx database.Tx) error {
		ids, err := unfinished(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.queue.EnqueueChain(ctx, tx, id); err != nil {
				return fmt.Errorf("queue chain %d again: %w", id, err)
			}
		}
		return nil
	})
}

// Shutdown lets no chain go further: each goes on where it was when the program starts again.
func (s *Service) Shutdown() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.shutting = true
	for _, w := range s.working {
		w.shut()
	}
}
