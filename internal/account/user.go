package account

import (
	"context"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
)

// NewUser is what is needed to make a user.
type NewUser struct {
	Email    string
	Name     string
	Role     access.Role
	Password string // not for those who are invited
}

// check tidies what was typed and says what is wrong with it.
func (n *NewUser) check(complete bool) error {
	n.Email, n.Name = tidy(n.Email), tidy(n.Name)
	var check problem.Check
	checkEmail(&check, n.Email)
	check.Require(n.Role.Valid(), "role", "problem.choose")
	if complete {
		checkName(&check, n.Name)
		checkPassword(&check, "password", n.Password, n.Email, n.Name)
	}
	return check.Err()
}

// Create makes a user with a password: for the operator at the command line.
func (s *Service) Create(ctx context.Context, actor access.Actor, n NewUser) (User, error) {
	if err := s.mayManage(actor); err != nil {
		return User{}, err
	}
	if err := n.check(true); err != nil {
		return User{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return User{}, err
	}
	var user User
	err = s.db.InTx(ctx, func(tx database.Tx) error {
		if user, err = s.insert(ctx, tx, n, hash); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.UserAdded, Subject: user.subject(), Changes: []audit.Change{{Field: "role", After: string(user.Role)}}})
	})
	return user, err
}

func (s *Service) insert(ctx context.Context, tx database.Tx, n NewUser, hash string) (User, error) {
	taken, err := emailTaken(ctx, tx, emailKey(n.Email))
	if err != nil {
		return User{}, err
	}
	if taken {
		var check problem.Check
		check.Add("email", "account.problem.email_taken")
		return User{}, check.Err()
	}
	user := User{Email: n.Email, Name: n.Name, Role: n.Role, CreatedAt: s.now(), passwordHash: hash}
	user.ID, err = insertUser(ctx, tx, user)
	return user, err
}

// UserFor reads a user for somebody who manages them.
func (s *Service) UserFor(ctx context.Context, actor access.Actor, id int64) (User, error) {
	if err := actor.Require(access.ManageUsers); err != nil {
		return User{}, err
	}
	return s.User(ctx, id)
}

// Present gives those of the ids that are there.
func (s *Service) Present(ctx context.Context, actor access.Actor, ids []int64) ([]int64, error) {
	if err := actor.Require(access.ManageUsers); err != nil {
		return nil, err
	}
	return database.Among(ctx, s.db.Reader(), `SELECT id FROM users`, ids)
}

// SetRole changes what a user may do, from their next request on. The last administrator stays one.
func (s *Service) SetRole(ctx context.Context, actor access.Actor, id int64, role access.Role) error {
	var check problem.Check
	check.Require(role.Valid(), "role", "problem.choose")
	return s.manage(ctx, actor, id, check.Err(), func(tx database.Tx, user User) error {
		if role != access.Administrator {
			if err := keepAdministrator(ctx, tx, user); err != nil {
				return err
			}
		}
		if user.Role == role {
			return nil
		}
		if err := s.leave(ctx, tx, actor, id); err != nil {
			return err
		}
		if err := updateRole(ctx, tx, id, role); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.RoleChanged, Subject: user.subject(),
			Changes: []audit.Change{{Field: "role", Before: string(user.Role), After: string(role)}}})
	})
}

// leave ends what was granted to a user for the role that she has.
func (s *Service) leave(ctx context.Context, tx database.Tx, actor access.Actor, id int64) error {
	if s.left == nil {
		return nil
	}
	return s.left(ctx, tx, actor, id)
}

// Disable ends a user's sessions and tokens, forgets their browsers, and lets them sign in no more. What they made stays.
func (s *Service) Disable(ctx context.Context, actor access.Actor, id int64) error {
	return s.manage(ctx, actor, id, nil, func(tx database.Tx, user User) error {
		if user.ID == actor.UserID {
			return problem.New(problem.Conflict, "account.problem.yourself")
		}
		if user.State() == Disabled {
			return nil
		}
		if err := keepAdministrator(ctx, tx, user); err != nil {
			return err
		}
		if err := s.end(ctx, tx, actor, id); err != nil {
			return err
		}
		if err := updateDisabled(ctx, tx, id, database.NullMillis(s.now())); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.UserDisabled, Subject: user.subject()})
	})
}

// Enable lets a user sign in again who was disabled, or to whom the provider gave no role.
func (s *Service) Enable(ctx context.Context, actor access.Actor, id int64) error {
	return s.manage(ctx, actor, id, nil, func(tx database.Tx, user User) error {
		if user.DisabledAt.IsZero() && !user.Refused {
			return nil
		}
		if err := clearRefusals(ctx, tx, id); err != nil {
			return err
		}
		if err := updateDisabled(ctx, tx, id, database.NullMillis(User{}.DisabledAt)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, s.now(), actor, audit.Entry{Action: audit.UserEnabled, Subject: user.subject()})
	})
}

func (s *Service) manage(ctx context.Context, actor access.Actor, id int64, invalid error, change func(database.Tx, User) error) error {
	if err := s.mayManage(actor); err != nil {
		return err
	}
	if invalid != nil {
		return invalid
	}
	err := s.db.InTx(ctx, func(tx database.Tx) error {
		user, err := userByID(ctx, tx, id)
		if err != nil {
			return err
		}
		return change(tx, user)
	})
	if err == nil && s.told != nil {
		s.told(id)
	}
	return err
}

// mayManage asks also whether she is there herself: who may sign in, and as what, is worth it each time.
func (s *Service) mayManage(actor access.Actor) error {
	if err := actor.Require(access.ManageUsers); err != nil {
		return err
	}
	return actor.RequireFresh(s.now())
}

// keepAdministrator refuses when the user is the only administrator who can sign in.
func keepAdministrator(ctx context.Context, tx database.Tx, user User) error {
	if user.Role != access.Administrator || user.State() != Active {
		return nil
	}
	count, err := countActiveAdministrators(ctx, tx)
	if err == nil && count <= 1 {
		return problem.New(problem.Conflict, "account.problem.last_administrator")
	}
	return err
}
