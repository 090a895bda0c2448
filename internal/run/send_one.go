package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/problem"
)

const (
	onePatience  = 20 * time.Second
	firstOneWait = 0.3 // seconds of the destination's time, growing by half
	oneHolder    = "specimen"
)

// SendOne sends one profile of the segments, whether it changed or not, as a batch of one, and waits a short while for the
// outcome; LastAnswer has it afterwards, and the export's history has it as a run of one. The delivery of the profile is taken for
// outdated, whatever comes of it, so that the next run sends the profile once more: what it had at this moment never stands
// for what a run delivered.
func (s *Service) SendOne(ctx context.Context, actor access.Actor, exportID int64, profileID string) error {
	r, err := s.readyFor(ctx, actor, exportID)
	if err != nil {
		return err
	}
	if profileID == "" { // the first one is only shown: what is sent is named
		return problem.New(problem.NotFound, "problem.specimen.no_member")
	}
	if r.obstacle == failSegment || r.obstacle == failExclusion {
		return problem.New(problem.Conflict, "runs.error."+r.obstacle)
	}
	if r.obstacle != "" {
		return problem.New(problem.Conflict, "obstacle."+r.obstacle)
	}
	if stands, err := s.stops.Stands(ctx); err != nil {
		return err
	} else if stands {
		return problem.New(problem.Conflict, "problem.stop.stands")
	}
	if running, ok, err := activeRun(ctx, s.db.Reader(), exportID); err != nil {
		return err
	} else if ok { // it may hold other values of the profile
		return problem.New(problem.Conflict, "problem.specimen.run_active", "Run", running)
	}
	made, err := s.one(ctx, r, profileID)
	if err != nil {
		return err
	}
	matcher, err := r.excluded.matcher(ctx)
	if err != nil {
		return err
	}
	if matcher.Match(made.identity) != "" {
		return problem.New(problem.Conflict, "problem.specimen.excluded")
	}
	if len(made.reasons) > 0 {
		return problem.New(problem.Conflict, "problem.specimen.rejected")
	}
	began := s.clock()
	others, err := deliveredAt(ctx, s.db.Reader(), exportID, made.identity)
	if err != nil {
		return err
	}
	var awaits *halt
	if err := s.stillCleared(ctx, s.db.Reader(), exportID, r.cleared); errors.As(err, &awaits) {
		return problem.New(problem.Conflict, "obstacle."+awaits.code)
	} else if err != nil {
		return err
	}
	if err := s.outdate(ctx, exportID, made, others); err != nil {
		return err
	}
	// The person may leave the page meanwhile; what was sent has an outcome all the same.
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), onePatience)
	defer cancel()
	if deadline, ok := ctx.Deadline(); ok {
		var sooner context.CancelFunc
		within, sooner = context.WithDeadline(within, deadline)
		defer sooner()
	}
	// Before it is sent: whatever comes of it, nobody is sent to without an entry.
	err = s.db.InTx(within, func(tx database.Tx) error {
		return audit.Write(within, tx, began, actor, audit.Entry{Action: audit.RunTried, Subject: r.export.Subject(), Changes: audit.Changed(audit.Change{Field: "brand_id", After: r.plan.BrandID})})
	})
	if err != nil {
		return err
	}
	answer, err := s.exchange(sortedByList(within, matcher.Version), r, made)
	if errors.Is(err, errListChanged) {
		return problem.New(problem.Conflict, "problem.specimen.list_changed")
	}
	if err != nil {
		return err
	}
	answer.ProfileID, answer.At, answer.sent = made.profileID, s.clock(), r.plan.Mapping
	s.log.InfoContext(ctx, "one profile sent on demand", "export", exportID, "user", actor.UserID, "outcome", answer.Outcome)
	// Once more: a run that began meanwhile may have delivered other values, before or after these.
	if err := s.outdate(context.WithoutCancel(ctx), exportID, made, others); err != nil {
		return err
	}
	if err := s.recordTry(context.WithoutCancel(ctx), actor, r, made, answer, began); err != nil {
		return err
	}
	s.keepAnswer(actor, exportID, answer)
	return nil
}

// recordTry keeps what came of a profile that was sent by itself in the history of the export.
func (s *Service) recordTry(ctx context.Context, actor access.Actor, r ready, made contact, answer Answer, began time.Time) error {
	state, code, detail, accepted, refused := Succeeded, "", "", 1, 0
	switch answer.Outcome {
	case AnswerCreated, AnswerUpdated:
	case AnswerRefused:
		state, accepted, refused = Warnings, 0, 1
	case AnswerSilent, AnswerNoRoom:
		state, code, accepted = Failed, failUnavailable, 0
	default:
		state, code, detail, accepted = Failed, answer.Code, answer.Message, 0
	}
	plan, err := json.Marshal(r.plan)
	if err != nil {
		return err
	}
	var id int64
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if gone, err := s.erased(ctx, tx); err != nil || gone.has(made) { // meanwhile
			return err
		}
		at := database.Millis(began)
		result, err := tx.ExecContext(ctx, `INSERT INTO runs (export_id, cause, requested_by, requested_by_name, acting_for, state, plan, brand_id, planned,
			profiles, accepted, created, updated, refused, error_code, error_detail, queued_at, started_at, ended_at, progress_at)
			VALUES (?, ?, nullif(?, 0), ?, ?, ?, ?, ?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.export.ID, Tried, actor.UserID, actor.Name, r.connection.ExportUser,
			state, string(plan), r.plan.BrandID, accepted, answer.Outcome == AnswerCreated, answer.Outcome == AnswerUpdated, refused, code, detail, at, at, database.Millis(answer.At), database.Millis(answer.At))
		if err != nil {
			return fmt.Errorf("record a try: %w", err)
		}
		if id, err = result.LastInsertId(); err != nil {
			return err
		}
		tried, err := getRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.noteEnded(ctx, tx, tried); err != nil {
			return err
		}
		j := journal{tx: tx}
		if err := j.recordTried(ctx, id, made, answer, began); err != nil {
			return err
		}
		if answer.batchID != "" { // it may arrive after what a later run sends
			if err := keepLate(ctx, tx, `run_id = ? AND state = 'sent'`, id); err != nil {
				return err
			}
		}
		if refused > 0 {
			shown, err := s.seal(id, r.plan.DestinationType, made.profileID, made.item, answer.answer)
			if err != nil {
				return err
			}
			if err := j.keepEvidence(ctx, id, []exhibit{shown}, answer.At); err != nil {
				return err
			}
			if err := j.addRejections(ctx, id, refusals(answer.ProfileID, Refused, answer.Reasons)); err != nil {
				return err
			}
			if !answer.passing {
				if err := j.keepRefusals(ctx, r.export.ID, []refusal{{answer.ProfileID, string(made.hash), id, answer.Reasons}}); err != nil {
					return err
				}
			}
		}
		if err := addEvent(ctx, tx, id, began, "started", actor.Name); err != nil {
			return err
		}
		return addEvent(ctx, tx, id, answer.At, string(state), code)
	})
	if err == nil {
		s.events.Publish(ListTopic, Topic(id))
	}
	return err
}

// exchange proves the key, sends the contact and waits for its outcome. An error is of our own side.
func (s *Service) exchange(ctx context.Context, r ready, made contact) (Answer, error) {
	brand, err := s.budgets.For(ctx, r.plan.BrandID)
	if err != nil {
		return Answer{}, err
	}
	door := &noted{inner: brand.ReadGate()}
	open, opened, err := s.connections.Account(ctx, r.plan.ConnectionID)
	if failure := connection.FailureOf(err); failure != "" {
		return Answer{Outcome: AnswerFailed, Code: string(failure)}, nil
	}
	if err != nil {
		return Answer{}, err
	}
	place := &noted{inner: brand.Gate(oneHolder), stops: s.stops, list: s.exclusions}
	reading, sending := open(door), open(place)
	proved, err := reading.Verify(ctx)
	if err != nil && !door.admitted {
		return Answer{Outcome: AnswerNoRoom}, nil
	}
	if err != nil {
		return s.failedOne(ctx, opened, err)
	}
	if proved.ID != r.plan.BrandID { // the consent was for the other one
		return Answer{Outcome: AnswerFailed, Code: string(connection.BrandChanged)}, s.mark(ctx, opened, connection.BrandChanged)
	}
	sent := s.clock()
	batchID, err := sending.Send(ctx, [][]byte{made.item})
	var failure *destination.Error
	switch {
	case err == nil:
		answer, err := s.awaitOne(ctx, reading, batchID, sent, made.identity)
		if answer.Outcome == AnswerSilent {
			answer.batchID = batchID
		}
		return answer, err
	case errors.Is(err, errStopped):
		return Answer{Outcome: AnswerFailed, Code: ByStop}, nil
	case errors.Is(err, errListChanged):
		return Answer{}, err
	case !place.admitted:
		return Answer{Outcome: AnswerNoRoom}, nil
	case !errors.As(err, &failure):
		return Answer{}, err
	case failure.Kind == destination.Unreachable:
		return Answer{Outcome: AnswerSilent, Message: failure.Message}, nil
	case failure.Kind == destination.Refused || failure.Kind == destination.TooLarge:
		return Answer{Outcome: AnswerRefused, Message: failure.Message, Reasons: failure.Reasons, answer: failure.Answer}, nil
	}
	return s.failedOne(ctx, opened, err)
}

// failedOne is the answer when nothing was sent. A key that is to blame is marked.
func (s *Service) failedOne(ctx context.Context, c connection.Connection, err error) (Answer, error) {
	var failure *destination.Error
	if !errors.As(err, &failure) {
		return Answer{}, err
	}
	answer := Answer{Outcome: AnswerFailed, Code: failUnavailable, Message: failure.Message}
	if failure.Kind == destination.Retired {
		answer.Code = failRetired
	}
	if mark := markOf(failure.Kind); mark != "" {
		answer.Code = string(mark)
		return answer, s.mark(ctx, c, mark)
	}
	return answer, nil
}

func (s *Service) mark(ctx context.Context, c connection.Connection, failure connection.Failure) error {
	return s.connections.MarkFailure(context.WithoutCancel(ctx), c, failure)
}

// awaitOne reads the outcome of a batch of one, until the time is over.
func (s *Service) awaitOne(ctx context.Context, account destination.Account, batchID string, sent time.Time, identity string) (Answer, error) {
	for wait := time.Duration(firstOneWait * float64(s.budgets.Window()/60)); ; wait += wait / 2 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return Answer{Outcome: AnswerSilent}, nil
		}
		states, err := account.States(ctx, []string{batchID}, sent)
		if err != nil {
			if answer, final := unreadable(err); final {
				return answer, nil
			}
			continue
		}
		if states[batchID].Progress == destination.Waiting {
			continue
		}
		results, err := account.Results(ctx, batchID)
		if err != nil {
			if answer, final := unreadable(err); final {
				return answer, nil
			}
			continue
		}
		if accepted, ok := results.Accepted[identity]; ok && accepted.Created {
			return Answer{Outcome: AnswerCreated}, nil
		} else if ok {
			return Answer{Outcome: AnswerUpdated}, nil
		}
		if rejected, ok := results.Rejected[identity]; ok {
			return Answer{Outcome: AnswerRefused, Reasons: rejected.Reasons, answer: rejected.Answer, passing: rejected.Passing}, nil
		}
		return Answer{Outcome: AnswerSilent}, nil
	}
}

// unreadable is the answer when the outcome cannot be read; final is false when another try may help.
func unreadable(err error) (answer Answer, final bool) {
	answer.Outcome = AnswerSilent
	var failure *destination.Error
	if !errors.As(err, &failure) {
		return answer, true
	}
	answer.Message = failure.Message
	return answer, !failure.Passing()
}

// noted is a gate that remembers whether it let a request pass. When it has stops, it lets none pass while one stands.
type noted struct {
	inner    destination.Gate
	stops    Stops
	list     Exclusions // nil: nothing is sent through it
	admitted bool
}

// errStopped says that the emergency stop was given while a request waited for its place.
var errStopped = errors.New("an emergency stop stands")

// Enter waits for a place.
func (n *noted) Enter(ctx context.Context) (func(destination.Answer), error) {
	done, err := n.inner.Enter(ctx)
	if err == nil && n.stops != nil {
		stands, failed := n.stops.Stands(ctx)
		if failed == nil && stands {
			failed = errStopped
		}
		if failed != nil {
			done(destination.Answer{})
			return nil, failed
		}
	}
	if err == nil && n.list != nil {
		err = confirm(ctx, n.list, done)
	}
	n.admitted = n.admitted || err == nil
	return done, err
}
