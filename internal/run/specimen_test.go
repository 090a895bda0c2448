package run_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segue-app/segue/internal/access"
	"github.com/segue-app/segue/internal/app/apptest"
	"github.com/segue-app/segue/internal/audit"
	"github.com/segue-app/segue/internal/connection"
	"github.com/segue-app/segue/internal/database"
	"github.com/segue-app/segue/internal/export"
	"github.com/segue-app/segue/internal/omnisend/sandbox"
	"github.com/segue-app/segue/internal/problem"
	"github.com/segue-app/segue/internal/run"
)

func sendOne(t *testing.T, k *apptest.Kit, e export.Export, profileID string, patience time.Duration) run.Answer {
	t.Helper()
	within, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ada := k.Actor(access.Administrator)
	if err := k.Runs.SendOne(within, ada, e.ID, profileID); err != nil {
		t.Fatal(err)
	}
	answer, ok, err := k.Runs.LastAnswer(t.Context(), ada, e.ID, profileID)
	if err != nil || !ok {
		t.Fatalf("no answer is kept: %v", err)
	}
	return answer
}

func TestASpecimenShowsTheRequestOrWhyThereIsNone(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,at home,Aarhus,", "3,c@example.com,Odense,"))
	ada := k.Actor(access.Administrator)
	if first, err := k.Runs.Specimen(t.Context(), ada, e.ID, ""); err != nil || !strings.Contains(first.Body, `"id": "a•••@e•••.com"`) || strings.Contains(first.Body, "a@example.com") || !strings.Contains(first.Body, `"segue B"`) {
		t.Errorf("nobody asked to see values, and it shows %s, %v", first.Body, err)
	}
	first, err := k.Runs.Specimen(t.Context(), ada.Revealing(), e.ID, "")
	if err != nil || first.ProfileID != "1" || first.Before != run.NeverDelivered || first.Line != "POST "+k.Server.URL+"/api/batches" {
		t.Errorf("the first is %+v, %v", first, err)
	}
	for _, part := range []string{`"id": "a@example.com"`, `"city": "Aarhus"`, `"segue A",`, `"segue B"`, `"endpoint": "contacts"`} {
		if !strings.Contains(first.Body, part) {
			t.Errorf("%s is not in %s", part, first.Body)
		}
	}
	if second, err := k.Runs.Specimen(t.Context(), ada, e.ID, "2"); err != nil || len(second.Reasons) != 1 || second.Reasons[0].Code != "invalid_email" || second.Body != "" {
		t.Errorf("one without an address: %+v, %v", second, err)
	}
	if _, err := k.Runs.Specimen(t.Context(), ada, e.ID, "3"); !problem.Is(err, problem.NotFound) {
		t.Errorf("one outside the segments: %v", err)
	}
	if _, err := k.Runs.Specimen(t.Context(), k.Actor(access.Viewer), e.ID, "1"); !problem.Is(err, problem.NotPermitted) {
		t.Errorf("a viewer sees a profile: %v", err)
	}
	k.Run(e, run.Options{})
	if same, err := k.Runs.Specimen(t.Context(), ada, e.ID, "1"); err != nil || same.Before != run.DeliveredTheSame {
		t.Errorf("delivered: %+v, %v", same, err)
	}
	k.Upload(towns("1,a@example.com,Ribe,1"))
	if other, err := k.Runs.Specimen(t.Context(), ada, e.ID, "1"); err != nil || other.Before != run.DeliveredOther {
		t.Errorf("moved since: %+v, %v", other, err)
	}
}

func TestOneProfileIsSentAndItsAnswerRead(t *testing.T) {
	k, e := townKit(t, export.Untag)
	if answer := sendOne(t, k, e, "1", time.Minute); answer.Outcome != run.AnswerCreated {
		t.Fatalf("first %+v", answer)
	}
	wantTags(t, k, map[string][]string{"a@example.com": {tagA, tagB}})
	if n := k.Sandbox.Stats().Contacts; n != 1 {
		t.Errorf("%d contacts, only one was sent", n)
	}
	if answer := sendOne(t, k, e, "1", time.Minute); answer.Outcome != run.AnswerUpdated {
		t.Errorf("then %+v", answer)
	}
	if _, ok, err := k.Runs.LastAnswer(t.Context(), k.Actor(access.Contributor), e.ID, "1"); ok || err != nil {
		t.Errorf("somebody else reads the answer: %v, %v", ok, err)
	}
	if runs, err := k.Runs.List(t.Context(), k.Actor(access.Viewer), e.ID, 10, 0); err != nil || len(runs) != 2 || runs[0].Cause != run.Tried ||
		runs[0].State != run.Succeeded || runs[0].Counts != (run.Counts{Profiles: 1, Accepted: 1, Updated: 1}) || runs[0].RequestedBy != "Ada Lund" || runs[1].Counts.Created != 1 {
		t.Errorf("the history has %+v, %v", runs, err)
	}
	k.Upload(towns("2,b@example.com,Aarhus,")) // it leaves before any run has seen it
	k.Run(e, run.Options{})
	wantTags(t, k, map[string][]string{"a@example.com": nil, "b@example.com": {tagA}})
}

func TestTheNextRunSendsAProfileAgainThatWasSentByItself(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Run(e, run.Options{})
	was := towns("1,a@example.com,Aarhus,1", "2,b@example.com,Aarhus,", "3,c@example.com,Odense,1")
	k.Upload(towns("1,a@example.com,Ribe,1"))
	sendOne(t, k, e, "1", time.Minute)
	k.Upload(was) // as the run delivered it, and not as it was sent by itself
	if f, _ := foretold(t, k, e, run.Options{}); f.Changed != 1 || f.Unchanged != 2 {
		t.Errorf("%+v", f)
	}
	k.Sandbox.Settle()
	if held, _ := k.Sandbox.Contact("a@example.com"); held.City != "Aarhus" {
		t.Errorf("the contact stays in %q", held.City)
	}
}

func TestWhatTheDestinationSaysOfOneProfileIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		faults   sandbox.Faults
		patience time.Duration
		want     run.AnswerOutcome
		code     string
	}{
		"it rejects the contact":       {sandbox.Faults{RejectShare: 1}, time.Minute, run.AnswerRefused, ""},
		"it refuses the request":       {sandbox.Faults{RefuseBatchesWith: "a@example.com"}, time.Minute, run.AnswerRefused, ""},
		"it does not come to an end":   {sandbox.Faults{StallShare: 1}, time.Second, run.AnswerSilent, ""},
		"the answer is lost":           {sandbox.Faults{DropAfterShare: 1, Path: "/batches"}, time.Minute, run.AnswerSilent, ""},
		"it is out of order":           {sandbox.Faults{ServerErrorShare: 1}, time.Minute, run.AnswerFailed, "destination_unavailable"},
		"the outcome cannot be read":   {sandbox.Faults{ServerErrorShare: 1, Path: "/items"}, time.Second, run.AnswerSilent, ""},
		"it lets nobody in for longer": {sandbox.Faults{ThrottleShare: 1, Path: "/batches"}, time.Minute, run.AnswerFailed, "destination_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, e := townKit(t, export.Untag)
			k.Sandbox.SetFaults(c.faults)
			answer := sendOne(t, k, e, "1", c.patience)
			if answer.Outcome != c.want || answer.Code != c.code {
				t.Errorf("%+v", answer)
			}
			if c.want == run.AnswerRefused && len(answer.Reasons) == 0 && answer.Message == "" {
				t.Error("without a reason")
			}
		})
	}
}

func TestNobodyIsSentByItselfWithoutAnEntryThatSaysWho(t *testing.T) {
	k, e := townKit(t, export.Untag)
	ada := k.Actor(access.Administrator)
	k.Upload(towns("1,a@example.com,Aarhus,1"))
	entries := func(what audit.Action) []audit.Record {
		t.Helper()
		page, err := k.Audit.List(t.Context(), ada, audit.Filter{Action: what}, 0, false, 10)
		if err != nil {
			t.Fatal(err)
		}
		return page.Records
	}
	sendOne(t, k, e, "1", time.Minute)
	if tried, ended := entries(audit.RunTried), entries(audit.RunEnded); len(tried) != 1 || tried[0].UserID != ada.UserID || tried[0].Subject.Kind != "export" ||
		len(ended) != 1 || !slices.Contains(ended[0].Changes, audit.Change{Field: "accepted", After: "1"}) {
		t.Errorf("%+v %+v", tried, ended)
	}
	err := k.DB.InTx(t.Context(), func(tx database.Tx) error { // as if the program were to end after it was sent
		_, err := tx.ExecContext(t.Context(), `CREATE TRIGGER lost BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'lost'); END`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Runs.SendOne(t.Context(), ada, e.ID, "1"); err == nil {
		t.Fatal("what came of it was recorded")
	}
	if tried := entries(audit.RunTried); len(tried) != 2 {
		t.Errorf("%+v", tried)
	}
}

func TestOneProfileIsNotSentWhereARunWouldNotBe(t *testing.T) {
	k, e := townKit(t, export.Untag)
	ada := k.Actor(access.Administrator)
	refused := func(who access.Actor, id string, kind problem.Kind, code string) {
		t.Helper()
		err := k.Runs.SendOne(t.Context(), who, e.ID, id)
		if p := problem.Of(err); p == nil || p.Kind != kind || p.Code != code {
			t.Errorf("want %s, got %v", code, err)
		}
	}
	k.Upload(towns("1,a@example.com,Aarhus,1", "2,at home,Aarhus,", "3,c@example.com,Odense,"))
	refused(k.Actor(access.Viewer), "1", problem.NotPermitted, "problem.not_permitted")
	refused(ada, "2", problem.Conflict, "problem.specimen.rejected")
	refused(ada, "3", problem.NotFound, "problem.specimen.no_member")
	if err := k.Exports.Pause(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	refused(ada, "1", problem.Conflict, "obstacle.paused")
	if err := k.Exports.Resume(t.Context(), ada, e.ID); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.SetFaults(sandbox.Faults{StallShare: 1})
	started, err := k.Runs.Start(t.Context(), ada, e.ID, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	refused(ada, "1", problem.Conflict, "problem.specimen.run_active")
	if err := k.Runs.Cancel(t.Context(), ada, started.ID); err != nil {
		t.Fatal(err)
	}
	k.Wait(started.ID)
	k.Sandbox.SetFaults(sandbox.Faults{})
	c, err := k.Connections.Find(t.Context(), k.DB.Reader(), e.ConnectionID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Connections.WithdrawConsent(t.Context(), ada, c.ID, c.Version); err != nil {
		t.Fatal(err)
	}
	before := k.Sandbox.Stats().Requests
	refused(ada, "1", problem.Conflict, "obstacle.no_consent")
	if after := k.Sandbox.Stats().Requests; after != before {
		t.Errorf("%d requests without consent", after-before)
	}
}

func TestAKeyThatOmnisendRefusesIsMarkedWhenOneProfileIsSent(t *testing.T) {
	k, e := townKit(t, export.Untag)
	k.Sandbox.SetFaults(sandbox.Faults{KeysRevoked: true})
	if answer := sendOne(t, k, e, "1", time.Minute); answer.Outcome != run.AnswerFailed || answer.Code != string(connection.KeyRefused) {
		t.Errorf("%+v", answer)
	}
	c, err := k.Connections.Find(t.Context(), k.DB.Reader(), e.ConnectionID)
	if err != nil || c.Failure != connection.KeyRefused {
		t.Errorf("the connection says %q, %v", c.Failure, err)
	}
}
