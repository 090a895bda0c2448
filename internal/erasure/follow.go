package erasure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
)

// What follows an erasure is done in the background: the file of the database is written anew, and tags are taken away.

const (
	mostTries   = 16 // of taking tags away: some 17 hours
	firstWait   = 5 * time.Second
	longestWait = 3 * time.Hour
	holdWait    = 15 * time.Second // for a batch under way, or the end of the emergency stop: these do not count as tries
)

// Follow does what is left of an erasure. again is when to call it once more; 0: nothing is left.
func (s *Service) Follow(ctx context.Context, id int64) (again time.Duration, err error) {
	e, err := readErasure(ctx, s.db.Reader(), id)
	if problem.Is(err, problem.NotFound) { // the proof's time is over
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer s.Events.Publish(ListTopic)
	if e.RewrittenAt.IsZero() {
		at := s.Clock()
		if err := s.db.Rewrite(ctx); err != nil {
			return 0, err
		}
		if err := s.db.InTx(ctx, func(tx database.Tx) error { return markRewritten(ctx, tx, at, s.Clock()) }); err != nil {
			return 0, err
		}
	}
	for _, t := range e.Tags {
		if t.State != TagsWaiting {
			continue
		}
		wait, err := s.untag(ctx, t)
		if err != nil {
			return 0, err
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again, nil
}

// untag takes the tags of one contact away, and forgets the address once there is an answer, or nobody waits for one any more.
func (s *Service) untag(ctx context.Context, t Tags) (again time.Duration, err error) {
	address, err := s.Sealer.Open(t.sealed, binding(t.ID))
	if errors.Is(err, secret.ErrCannotOpen) {
		return 0, s.answer(ctx, t, TagsFailed, "key_exchanged")
	}
	if err != nil {
		return 0, err
	}
	t.stray.Identity, t.stray.Tags = address.Reveal(), t.Tags
	code, passing, err := s.Runs.Untag(ctx, t.stray)
	switch {
	case err != nil:
		return 0, err
	case code == "":
		return 0, s.answer(ctx, t, TagsRemoved, "")
	case !passing:
		return 0, s.answer(ctx, t, TagsFailed, code)
	case code == run.UntagUnderWay || code == run.ByStop:
		return holdWait, s.tried(ctx, t, code, t.Tries)
	case t.Tries+1 >= mostTries:
		return 0, s.answer(ctx, t, TagsFailed, code)
	}
	return min(firstWait<<min(t.Tries, 20), longestWait), s.tried(ctx, t, code, t.Tries+1)
}

func (s *Service) answer(ctx context.Context, t Tags, state TagsState, code string) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return answerTags(ctx, tx, t.ID, state, code, s.Clock()) })
}

func (s *Service) tried(ctx context.Context, t Tags, code string, tries int) error {
	return s.db.InTx(ctx, func(tx database.Tx) error { return tryTags(ctx, tx, t.ID, code, tries) })
}

func (s *Service) insertTags(ctx context.Context, tx database.Tx, erasureID int64, stray run.Stray) error {
	state, code := fateOf(stray)
	id, err := insertTags(ctx, tx, erasureID, stray, strings.Join(stray.Tags, "\n"), state, code, s.Clock())
	if err != nil || state != TagsWaiting {
		return err
	}
	return sealAddress(ctx, tx, id, s.Sealer.Seal(secret.NewText(stray.Identity), binding(id)))
}

func binding(tagsID int64) string { return fmt.Sprintf("erasure/%d/address", tagsID) }

// List reads the proofs, the newest first, and how many there are.
func (s *Service) List(ctx context.Context, actor access.Actor, offset, limit int) (found []Erasure, total int, err error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return nil, 0, err
	}
	return listErasures(ctx, s.db.Reader(), offset, limit)
}

// Get reads one proof.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Erasure, error) {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return Erasure{}, err
	}
	return readErasure(ctx, s.db.Reader(), id)
}

// TryAgain has the tags that wait taken away now, and not at their next turn.
func (s *Service) TryAgain(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.ManagePrivacy); err != nil {
		return err
	}
	e, err := readErasure(ctx, s.db.Reader(), id)
	if err != nil {
		return err
	}
	if e.Waiting() == 0 {
		return problem.New(problem.Conflict, "erasure.problem.nothing_waits")
	}
	return s.db.InTx(ctx, func(tx database.Tx) error { return s.queue.EnqueueErasure(ctx, tx, id) })
}
