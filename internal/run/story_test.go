package run_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

func storyOf(t *testing.T, k *apptest.Kit, profileID string) run.Story {
	t.Helper()
	s, err := k.Runs.Story(t.Context(), k.Actor(access.Contributor), profileID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kinds are the chapters; within a run in the order of the alphabet, since tags may be taken before or after something is sent.
func kinds(s run.Story) (list []string) {
	chapters := slices.Clone(s.Chapters)
	slices.SortStableFunc(chapters, func(a, b run.Chapter) int {
		return cmp.Or(cmp.Compare(b.RunID, a.RunID), cmp.Compare(a.Kind, b.Kind))
	})
	for _, c := range chapters {
		list = append(list, fmt.Sprint(c.RunID, " ", c.Kind))
	}
	return list
}

func wantStory(t *testing.T, s run.Story, state run.StandingState, want ...string) {
	t.Helper()
	if !slices.IsSortedFunc(s.Chapters, func(a, b run.Chapter) int { return cmp.Compare(b.RunID, a.RunID) }) {
		t.Errorf("profile %s: not the latest run first: %+v", s.ProfileID, s.Chapters)
	}
	if got := kinds(s); !slices.Equal(got, want) {
		t.Errorf("profile %s: %q, want %q", s.ProfileID, got, want)
	}
	if state == "" && len(s.Now) == 0 {
		return
	}
	if len(s.Now) != 1 || s.Now[0].State != state {
		t.Errorf("profile %s stands %+v, want %s", s.ProfileID, s.Now, state)
	}
}

func TestAStoryTellsWhatBecameOfAProfileInEveryRun(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1", "4,C@example.com,Odense,1", "5,nonsense,Aarhus,"))
	k.Sandbox.SetFaults(refusesB)
	k.Run(e, run.Options{})
	k.Run(e, run.Options{})
	wantStory(t, storyOf(t, k, "1"), run.StandsCurrent, "1 accepted")
	wantStory(t, storyOf(t, k, "2"), run.StandsRefused, "2 known", "1 refused")
	wantStory(t, storyOf(t, k, "4"), run.StandsNew, "2 duplicate", "1 duplicate")
	wantStory(t, storyOf(t, k, "5"), run.StandsInvalid, "2 invalid", "1 invalid")
	wantStory(t, storyOf(t, k, "6"), "")
	refused := storyOf(t, k, "2").Chapters
	if last := refused[1]; last.Identity != "b@example.com" || last.EvidenceRun != 1 || refused[0].EvidenceRun != 1 || last.Reasons[0].Message == "" || last.At.IsZero() {
		t.Errorf("%+v", refused)
	}
	if d := storyOf(t, k, "4").Chapters[0]; d.Reasons[0].OtherID != "3" {
		t.Errorf("%+v", d)
	}

	k.Sandbox.SetFaults(sandbox.Faults{})
	k.Upload(towns("1,a@example.com,Ribe,1", "2,b@example.com,Aarhus,1"))
	wantStory(t, storyOf(t, k, "1"), run.StandsChanged, "1 accepted")
	wantStory(t, storyOf(t, k, "3"), run.StandsLeft, "1 accepted")
	k.Run(e, run.Options{})
	wantStory(t, storyOf(t, k, "1"), run.StandsCurrent, "3 accepted", "3 untagged", "1 accepted")
	wantStory(t, storyOf(t, k, "2"), run.StandsCurrent, "3 accepted", "2 known", "1 refused")
	wantStory(t, storyOf(t, k, "3"), "", "3 untagged", "1 accepted")
	if c := storyOf(t, k, "3").Chapters[0]; !slices.Equal(c.Tags, []string{tagB}) || c.Identity != "c@example.com" {
		t.Errorf("%+v", c)
	}
	if err := k.Runs.SendOne(t.Context(), k.Actor(access.Contributor), e.ID, "2"); err != nil {
		t.Fatal(err)
	}
	wantStory(t, storyOf(t, k, "2"), run.StandsDoubtful, "4 accepted", "3 accepted", "2 known", "1 refused")

	if _, err := k.Runs.Story(t.Context(), k.Actor(access.Viewer), "1"); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer reads a story: %v", err)
	}
}

func TestAStorySaysThatTheOutcomeIsNotKnown(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	started, err := k.Runs.Start(t.Context(), k.Actor(access.Administrator), e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k.Until(started.ID, func(r run.Run) bool { return r.BatchesSent > 0 })
	wantStory(t, storyOf(t, k, "1"), run.StandsNew, "1 underway")
	if err := k.Runs.Cancel(t.Context(), k.Actor(access.Administrator), started.ID); err != nil {
		t.Fatal(err)
	}
	k.Wait(started.ID)
	wantStory(t, storyOf(t, k, "1"), run.StandsDoubtful, "1 unsure")
}

func TestAPersonIsFoundByIDOrAddressAlsoWhenNoLongerInTheData(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	k.Upload(towns("1,a@example.com,Aarhus,1"))
	for query, want := range map[string][]run.Remembered{
		" C@Example.com ": {{ProfileID: "3", Identity: "c@example.com"}},
		"3":               {{ProfileID: "3", Identity: "c@example.com"}},
		"nobody@there.dk": nil,
		"":                nil,
	} {
		for range 2 {
			found, err := k.Runs.Remember(t.Context(), k.Actor(access.Contributor), query)
			if err != nil || !slices.Equal(found, want) {
				t.Errorf("%q: %+v, %v", query, found, err)
			}
		}
	}
	k.Run(e, run.Options{}) // 3 loses its tags, and its delivery is forgotten
	if found, err := k.Runs.Remember(t.Context(), k.Actor(access.Contributor), "c@example.com"); err != nil || len(found) != 1 || found[0].ProfileID != "3" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := k.Runs.Remember(t.Context(), k.Actor(access.Viewer), "3"); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer searches: %v", err)
	}
}

func TestRequestAndAnswerOfWhoIsRefusedAreKeptSealed(t *testing.T) {
	for name, faults := range map[string]sandbox.Faults{"an item": refusesB, "a batch": {RefuseBatchesWith: "b@"}} {
		t.Run(name, func(t *testing.T) {
			k, e, r := refusedKit(t, faults)
			shown, err := k.Runs.Evidence(t.Context(), k.Actor(access.Contributor), r.ID, "2")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(shown.Request, `"b@example.com"`) || !strings.Contains(shown.Request, tagA) || !strings.Contains(shown.Answer, "rejected") && !strings.Contains(shown.Answer, "refuse") ||
				!strings.HasPrefix(shown.Line, "POST http") {
				t.Errorf("%+v", shown)
			}
			if name == "an item" {
				// The sandbox's words are kept beside the rejection, as every destination's; the request is in no file in clear.
				var log bytes.Buffer
				for _, file := range []string{"segue.db", "segue.db-wal"} {
					text, err := os.ReadFile(filepath.Join(k.Config.Folder, file))
					if err != nil {
						t.Fatal(err)
					}
					log.Write(text)
				}
				if bytes.Contains(log.Bytes(), []byte("sendWelcomeMessage")) || bytes.Contains(log.Bytes(), []byte("responseCode")) {
					t.Error("evidence is in clear in the database")
				}
			}
			if _, err := k.Runs.Evidence(t.Context(), k.Actor(access.Viewer), r.ID, "2"); !problem.Is(err, problem.NotPermitted) {
				t.Errorf("a viewer: %v", err)
			}
			if _, err := k.Runs.Evidence(t.Context(), k.Actor(access.Contributor), r.ID, "1"); !problem.Is(err, problem.NotFound) {
				t.Errorf("of an accepted profile: %v", err)
			}
			if _, err := k.DB.Writer().ExecContext(t.Context(), `UPDATE exports SET removed_at = 1`); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Runs.Evidence(t.Context(), k.Actor(access.Administrator), r.ID, "2"); !problem.Is(err, problem.NotFound) {
				t.Errorf("of a removed export: %v", err)
			}
			if _, err := k.DB.Writer().ExecContext(t.Context(), `UPDATE exports SET removed_at = NULL`); err != nil {
				t.Fatal(err)
			}
			c, err := k.Connections.Find(t.Context(), k.DB.Reader(), e.ConnectionID)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.DB.Writer().ExecContext(t.Context(), `UPDATE connections SET open_to_contributors = 0 WHERE id = ?`, c.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Runs.Evidence(t.Context(), k.Actor(access.Contributor), r.ID, "2"); !problem.Is(err, problem.NotPermitted) {
				t.Errorf("a contributor without the grant: %v", err)
			}
			if _, err := k.DB.Writer().ExecContext(t.Context(), `UPDATE evidence SET profile_id = '1'`); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Runs.Evidence(t.Context(), k.Actor(access.Administrator), r.ID, "1"); !problem.Is(err, problem.NotFound) {
				t.Errorf("evidence that was moved to another profile: %v", err)
			}
		})
	}
}

func TestATryThatIsRefusedKeepsEvidence(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Sandbox.SetFaults(refusesB)
	if err := k.Runs.SendOne(t.Context(), k.Actor(access.Contributor), e.ID, "2"); err != nil {
		t.Fatal(err)
	}
	wantStory(t, storyOf(t, k, "2"), run.StandsRefused, "1 refused")
	if shown, err := k.Runs.Evidence(t.Context(), k.Actor(access.Contributor), 1, "2"); err != nil || !strings.Contains(shown.Request, "b@example.com") {
		t.Errorf("%+v, %v", shown, err)
	}
}

func TestEvidenceOfARunIsBounded(t *testing.T) {
	k := apptest.Start(t, run.EvidenceAtMost+600)
	e := k.Export()
	k.Sandbox.SetFaults(sandbox.Faults{RejectEmail: "@"})
	r := k.Run(e, run.Options{})
	var kept int
	if err := k.DB.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM evidence`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if r.Counts.Refused <= run.EvidenceAtMost || kept != run.EvidenceAtMost {
		t.Errorf("%d refused, evidence of %d", r.Counts.Refused, kept)
	}
}

func TestWhatIsKeptForAWhileGoesWhenItsTimeIsOverOrTheExportIs(t *testing.T) {
	now := time.Now()
	counts := func(k *apptest.Kit) (evidence, batches, tags int) {
		if err := k.DB.Reader().QueryRowContext(context.Background(), `SELECT (SELECT count(*) FROM evidence), (SELECT count(*) FROM batch_items),
			(SELECT count(*) FROM withdrawn_tags)`).Scan(&evidence, &batches, &tags); err != nil {
			t.Fatal(err)
		}
		return evidence, batches, tags
	}
	for name, test := range map[string]struct {
		do   func(k *apptest.Kit, e export.Export)
		want [3]int
	}{
		"soon":            {func(*apptest.Kit, export.Export) {}, [3]int{1, 1, 1}},
		"after a month":   {func(*apptest.Kit, export.Export) { now = now.Add(31 * 24 * time.Hour) }, [3]int{0, 1, 1}},
		"after a quarter": {func(*apptest.Kit, export.Export) { now = now.Add(91 * 24 * time.Hour) }, [3]int{}},
		"when the export is gone": {func(k *apptest.Kit, e export.Export) {
			if err := k.Exports.RemoveExport(t.Context(), k.Actor(access.Administrator), e.ID); err != nil {
				t.Fatal(err)
			}
		}, [3]int{}},
	} {
		t.Run(name, func(t *testing.T) {
			now = time.Now()
			k, e, _ := refusedKit(t, refusesB)
			k.Upload(towns("1,a@example.com,Odense,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1"))
			k.Sandbox.SetFaults(sandbox.Faults{})
			k.Stop()
			k.Config.Clock = func() time.Time { return now }
			k.Open()
			k.Run(e, run.Options{})
			test.do(k, e)
			if _, _, err := k.Runs.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			evidence, batches, tags := counts(k)
			if got := [3]int{evidence, min(batches, 1), tags}; got != test.want {
				t.Errorf("evidence, history and tags: %v, want %v", got, test.want)
			}
		})
	}
}
