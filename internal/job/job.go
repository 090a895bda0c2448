// Package job has work done in the background by River, which keeps its jobs in the same database: runs, chains, imports, sizes of
// segments and the schedule's clock. It knows when work is done, not how; the domain packages do it.
package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/segue-app/segue/internal/database"
)

// Runs carries out runs.
type Runs interface {
	Execute(ctx context.Context, runID int64) error
	GiveUp(ctx context.Context, runID int64) error
}

// Imports carries out imports.
type Imports interface {
	RunImport(ctx context.Context, importID int64) error
	// Unify makes the profiles anew of what the sources have.
	Unify(ctx context.Context) error
	// Look reads the watched folders whose file has changed.
	Look(ctx context.Context) error
}

// Segments calculates the sizes of segments that wait for it.
type Segments interface {
	CalculateWaiting(ctx context.Context) error
}

// Chains carries out chains.
type Chains interface {
	Work(ctx context.Context, chainID int64) error
	GiveUp(ctx context.Context, chainID int64) error
}

// Schedule is asked every minute whether something is due.
type Schedule interface {
	Tick(ctx context.Context) error
}

// Housekeeping is asked every hour to drop what is not needed any more.
type Housekeeping interface {
	Tidy(ctx context.Context) error
}

// Erasures does what follows the erasure of a person.
type Erasures interface {
	// Follow says when to call it once more; 0: nothing is left to do.
	Follow(ctx context.Context, erasureID int64) (again time.Duration, err error)
}

// Notices sends what waits in the outbox.
type Notices interface {
	// Deliver says when to call it once more; 0: nothing is left to do.
	Deliver(ctx context.Context, noticeID, turn int64) (again time.Duration, err error)
}

// Outcomes writes what became of the profiles of runs where it is wanted.
type Outcomes interface {
	// Write says when to call it once more; 0: nothing is left to do.
	Write(ctx context.Context, runID int64) (again time.Duration, err error)
}

// Work is who does what.
type Work struct {
	Runs         Runs
	Imports      Imports
	Segments     Segments
	Schedule     Schedule
	Chains       Chains
	Erasures     Erasures
	Notices      Notices
	Outcomes     Outcomes
	Housekeeping Housekeeping
}

// Queue queues work and has it done.
type Queue struct {
	client  *river.Client[*sql.Tx]
	started atomic.Pointer[time.Time] // nil: it does not run
}

const (
	runQueue        = "runs"
	runsAtOnce      = 1000 // a run that waits for its turn on its brand is a goroutine, and so is one that waits for its budget
	chainQueue      = "chains"
	chainsAtOnce    = 100 // each waits for others most of the time
	importQueue     = "imports"
	unifyQueue      = "unifications" // of their own: the copy of a database may take hours
	importsAtOnce   = 1              // there is one writer
	mailQueue       = "mails"
	mailsAtOnce     = 2
	hookQueue       = "hooks" // apart from mail, so that neither waits for the other's servers
	hooksAtOnce     = 4
	outcomeQueue    = "outcomes" // of their own: a folder of another machine may hang
	outcomesAtOnce  = 4
	outcomeAttempts = 25 // of what fails on our own side, over some days
	countQueue      = "segments"
	countsAtOnce    = 1 // each reads through all profiles
	attempts        = 5 // of a job that fails on our own side, some minutes apart
	tickEvery       = time.Minute
	tidyEvery       = time.Hour
	lookEvery       = 15 * time.Second // at watched folders
)

// New makes the queue on the database. Nothing is worked on before Start.
func New(db *database.DB, work Work, log *slog.Logger) (*Queue, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &runWorker{runs: work.Runs})
	river.AddWorker(workers, &chainWorker{chains: work.Chains})
	river.AddWorker(workers, &importWorker{imports: work.Imports})
	river.AddWorker(workers, &countWorker{segments: work.Segments})
	river.AddWorker(workers, &unifyWorker{imports: work.Imports})
	river.AddWorker(workers, &lookWorker{imports: work.Imports})
	river.AddWorker(workers, &tickWorker{schedule: work.Schedule})
	river.AddWorker(workers, &erasureWorker{erasures: work.Erasures})
	river.AddWorker(workers, &noticeWorker{notices: work.Notices})
	river.AddWorker(workers, &outcomeWorker{outcomes: work.Outcomes})
	river.AddWorker(workers, &tidyWorker{housekeeping: work.Housekeeping})
	client, err := river.NewClient(riversqlite.New(db.Writer()), &river.Config{
		Logger:      log,
		Workers:     workers,
		Middleware:  []rivertype.Middleware{observe(log)},
		MaxAttempts: attempts,
		JobTimeout:  -1, // a run takes as long as the destination's rate limit makes it
		// Start-up queues again what a killed process left. What River still holds as running of that process is harmless: it
		// finds its run ended, or under way.
		RescueStuckJobsAfter: 24 * time.Hour,
		FetchCooldown:        20 * time.Millisecond,
		FetchPollInterval:    500 * time.Millisecond, // SQLite tells nobody of a new job
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: 2},
			runQueue:           {MaxWorkers: runsAtOnce},
			chainQueue:         {MaxWorkers: chainsAtOnce},
			importQueue:        {MaxWorkers: importsAtOnce},
			unifyQueue:         {MaxWorkers: 1},
			countQueue:         {MaxWorkers: countsAtOnce},
			mailQueue:          {MaxWorkers: mailsAtOnce},
			hookQueue:          {MaxWorkers: hooksAtOnce},
			outcomeQueue:       {MaxWorkers: outcomesAtOnce},
		},
		PeriodicJobs: []*river.PeriodicJob{every(tickEvery, tickArgs{}), every(tidyEvery, tidyArgs{}), every(lookEvery, lookArgs{})},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	return &Queue{client: client}, nil
}

// every has a job done at start and then again and again. One that fails is not tried again: its next turn comes anyway.
func every(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, &river.InsertOpts{MaxAttempts: 1} },
		&river.PeriodicJobOpts{RunOnStart: true})
}

// Start begins to work on jobs, until Stop.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	now := time.Now()
	q.started.Store(&now)
	return nil
}

// breakOff is how long before the end of its time Stop ends the jobs that are still under way.
const breakOff = 3 * time.Second

// Stop waits until the jobs under way have ended. Shortly before ctx ends, theirs does too: each is done again at the next start.
func (q *Queue) Stop(ctx context.Context) error {
	q.started.Store(nil)
	patience := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		patience, cancel = context.WithDeadline(ctx, deadline.Add(-breakOff))
		defer cancel()
	}
	err := q.client.Stop(patience)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = q.client.StopAndCancel(ctx)
	}
	if err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return nil
}

// EnqueueRun queues a run, within the transaction that makes it.
func (q *Queue) EnqueueRun(ctx context.Context, tx database.Tx, runID int64) error {
	_, err := q.client.InsertTx(ctx, tx, runArgs{RunID: runID}, &river.InsertOpts{Queue: runQueue})
	return err
}

// StartImport queues an import, within the transaction that makes it.
func (q *Queue) StartImport(ctx context.Context, tx database.Tx, importID int64) error {
	_, err := q.client.InsertTx(ctx, tx, importArgs{ImportID: importID}, &river.InsertOpts{Queue: importQueue})
	return err
}

// EnqueueCalculation has the segments calculated that wait for it, if the transaction is committed.
func (q *Queue) EnqueueCalculation(ctx context.Context, tx database.Tx) error {
	_, err := q.client.InsertTx(ctx, tx, countArgs{}, &river.InsertOpts{Queue: countQueue})
	return err
}

// StartUnify has the profiles made anew, within the transaction that makes it necessary.
func (q *Queue) StartUnify(ctx context.Context, tx database.Tx) error {
	_, err := q.client.InsertTx(ctx, tx, unifyArgs{}, &river.InsertOpts{Queue: unifyQueue})
	return err
}

// EnqueueChain queues a chain, within the transaction that makes it.
func (q *Queue) EnqueueChain(ctx context.Context, tx database.Tx, chainID int64) error {
	_, err := q.client.InsertTx(ctx, tx, chainArgs{ChainID: chainID}, &river.InsertOpts{Queue: chainQueue})
	return err
}

// EnqueueErasure queues what follows an erasure, within its transaction.
func (q *Queue) EnqueueErasure(ctx context.Context, tx database.Tx, erasureID int64) error {
	_, err := q.client.InsertTx(ctx, tx, erasureArgs{ErasureID: erasureID}, nil)
	return err
}

// EnqueueNotice has a notice sent, within the transaction that puts it in the outbox.
func (q *Queue) EnqueueNotice(ctx context.Context, tx database.Tx, noticeID, turn int64, byMail bool) error {
	queue := hookQueue
	if byMail {
		queue = mailQueue
	}
	_, err := q.client.InsertTx(ctx, tx, noticeArgs{NoticeID: noticeID, Turn: turn}, &river.InsertOpts{Queue: queue})
	return err
}

// EnqueueOutcomes has the outcomes of a run written, within the transaction that ends it.
func (q *Queue) EnqueueOutcomes(ctx context.Context, tx database.Tx, runID int64) error {
	_, err := q.client.InsertTx(ctx, tx, outcomeArgs{RunID: runID}, &river.InsertOpts{Queue: outcomeQueue, MaxAttempts: outcomeAttempts})
	return err
}
