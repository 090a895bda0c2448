package outcome

import (
	"context"
	"errors"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/run"
)

// A try that failed is made again after a minute, then after twice as long each time, up to an hour, for a day.
const (
	firstWait   = time.Minute
	longestWait = time.Hour
	patience    = 24 * time.Hour
)

// Line is what became of one profile. One that was rejected for several reasons has several.
type Line struct {
	RunID      int64
	Export     string
	ProfileID  string
	Outcome    run.ChapterKind
	ReasonCode string    // "" for who was accepted
	Reason     string    // in English
	At         time.Time // when it was sent; when the run ended, for who was not
}

// Columns are the names of what a line says, in their order.
var Columns = []string{"run_id", "export", "profile_id", "outcome", "reason_code", "reason", "at"}

// Write writes the outcomes of a run where they are wanted. It says when to call it once more; 0: nothing is left to do. Done
// twice, it leaves what it leaves when it is done once.
func (s *Service) Write(ctx context.Context, runID int64) (again time.Duration, err error) {
	if !s.enter(runID) {
		return 0, nil // whoever writes them sees to it that they are
	}
	defer s.leave(runID)
	w, ok, err := get(ctx, s.db.Reader(), runID)
	if err != nil || !ok || w.State != Waiting {
		return 0, err
	}
	if wait := w.NextAt.Sub(s.clock()); wait > 0 {
		return wait, nil
	}
	lines, err := s.write(ctx, w)
	if err != nil && ctx.Err() != nil {
		return 0, err // the process stops: the next start takes it up
	}
	now := s.clock()
	w.Tries++
	switch reason := reasonOf(err); {
	case err == nil:
		w.State, w.Lines, w.EndedAt, w.Reason = Written, lines, now, ""
	case reason == Forgotten || now.Sub(w.AskedAt) >= patience:
		w.State, w.EndedAt, w.Reason = Failed, now, reason
	default:
		again = min(firstWait<<min(w.Tries-1, 10), longestWait)
		w.NextAt, w.Reason = now.Add(again), reason
	}
	if err != nil {
		s.log.WarnContext(ctx, "outcomes not written", append([]any{"reason", w.Reason, "tries", w.Tries, "given_up", w.State == Failed}, forLog(w.Reason, err)...)...)
	}
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.db.InTx(recording, func(tx database.Tx) error { return put(recording, tx, w) }); err != nil {
		return 0, err
	}
	s.events.Publish(run.Topic(runID))
	return again, nil
}

func (s *Service) enter(runID int64) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.writing[runID] {
		return false
	}
	s.writing[runID] = true
	return true
}

func (s *Service) leave(runID int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.writing, runID)
}

func reasonOf(err error) Reason {
	var failed *failure
	if errors.As(err, &failed) {
		return failed.reason
	}
	return Internal
}

// forLog is the cause of a failure whose code alone does not say what to mend. What a database said stays out of the log, since it
// may quote what was written.
func forLog(reason Reason, err error) []any {
	if reason == FileFailed || reason == Internal {
		return []any{"error", err}
	}
	return nil
}

func (s *Service) write(ctx context.Context, w Writing) (lines int, err error) {
	if !s.places.Allows(w.Place) {
		return 0, &failure{NotAllowed, errors.New("not allowed any more")}
	}
	tell, err := s.teller(ctx, w)
	if err != nil {
		return 0, err
	}
	if w.Place.Way == export.AsRows {
		return writeRows(ctx, s.tables, w.Place.Table, w.RunID, tell)
	}
	return writeFile(w.Place.Folder, w.File, w.Place.Format, tell)
}

// teller tells the lines of a writing, one after the other. At the end it fails unless all of them were there to be told.
func (s *Service) teller(ctx context.Context, w Writing) (func(visit func(Line) error) error, error) {
	r, err := s.runs.Get(ctx, access.System, w.RunID)
	if err != nil {
		return nil, err
	}
	driver, err := s.exports.Driver(r.Plan.DestinationType)
	if err != nil {
		return nil, err
	}
	words := i18n.For("en", time.UTC)
	return func(visit func(Line) error) error {
		err := s.runs.Outcomes(ctx, access.System, w.RunID, run.Telling{}, func(told run.Told) error {
			line := Line{RunID: w.RunID, Export: w.Export, ProfileID: told.ProfileID, Outcome: told.Kind, ReasonCode: told.Code, At: told.SentAt}
			if line.At.IsZero() {
				line.At = r.EndedAt
			}
			if told.Code != "" {
				line.Reason = reasonText(words, told.Code, driver.Info().Name)
			}
			return errors.Join(ctx.Err(), visit(line))
		})
		if err != nil {
			return err
		}
		kept, err := s.runs.Kept(ctx, access.System, w.RunID)
		if err == nil && !kept {
			err = &failure{Forgotten, errors.New("the time for which it is kept is over")}
		}
		return err
	}, nil
}

// reasonText says why a profile was not accepted, as the page of the run does.
func reasonText(words *i18n.Locale, code, destinationName string) string {
	if key := "runs.reason." + code; i18n.Has("en", key) {
		return words.T(key, "Destination", destinationName)
	}
	return words.T("runs.reason.other", "Code", code, "Destination", destinationName)
}
