package job

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/segue-app/segue/internal/logline"
	"github.com/segue-app/segue/internal/trace"
)

// subject is what a job is about, as its arguments name it.
type subject struct {
	RunID     int64 `json:"run_id"`
	ImportID  int64 `json:"import_id"`
	ChainID   int64 `json:"chain_id"`
	ErasureID int64 `json:"erasure_id"`
	NoticeID  int64 `json:"notice_id"`
}

func subjectOf(job *rivertype.JobRow) (about []slog.Attr) {
	var s subject
	if json.Unmarshal(job.EncodedArgs, &s) != nil {
		return nil
	}
	for key, id := range map[string]int64{"run": s.RunID, "import": s.ImportID, "chain": s.ChainID, "erasure": s.ErasureID, "notice": s.NoticeID} {
		if id != 0 {
			about = append(about, slog.Int64(key, id))
		}
	}
	return about
}

// observe has every line of the log that is written within a job name what the job is about, and tells of jobs that fail: River
// does so more quietly than an operator would want.
func observe(log *slog.Logger) rivertype.WorkerMiddleware {
	return river.WorkerMiddlewareFunc(func(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
		about := subjectOf(job)
		if len(about) > 0 { // the schedule's clock and its like are not worth a trace each time
			var span trace.Span
			ctx, span = trace.Begin(trace.Sparse(ctx), trace.Inside, job.Kind)
			defer span.End()
			for _, id := range about {
				span.Number("segue."+id.Key, id.Value.Int64())
			}
			span.Number("segue.attempt", int64(job.Attempt))
		}
		ctx = logline.With(ctx, about...)
		err := work(ctx)
		var later *river.JobSnoozeError
		if err != nil && ctx.Err() == nil && !errors.As(err, &later) {
			trace.Of(ctx).Fail()
			log.WarnContext(ctx, "a job failed", "kind", job.Kind, "attempt", job.Attempt, "of", job.MaxAttempts, "error", err)
		}
		return err
	})
}
