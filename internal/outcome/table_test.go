package outcome_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/outcome"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/testkit/postgres"
	"github.com/segue-app/segue/internal/warehouse"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

// allowTables starts a domain in which outcomes may be written to a database, by a login that may do nothing else there.
func allowTables(t *testing.T, customers int) (k *apptest.Kit, s *postgres.Server, name string) {
	t.Helper()
	s = postgres.Open(t)
	name = s.Database(t, `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'writer') THEN CREATE ROLE writer LOGIN PASSWORD 'heron quay'; END IF; END $$`,
		`CREATE SCHEMA segue`, `GRANT USAGE, CREATE ON SCHEMA segue TO writer`)
	k = apptest.Start(t, customers)
	k.Stop()
	k.Config.Outcomes = app.Outcomes{Password: secret.NewText("heron quay"), Address: warehouse.Address{Kind: warehouse.PostgreSQL, Host: s.Host, Port: s.Port, Database: name,
		Schema: "segue", User: "writer", Authority: s.Authority}}
	k.Open()
	return k, s, name
}

// rows are profile, outcome and code of those of a run in a table.
func rows(t *testing.T, s *postgres.Server, name, table string, runID int64) (found []string) {
	t.Helper()
	db := s.DB(t, name)
	found, err := database.Column[string](db.QueryContext(t.Context(), `SELECT profile_id || ' ' || outcome || ' ' || reason_code FROM segue.`+table+`
		WHERE run_id = $1 AND export <> '' AND at > now() - interval '1 hour' AND (reason = '') = (reason_code = '') ORDER BY ctid`, runID))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatBecameOfEveryProfileStandsInATableOnce(t *testing.T) {
	k, s, name := allowTables(t, 1300)
	k.Sandbox.SetFaults(sandbox.Faults{RejectShare: 0.05})
	e := ask(t, k, k.Export(), export.Outcomes{Way: export.AsRows, Table: "outcomes"})
	first, second := k.Run(e, run.Options{}), k.Run(e, run.Options{Complete: true})
	for _, r := range []run.Run{first, second} {
		w := until(t, k, r.ID, written)
		if want := told(t, k, r.ID); !slices.Equal(rows(t, s, name, "outcomes", r.ID), want) || w.Lines != len(want) || w.File != "" {
			t.Errorf("run %d: %d lines are noted, should be %d", r.ID, w.Lines, len(want))
		}
	}
	err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE outcome_writings SET state = 'waiting', ended_at = NULL`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	k.Stop() // as after a kill between the database and the note of it
	k.Open()
	for _, r := range []run.Run{first, second} {
		until(t, k, r.ID, written)
		if want := told(t, k, r.ID); !slices.Equal(rows(t, s, name, "outcomes", r.ID), want) {
			t.Errorf("run %d is there twice, or not", r.ID)
		}
	}
}

func TestATableThatCannotBeWrittenIsLeftAsItIsAndSaysWhy(t *testing.T) {
	k, s, name := allowTables(t, 20)
	s.Exec(t, name, `CREATE TABLE segue.others (run_id bigint, what text)`, `INSERT INTO segue.others VALUES (1, 'kept')`, `CREATE TABLE segue.guests (run_id bigint, what text)`,
		`INSERT INTO segue.guests VALUES (1, 'kept'), (2, 'kept'), (3, 'kept')`, `ALTER TABLE segue.guests OWNER TO writer`)
	e := k.Export()
	for table, reason := range map[string]outcome.Reason{"others": outcome.TableRights, "guests": outcome.TableDiffers} {
		e = ask(t, k, e, export.Outcomes{Way: export.AsRows, Table: table})
		r := k.Run(e, run.Options{Complete: true})
		if w := until(t, k, r.ID, tried); w.Reason != reason || w.State != outcome.Waiting {
			t.Errorf("%s: it is %+v", table, w)
		}
	}
	kept, err := database.Column[string](s.DB(t, name).QueryContext(t.Context(), `SELECT what FROM segue.guests UNION ALL SELECT what FROM segue.others`))
	if err != nil || strings.Join(kept, " ") != "kept kept kept kept" {
		t.Errorf("%v, the tables hold %v", err, kept)
	}
	k.Stop()
	k.Config.Outcomes.Password = secret.NewText("wrong")
	k.Open()
	r := k.Run(ask(t, k, e, export.Outcomes{Way: export.AsRows, Table: "outcomes"}), run.Options{Complete: true})
	if w := until(t, k, r.ID, tried); w.Reason != outcome.DatabaseRefuses {
		t.Errorf("it is %+v", w)
	}
	k.Stop()
	k.Config.Outcomes.Password = secret.NewText("heron quay")
	k.Open()
	if err := k.Outcomes.Again(t.Context(), k.Actor(access.Administrator), r.ID); err != nil {
		t.Fatal(err)
	}
	if until(t, k, r.ID, written); !slices.Equal(rows(t, s, name, "outcomes", r.ID), told(t, k, r.ID)) {
		t.Error("the rows are not those of the run")
	}
}

func TestATellingThatBreaksOffLeavesTheRowsFromBefore(t *testing.T) {
	s := postgres.Open(t)
	name := s.Database(t)
	allowed := make(warehouse.Allowed, 1)
	if err := allowed[0].UnmarshalText([]byte("127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), warehouse.Address{Kind: warehouse.PostgreSQL, Host: s.Host, Port: s.Port, Database: name, User: s.User, Authority: s.Authority},
		secret.NewText(s.Password), warehouse.Limits{Allowed: allowed})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	broken := errors.New("broken off")
	rewriting := warehouse.Rewriting{Table: "t", Key: 7, Columns: []warehouse.Written{{Name: "run_id", Type: "bigint"}, {Name: "what", Type: "text"}}}
	write := func(rows int, end error) error {
		_, err := db.Rewrite(t.Context(), rewriting, func(visit func([]any) error) error {
			for range rows {
				if err := visit([]any{7, "a\x00b\xff"}); err != nil {
					return err
				}
			}
			return end
		})
		return err
	}
	if err := write(1201, nil); err != nil {
		t.Fatal(err)
	}
	if err := write(2000, broken); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	var n int
	var what string
	if err := s.DB(t, name).QueryRowContext(t.Context(), `SELECT count(*), min(what) FROM t`).Scan(&n, &what); err != nil || n != 1201 || what != "a\uFFFDb\uFFFD" {
		t.Errorf("%v: %d rows of %q", err, n, what)
	}
	// What reads stays unable to write.
	if tested, err := db.Test(t.Context()); err != nil || !tested.ReadOnly {
		t.Errorf("%v, %+v", err, tested)
	}
}
