package erasure_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// TestEachKindOfDataIsKeptForItsTimeAndNoLonger has everything become as old as it may, looks, and looks again an hour later.
func TestEachKindOfDataIsKeptForItsTimeAndNoLonger(t *testing.T) {
	k := kit(t)
	e := exporting(t, k, "All", k.Connect().ID, export.Untag)
	k.Run(e, run.Options{})
	now := time.Now().Truncate(time.Millisecond)
	k.Stop()
	k.Config.Clock = func() time.Time { return now }
	k.Open()
	admin := k.Actor(access.Administrator)
	if err := k.Erasures.Keep(t.Context(), admin, map[string]int{"rejections": 40, "uploads": 3}, ""); err != nil {
		t.Fatal(err)
	}
	list, err := k.Erasures.Retention(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]struct{ age, rows string }{ // how old it becomes, and what must go; ?1 is the time
		"uploads":       {`INSERT INTO imports (source_id, cause, state, file_name, created_by_name, created_at) SELECT source_id, cause, 'waiting', 'old.csv', '', ?1 FROM imports LIMIT 1`, `imports WHERE state = 'waiting'`},
		"refused_lines": {`INSERT INTO import_refusals SELECT id, 1, 1, '', 'x' FROM imports WHERE ended_at = ?1`, `import_refusals`},
		"imports": {`INSERT INTO imports (source_id, cause, state, file_name, created_by_name, created_at, ended_at)
			SELECT source_id, cause, 'failed', 'gone.csv', '', ?1, ?1 FROM imports LIMIT 1`, `imports WHERE file_name = 'gone.csv'`},
		"evidence":   {`INSERT INTO evidence (run_id, profile_id, at, sealed) VALUES (1, 'old', ?1, x'')`, `evidence`},
		"history":    {`UPDATE runs SET ended_at = ?1`, `batch_items`},
		"rejections": {`INSERT INTO rejections (run_id, profile_id, outcome, code) SELECT id, 'old', 'invalid', 'required' FROM runs WHERE ended_at = ?1`, `rejections WHERE profile_id = 'old'`},
		"sizes":      {`INSERT INTO segment_sizes (segment_id, at, size) SELECT min(id), ?1, 12345 FROM segments`, `segment_sizes WHERE size = 12345`},
		"chains":     {`INSERT INTO chains (cause, due_at, queued_at, ended_at, state) VALUES ('demand', ?1, ?1, ?1, 'succeeded')`, `chains`},
		"versions": {`INSERT INTO versions (kind, thing_id, number, act, definition, substance, at) SELECT 'schedule', 1, value, 'changed', '{}', '', iif(value = 1, ?1, ?1 + 1000000000000)
			FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 51) SELECT value FROM n)`, `versions WHERE number = 1 AND kind = 'schedule'`},
		"proofs": {`INSERT INTO erasures (at, by_name, reason, removed) VALUES (?1, 'Ada', 'asked', '{}')`, `erasures`},
	}
	for _, kind := range list {
		if !kind.Settable() {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			of, ok := kept[kind.Name]
			if !ok {
				t.Fatal("nobody says how to try it")
			}
			old := now.AddDate(0, 0, -kind.Days).Add(time.Hour / 2)
			err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
				if kind.Name == "refused_lines" || kind.Name == "rejections" { // these are as old as what they are of
					table := map[string]string{"refused_lines": "imports", "rejections": "runs"}[kind.Name]
					if _, err := tx.ExecContext(t.Context(), `UPDATE `+table+` SET ended_at = ?`, database.Millis(old)); err != nil {
						return err
					}
				}
				_, err := tx.ExecContext(t.Context(), of.age, database.Millis(old))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			before := rows(t, k, of.rows)
			if err := k.Erasures.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := rows(t, k, of.rows); before == 0 || left != before {
				t.Errorf("of %d that may stay, %d did", before, left)
			}
			now = now.Add(time.Hour)
			if err := k.Erasures.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := rows(t, k, of.rows); left != 0 {
				t.Errorf("%d are left", left)
			}
			told, err := k.Erasures.Retention(t.Context(), admin)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range told {
				if one.Name == kind.Name && (one.Removed < before || !one.TidiedAt.Equal(now) || !one.RemovedAt.Equal(now)) {
					t.Errorf("told %+v", one)
				}
			}
			now = now.Add(-time.Hour)
		})
	}
}

func rows(t *testing.T, k *apptest.Kit, from string) (n int) {
	t.Helper()
	if err := k.DB.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM `+from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheOperatorSaysHowLongIsTheMost(t *testing.T) {
	k := apptest.Start(t, 1)
	k.Stop()
	k.Config.Retention = run.Retention{Evidence: 10 * 24 * time.Hour, History: 12 * time.Hour}
	k.Open()
	admin := k.Actor(access.Administrator)
	if kept := k.Runs.Retention(); kept.Evidence != 10*24*time.Hour || kept.History != 12*time.Hour {
		t.Errorf("%+v", kept)
	}
	if err := k.Erasures.Keep(t.Context(), admin, map[string]int{"evidence": 11}, ""); !problem.Is(err, problem.Invalid) {
		t.Errorf("longer than the operator allows: %v", err)
	}
	if err := k.Erasures.Keep(t.Context(), admin, map[string]int{"evidence": 2}, ""); err != nil || k.Runs.Retention().Evidence != 48*time.Hour {
		t.Errorf("%v, %+v", err, k.Runs.Retention())
	}
}

// TestEveryTableIsThoughtOfWhenAPersonIsErased fails for a table that nobody has decided on: whether it may hold something of a
// person, and then who erases it.
func TestEveryTableIsThoughtOfWhenAPersonIsErased(t *testing.T) {
	erased := strings.Fields(`batch_items deliveries evidence late_batches versions approval_refusals refusals rejections retries runs run_events segment_list_members withdrawals withdrawn_tags`)
	keyed := strings.Fields(`excluded_emails erased_fingerprints erasure_tags`) // hashes and sealed values alone
	nobody := strings.Fields(`alert_choices alert_languages alert_settings alert_tellings alerts attributes audit_entries audit_key audit_seals batches chain_tasks chains connection_consents connection_drafts connection_grants connection_key_changes connections devices erasures excluded_domains excluded_segments
		exclusion_additions exclusion_salt export_mappings export_purposes export_segments exports goose_db_version hooks identities import_refusals imports invitations kept_forms code_secrets recovery_codes passkeys answered_challenges factor_policy notices approvals approval_connections approval_settings approved_segments outcome_writings pace_minutes readings kept_forms
		resets restores retention schedule sealing segment_list_lines segment_lists segment_parts segment_sizes segments sessions snapshot_attributes snapshot_holds snapshots sources
		stops terms_begun terms_grace tidyings unifications unification_prefixes unification_rules unification_state attribute_trust token_starts tokens users`)
	k := apptest.Start(t, 1)
	names, err := database.Column[string](k.DB.Reader().QueryContext(t.Context(), `SELECT name FROM sqlite_schema WHERE type = 'table'`))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	for _, name := range names {
		known := slices.Contains(slices.Concat(erased, keyed, nobody), name)
		for _, prefix := range []string{"snapshot_", "people_", "river_", "sqlite_"} { // the first two are found by their snapshots
			known = known || strings.HasPrefix(name, prefix)
		}
		if !known {
			t.Errorf("table %s: does it hold something of a person?", name)
		}
	}
}
