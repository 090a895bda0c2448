package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Limits of a session.
const (
	IdleLimit     = 2 * time.Hour
	AbsoluteLimit = 24 * time.Hour
	seenEvery     = time.Minute // how exactly it is noted when a session was last used
	notePatience  = time.Second // how long a request waits to note that
)

// Session is one sign-in, in one browser.
type Session struct {
	ID          int64
	UserID      int64
	Proof       Proof
	Confined    bool // the person must set up a second factor before anything else
	CreatedAt   time.Time
	ConfirmedAt time.Time // when it was last proved that the person is there herself
	SeenAt      time.Time
	ExpiresAt   time.Time
	Browser     string // what the browser calls itself
	Address     string
	Current     bool // in lists: it is the one that asks

	hash []byte
}

// Proof is how a person proved who she is.
type Proof string

// The proofs.
const (
	ByPassword Proof = "password"
	ByCode     Proof = "code"     // a password, and a time-based code
	ByRecovery Proof = "recovery" // a password, and a recovery code
	ByPasskey  Proof = "passkey"  // alone, or after a password
	ByLink     Proof = "link"     // a link that is good once, by which she chose her password just now
	ByProvider Proof = "provider" // the identity provider of her company
)

// Strong reports whether the proof needs no second one: there were two factors, or somebody else answers for that.
func (p Proof) Strong() bool { return p != ByPassword && p != ByLink }

// maxBrowser is how much is kept of what a browser calls itself, in bytes.
const maxBrowser = 300

// Begun is what is known of a session when it begins.
type Begun struct {
	UserID   int64
	Proof    Proof
	Confined bool   // the person must set up a second factor before anything else
	Browser  string // what the browser calls itself
	Address  string
}

// StartSession begins a session for a user who has proved to be that user, and returns its token: the only copy, since the
// database keeps a hash. It fails with SignedOut when the user may not sign in any more. Sessions that have ended are cleared away
// meanwhile.
func (s *Service) StartSession(ctx context.Context, begun Begun) (token string, err error) {
	token, hash := newToken()
	now, userID := s.now(), begun.UserID
	if len(begun.Browser) > maxBrowser {
		begun.Browser = begun.Browser[:maxBrowser]
	}
	session := Session{
		UserID: userID, Proof: begun.Proof, Confined: begun.Confined, CreatedAt: now, ConfirmedAt: now, SeenAt: now,
		ExpiresAt: now.Add(AbsoluteLimit), Browser: begun.Browser, Address: begun.Address, hash: hash,
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := deleteSessionsBefore(ctx, tx, now, now.Add(-IdleLimit)); err != nil {
			return err
		}
		user, err := userByID(ctx, tx, userID)
		if err != nil {
			return err
		}
		if user.State() != Active { // shut out since she proved who she is
			return problem.New(problem.SignedOut, "problem.signed_out")
		}
		if err := updateLastSignIn(ctx, tx, userID, now); err != nil {
			return err
		}
		if err := insertSession(ctx, tx, session); err != nil {
			return err
		}
		return audit.Write(ctx, tx, now, user.Actor(), audit.Entry{Action: audit.SignedIn, Subject: user.subject()})
	})
	return token, err
}

// Identify gives the user of a session, and notes that it is in use. It fails with SignedOut when there is no such session
// (any more) or the user is disabled.
func (s *Service) Identify(ctx context.Context, token string) (User, error) {
	session, user, err := s.look(ctx, token)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	if now.Sub(session.SeenAt) < seenEvery {
		return user, nil
	}
	// Who comes is known also when that cannot be noted now: the disk may be full, or somebody may write for long. At worst the
	// session ends early for want of use.
	noting, cancel := context.WithTimeout(ctx, notePatience)
	defer cancel()
	if err := s.db.InTx(noting, func(tx database.Tx) error { return updateSeen(noting, tx, session.ID, now) }); err != nil {
		return user, ctx.Err()
	}
	return user, nil
}

// Glance is Identify without noting that the session is in use: for what a page does by itself.
func (s *Service) Glance(ctx context.Context, token string) (User, error) {
	_, user, err := s.look(ctx, token)
	return user, err
}

func (s *Service) look(ctx context.Context, token string) (Session, User, error) {
	signedOut := problem.New(problem.SignedOut, "problem.signed_out")
	if token == "" {
		return Session{}, User{}, signedOut
	}
	now := s.now()
	session, user, found, err := sessionAndUser(ctx, s.db.Reader(), hashToken(token), now)
	if err != nil {
		return Session{}, User{}, err
	}
	over := !session.ExpiresAt.After(now) || now.Sub(session.SeenAt) >= IdleLimit
	if !found || over || user.State() != Active {
		return Session{}, User{}, signedOut
	}
	user.session = session
	return session, user, nil
}

// EndSession ends a session. It is no failure when it has ended already.
func (s *Service) EndSession(ctx context.Context, token string) error {
	return s.db.InTx(ctx, func(tx database.Tx) error {
		_, user, found, err := sessionAndUser(ctx, tx, hashToken(token), s.now())
		if err != nil || !found {
			return err
		}
		if err := deleteSession(ctx, tx, hashToken(token)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), user.Actor(), audit.Entry{Action: audit.SignedOut, Subject: user.subject()})
	})
}

// Sessions lists the actor's own sessions, the one last used first. token is that of the one that asks.
func (s *Service) Sessions(ctx context.Context, actor access.Actor, token string) ([]Session, error) {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return nil, err
	}
	now := s.now()
	return listSessions(ctx, s.db.Reader(), actor.UserID, hashToken(token), now, now.Add(-IdleLimit))
}

// EndOtherSessions ends all of the actor's sessions but the one that asks, and forgets the browsers that were known.
func (s *Service) EndOtherSessions(ctx context.Context, actor access.Actor, token string) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if err := deleteDevicesOf(ctx, tx, actor.UserID); err != nil {
			return err
		}
		if err := deleteSessionsOf(ctx, tx, actor.UserID, hashToken(token)); err != nil {
			return err
		}
		return s.write(ctx, tx, actor, audit.SessionsEnded)
	})
}

// EndOwnSession ends one of the actor's sessions, in whichever browser. It is no failure when it has ended already.
func (s *Service) EndOwnSession(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		ended, err := deleteOwnSession(ctx, tx, actor.UserID, id)
		if err != nil || !ended {
			return err
		}
		return s.write(ctx, tx, actor, audit.SessionEnded)
	})
}

// EndEverywhere ends all of the actor's sessions, and forgets the browsers that were known.
func (s *Service) EndEverywhere(ctx context.Context, actor access.Actor) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		if err := EndSessionsOf(ctx, tx, actor.UserID); err != nil {
			return err
		}
		return s.write(ctx, tx, actor, audit.EndedEverywhere)
	})
}

func (s *Service) write(ctx context.Context, tx database.Tx, actor access.Actor, what audit.Action) error {
	return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: what, Subject: SubjectOf(actor)})
}

// EndSessionsOf ends all sessions of a user, and forgets the browsers that were known, within the transaction.
func EndSessionsOf(ctx context.Context, tx database.Tx, userID int64) error {
	if err := deleteDevicesOf(ctx, tx, userID); err != nil {
		return err
	}
	return deleteSessionsOf(ctx, tx, userID, nil)
}

// Unconfine lets a user do again what she may, within the transaction in which she set up a second factor.
func Unconfine(ctx context.Context, tx database.Tx, userID int64) error {
	return exec(ctx, tx, `UPDATE sessions SET confined = 0 WHERE user_id = ?`, userID)
}

// formerFor is how long the token before a confirmation still counts: for requests that the browser had sent already.
const formerFor = 30 * time.Second

// Confirm notes that the actor proved just now that it is she, in the session of that token, and gives the session a new token: the
// old one may be known to somebody else.
func (s *Service) Confirm(ctx context.Context, actor access.Actor, token string) (fresh string, err error) {
	if err := actor.Require(access.SecureOwnAccount); err != nil {
		return "", err
	}
	fresh, hash := newToken()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		now := s.now()
		session, user, found, err := sessionAndUser(ctx, tx, hashToken(token), now)
		if err != nil {
			return err
		}
		if !found || user.ID != actor.UserID {
			return problem.New(problem.SignedOut, "problem.signed_out")
		}
		return updateConfirmed(ctx, tx, session.ID, hash, now, now.Add(formerFor))
	})
	return fresh, err
}

// tokenBytes makes a token too long to be guessed; that is why a plain hash of it is enough in the database.
const tokenBytes = 32

func newToken() (token string, hash []byte) {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // crypto/rand.Read does not fail; it ends the program instead
	token = base64.RawURLEncoding.EncodeToString(random)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
