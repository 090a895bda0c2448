package testkit

import (
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
)

// Password is the password of everybody in tests.
const Password = "quiet heron by the mill"

// Accounts makes accounts whose passwords cost next to nothing to hash.
func Accounts(t testing.TB, db *database.DB, clock *Clock) *account.Service {
	t.Helper()
	return account.New(db, account.Options{
		Clock:   clock.Now,
		Hashing: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
}

// Confirmed is when everybody in tests has confirmed that it is she, however far a test sets its clock: see access.Actor.
var Confirmed = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// People are one person of each role.
type People struct{ Administrator, Contributor, Viewer access.Actor }

// NewPeople makes ada@example.com, an administrator; carl@example.com, a contributor; and vera@example.com, a viewer.
func NewPeople(t testing.TB, accounts *account.Service) People {
	t.Helper()
	person := func(name, email string, role access.Role) access.Actor {
		user, err := accounts.Create(t.Context(), access.System, account.NewUser{Email: email, Name: name, Role: role, Password: Password})
		if err != nil {
			t.Fatal(err)
		}
		return user.Actor().Confirmed(Confirmed)
	}
	return People{
		Administrator: person("Ada Holm", "ada@example.com", access.Administrator),
		Contributor:   person("Carl Lund", "carl@example.com", access.Contributor),
		Viewer:        person("Vera Dam", "vera@example.com", access.Viewer),
	}
}
