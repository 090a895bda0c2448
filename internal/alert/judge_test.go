package alert_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/run"
)

// conditions are, for each condition, what brings it about, what leaves it as it is, and what ends it.
var conditions = []struct {
	name  string
	opens string // which alert
	begin func(k *kit)
	still func(k *kit)
	end   func(k *kit)
	text  string // what the message says
	well  string // and in the end
}{
	{
		"a run that failed, until one succeeds", "run_failed export/1",
		func(k *kit) { k.ran(1, run.Failed, 0, 0) },
		func(k *kit) { k.ran(1, run.Cancelled, 10, 0); k.ran(1, run.Failed, 0, 0) },
		func(k *kit) { k.ran(1, run.Warnings, 1000, 1) },
		"The last run of “Spring” failed. Omnisend was out of order", "A run of “Spring” ended well again.",
	},
	{
		"a run that makes no progress", "run_stuck export/1",
		func(k *kit) {
			k.exec(`INSERT INTO runs (id, export_id, cause, requested_by_name, state, queued_at, stuck_at, waits_for) VALUES (900, 1, 'demand', '', 'running', ?, ?, 'disk_full')`, k.now(), k.now())
		},
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE runs SET stuck_at = NULL WHERE id = 900`) },
		"The disk of this server is full", "went on, or has ended",
	},
	{
		"a run that waits to begin", "run_not_started export/1",
		func(k *kit) {
			k.exec(`INSERT INTO runs (id, export_id, cause, requested_by_name, state, queued_at) VALUES (900, 1, 'schedule', '', 'queued', ?)`, k.now()-15*60_000)
		},
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE runs SET state = 'running', started_at = ? WHERE id = 900`, k.now()) },
		"due for more than 15 minutes", "has begun",
	},
	{
		"a run of half the usual size", "run_size export/1",
		func(k *kit) {
			for _, n := range []int{1000, 1010, 990, 1000, 1020, 499} {
				k.ran(1, run.Succeeded, n, 0)
			}
		},
		func(k *kit) { k.ran(1, run.Failed, 1000, 0); k.ran(1, run.Succeeded, 480, 0) },
		func(k *kit) { k.ran(1, run.Succeeded, 501, 0) },
		"had only 480 profiles. Usual are 1,000.", "usual again",
	},
	{
		"a run of more than twice the usual size", "run_size export/1",
		func(k *kit) {
			for _, n := range []int{60, 60, 60, 60, 60, 121} {
				k.ran(1, run.Succeeded, n, 0)
			}
		},
		func(*kit) {},
		func(k *kit) { k.ran(1, run.Succeeded, 120, 0) },
		"had 121 profiles. Usual are 60.", "usual again",
	},
	{
		"more rejected than the share", "rejected_share export/1",
		func(k *kit) { k.ran(1, run.Warnings, 1000, 11) },
		func(k *kit) {
			k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, of_run, state, profiles, queued_at, ended_at) VALUES (1, 'demand', '', 1, 'succeeded', 11, 1, 1)`)
		},
		func(k *kit) { k.ran(1, run.Warnings, 1000, 10) },
		"11 of 1,000 profiles (1.1%) were rejected", "No more profiles were rejected",
	},
	{
		"a run that is paused", "export_paused export/1",
		func(k *kit) {
			k.exec(`INSERT INTO runs (id, export_id, cause, requested_by_name, state, pause_code, queued_at) VALUES (900, 1, 'schedule', '', 'paused', 'payment_required', 1)`)
		},
		func(k *kit) { k.exec(`UPDATE runs SET pause_code = 'many_leave' WHERE id = 900`) },
		func(k *kit) { k.exec(`UPDATE runs SET state = 'running' WHERE id = 900`) },
		"The destination asks for payment", "nothing keeps it from running",
	},
	{
		"an export without consent", "export_paused export/1",
		func(k *kit) { k.exec(`UPDATE connection_consents SET ended_at = 1 WHERE connection_id = 1`) },
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE connection_consents SET ended_at = NULL WHERE connection_id = 1`) },
		"Nobody has agreed to the data privacy", "nothing keeps it from running",
	},
	{
		"an export without its export user", "export_paused export/1",
		func(k *kit) { k.exec(`UPDATE connections SET export_user_id = NULL`) },
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE connections SET export_user_id = ?`, k.Administrator.UserID) },
		"no export user", "nothing keeps it from running",
	},
	{
		"an export that lost its connection", "export_paused export/1",
		func(k *kit) { k.exec(`UPDATE exports SET connection_id = NULL WHERE id = 1`) },
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE exports SET connection_id = 1 WHERE id = 1`) },
		"It has no connection", "nothing keeps it from running",
	},
	{
		"a key that is refused", "key_refused connection/1",
		func(k *kit) { k.exec(`UPDATE connections SET failure = 'key_refused', failed_at = 1`) },
		func(k *kit) { k.exec(`UPDATE connections SET failure = 'scope_missing', failed_at = 2`) },
		func(k *kit) { k.exec(`UPDATE connections SET failure = ''`) },
		"The API key of the connection “Nordic Tea” does not work. The destination refuses the API key", "works again",
	},
	{
		"consent to older terms", "new_terms connection/1",
		func(k *kit) {
			k.exec(`INSERT INTO terms_begun (version, at) VALUES ('2', ?)`, k.now())
			k.exec(`UPDATE connection_consents SET terms_version = '1'`)
		},
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE connection_consents SET terms_version = '2'`) },
		"the consent of the connection “Nordic Tea” is to an older one. Agree until 1 July 2026", "is to the terms of now",
	},
	{
		"an import that failed", "refresh_refused source/1",
		func(k *kit) { k.imported("schedule", "failed") },
		func(k *kit) { k.imported("upload", "failed"); k.imported("schedule", "cancelled") },
		func(k *kit) { k.imported("demand", "done") },
		"The last import of the source “Shop” failed", "was read again",
	},
	{
		"an import that is held because it is so small", "refresh_refused source/1",
		func(k *kit) { k.imported("change", "asking") },
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE imports SET state = 'done'`) },
		"far fewer profiles than before", "was read again",
	},
	{
		"a source that could not be read at all", "refresh_refused source/1",
		func(k *kit) { k.imported("schedule", "done"); k.chain("failed", "", "source", "failed") },
		func(*kit) {},
		func(k *kit) { k.chain("succeeded", "", "source", "succeeded") },
		"could not be read again", "was read again",
	},
	{
		"a scheduled refresh that failed as a whole", "refresh_refused schedule/0",
		func(k *kit) { k.chain("failed", "chain.internal", "", "") },
		func(k *kit) { k.chain("failed", "", "segment", "failed") },
		func(k *kit) { k.chain("warnings", "", "export", "failed") },
		"The last scheduled refresh failed.", "went well again",
	},
	{
		"a scheduled refresh that does not begin", "run_not_started schedule/0",
		func(k *kit) {
			k.exec(`INSERT INTO chains (id, cause, due_at, queued_at, state) VALUES (900, 'schedule', ?, ?, 'queued')`, k.now()-15*60_000, k.now()-15*60_000)
		},
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE chains SET state = 'running' WHERE id = 900`) },
		"A scheduled refresh has been due for more than 15 minutes", "begin on time again",
	},
	{
		"a scheduled refresh that was skipped", "run_not_started schedule/0",
		func(k *kit) { k.chain("skipped", "chain.still_going", "", "") },
		func(*kit) {},
		func(k *kit) { k.chain("succeeded", "", "export", "succeeded") },
		"while the one before was still under way", "begin on time again",
	},
	{
		"a time of the schedule that nobody dealt with", "run_not_started schedule/0",
		func(k *kit) { k.exec(`UPDATE schedule SET last_due = NULL, times = '[690]'`) }, // 11:30, and it is noon
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE schedule SET last_due = ?`, k.now()) },
		"A time of the schedule passed more than 15 minutes ago", "begin on time again",
	},
	{
		"a time of an export's own schedule that nobody dealt with", "run_not_started export/1",
		func(k *kit) { // every weekday at 11:30, and it is noon
			k.exec(`UPDATE exports SET schedule = 'weekly', schedule_weekdays = '[0,1,2,3,4,5,6]', schedule_time = 690, schedule_set_at = 0`)
		},
		func(*kit) {},
		func(k *kit) { k.exec(`UPDATE exports SET schedule_due = ?`, k.now()) },
		"A time of the schedule of “Spring” passed more than 15 minutes ago", "has begun",
	},
}

// imported adds an import of the source.
func (k *kit) imported(cause, state string) {
	k.Helper()
	k.exec(`INSERT INTO imports (source_id, cause, state, file_name, code, detail, created_by_name, created_at, ended_at) VALUES (1, ?, ?, 'a.csv', 'sources.file.columns_missing', 'Ada', '', ?, ?)`,
		cause, state, k.now(), k.now())
}

// chain adds one of the schedule that has ended, with a task.
func (k *kit) chain(state, reason, kind, taskState string) {
	k.Helper()
	k.clock.Advance(time.Second)
	k.exec(`INSERT INTO chains (cause, due_at, queued_at, started_at, ended_at, state, reason_code) VALUES ('schedule', ?, ?, ?, ?, ?, ?)`, k.now(), k.now(), k.now(), k.now(), state, reason)
	if kind != "" {
		k.exec(`INSERT INTO chain_tasks (chain_id, kind, target_id, state, queued_at, ended_at) SELECT max(id), ?, 1, ?, ?, ? FROM chains`, kind, taskState, k.now(), k.now())
	}
}

// withAll makes an export, a source and a schedule that are well.
func withAll(t testing.TB) *kit {
	k := newKit(t)
	k.export(1, 1, "Spring")
	k.exec(`INSERT INTO sources (id, name, name_key, kind, place, position, created_at, updated_at) VALUES (1, 'Shop', 'shop', 'upload', 'copied', 1, 0, 0)`)
	k.exec(`UPDATE schedule SET is_on = 1, last_due = ?`, k.now())
	if err := k.SaveChoices(t.Context(), k.Administrator, all()); err != nil {
		t.Fatal(err)
	}
	k.look()
	k.wantOpen()
	return k
}

func TestEachConditionOpensStaysAndCloses(t *testing.T) {
	for _, c := range conditions {
		t.Run(c.name, func(t *testing.T) {
			k := withAll(t)
			c.begin(k)
			k.look()
			k.wantOpen(c.opens)
			c.still(k)
			k.look()
			k.Service = k.start() // the program was restarted
			k.look()
			k.wantOpen(c.opens)
			c.end(k)
			k.look()
			k.look()
			k.wantOpen()
			messages := k.sent.messages["person/1"]
			if len(messages) != 2 || len(messages[0].Lines) != 1 || len(messages[1].Lines) != 1 {
				t.Fatalf("%d messages, want one when it opens and one when all is well: %+v", len(messages), messages)
			}
			open, over := messages[0].Lines[0], messages[1].Lines[0]
			if open.State != "open" || over.State != "closed" || !strings.HasPrefix(messages[1].Subject, "All well again") {
				t.Errorf("it says %s, then %s: %q", open.State, over.State, messages[1].Subject)
			}
			if !strings.Contains(open.Text, c.text) && c.name != "a run of half the usual size" { // of that the page tells the newer numbers
				t.Errorf("the message says %q, and not %q", open.Text, c.text)
			}
			if !strings.Contains(over.Text, c.well) {
				t.Errorf("in the end it says %q, and not %q", over.Text, c.well)
			}
			for _, text := range []string{open.Text, over.Text, messages[0].Subject, messages[0].Intro} {
				if strings.Contains(text, "customer.example") || strings.Contains(text, "<no value>") || strings.Contains(text, "alert.") {
					t.Errorf("a message says %q", text)
				}
			}
		})
	}
}

func TestWhatIsRemovedOrSwitchedOffClosesWithoutAWord(t *testing.T) {
	for name, test := range map[string]struct{ begin, end func(k *kit) }{
		"an export that is removed":          {func(k *kit) { k.ran(1, run.Failed, 0, 0) }, func(k *kit) { k.exec(`UPDATE exports SET removed_at = 1`) }},
		"an export that a person pauses":     {func(k *kit) { k.ran(1, run.Failed, 0, 0) }, func(k *kit) { k.exec(`UPDATE exports SET paused_at = 1`) }},
		"an export that runs on demand only": {func(k *kit) { k.exec(`UPDATE exports SET connection_id = NULL`) }, func(k *kit) { k.exec(`UPDATE exports SET schedule = 'off'`) }},
		"a connection that is removed": {func(k *kit) { k.exec(`UPDATE connections SET failure = 'key_refused'`) }, func(k *kit) {
			k.exec(`UPDATE connections SET removed_at = 1`)
			k.exec(`UPDATE exports SET removed_at = 1`)
		}},
		"a source that is removed":        {func(k *kit) { k.imported("schedule", "failed") }, func(k *kit) { k.exec(`UPDATE sources SET removed_at = 1`) }},
		"a schedule that is switched off": {func(k *kit) { k.chain("skipped", "x", "", "") }, func(k *kit) { k.exec(`UPDATE schedule SET is_on = 0`) }},
		"a run that the emergency stop holds": {func(k *kit) {
			k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at) VALUES (1, 'schedule', '', 'queued', 0)`)
		}, func(k *kit) { k.exec(`INSERT INTO stops (stopped_at, stopped_by) VALUES (1, 'Ada')`) }},
	} {
		t.Run(name, func(t *testing.T) {
			k := withAll(t)
			test.begin(k)
			k.look()
			if len(k.open()) != 1 || len(k.heard(k.Administrator)) != 1 {
				t.Fatal("there is no alert to begin with")
			}
			test.end(k)
			k.look()
			k.wantOpen()
			k.wantHeard(k.Administrator)
		})
	}
}

func TestWhatIsNoFaultIsNoAlert(t *testing.T) {
	for name, begin := range map[string]func(k *kit){
		"four runs say nothing of what is usual": func(k *kit) {
			for _, n := range []int{1000, 1000, 1000, 1000, 10} {
				k.ran(1, run.Succeeded, n, 0)
			}
		},
		"few profiles": func(k *kit) {
			for _, n := range []int{10, 10, 10, 10, 10, 99} {
				k.ran(1, run.Succeeded, n, 0)
			}
		},
		"twice as many": func(k *kit) {
			for _, n := range []int{100, 100, 100, 100, 100, 200} {
				k.ran(1, run.Succeeded, n, 0)
			}
		},
		"one in a hundred rejected": func(k *kit) { k.ran(1, run.Warnings, 1000, 10) },
		"a person paused the run": func(k *kit) {
			k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, pause_code, queued_at) VALUES (1, 'schedule', '', 'paused', 'by_person', 1)`)
		},
		"a single profile failed": func(k *kit) {
			k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at) VALUES (1, 'try', '', 'failed', 1)`)
		},
		"a person sent a useless file": func(k *kit) { k.imported("upload", "failed") },
		"a run waits for its turn": func(k *kit) {
			for id := range int64(16) {
				k.export(100+id, 1, "Busy "+string(rune('A'+id)))
				k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at) VALUES (?, 'schedule', '', 'running', 1)`, 100+id)
			}
			k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, queued_at) VALUES (1, 'schedule', '', 'queued', 1)`)
		},
		"an export on demand has no connection": func(k *kit) { k.exec(`UPDATE exports SET connection_id = NULL, schedule = 'off'`) },
	} {
		t.Run(name, func(t *testing.T) {
			k := withAll(t)
			begin(k)
			k.look()
			k.wantOpen()
		})
	}
}

func TestTheHealthOfExportsSaysWhatReadinessSaysOfEach(t *testing.T) {
	k := withAll(t)
	k.export(2, 1, "Paused")
	k.export(3, 1, "No segment")
	k.export(4, 1, "Missing attribute")
	k.export(5, 1, "Inactive segment")
	k.export(6, 1, "Detached")
	k.export(7, 1, "Another base")
	k.exec(`INSERT INTO segments (id, name, name_key, kind, definition, state, created_at, updated_at) VALUES (2, 'Draft', 'draft', 'rule', '{}', 'draft', 0, 0), (3, 'There', 'there', 'rule', '{"source_id":9}', 'active', 0, 0)`)
	k.exec(`UPDATE exports SET paused_at = 1 WHERE id = 2`)
	k.exec(`DELETE FROM export_segments WHERE export_id = 3`)
	k.exec(`UPDATE export_mappings SET attribute = 'gone' WHERE export_id = 4`)
	k.exec(`INSERT INTO export_segments (export_id, segment_id, position) VALUES (5, 2, 1), (7, 3, 1)`)
	k.exec(`UPDATE exports SET connection_id = NULL WHERE id = 6`)
	for _, change := range []string{``, `UPDATE attributes SET mark = 2`, `UPDATE export_mappings SET meant = 1, meant_as = 2 WHERE export_id = 1`, `UPDATE connections SET failure = 'payment_required'`, `UPDATE connection_consents SET ended_at = 1`, `UPDATE snapshots SET state = 'dropped'`} {
		if change != "" {
			k.exec(change)
		}
		found, err := k.exports.Health(context.Background(), k.db.Reader())
		if err != nil || len(found) != 7 {
			t.Fatalf("%d exports: %v", len(found), err)
		}
		for _, one := range found {
			e, err := k.exports.Find(context.Background(), k.db.Reader(), one.ID)
			if err != nil {
				t.Fatal(err)
			}
			if want, err := k.exports.Readiness(context.Background(), e); err != nil || one.Obstacle != want {
				t.Errorf("%s: %q, readiness says %q (%v)", one.Name, one.Obstacle, want, err)
			}
		}
	}
}
