package alert_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/account"
	"github.com/segue-app/segue/internal/alert"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/notice"
	"github.com/segue-app/segue/internal/omnisend"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/secret"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
	"github.com/segue-app/segue/internal/stop"
	"github.com/segue-app/segue/internal/testkit"
)

// kit is the service over a real database, whose rows the tests write as the engine would. Messages are kept instead of sent.
type kit struct {
	testing.TB
	*alert.Service
	testkit.People
	db       *database.DB
	hub      *event.Hub
	clock    *testkit.Clock
	accounts *account.Service
	stops    *stop.Service
	exports  *export.Service
	sent     *outbox
	start    func() *alert.Service
}

// outbox keeps messages by recipient: "person/1", "hook/2". What is put in by a transaction that fails is not kept.
type outbox struct {
	hooks    []notice.Hook
	messages map[string][]notice.Message
	fails    bool
	asked    func() // when hooks are asked for, which is after it was judged how things are; nil: nothing
}

func (o *outbox) put(to string, m notice.Message) error {
	if o.fails {
		return fmt.Errorf("the outbox is out of order")
	}
	for _, earlier := range o.messages[to] {
		if earlier.Key == m.Key {
			return fmt.Errorf("message %q to %s twice", m.Key, to)
		}
	}
	o.messages[to] = append(o.messages[to], m)
	return nil
}

func (o *outbox) ToPerson(_ context.Context, _ database.Tx, userID int64, m notice.Message) error {
	return o.put(fmt.Sprintf("person/%d", userID), m)
}

func (o *outbox) ToHook(_ context.Context, _ database.Tx, hookID int64, m notice.Message) error {
	return o.put(fmt.Sprintf("hook/%d", hookID), m)
}

func (o *outbox) Hooks(context.Context, database.Querier) ([]notice.Hook, error) {
	if o.asked != nil {
		o.asked()
	}
	return o.hooks, nil
}

func newKit(t testing.TB) *kit {
	t.Helper()
	k := &kit{TB: t, db: testkit.Database(t), clock: testkit.NewClock(), sent: &outbox{messages: map[string][]notice.Message{}}}
	hub, log := &event.Hub{}, slog.New(slog.DiscardHandler)
	k.hub = hub
	sealer, err := secret.NewSealer(bytes.Repeat([]byte{3}, secret.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	k.accounts = testkit.Accounts(t, k.db, k.clock)
	k.People = testkit.NewPeople(t, k.accounts)
	omni := omnisend.NewDriver(omnisend.Options{})
	drivers := map[string]destination.Driver{omni.Info().Type: omni}
	profiles := profile.NewService(k.db, hub, k.clock.Now)
	sources := source.NewService(k.db, profiles, hub, k.clock.Now, source.Options{Folder: t.TempDir(), Sealer: sealer})
	segments := segment.NewService(k.db, profiles, hub, k.clock.Now)
	connections := connection.NewService(connection.Dependencies{DB: k.db, Sealer: sealer, Drivers: drivers, Accounts: k.accounts, Clock: k.clock.Now, Events: hub})
	k.exports = export.NewService(export.Dependencies{DB: k.db, Profiles: profiles, Segments: segments, Connections: connections, Drivers: drivers, Events: hub, Clock: k.clock.Now})
	k.stops = stop.NewService(k.db, k.clock.Now)
	runs := run.NewService(run.Dependencies{DB: k.db, Profiles: profiles, Segments: segments, Connections: connections, Exports: k.exports, Stops: k.stops, Drivers: drivers, Sealer: sealer, Events: hub, Clock: k.clock.Now, Log: log})
	plan := schedule.NewService(schedule.Dependencies{DB: k.db, Exports: k.exports, Events: hub, Clock: k.clock.Now})
	k.start = func() *alert.Service {
		return alert.NewService(alert.Dependencies{DB: k.db, Exports: k.exports, Runs: runs, Connections: connections, Sources: sources, Schedule: plan, Stops: k.stops,
			Accounts: k.accounts, Notices: k.sent, RunsAtOnce: 16, Events: hub, Clock: k.clock.Now, Log: log})
	}
	k.Service = k.start()
	k.exec(`INSERT INTO snapshots (id, state, row_count, file_name, id_label, created_at) VALUES (1, 'current', 1000, 'customers.csv', 'id', 0)`)
	k.exec(`INSERT INTO attributes (key, label, kind, mark, position) VALUES ('email', 'Email', 'text', 1, 1)`)
	k.exec(`INSERT INTO snapshot_attributes (snapshot_id, position, attribute_key, column_name, kind) VALUES (1, 1, 'email', 'c1', 'text')`)
	k.exec(`INSERT INTO segments (id, name, name_key, kind, definition, created_at, updated_at) VALUES (1, 'Everybody', 'everybody', 'rule', '{"kind":"rule"}', 0, 0)`)
	k.connection(1, "Nordic Tea", true)
	return k
}

func (k *kit) exec(query string, args ...any) {
	k.Helper()
	err := k.db.InTx(context.Background(), func(tx database.Tx) error {
		_, err := tx.ExecContext(context.Background(), query, args...)
		return err
	})
	if err != nil {
		k.Fatal(err)
	}
}

func (k *kit) now() int64 { return database.Millis(k.clock.Now()) }

// connection makes one that nothing stands in the way of.
func (k *kit) connection(id int64, name string, open bool) {
	k.Helper()
	k.exec(`INSERT INTO connections (id, type, name, name_key, open_to_contributors, brand_id, brand_name, brand_website, verified_at, export_user_id, export_user_at, created_by, created_at, updated_at)
		VALUES (?, 'omnisend', ?, ?, ?, 'tea', 'Nordic Tea', '', 0, ?, 0, ?, 0, 0)`, id, name, name, open, k.Administrator.UserID, k.Administrator.UserID)
	k.exec(`INSERT INTO connection_consents (connection_id, terms_version, brand_id, user_id, user_name, agreed_at) VALUES (?, ?, 'tea', ?, 'Ada Holm', 0)`,
		id, connection.CurrentTerms, k.Administrator.UserID)
}

// export makes one on a connection, that runs with the schedule.
func (k *kit) export(id, connectionID int64, name string) {
	k.Helper()
	k.exec(`INSERT INTO exports (id, name, destination_type, connection_id, created_at, updated_at) VALUES (?, ?, 'omnisend', ?, 0, 0)`, id, name, connectionID)
	k.exec(`INSERT INTO export_segments (export_id, segment_id, position) VALUES (?, 1, 0)`, id)
	k.exec(`INSERT INTO export_mappings (export_id, field, attribute, position) VALUES (?, 'email', 'email', 0)`, id)
}

// ran adds a run that has ended.
func (k *kit) ran(exportID int64, state run.State, profiles, rejected int) {
	k.Helper()
	code := ""
	if state == run.Failed {
		code = "destination_unavailable"
	}
	k.exec(`INSERT INTO runs (export_id, cause, requested_by_name, state, profiles, accepted, refused, error_code, error_detail, queued_at, started_at, ended_at)
		VALUES (?, 'schedule', '', ?, ?, ?, ?, ?, 'bad address ada@customer.example', ?, ?, ?)`, exportID, state, profiles, profiles-rejected, rejected, code, k.now(), k.now(), k.now())
}

// look lets a minute pass and has the service look.
func (k *kit) look() {
	k.Helper()
	k.clock.Advance(time.Minute)
	if err := k.Look(context.Background()); err != nil {
		k.Fatal(err)
	}
}

// open lists the alerts that are open: "run_failed export/1".
func (k *kit) open() (found []string) {
	k.Helper()
	list, err := k.Open(context.Background(), access.System, 1000)
	if err != nil {
		k.Fatal(err)
	}
	for _, a := range list {
		found = append(found, fmt.Sprintf("%s %s/%d", a.Kind, a.Thing, a.ThingID))
	}
	slices.Sort(found)
	return found
}

// wantOpen fails the test unless exactly these are open.
func (k *kit) wantOpen(want ...string) {
	k.Helper()
	slices.Sort(want)
	if got := k.open(); !slices.Equal(got, want) {
		k.Fatalf("open are %q, want %q", got, want)
	}
}

// heard takes what a person heard since it was last asked, a line for each alert: "open run_failed Spring".
func (k *kit) heard(who access.Actor) []string {
	return k.heardAt(fmt.Sprintf("person/%d", who.UserID))
}

func (k *kit) heardAt(to string) (lines []string) {
	for _, m := range k.sent.messages[to] {
		for _, line := range m.Lines {
			lines = append(lines, line.State+" "+line.Kind+" "+line.About)
		}
		if m.Folded > 0 {
			lines = append(lines, fmt.Sprintf("and %d more", m.Folded))
		}
	}
	delete(k.sent.messages, to)
	return lines
}

func (k *kit) wantHeard(who access.Actor, want ...string) {
	k.Helper()
	if got := k.heard(who); !slices.Equal(got, want) {
		k.Fatalf("%s heard %q, want %q", who.Name, got, want)
	}
}
