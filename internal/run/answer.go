package run

import (
	"context"
	"slices"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
)

// Answer is what came of sending one profile on a person's demand.
type Answer struct {
	ProfileID string
	At        time.Time
	Outcome   AnswerOutcome
	Code      string // of a Failed answer: as of a run that failed
	Message   string // the destination's own words; they may quote the profile
	Reasons   []destination.Reason
	answer    []byte
	sent      export.Mapping // by which it was sent
	passing   bool           // refused for what is not in the item
	batchID   string         // of a Silent answer: the batch that may still arrive; "" when it is not known
}

// AnswerOutcome is what became of it.
type AnswerOutcome string

// The outcomes of an answer.
const (
	AnswerCreated AnswerOutcome = "created"
	AnswerUpdated AnswerOutcome = "updated"
	AnswerRefused AnswerOutcome = "refused"
	AnswerSilent  AnswerOutcome = "silent"  // it was sent, or may have been, and the outcome did not come in time
	AnswerNoRoom  AnswerOutcome = "no_room" // nothing was sent: the brand's budget had no room in time
	AnswerFailed  AnswerOutcome = "failed"  // nothing was sent, for what a person must mend, or later
	answerIsOld                 = 15 * time.Minute
)

// answerKey is whose answer it is: each person has the last one of each export.
type answerKey struct{ userID, exportID int64 }

// keepAnswer keeps an answer in memory for a while. It holds personal data, so it is shown to nobody else.
func (s *Service) keepAnswer(actor access.Actor, exportID int64, answer Answer) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for key, kept := range s.answers {
		if answer.At.Sub(kept.At) > answerIsOld {
			delete(s.answers, key)
		}
	}
	s.answers[answerKey{actor.UserID, exportID}] = answer
}

// LastAnswer is what came of the profile that the actor sent last over the export, if that was this one and not long ago.
func (s *Service) LastAnswer(ctx context.Context, actor access.Actor, exportID int64, profileID string) (answer Answer, ok bool, err error) {
	if err := actor.Require(access.SeePersonalData); err != nil {
		return Answer{}, false, err
	}
	e, err := s.exports.Find(ctx, s.db.Reader(), exportID)
	if err != nil {
		return Answer{}, false, err
	}
	if !e.MayRun(actor) {
		return Answer{}, false, actor.RequireRun(e.Grant)
	}
	s.mutex.Lock()
	answer, ok = s.answers[answerKey{actor.UserID, exportID}]
	s.mutex.Unlock()
	if !ok || answer.ProfileID != profileID || s.clock().Sub(answer.At) > answerIsOld {
		return Answer{}, false, nil
	}
	veiled, err := s.wordsVeiled(ctx, actor, e, answer.sent)
	if err != nil {
		return Answer{}, false, err
	}
	if veiled {
		answer.Message, answer.Reasons = "", slices.Clone(answer.Reasons)
		for i := range answer.Reasons {
			answer.Reasons[i].Message = ""
		}
	}
	return answer, true, nil
}
