package segment_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // tests need no time zones of the machine

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/event"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/testkit"
)

var (
	contributor = access.Actor{UserID: 2, Role: access.Contributor}
	viewer      = access.Actor{UserID: 3, Role: access.Viewer}
)

// people is one attribute of each kind.
var people = []profile.Attribute{
	{Key: "country", Label: "Country", Column: "c1", Kind: profile.Text},
	{Key: "spent", Label: "Amount spent", Column: "c2", Kind: profile.Number},
	{Key: "member", Label: "Member", Column: "c3", Kind: profile.Boolean},
	{Key: "born", Label: "Born", Column: "c4", Kind: profile.Date, Mark: profile.Personal},
	{Key: "seen", Label: "Last seen", Column: "c5", Kind: profile.DateTime},
}

// snapshots stands in for the profiles.
type snapshots struct {
	mutex   sync.Mutex
	current *profile.Snapshot
}

func (s *snapshots) Current(context.Context) (profile.Snapshot, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.current == nil {
		return profile.Snapshot{}, problem.New(problem.NotFound, "profiles.none")
	}
	return *s.current, nil
}

func (s *snapshots) Snapshot(ctx context.Context, _ int64) (profile.Snapshot, error) {
	return s.Current(ctx)
}

func (s *snapshots) set(snapshot profile.Snapshot) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.current = &snapshot
}

var columnTypes = map[profile.Kind]string{
	profile.Text: "TEXT", profile.Number: "NUMERIC", profile.Boolean: "INTEGER", profile.Date: "TEXT", profile.DateTime: "TEXT", profile.List: "TEXT",
}

// fill makes a snapshot's table. A row is an id and a value, or nil, for each attribute.
func fill(t testing.TB, db *database.DB, id int64, attributes []profile.Attribute, rows [][]any) profile.Snapshot {
	t.Helper()
	snapshot := profile.Snapshot{ID: id, Rows: len(rows), Attributes: attributes}
	create := "CREATE TABLE " + snapshot.Table() + " (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE"
	for _, a := range attributes {
		create += ", " + a.Column + " " + columnTypes[a.Kind]
	}
	err := db.InTx(t.Context(), func(tx database.Tx) error {
		if _, err := tx.ExecContext(t.Context(), create+")"); err != nil {
			return err
		}
		insert, err := tx.PrepareContext(t.Context(), "INSERT INTO "+snapshot.Table()+" VALUES (NULL"+strings.Repeat(", ?", len(attributes)+1)+")")
		if err != nil {
			return err
		}
		for _, row := range rows {
			if _, err := insert.ExecContext(t.Context(), row...); err != nil {
				return err
			}
		}
		return insert.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// members asks the database who a definition holds for, in the order of the file.
func members(t testing.TB, db *database.DB, def segment.Definition, snapshot profile.Snapshot, now time.Time) string {
	t.Helper()
	where, err := segment.Compile(def, snapshot, now)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	rows, err := db.Reader().QueryContext(t.Context(), "SELECT p.id FROM "+snapshot.Table()+" p WHERE "+where.SQL+" ORDER BY p.n", where.Args...)
	if err != nil {
		t.Fatalf("%s: %v", where.SQL, err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(ids, " ")
}

func rule(match segment.Match, conditions ...segment.Condition) segment.Definition {
	return segment.Definition{Kind: segment.ByRule, Rule: segment.Group{Match: match, Conditions: conditions}}
}

func when(attribute string, operator segment.Operator, values ...string) segment.Condition {
	return segment.Condition{Attribute: attribute, Operator: operator, Values: values}
}

// world is a service with a database, a clock and profiles.
type world struct {
	*segment.Service
	db        *database.DB
	clock     *testkit.Clock
	snapshots *snapshots
	events    *event.Hub
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{db: testkit.Database(t), clock: testkit.NewClock(), snapshots: &snapshots{}, events: &event.Hub{}}
	w.Service = segment.NewService(w.db, w.snapshots, w.events, w.clock.Now)
	err := w.db.InTx(t.Context(), func(tx database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO users (id, email, email_key, name, role, created_at)
			VALUES (2, 'c@example.com', 'c@example.com', 'Contributor', 'contributor', 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// peopled is a world with three profiles: two Danes and a Swede.
func peopled(t testing.TB) world {
	t.Helper()
	w := newWorld(t)
	w.snapshots.set(fill(t, w.db, 1, people, [][]any{
		{"k1", "Denmark", 10, 1, "1980-05-01", "2026-05-30T10:00:00Z"},
		{"k2", "Sweden", 20.5, 0, nil, nil},
		{"k3", "Denmark", nil, nil, "1990-12-24", "2025-01-01T00:00:00Z"},
	}))
	return w
}

func wantProblem(t testing.TB, err error, kind problem.Kind, code string) *problem.Problem {
	t.Helper()
	p := problem.Of(err)
	if p == nil || p.Kind != kind || p.Code != code {
		t.Fatalf("error is %v, want kind %d, code %s", err, kind, code)
	}
	return p
}

func wantField(t testing.TB, err error, name, code string) {
	t.Helper()
	p := problem.Of(err)
	if p == nil || p.Kind != problem.Invalid {
		t.Fatalf("error is %v, want an invalid field", err)
	}
	for _, f := range p.Fields {
		if f.Name == name && f.Code == code {
			return
		}
	}
	t.Fatalf("fields are %s, want %s: %s", fmt.Sprint(p.Fields), name, code)
}

func inCopenhagen(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
