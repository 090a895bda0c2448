// Package outcome writes what became of the profiles of a run where its export asks for it: as a file in a folder that the
// operator allowed, or as rows of a table. It owns what is still to be written, that nothing of it is lost and nothing is there
// twice, and how files and rows look. What became of the profiles it hears from the run package, and the choice of the place is
// part of the export. What is written is out of Segue's hands: it is never read again, changed or removed.
package outcome

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// State says how far a writing is.
type State string

// The states.
const (
	Waiting State = "waiting" // to be written, or to be tried again
	Written State = "written"
	Failed  State = "failed" // tried for a day, or in vain
)

// Writing is what became of the profiles of one run, on its way to where it is wanted.
type Writing struct {
	RunID   int64
	Place   export.Outcomes
	Export  string // name of the export when the run ended
	File    string // name of the file; "" for rows
	State   State
	Lines   int // that were written
	Tries   int
	AskedAt time.Time
	NextAt  time.Time // not tried before
	EndedAt time.Time // when it was written, or given up
	Reason  Reason    // why the last try failed
}

// Reason is a code of why a try failed.
type Reason string

// The reasons.
const (
	NotAllowed   Reason = "not_allowed" // by the operator, any more
	FolderGone   Reason = "folder_gone"
	NotPermitted Reason = "not_permitted" // by the rights of the folder
	DiskFull     Reason = "disk_full"
	FileFailed   Reason = "file_failed"
	Forgotten    Reason = "forgotten" // it is not kept any more who was in the batches
	Internal     Reason = "internal"

	DatabaseAway    Reason = "database_away"    // it does not answer now
	DatabaseRefuses Reason = "database_refuses" // login, certificate, or no such database or schema
	DatabaseFailed  Reason = "database_failed"
	TableRights     Reason = "table_rights"  // the login may not write there
	TableDiffers    Reason = "table_differs" // it has other columns
)

// failure is a try that failed where the outcomes were to go.
type failure struct {
	reason Reason
	cause  error
}

// Error gives the reason, and the cause for the log.
func (f *failure) Error() string { return fmt.Sprintf("write outcomes: %s: %v", f.reason, f.cause) }

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.cause }

// Runs is what is needed of the run package.
type Runs interface {
	Get(ctx context.Context, actor access.Actor, id int64) (run.Run, error)
	Outcomes(ctx context.Context, actor access.Actor, runID int64, from run.Telling, visit func(run.Told) error) error
	Kept(ctx context.Context, actor access.Actor, runID int64) (bool, error)
}

// Exports is what is needed of the export package.
type Exports interface {
	Find(ctx context.Context, q database.Querier, id int64) (export.Export, error)
	Driver(destinationType string) (destination.Driver, error)
}

// Queue has outcomes written in the background.
type Queue interface {
	// EnqueueOutcomes is part of the transaction: what is rolled back leaves no job.
	EnqueueOutcomes(ctx context.Context, tx database.Tx, runID int64) error
}

// Dependencies are all that the service needs.
type Dependencies struct {
	DB      *database.DB
	Runs    Runs
	Exports Exports
	Places  export.OutcomePlaces
	Tables  Tables // of the database of Places; nil for none
	Events  *event.Hub
	Clock   func() time.Time
	Log     *slog.Logger
}

// Service writes outcomes, and tells how far it is.
type Service struct {
	db      *database.DB
	runs    Runs
	exports Exports
	places  export.OutcomePlaces
	tables  Tables
	queue   Queue
	events  *event.Hub
	clock   func() time.Time
	log     *slog.Logger

	mutex   sync.Mutex
	writing map[int64]bool // runs whose outcomes are being written
}

// NewService makes the service.
func NewService(d Dependencies) *Service {
	return &Service{db: d.DB, runs: d.Runs, exports: d.Exports, places: d.Places, tables: d.Tables, events: d.Events, clock: d.Clock, log: d.Log, writing: map[int64]bool{}}
}

// SetQueue gives the queue, which needs the service itself.
func (s *Service) SetQueue(queue Queue) { s.queue = queue }

// Ended asks for the outcomes of a run that ends, within the transaction that ends it, if its export wants them. A run that never
// began has none.
func (s *Service) Ended(ctx context.Context, tx database.Tx, r run.Run) error {
	if r.Plan == nil {
		return nil
	}
	e, err := s.exports.Find(ctx, tx, r.ExportID)
	if err != nil || e.Outcomes.Way == export.NoOutcomes {
		return err
	}
	w := Writing{RunID: r.ID, Place: e.Outcomes, Export: e.Name, State: Waiting, AskedAt: r.EndedAt, NextAt: r.EndedAt}
	if e.Outcomes.Way == export.AsFile {
		w.File = fileName(e.Name, r.ID, r.EndedAt, e.Outcomes.Format)
	}
	if err := insert(ctx, tx, w); err != nil {
		return err
	}
	return s.queue.EnqueueOutcomes(ctx, tx, r.ID)
}

// Of tells about the writing of a run; not ok when there is none.
func (s *Service) Of(ctx context.Context, actor access.Actor, runID int64) (w Writing, ok bool, err error) {
	if err := actor.Require(access.LookAround); err != nil {
		return Writing{}, false, err
	}
	return get(ctx, s.db.Reader(), runID)
}

// Again has outcomes written that could not be, at once and then for another day. For who may edit the export.
func (s *Service) Again(ctx context.Context, actor access.Actor, runID int64) error {
	r, err := s.runs.Get(ctx, actor, runID)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		e, err := s.exports.Find(ctx, tx, r.ExportID)
		if err != nil {
			return err
		}
		if err := actor.RequireUse(e.Grant); err != nil {
			return err
		}
		w, ok, err := get(ctx, tx, runID)
		if err != nil {
			return err
		}
		if !ok || w.State == Written {
			return problem.New(problem.Conflict, "outcomes.problem.written")
		}
		w.State, w.Tries, w.AskedAt, w.NextAt, w.EndedAt = Waiting, 0, s.clock(), s.clock(), time.Time{}
		if err := put(ctx, tx, w); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, s.clock(), actor, audit.Entry{Action: audit.OutcomesAgain, Subject: audit.Of("run", runID, e.Name)}); err != nil {
			return err
		}
		return s.queue.EnqueueOutcomes(ctx, tx, runID)
	})
	if err == nil {
		s.events.Publish(run.Topic(runID))
	}
	return err
}

// Recover queues again what an earlier process left unwritten. Call it once, before jobs are worked on.
func (s *Service) Recover(ctx context.Context) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		ids, err := waiting(ctx, tx)
		for _, id := range ids {
			if err == nil {
				err = s.queue.EnqueueOutcomes(ctx, tx, id)
			}
		}
		return err
	})
}

// longestSlug is how much of an export's name is part of a file's name.
const longestSlug = 60

// letters are those that have no form of a letter from a to z and a mark.
var letters = strings.NewReplacer("æ", "ae", "ø", "oe", "å", "aa", "ß", "ss", "đ", "d", "ł", "l", "þ", "th", "ð", "d")

// fileName is the name of a file of outcomes: for one run always the same.
func fileName(exportName string, runID int64, ended time.Time, format export.OutcomeFormat) string {
	var slug strings.Builder
	for _, r := range norm.NFD.String(letters.Replace(norm.NFC.String(strings.ToLower(exportName)))) {
		switch {
		case slug.Len() == longestSlug || unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			slug.WriteRune(r)
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
	}
	name := strings.Trim(slug.String(), "-")
	if name == "" {
		name = "export"
	}
	return fmt.Sprintf("%s-run-%d-%s.%s", name, runID, ended.UTC().Format("20060102T150405Z"), format)
}
