package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

func TestAFloodOfSignInsIsCountedInTheAuditLogAndDoesNotFillIt(t *testing.T) {
	db, clock := testkit.Database(t), testkit.NewClock()
	accounts := testkit.Accounts(t, db, clock)
	testkit.NewPeople(t, accounts)
	before := entries(t, db)
	for i := range 100 { // every other time somebody whom there is not
		email := "carl@example.com"
		if i%2 == 1 {
			email = fmt.Sprintf("nobody%d@example.com", i)
		} else if i > 0 {
			clock.Advance(time.Millisecond)
		}
		_, _ = accounts.SignIn(t.Context(), account.Attempt{Email: email, Password: "not the password", Address: fmt.Sprintf("192.0.2.%d", i)})
	}
	if got := entries(t, db) - before; got != 30 {
		t.Errorf("%d entries within a minute", got)
	}
	clock.Advance(time.Minute)
	if _, err := accounts.SignIn(t.Context(), account.Attempt{Email: "nobody@example.com", Password: "not the password", Address: "198.51.100.1"}); err == nil {
		t.Fatal("nobody came in")
	}
	var changes string
	if err := db.Reader().QueryRow(`SELECT changes FROM audit_entries ORDER BY id DESC LIMIT 1`).Scan(&changes); err != nil {
		t.Fatal(err)
	}
	if changes != `[{"field":"others","after":"25"}]` {
		t.Errorf("those without an entry are counted as %s", changes)
	}
}

func entries(t *testing.T, db *database.DB) (count int) {
	t.Helper()
	if err := db.Reader().QueryRow(`SELECT COUNT(*) FROM audit_entries`).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

func TestWhatIsGuessedWrongIsInTheAuditLog(t *testing.T) {
	db, clock := testkit.Database(t), testkit.NewClock()
	accounts := testkit.Accounts(t, db, clock)
	people := testkit.NewPeople(t, accounts)
	wrong := problem.New(problem.Conflict, "factor.problem.code")
	for action, try := range map[string]func() error{
		"account.sign_in_failed": func() error {
			_, err := accounts.SignIn(t.Context(), account.Attempt{Email: "carl@example.com", Password: "not the password"})
			return err
		},
		"account.confirm_failed": func() error { return accounts.ConfirmPassword(t.Context(), people.Contributor, "not the password") },
		"account.code_failed": func() error {
			return accounts.Guard(t.Context(), account.Guess{Kind: "codes", UserID: people.Contributor.UserID}, func() error { return wrong })
		},
	} {
		if try() == nil {
			t.Errorf("%s: it was right", action)
		}
		var got, subject string
		if err := db.Reader().QueryRow(`SELECT action, subject_id FROM audit_entries ORDER BY id DESC LIMIT 1`).Scan(&got, &subject); err != nil {
			t.Fatal(err)
		}
		if got != action || subject != fmt.Sprint(people.Contributor.UserID) {
			t.Errorf("%s is in the log as %s of user %s", action, got, subject)
		}
	}
}
