package account

import (
	"context"
	"strings"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// Identity is who the identity provider of a company says that somebody is. That it said so was proved before.
type Identity struct {
	Issuer, Subject string // together they are one person, for ever
	Email           string
	EmailVerified   bool
	Name            string
	Role            access.Role // "" when the provider gives none
}

// SignInByProvider finds whose identity it is, and takes the role from the provider anew. A person who is not known by the identity is
// known by a verified address, and is bound to the identity from then on; or she gets an account, if makePeople. Whoever has no role
// any more is refused, and all of her sessions and tokens end.
func (s *Service) SignInByProvider(ctx context.Context, who Identity, makePeople bool) (user User, err error) {
	var refusal *problem.Problem // is no error of the transaction: what it undoes is kept
	changed := int64(0)
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		refusal, changed = nil, 0
		found, isNew, err := s.whose(ctx, tx, who, makePeople)
		if p := problem.Of(err); p != nil {
			refusal = p
			return nil
		}
		if err != nil {
			return err
		}
		if found.Role != who.Role {
			changed = found.ID
		}
		switch {
		case !found.DisabledAt.IsZero():
			refusal = problem.New(problem.Conflict, "account.problem.disabled")
			return nil
		case who.Role == "":
			refusal = errNoRole
			if isNew { // whoever only has the address is not whom the provider speaks of yet
				return nil
			}
			return s.refuse(ctx, tx, found, who)
		}
		if err := s.admit(ctx, tx, found, who, isNew); err != nil {
			return err
		}
		user, err = userByID(ctx, tx, found.ID)
		return err
	})
	if err == nil && changed != 0 && s.told != nil {
		s.told(changed)
	}
	if err == nil && refusal != nil {
		return User{}, refusal
	}
	return user, err
}

// What the provider's word is not enough for.
var (
	errNoRole     = problem.New(problem.Conflict, "account.problem.provider_no_role")
	errUnverified = problem.New(problem.Conflict, "account.problem.provider_unverified")
	errUnknown    = problem.New(problem.Conflict, "account.problem.provider_unknown")
	errOther      = problem.New(problem.Conflict, "account.problem.provider_other")
)

// whose finds the user of an identity, or makes one. isNew says that the identity is not bound to the user yet.
func (s *Service) whose(ctx context.Context, tx database.Tx, who Identity, makePeople bool) (user User, isNew bool, err error) {
	user, err = userByIdentity(ctx, tx, who.Issuer, who.Subject)
	if !problem.Is(err, problem.NotFound) {
		return user, false, err
	}
	if who.Email = tidy(who.Email); who.Email == "" || !who.EmailVerified {
		return User{}, false, errUnverified
	}
	user, err = userByEmail(ctx, tx, emailKey(who.Email))
	if err == nil {
		taken, err := hasIdentity(ctx, tx, user.ID, who.Issuer)
		if err == nil && taken { // the address went on to somebody else
			err = errOther
		}
		return user, true, err
	}
	if !problem.Is(err, problem.NotFound) {
		return User{}, false, err
	}
	if !makePeople || who.Role == "" {
		return User{}, false, errUnknown
	}
	made := NewUser{Email: who.Email, Name: shortened(tidy(who.Name), maxName), Role: who.Role}
	if err := made.check(false); err != nil {
		return User{}, false, errUnverified
	}
	if user, err = s.insert(ctx, tx, made, ""); err != nil {
		return User{}, false, err
	}
	return user, true, audit.Write(ctx, tx, s.now(), access.System, audit.Entry{
		Action: audit.MadeByProvider, Subject: user.subject(), Changes: audit.Changed(audit.Change{Field: "role", After: string(who.Role)}),
	})
}

// admit binds the identity to the user and takes the role. What a provider from before said of her counts no more.
func (s *Service) admit(ctx context.Context, tx database.Tx, user User, who Identity, isNew bool) error {
	now := s.now()
	subject := user.subject()
	if err := clearRefusals(ctx, tx, user.ID); err != nil {
		return err
	}
	if isNew {
		if err := insertIdentity(ctx, tx, user.ID, who, now); err != nil {
			return err
		}
		if err := deleteInvitationsOf(ctx, tx, user.ID); err != nil { // she is in, and needs no link any more
			return err
		}
		if user.Name == "" && tidy(who.Name) != "" {
			if err := updateName(ctx, tx, user.ID, shortened(tidy(who.Name), maxName)); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, now, user.Actor(), audit.Entry{Action: audit.BoundToProvider, Subject: subject}); err != nil {
			return err
		}
	} else if err := updateIdentity(ctx, tx, who, now, time.Time{}); err != nil {
		return err
	}
	if user.Role == who.Role {
		return nil
	}
	if err := s.leave(ctx, tx, access.System, user.ID); err != nil {
		return err
	}
	if err := updateRole(ctx, tx, user.ID, who.Role); err != nil {
		return err
	}
	return audit.Write(ctx, tx, now, access.System, audit.Entry{
		Action: audit.RoleByProvider, Subject: subject, Changes: audit.Changed(audit.Change{Field: "role", Before: string(user.Role), After: string(who.Role)}),
	})
}

// refuse ends what a person who has no role any more is signed in by, and keeps her from signing in another way until she has one.
func (s *Service) refuse(ctx context.Context, tx database.Tx, user User, who Identity) error {
	if user.State() == Refused {
		return nil
	}
	now := s.now()
	if err := updateIdentity(ctx, tx, who, now, now); err != nil {
		return err
	}
	if err := s.end(ctx, tx, access.System, user.ID); err != nil {
		return err
	}
	return audit.Write(ctx, tx, now, access.System, audit.Entry{Action: audit.RefusedByProvider, Subject: user.subject()})
}

// end ends everything by which a user is signed in and known in browsers, and whatever else others end with it.
func (s *Service) end(ctx context.Context, tx database.Tx, actor access.Actor, userID int64) error {
	for _, step := range []func(context.Context, database.Tx, int64) error{EndSessionsOf, deleteInvitationsOf, deleteResetsOf, s.ended} {
		if step == nil {
			continue
		}
		if err := step(ctx, tx, userID); err != nil {
			return err
		}
	}
	return s.leave(ctx, tx, actor, userID)
}

// HasIdentity reports whether it is the actor whom the provider speaks of: for confirming that it is she.
func (s *Service) HasIdentity(ctx context.Context, actor access.Actor, issuer, subject string) (bool, error) {
	user, err := userByIdentity(ctx, s.db.Reader(), issuer, subject)
	if problem.Is(err, problem.NotFound) {
		return false, nil
	}
	return err == nil && user.ID == actor.UserID, err
}

// shortened cuts a text that somebody else wrote to so many characters.
func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return strings.TrimSpace(string(runes[:most]))
	}
	return text
}
