package run_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/destination"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

// crowd is so many profiles in Aarhus, numbered from one on.
func crowd(from, n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("%05d,p%d@example.com,Aarhus,1", from+i, from+i)
	}
	return rows
}

// delivered makes an export of which so many profiles were delivered.
func delivered(t *testing.T, n int, leavers export.Leavers, share int) (*apptest.Kit, export.Export) {
	t.Helper()
	k, e := townKit(t, leavers)
	draft := export.Draft{Name: e.Name, ConnectionID: e.ConnectionID, Parts: e.Segments, Leavers: leavers, AskShare: share, Version: e.Version,
		Mapping: export.Mapping{{Field: destination.Email, Attribute: "email", Meant: true}}}
	e, err := k.Exports.Update(t.Context(), k.Actor(access.Administrator), e.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	k.Upload(towns(crowd(0, n)...))
	if first := k.Run(e, run.Options{}); first.State != run.Succeeded || first.Counts.Accepted != n {
		t.Fatalf("the first run came to %s (%s) %+v", first.State, first.PauseCode, first.Counts)
	}
	return k, e
}

func TestARunAsksBeforeUnusuallyManyLeaveOrCome(t *testing.T) {
	for name, test := range map[string]struct {
		rows    []string
		leavers export.Leavers
		share   int
		options run.Options
		code    string
		leaving int
		fresh   int
	}{
		"as many as the share leave":         {crowd(90, 210), export.Untag, 30, run.Options{}, "", 90, 0},
		"a hundred at most leave":            {crowd(100, 200), export.Untag, 1, run.Options{}, "", 100, 0},
		"more than the share leave":          {crowd(101, 199), export.Untag, 30, run.Options{}, run.ManyLeave, 101, 0},
		"more than a smaller share come":     {crowd(0, 401), export.Untag, 20, run.Options{}, run.ManyNew, 0, 101},
		"as many as a larger share come":     {crowd(0, 450), export.Untag, 50, run.Options{}, "", 0, 150},
		"everybody is replaced":              {crowd(500, 300), export.Untag, 30, run.Options{}, run.ManyLeave, 300, 300},
		"they leave, and nobody loses a tag": {crowd(200, 100), export.KeepTag, 30, run.Options{}, "", 0, 0},
		"the export never asks":              {crowd(500, 300), export.Untag, export.NeverAsk, run.Options{}, "", 0, 0},
		"a person said so when it started":   {crowd(200, 100), export.Untag, 30, run.Options{WithdrawAny: true}, "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, e := delivered(t, 300, test.leavers, test.share)
			k.Upload(towns(test.rows...))
			forecast, err := k.Runs.DryRun(t.Context(), k.Actor(access.Viewer), e.ID, test.options)
			if err != nil || forecast.Question.Code() != test.code {
				t.Fatalf("the dry run says %q, %v", forecast.Question.Code(), err)
			}
			before := k.Sandbox.Stats().Requests
			r := k.Run(e, test.options)
			if test.code == "" {
				if r.State != run.Succeeded {
					t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
				}
				return
			}
			want := run.Question{Delivered: 300, Leaving: test.leaving, New: test.fresh, Profiles: len(test.rows), Share: test.share}
			if r.State != run.Paused || r.PauseCode != test.code || r.Question() != want || forecast.Question != want {
				t.Fatalf("came to %s (%s), asks %+v, the dry run foretold %+v", r.State, r.PauseCode, r.Question(), forecast.Question)
			}
			if after := k.Sandbox.Stats().Requests; after != before {
				t.Errorf("%d requests were made before the answer", after-before)
			}
		})
	}
}

func TestTheAnswerToTheQuestionHoldsForWhatWasCountedAndIsKept(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 300, export.Untag, 30)
	k.Upload(towns(crowd(200, 100)...))
	r := k.Run(e, run.Options{})
	carl := k.Actor(access.Contributor)
	conflict(t, k.Runs.Resume(t.Context(), carl, r.ID, run.NoReply), "problem.run.question")
	conflict(t, k.Runs.Resume(t.Context(), carl, r.ID, "perhaps"), "problem.run.not_paused")
	if err := k.Runs.Resume(t.Context(), k.Actor(access.Viewer), r.ID, run.GoOn); !problem.Is(err, problem.NotPermitted) {
		t.Fatalf("a viewer answers: %v", err)
	}
	k.Stop()
	k.Open() // the question stays
	k.Upload(towns(crowd(299, 1)...))
	if err := k.Runs.Resume(t.Context(), carl, r.ID, run.GoOn); err != nil {
		t.Fatal(err)
	}
	r = k.Wait(r.ID)
	if r.State != run.Succeeded || r.Counts.Withdrawn != 200 || r.Counts.Unchanged != 100 || r.ApprovedBy != carl.Name || r.ApprovedAt.IsZero() {
		t.Fatalf("came to %s (%s) %+v, approved by %q", r.State, r.PauseCode, r.Counts, r.ApprovedBy)
	}
	if codes := events(t, k, r.ID); !slices.Contains(codes, "approved") {
		t.Errorf("the timeline is %q", codes)
	}
	wantTags(t, k, map[string][]string{"p0@example.com": nil, "p250@example.com": {tagA, tagB}})
}

func TestTagsAreLeftWhenThePersonSaysSoHoweverManyCome(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 300, export.Untag, 30)
	k.Upload(towns(crowd(150, 1150)...)) // of the 1450 known in the end, those who left are a small share
	r := k.Run(e, run.Options{})
	if r.PauseCode != run.ManyLeave {
		t.Fatalf("came to %s (%s)", r.State, r.PauseCode)
	}
	if r = k.Resume(r.ID, run.LeaveTags); r.Counts.Held != 150 || r.Counts.Withdrawn != 0 || r.Counts.Accepted != 1000 {
		t.Fatalf("came to %s %+v", r.State, r.Counts)
	}
	wantTags(t, k, map[string][]string{"p0@example.com": {tagA, tagB}, "p1299@example.com": {tagA, tagB}})
}

func TestAQuestionIsAskedAgainByTheNextRunAndGoneWhenTheProfilesAreMended(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 300, export.Untag, 30)
	k.Upload(towns(crowd(0, 20)...)) // cut short
	first := k.Run(e, run.Options{})
	second := k.Run(e, run.Options{})
	if second.PauseCode != run.ManyLeave {
		t.Fatalf("came to %s (%s)", second.State, second.PauseCode)
	}
	if first = k.Wait(first.ID); first.State != run.Cancelled || first.ErrorCode != "superseded" {
		t.Fatalf("the first run ended as %s (%s)", first.State, first.ErrorCode)
	}
	k.Upload(towns(crowd(0, 310)...))
	if third := k.Run(e, run.Options{}); third.State != run.Succeeded || third.Counts.Accepted != 10 || third.Counts.Unchanged != 300 {
		t.Fatalf("came to %s (%s) %+v", third.State, third.PauseCode, third.Counts)
	}
}

func TestThoseWhoCanNeverBeDeliveredAreNoReasonToAsk(t *testing.T) {
	t.Parallel()
	k, e := townKit(t, export.Untag)
	rows := crowd(0, 300)
	for i := range 200 {
		rows = append(rows, fmt.Sprintf("x%d,no address,Aarhus,1", i))
	}
	k.Upload(towns(rows...))
	for range 2 {
		if r := k.Run(e, run.Options{}); r.State != run.Warnings || r.Counts.Invalid != 200 {
			t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
		}
	}
}

func TestARetryNeitherAsksNorTakesThePlaceOfAPausedRun(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 300, export.Untag, 30)
	k.Upload(towns(append(crowd(1, 299), "00000,nowhere,Aarhus,1")...))
	first := k.Run(e, run.Options{})
	k.Upload(towns(crowd(0, 20)...)) // cut short, with the one who was rejected
	ada := k.Actor(access.Administrator)
	retry, err := k.Runs.Retry(t.Context(), ada, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if retry = k.Wait(retry.ID); retry.State != run.Succeeded || retry.Counts.Accepted != 1 {
		t.Fatalf("came to %s (%s) %+v", retry.State, retry.PauseCode, retry.Counts)
	}
	asks := k.Run(e, run.Options{})
	_, err = k.Runs.Retry(t.Context(), ada, first.ID)
	conflict(t, err, "problem.run.paused_first")
	if asks = k.Wait(asks.ID); asks.PauseCode != run.ManyLeave {
		t.Fatalf("came to %s (%s)", asks.State, asks.PauseCode)
	}
}

func TestThatManyMayComeIsNoLeaveToTakeTagsFromMany(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 300, export.Untag, 30)
	rows := crowd(300, 200)
	for i := range 300 { // everybody has another address by now
		rows = append(rows, fmt.Sprintf("%05d,other%d@example.com,Aarhus,1", i, i))
	}
	k.Upload(towns(rows...))
	r := k.Run(e, run.Options{})
	if r.PauseCode != run.ManyNew {
		t.Fatalf("came to %s (%s)", r.State, r.PauseCode)
	}
	if r = k.Resume(r.ID, run.GoOn); r.State != run.Warnings || r.Counts.Held != 300 || r.Counts.Withdrawn != 0 || r.Counts.Accepted != 500 {
		t.Fatalf("came to %s %+v", r.State, r.Counts)
	}
	wantTags(t, k, map[string][]string{"p0@example.com": {tagA, tagB}, "other0@example.com": {tagA, tagB}})
}

func TestWhomTheLastRunRejectedHidesNobodyWhoIsNew(t *testing.T) {
	t.Parallel()
	k, e := delivered(t, 300, export.KeepTag, 30)
	rows := crowd(0, 300)
	for i := range 200 { // delivered before
		rows[i] = fmt.Sprintf("%05d,no address,Aarhus,1", i)
	}
	k.Upload(towns(rows...))
	if r := k.Run(e, run.Options{}); r.Counts.Invalid != 200 {
		t.Fatalf("came to %s (%s) %+v", r.State, r.PauseCode, r.Counts)
	}
	k.Upload(towns(crowd(0, 450)...))
	if r := k.Run(e, run.Options{}); r.PauseCode != run.ManyNew || r.Question().New != 150 {
		t.Fatalf("came to %s (%s), asks %+v", r.State, r.PauseCode, r.Question())
	}
}
