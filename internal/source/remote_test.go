package source

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

const planted = "heron+quay/42%Lantern"

// remote is a service that may read a database of people, and what a person says to make a source of it.
func remote(t *testing.T) (s *Service, server *postgres.Server, database string, entry Entry) {
	t.Helper()
	server = postgres.Open(t)
	database = server.Database(t, `CREATE TABLE people (id bigint PRIMARY KEY, email text, points numeric, member boolean, born date, photo bytea)`,
		`INSERT INTO people SELECT n, 'p' || n || '@example.com', n / 2.0, n % 2 = 0, '1980-01-01', NULL FROM generate_series(1, 10) n`,
		`DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN CREATE ROLE reader LOGIN PASSWORD '`+planted+`'; END IF; END $$`,
		`GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`)
	s = newService(t)
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{7}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	var host warehouse.Host
	if err := host.UnmarshalText([]byte("127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	s.sealer, s.limits = sealer, warehouse.Limits{Allowed: warehouse.Allowed{host}}
	return s, server, database, Entry{Name: "Warehouse", ShrinkShare: 30, WithSchedule: true, Remote: Remote{
		Address: warehouse.Address{Kind: warehouse.PostgreSQL, Host: server.Host, Port: server.Port, Database: database, User: "reader",
			TLS: warehouse.TLSVerify, Authority: server.Authority},
		What: warehouse.What{Table: "people"}}}
}

func TestATableOfADatabaseBecomesProfilesAndIsReadAgain(t *testing.T) {
	s, server, database, entry := remote(t)
	of, i, err := s.AddSQL(t.Context(), admin, entry, Copied, secret.NewText(planted))
	if err != nil {
		t.Fatal(err)
	}
	preview, err := s.Preview(t.Context(), admin, i.ID)
	if err != nil || len(preview.Samples) != 5 || preview.Samples[1][0] != "p1@example.com" {
		t.Fatalf("preview %v, %v", preview.Samples, err)
	}
	bad := i.Settings
	bad.Columns = append([]Column{}, i.Settings.Columns...)
	bad.Columns[1].Kind = profile.Number
	if err := s.Confirm(t.Context(), admin, i.ID, bad); !problem.Is(err, problem.Invalid) {
		t.Errorf("a text as a number: %v", err)
	}
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	runQueued(t, s)
	snapshot, r, err := s.profiles.Profile(t.Context(), admin, 0, "3")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"email": "p3@example.com", "points": 1.5, "member": int64(0), "born": "1980-01-01"}
	for n, a := range snapshot.Attributes {
		if r.Values[n] != want[a.Key] {
			t.Errorf("%s is %v (%T), want %v", a.Key, r.Values[n], r.Values[n], want[a.Key])
		}
	}
	if len(snapshot.Attributes) != len(want) || snapshot.Rows != 10 {
		t.Errorf("%d rows, %+v", snapshot.Rows, snapshot.Attributes)
	}

	server.Exec(t, database, `INSERT INTO people VALUES (11, 'p11@example.com')`, `UPDATE people SET points = 99 WHERE id = 1`, `DELETE FROM people WHERE id = 2`)
	if _, err := s.Refresh(t.Context(), admin, of.ID, false); err != nil {
		t.Fatal(err)
	}
	runQueued(t, s)
	if got := newestOf(t, s, of.ID); got.State != Done || got.Added != 1 || got.Changed != 1 || got.Removed != 1 || got.Cause != ByDemand {
		t.Errorf("%+v", got)
	}
	server.Exec(t, database, `TRUNCATE people`)
	if _, err := s.Refresh(t.Context(), admin, of.ID, false); err != nil {
		t.Fatal(err)
	}
	runQueued(t, s)
	if got := newestOf(t, s, of.ID); got.State != Failed || current(t, s).Rows != 10 {
		t.Errorf("an empty table: %+v", got)
	}
	server.Exec(t, database, `ALTER TABLE people DROP COLUMN points`)
	if _, err := s.Refresh(t.Context(), admin, of.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := newestOf(t, s, of.ID); got.State != Failed || got.Code != "sources.file.columns_missing" || got.Detail != "points" {
		t.Errorf("a column that is gone: %+v", got)
	}
}

func TestAPasswordIsSealedAndGoesNowhereElse(t *testing.T) {
	s, _, _, entry := remote(t)
	of, i, err := s.AddSQL(t.Context(), admin, entry, Copied, secret.NewText(planted))
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%+v %+v", of, i); strings.Contains(shown, planted) {
		t.Error("the source shows its password")
	}
	sealed, err := s.store.secret(t.Context(), of.ID)
	if err != nil || len(sealed) == 0 || bytes.Contains(sealed, []byte(planted)) {
		t.Errorf("stored as %q, %v", sealed, err)
	}
	if _, err := s.sealer.Open(sealed, passwordBinding(of.ID+1)); err == nil {
		t.Error("the password opens for another source")
	}
	elsewhere := entry
	elsewhere.Remote.Address.Host = "localhost"
	if _, err := s.EditSQL(t.Context(), admin, of.ID, of.Version, elsewhere, secret.Text{}); !problem.Is(err, problem.Invalid) {
		t.Errorf("the kept password for another host: %v", err)
	}
	if _, err := s.EditSQL(t.Context(), admin, of.ID, of.Version, entry, secret.NewText("wrong")); !problem.Is(err, problem.Invalid) {
		t.Errorf("a wrong password: %v", err)
	}
	if tested, err := s.Test(t.Context(), admin, of.ID); err != nil || !tested.ReadOnly || !strings.Contains(tested.Version, "PostgreSQL") {
		t.Errorf("the present one after that: %+v, %v", tested, err)
	}
	s.limits.Allowed = nil
	if _, err := s.Test(t.Context(), admin, of.ID); !problem.Is(err, problem.Invalid) {
		t.Errorf("a host that is allowed no longer: %v", err)
	}
}

func TestASourceThatStaysIsNotImportedAndSaysWhatItHas(t *testing.T) {
	s, _, _, entry := remote(t)
	of, i, err := s.AddSQL(t.Context(), admin, entry, Stays, secret.NewText(planted))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Staying(t.Context(), of.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("before anybody has looked at its columns: %v", err)
	}
	i.Settings.Columns[2].Include = false
	if err := s.Confirm(t.Context(), admin, i.ID, i.Settings); err != nil {
		t.Fatal(err)
	}
	staying, err := s.Staying(t.Context(), of.ID)
	if err != nil || staying.Key != "id" || staying.Password.Reveal() != planted || len(staying.Attributes) != 3 || staying.Attributes[0].Column != "email" {
		t.Errorf("%+v, %v", staying.Attributes, err)
	}
	if list, err := s.History(t.Context(), admin, of.ID, 5); err != nil || len(list) != 0 || len(tables(t, s)) != 0 {
		t.Errorf("imports %+v, %v", list, err)
	}
	if got, err := s.OnSchedule(t.Context(), s.store.db.Reader()); err != nil || len(got) != 0 {
		t.Errorf("the schedule reads it: %+v, %v", got, err)
	}
}
