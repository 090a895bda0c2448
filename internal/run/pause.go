package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
)

// A paused run is stopped like one that is cancelled: nothing more is sent, and what was sent is followed for a while. Its
// journal stays, and with it the snapshot that it holds, so that it goes on where it was, as after a restart.

// The codes of why a run is paused that are no obstacle of its export or connection, and no failure of the destination.
const (
	ByPerson   = "by_person"
	ByStop     = "stopped_all" // the emergency stop: it goes on by itself when that is lifted
	ManyLeave  = "many_leave"  // a question: see Question
	ManyNew    = "many_new"    // a question
	superseded = "superseded"  // of a cancelled run: a new one was started in the place of a paused one
)

// mendable are the reasons for which a run is paused instead of ended, because a person can do something about them, or wait
// until they pass.
var mendable = []string{
	string(export.IsPaused), string(export.Unconfirmed), string(export.AwaitsApproval), string(connection.NotVerified), string(connection.NoConsent), string(connection.NoExportUser),
	string(connection.ExportUserUnable), string(connection.KeyFailed), string(connection.KeyRefused), string(connection.ScopeMissing),
	string(connection.BrandUnable), string(connection.PaymentRequired), string(connection.SecretMissing), string(connection.StoreUnavailable), failUnavailable, failStalled, failSource, failSourceRefused,
}

// haltOn pauses a run for what can be mended, and ends it for what cannot.
func haltOn(code, detail string) *halt {
	if slices.Contains(mendable, code) {
		return &halt{state: Paused, code: code, detail: detail}
	}
	return &halt{state: Failed, code: code, detail: detail}
}

// Asks reports whether the run is paused with a question, which a person must answer.
func (r Run) Asks() bool {
	return r.State == Paused && (r.PauseCode == ManyLeave || r.PauseCode == ManyNew)
}

// Yields reports whether a new run of the export takes the place of this one: Segue paused it, and not a person.
func (r Run) Yields() bool { return r.State == Paused && r.PauseCode != ByPerson }

// Pausing reports whether a person asked for a pause that has not begun.
func (r Run) Pausing() bool { return r.State == Running && r.PauseCode == ByPerson }

// held says why a run must not go on now; nil when it may.
func (s *Service) held(ctx context.Context, r Run) (*halt, error) {
	if r.Pausing() {
		return &halt{state: Paused, code: ByPerson}, nil
	}
	stands, err := s.stops.Stands(ctx)
	if err != nil || !stands {
		return nil, err
	}
	return &halt{state: Paused, code: ByStop}, nil
}

// halt ends or pauses a run that has not come to its end meanwhile. What a person asked for goes before what Segue found.
func (s *Service) halt(ctx context.Context, tx database.Tx, runID int64, h *halt) error {
	r, err := getRun(ctx, tx, runID)
	switch {
	case err != nil:
		return err
	case !r.State.Going(): // a person cancelled or paused it while it waited for its turn
		return nil
	case h.state != Paused:
		return s.end(ctx, tx, runID, h.state, h.code, h.detail, s.clock())
	case !r.CancelAskedAt.IsZero():
		return s.end(ctx, tx, runID, Cancelled, "", "", s.clock())
	case r.Pausing():
		h = &halt{state: Paused, code: ByPerson}
	}
	return suspend(ctx, tx, runID, h.code, h.detail, r.PausedBy, s.clock())
}

func suspend(ctx context.Context, tx database.Tx, runID int64, code, detail, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'paused', pause_code = ?, pause_detail = ?, paused_at = ?, paused_by = ?, progress_at = ?, stuck_at = NULL
		WHERE id = ? AND state IN ('queued', 'running')`, code, detail, database.Millis(now), by, database.Millis(now), runID)
	if err != nil {
		return fmt.Errorf("pause run %d: %w", runID, err)
	}
	return addEvent(ctx, tx, runID, now, string(Paused), code)
}

// mayAct reads a run for somebody who may run and cancel its export.
func (s *Service) mayAct(ctx context.Context, actor access.Actor, runID int64) (Run, export.Export, error) {
	r, err := getRun(ctx, s.db.Reader(), runID)
	if err != nil {
		return r, export.Export{}, err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), r.ExportID)
	if err != nil {
		return r, e, err
	}
	if !e.MayRun(actor) {
		return r, e, actor.RequireRun(e.Grant)
	}
	return r, e, nil
}

// Pause has a run stop until somebody resumes it. One that waits for the end of the emergency stop then waits for a person.
func (s *Service) Pause(ctx context.Context, actor access.Actor, runID int64) error {
	if _, _, err := s.mayAct(ctx, actor, runID); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.clock()
		r, err := getRun(ctx, tx, runID)
		switch {
		case err != nil:
			return err
		case !r.State.Active():
			return problem.New(problem.Conflict, "problem.run.ended")
		case !r.CancelAskedAt.IsZero():
			return problem.New(problem.Conflict, "problem.run.stopping")
		case r.PauseCode == ByPerson && r.State != Queued:
			return nil
		case r.State == Queued:
			if err := addEvent(ctx, tx, runID, now, "pause_asked", actor.Name); err != nil {
				return err
			}
			if err := s.note(ctx, tx, actor, audit.RunPaused, r); err != nil {
				return err
			}
			return suspend(ctx, tx, runID, ByPerson, "", actor.Name, now)
		case r.State == Paused && r.PauseCode != ByStop:
			return problem.New(problem.Conflict, "problem.run.paused_already")
		}
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET pause_code = ?, paused_at = ?, paused_by = ? WHERE id = ?`,
			ByPerson, database.Millis(now), actor.Name, runID); err != nil {
			return fmt.Errorf("ask run %d to pause: %w", runID, err)
		}
		if err := s.note(ctx, tx, actor, audit.RunPaused, r); err != nil {
			return err
		}
		return addEvent(ctx, tx, runID, now, "pause_asked", actor.Name)
	})
	if err != nil {
		return err
	}
	s.interrupt(runID, &halt{state: Paused, code: ByPerson})
	s.events.Publish(ListTopic, Topic(runID))
	return nil
}

// interrupt stops a run that is under way in this process.
func (s *Service) interrupt(runID int64, why *halt) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if u := s.active[runID]; u != nil {
		u.stop(why)
	}
}

// canWait reports whether a run that comes to a pause need not wait for its answers now, because the program stops: its
// journal knows what was sent.
func (x *execution) canWait() bool {
	var why *halt
	if !errors.As(context.Cause(x.stopping), &why) || why.state != Paused {
		return false
	}
	x.service.mutex.Lock()
	defer x.service.mutex.Unlock()
	return x.service.shutting
}

// Reply is a person's answer to the question of a pause.
type Reply string

// The replies. A run that was paused without a question is resumed with NoReply.
const (
	NoReply   Reply = ""
	GoOn      Reply = "go_on"      // send, and where that was asked take the tags away
	LeaveTags Reply = "leave_tags" // send, and leave the tags of those who left as they are
)

// Resume lets a paused run go on. What stands in its way is a Conflict that says so.
func (s *Service) Resume(ctx context.Context, actor access.Actor, runID int64, reply Reply) error {
	r, e, err := s.mayAct(ctx, actor, runID)
	if err != nil {
		return err
	}
	if err := mayResume(r, reply); err != nil {
		return err
	}
	if stands, err := s.stops.Stands(ctx); err != nil {
		return err
	} else if stands {
		return problem.New(problem.Conflict, "problem.stop.stands")
	}
	var code string
	if r.Plan == nil {
		code, err = s.exports.Readiness(ctx, e)
	} else {
		code, err = s.exports.Permission(ctx, r.ExportID, r.Plan.ConnectionID, r.Plan.BrandID)
	}
	if err != nil {
		return err
	}
	if code != "" {
		return problem.New(problem.Conflict, "obstacle."+code)
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if r, err = getRun(ctx, tx, runID); err != nil {
			return err
		}
		if err := mayResume(r, reply); err != nil {
			return err
		}
		event, what, changes := "continued", audit.RunResumed, []audit.Change(nil)
		if r.Asks() {
			event = "approved"
			if reply == LeaveTags {
				event = "approved_tags_left"
			}
			what, changes = audit.RunAnswered, []audit.Change{{Field: "question", After: r.PauseCode}, {Field: "answer", After: string(reply)}}
			if err := approve(ctx, tx, r, reply, actor.Name, s.clock()); err != nil {
				return err
			}
		}
		if err := s.note(ctx, tx, actor, what, r, changes...); err != nil {
			return err
		}
		return s.goOn(ctx, tx, r, event, actor.Name)
	})
	if err == nil {
		s.events.Publish(ListTopic, Topic(runID))
	}
	return err
}

func mayResume(r Run, reply Reply) error {
	fits := reply == NoReply || reply == GoOn || reply == LeaveTags && r.PauseCode == ManyLeave
	switch {
	case r.State != Paused || !fits:
		return problem.New(problem.Conflict, "problem.run.not_paused")
	case r.Asks() && reply == NoReply:
		return problem.New(problem.Conflict, "problem.run.question")
	}
	return nil
}

// approve keeps who answered the question, and what the answer allows: that many may be sent is no leave to take tags away.
func approve(ctx context.Context, tx database.Tx, r Run, reply Reply, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE runs SET approved_at = ?, approved_by = ?, withdraw_any = ?, leave_tags = ? WHERE id = ?`,
		database.Millis(now), by, r.WithdrawAny || reply == GoOn && r.PauseCode == ManyLeave, reply == LeaveTags, r.ID)
	if err != nil {
		return fmt.Errorf("approve run %d: %w", r.ID, err)
	}
	return nil
}

// goOn has a paused run carried on, within the transaction that decided so.
func (s *Service) goOn(ctx context.Context, tx database.Tx, r Run, event, by string) error {
	now := s.clock()
	_, err := tx.ExecContext(ctx, `UPDATE runs SET state = CASE WHEN plan IS NULL THEN 'queued' ELSE 'running' END,
		pause_code = '', pause_detail = '', paused_at = NULL, paused_by = '', progress_at = ? WHERE id = ?`, database.Millis(now), r.ID)
	if err != nil {
		return fmt.Errorf("resume run %d: %w", r.ID, err)
	}
	if r.PauseCode == failStalled {
		if err := sendStalledAgain(ctx, tx, r.ID, now.Add(-s.budgets.Window()/60*stalledSeconds), now); err != nil {
			return err
		}
	}
	if err := addEvent(ctx, tx, r.ID, now, event, by); err != nil {
		return err
	}
	if err := s.queue.EnqueueRun(ctx, tx, r.ID); err != nil {
		return fmt.Errorf("queue run %d again: %w", r.ID, err)
	}
	return nil
}

// sendStalledAgain has the batches sent once more that came to no end: the destination may have lost them. The same contacts
// twice change nothing. Those sent in the future are among them: the clock was set back.
func sendStalledAgain(ctx context.Context, tx database.Tx, runID int64, sentBefore, now time.Time) error {
	const stalled = `run_id = ? AND state = 'sent' AND (sent_at <= ? OR sent_at > ?)`
	args := []any{runID, database.Millis(sentBefore), database.Millis(now)}
	if err := keepLate(ctx, tx, stalled, args...); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `UPDATE batches SET state = 'planned', remote_id = '', sent_at = NULL WHERE `+stalled, args...)
	if err != nil {
		return fmt.Errorf("send stalled batches of run %d again: %w", runID, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE runs SET batches_sent = batches_sent - ? WHERE id = ?`, n, runID); err != nil {
		return fmt.Errorf("send stalled batches of run %d again: %w", runID, err)
	}
	return nil
}
