package doctor_test

import (
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/app"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/doctor"
	"github.com/segue-app/segue/internal/i18n"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/secretstore"
)

// ailment is something wrong, and what must be found of it.
type ailment struct {
	name  string
	make  func(t *testing.T, p *doctor.Patient)
	code  string
	level doctor.Level
}

func query(statements ...string) func(*testing.T, *doctor.Patient) {
	return func(t *testing.T, p *doctor.Patient) {
		t.Helper()
		db, err := sql.Open("sqlite", p.Folder.Database)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range statements {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(statement, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// zeroed overwrites the first page of a table that holds something.
func zeroed(table string) func(*testing.T, *doctor.Patient) {
	return func(t *testing.T, p *doctor.Patient) {
		t.Helper()
		db, err := sql.Open("sqlite", p.Folder.Database)
		if err != nil {
			t.Fatal(err)
		}
		var page, size int
		row := db.QueryRow(`SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?`, table)
		if err := errors.Join(row.Scan(&page, &size), db.Close()); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(p.Folder.Database)
		if err != nil {
			t.Fatal(err)
		}
		clear(content[(page-1)*size : page*size])
		write("segue.db", string(content))(t, p)
	}
}

func mode(name string, mode os.FileMode) func(*testing.T, *doctor.Patient) {
	return func(t *testing.T, p *doctor.Patient) {
		t.Helper()
		if err := os.Chmod(filepath.Join(p.Folder.Path, name), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func write(name, text string) func(*testing.T, *doctor.Patient) {
	return func(t *testing.T, p *doctor.Patient) {
		t.Helper()
		path := filepath.Join(p.Folder.Path, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func set(change func(*doctor.Patient)) func(*testing.T, *doctor.Patient) {
	return func(_ *testing.T, p *doctor.Patient) { change(p) }
}

func ailments() []ailment {
	const job = `INSERT INTO river_job (args, kind, max_attempts, state, attempt, scheduled_at, finalized_at) VALUES ('{}', 'x', 9, `
	return []ailment{
		{"no folder", set(func(p *doctor.Patient) { p.Folder.Path += "-none" }), "folder_missing", doctor.Error},
		{"a file for a folder", set(func(p *doctor.Patient) { p.Folder.Path = p.Folder.Database }), "folder_unreadable", doctor.Error},
		{"an open folder", mode(".", 0o755), "folder_open", doctor.Warning},
		{"an open key", mode("segue.key", 0o644), "key_open", doctor.Error},
		{"no database", func(t *testing.T, p *doctor.Patient) { _ = os.Remove(p.Folder.Database) }, "database_missing", doctor.Error},
		{"no database but text", write("segue.db", strings.Repeat("text ", 3000)), "database_unreadable", doctor.Error},
		{"a page of zeros", zeroed("alert_settings"), "database_damaged", doctor.Error},
		{"a row that names what is not there", query(`PRAGMA foreign_keys = 0`, `INSERT INTO snapshot_holds (snapshot_id, holder) VALUES (9999, 'x')`), "database_damaged", doctor.Error},
		{"no version", query(`DROP TABLE goose_db_version`), "schema_unknown", doctor.Error},
		{"an older database", query(`DELETE FROM goose_db_version WHERE version_id > 8`), "schema_old", doctor.Warning},
		{"a newer database", query(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`), "schema_newer", doctor.Error},
		{"no key", func(t *testing.T, p *doctor.Patient) { _ = os.Remove(p.Key.Path) }, "key_missing", doctor.Error},
		{"a broken key", write("segue.key", "AAAA\n"), "key_unreadable", doctor.Error},
		{"another key", write("segue.key", secret.NewKeyring().Text().Reveal()), "key_wrong", doctor.Error},
		{"two keys", func(t *testing.T, p *doctor.Patient) {
			ring, err := secret.LoadKeyring(p.Key.Path)
			if err := errors.Join(err, ring.Then(secret.NewKeyring()).Save(p.Key.Path)); err != nil {
				t.Fatal(err)
			}
		}, "key_several", doctor.Warning},
		{"a store of secrets that is not there", set(func(p *doctor.Patient) {
			p.Stores = secretstore.Stores{"files": secretstore.Files{Folder: "/no/such/folder"}}
		}), "store_unavailable", doctor.Error},
		{"a store of secrets that no flag names", query(`UPDATE connections SET key_store = 'vault', key_name = 'omnisend'`), "store_unknown", doctor.Error},
		{"a secret that is gone", func(t *testing.T, p *doctor.Patient) {
			p.Stores = secretstore.Stores{"files": secretstore.Files{Folder: t.TempDir()}}
			query(`UPDATE connections SET key_store = 'files', key_name = 'omnisend'`)(t, p)
		}, "secret_missing", doctor.Error},
		{"a broken secret", query(`UPDATE connections SET sealed_key = x'01020304'`), "sealed_unreadable", doctor.Warning},
		{"a state kept aside", write("before-restore-20260101-000000/segue.db", ""), "aside", doctor.Warning},
		{"a backup that was killed", func(t *testing.T, p *doctor.Patient) {
			write(".segue-backup-1/segue.db", "")(t, p)
			old := time.Now().Add(-48 * time.Hour)
			if err := os.Chtimes(filepath.Join(p.Folder.Path, ".segue-backup-1"), old, old); err != nil {
				t.Fatal(err)
			}
		}, "leftover", doctor.Warning},
		{"an emergency stop", query(`INSERT INTO stops (stopped_at, stopped_by) VALUES (0, 'Ada Lund')`), "stopped", doctor.Warning},
		{"a paused run", query(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at) VALUES (1, 'demand', '', 'paused', 0)`), "runs_paused", doctor.Warning},
		{"a stuck run", query(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at, stuck_at) VALUES (1, 'demand', '', 'running', 0, 1)`), "runs_stuck", doctor.Warning},
		{"work that nobody does", query(job + `'available', 0, datetime('now', '-1 hour'), NULL)`), "jobs_late", doctor.Warning},
		{"work that fails", query(job + `'retryable', 5, datetime('now', '+1 hour'), NULL)`), "jobs_failing", doctor.Warning},
		{"work that was given up", query(job + `'discarded', 9, datetime('now', '-2 hours'), datetime('now', '-1 hour'))`), "jobs_given_up", doctor.Warning},
		{"a clock that is behind the database", set(func(p *doctor.Patient) {
			p.Now = func() time.Time { return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }
		}), "clock_behind", doctor.Error},
		{"a clock that is minutes off", set(func(p *doctor.Patient) {
			p.Now = func() time.Time { return time.Now().Add(5 * time.Minute) }
		}), "clock_off", doctor.Warning},
		{"a clock that is hours off", set(func(p *doctor.Patient) { p.Now = func() time.Time { return time.Now().Add(5 * time.Hour) } }), "clock_off", doctor.Error},
		{"a folder that may be watched and is not there", set(func(p *doctor.Patient) { p.Watch = []string{"/no/such/folder"} }), "watched_unreadable", doctor.Error},
		{"a folder that a source watches and is not there", query(`UPDATE sources SET kind = 'folder', settings = '{"watched":{"folder":"/no/such/folder"}}'`), "watched_unreadable", doctor.Error},
		{"a folder that a source watches and may not", func(t *testing.T, p *doctor.Patient) {
			p.Watch = []string{t.TempDir()}
			query(`UPDATE sources SET kind = 'folder', settings = '{"watched":{"folder":"/"}}'`)(t, p)
		}, "watched_not_allowed", doctor.Warning},
		{"a time zone that nobody knows", query(`UPDATE users SET time_zone = 'Europe/Atlantis' WHERE id = 1`), "zone_unknown", doctor.Error},
		{"no URL, and all networks", set(func(p *doctor.Patient) { p.Listen = "0.0.0.0:8090" }), "url_missing", doctor.Warning},
		{"a URL without TLS", set(func(p *doctor.Patient) { p.URL = "http://segue.example.com" }), "url_insecure", doctor.Warning},
		{"a URL that is none", set(func(p *doctor.Patient) { p.URL = "segue" }), "url_wrong", doctor.Error},
		{"a destination that is none", set(func(p *doctor.Patient) { p.Destination = "api" }), "destination_wrong", doctor.Error},
		{"a destination that does not answer", set(func(p *doctor.Patient) { p.Destination = "http://127.0.0.1:1/api" }), "destination_unreachable", doctor.Warning},
	}
}

// healthy makes a data folder that is well, and a destination that answers.
func healthy(t *testing.T) (folder string, destination string) {
	t.Helper()
	k := apptest.Start(t, 20)
	k.Export()
	k.Stop()
	if err := os.Chmod(k.Config.Folder, 0o700); err != nil { // a test's folder is open to all
		t.Fatal(err)
	}
	server := httptest.NewServer(http.NotFoundHandler()) // any answer tells the time
	t.Cleanup(server.Close)
	return k.Config.Folder, server.URL
}

func patient(folder, destination string) doctor.Patient {
	config := app.Config{Folder: folder}
	return doctor.Patient{Folder: config.BackupFolder(), Key: config.Key(), Sealed: app.Sealed(), Listen: "127.0.0.1:8090", Destination: destination, Client: http.DefaultClient, Now: time.Now}
}

func TestEveryAilmentIsFoundAndToldInEachLanguageWithoutNamingAnybody(t *testing.T) {
	folder, destination := healthy(t)
	t.Run("a healthy one", func(t *testing.T) {
		report := doctor.Examine(t.Context(), patient(folder, destination))
		if report.Worst() != doctor.Fine || len(report) < 9 {
			t.Errorf("%+v", report)
		}
	})
	for _, a := range ailments() {
		t.Run(a.name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "data")
			if err := errors.Join(os.CopyFS(copied, os.DirFS(folder)), os.Chmod(copied, 0o700), os.Chmod(filepath.Join(copied, "segue.key"), 0o600)); err != nil {
				t.Fatal(err)
			}
			p := patient(copied, destination)
			a.make(t, &p)
			report := doctor.Examine(t.Context(), p)
			i := slices.IndexFunc(report, func(f doctor.Finding) bool { return f.Code == a.code })
			if i < 0 || report[i].Level != a.level {
				t.Fatalf("%s %s is not among %+v", a.level, a.code, report)
			}
			if worst := report.Worst(); a.level == doctor.Error && worst != doctor.Error || worst == doctor.Fine {
				t.Errorf("the worst is %s", worst)
			}
			for _, f := range report {
				said := ""
				for _, language := range i18n.Languages() {
					words := i18n.For(language, nil)
					said += words.T("doctor."+f.Code, f.Values...)
					if f.Level != doctor.Fine {
						said += words.T("doctor.mend."+f.Code, f.Values...)
					}
				}
				if strings.Contains(said, "doctor.") || strings.Contains(said, "no value") || strings.Contains(said, "{{") {
					t.Errorf("%s is told as %q", f.Code, said)
				}
				if strings.Contains(said, "@") || strings.Contains(said, "Ada") {
					t.Errorf("%s names a person: %q", f.Code, said)
				}
			}
		})
	}
}

// TestEveryFindingIsTriedOut reads the codes from the message files, so that one that is added has its ailment. Those that are left
// out would need a disk that is full, another user, a log of a gigabyte, or a program without time zones.
func TestEveryFindingIsTriedOut(t *testing.T) {
	left := strings.Fields(`disk_full disk_low folder_owner key_owner log_long zones_missing`)
	keys, err := i18n.Keys("en")
	if err != nil {
		t.Fatal(err)
	}
	mended := regexp.MustCompile(`^doctor\.mend\.(.+)$`)
	for _, key := range keys {
		if found := mended.FindStringSubmatch(key); found != nil {
			if !slices.Contains(left, found[1]) && !slices.ContainsFunc(ailments(), func(a ailment) bool { return a.code == found[1] }) {
				t.Errorf("nothing tries %s out", found[1])
			}
		}
	}
}

func TestExaminingBesideAServerChangesNothing(t *testing.T) {
	k := apptest.Start(t, 20)
	k.Export()
	if err := os.Chmod(k.Config.Folder, 0o700); err != nil {
		t.Fatal(err)
	}
	var before, after int64
	version := func(into *int64) {
		t.Helper()
		if err := k.DB.Reader().QueryRowContext(t.Context(), `PRAGMA schema_version`).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	version(&before)
	p := patient(k.Config.Folder, "")
	p.Offline, p.Thorough = true, true
	if report := doctor.Examine(t.Context(), p); report.Worst() != doctor.Fine {
		t.Errorf("%+v", report)
	}
	if version(&after); before != after {
		t.Error("the schema was touched")
	}
}
