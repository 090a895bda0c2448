package chain

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/testkit"
)

var (
	viewer = access.Actor{UserID: 3, Name: "Vera", Role: access.Viewer}
	noon   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
)

// archive is a database to read from.
type archive struct {
	*Records
	t  *testing.T
	db *database.DB
}

func newArchive(t *testing.T) archive {
	db := testkit.Database(t)
	return archive{NewRecords(db), t, db}
}

func (a archive) exec(statement string, args ...any) {
	a.t.Helper()
	if _, err := a.db.Writer().ExecContext(a.t.Context(), statement, args...); err != nil {
		a.t.Fatal(err)
	}
}

func (a archive) chain(id int64, cause Cause, state State, at time.Time) {
	a.t.Helper()
	a.exec(`INSERT INTO chains (id, cause, due_at, queued_at, started_at, state) VALUES (?, ?, ?, ?, ?, ?)`, id, cause, at.UnixMilli(), at.UnixMilli(), at.UnixMilli(), state)
}

// task adds one that began a second after it was queued and took as many seconds as are given.
func (a archive) task(chainID int64, kind Kind, name string, state State, at time.Time, seconds int) (id int64) {
	a.t.Helper()
	var began, ended any
	if state != Queued && state != Skipped {
		began = at.Add(time.Second).UnixMilli()
	}
	if !state.Active() {
		ended = at.Add(time.Duration(1+seconds) * time.Second).UnixMilli()
	}
	err := a.db.Writer().QueryRowContext(a.t.Context(), `INSERT INTO chain_tasks (chain_id, kind, target_id, name, state, queued_at, started_at, ended_at, profiles)
		VALUES (?, ?, 1, ?, ?, ?, ?, ?, 7) RETURNING id`, chainID, kind, name, state, at.UnixMilli(), began, ended).Scan(&id)
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

// byHand adds a run and an import that somebody started.
func (a archive) byHand(at time.Time) {
	a.t.Helper()
	a.exec(`INSERT INTO users (id, email, email_key, name, role, created_at) VALUES (1, 'ada@example.com', 'ada@example.com', 'Ada', 'administrator', 0)`)
	a.exec(`INSERT INTO exports (id, name, destination_type, created_at, updated_at) VALUES (1, 'Nyhedsbrev Øst', 'omnisend', 0, 0)`)
	a.exec(`INSERT INTO runs (id, export_id, cause, requested_by_name, state, pause_code, profiles, accepted, refused, queued_at, started_at)
		VALUES (1, 1, 'schedule', 'Segue', 'paused', 'by_person', 10, 6, 1, ?, ?)`, at.UnixMilli(), at.UnixMilli())
	a.exec(`INSERT INTO sources (id, name, name_key, kind, place, position, created_at, updated_at) VALUES (1, 'Shop', 'shop', 'upload', 'copied', 1, 0, 0)`)
	a.exec(`INSERT INTO imports (id, source_id, cause, state, file_name, good_count, refused_count, created_by, created_by_name, created_at, started_at, ended_at)
		VALUES (1, 1, 'upload', 'done', 'shop.csv', 90, 2, 1, 'Ada', ?, ?, ?)`, at.UnixMilli(), at.UnixMilli(), at.UnixMilli())
}

func (a archive) find(query Query) Page {
	a.t.Helper()
	page, err := a.Find(a.t.Context(), viewer, query)
	if err != nil {
		a.t.Fatal(err)
	}
	return page
}

func names(work []Work) (names []string) {
	for _, w := range work {
		names = append(names, w.Name)
	}
	return names
}

func TestWhoIsNotSignedInReadsNothing(t *testing.T) {
	a, ctx := newArchive(t), t.Context()
	a.chain(1, OnDemand, Succeeded, noon)
	for name, read := range map[string]func() error{
		"get":    func() error { _, err := a.Get(ctx, access.Actor{}, 1); return err },
		"last":   func() error { _, err := a.Last(ctx, access.Actor{}); return err },
		"list":   func() error { _, err := a.List(ctx, access.Actor{}, 1, 0); return err },
		"tasks":  func() error { _, err := a.Tasks(ctx, access.Actor{}, 1); return err },
		"find":   func() error { _, err := a.Find(ctx, access.Actor{}, Query{Limit: 1}); return err },
		"recall": func() error { _, err := a.Recall(ctx, access.Actor{}, nil); return err },
		"draw":   func() error { _, err := a.Draw(ctx, access.Actor{}, Chain{ID: 1}); return err },
	} {
		if err := read(); !problem.Is(err, problem.SignedOut) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheChainShownFirstIsTheSystemsThatIsUnderWayOrWasLast(t *testing.T) {
	a, ctx := newArchive(t), t.Context()
	if _, err := a.Last(ctx, viewer); !problem.Is(err, problem.NotFound) {
		t.Fatalf("of no chain: %v", err)
	}
	shown := func(id int64) {
		t.Helper()
		last, err := a.Last(ctx, viewer)
		if err != nil || last.ID != id {
			t.Errorf("chain %d is shown, want %d (%v)", last.ID, id, err)
		}
	}
	a.chain(1, OnExportSchedule, Succeeded, noon)
	shown(1)
	a.chain(2, OnSchedule, Succeeded, noon)
	a.chain(3, OnExportSchedule, Running, noon)
	a.chain(4, OnSchedule, Skipped, noon)
	shown(2)
	a.chain(5, OnDemand, Running, noon)
	a.chain(6, OnSchedule, Skipped, noon)
	shown(5)
}

func TestChainsAreListedWithHowTheirTasksStand(t *testing.T) {
	a := newArchive(t)
	for id := range int64(30) {
		a.chain(id+1, OnSchedule, Succeeded, noon.Add(time.Duration(id)*time.Hour))
	}
	a.task(29, Segment, "A", Succeeded, noon, 1)
	a.task(29, Segment, "B", Failed, noon, 1)
	a.task(29, Segment, "C", Failed, noon, 1)
	page, err := a.List(t.Context(), viewer, 10, 1)
	if err != nil || page.Total != 30 || len(page.Chains) != 10 {
		t.Fatalf("%d of %d chains: %v", len(page.Chains), page.Total, err)
	}
	if first := page.Chains[0]; first.ID != 29 || first.Tasks[Succeeded] != 1 || first.Tasks[Failed] != 2 || page.Chains[1].Tasks[Failed] != 0 {
		t.Errorf("first is %d with %v", first.ID, first.Tasks)
	}
}

// TestAmongManyTasksTheDatabaseFiltersAndPages has ten thousand tasks of a hundred nights.
func TestAmongManyTasksTheDatabaseFiltersAndPages(t *testing.T) {
	a := newArchive(t)
	begin := noon.AddDate(0, 0, -100)
	var chains, tasks strings.Builder
	for night := range 100 {
		at := begin.AddDate(0, 0, night)
		fmt.Fprintf(&chains, ", (%d, 'schedule', %d, %d, 'succeeded')", night+1, at.UnixMilli(), at.UnixMilli())
		for n := range 100 {
			kind, state := Segment, Succeeded
			if n >= 90 {
				kind = Export
			}
			if n == 95 {
				state = Failed
			}
			fmt.Fprintf(&tasks, ", (%d, '%s', %d, 'Segment ÆBLE %d', '%s', %d, %d)", night+1, kind, n, n, state, at.UnixMilli(), at.UnixMilli()+1000)
		}
	}
	a.exec(`INSERT INTO chains (id, cause, due_at, queued_at, state) VALUES ` + chains.String()[2:])
	a.exec(`INSERT INTO chain_tasks (chain_id, kind, target_id, name, state, queued_at, ended_at) VALUES ` + tasks.String()[2:])
	a.byHand(noon)

	for name, want := range map[string]struct {
		query Query
		total int
	}{
		"all of it, and what was started by hand":    {Query{}, 10_002},
		"what is under way":                          {Query{Standing: UnderWay}, 1},
		"what ended otherwise than well":             {Query{Standing: Troubled}, 101},
		"what failed":                                {Query{Standing: Standing(Failed)}, 100},
		"exports":                                    {Query{Kind: Export}, 1001},
		"one chain":                                  {Query{ChainID: 40}, 100},
		"failed exports of one chain":                {Query{ChainID: 40, Kind: Export, Standing: Standing(Failed)}, 1},
		"the last week":                              {Query{Since: noon.AddDate(0, 0, -7)}, 702},
		"a name in any case and composition":         {Query{Search: " segment æble 95"}, 100},
		"a name with what a pattern would mean":      {Query{Search: "%"}, 0},
		"a name of what was started by hand":         {Query{Search: "ØST"}, 1},
		"what failed in the last month, by its name": {Query{Standing: Troubled, Since: noon.AddDate(0, 0, -30), Search: "95"}, 30},
	} {
		t.Run(name, func(t *testing.T) {
			query := want.query
			query.Limit = 25
			page := archive{a.Records, t, a.db}.find(query)
			if page.Total != want.total || len(page.Work) != min(25, want.total) {
				t.Errorf("%d of %d, want %d", len(page.Work), page.Total, want.total)
			}
		})
	}

	seen := map[Key]bool{}
	var before time.Time
	for offset := 0; ; offset += 997 {
		page := a.find(Query{Limit: 997, Offset: offset})
		for _, w := range page.Work {
			if seen[w.Key()] {
				t.Fatalf("%v is on two pages", w.Key())
			}
			if !before.IsZero() && w.QueuedAt.After(before) {
				t.Fatalf("%v is newer than the one above it", w.Key())
			}
			seen[w.Key()], before = true, w.QueuedAt
		}
		if len(page.Work) < 997 {
			break
		}
	}
	if len(seen) != 10_002 {
		t.Errorf("the pages have %d pieces of work", len(seen))
	}
}

func TestARunAndAnImportByHandStandBesideTheTasksUntilAChainHasThem(t *testing.T) {
	a := newArchive(t)
	a.byHand(noon)
	page := a.find(Query{Limit: 10})
	if page.Total != 2 || len(page.Work) != 2 {
		t.Fatalf("%d of %d", len(page.Work), page.Total)
	}
	imported, run := page.Work[0], page.Work[1]
	if imported.Origin != OfImport || imported.Kind != Source || imported.State != Warnings || imported.Count != 90 || imported.Rejected != 2 || imported.RequestedBy != "Ada" || imported.ImportID != 1 {
		t.Errorf("import: %+v", imported)
	}
	if run.Origin != OfRun || run.Kind != Export || run.State != Running || run.RunState != "paused" || run.PauseCode != "by_person" || run.RequestedBy != "" || run.Settled != 7 || run.Count != 10 || run.Destination != "omnisend" {
		t.Errorf("run: %+v", run)
	}
	again, err := a.Recall(t.Context(), viewer, []Key{run.Key(), imported.Key(), {OfChain, 1}})
	if err != nil || len(again) != 2 {
		t.Errorf("recalled %d: %v", len(again), err)
	}

	a.chain(1, OnSchedule, Running, noon)
	task := a.task(1, Export, "Nyhedsbrev Øst", Running, noon, 0)
	a.exec(`UPDATE chain_tasks SET run_id = 1 WHERE id = ?`, task)
	page = a.find(Query{Kind: Export, Limit: 10})
	if page.Total != 1 || page.Work[0].Origin != OfChain || page.Work[0].RunState != "paused" || page.Work[0].Count != 10 || page.Work[0].Settled != 7 {
		t.Errorf("in a chain: %+v", page)
	}
}

func TestASkippedTaskNamesTheOneToBlame(t *testing.T) {
	a := newArchive(t)
	a.chain(1, OnSchedule, Failed, noon)
	blamed := a.task(1, Source, "Shop", Failed, noon, 1)
	skipped := a.task(1, Profiles, "", Skipped, noon, 1)
	a.exec(`UPDATE chain_tasks SET because_of = ? WHERE id = ?`, blamed, skipped)
	work := a.find(Query{ChainID: 1, Limit: 10}).Work
	if len(work) != 2 || work[0].Because != nil || work[1].Because == nil || work[1].Because.ID != blamed || work[1].Because.Name != "Shop" || work[1].Because.Kind != Source {
		t.Errorf("%+v", work)
	}
	tasks, err := a.Tasks(t.Context(), viewer, 1)
	if err != nil || len(tasks) != 2 || tasks[1].BecauseOf != blamed {
		t.Errorf("%+v %v", tasks, err)
	}
}

func TestASmallChainIsDrawnTaskByTask(t *testing.T) {
	a := newArchive(t)
	a.chain(1, OnSchedule, Running, noon)
	for i := range 38 {
		a.task(1, Segment, fmt.Sprint("Segment ", i), Succeeded, noon, i)
	}
	a.task(1, Source, "Shop", Warnings, noon, 9)
	a.task(1, Export, "Newsletter", Queued, noon, 0)
	of, err := a.Get(t.Context(), viewer, 1)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := a.Draw(t.Context(), viewer, of)
	if err != nil || picture.Grouped || len(picture.Groups) != 3 {
		t.Fatalf("grouped: %v, groups: %d (%v)", picture.Grouped, len(picture.Groups), err)
	}
	sources, segments, exports := picture.Groups[0], picture.Groups[1], picture.Groups[2]
	if sources.Kind != Source || segments.Kind != Segment || exports.Kind != Export || len(segments.Shown) != 38 {
		t.Errorf("%v, %v, %v; %d segments", sources.Kind, segments.Kind, exports.Kind, len(segments.Shown))
	}
	if sources.State() != Warnings || segments.State() != Succeeded || exports.State() != Queued || !exports.EndedAt.IsZero() {
		t.Errorf("%v, %v, %v", sources.State(), segments.State(), exports.State())
	}
	if want := noon.Add(38 * time.Second); !segments.StartedAt.Equal(noon.Add(time.Second)) || !segments.EndedAt.Equal(want) {
		t.Errorf("segments from %v to %v", segments.StartedAt, segments.EndedAt)
	}
}

func TestOfALargeChainEachKindIsDrawnWithThoseThatMatter(t *testing.T) {
	a := newArchive(t)
	a.chain(1, OnSchedule, Warnings, noon)
	for i := range 300 {
		a.task(1, Segment, fmt.Sprint("Segment ", i), Succeeded, noon, i%50)
	}
	failed := a.task(1, Segment, "Broken", Failed, noon, 0)
	skipped := a.task(1, Export, "Newsletter", Skipped, noon, 0)
	a.exec(`UPDATE chain_tasks SET because_of = ? WHERE id = ?`, failed, skipped)
	of, err := a.Get(t.Context(), viewer, 1)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := a.Draw(t.Context(), viewer, of)
	if err != nil || !picture.Grouped {
		t.Fatalf("%+v %v", picture, err)
	}
	segments := picture.Groups[0]
	if segments.Total != 301 || len(segments.Shown) != inGroup || segments.State() != Failed || segments.States[Succeeded] != 300 {
		t.Errorf("%d of %d segments, %v", len(segments.Shown), segments.Total, segments.State())
	}
	if shown := names(segments.Shown); shown[0] != "Broken" || !slices.Contains(shown, "Segment 49") || slices.Contains(shown, "Segment 0") {
		t.Errorf("shown are %v", shown)
	}
}
