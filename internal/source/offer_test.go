package source

import (
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/warehouse"
)

func TestOnlyTablesThatTheLoginMayReadAreOffered(t *testing.T) {
	s, server, database, entry := remote(t)
	server.Exec(t, database, `CREATE TABLE secrets (id int)`, `CREATE SCHEMA "a/b.c"`, `GRANT USAGE ON SCHEMA "a/b.c" TO reader`,
		`CREATE VIEW "a/b.c"."friends of ours" AS SELECT 1 AS id`, `GRANT SELECT ON "a/b.c"."friends of ours" TO reader`)
	address := entry.Remote.Address
	offer, err := s.Offer(t.Context(), admin, 0, address, secret.NewText(planted))
	want := []warehouse.Table{{Schema: "a/b.c", Name: "friends of ours"}, {Schema: "public", Name: "people"}}
	if err != nil || len(offer.Tables) != 2 || offer.Tables[0] != want[0] || offer.Tables[1] != want[1] || offer.More || !offer.ReadOnly {
		t.Errorf("%+v, %v", offer, err)
	}
	if _, err := s.Offer(t.Context(), access.Actor{UserID: 2, Role: access.Contributor}, 0, address, secret.NewText(planted)); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("to a contributor: %v", err)
	}
	of, _, err := s.AddSQL(t.Context(), admin, entry, Copied, secret.NewText(planted))
	if err != nil {
		t.Fatal(err)
	}
	if offer, err := s.Offer(t.Context(), admin, of.ID, address, secret.Text{}); err != nil || len(offer.Tables) != 2 {
		t.Errorf("with the password that is kept: %+v, %v", offer, err)
	}
	address.Host = "localhost"
	if _, err := s.Offer(t.Context(), admin, of.ID, address, secret.Text{}); !problem.Is(err, problem.Invalid) {
		t.Errorf("the kept password for another host: %v", err)
	}
}

func TestAPasswordThatTheFormCarriesOpensForItsPersonAndItsServerOnlyAndNotForLong(t *testing.T) {
	s, _, _, entry := remote(t)
	address, typed := entry.Remote.Address, secret.NewText(planted)
	carried := s.Carry(admin, address, typed)
	if strings.Contains(carried, planted) || carried == "" {
		t.Fatalf("carried as %q", carried)
	}
	if got, err := s.Carried(admin, address, secret.Text{}, carried); err != nil || got.Reveal() != planted {
		t.Errorf("for the same: %v", err)
	}
	if got, err := s.Carried(admin, address, secret.NewText("newer"), carried); err != nil || got.Reveal() != "newer" {
		t.Errorf("beside a newer one: %v", err)
	}
	elsewhere, other := address, address
	elsewhere.Host, other.User = "localhost", "owner"
	for name, err := range map[string]error{
		"another host":   second(s.Carried(admin, elsewhere, secret.Text{}, carried)),
		"another login":  second(s.Carried(admin, other, secret.Text{}, carried)),
		"another person": second(s.Carried(access.Actor{UserID: admin.UserID + 1, Role: access.Administrator}, address, secret.Text{}, carried)),
		"nonsense":       second(s.Carried(admin, address, secret.Text{}, "%%")),
	} {
		if !problem.Is(err, problem.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now := s.now()
	for after, opens := range map[time.Duration]bool{59 * time.Minute: true, 2 * time.Hour: false} {
		s.now = func() time.Time { return now.Add(after) }
		if _, err := s.Carried(admin, address, secret.Text{}, carried); (err == nil) != opens {
			t.Errorf("after %s: %v", after, err)
		}
	}
}

func second(_ secret.Text, err error) error { return err }

func TestTheKeyOfATableIsGuessedByNameTypeAndPresence(t *testing.T) {
	column := func(name, native string, nullable bool) warehouse.Column {
		return warehouse.Column{Name: name, Native: native, Nullable: nullable, Kind: profile.Text}
	}
	for want, columns := range map[string][]warehouse.Column{
		"customer_id": {column("email", "text", false), column("customer_id", "text", true), column("ref", "uuid", false)},
		"member_id":   {column("sponsor_id", "int8", true), column("member_id", "int8", false)},
		"ref":         {column("email", "text", true), column("ref", "uuid", true)},
		"email":       {column("city", "text", true), column("email", "text", false)},
		"a":           {column("a", "text", true), column("b", "text", true)},
	} {
		settings := guessColumns(append([]warehouse.Column{{Name: "photo", LeftOut: "warehouse.left_out.bytes"}}, columns...), nil)
		if got := settings.Columns[settings.ID].Heading; got != want || len(settings.LeftOut) != 1 || settings.LeftOut[0].Heading != "photo" {
			t.Errorf("%q instead of %q; left out %v", got, want, settings.LeftOut)
		}
	}
}
