package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// hasChain writes a chain into the database as its work would: a source that failed, what was skipped for that, an export that was run.
func (s *site) hasChain(t *testing.T, id int64, state chain.State, tasks ...chain.Task) {
	t.Helper()
	at := s.clock.Now().Add(-10 * time.Minute)
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := s.db.Writer().ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	var ended any
	if !state.Active() {
		ended = at.Add(time.Duration(len(tasks)+1) * time.Minute).UnixMilli()
	}
	exec(`INSERT INTO chains (id, cause, requested_by_name, due_at, queued_at, started_at, ended_at, state) VALUES (?, 'demand', 'Ada', ?, ?, ?, ?, ?)`,
		id, at.UnixMilli(), at.UnixMilli(), at.UnixMilli(), ended, state)
	for i, task := range tasks {
		var began, over any
		if task.State != chain.Queued && task.State != chain.Skipped {
			began = at.Add(time.Duration(i) * time.Minute).UnixMilli()
		}
		if !task.State.Active() {
			over = at.Add(time.Duration(i+1) * time.Minute).UnixMilli()
		}
		exec(`INSERT INTO chain_tasks (id, chain_id, kind, target_id, name, state, queued_at, started_at, ended_at, waited_for, profiles, rejected, reason_code, because_of, run_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0))`, task.ID, id, task.Kind, task.TargetID, task.Name, task.State, at.UnixMilli(), began, over,
			task.WaitedFor, task.Count, task.Rejected, task.ReasonCode, task.BecauseOf, task.RunID)
	}
}

func (s *site) hasFailedChain(t *testing.T) {
	t.Helper()
	s.hasChain(t, 7, chain.Failed,
		chain.Task{ID: 1, Kind: chain.Source, TargetID: 1, Name: "Shop", State: chain.Failed, ReasonCode: "sources.file.broken_off"},
		chain.Task{ID: 2, Kind: chain.Profiles, State: chain.Skipped, BecauseOf: 1},
		chain.Task{ID: 3, Kind: chain.Segment, TargetID: 1, Name: "Åse’s friends", State: chain.Succeeded, Count: 1200},
		chain.Task{ID: 4, Kind: chain.Export, TargetID: 1, Name: "Newsletter", State: chain.Failed, Count: 40, Rejected: 3, ReasonCode: "key_refused"},
		chain.Task{ID: 5, Kind: chain.Export, TargetID: 2, Name: "Odd", State: chain.Failed, ReasonCode: "no_such_code"})
}

func TestTheStatusDrawsTheLastChainAndSaysWhatWentWrong(t *testing.T) {
	s := newSite(t)
	vera := s.as(t, "vera@example.com")
	vera.get("/system/status").has(t, "There has been no chain yet.")
	vera.get("/system/status/chains").has(t, "There has been no chain yet.")
	vera.get("/system/status/chains/7").wants(t, http.StatusNotFound)
	s.hasFailedChain(t)
	page := vera.get("/system/status").wants(t, http.StatusOK)
	page.has(t, "Chain 7", "5 of 5 steps done: 1 successful, 3 failed, 1 skipped", `href="/system/status/chains/7"`, "gantt-skipped", "gantt-mark", `href="/system/status/chains/7#step-1"`,
		"Because of: Shop", "The destination refuses the API key.", "The reason has the code no_such_code.", "1,200", "topic=runs&topic=chains").
		lacks(t, "style=", "/sources/", "imports")
	s.as(t, "ada@example.com").get("/system/status").has(t, `href="/sources/1"`)
	vera.get("/system/status/chains").has(t, "Chain 7", "Ada refreshed", "Failed")
	vera.get("/system/status/chains/7").has(t, `id="step-1"`, "Putting the profiles together", "Ada refreshed", "1–5 of 5", "topic=chain/7")
	vera.header.Set("HX-Request", "true")
	vera.get("/system/status/chains/7").has(t, `id="chain-picture"`).lacks(t, "<html", `id="work"`)
	vera.get("/system/status/chains").has(t, "Chain 7").lacks(t, "<html")
}

func TestAllWorkIsSearchedAndFiltered(t *testing.T) {
	s := newSite(t)
	s.hasFailedChain(t)
	e := s.exporting(t)
	if _, err := s.Runs.Start(t.Context(), s.Administrator, e.ID, run.Options{}); err != nil {
		t.Fatal(err)
	}
	vera := s.as(t, "vera@example.com")
	vera.get("/system/status/work").has(t, "1–7 of 7", `id="run-1"`, `id="import-1"`, "By hand: Ada", `href="/runs/1"`, `id="task-3"`, `hx-trigger="every 5s"`)
	for query, want := range map[string]string{"q=ÅSE": `id="task-3"`, "state=skipped": `id="task-2"`, "state=trouble&kind=source": `id="task-1"`, "state=active": `id="run-1"`, "chain=7&kind=segment": `id="task-3"`} {
		vera.get("/system/status/work?"+strings.ReplaceAll(query, "ÅSE", url.QueryEscape("ÅSE"))).has(t, want, "1–1 of 1", "Clear filters")
	}
	vera.get("/system/status/work?chain=7").has(t, "Only the steps of chain 7 are shown.", `name="chain" value="7"`, "1–5 of 5").lacks(t, `id="run-1"`)
	vera.get("/system/status/work?q=nobody").has(t, "There is no such work.")
	s.clock.Advance(8 * 24 * time.Hour)
	vera = s.as(t, "vera@example.com") // the session is over
	vera.get("/system/status/work?since=week").has(t, `id="run-1"`, "1–1 of 1")
	vera.get("/system/status/work?since=month").has(t, "1–7 of 7")
	vera.get("/system/status/work?since=nonsense&state=odd&kind=odd&page=x").has(t, "1–7 of 7")
}

func TestALongListOfWorkHasPages(t *testing.T) {
	s := newSite(t)
	var tasks []chain.Task
	for i := range int64(130) {
		tasks = append(tasks, chain.Task{ID: i + 1, Kind: chain.Segment, TargetID: i, Name: fmt.Sprint("Segment ", i), State: chain.Succeeded})
	}
	s.hasChain(t, 1, chain.Succeeded, tasks...)
	vera := s.as(t, "vera@example.com")
	vera.get("/system/status/work?kind=segment&page=2").has(t, "51–100 of 130", `href="/system/status/work?kind=segment"`, `href="/system/status/work?kind=segment&page=3"`)
	vera.get("/system/status/chains/1?page=3").has(t, "101–130 of 130", `href="/system/status/chains/1?page=2"`, "gantt-band", "120 more steps", "130 steps: 130 successful")
}

func TestRowsOfWorkAreReadAgainByThemselves(t *testing.T) {
	s := newSite(t)
	s.hasChain(t, 1, chain.Running, chain.Task{ID: 1, Kind: chain.Segment, TargetID: 1, Name: "Everybody", State: chain.Running},
		chain.Task{ID: 2, Kind: chain.Export, TargetID: 1, Name: "Newsletter", State: chain.Queued})
	vera := s.as(t, "vera@example.com")
	vera.get("/system/status").has(t, `hx-trigger="every 3s"`, "2 steps, none done yet")
	rows := vera.get("/system/status/work/rows?keys=task-1,task-2,task-99,run-1,odd&of=1").wants(t, http.StatusOK)
	rows.has(t, `id="task-1"`, `id="task-2"`, `hx-swap-oob="true"`, "Processing", "Queued", `hx-trigger="every 5s"`).lacks(t, "task-99", "<html")
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE chain_tasks SET state = 'succeeded', started_at = queued_at, ended_at = queued_at + 90000`); err != nil {
		t.Fatal(err)
	}
	vera.get("/system/status/work/rows?keys=task-1,task-2").has(t, "Successful", "1 min 30 s").lacks(t, "Processing", "every 5s")
	vera.get("/system/status/work/rows?keys=").wants(t, http.StatusOK)
}

// chainsOfTest writes down what it is asked to do, and refuses when it is told to.
type chainsOfTest struct {
	refuses error
	asked   []string
}

func (f *chainsOfTest) StartNow(_ context.Context, actor access.Actor) (chain.Chain, error) {
	f.asked = append(f.asked, "start by "+actor.Name)
	return chain.Chain{ID: 9}, f.refuses
}

func (f *chainsOfTest) Again(_ context.Context, actor access.Actor, id int64) (chain.Chain, error) {
	f.asked = append(f.asked, fmt.Sprintf("again %d by %s", id, actor.Name))
	return chain.Chain{ID: 7}, f.refuses
}

func (f *chainsOfTest) Cancel(_ context.Context, actor access.Actor, id int64) error {
	f.asked = append(f.asked, fmt.Sprintf("cancel %d by %s", id, actor.Name))
	return f.refuses
}

func TestAnAdministratorStartsCancelsAndRepeatsChains(t *testing.T) {
	fake := &chainsOfTest{}
	s := newSite(t, func(services *Services, _ *Options) { services.Chains = fake })
	s.hasFailedChain(t)
	s.hasChain(t, 8, chain.Running, chain.Task{ID: 8, Kind: chain.Segment, TargetID: 1, Name: "Everybody", State: chain.Running})
	ada, vera := s.as(t, "ada@example.com"), s.as(t, "vera@example.com")
	for _, path := range []string{"/system/status", "/system/status/chains/7", "/system/status/chains/8"} {
		vera.get(path).lacks(t, "/system/status/refresh", "/cancel", "/again")
	}
	for _, path := range []string{"/system/status/refresh", "/system/status/chains/8/cancel", "/system/status/chains/7/again"} {
		vera.post(path, nil).wants(t, http.StatusForbidden)
	}
	vera.get("/system/status/chains/8/cancel").wants(t, http.StatusForbidden)

	ada.get("/system/status").has(t, `action="/system/status/refresh"`, `href="/system/status/chains/8/cancel"`).lacks(t, "/chains/8/again")
	ada.get("/system/status/chains/7").has(t, `action="/system/status/chains/7/again"`).lacks(t, "/chains/7/cancel")
	ada.get("/system/status/chains/7/cancel").leads(t, "/system/status/chains/7") // it is over
	ada.get("/system/status/chains/8/cancel").has(t, "Cancel chain 8?", `action="/system/status/chains/8/cancel"`, "Steps that have not begun are not begun.")
	ada.post("/system/status/chains/99/cancel", nil).wants(t, http.StatusNotFound)

	ada.post("/system/status/refresh", nil).leads(t, "/system/status")
	ada.get("/system/status").has(t, "The refresh has begun.")
	ada.post("/system/status/chains/8/cancel", nil).leads(t, "/system/status/chains/8")
	ada.get("/system/status/chains/8").has(t, "The chain is being canceled.")
	ada.post("/system/status/chains/7/again", nil).leads(t, "/system/status/chains/7")
	if got := strings.Join(fake.asked, ", "); got != "start by Ada Holm, cancel 8 by Ada Holm, again 7 by Ada Holm" {
		t.Errorf("asked was: %s", got)
	}
	fake.refuses = problem.New(problem.Conflict, "problem.changed")
	ada.post("/system/status/refresh", nil).leads(t, "/system/status")
	ada.get("/system/status").has(t, "Somebody else changed this meanwhile.")
}
