package account

import (
	"context"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// InvitationLife is how long a link is good for.
const InvitationLife = 72 * time.Hour

var errLink = problem.New(problem.NotFound, "account.problem.link")

// EnsureSetup prepares the set-up of the first administrator, and returns the one-time token that opens its page. The
// token is "" when there is a user already. An earlier token stops working.
func (s *Service) EnsureSetup(ctx context.Context) (token string, err error) {
	token, hash := newToken()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := deleteSetups(ctx, tx); err != nil {
			return err
		}
		count, err := countUsers(ctx, tx)
		if err != nil {
			return err
		}
		if count > 0 {
			token = ""
			return nil
		}
		return insertInvitation(ctx, tx, hash, 0, s.now().Add(InvitationLife))
	})
	return token, err
}

// NeedsSetup reports whether there is no user yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	count, err := countUsers(ctx, s.db.Reader())
	return count == 0, err
}

// CheckSetup fails with NotFound unless the token opens the set-up.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	return s.setupLink(ctx, s.db.Reader(), token)
}

// setupLink also refuses when somebody else was quicker: a user made at the command line ends the set-up.
func (s *Service) setupLink(ctx context.Context, q database.Querier, token string) error {
	userID, err := s.link(ctx, q, token)
	if err != nil {
		return err
	}
	count, err := countUsers(ctx, q)
	if err == nil && (userID != 0 || count > 0) {
		return errLink
	}
	return err
}

// Setup makes the first user, an administrator, given the token of EnsureSetup.
func (s *Service) Setup(ctx context.Context, token string, first NewUser) (User, error) {
	if err := s.CheckSetup(ctx, token); err != nil {
		return User{}, err
	}
	first.Role = access.Administrator
	if err := first.check(true); err != nil {
		return User{}, err
	}
	hash, err := s.hasher.hash(ctx, first.Password)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if err := s.setupLink(ctx, tx, token); err != nil {
			return err
		}
		if err := deleteSetups(ctx, tx); err != nil {
			return err
		}
		if user, err = s.insert(ctx, tx, first, hash); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), user.Actor(), audit.Entry{Action: audit.SetUp, Subject: user.subject()})
	})
	return user, err
}

// Invite makes a user who has no password yet, and returns the one-time token of the link to pass on.
func (s *Service) Invite(ctx context.Context, actor access.Actor, invited NewUser) (user User, token string, err error) {
	if err := s.mayManage(actor); err != nil {
		return User{}, "", err
	}
	if err := invited.check(false); err != nil {
		return User{}, "", err
	}
	token, hash := newToken()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if user, err = s.insert(ctx, tx, invited, ""); err != nil {
			return err
		}
		if err := insertInvitation(ctx, tx, hash, user.ID, s.now().Add(InvitationLife)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.UserInvited, Subject: user.subject(), Changes: []audit.Change{{Field: "role", After: string(user.Role)}}})
	})
	return user, token, err
}

// Reissue returns a fresh link for a user: to accept the invitation, or to choose a new password. Earlier links stop working;
// a password goes on working until the link is used.
func (s *Service) Reissue(ctx context.Context, actor access.Actor, userID int64) (token string, err error) {
	if err := s.mayManage(actor); err != nil {
		return "", err
	}
	token, hash := newToken()
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		user, err := userByID(ctx, tx, userID)
		if err != nil {
			return err
		}
		if user.State().out() {
			return problem.New(problem.Conflict, "account.problem.enable_first")
		}
		if err := deleteInvitationsOf(ctx, tx, userID); err != nil {
			return err
		}
		if err := insertInvitation(ctx, tx, hash, userID, s.now().Add(InvitationLife)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.LinkIssued, Subject: user.subject()})
	})
	return token, err
}

// Invitation gives the user whom a link is for. It fails with NotFound when the link is used, replaced or too old.
func (s *Service) Invitation(ctx context.Context, token string) (User, error) {
	return s.invited(ctx, s.db.Reader(), token)
}

func (s *Service) invited(ctx context.Context, q database.Querier, token string) (User, error) {
	userID, err := s.link(ctx, q, token)
	if err != nil {
		return User{}, err
	}
	if userID == 0 {
		return User{}, errLink
	}
	user, err := userByID(ctx, q, userID)
	if err == nil && user.State().out() {
		return User{}, errLink
	}
	return user, err
}

// Accept sets the name and the password of the user whom the link is for. The link is used up, and every session of that
// user ends.
func (s *Service) Accept(ctx context.Context, token, name, password string) (User, error) {
	user, err := s.Invitation(ctx, token)
	if err != nil {
		return User{}, err
	}
	name = tidy(name)
	if s.noPasswords {
		return User{}, errNoPasswords
	}
	var check problem.Check
	checkName(&check, name)
	checkPassword(&check, "password", password, user.Email, name)
	if err := check.Err(); err != nil {
		return User{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if user, err = s.invited(ctx, tx, token); err != nil {
			return err
		}
		if err := updateName(ctx, tx, user.ID, name); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, user, hash, ""); err != nil {
			return err
		}
		if user, err = userByID(ctx, tx, user.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), user.Actor(), audit.Entry{Action: audit.LinkUsed, Subject: user.subject()})
	})
	return user, err
}

// link gives whom a link is for: 0 for the set-up.
func (s *Service) link(ctx context.Context, q database.Querier, token string) (userID int64, err error) {
	userID, expires, found, err := invitationByHash(ctx, q, hashToken(token))
	if err == nil && (!found || !expires.After(s.now())) {
		return 0, errLink
	}
	return userID, err
}
