package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/backup"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/secret"
)

// save makes a backup of a kit's folder, with its key, and gives the bytes of it.
func save(t *testing.T, c app.Config, withKey bool) []byte {
	t.Helper()
	order, err := app.BackupOrder(c, "test", withKey)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "one.backup")
	m, err := backup.File(t.Context(), order, path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || m.WithKey() != withKey {
		t.Errorf("mode %v, key %v: %v", info.Mode(), m.WithKey(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside the backup: %v, %v", left, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// restore restores into a folder of a configuration.
func restore(t *testing.T, c app.Config, content []byte, hold app.Hold, change func(*backup.Restoring)) (string, *app.Settling, error) {
	t.Helper()
	s := &app.Settling{Config: c, Hold: hold, Now: time.Now()}
	r := backup.Restoring{Into: c.BackupFolder(), Clock: time.Now, Settle: s.Settle}
	if change != nil {
		change(&r)
	}
	var aside string
	err := app.Alone(c, func() (err error) {
		_, aside, err = r.Do(t.Context(), bytes.NewReader(content))
		return err
	})
	return aside, s, err
}

// TestABackupInTheMiddleOfARunIsRestoredElsewhereAndGoesOnToTheEnd lets the first folder go on for a while after the backup, as the
// world does, and throws it away.
func TestABackupInTheMiddleOfARunIsRestoredElsewhereAndGoesOnToTheEnd(t *testing.T) {
	k := apptest.Start(t, 4000)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 100, JitterMillis: 50, StallShare: 0.3}) // it cannot end before the backup
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent >= 5 })
	content := save(t, k.Config, true)
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent >= at.BatchesSent+5 || !r.State.Going() })
	k.Stop()

	k.Config.Folder = filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Mkdir(k.Config.Folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if aside, s, err := restore(t, k.Config, content, app.HoldIfOld, nil); err != nil || aside != "" || s.Held {
		t.Fatalf("%q, %+v, %v", aside, s, err)
	}
	db, err := database.Connect(k.Config.Database())
	if err != nil {
		t.Fatal(err)
	}
	var state run.State
	if err := errors.Join(db.Reader().QueryRowContext(t.Context(), `SELECT state FROM runs WHERE id = ?`, started.ID).Scan(&state), db.Close()); err != nil || !state.Going() {
		t.Fatalf("the run was %s when it was backed up, %v", state, err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Open()
	r := k.Wait(started.ID)
	if r.State != run.Succeeded && r.State != run.Warnings || r.Counts.Open() != 0 || r.Counts.Profiles != 4000 {
		t.Fatalf("%s (%s %s) %+v", r.State, r.ErrorCode, r.ErrorDetail, r.Counts)
	}
	k.Matches()
}

func TestARestoredStateEndsSessionsAndLinksAndDoubtsWhatWasDelivered(t *testing.T) {
	k := apptest.Start(t, 300)
	e := k.Export()
	first := k.Run(e, run.Options{})
	if _, err := k.DB.Writer().ExecContext(t.Context(), `INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, confirmed_at, proof) VALUES (x'01', 1, 0, 0, 9e15, 0, 'password');
		INSERT INTO invitations (token_hash, user_id, expires_at) VALUES (x'02', 1, 9e15)`); err != nil {
		t.Fatal(err)
	}
	content := save(t, k.Config, true)
	k.Stop()
	k.Config.Folder = t.TempDir()
	if _, _, err := restore(t, k.Config, content, app.HoldIfOld, nil); err != nil {
		t.Fatal(err)
	}
	k.Open()
	var sessions, links int
	if err := k.DB.Reader().QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM invitations)`).Scan(&sessions, &links); err != nil || sessions+links != 0 {
		t.Errorf("%d sessions, %d links, %v", sessions, links, err)
	}
	if again := k.Run(e, run.Options{}); again.Counts.Accepted != first.Counts.Accepted || first.Counts.Accepted == 0 {
		t.Errorf("first %d were sent, after the restoring %d", first.Counts.Accepted, again.Counts.Accepted)
	}
	if third := k.Run(e, run.Options{}); third.Counts.Accepted != 0 {
		t.Errorf("and then %d once more", third.Counts.Accepted)
	}
	k.Matches()
}

func TestAnOldBackupIsHeldAndWhoMustNotBeSentStaysOnTheList(t *testing.T) {
	k := apptest.Start(t, 50)
	k.Export()
	content := save(t, k.Config, false)
	if _, err := k.Exclusions.Add(t.Context(), k.Actor(access.Administrator), strings.NewReader("someone@example.com\nexample.net"), ""); err != nil {
		t.Fatal(err)
	}
	k.Stop()
	aside, s, err := restore(t, k.Config, content, app.HoldYes, func(r *backup.Restoring) { r.Replace = true })
	if err != nil || aside == "" || !s.Held || !s.Carried || s.Exclusions != 2 {
		t.Fatalf("%q, %+v, %v", aside, s, err)
	}
	k.Open()
	if stands, err := k.Stops.Stands(t.Context()); err != nil || !stands {
		t.Errorf("nothing is held, %v", err)
	}
	m, err := k.Exclusions.Matcher(t.Context())
	if err != nil || m.Match("someone@example.com") == "" || m.Match("anybody@example.net") == "" {
		t.Errorf("exclusions since the backup are forgotten: %v", err)
	}
	kept, err := backup.Aside(k.Config.Folder)
	if err != nil || !slices.Equal(kept, []string{aside}) {
		t.Errorf("kept aside: %v, %v", kept, err)
	}
	old, err := database.Open(t.Context(), filepath.Join(aside, "segue.db"))
	if err != nil {
		t.Fatal(err)
	}
	faults, err := old.Faults(t.Context(), true)
	if err := errors.Join(err, old.Close()); err != nil || len(faults) != 0 {
		t.Errorf("what was kept is damaged: %v, %v", faults, err)
	}
}

func TestAFolderThatIsNotEmptyIsLeftAloneUnlessItIsToBeReplaced(t *testing.T) {
	k := apptest.Start(t, 5)
	content := save(t, k.Config, false)
	k.Stop()
	before := files(t, k.Config.Folder)
	if _, _, err := restore(t, k.Config, content, app.HoldNo, nil); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("restored over another: %v", err)
	}
	if after := files(t, k.Config.Folder); !slices.Equal(before, after) {
		t.Errorf("the folder had %v, and has %v", before, after)
	}
}

func TestABackupWithoutItsKeyIsRefusedAndTakenWithIt(t *testing.T) {
	k := apptest.Start(t, 5)
	k.Connect()
	content := save(t, k.Config, false)
	key := k.Config.Key().Path
	k.Stop()
	k.Config.Folder = t.TempDir()
	var missing *app.MissingKey
	if _, _, err := restore(t, k.Config, content, app.HoldNo, nil); !errors.As(err, &missing) || len(missing.IDs) != 1 {
		t.Fatalf("restored without a key: %v", err)
	}
	if _, err := os.Stat(k.Config.Database()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("and left a database: %v", err)
	}
	k.Config.SealingKey = secret.FromFile(key)
	if _, _, err := restore(t, k.Config, content, app.HoldNo, nil); err != nil {
		t.Fatal(err)
	}
	k.Open()
}

// TestARestoringThatIsKilledAnywhereLeavesTheOldStateOrTheNew ends a restoring before each of its steps. Both states have an import
// of the same number that waits, whose file tells them apart.
func TestARestoringThatIsKilledAnywhereLeavesTheOldStateOrTheNew(t *testing.T) {
	k := apptest.Start(t, 5)
	content := func(state string) {
		t.Helper()
		if err := k.DB.InTx(t.Context(), func(tx database.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO imports (id, file_name, cause, state, created_by_name, created_at, source_id) VALUES (99, ?1, 'upload', 'waiting', '', ?2, 1)
				ON CONFLICT (id) DO UPDATE SET file_name = ?1`, state, database.Millis(time.Now()))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(k.Config.Folder, "uploads", "import-99.csv"), []byte(state), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content("new")
	saved := save(t, k.Config, false)
	content("old")
	k.Stop()
	old := k.Config.Folder
	steps, replaced := 0, 0
	for at := 0; ; at++ {
		k.Config.Folder = filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(k.Config.Folder, os.DirFS(old)); err != nil {
			t.Fatal(err)
		}
		killed := errors.New("killed")
		step := -1
		_, _, err := restore(t, k.Config, saved, app.HoldNo, func(r *backup.Restoring) {
			r.Replace = true
			r.Reached = func(string) error {
				if step++; step == at {
					return killed
				}
				return nil
			}
		})
		if err != nil && !errors.Is(err, killed) {
			t.Fatal(err)
		}
		a, failed := app.Open(context.Background(), k.Config) // finishes what the database says is to be finished
		if failed != nil {
			t.Fatalf("before step %d: %v", at, failed)
		}
		var state string
		failed = a.DB.Reader().QueryRow(`SELECT file_name FROM imports WHERE id = 99`).Scan(&state)
		faults, wrong := a.DB.Faults(context.Background(), true)
		if failed := errors.Join(failed, wrong, a.Close()); failed != nil || len(faults) > 0 {
			t.Fatal(failed, faults)
		}
		uploads := files(t, filepath.Join(k.Config.Folder, "uploads"))
		file, failed := os.ReadFile(filepath.Join(k.Config.Folder, "uploads", "import-99.csv"))
		if failed != nil || string(file) != state || len(uploads) != 1 {
			t.Errorf("before step %d: a database of %s with a file of %s among %v, %v", at, state, file, uploads, failed)
		}
		if state == "new" {
			replaced++
		}
		if err == nil {
			if steps != 4 || state != "new" || replaced != 2 {
				t.Errorf("%d steps, at the end %s, %d times new", steps, state, replaced)
			}
			return
		}
		steps++
	}
}

func TestADamagedBackupIsNeverRestored(t *testing.T) {
	k := apptest.Start(t, 5)
	content := save(t, k.Config, true)
	k.Stop()
	k.Config.Folder = t.TempDir()
	check := func(name string, damaged []byte) {
		t.Helper()
		if _, err := backup.Verify(t.Context(), bytes.NewReader(damaged), t.TempDir()); err == nil {
			t.Errorf("%s: found whole", name)
		}
		if _, _, err := restore(t, k.Config, damaged, app.HoldNo, nil); err == nil {
			t.Fatalf("%s: restored", name)
		}
		if left := files(t, k.Config.Folder); !slices.Equal(left, []string{"segue.lock"}) {
			t.Errorf("%s: left %v", name, left)
		}
	}
	check("empty", nil)
	check("text", []byte(strings.Repeat("SQLite format 3\x00", 100)))
	for _, cut := range []int{1, 100, len(content) / 2, len(content) - 1} {
		check(fmt.Sprintf("cut after %d", cut), content[:cut])
	}
	for _, at := range []int{0, 20, len(content) / 3, len(content) - 20} {
		changed := bytes.Clone(content)
		changed[at] ^= 0x10
		check(fmt.Sprintf("changed at %d", at), changed)
	}
	if _, err := backup.Verify(t.Context(), bytes.NewReader(content), t.TempDir()); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

// files lists what is in a folder, by name.
func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
