package run_test

import (
	"context"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/profile"
	"github.com/segue-app/segue/internal/run"
)

// words is whether the destination's words about profile 2 are told, by the place where they are.
func words(t *testing.T, k *apptest.Kit, actor access.Actor, e export.Export, runID int64) map[string]bool {
	t.Helper()
	told := map[string]bool{}
	rejections, err := k.Runs.Rejections(t.Context(), actor, runID, run.Refused, 0, 10)
	if err != nil || len(rejections) != 1 {
		t.Fatalf("%d rejections, %v", len(rejections), err)
	}
	told["rejections"] = rejections[0].Message != ""
	err = k.Runs.Outcomes(t.Context(), actor, runID, run.Telling{}, func(one run.Told) error {
		told["outcomes"] = told["outcomes"] || one.Message != ""
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	story, err := k.Runs.Story(t.Context(), actor, "2")
	if err != nil || len(story.Chapters) != 3 {
		t.Fatalf("a story of %d chapters, %v", len(story.Chapters), err)
	}
	for _, c := range story.Chapters {
		for _, reason := range c.Reasons {
			told["story"] = told["story"] || reason.Message != ""
		}
	}
	answer, ok, err := k.Runs.LastAnswer(t.Context(), actor, e.ID, "2")
	if err != nil || !ok || len(answer.Reasons) == 0 {
		t.Fatalf("the answer is %+v, %v", answer, err)
	}
	told["answer"] = answer.Message != "" || answer.Reasons[0].Message != ""
	return told
}

func TestTheDestinationsWordsAreKeptFromWhomTheyMayQuoteASensitiveValue(t *testing.T) {
	k, e, r := refusedKit(t, refusesB)
	ada, carl := k.Actor(access.Administrator), k.Actor(access.Contributor)
	for _, actor := range []access.Actor{ada, carl} {
		within, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := k.Runs.SendOne(within, actor, e.ID, "2"); err != nil {
			t.Fatal(err)
		}
	}
	are := func(when string, actor access.Actor, want bool) {
		t.Helper()
		for place, told := range words(t, k, actor, e, r.ID) {
			if told != want {
				t.Errorf("%s: %s tell %s: %v", when, place, actor.Name, told)
			}
		}
	}
	are("nothing is sensitive", carl, true)
	if err := k.Profiles.CorrectAttributes(t.Context(), ada, []profile.Correction{{Key: "city", Label: "City", Mark: profile.Sensitive}}); err != nil {
		t.Fatal(err)
	}
	are("the town is sensitive", carl, false)
	are("the town is sensitive", ada, true)
	draft := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Leavers: e.Leavers, Mapping: e.Mapping[:1], Version: e.Version}
	if _, err := k.Exports.Update(t.Context(), carl, e.ID, draft); err != nil {
		t.Fatal(err)
	}
	are("the town is not mapped any more", carl, false)
	are("the town is not mapped any more", ada, true)
}
