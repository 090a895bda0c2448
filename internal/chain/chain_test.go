package chain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/chain"
	"github.com/segue-app/segue/internal/demo"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
	"github.com/segue-app/segue/internal/schedule"
	"github.com/segue-app/segue/internal/segment"
	"github.com/segue-app/segue/internal/source"
)

// site is a domain with sample customers, an export of everybody on the system's schedule, and a folder that is a source.
type site struct {
	*apptest.Kit
	t      *testing.T
	folder string
	source source.Source
	export export.Export
}

func newSite(t *testing.T, customers int) *site {
	t.Helper()
	s := &site{Kit: apptest.Start(t, customers), t: t, folder: t.TempDir()}
	s.Stop()
	s.Config.WatchFolders = []string{s.folder}
	s.Open()
	s.export = s.Export()
	return s
}

// watch makes the folder a source of the people n to m, and has it read once.
func (s *site) watch(n, m int) {
	s.t.Helper()
	s.drop(n, m)
	var err error
	admin := s.Actor(access.Administrator)
	s.source, err = s.Sources.AddFolder(s.t.Context(), admin, source.Entry{Name: "Drop", ShrinkShare: 30, WithSchedule: true,
		Watched: source.Folders{Folder: s.folder, Pattern: "*.csv"}})
	if err != nil {
		s.t.Fatal(err)
	}
	i := s.newest()
	if err := s.Sources.Confirm(s.t.Context(), admin, i.ID, i.Settings); err != nil {
		s.t.Fatal(err)
	}
	s.until("the first reading", func() bool { return s.newest().State == source.Done })
}

func (s *site) newest() source.Import {
	s.t.Helper()
	list, err := s.Sources.History(s.t.Context(), s.Actor(access.Administrator), s.source.ID, 1)
	if err != nil || len(list) == 0 {
		s.t.Fatal(list, err)
	}
	return list[0]
}

// drop puts the file of the people n to m into the folder.
func (s *site) drop(n, m int) {
	s.t.Helper()
	var text strings.Builder
	text.WriteString("id,email,city\n")
	for i := n; i <= m; i++ {
		fmt.Fprintf(&text, "D%05d,drop%d@example.com,Aarhus\n", i, i)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "people.csv"), []byte(text.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) until(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not come", what)
		}
	}
}

func (s *site) start() chain.Chain {
	s.t.Helper()
	c, err := s.Chains.StartNow(s.t.Context(), s.Actor(access.Administrator))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// ended waits until a chain is over and gives its tasks by kind and name.
func (s *site) ended(id int64) (chain.Chain, map[string]chain.Task) {
	s.t.Helper()
	var c chain.Chain
	s.until("the end of the chain", func() (over bool) {
		var err error
		if c, err = s.Records.Get(s.t.Context(), s.Actor(access.Viewer), id); err != nil {
			s.t.Fatal(err)
		}
		return !c.State.Active()
	})
	return c, s.tasks(id)
}

func (s *site) tasks(id int64) map[string]chain.Task {
	s.t.Helper()
	tasks, err := s.Records.Tasks(s.t.Context(), s.Actor(access.Viewer), id)
	if err != nil {
		s.t.Fatal(err)
	}
	byName := map[string]chain.Task{}
	for _, t := range tasks {
		byName[strings.TrimSuffix(string(t.Kind)+" "+t.Name, " ")] = t
	}
	return byName
}

// schedule has what depends on a source that fails skipped, or go on.
func (s *site) onFailure(choice schedule.OnFailure) {
	s.t.Helper()
	admin := s.Actor(access.Administrator)
	kept, err := s.Schedule.Get(s.t.Context(), admin)
	if err != nil {
		s.t.Fatal(err)
	}
	kept.OnFailure = choice
	if _, err := s.Schedule.Save(s.t.Context(), admin, kept.Settings, kept.Version); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) want(tasks map[string]chain.Task, name string, state chain.State, reason string) chain.Task {
	s.t.Helper()
	t, ok := tasks[name]
	if !ok || t.State != state || t.ReasonCode != reason {
		s.t.Errorf("%s: %s because of %q (%q), want %s because of %q", name, t.State, t.ReasonCode, t.ReasonDetail, state, reason)
	}
	return t
}

func TestAChainReadsSourcesThenCalculatesSegmentsThenRunsExports(t *testing.T) {
	s := newSite(t, 100)
	s.watch(1, 50)
	s.drop(1, 60)
	c, tasks := s.ended(s.start().ID)
	if c.State != chain.Succeeded || c.Cause != chain.OnDemand || c.StartedAt.IsZero() || c.EndedAt.IsZero() {
		t.Errorf("%+v", c)
	}
	read := s.want(tasks, "source Drop", chain.Succeeded, "")
	made := s.want(tasks, "profiles", chain.Succeeded, "")
	everybody := s.want(tasks, "segment "+demo.Everybody, chain.Succeeded, "")
	ran := s.want(tasks, "export Everybody to Nordlys", chain.Succeeded, "")
	if read.Count != 60 || read.ImportID != s.newest().ID || made.Count != 160 || everybody.Count != 160 || ran.Count != 160 {
		t.Errorf("counted %d, %d, %d, %d", read.Count, made.Count, everybody.Count, ran.Count)
	}
	for _, pair := range [][2]chain.Task{{read, made}, {made, everybody}, {everybody, ran}} {
		if pair[1].StartedAt.Before(pair[0].EndedAt) {
			t.Errorf("%s began before %s had ended", pair[1].Kind, pair[0].Kind)
		}
	}
	if r, err := s.Runs.Get(t.Context(), access.System, ran.RunID); err != nil || r.Cause != run.Scheduled || r.State != run.Succeeded {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAChainThatIsKilledAgainAndAgainDoesEachStepOnce(t *testing.T) {
	s := newSite(t, 2000)
	s.watch(1, 500)
	s.drop(1, 700)
	s.Sandbox.SetFaults(sandbox.Faults{LatencyMillis: 30})
	id := s.start().ID
	for i := range 6 {
		time.Sleep(time.Duration(20+60*i) * time.Millisecond) // anywhere: the outcome is the same wherever it is
		s.Stop()
		s.Open()
	}
	s.Sandbox.SetFaults(sandbox.Faults{})
	c, tasks := s.ended(id)
	if c.State != chain.Warnings {
		t.Errorf("ended as %s", c.State)
	}
	ran := s.want(tasks, "export Everybody to Nordlys", chain.Warnings, "") // some of the samples cannot be sent
	runs, err := s.Runs.List(t.Context(), access.System, s.export.ID, 10, 0)
	if err != nil || len(runs) != 1 || runs[0].ID != ran.RunID || runs[0].Counts.Profiles != 2700 {
		t.Errorf("runs %+v, %v: want one, of 2700", runs, err)
	}
	list, err := s.Sources.History(t.Context(), s.Actor(access.Administrator), s.source.ID, 10)
	done := 0
	for _, i := range list {
		if i.State == source.Done && i.Cause == source.BySchedule {
			done++
		}
	}
	if err != nil || done != 1 {
		t.Errorf("the source was read %d times by the schedule, %v", done, err)
	}
}

func TestASourceThatFailsHoldsUpWhatDependsOnItOnlyWhenThatIsWanted(t *testing.T) {
	s := newSite(t, 100)
	s.watch(1, 50)
	if err := os.Remove(filepath.Join(s.folder, "people.csv")); err != nil {
		t.Fatal(err)
	}
	c, tasks := s.ended(s.start().ID)
	if c.State != chain.Failed || tasks["source Drop"].State != chain.Failed {
		t.Errorf("chain %s, source %s", c.State, tasks["source Drop"].State)
	}
	s.want(tasks, "export Everybody to Nordlys", chain.Succeeded, "")
	s.onFailure(schedule.Skip)
	_, tasks = s.ended(s.start().ID)
	for _, name := range []string{"profiles", "segment " + demo.Everybody, "export Everybody to Nordlys"} {
		if got := s.want(tasks, name, chain.Skipped, ""); got.BecauseOf != tasks["source Drop"].ID {
			t.Errorf("%s was skipped because of task %d, want %d", name, got.BecauseOf, tasks["source Drop"].ID)
		}
	}
}

func TestASegmentThatCannotBeCalculatedHasItsExportsSkippedAndNoOthers(t *testing.T) {
	s := newSite(t, 100)
	editor := s.Actor(access.Contributor)
	broken, err := s.Segments.Create(t.Context(), editor, segment.Draft{Name: "Broken", Definition: segment.Definition{Kind: segment.ByRule,
		Rule: segment.Group{Match: segment.All, Conditions: []segment.Condition{{Attribute: "city", Operator: segment.BeginsWith, Values: []string{"A"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	other := s.another("Of the broken one", broken.ID)
	s.Upload("id,email,first_name,last_name,address,postal_code,country,phone,birth_date,gender,loyalty_points\n1,a@example.com,A,B,C,1,DK,,,,\n")
	_, tasks := s.ended(s.start().ID)
	failed := tasks["segment Broken"]
	if failed.State != chain.Failed || failed.ReasonCode == "" {
		t.Fatalf("%+v", failed)
	}
	if got := s.want(tasks, "export "+other.Name, chain.Skipped, ""); got.BecauseOf != failed.ID {
		t.Errorf("skipped because of %d, want %d", got.BecauseOf, failed.ID)
	}
}

// another makes an export of a segment over the connection of the first.
func (s *site) another(name string, segmentID int64) export.Export {
	s.t.Helper()
	e, err := s.Exports.Create(s.t.Context(), s.Actor(access.Administrator), export.Draft{Name: name, ConnectionID: s.export.ConnectionID,
		Parts: []export.Part{{SegmentID: segmentID, Tag: "t"}}, Mapping: s.export.Mapping[:1], AskShare: export.NeverAsk})
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

func TestAnExportThatCannotRunIsSkippedWithItsReasonAndARunThatPausesHoldsNothingUp(t *testing.T) {
	s := newSite(t, 300)
	paused := s.another("Paused", s.export.Segments[0].SegmentID)
	if err := s.Exports.Pause(t.Context(), s.Actor(access.Administrator), paused.ID); err != nil {
		t.Fatal(err)
	}
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1, LatencyMillis: 20})
	id := s.start().ID
	var running chain.Task
	s.until("the run", func() bool { running = s.tasks(id)["export Everybody to Nordlys"]; return running.RunID != 0 })
	s.Until(running.RunID, func(r run.Run) bool { return r.BatchesSent > 0 })
	if err := s.Runs.Pause(t.Context(), s.Actor(access.Administrator), running.RunID); err != nil {
		t.Fatal(err)
	}
	c, tasks := s.ended(id)
	if c.State != chain.Warnings {
		t.Errorf("ended as %s", c.State)
	}
	s.want(tasks, "export Paused", chain.Skipped, "paused")
	if got := s.want(tasks, "export Everybody to Nordlys", chain.Warnings, chain.RunPaused); got.ReasonDetail != run.ByPerson {
		t.Errorf("paused because of %q", got.ReasonDetail)
	}
}

func TestACancelledChainStopsWhatIsUnderWayAndCanBeDoneAgainFromThere(t *testing.T) {
	s := newSite(t, 300)
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1, LatencyMillis: 20})
	id := s.start().ID
	s.until("the run", func() bool { return s.tasks(id)["export Everybody to Nordlys"].RunID != 0 })
	admin := s.Actor(access.Administrator)
	if err := s.Chains.Cancel(t.Context(), s.Actor(access.Viewer), id); err == nil {
		t.Error("a viewer cancels a chain")
	}
	if err := s.Chains.Cancel(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}
	c, tasks := s.ended(id)
	s.want(tasks, "export Everybody to Nordlys", chain.Cancelled, "")
	if c.State != chain.Cancelled || c.CancelledBy != admin.Name {
		t.Errorf("%+v", c)
	}
	s.Sandbox.SetFaults(sandbox.Faults{})
	again, err := s.Chains.Again(t.Context(), admin, id)
	if err != nil {
		t.Fatal(err)
	}
	c, tasks = s.ended(again.ID)
	if c.State != chain.Warnings || c.Cause != chain.Again || c.OfChain != id || len(tasks) != 1 || tasks["export Everybody to Nordlys"].Count != 300 {
		t.Errorf("%+v with %d tasks, want the export alone", c, len(tasks))
	}
	if _, err := s.Chains.Again(t.Context(), admin, again.ID); problem.Of(err) == nil || problem.Of(err).Code != chain.CodeNothingAgain {
		t.Errorf("nothing was done again: %v", err)
	}
}

func TestASecondChainOfTheSystemIsNotBegunBesideTheFirst(t *testing.T) {
	s := newSite(t, 300)
	s.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	id := s.start().ID
	s.until("the run", func() bool { return s.tasks(id)["export Everybody to Nordlys"].RunID != 0 })
	if _, err := s.Chains.StartNow(t.Context(), s.Actor(access.Administrator)); err == nil {
		t.Error("two at once")
	}
	tx, err := s.DB.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	due, errDue := s.Chains.Begin(t.Context(), tx, chain.Order{Cause: chain.OnSchedule, DueAt: time.Now()})
	own, errOwn := s.Chains.Begin(t.Context(), tx, chain.Order{Cause: chain.OnExportSchedule, DueAt: time.Now(), Exports: []int64{s.export.ID}})
	if err := tx.Commit(); err != nil || errDue != nil || errOwn != nil {
		t.Fatal(err, errDue, errOwn)
	}
	if c, _ := s.ended(due); c.State != chain.Skipped || c.ReasonCode != chain.StillGoing {
		t.Errorf("due meanwhile: %+v", c)
	}
	c, tasks := s.ended(own)
	s.want(tasks, "export Everybody to Nordlys", chain.Skipped, chain.RunActive)
	if first, err := s.Records.Get(t.Context(), access.System, id); err != nil || !first.State.Active() || c.Cause != chain.OnExportSchedule {
		t.Errorf("an export's own schedule waited for the system's: %+v, %+v, %v", c, first, err)
	}
	s.Sandbox.SetFaults(sandbox.Faults{})
	s.ended(id)
}
