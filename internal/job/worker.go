package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

type runArgs struct {
	RunID int64 `json:"run_id"`
}

// Kind names the job.
func (runArgs) Kind() string { return "run" }

type runWorker struct {
	river.WorkerDefaults[runArgs]
	runs Runs
}

// Work carries a run out. After the last attempt it is given up, so that the next one may start.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	err := w.runs.Execute(ctx, job.Args.RunID)
	if err != nil && ctx.Err() == nil && job.Attempt >= job.MaxAttempts {
		return errors.Join(err, w.runs.GiveUp(ctx, job.Args.RunID))
	}
	return err
}

// NextRetry waits 2, 4, 8 … seconds: a full disk or a database that is locked is soon mended, or needs a person.
func (w *runWorker) NextRetry(job *river.Job[runArgs]) time.Time {
	return time.Now().Add(time.Second << min(job.Attempt, 6))
}

type chainArgs struct {
	ChainID int64 `json:"chain_id"`
}

// Kind names the job.
func (chainArgs) Kind() string { return "chain" }

type chainWorker struct {
	river.WorkerDefaults[chainArgs]
	chains Chains
}

// Work carries a chain out. After the last attempt it is given up, so that the next one may start.
func (w *chainWorker) Work(ctx context.Context, job *river.Job[chainArgs]) error {
	err := w.chains.Work(ctx, job.Args.ChainID)
	if err != nil && ctx.Err() == nil && job.Attempt >= job.MaxAttempts {
		return errors.Join(err, w.chains.GiveUp(ctx, job.Args.ChainID))
	}
	return err
}

// NextRetry waits as that of runs does.
func (w *chainWorker) NextRetry(job *river.Job[chainArgs]) time.Time {
	return time.Now().Add(time.Second << min(job.Attempt, 6))
}

type importArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (importArgs) Kind() string { return "import" }

type importWorker struct {
	river.WorkerDefaults[importArgs]
	imports Imports
}

// Work carries an import out.
func (w *importWorker) Work(ctx context.Context, job *river.Job[importArgs]) error {
	return w.imports.RunImport(ctx, job.Args.ImportID)
}

type countArgs struct{}

// Kind names the job.
func (countArgs) Kind() string { return "calculate" }

type countWorker struct {
	river.WorkerDefaults[countArgs]
	segments Segments
}

// Work calculates the segments that wait, also those that came after the job.
func (w *countWorker) Work(ctx context.Context, _ *river.Job[countArgs]) error {
	return w.segments.CalculateWaiting(ctx)
}

type unifyArgs struct{}

// Kind names the job.
func (unifyArgs) Kind() string { return "unify" }

type unifyWorker struct {
	river.WorkerDefaults[unifyArgs]
	imports Imports
}

// Work makes the profiles anew.
func (w *unifyWorker) Work(ctx context.Context, _ *river.Job[unifyArgs]) error {
	return w.imports.Unify(ctx)
}

type erasureArgs struct {
	ErasureID int64 `json:"erasure_id"`
}

// Kind names the job.
func (erasureArgs) Kind() string { return "erasure" }

type erasureWorker struct {
	river.WorkerDefaults[erasureArgs]
	erasures Erasures
}

// Work does what follows an erasure.
func (w *erasureWorker) Work(ctx context.Context, job *river.Job[erasureArgs]) error {
	again, err := w.erasures.Follow(ctx, job.Args.ErasureID)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

type noticeArgs struct {
	NoticeID int64 `json:"notice_id"`
	Turn     int64 `json:"turn"`
}

// Kind names the job.
func (noticeArgs) Kind() string { return "notice" }

type noticeWorker struct {
	river.WorkerDefaults[noticeArgs]
	notices Notices
}

// Work sends a notice. When the receiver did not take it, the job waits as long as the outbox says.
func (w *noticeWorker) Work(ctx context.Context, job *river.Job[noticeArgs]) error {
	again, err := w.notices.Deliver(ctx, job.Args.NoticeID, job.Args.Turn)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

type outcomeArgs struct {
	RunID int64 `json:"run_id"`
}

// Kind names the job.
func (outcomeArgs) Kind() string { return "outcomes" }

type outcomeWorker struct {
	river.WorkerDefaults[outcomeArgs]
	outcomes Outcomes
}

// Work writes the outcomes of a run. Where that failed, the job waits for its next try.
func (w *outcomeWorker) Work(ctx context.Context, job *river.Job[outcomeArgs]) error {
	again, err := w.outcomes.Write(ctx, job.Args.RunID)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

type lookArgs struct{}

// Kind names the job.
func (lookArgs) Kind() string { return "look" }

type lookWorker struct {
	river.WorkerDefaults[lookArgs]
	imports Imports
}

// Work looks at the watched folders.
func (w *lookWorker) Work(ctx context.Context, _ *river.Job[lookArgs]) error {
	return w.imports.Look(ctx)
}

type tickArgs struct{}

// Kind names the job.
func (tickArgs) Kind() string { return "tick" }

type tickWorker struct {
	river.WorkerDefaults[tickArgs]
	schedule Schedule
}

// Work asks the schedule whether something is due.
func (w *tickWorker) Work(ctx context.Context, _ *river.Job[tickArgs]) error {
	return w.schedule.Tick(ctx)
}

type tidyArgs struct{}

// Kind names the job.
func (tidyArgs) Kind() string { return "tidy" }

type tidyWorker struct {
	river.WorkerDefaults[tidyArgs]
	housekeeping Housekeeping
}

// Work drops what is not needed any more.
func (w *tidyWorker) Work(ctx context.Context, _ *river.Job[tidyArgs]) error {
	return w.housekeeping.Tidy(ctx)
}
