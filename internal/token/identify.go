package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Bearer is who comes with a token: the person as she is at this moment, and what the token may be used for.
type Bearer struct {
	Token Token
	User  account.User
}

// Actor is the person within the token's scopes.
func (b Bearer) Actor() access.Actor { return b.User.Actor().Within(b.Token.Scopes) }

// Why a key is not accepted. That it has ended is told only to whoever has it.
var (
	errUnknown  = problem.New(problem.SignedOut, "token.problem.unknown")
	errExpired  = problem.New(problem.SignedOut, "token.problem.expired")
	errEnded    = problem.New(problem.SignedOut, "token.problem.ended")
	errDisabled = problem.New(problem.SignedOut, "token.problem.disabled")
)

// Identify gives who comes with a key, and notes that it is in use. It fails with SignedOut when the key is none of ours or does
// not count any more.
func (s *Service) Identify(ctx context.Context, text string) (Bearer, error) {
	bearer, err := s.Glance(ctx, text)
	if err != nil {
		return Bearer{}, err
	}
	now := s.now()
	if now.Sub(bearer.Token.UsedAt) < seenEvery {
		return bearer, nil
	}
	// Who comes is known also when that cannot be noted now: the disk may be full, or somebody may write for long.
	noting, cancel := context.WithTimeout(ctx, notePatience)
	defer cancel()
	if err := s.db.InTx(noting, func(tx database.Tx) error { return noteUse(noting, tx, bearer.Token.ID, now) }); err != nil {
		return bearer, ctx.Err()
	}
	bearer.Token.UsedAt = now
	return bearer, nil
}

// Glance is Identify without noting that the key is in use: for a stream that looks whether it may go on.
func (s *Service) Glance(ctx context.Context, text string) (Bearer, error) {
	key, ok := ParseKey(text)
	if !ok {
		return Bearer{}, errUnknown
	}
	// The row is found by the handle, which is no secret. The secret is compared in a time that does not depend on it, also
	// when there is no row.
	found, hash, err := byHandle(ctx, s.db.Reader(), key.handle())
	missing := problem.Is(err, problem.NotFound)
	if err != nil && !missing {
		return Bearer{}, err
	}
	if missing {
		hash = make([]byte, sha256.Size)
	}
	if subtle.ConstantTimeCompare(hash, key.hash()) != 1 || missing {
		return Bearer{}, errUnknown
	}
	switch found.StateAt(s.now()) {
	case Ended:
		return Bearer{}, errEnded
	case Expired:
		return Bearer{}, errExpired
	}
	user, err := s.accounts.User(ctx, found.UserID)
	if err != nil {
		return Bearer{}, err
	}
	if user.State() != account.Active {
		return Bearer{}, errDisabled
	}
	return Bearer{found, user}, nil
}

// ErrKeyReused means that an Idempotency-Key came with another request than before.
var ErrKeyReused = problem.New(problem.Invalid, "token.problem.key_reused")

// errAlready ends the transaction of a run that was started before.
var errAlready = errors.New("started already")

// Starts is one request that is to start one run, however often it is sent.
type Starts struct {
	service *Service
	tokenID int64
	key     []byte // hash
	asked   []byte // hash
}

// Starting is a request with an Idempotency-Key, and what it asks for.
func (s *Service) Starting(t Token, key, asked string) Starts {
	keyHash, askedHash := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(asked))
	return Starts{service: s, tokenID: t.ID, key: keyHash[:], asked: askedHash[:]}
}

// Before gives the run that the request started before; 0 when it is the first time. It fails when the key came with another
// request.
func (r Starts) Before(ctx context.Context) (runID int64, err error) {
	runID, asked, err := startOf(ctx, r.service.db.Reader(), r.tokenID, r.key, r.service.now().Add(-keepStart))
	if err != nil || runID == 0 {
		return 0, err
	}
	if subtle.ConstantTimeCompare(asked, r.asked) != 1 {
		return 0, ErrKeyReused
	}
	return runID, nil
}

// Remember notes, in the transaction that queues it, which run the request started. It fails when the same request was
// faster: then Before knows its run.
func (r Starts) Remember(ctx context.Context, tx database.Tx, runID int64) error {
	now := r.service.now()
	if err := dropStarts(ctx, tx, now.Add(-keepStart)); err != nil {
		return err
	}
	kept, err := insertStart(ctx, tx, r, runID, now)
	if err == nil && !kept {
		return errAlready
	}
	return err
}
