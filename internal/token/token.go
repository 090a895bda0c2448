// Package token owns the personal keys to the JSON API: what they are for, until when they count, and whose they are. What a
// scope allows is answered by access, who the person is by account, and how a token travels by the web layer.
package token

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Limits of a token.
const (
	DefaultDays = 90
	MostDays    = 365
	maxName     = 100 // characters
	mostEach    = 50  // that count at once, of one person

	seenEvery    = time.Minute         // how exactly it is noted when a token was last used
	notePatience = time.Second         // how long a request waits to note that
	keepEnded    = 90 * 24 * time.Hour // how long one that has ended is shown
	keepStart    = 24 * time.Hour      // how long an Idempotency-Key counts
)

// Token is one key of one person. The key itself is nowhere: it is shown once, when it is made.
type Token struct {
	ID        int64
	UserID    int64
	Handle    string // the part of the key by which it is found; it gives nothing away
	Name      string
	Scopes    access.Scopes
	CreatedAt time.Time
	UsedAt    time.Time // zero: never; to the minute
	ExpiresAt time.Time
	EndedAt   time.Time // zero: not before it expires
	EndedBy   string    // who revoked it; "": its person was disabled
}

// State says whether a token counts.
type State string

// The states.
const (
	Active  State = "active"
	Expired State = "expired"
	Ended   State = "ended"
)

// StateAt is the state at a moment.
func (t Token) StateAt(now time.Time) State {
	switch {
	case !t.EndedAt.IsZero():
		return Ended
	case !t.ExpiresAt.After(now):
		return Expired
	}
	return Active
}

// Accounts is what tokens need of the account package.
type Accounts interface {
	User(ctx context.Context, id int64) (account.User, error)
}

// Service makes, knows and ends tokens.
type Service struct {
	db       *database.DB
	accounts Accounts
	now      func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, accounts Accounts, now func() time.Time) *Service {
	return &Service{db: db, accounts: accounts, now: now}
}

// Draft is what a person says about a token that she wants.
type Draft struct {
	Name   string
	Scopes access.Scopes
	Days   int // until it expires
}

func (d *Draft) check() error {
	d.Name = strings.Join(strings.Fields(d.Name), " ")
	var check problem.Check
	check.Require(d.Name != "", "name", "problem.required")
	check.Require(utf8.ValidString(d.Name) && utf8.RuneCountInString(d.Name) <= maxName, "name", "problem.too_long", "Most", maxName)
	check.Require(d.Scopes != 0, "scopes", "token.problem.scopes")
	check.Require(d.Days >= 1 && d.Days <= MostDays, "days", "token.problem.days", "Most", MostDays)
	return check.Err()
}

// Create makes a token for the actor herself, and returns its key: the only copy. She must have confirmed that it is she: a token
// outlives the session, which somebody else may have got hold of.
func (s *Service) Create(ctx context.Context, actor access.Actor, d Draft) (Token, Key, error) {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return Token{}, Key{}, err
	}
	if err := actor.RequireFresh(s.now()); err != nil {
		return Token{}, Key{}, err
	}
	if actor.UserID == 0 { // the program itself needs none
		return Token{}, Key{}, problem.New(problem.NotPermitted, "problem.not_permitted")
	}
	if err := d.check(); err != nil {
		return Token{}, Key{}, err
	}
	key := newKey()
	now := s.now()
	made := Token{UserID: actor.UserID, Handle: key.handle(), Name: d.Name, Scopes: d.Scopes, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, d.Days)}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		if err := dropEnded(ctx, tx, now.Add(-keepEnded)); err != nil {
			return err
		}
		count, err := countActive(ctx, tx, actor.UserID, now)
		if err != nil {
			return err
		}
		if count >= mostEach {
			return problem.New(problem.Conflict, "token.problem.many", "Most", mostEach)
		}
		if made.ID, err = insert(ctx, tx, made, key.hash()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, now, actor, audit.Entry{Action: audit.TokenMade, Subject: audit.Of("token", made.ID, made.Name), Changes: []audit.Change{
			{Field: "scopes", After: made.Scopes.String()}, {Field: "expires", After: made.ExpiresAt.UTC().Format(time.RFC3339)}}})
	})
	if err != nil {
		return Token{}, Key{}, err
	}
	return made, key, nil
}

// List gives the actor's own tokens, the newest first, and those that ended not long ago.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]Token, error) {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return nil, err
	}
	return list(ctx, s.db.Reader(), actor.UserID)
}

// ListOf gives the tokens of another person, for administrators.
func (s *Service) ListOf(ctx context.Context, actor access.Actor, userID int64) ([]Token, error) {
	if err := actor.Require(access.ManageUsers); err != nil {
		return nil, err
	}
	return list(ctx, s.db.Reader(), userID)
}

// Get gives a token of the actor's own, and an administrator anybody's. To others it is as one that is not there.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Token, error) {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return Token{}, err
	}
	return s.visible(ctx, s.db.Reader(), actor, id)
}

func (s *Service) visible(ctx context.Context, q database.Querier, actor access.Actor, id int64) (Token, error) {
	found, err := get(ctx, q, id)
	if err != nil {
		return Token{}, err
	}
	if found.UserID != actor.UserID && !actor.Can(access.ManageUsers) {
		return Token{}, problem.New(problem.NotFound, "problem.not_found")
	}
	return found, nil
}

// Revoke ends a token, from its next request on. One that has ended stays as it is.
func (s *Service) Revoke(ctx context.Context, actor access.Actor, id int64) error {
	if err := actor.Require(access.ManageOwnAccount); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx database.Tx) error {
		found, err := s.visible(ctx, tx, actor, id)
		if err != nil || !found.EndedAt.IsZero() {
			return err
		}
		if err := end(ctx, tx, "id = ?", id, actor.Name, s.now()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.TokenRevoked, Subject: audit.Of("token", found.ID, found.Name)})
	})
}

// EndEverything ends the tokens of everybody: in a restored state those count again that were revoked after its backup was made.
func EndEverything(ctx context.Context, tx database.Tx, now time.Time) error {
	return end(ctx, tx, "id > ?", 0, access.System.Name, now)
}

// EndAll ends all tokens of a person who is disabled. They do not come back when the person is let in again.
func (s *Service) EndAll(ctx context.Context, tx database.Tx, userID int64) error {
	return end(ctx, tx, "user_id = ?", userID, "", s.now())
}
