package reseal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/reseal"
	"github.com/segue-app/segue/internal/secret"
)

const many = 450 // pieces of evidence: more than are read at once

// plant fills every place with values that are too young to be dropped meanwhile, and returns how many there are of each.
func plant(t *testing.T, k *apptest.Kit) map[string]int {
	t.Helper()
	k.Export()
	if err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
		for _, statement := range []string{
			`INSERT INTO runs (id, export_id, cause, requested_by_name, state, queued_at) VALUES (77, 1, 'demand', '', 'succeeded', 4e12)`,
			`INSERT INTO connection_drafts (id, user_id, type, sealed_key, updated_at) VALUES (5, 1, 'omnisend', x'', 4e12)`,
			`INSERT INTO connection_key_changes (id, connection_id, sealed_key, created_by, created_at) VALUES (6, 1, x'', 1, 4e12)`,
			`INSERT INTO erasures (id, at, by_name, reason, reference, removed) VALUES (7, 4e12, '', 'asked', '', '{}')`,
			`INSERT INTO erasure_tags (id, erasure_id, export_name, brand_id, tags, sealed, state) VALUES (8, 7, '', '', '', x'', 'waiting')`,
			`INSERT INTO hooks (id, name, name_key, sealed_address, host, language, format, sealed_secret, sealed_earlier, created_by, created_at, updated_at)
				VALUES (9, '', '', x'', '', 'en', 'segue', x'', x'', '', 0, 0)`,
			`UPDATE sources SET secret = x'' WHERE id = 1`,
		} {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		for i := range many {
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO evidence (run_id, profile_id, at, sealed) VALUES (77, ?, 4e12, x'')`, fmt.Sprintf("p%d", i)); err != nil {
				return err
			}
		}
		for _, p := range app.Sealed() { // what was put in empty
			if err := sealRows(t.Context(), tx, p, k.Sealer); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return map[string]int{"connections": 1, "drafts": 1, "key_changes": 1, "sources": 1, "exclusions": 1, "evidence": many, "erasures": 1, "hooks": 1, "audit": 1}
}

func sealRows(ctx context.Context, tx database.Tx, p reseal.Place, sealer *secret.Sealer) error {
	type one struct{ key []any }
	var all []one
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE %s = x''`, strings.Join(p.Key, ", "), p.Table, p.Column))
	if err != nil {
		return err
	}
	for rows.Next() {
		o := one{make([]any, len(p.Key))}
		into := make([]any, len(p.Key))
		for i := range into {
			into[i] = &o.key[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		all = append(all, o)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, o := range all {
		args := append([]any{sealer.Seal(secret.NewText("planted secret"), p.Binding(o.key))}, o.key...)
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE %s SET %s = ? WHERE %s = ?`, p.Table, p.Column, strings.Join(p.Key, " = ? AND ")), args...); err != nil {
			return err
		}
	}
	return nil
}

// look says how the values are sealed for who has a key file.
func look(t *testing.T, db *database.DB, ring secret.Keyring) reseal.Counts {
	t.Helper()
	sealer, err := ring.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	counts, err := reseal.Look(t.Context(), db.Reader(), app.Sealed(), sealer)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func load(t *testing.T, path string) secret.Keyring {
	t.Helper()
	ring, err := secret.LoadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestAfterAnExchangeTheNewKeyOpensEverythingAndTheOldKeyNothing(t *testing.T) {
	k := apptest.Start(t, 5)
	planted := plant(t, k)
	keyFile := k.Config.Key().Path
	old := load(t, keyFile)
	hashed := k.Exclusions
	before, err := hashed.Hash(t.Context(), k.DB.Reader())
	if err != nil {
		t.Fatal(err)
	}
	var oldValue []byte
	if err := k.DB.Reader().QueryRowContext(t.Context(), `SELECT sealed_key FROM connections`).Scan(&oldValue); err != nil {
		t.Fatal(err)
	}
	k.Stop()

	db := open(t, k.Config)
	var kept secret.Keyring
	next := secret.NewKeyring()
	counts, err := reseal.Exchange{DB: db, Places: app.Sealed(), Key: k.Config.Key(), New: next,
		Keep: func(older secret.Keyring) error { kept = older; return nil }}.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if c.Older != planted[c.Place] || c.Current+c.Unreadable != 0 {
			t.Errorf("before: %+v, want %d", c, planted[c.Place])
		}
	}
	if now := load(t, keyFile); !slices.Equal(now.IDs(), next.IDs()) || !slices.Equal(kept.IDs(), old.IDs()) {
		t.Errorf("the key file has %v, want %v; kept %v, want %v", now.IDs(), next.IDs(), kept.IDs(), old.IDs())
	}
	for _, c := range look(t, db, next) {
		if c.Current != planted[c.Place] || c.Older+c.Unreadable != 0 {
			t.Errorf("with the new key: %+v", c)
		}
	}
	if opened := look(t, db, old).Total(); opened.Current+opened.Older != 0 {
		t.Errorf("with the old key: %+v", opened)
	}
	close(t, db)
	for _, name := range []string{"segue.db", "segue.db-wal"} {
		content, err := os.ReadFile(filepath.Join(k.Config.Folder, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(content, oldValue) {
			t.Errorf("what the old key opens is still in the gaps of %s", name)
		}
	}
	k.Open()
	after, err := k.Exclusions.Hash(t.Context(), k.DB.Reader())
	if err != nil || after("ada@example.com") != before("ada@example.com") {
		t.Errorf("the hashes of the exclusion list changed with the key: %v", err)
	}
}

// TestAnExchangeThatIsKilledAnywhereLeavesAKeyFileThatOpensEverything ends an exchange before each of its steps. A step is a
// transaction or the renaming of a file, so that there is nothing in between.
func TestAnExchangeThatIsKilledAnywhereLeavesAKeyFileThatOpensEverything(t *testing.T) {
	k := apptest.Start(t, 5)
	plant(t, k)
	keyFile := k.Config.Key().Path
	k.Stop()
	killed := errors.New("killed")
	for at := 0; ; at++ {
		db := open(t, k.Config)
		step := -1
		_, err := reseal.Exchange{DB: db, Places: app.Sealed(), Key: k.Config.Key(), New: secret.NewKeyring(), Reached: func(name string) error {
			if step++; step == at {
				return fmt.Errorf("%w before: %s", killed, name)
			}
			return nil
		}}.Do(t.Context())
		if total := look(t, db, load(t, keyFile)).Total(); total.Unreadable != 0 || total.Current+total.Older != many+10 {
			t.Fatalf("after %v: %+v", err, total)
		}
		if err == nil { // and it was done again from each of those, with yet another key
			if now := load(t, keyFile); now.Len() != 1 || at < 8 {
				t.Errorf("%d keys are left after %d steps", now.Len(), at)
			}
			close(t, db)
			break
		}
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
		close(t, db)
	}
	k.Open() // the exclusion list, for one, must open
}

func TestWhatOpensWithNoKeyStaysAsItIsAndIsTold(t *testing.T) {
	k := apptest.Start(t, 5)
	plant(t, k)
	if _, err := k.DB.Writer().ExecContext(t.Context(), `UPDATE evidence SET sealed = x'01020304' WHERE profile_id = 'p3'`); err != nil {
		t.Fatal(err)
	}
	keyFile := k.Config.Key().Path
	k.Stop()
	db := open(t, k.Config)
	defer close(t, db)
	counts, err := reseal.Exchange{DB: db, Places: app.Sealed(), Key: k.Config.Key(), New: secret.NewKeyring()}.Do(t.Context())
	if err != nil || counts.Total().Unreadable != 1 || look(t, db, load(t, keyFile)).Total() != (reseal.Count{Current: many + 9, Unreadable: 1}) {
		t.Errorf("%+v, %v", counts, err)
	}
}

// TestEveryColumnOfBytesIsKnownToBeSealedOrNot fails for a column that nobody has decided on: a sealed value that is not among
// the places is lost with the next exchange.
func TestEveryColumnOfBytesIsKnownToBeSealedOrNot(t *testing.T) {
	hashes := strings.Fields(`sessions.token_hash sessions.former_hash kept_forms.token_hash recovery_codes.code_hash passkeys.user_handle passkeys.credential_id answered_challenges.challenge_hash devices.token_hash invitations.token_hash resets.token_hash excluded_emails.hash erased_fingerprints.hash
		deliveries.hash refusals.hash tokens.hash token_starts.key_hash token_starts.asked audit_entries.hash audit_seals.mac`)
	k := apptest.Start(t, 1)
	columns, err := database.Column[string](k.DB.Reader().QueryContext(t.Context(), `SELECT s.name || '.' || c.name FROM sqlite_schema s, pragma_table_info(s.name) c
		WHERE s.type = 'table' AND upper(c.type) = 'BLOB' AND s.name NOT LIKE 'river_%'`))
	if err != nil || len(columns) < len(app.Sealed()) {
		t.Fatal(columns, err)
	}
	for _, p := range app.Sealed() {
		i := slices.Index(columns, p.Table+"."+p.Column)
		if i < 0 {
			t.Errorf("there is no %s.%s", p.Table, p.Column)
			continue
		}
		columns = slices.Delete(columns, i, i+1)
	}
	for _, column := range columns {
		if !slices.Contains(hashes, column) {
			t.Errorf("%s: is it sealed? Then its package's Sealed should name it", column)
		}
	}
}

func open(t *testing.T, c app.Config) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), c.Database())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func close(t *testing.T, db *database.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
