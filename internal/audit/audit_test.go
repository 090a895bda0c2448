package audit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/testkit"
)

func TestAnEntryIsThereWhenItsActIsAndGoneWhenItIsNot(t *testing.T) {
	db := testkit.Database(t)
	write := func(end error) error {
		ctx := audit.From(t.Context(), audit.Origin{Via: audit.Browser, Address: "192.0.2.7"})
		return db.InTx(ctx, func(tx database.Tx) error {
			err := audit.Write(ctx, tx, time.UnixMilli(1), access.Actor{UserID: 7, Name: "Ada", Role: access.Administrator},
				audit.Entry{Action: audit.SignedIn, Subject: audit.Of("user", 7, "Ada")})
			return errors.Join(err, end)
		})
	}
	undone := errors.New("undone")
	if err := write(undone); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := errors.Join(write(nil), write(nil)); err != nil {
		t.Fatal(err)
	}
	ids, err := database.Column[int64](db.Reader().Query(`SELECT id FROM audit_entries WHERE via = 'browser' AND address = '192.0.2.7' ORDER BY id`))
	if err != nil || len(ids) != 2 || ids[0] != 1 || ids[1] != 2 {
		t.Errorf("entries %v, %v", ids, err)
	}
}

func TestTheDatabaseItselfRefusesToChangeOrDropAnEntry(t *testing.T) {
	db := testkit.Database(t)
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		return audit.Write(t.Context(), tx, time.UnixMilli(1), access.System, audit.Entry{Action: audit.SignedIn})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE audit_entries SET user_name = 'Eve'`, `DELETE FROM audit_entries`} {
		err := db.InTx(t.Context(), func(tx database.Tx) error {
			_, err := tx.Exec(statement)
			return err
		})
		if err == nil {
			t.Errorf("%s: went through", statement)
		}
	}
}
